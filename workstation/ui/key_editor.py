"""The list of keys that a person can change, with profiles of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.keys import KeyProfile, KeySettings, profile_from_json, profile_to_json
from workstation.ui.dialogs import Dialog
from workstation.ui.keymap import KeyRow, clashes, refusal
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.key_button import KeyButton
from workstation.ui.widgets.labels import label, set_tone

_MOST_BYTES = 100_000


class KeyEditor(Dialog):
    """Shows the keys and emits ``chosen(KeySettings)`` when the person keeps the changes."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget, rows: Sequence[KeyRow], keys: KeySettings, *, in_steps: bool = True) -> None:
        super().__init__(parent, tr("Change keys"), icon="keyboard", tone="acc", width=720)
        self._rows = list(rows)
        self.keys = keys
        self.buttons: dict[str, KeyButton] = {}
        self._waiting = ""
        self.body.addLayout(self._profile_bar())
        self.message = label("", "caption", "t2", wrap=True)
        self.message.setMinimumHeight(32)
        self.unset = Button(tr("No key"), "ghost", small=True)
        self.deliver = Button(tr("As delivered"), "ghost", small=True)
        for button, act in ((self.unset, self._unset), (self.deliver, self._deliver)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # else the key button would leave off waiting
            button.clicked.connect(act)
        self.reset = self.add_left(tr("All as delivered"))
        self.reset.clicked.connect(lambda: self._choose(""))
        self.set_primary(tr("Save"), icon="check")
        self.accepted.connect(lambda: self.chosen.emit(self.keys))
        self.building = Stepwise(self._build(), self)
        self._show()
        if not in_steps:
            self.building.finish()

    def open_soon(self) -> None:
        """Open it when it is whole."""
        self.building.finished.connect(self.open)
        self.building.start()

    # building

    def _profile_bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.profiles = ChoiceBox()
        self.profiles.setAccessibleName(tr("Profile"))
        self.profiles.setMinimumWidth(180)
        self.profiles.activated.connect(lambda at: self._choose(self.profiles.itemData(at)))
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the profile"))
        self.name.setMaxLength(40)
        self.name.editingFinished.connect(self._rename)
        self.remove = Button(tr("Delete"), "ghost", small=True)
        self.remove.clicked.connect(self._remove)
        read, write = Button(tr("Read…"), "ghost", small=True), Button(tr("Write…"), "ghost", small=True)
        read.clicked.connect(self._ask_read)
        write.clicked.connect(self._ask_write)
        row.addWidget(label(tr("Profile"), "body", "t2"))
        row.addWidget(self.profiles)
        row.addWidget(self.name, 1)
        for button in (self.remove, read, write):
            row.addWidget(button)
        return row

    def _build(self) -> Iterator[None]:
        content = QWidget()
        area_view = self.scroll_area(content)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        editable = [row for row in self._rows if not row.fixed]
        for area, members in groupby(sorted(editable, key=lambda row: row.area), key=lambda row: row.area):
            column.addWidget(label(area, "h2", "t0"))
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(4)
            grid.setColumnStretch(1, 1)
            grid.setColumnStretch(3, 1)
            column.addLayout(grid)
            for at, row in enumerate(members):
                line, place = divmod(at, 2)
                button = KeyButton(row.text, self._key(row))
                button.waiting.connect(partial(self._waits, row.command_id))
                button.pressed_key.connect(partial(self.give, row.command_id))
                self.buttons[row.command_id] = button
                grid.addWidget(button, line, 2 * place)
                grid.addWidget(label(row.text, wrap=True), line, 2 * place + 1)
                yield
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(self.message, 1)
        foot.addWidget(self.unset)
        foot.addWidget(self.deliver)
        self.body.addLayout(foot)
        for part in self.findChildren(QWidget):
            part.ensurePolished()
            yield
        self.fit_scrolled(area_view)
        area_view.setFixedHeight(max(120, area_view.height() - 112))  # what stands above and below the list
        self._show()

    # what the person does

    def give(self, command_id: str, key: str) -> bool:
        """Give a command a key; False with words where another one has it."""
        reason = refusal(key, command_id, self._rows, self._changed)
        if reason:
            self._say(reason, "bad")
            self._show_keys()
            return False
        row = self._row(command_id)
        profile = self._profile()
        changed = profile.without(command_id) if key == row.delivered else profile.with_key(command_id, key)
        self._keep(changed)
        self._say("")
        return True

    def _unset(self) -> None:
        if self._waiting:
            waiting = self._waiting
            self.buttons[waiting].wait(waits=False)
            self.give(waiting, "")

    def _deliver(self) -> None:
        if self._waiting:
            waiting = self._waiting
            self.buttons[waiting].wait(waits=False)
            self.give(waiting, self._row(waiting).delivered)

    def _choose(self, name: str) -> None:
        self.keys = KeySettings(name, self.keys.profiles)
        self._say("")
        self._show()

    def _rename(self) -> None:
        name, profile = self.name.text().strip(), self._own()
        if profile is None or name == profile.name:
            return
        if not name or any(one.name == name for one in self.keys.made):
            self._say(tr("A profile needs a name of its own."), "bad")
            self.name.setText(profile.name)
            return
        self.keys = self.keys.keep(KeyProfile(name, profile.keys), instead_of=profile.name)
        self._show()

    def _remove(self) -> None:
        self.keys = self.keys.without(self.keys.chosen)
        self._show()

    def _ask_read(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, tr("Read a profile"), "", "JSON (*.json)")
        if path:
            self.read(Path(path))

    def _ask_write(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(self, tr("Write the profile"), "keys.json", "JSON (*.json)")
        if path:
            self.write(Path(path))

    def read(self, path: Path) -> bool:
        """Take a profile from a file; what cannot be is left out and said."""
        try:
            with path.open("rb") as file:
                profile = profile_from_json(file.read(_MOST_BYTES).decode("utf-8"))
        except (OSError, ValueError):
            self._say(tr("This file holds no profile of keys."), "bad")
            return False
        wrong = clashes(self._rows, profile.keys)
        kept = {one: key for one, key in profile.keys.items() if one not in wrong}
        self.keys = self.keys.keep(KeyProfile(self._free_name(profile.name), kept))
        self._show()
        self._say("\n".join(dict.fromkeys(wrong.values())), "bad")
        return True

    def write(self, path: Path) -> bool:
        """Write the profile in force into a file."""
        try:
            path.write_text(profile_to_json(self._profile()) + "\n", encoding="utf-8")
        except OSError:
            self._say(tr("The file could not be written. Choose another folder."), "bad")
            return False
        self._say(tr("Written to {name}.", name=path.name))
        return True

    # what is in force

    @property
    def _changed(self) -> Mapping[str, str]:
        return self.keys.in_force

    def _own(self) -> KeyProfile | None:
        return next((one for one in self.keys.made if one.name == self.keys.chosen), None)

    def _profile(self) -> KeyProfile:
        """Return the profile in force; the first change of the delivered keys begins one of the person's own."""
        return self._own() or KeyProfile(self._free_name(tr("My keys")), MappingProxyType({}))

    def _free_name(self, wanted: str) -> str:
        taken = {one.name for one in self.keys.made}
        names = (wanted[:40], *(f"{wanted[:36]} {n}" for n in range(2, len(taken) + 3)))
        return next(name for name in names if name not in taken)

    def _keep(self, profile: KeyProfile) -> None:
        self.keys = self.keys.keep(profile, instead_of=self.keys.chosen)
        self._show()

    def _row(self, command_id: str) -> KeyRow:
        return next(row for row in self._rows if row.command_id == command_id)

    def _key(self, row: KeyRow) -> str:
        return self._changed.get(row.command_id, row.delivered)

    # showing

    def _show(self) -> None:
        self.profiles.clear()
        self.profiles.addItem(tr("Keys as delivered"), "")
        for one in self.keys.made:
            self.profiles.addItem(one.name, one.name)
        self.profiles.setCurrentIndex(max(0, self.profiles.findData(self.keys.chosen)))
        own = self._own()
        self.name.setText(own.name if own is not None else "")
        self.name.setEnabled(own is not None)
        self.remove.enable(own is not None, tr("The delivered keys cannot be deleted."))
        self._show_keys()

    def _show_keys(self) -> None:
        for command_id, button in self.buttons.items():
            button.show_key_of(self._key(self._row(command_id)))

    def _waits(self, command_id: str, waits: bool) -> None:  # noqa: FBT001 - a signal's argument
        if waits:
            self._waiting = command_id
            self._say(tr("Press the new key for “{text}”.", text=self._row(command_id).text))
        elif self._waiting == command_id:
            self._waiting = ""
            self._say("")

    def _say(self, text: str, tone: str = "t2") -> None:
        self.message.setText(text)
        set_tone(self.message, tone)
        for button in (self.unset, self.deliver):
            button.setEnabled(bool(self._waiting))

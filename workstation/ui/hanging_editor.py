"""The editor of hanging protocols: all of them by priority, the form of one, and what a reader made themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from resources.translation import tr
from viewers.scene.overlay import signed
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import HangingProtocol
from workstation.domain.hanging_ports import HangingProtocolPort
from workstation.ui.dialogs import Dialog
from workstation.ui.hanging_form import HangingForm
from workstation.ui.hanging_words import protocol_title
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label, set_tone

_WIDTH = 1120


class HangingEditor(Dialog):
    """Works on the library at once; a shipped protocol that is changed becomes an own one of the same id."""

    def __init__(
        self, parent: QWidget | None, library: HangingProtocolPort, chosen_id: str = "",
        changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        super().__init__(parent, tr("Hanging protocols"), icon="layout-grid", tone="acc", width=_WIDTH)
        self._library, self._changed = library, changed
        self._dirty = False
        self.list = QListWidget()
        self.list.setFixedWidth(280)
        self.form = HangingForm()
        self.message = label("", "caption", "t2", wrap=True)
        self.up = Button(tr("Prefer more"), "ghost", icon="arrow-up-s", small=True)
        self.down = Button(tr("Prefer less"), "ghost", icon="arrow-down-s", small=True)
        self.delete = Button(tr("Delete my version"), "danger", icon="delete-bin", small=True)
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addWidget(self.list, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.up, self.down):
            buttons.addWidget(button)
        buttons.addStretch(1)
        left.addLayout(buttons)
        left.addWidget(self.delete)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(left)
        row.addWidget(self.form, 1)
        self.body.addLayout(row, 1)
        self.body.addWidget(self.message)
        self.cancel.set_text(tr("Close"))
        self.save = self.set_primary(tr("Save"), icon="check")
        self.save.clicked.disconnect()
        self.save.clicked.connect(self.keep)
        self.list.currentItemChanged.connect(lambda now, _before: self._choose(now))
        self.form.edited.connect(self._edited)
        self.up.clicked.connect(lambda: self._prefer(1))
        self.down.clicked.connect(lambda: self._prefer(-1))
        self.delete.clicked.connect(self.remove)
        self._fill(chosen_id)
        for text in library.broken():
            self._say(text, "warn")

    # showing

    def _fill(self, chosen_id: str) -> None:
        protocols = sorted(self._library.all(), key=lambda one: (-one.priority, protocol_title(one)))
        self.list.blockSignals(True)
        self.list.clear()
        for one in protocols:
            mark = tr("mine") if self._library.is_own(one.protocol_id) else tr("shipped")
            words = [protocol_title(one), mark, *([signed(one.priority)] if one.priority else [])]
            item = QListWidgetItem(" · ".join(words))
            item.setData(Qt.ItemDataRole.UserRole, one)
            self.list.addItem(item)
        ids = [one.protocol_id for one in protocols]
        self.list.setCurrentRow(ids.index(chosen_id) if chosen_id in ids else 0)
        self.list.blockSignals(False)
        self._choose(self.list.currentItem())

    @property
    def chosen(self) -> HangingProtocol | None:
        """Return the protocol of the list that is edited."""
        protocol = self.list.currentItem().data(Qt.ItemDataRole.UserRole) if self.list.count() else None
        return protocol if isinstance(protocol, HangingProtocol) else None

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        protocol: HangingProtocol = item.data(Qt.ItemDataRole.UserRole)
        self.form.show_protocol(protocol)
        is_own = self._library.is_own(protocol.protocol_id)
        self.delete.enable(is_own, tr("This one ships with the program and cannot be deleted"))
        self._dirty = False
        self._say("", "t2")

    def _edited(self) -> None:
        self._dirty = True
        self._say(tr("Not saved yet"), "warn")

    def _say(self, text: str, tone: str) -> None:
        self.message.setText(text)
        set_tone(self.message, tone)

    # acting

    def keep(self) -> None:
        """Save what the form says."""
        try:
            self._store(self.form.value())
        except ValueError as error:
            self._say(str(error), "bad")

    def _store(self, protocol: HangingProtocol) -> None:
        try:
            self._library.save(protocol)
        except WorkstationError as error:
            self._say(f"{error.user_text} {error.hint} {error.detail}".strip(), "bad")
            return
        self._fill(protocol.protocol_id)
        self._say(tr("Saved"), "ok")
        self._changed()

    def _prefer(self, by: int) -> None:
        """Move the protocol past its neighbour of the list."""
        protocol, row = self.chosen, self.list.currentRow()
        neighbour = self.list.item(row - by)
        if protocol is None or neighbour is None:
            return
        other: HangingProtocol = neighbour.data(Qt.ItemDataRole.UserRole)
        self._store(replace(protocol, priority=max(-1000, min(1000, other.priority + by))))

    def remove(self) -> None:
        """Delete the own version; a shipped one of the same id applies again."""
        protocol = self.chosen
        if protocol is None or not self._library.is_own(protocol.protocol_id):
            return
        try:
            self._library.remove(protocol.protocol_id)
        except WorkstationError as error:
            self._say(f"{error.user_text} {error.hint}".strip(), "bad")
            return
        self._fill(protocol.protocol_id)
        self._say(tr("Deleted"), "ok")
        self._changed()

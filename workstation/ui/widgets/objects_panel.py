"""The objects stored with a study beside its images: whose they are, shown or not, and what can be read of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.labels import icon_label, label, rule
from workstation.ui.widgets.side_panel import SidePanel, rolling, stacked, take_away

WIDTH_PX: Final = 264


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """
    One object. ``shown`` None means that there is nothing to draw; ``jumps`` are words of images to go to.

    ``failure`` says why it cannot be shown.
    """

    uid: str
    title: str
    content: str = ""
    source: tuple[str, ...] = ()
    shown: bool | None = None
    can_read: bool = False
    jumps: tuple[str, ...] = ()
    failure: str = ""


class ObjectList(QWidget):
    """Rows of objects one below the other; shows and asks, read-only."""

    show_asked = Signal(str, bool)
    read_asked = Signal(str)
    jump_asked = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, ObjectRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_objects(self, objects: Sequence[ObjectFacts]) -> None:
        """Show these rows, in place where they are the same ones."""
        if [replace(one, shown=None) for one in objects] != [
            replace(row.facts, shown=None) for row in self.rows.values()
        ]:
            self._make(objects)
        for facts in objects:
            self.rows[facts.uid].set_shown(facts.shown)

    def _make(self, objects: Sequence[ObjectFacts]) -> None:
        for row in self.rows.values():
            take_away(row)
        self.rows = {}
        for at, facts in enumerate(objects):
            row = ObjectRow(facts)
            row.eye.clicked.connect(partial(self._toggle, facts.uid))
            row.read.clicked.connect(partial(self.read_asked.emit, facts.uid))
            for number, button in enumerate(row.jumps):
                button.clicked.connect(partial(self.jump_asked.emit, facts.uid, number))
            self.rows[facts.uid] = row
            self._column.insertWidget(at, row)

    def _toggle(self, uid: str) -> None:
        self.show_asked.emit(uid, self.rows[uid].eye.isChecked())


class ObjectsPanel(SidePanel):
    """All objects of the open case and the priors beside it; read-only."""

    def __init__(self) -> None:
        super().__init__(tr("Stored objects"), WIDTH_PX)
        self.list = ObjectList()
        outer = self.column
        note = label(_only_shown(), "caption", "t2", wrap=True)
        note.setContentsMargins(12, 0, 12, 8)
        outer.addWidget(note)
        outer.addWidget(rule())
        body, column = stacked()
        column.insertWidget(0, self.list)
        outer.addWidget(rolling(body), 1)
        self.hide()

    @property
    def rows(self) -> dict[str, ObjectRow]:
        """Return the rows by SOP Instance UID."""
        return self.list.rows


class OtherResults(QWidget):
    """What the AI of other systems stored with the study, below the findings; hidden where there is nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.list = ObjectList()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(2)
        self._heading = label("", "caption", "t1")
        for words in (self._heading, label(_only_shown(), "caption", "t2", wrap=True)):
            words.setContentsMargins(4, 0, 4, 0)
            column.addWidget(words)
        column.addWidget(self.list)
        self.hide()

    def show_results(self, results: Sequence[ObjectFacts]) -> None:
        """Show these results with their number."""
        self.list.show_objects(results)
        self._heading.setText(tr("AI of other systems · {count}", count=len(results)))
        self.setVisible(bool(results))


def _only_shown() -> str:
    return tr("Only shown: not counted as findings, not in the report")


class ObjectRow(QWidget):
    """One object: eye, what it is, whose it is, its text and its images."""

    def __init__(self, facts: ObjectFacts) -> None:
        super().__init__()
        self.facts = facts
        self.setAccessibleName(" ".join((facts.title, facts.content, *facts.source, facts.failure)))
        self.setToolTip("\n".join(part for part in (facts.title, facts.content, *facts.source, facts.uid) if part))
        self.eye = IconButton("eye-off", tr("Show on the images"), px=16, side=28)
        self.eye.setCheckable(True)
        self.read = Button(tr("Read"), "ghost", icon="file-text", small=True)
        self.jumps = [Button(words, "ghost", icon="image", small=True) for words in facts.jumps]
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 6, 8)
        column.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(4)
        if facts.failure:
            top.addWidget(icon_label("error-warning", "bad"))
        # a title is read whole: two reports of one maker differ in its last words
        top.addWidget(label(facts.title, "body", "bad" if facts.failure else "t0", wrap=True), 1)
        for button in (self.read, self.eye):
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        # only now: shown without a parent they would be windows for a moment, and take the keys away
        self.eye.setVisible(facts.shown is not None)
        self.read.setVisible(facts.can_read)
        if facts.content:
            column.addWidget(label(facts.content, "caption", "t1", wrap=True))
        for line in facts.source:
            column.addWidget(label(line, "caption", "t2", wrap=True))
        if facts.failure:
            column.addWidget(label(facts.failure, "caption", "bad", wrap=True))
        for button in self.jumps:
            line_row = QHBoxLayout()
            line_row.addWidget(button)
            line_row.addStretch(1)
            column.addLayout(line_row)
        self.set_shown(facts.shown)

    def set_shown(self, shown: bool | None) -> None:  # noqa: FBT001 - three states
        """Show whether the object is drawn; None where there is nothing to draw."""
        self.eye.setChecked(bool(shown))
        self.eye.set_icon("eye" if shown else "eye-off")
        words = tr("Hide") if shown else tr("Show on the images")
        self.eye.setToolTip(words)
        self.eye.setAccessibleName(f"{words}: {self.facts.title}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the hairline below the row."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, current_theme().color("line"))


class ObjectsButton(Button):
    """Below the series: how many objects are stored with the study; hidden where there is none."""

    def __init__(self) -> None:
        super().__init__("", "ghost", icon="stack", small=True)
        self._count, self._compact = 0, False
        self.hide()

    def show_count(self, count: int, failed: int) -> None:
        """Show the numbers."""
        words = trn("{count} stored object", "{count} stored objects", count)
        if failed:
            words += " · " + trn("{count} not readable", "{count} not readable", failed)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self._count = count
        self._fit()
        self.setVisible(count > 0)

    def set_compact(self, compact: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Show the number alone where the column is narrow."""
        self._compact = compact
        self._fit()

    def _fit(self) -> None:
        self.setText(str(self._count) if self._compact else tr("Stored objects · {count}", count=self._count))
        self.updateGeometry()

"""The room in which a document of parts is edited: what there is, its parts, the form of one, what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QTreeWidget, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.template_draft import Place, TemplateProblem
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.check_list import CheckList
from workstation.ui.widgets.labels import Panel

DATA = Qt.ItemDataRole.UserRole
_ROW, _FURTHER_LINE = 56, 20
"""Chinese lines are taller than the font of the list says"""


@dataclass(frozen=True, slots=True)
class EditorWords:
    """What the columns of one editor are called."""

    documents: str
    parts: str
    form: str
    preview: str
    remove: str


class DraftEditor(QWidget):
    """
    Four columns: documents, parts of the one at hand, the form of a part, its preview over the checks.

    Fill ``parts`` inside ``filling``, so that what is shown is not taken for what somebody chose.
    """

    chosen = Signal(object)
    """The data of the document that somebody chose"""
    part_chosen = Signal(object)
    """``Place``"""
    remove_requested = Signal()
    move_requested = Signal(int)
    locate_requested = Signal(str)

    def __init__(
        self,
        words: EditorWords,
        *,
        parts: QListWidget | QTreeWidget,
        adding: Sequence[Button],
        form: QWidget,
        preview: QWidget,
        widths: tuple[int, int],
    ) -> None:
        """``adding`` are the buttons that make parts, ``widths`` those of the first two columns in pixels."""
        super().__init__()
        self._filling = False
        self.list = QListWidget()
        self.list.setAccessibleName(words.documents)
        self.list.currentItemChanged.connect(self._picked)
        parts.setAccessibleName(words.parts)
        self.up = IconButton("arrow-up", tr("Move up"), px=14, side=24)
        self.down = IconButton("arrow-down", tr("Move down"), px=14, side=24)
        self.drop = IconButton("delete-bin", words.remove, px=14, side=24)
        self.up.clicked.connect(lambda: self.move_requested.emit(-1))
        self.down.clicked.connect(lambda: self.move_requested.emit(1))
        self.drop.clicked.connect(self.remove_requested)
        self.checks = CheckList()
        self.checks.locate_requested.connect(self.locate_requested)
        documents = _panel(words.documents, self.list)
        documents.setFixedWidth(widths[0])
        self.parts_panel = _panel(words.parts, parts)
        self.parts_panel.setFixedWidth(widths[1])
        self.parts_panel.body.addLayout(self._bar(adding))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(documents)
        row.addWidget(self.parts_panel)
        row.addWidget(_panel(words.form, form), 4)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(_panel(words.preview, preview), 3)
        right.addWidget(_panel(tr("Checks"), self.checks), 1)
        row.addLayout(right, 5)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Show something without anybody's choice being told."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    def show_documents(self, lines: Iterable[tuple[object, str, str]], current: object) -> None:
        """Show what there is as (data, words, tooltip); ``current`` is the data of the one at hand."""
        with self.filling():
            self.list.clear()
            for data, words, tip in lines:
                item = QListWidgetItem(words)
                item.setToolTip(tip)
                item.setData(DATA, data)
                item.setSizeHint(QSize(0, _ROW))
                self.list.addItem(item)
                if data == current:
                    self.list.setCurrentItem(item)

    def show_unsaved(self, lines: Sequence[str]) -> None:
        """Put what is no document yet before the others as the one at hand; its data is None."""
        with self.filling():
            if not self.list.count() or self.list.item(0).data(DATA) is not None:
                self.list.insertItem(0, QListWidgetItem())
            first = self.list.item(0)
            first.setSizeHint(QSize(0, _ROW + _FURTHER_LINE * max(0, len(lines) - 2)))
            first.setText("\n".join(lines))
            first.setToolTip(first.text())
            self.list.setCurrentItem(first)

    def show_problems(self, problems: Sequence[TemplateProblem], fine: str) -> None:
        """Show what is wrong, each with the way to its place, or that all is fine."""
        lines = [("/".join(str(step) for step in one.place) or "/", one.text) for one in problems]
        self.checks.show_checks(lines, [] if problems else [fine])

    def part_was_chosen(self, place: Place) -> None:
        """Tell of the part that became the current one, unless it is only being shown."""
        if not self._filling:
            self.part_chosen.emit(place)

    def _bar(self, adding: Sequence[Button]) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        bar.setSpacing(0)  # the English words need the room
        for button in adding:
            bar.addWidget(button)
        bar.addStretch(1)
        for icon in (self.up, self.down, self.drop):
            bar.addWidget(icon)
        return bar

    def _picked(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is not None and not self._filling and now.data(DATA) is not None:
            self.chosen.emit(now.data(DATA))


def _panel(title: str, content: QWidget) -> Panel:
    panel = Panel(title)
    panel.body.setContentsMargins(0, 0, 0, 0)
    panel.body.addWidget(content, 1)
    return panel

"""The patient's previous report beside the one being written: read, copied section by section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import ElidedLabel, Panel, label, rule


@dataclass(frozen=True, slots=True)
class FormerSection:
    """One section to read; ``key`` names the field that it is copied into, empty for the one in use."""

    key: str
    caption: str
    text: str


class FormerPanel(Panel):
    """Shows and asks."""

    chosen = Signal(int)
    """The place in the list of earlier studies"""
    copy_asked = Signal(object)
    """``FormerSection``"""
    unchanged_asked = Signal()
    person_asked = Signal(int)
    """The place in the list of an earlier study that may be another person's: it is to be asked about"""
    closed = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Previous report"), icon="history")
        close = IconButton("close", tr("Put the previous report away"), px=14, side=24)
        close.clicked.connect(self.closed)
        self.header.addWidget(close)
        self.body.setContentsMargins(0, 0, 0, 0)
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 8, 12, 8)
        self.studies = ChoiceBox()
        self.studies.setAccessibleName(tr("Earlier studies with a report"))
        self.studies.activated.connect(self.chosen)
        bar.addWidget(self.studies, 1)
        self.unchanged = Button(tr("Write “no change”"), icon="file-edit")
        self.unchanged.setToolTip(
            tr("Writes a sentence with the day of this report into the text in use; measured growth is held against it")
        )
        self.unchanged.clicked.connect(self.unchanged_asked)
        bar.addWidget(self.unchanged)
        self.body.addLayout(bar)
        self._signed = ElidedLabel("", "caption", "t2")
        told = QHBoxLayout()
        told.setContentsMargins(16, 0, 12, 6)
        told.addWidget(self._signed)
        self.body.addLayout(told)
        self.body.addWidget(rule())
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body.addWidget(self._area, 1)
        self.copies: list[Button] = []
        self._words: list[str] = []
        self.show_message("")

    def show_studies(self, studies: Sequence[str], current: int) -> None:
        """Show the earlier studies by name."""
        self.studies.clear()
        self.studies.addItems(list(studies))
        self.studies.setCurrentIndex(current)
        self.studies.setVisible(bool(studies))

    def show_report(self, title: str, signed: str, sections: Sequence[FormerSection], *, writable: bool) -> None:
        """Show a report."""
        self._signed.show_text(tr("{title} · signed by {who}", title=title, who=signed) if signed else title)
        inner, column = self._clear()
        for section in sections:
            head = QHBoxLayout()
            head.addWidget(label(section.caption, "caption", "t3"), 1)
            copy = Button(tr("Copy"), "ghost", icon="file-copy", small=True)
            copy.setAccessibleName(tr("Copy: {what}", what=section.caption))
            copy.clicked.connect(partial(self.copy_asked.emit, section))
            copy.setVisible(writable)
            head.addWidget(copy)
            self.copies.append(copy)
            column.addLayout(head)
            words = label(section.text, "body", "t1", wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(words)
            self._words += [section.caption, section.text]
        column.addStretch(1)
        self._area.setWidget(inner)
        self.unchanged.setVisible(writable)

    def show_message(self, text: str, *, asks: bool = False) -> None:
        """Say why there is no report to read; ``asks`` offers to say who the chosen one is of."""
        self._signed.show_text("")
        inner, column = self._clear()
        column.addWidget(label(text, "body", "t2", wrap=True))
        self.ask = Button(tr("Is this the same person?"), icon="error-warning")
        self.ask.clicked.connect(lambda: self.person_asked.emit(self.studies.currentIndex()))
        self.ask.setVisible(asks)
        column.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self._words = [text]
        self._area.setWidget(inner)
        self.unchanged.hide()

    def words(self) -> list[str]:
        """Return what is shown, captions and texts in turn, or the message."""
        return self._words

    def _clear(self) -> tuple[QWidget, QVBoxLayout]:
        self.copies, self._words = [], []
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(6)
        return inner, column

"""What a document will do: the letterhead on a page, the rules tried on an examination, the rest as lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QStackedWidget, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.image_quality import ImageGrade
from workstation.domain.shared_document import DocumentKind
from workstation.domain.template_draft import Draft
from workstation.ui.documents.document_words import PARTS, part_words
from workstation.ui.quality.words import grade_words
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import label
from workstation.ui.widgets.paper_view import PaperView

Pictures = Sequence[npt.NDArray[np.uint8]]
_GRADES = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Trials:
    """What a preview asks of those who make pages and know the rules; drafts are valid when they are asked."""

    paper: Callable[[Draft, str, int], Pictures]
    """An empty report under a letterhead, in a language, so many pixels wide. Raises TemplateViolation."""
    recognise: Callable[[Draft, str, str, str], str]
    """What a policy says of modality, description and image grade, in words"""
    with_logo: Callable[[Draft, Path | None], Draft]
    """A letterhead with the logo of a file, or without one. Raises TemplateViolation."""


class DocumentPreview(QStackedWidget):
    """Shows one of three; ``changed`` asks for what the choices in it say now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(12, 8, 12, 0)
        column.setSpacing(8)
        self.tongue = SegmentedChoice([("zh_CN", tr("Chinese report")), ("en", tr("English report"))], "zh_CN")
        self.tongue.chosen.connect(lambda _key: self.changed.emit())
        column.addWidget(self.tongue)
        self.paper = PaperView(redrawn=True)
        self.paper.setAccessibleName(tr("An empty report under this letterhead"))
        self.paper.width_changed.connect(lambda _px: self.changed.emit())
        column.addWidget(self.paper, 1)
        self.addWidget(sheet)
        self.addWidget(self._trying())
        self.lines = QListWidget()
        self.lines.setWordWrap(True)
        self.lines.setAccessibleName(tr("What it will do"))
        self.addWidget(self.lines)

    def _trying(self) -> QWidget:
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(4)
        column.addWidget(label(tr("Try an examination of today whose report is signed:"), "body", "t2", wrap=True))
        self.modality, self.description, self.grade = QLineEdit("CT"), QLineEdit(), ChoiceBox()
        self.description.setPlaceholderText(tr("Description of the study"))
        for key, words in (("", tr("not graded")), *((one, grade_words(ImageGrade(one))) for one in _GRADES)):
            self.grade.addItem(words, key)
        for caption, widget in (
            (tr("Modality"), self.modality),
            (tr("Description of the study"), self.description),
            (tr("Image grade"), self.grade),
        ):
            column.addWidget(label(caption, "caption", "t3"))
            widget.setAccessibleName(caption)
            column.addWidget(widget)
        self.modality.textChanged.connect(lambda _text: self.changed.emit())
        self.description.textChanged.connect(lambda _text: self.changed.emit())
        self.grade.activated.connect(lambda _at: self.changed.emit())
        column.addSpacing(12)
        self.answer = label("", "body", "t0", wrap=True)
        column.addWidget(self.answer)
        column.addStretch(1)
        return panel

    def show_kind(self, kind: DocumentKind) -> None:
        """Show the preview of a kind."""
        at = {DocumentKind.LETTERHEAD: 0, DocumentKind.RECOGNITION_POLICY: 1}.get(kind, 2)
        self.setCurrentIndex(at)

    def show_lines(self, kind: DocumentKind, draft: Draft) -> None:
        """Show what phrases or character sets will do, one line each."""
        self.lines.clear()
        for one in draft.get(PARTS[kind], ()):
            words = part_words(kind, one)
            if kind is DocumentKind.PHRASES:
                trigger = "；" if str(one.get("language", "")).startswith("zh") else ";"  # as a report has it typed
                words = f"{trigger}{words}\n{one.get('text', '')}"
            self.lines.addItem(words)
        if not self.lines.count():
            self.lines.addItem(tr("Nothing yet"))

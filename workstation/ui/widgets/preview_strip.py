"""The strip below the list: who, what is asked, what the AI says, and the way in."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import tr, trn
from workstation.domain.thumbnail import Thumbnail
from workstation.domain.workitem import AiState, WorklistRow
from workstation.ui import paint
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.theme import current_theme
from workstation.ui.widgets import worklist_words as words
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel, label, rule
from workstation.ui.widgets.preview_tiles import GAP_PX, TILE_PX, PreviewTiles

_PATIENT_WIDTH = 316
_ACTIONS_WIDTH = 296
_WORDS_WIDTH = 232
"""Least width of the question, and of what the AI says"""


class PreviewStrip(QWidget):
    """Shows the selected case; asks by ``open_clicked``, ``claim_clicked`` and ``release_clicked``."""

    open_clicked = Signal()
    claim_clicked = Signal()
    release_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(current_theme().px("preview.strip"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 1, 0, 0)
        row.setSpacing(0)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        self._rules = [rule(vertical=True), rule(vertical=True)]
        self._is_empty = True
        row.addWidget(self._patient_block())
        row.addWidget(self._rules[0])
        self.tiles = PreviewTiles()
        self._tiles_rule = rule(vertical=True)
        row.addWidget(self.tiles)
        row.addWidget(self._tiles_rule)
        row.addWidget(self._question_block(), 1)
        self._ai_rule = rule(vertical=True)
        row.addWidget(self._ai_rule)
        self._ai = self._ai_block()
        row.addWidget(self._ai, 1)
        row.addWidget(self._rules[1])
        row.addWidget(self._action_block())
        self._hint = label("", "body", "t2", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self._hint, 1)
        self.show_row(None)

    def _patient_block(self) -> QWidget:
        block, column = _block(_PATIENT_WIDTH)
        top = QHBoxLayout()
        top.setSpacing(8)
        self.name = label("", "h1", "t0")
        self._who = ElidedLabel("", "body", "t2")
        top.addWidget(self.name)
        top.addWidget(self._who, 1)
        column.addLayout(top)
        self._ids = ElidedLabel("", "caption", "t3")
        column.addWidget(self._ids)
        column.addSpacing(4)
        self._facts: dict[str, ElidedLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        for at, (key, caption) in enumerate(
            (
                ("exam", tr("Examination")),
                ("site", tr("Requesting site")),
                ("studied", tr("Examined")),
                ("images", tr("Instances")),
            )
        ):
            value = ElidedLabel("", "body", "t1")
            self._facts[key] = value
            grid.addWidget(label(caption, "body", "t3"), at, 0)
            grid.addWidget(value, at, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addStretch(1)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        self._state = ChipLabel("", "neutral")
        self._modality = ChipLabel("", "outline")
        self._grade = ChipLabel("", "ok")
        for chip in (self._state, self._modality, self._grade):
            chips.addWidget(chip)
        chips.addStretch(1)
        column.addLayout(chips)
        return block

    def _question_block(self) -> QWidget:
        block, column = _block()
        column.addWidget(label(tr("Clinical question"), "h2", "t0"))
        self._question = label("", "body", "t1", wrap=True)
        self._question.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._question, 1)
        return block

    def _ai_block(self) -> QWidget:
        block, column = _block()
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(label(tr("AI pre-read"), "h2", "t0"))
        self._unconfirmed = ChipLabel(tr("Not confirmed by a physician"), "ai", "robot")
        top.addWidget(self._unconfirmed)
        top.addStretch(1)
        column.addLayout(top)
        self._ai_text = label("", "body", "t1", wrap=True)
        column.addWidget(self._ai_text)
        self._dots = _Ticks()
        column.addWidget(self._dots)
        column.addStretch(1)
        caution = tr("AI is for reference; nothing is signed before every mark is decided.")
        self._ai_note = label(caution, "caption", "t3", wrap=True)
        column.addWidget(self._ai_note)
        return block

    def _action_block(self) -> QWidget:
        block, column = _block(_ACTIONS_WIDTH)
        self._priors = label("", "h2", "t0")
        column.addWidget(self._priors)
        self._holder = label("", "body", "t2", wrap=True)
        column.addWidget(self._holder)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.open = Button(tr("Open and read"), "primary", icon="eye", key="Enter")
        self.open.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.open.clicked.connect(self.open_clicked)
        self.claim = Button(tr("Claim"), "secondary", icon="lock")
        self.claim.clicked.connect(self.claim_clicked)
        self.release = Button(tr("Release"), "secondary", icon="lock-unlock")
        self.release.clicked.connect(self.release_clicked)
        row.addWidget(self.open, 1)
        row.addWidget(self.claim)
        row.addWidget(self.release)
        column.addLayout(row)
        return block

    def show_row(self, row: WorklistRow | None, *, may_claim: bool = False, may_release: bool = False) -> None:
        """Show a case; None empties the strip."""
        self.setEnabled(row is not None)
        for block in self.findChildren(QWidget, "block"):
            block.setVisible(row is not None)
        self._is_empty = row is None
        for one in self._rules:
            one.setVisible(row is not None)
        self._hint.setVisible(row is None)
        if row is None:
            self._ai_rule.hide()
            self._fit_tiles()
            self._hint.setText(tr("Choose a case in the list: who it is, what is asked and its pictures appear here."))
            return
        self.name.setText(name_or_placeholder(row.patient_name))
        self._who.show_text(" · ".join(p for p in (words.sex_age(row), words.birth_day(row.birth_date)) if p))
        accession = tr("accession {number}", number=row.accession_number) if row.accession_number else ""
        self._ids.show_text(" · ".join(part for part in (row.patient_id, accession) if part))
        self._facts["exam"].show_text(row.description)
        self._facts["site"].show_text(row.site_name)
        self._facts["studied"].show_text(words.study_time(row))
        partial = row.images_received < row.images_expected
        got = f"{row.images_received}/{row.images_expected}" if partial else str(row.images_received)
        self._facts["images"].show_text(got)
        kind, icon = words.STATE_LOOK[row.state]
        self._state.show_chip(words.state_word(row.state), kind, icon)
        self._modality.show_chip(words.modality_word(row), "outline")
        tint = words.GRADE_TINT.get(row.quality_grade)
        self._grade.setVisible(tint is not None)
        if tint is not None:
            self._grade.show_chip(tr("Image grade {grade}", grade=words.grade_word(row.quality_grade)), tint)
        self._question.setText(row.clinical_question or tr("Not stated"))
        has_ai = row.ai.state is not AiState.NOT_APPLICABLE
        self._ai.setVisible(has_ai)
        self._ai_rule.setVisible(has_ai)
        self._show_ai(row)
        self._fit_tiles()
        priors = tr("No priors")
        if row.prior_count:
            priors = trn("{count} prior examination", "{count} prior examinations", row.prior_count)
        self._priors.setText(priors)
        self._show_actions(row, may_claim=may_claim, may_release=may_release)

    def show_pictures(self, pictures: tuple[Thumbnail, ...] | None) -> None:
        """Show the thumbnails of the case; None says that they could not be had."""
        self.tiles.show_pictures(pictures)
        self._fit_tiles()

    def _fit_tiles(self) -> None:
        """Leave the words room to be read: pictures take what is over."""
        words = _WORDS_WIDTH * (2 if self._ai.isVisibleTo(self) else 1)
        room = self.width() - _PATIENT_WIDTH - _ACTIONS_WIDTH - words - 32
        self.tiles.show_at_most(max(0, (room + GAP_PX) // (TILE_PX + GAP_PX)))
        shown = room >= TILE_PX and not self.tiles.is_empty and not self._is_empty
        self.tiles.setVisible(shown)
        self._tiles_rule.setVisible(shown)

    def minimumSizeHint(self) -> QSize:
        """Leave out the pictures, which go when the window becomes narrow, so that it can."""
        return QSize(_PATIENT_WIDTH + _ACTIONS_WIDTH + _WORDS_WIDTH, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit as many pictures as there is room for."""
        super().resizeEvent(event)
        self._fit_tiles()

    def _show_ai(self, row: WorklistRow) -> None:
        has_marks = row.ai.tells_marks
        self._ai_text.setText(words.marks_word(row.ai.finding_count) if has_marks else _pre_read_words(row))
        self._unconfirmed.setVisible(has_marks)
        self._ai_note.setVisible(has_marks)
        top = row.ai.top_out_of_ten
        self._dots.setVisible(has_marks and top is not None)
        if top is not None:
            self._dots.show_value(top)

    def _show_actions(self, row: WorklistRow, *, may_claim: bool, may_release: bool) -> None:
        self.claim.setVisible(may_claim)
        self.release.setVisible(may_release)
        held = bool(row.reader_name) and not may_release
        self._holder.setText(tr("Reader: {name}", name=row.reader_name) if held else "")
        self._holder.setVisible(held)
        self.open.set_text(tr("Open and read") if may_claim or may_release else tr("Open read-only"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint surface and the line above."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg1"))
        painter.fillRect(0, 0, self.width(), 1, theme.color("line2"))


def _pre_read_words(row: WorklistRow) -> str:
    """Return where a pre-read stands of which no marks are told."""
    if row.ai.withheld and row.ai.state is AiState.DONE:
        return tr("The pre-read is done. The case shows it after your own look.")
    return words.ai_word(row)


class _Ticks(QLabel):
    """Ten ticks with "true in about x of 10" beside them."""

    def __init__(self) -> None:
        super().__init__()
        self._value = 0
        self.setFixedHeight(20)

    def show_value(self, value: int) -> None:
        self._value = value
        self.setAccessibleName(self._words())
        self.update()

    def _words(self) -> str:
        return tr("Best mark: true in about {count} of 10", count=self._value)

    def sizeHint(self) -> QSize:
        return QSize(60 + paint.metrics().horizontalAdvance(self._words()), 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        right = paint.ten_ticks(painter, 0, self.height() / 2, self._value)
        paint.text(painter, QRectF(right + 9, 0, self.width(), self.height()), self._words(), tone="t2")


def _block(width: int | None = None) -> tuple[QWidget, QVBoxLayout]:
    block = QWidget()
    block.setObjectName("block")
    if width is not None:
        block.setMinimumWidth(width)
        block.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
    column = QVBoxLayout(block)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(6)
    return block, column

"""One finding as a card: what the model said, what the reader decided, and how to decide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.finding import Decision, Finding
from workstation.domain.finding_size import size_of
from workstation.domain.rejection import MarkedKind
from workstation.ui import paint
from workstation.ui.card_words import card_lines, known_place_and_type, volume_words
from workstation.ui.finding_words import (
    decision_word,
    millimetres,
    size_caption,
    size_word,
)
from workstation.ui.keymap import key_of, shown_key
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.finding_editor import FindingEditor, NameEditor

_LOOK: Final = {  # decision: (stripe token, chip tint, chip icon)
    Decision.UNDECIDED: ("ai", "ai", "question"),
    Decision.ACCEPTED: ("ok", "ok", "check"),
    Decision.EDITED: ("ok", "ok", "edit"),
    Decision.REJECTED: ("rejected.stroke", "neutral", "close"),
    Decision.ADDED: ("info", "info", "user-add"),
}
_LINE: Final = 22
_SIDE: Final = 16
_TOP: Final = 10
_RING: Final = 4


@dataclass(frozen=True, slots=True)
class CardFacts:
    """
    A finding and the 1-based slice it lies on, None without geometry.

    ``image`` names the image it lies on, ``kind`` says which reasons of a rejection fit.
    """

    finding: Finding
    slice_number: int | None
    read_only_reason: str = ""
    image: str = ""
    kind: MarkedKind = MarkedKind.LUNG_NODULE


class FindingCard(QWidget):
    """Shows one finding; asks by signals, each with the tracking UID."""

    chosen = Signal(str)
    accept_requested = Signal(str)
    reject_asked = Signal(str)
    edit_requested = Signal(str, object, object, object)
    name_requested = Signal(str, str)
    """Tracking UID, and the label of what lies on an image"""
    evidence_asked = Signal(str)

    def __init__(self, facts: CardFacts) -> None:
        super().__init__()
        self.facts = facts
        self._selected = False
        self._compact = False
        self._keys_here = True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._column = QVBoxLayout(self)
        self._column.setSpacing(0)
        uid = facts.finding.tracking_uid
        self.accept = _DecisionButton(tr("Accept"), "accept", "check", key_of("findings.accept", "Return"))
        self.edit = _DecisionButton(tr("Edit"), "secondary", "edit", "")
        self.reject = _DecisionButton(tr("Reject"), "secondary", "close", key_of("findings.reject", "Backspace"))
        self.accept.clicked.connect(lambda: self.accept_requested.emit(uid))
        self.edit.clicked.connect(self.start_editing)
        self.reject.clicked.connect(lambda: self.reject_asked.emit(uid))
        self.evidence = Button("", "secondary", icon="microscope", small=True)
        shown = shown_key("findings.evidence", "Ctrl+I")
        self.evidence.setToolTip(tr("Evidence: what was measured here, and what it looks like ({key})", key=shown))
        self.evidence.setAccessibleName(tr("Evidence"))
        self.evidence.setFixedHeight(28)
        self.evidence.clicked.connect(lambda: self.evidence_asked.emit(uid))
        self._buttons = QWidget()
        self._row = row = QHBoxLayout(self._buttons)
        row.setContentsMargins(_RING, 6, _RING, _RING)  # the focus ring lies outside the button, inside its parent
        row.setSpacing(8)
        for button, stretch in ((self.accept, 3), (self.edit, 2), (self.reject, 3)):
            row.addWidget(button, stretch)
        row.addWidget(self.evidence)
        self.editor: FindingEditor | NameEditor | None = None
        self._before: QWidget | None = None
        """What had the keys when the editor took them"""
        self._column.addStretch(1)
        self._column.addWidget(self._buttons)
        self.show_facts(facts)

    @property
    def tracking_uid(self) -> str:
        """Return which finding this is."""
        return self.facts.finding.tracking_uid

    @property
    def stops(self) -> tuple[QWidget, ...]:
        """Return where Tab stops on the card, in this order."""
        return (self.accept, self.edit, self.reject, self.evidence, *(self.editor.stops if self.editor else ()))

    @property
    def is_selected(self) -> bool:
        """Tell whether this is the finding that keys act on."""
        return self._selected

    def show_facts(self, facts: CardFacts) -> None:
        """Show the finding as it stands now."""
        self.facts = facts
        finding = facts.finding
        size = size_word(finding) or facts.image
        words = [str(finding.number), known_place_and_type(finding), size, decision_word(finding.decision)]
        self.setAccessibleName(" · ".join(one for one in words if one))
        self.setToolTip(facts.read_only_reason)
        added = finding.decision is Decision.ADDED
        self.reject.set_text(tr("Remove") if added else tr("Reject"))
        self.accept.setVisible(finding.decision in {Decision.UNDECIDED, Decision.REJECTED})
        reason = facts.read_only_reason
        for button in (self.accept, self.edit, self.reject):
            button.enable(not reason, reason)
        self.reject.setVisible(finding.decision is not Decision.REJECTED)
        has_place = finding.on_image is None or finding.on_image.box_px is not None
        self.edit.setVisible(has_place or added)  # what the reader said of a whole image can be named anew
        self.evidence.setVisible(finding.on_image is None or finding.original is not None)
        self._fit_buttons()
        if reason:
            self.stop_editing()
        self._fit()

    def set_selected(self, *, selected: bool) -> None:
        """Mark the card as the one that keys act on."""
        self._selected = selected
        if not selected:
            self.stop_editing()
        self._fit()

    def set_compact(self, *, compact: bool) -> None:
        """Use less room for the buttons."""
        self._compact = compact
        self.edit.set_text("" if compact else tr("Edit"))
        self.edit.setToolTip(tr("Edit"))
        self.edit.setAccessibleName(tr("Edit"))
        self._fit_buttons()
        self._fit()

    def show_keys(self, *, shown: bool) -> None:
        """Show the keys of the decisions, or none while another panel has them."""
        self._keys_here = shown
        self._fit_buttons()

    def _fit_buttons(self) -> None:
        """Leave the keys to the tooltips where a narrow card has no room for them."""
        buttons = [self.accept, self.edit, self.reject, self.evidence]
        for button in buttons[:3]:
            button.show_key(shown=self._keys_here)
        self._row.setSpacing(4 if self._compact else 8)
        if self._compact:
            theme = current_theme()
            room = theme.px("dock.compact") - 2 * theme.px("space.2") - 1 - _SIDE - 12
            needed = sum(one.sizeHint().width() for one in buttons) + self._row.spacing() * (len(buttons) - 1)
            for button in buttons[:3]:
                button.show_key(shown=self._keys_here and needed <= room)

    def start_editing(self) -> None:
        """Open the editor: size, type and lobe in the patient, the name of a box on an image."""
        finding = self.facts.finding
        if self.editor is not None:
            self.editor.take_keys()
            return
        if self.facts.read_only_reason or self.edit.isHidden():
            return
        self.chosen.emit(self.tracking_uid)
        editor: FindingEditor | NameEditor
        size = size_of(finding)
        if size is None:
            editor = NameEditor(finding, self.facts.kind)
            editor.saved.connect(self._save_name)
        else:
            editor = FindingEditor(finding, size.mm)
            editor.saved.connect(self._save)
        self.editor, self._before = editor, QApplication.focusWidget()
        editor.cancelled.connect(self.stop_editing)
        self._column.addWidget(editor)
        for before, stop in pairwise(self.stops):
            QWidget.setTabOrder(before, stop)
        self._fit()
        editor.take_keys()

    def stop_editing(self) -> None:
        """Close the editor; what was typed is dropped, and the keys go back to where they came from."""
        if self.editor is not None:
            editor, self.editor = self.editor, None
            before, self._before = self._before, None
            self._column.removeWidget(editor)
            self._fit()
            focus = QApplication.focusWidget()
            if focus is not None and editor.isAncestorOf(focus) and before is not None and isValid(before):
                before.setFocus(Qt.FocusReason.OtherFocusReason)  # else hiding gives them to the next one, the rail
            editor.hide()
            editor.deleteLater()

    def _save(self, diameter_mm: float, nodule_type: object, lobe: object) -> None:
        uid = self.tracking_uid
        self.stop_editing()
        self.edit_requested.emit(uid, diameter_mm, nodule_type, lobe)

    def _save_name(self, label: str) -> None:
        uid = self.tracking_uid
        self.stop_editing()
        self.name_requested.emit(uid, label)

    # geometry and painting

    def lines(self) -> list[str]:
        """Return the words below the heading, for painting and for whoever reads aloud."""
        return card_lines(self.facts.finding)

    def _has_buttons(self) -> bool:
        return self.editor is None and (self._selected or self.facts.finding.decision is Decision.UNDECIDED)

    def _fit(self) -> None:
        text = _TOP + 20 + 4 + _LINE * len(self.lines())
        self._buttons.setVisible(self._has_buttons())
        below = 34 if self._has_buttons() else self.editor.sizeHint().height() + 6 if self.editor else 0
        ring = _RING if self._has_buttons() else 0
        self._column.setContentsMargins(_SIDE - ring, text, 12 - ring, 9 - ring)
        self.setFixedHeight(text + below + 9)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a width the dock decides and the height of the content."""
        return QSize(280, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the finding."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit(self.tracking_uid)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint card, stripe and lines."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        finding = self.facts.finding
        stripe, tint, icon = _LOOK[finding.decision]
        radius = theme.px("radius.panel")
        width = 2.0 if self._selected else 1.0
        box = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QPen(theme.color("acc" if self._selected else "line2"), width))
        painter.setBrush(theme.color("card.selected" if self._selected else "bg2"))
        painter.drawRoundedRect(box, radius, radius)
        edge = QRectF(width, radius, 4, self.height() - 2 * radius)
        paint.stripe(painter, edge, theme.color(stripe), dashed=finding.decision is Decision.UNDECIDED)
        self._paint_heading(painter, tint, icon)
        self._paint_lines(painter)

    def _paint_heading(self, painter: QPainter, tint: str, icon: str) -> None:
        theme = current_theme()
        finding = self.facts.finding
        number = QRectF(_SIDE, _TOP, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("bg3"))
        painter.drawRoundedRect(number, 4, 4)
        paint.text(painter, number, str(finding.number), role="caption", tone="t1", weight=600,
                   align=Qt.AlignmentFlag.AlignCenter)  # fmt: skip
        state = decision_word(finding.decision)
        chip = paint.chip_width(icon, state)
        right = self.width() - 12
        paint.paint_chip(painter, QRectF(right - chip, _TOP, chip, 20), tint, icon, state)
        room = right - chip - 8 - (_SIDE + 28)
        rejected = finding.decision is Decision.REJECTED
        words = known_place_and_type(finding)
        if rejected:
            words = f"{words} {size_word(finding)}".rstrip()
        metrics = paint.metrics("body", 600)
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room))
        tone = "t2" if rejected else "t0"
        paint.text(painter, QRectF(_SIDE + 28, _TOP, room + 4, 20), words, tone=tone, weight=600)
        if rejected:
            painter.setPen(QPen(theme.color("t2"), 1))
            painter.drawLine(_SIDE + 28, _TOP + 10, _SIDE + 28 + metrics.horizontalAdvance(words), _TOP + 10)

    def _paint_sizes(self, painter: QPainter, box: QRectF, size: str) -> None:
        volume = volume_words(self.facts.finding)
        paint.text(painter, box, size, role="h2", tone="t0")
        if volume:
            box = box.adjusted(paint.metrics("h2").horizontalAdvance(size) + 16, 0, 0, 0)
            word = paint.metrics("caption").horizontalAdvance(tr("Volume")) + 8
            if word + paint.metrics("h2").horizontalAdvance(volume) <= box.width():  # its unit says it as well
                paint.text(painter, box, tr("Volume"), role="caption", tone="t2")
                box = box.adjusted(word, 0, 0, 0)
            paint.text(painter, box, volume, role="h2", tone="t0")

    def _paint_lines(self, painter: QPainter) -> None:
        finding, top = self.facts.finding, _TOP + 24.0
        right, size = self.width() - 12, size_of(finding)
        lines = self.lines()
        out_of_ten = finding.original.out_of_ten if finding.original is not None else None
        dots = tr("True in about {count} of 10", count=out_of_ten) if out_of_ten is not None else ""
        # beside the dots where there are any: sizes with a volume fill their line
        slice_row = lines.index(dots) if dots in lines else 0
        for row, line in enumerate(lines):
            box = QRectF(_SIDE, top + row * _LINE, right - _SIDE, _LINE)
            if row == slice_row:
                box.setRight(self._paint_slice(painter, box))
            if row == 0 and size is not None and finding.decision is not Decision.REJECTED:
                caption = size_caption(size)
                paint.text(painter, box, caption, role="caption", tone="t2")
                shift = paint.metrics("caption").horizontalAdvance(caption) + 8
                self._paint_sizes(painter, box.adjusted(shift, 0, 0, 0), millimetres(size.mm))
            elif line == dots:
                edge = paint.ten_dots(painter, box.left(), box.center().y(), out_of_ten or 0)
                paint.text(painter, QRectF(edge + 10, box.top(), 200, _LINE), line, role="caption", tone="t1")
            else:
                words = paint.metrics("caption").elidedText(line, Qt.TextElideMode.ElideRight, int(box.width()))
                paint.text(painter, box, words, role="caption", tone="t2")

    def _paint_slice(self, painter: QPainter, line: QRectF) -> float:
        """Paint the slice or image at the end of a line and return where it begins."""
        at = self.facts.slice_number
        words = self.facts.image if at is None else tr("Slice {number}", number=at)
        if not words:
            return line.right()
        paint.text(painter, line, words, role="caption", tone="t2",
                   align=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        return line.right() - paint.metrics("caption").horizontalAdvance(words) - 8


class _DecisionButton(Button):
    """A 28 px button that shares the card's width with its neighbours."""

    def __init__(self, text: str, kind: str, icon: str, key: str) -> None:
        super().__init__(text, kind, icon=icon, key=key, small=True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), 28)

"""The structured report as a form: one editor for each template field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.template import FieldType, ReportTemplate
from workstation.ui import paint
from workstation.ui.report.report_text import ReportText, TextMark
from workstation.ui.stepwise import Stepwise
from workstation.ui.theme import current_theme
from workstation.ui.widgets.form_field import FormField
from workstation.ui.widgets.labels import label

_HEAD: Final = 28
_ROW: Final = 32
_PLAIN: Final = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})


@dataclass(frozen=True, slots=True)
class NoduleRow:
    """One accepted finding as the table shows it; ``slice_number`` counts from 1."""

    tracking_uid: str
    number: int
    words: str
    diameter: str
    slice_number: str


class ReportForm(QScrollArea):
    """
    Shows values, tells what was typed; never stores anything.

    ``edited(key, text)`` for each change, ``finding_chosen(tracking_uid)`` for a row of the table.
    """

    edited = Signal(str, str)
    finding_chosen = Signal(str)
    text_made = Signal(object)
    """``ReportText`` of a new form"""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._fields: dict[str, FormField] = {}
        self._nodules: NoduleTable | None = None
        self._made_for: tuple[ReportTemplate, bool, str, str] | None = None
        self._building: Stepwise | None = None
        self._values: dict[str, str] = {}
        self._messages: dict[str, str] = {}
        self._required_for: dict[str, str] = {}
        self._rows: Sequence[NoduleRow] = ()
        self._marks: Mapping[str, Sequence[TextMark]] = {}

    def build(
        self, template: ReportTemplate, values: dict[str, str], *, read_only: bool, report_language: str = ""
    ) -> None:
        """
        Make the editors of a template and fill them; phrases are in the language of the report.

        The editors of the case before are taken over where nothing but the values differs. Others are
        made a few in each turn of the window.
        """
        made_for = (template, read_only, report_language or language(), language())
        self._values, self._messages, self._rows, self._marks = values, {}, (), {}
        if made_for == self._made_for:
            for key, field in self._fields.items():
                field.start(values.get(key, ""))
            self.verticalScrollBar().setValue(0)
            return
        self._made_for = made_for
        if self._building is not None:
            self._building.stop()
            self._building.deleteLater()
        self._fields, self._nodules = {}, None
        self._building = Stepwise(self._steps(template, read_only, report_language or language()), self)
        self._building.start()

    def _steps(self, template: ReportTemplate, read_only: bool, words: str) -> Iterator[None]:  # noqa: FBT001 - private
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        self.setWidget(body)
        for section in template.sections:
            heading = section.label.get(language())
            if [item.label.get(language()) for item in section.fields] != [heading]:
                column.addWidget(label(heading, "h2", "t0"))
            for item in section.fields:
                if item.type is FieldType.FINDINGS:
                    self._nodules = NoduleTable()
                    self._nodules.chosen.connect(self.finding_chosen)
                    self._nodules.show_rows(self._rows)
                    column.addWidget(label(item.label.get(language()), "caption", "t3"))
                    column.addWidget(self._nodules)
                    continue
                field = FormField(item, self._values.get(item.key, ""), read_only=read_only, report_language=words)
                field.say(self._messages.get(item.key, ""))
                field.show_required(self._required_for)
                field.edited.connect(self.edited)
                field.show_marks(self._marks.get(item.key, ()))
                self._fields[item.key] = field
                if isinstance(field.editor, ReportText):
                    self.text_made.emit(field.editor)
                column.addWidget(field)
                yield
        column.addStretch(1)

    def finish(self) -> None:
        """Make the editors that are still missing."""
        if self._building is not None:
            self._building.finish()

    def showEvent(self, event: QShowEvent) -> None:
        """Be whole before anybody looks."""
        self.finish()
        super().showEvent(event)

    def show_marks(self, marks: Mapping[str, Sequence[TextMark]]) -> None:
        """Show what is known of words in the texts, by field."""
        self._marks = marks
        for key, field in self._fields.items():
            field.show_marks(marks.get(key, ()))

    def texts(self) -> dict[str, ReportText]:
        """Return the editors of running text by field."""
        return {key: field.editor for key, field in self._fields.items() if isinstance(field.editor, ReportText)}

    def show_nodules(self, rows: Sequence[NoduleRow]) -> None:
        """Replace the table of accepted findings."""
        self._rows = rows
        if self._nodules is not None:
            self._nodules.show_rows(rows)

    def nodules(self) -> tuple[NoduleRow, ...]:
        """Return the rows of the table of accepted findings."""
        self.finish()
        return self._nodules.rows() if self._nodules is not None else ()

    def show_values(self, values: dict[str, str]) -> None:
        """Show values that changed elsewhere; text that an input method composes is left alone."""
        self._values = values
        for key, field in self._fields.items():
            field.show_value(values.get(key, ""))

    def say(self, messages: dict[str, str]) -> None:
        """Show a sentence below the fields that are named and clear the others."""
        self._messages = messages
        for key, field in self._fields.items():
            field.say(messages.get(key, ""))

    def show_required(self, values: dict[str, str]) -> None:
        """Mark the fields that are required now; what stands in one may make others required."""
        self._required_for = values
        for field in self._fields.values():
            field.show_required(values)

    def focus_field(self, key: str, words: str = "") -> None:
        """Bring a field into view and put the cursor there, at the words where they stand in it."""
        self.finish()
        field = self._fields.get(key)
        if field is not None:
            self.ensureWidgetVisible(field)
            field.take_focus()
            field.select(words)

    def begin(self, waiting: Sequence[str]) -> None:
        """
        Put the cursor into the first of the fields that wait for something, else into the last one of the form.

        Where the reader was in a field before, the cursor stays there; a read-only form takes none.
        """
        self.finish()
        within: QWidget | None = self.focusWidget()  # none before the first visit
        if within is not None and self.isAncestorOf(within):
            within.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self._made_for is not None and not self._made_for[1] and self._fields:
            self.focus_field(next((key for key in waiting if key in self._fields), next(reversed(self._fields))))

    def field(self, key: str) -> FormField:
        """Return the editor of a field; KeyError when the template has none."""
        self.finish()
        return self._fields[key]

    def value(self, key: str) -> str:
        """Return what stands in a field."""
        return self.field(key).value()


class NoduleTable(QWidget):
    """
    Accepted findings: number, place and type, mean diameter, slice.

    Click, or arrow keys and Enter, choose one to be shown on the images.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[NoduleRow, ...] = ()
        self._current = 0
        self._hovered = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Accepted findings"))

    def show_rows(self, rows: Sequence[NoduleRow]) -> None:
        """Replace the rows."""
        if self._rows == tuple(rows):
            return
        self._rows = tuple(rows)
        self._current = min(self._current, max(0, len(self._rows) - 1))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if rows else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if rows else Qt.CursorShape.ArrowCursor)
        self.setToolTip(tr("Show the finding on the images (Enter)") if rows else "")
        self.setAccessibleDescription("; ".join(f"{r.number} {r.words} {r.diameter}" for r in rows))
        self.updateGeometry()
        self.update()

    def rows(self) -> tuple[NoduleRow, ...]:
        """Return what is shown."""
        return self._rows

    def sizeHint(self) -> QSize:
        """Return header plus rows."""
        return QSize(320, _HEAD + _ROW * max(1, len(self._rows)) + 2)

    def minimumSizeHint(self) -> QSize:
        """Never hide a row."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the table."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("bg0"))
        painter.fillRect(0, 0, self.width(), _HEAD, theme.color("bg2"))
        right = self.width() - 12
        slices, sizes = right - 72, right - 184
        paint.text(painter, QRectF(12, 0, 20, _HEAD), "#", role="caption", tone="t3")
        self._head(painter, tr("Place · type"), 40, sizes - 8, Qt.AlignmentFlag.AlignLeft)
        self._head(painter, tr("Mean diameter"), sizes, slices, Qt.AlignmentFlag.AlignRight)
        self._head(painter, tr("Slice"), slices, right, Qt.AlignmentFlag.AlignRight)
        vertical = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if not self._rows:
            paint.text(painter, QRectF(12, _HEAD, right, _ROW), tr("No accepted finding"), tone="t3")
        for at, row in enumerate(self._rows):
            top = _HEAD + _ROW * at
            if (self.hasFocus() and at == self._current) or at == self._hovered:
                painter.fillRect(1, top, self.width() - 2, _ROW, theme.color("sel"))
            painter.fillRect(1, top, self.width() - 2, 1, theme.color("row.line"))
            paint.text(painter, QRectF(12, top, 24, _ROW), str(row.number))
            room = sizes - 8 - 40
            paint.text(painter, QRectF(40, top, room, _ROW), paint.elided(row.words, room))
            paint.text(painter, QRectF(sizes, top, slices - sizes, _ROW), row.diameter, align=vertical)
            paint.text(painter, QRectF(slices, top, 72, _ROW), row.slice_number, tone="t2", align=vertical)
        painter.setPen(QPen(theme.color("acc" if self.hasFocus() else "line"), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _head(self, painter: QPainter, words: str, left: int, right: int, align: Qt.AlignmentFlag) -> None:
        shown = paint.elided(words, right - left, "caption")
        paint.text(painter, QRectF(left, 0, right - left, _HEAD), shown, role="caption", tone="t3",
                   align=align | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip

    def _row_at(self, y: float) -> int:
        at = int((y - _HEAD) // _ROW)
        return at if 0 <= at < len(self._rows) else -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the pointer."""
        self._hovered = self._row_at(event.position().y())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Light up nothing."""
        self._hovered = -1
        self.update()
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        at = self._row_at(event.position().y())
        if at >= 0:
            self._current = at
            self.chosen.emit(self._rows[at].tracking_uid)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, choose with Enter."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and 0 <= self._current + step < len(self._rows):
            self._current += step
            self.update()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and event.modifiers() in _PLAIN and self._rows:
            self.chosen.emit(self._rows[self._current].tracking_uid)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the chosen row."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the chosen row."""
        super().focusOutEvent(event)
        self.update()

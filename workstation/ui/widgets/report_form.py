"""The structured report as a form: one editor for each template field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.template import FieldType, ReportTemplate, TemplateField
from workstation.ui import paint
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.labels import label, set_tone


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

    ``edited(key, text)`` for each change, ``finding_chosen(tracking_uid)`` for a click in the table.
    """

    edited = Signal(str, str)
    finding_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._fields: dict[str, _Field] = {}
        self._nodules: NoduleTable | None = None

    def build(self, template: ReportTemplate, values: dict[str, str], *, read_only: bool) -> None:
        """Make the editors of a template and fill them."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        self._fields = {}
        self._nodules = None
        for section in template.sections:
            column.addWidget(label(section.label.get(language()), "h2", "t0"))
            for item in section.fields:
                if item.type is FieldType.FINDINGS:
                    self._nodules = NoduleTable()
                    self._nodules.chosen.connect(self.finding_chosen)
                    column.addWidget(label(item.label.get(language()), "caption", "t3"))
                    column.addWidget(self._nodules)
                    continue
                field = _Field(item, values.get(item.key, ""), read_only=read_only)
                field.edited.connect(self.edited)
                self._fields[item.key] = field
                column.addWidget(field)
        column.addStretch(1)
        self.setWidget(body)

    def show_nodules(self, rows: Sequence[NoduleRow]) -> None:
        """Replace the table of accepted findings."""
        if self._nodules is not None:
            self._nodules.show_rows(rows)

    def show_values(self, values: dict[str, str]) -> None:
        """Show values that changed elsewhere; a field that has the focus is left alone."""
        for key, field in self._fields.items():
            field.show_value(values.get(key, ""))

    def say(self, messages: dict[str, str]) -> None:
        """Show a sentence below the fields that are named and clear the others."""
        for key, field in self._fields.items():
            field.say(messages.get(key, ""))

    def focus_field(self, key: str) -> None:
        """Bring a field into view and put the cursor there."""
        field = self._fields.get(key)
        if field is not None:
            self.ensureWidgetVisible(field)
            field.take_focus()

    def value(self, key: str) -> str:
        """Return what stands in a field."""
        return self._fields[key].value()


class _Field(QWidget):
    edited = Signal(str, str)

    def __init__(self, item: TemplateField, value: str, *, read_only: bool) -> None:
        super().__init__()
        self._item = item
        self._filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        caption = item.label.get(language()) + (" *" if item.required else "")
        if item.unit:
            caption += f"  ({item.unit})"
        head = QHBoxLayout()
        head.addWidget(label(caption, "caption", "t3"), 1)
        if item.normal_phrase is not None and not read_only:
            phrase = item.normal_phrase.get(language())
            normal = Button(tr("Normal"), "ghost", small=True)
            normal.setToolTip(phrase)
            normal.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            normal.clicked.connect(lambda: self._insert(phrase))
            head.addWidget(normal)
        column.addLayout(head)
        self._editor = self._make_editor(value, read_only=read_only)
        self._editor.setAccessibleName(item.label.get(language()))
        column.addWidget(self._editor)
        self._message = label("", "caption", "bad", wrap=True)
        self._message.setVisible(False)
        column.addWidget(self._message)

    def _make_editor(self, value: str, *, read_only: bool) -> QWidget:
        if self._item.type is FieldType.CHOICE:
            choices = [(choice.key, choice.label.get(language())) for choice in self._item.choices]
            segmented = SegmentedChoice(choices, value)
            segmented.setEnabled(not read_only)
            segmented.chosen.connect(lambda key: self.edited.emit(self._item.key, key))
            return segmented
        if self._item.multiline:
            text = _GrowingText(value)
            text.setReadOnly(read_only)
            text.textChanged.connect(self._typed)
            return text
        line = QLineEdit(value)
        line.setReadOnly(read_only)
        line.textChanged.connect(self._typed)
        return line

    def _typed(self) -> None:
        if not self._filling:
            self.edited.emit(self._item.key, self.value())

    def _insert(self, phrase: str) -> None:
        if isinstance(self._editor, QPlainTextEdit):
            cursor = self._editor.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            cursor.insertText(phrase if not self.value().strip() else "\n" + phrase)
        elif isinstance(self._editor, QLineEdit):
            self._editor.setText(self.value() + phrase)
        self.take_focus()

    def value(self) -> str:
        if isinstance(self._editor, QPlainTextEdit):
            return self._editor.toPlainText()
        if isinstance(self._editor, QLineEdit):
            return self._editor.text()
        return self._editor.value() if isinstance(self._editor, SegmentedChoice) else ""

    def show_value(self, value: str) -> None:
        if self._editor.hasFocus() or self.value() == value:
            return
        self._filling = True
        if isinstance(self._editor, QPlainTextEdit):
            self._editor.setPlainText(value)
        elif isinstance(self._editor, QLineEdit):
            self._editor.setText(value)
        elif isinstance(self._editor, SegmentedChoice):
            self._editor.choose(value)
        self._filling = False

    def say(self, message: str) -> None:
        self._message.setText(message)
        self._message.setVisible(bool(message))
        set_tone(self._message, "warn")
        state = "warn" if message else ""
        if self._editor.property("state") != state:
            self._editor.setProperty("state", state)
            self._editor.style().unpolish(self._editor)
            self._editor.style().polish(self._editor)

    def take_focus(self) -> None:
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)


class _GrowingText(QPlainTextEdit):
    """A text box that grows with its lines, from three to ten."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self.setPlainText(text)
        self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().lineSpacing()
        lines = min(10, max(3, round(self.document().size().height())))
        self.setFixedHeight(lines * line + 18)


class NoduleTable(QWidget):
    """Accepted findings: number, place and type, mean diameter, slice."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[NoduleRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Accepted findings"))

    def show_rows(self, rows: Sequence[NoduleRow]) -> None:
        """Replace the rows."""
        self._rows = tuple(rows)
        self.setAccessibleDescription("; ".join(f"{r.number} {r.words} {r.diameter}" for r in rows))
        self.updateGeometry()
        self.update()

    def rows(self) -> tuple[NoduleRow, ...]:
        """Return what is shown."""
        return self._rows

    def sizeHint(self) -> QSize:
        """Return header plus rows."""
        return QSize(320, 28 + 32 * max(1, len(self._rows)) + 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the table."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setPen(theme.color("line"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.fillRect(1, 1, self.width() - 2, 28, theme.color("bg2"))
        right = self.width() - 8
        columns = ((tr("Place · type"), 36, right - 170), (tr("Mean diameter"), right - 170, right - 64),
                   (tr("Slice"), right - 64, right))  # fmt: skip
        paint.text(painter, QRectF(10, 0, 20, 28), "#", role="caption", tone="t3")
        for at, (words, left, end) in enumerate(columns):
            align = Qt.AlignmentFlag.AlignLeft if at == 0 else Qt.AlignmentFlag.AlignRight
            paint.text(painter, QRectF(left, 0, end - left, 28), words, role="caption", tone="t3",
                       align=align | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip
        if not self._rows:
            paint.text(painter, QRectF(10, 28, right, 32), tr("No accepted finding"), tone="t3")
        for at, row in enumerate(self._rows):
            top = 28 + 32 * at
            painter.fillRect(1, top, self.width() - 2, 1, theme.color("row.line"))
            paint.text(painter, QRectF(10, top, 20, 32), str(row.number))
            words_width = int(columns[0][2] - 36)
            paint.text(painter, QRectF(36, top, words_width, 32), paint.elided(row.words, words_width))
            vertical = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            paint.text(painter, QRectF(right - 170, top, 106, 32), row.diameter, align=vertical)
            paint.text(painter, QRectF(right - 64, top, 64, 32), row.slice_number, tone="t2", align=vertical)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        at = int((event.position().y() - 28) // 32)
        if 0 <= at < len(self._rows):
            self.chosen.emit(self._rows[at].tracking_uid)

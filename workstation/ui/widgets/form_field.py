"""One field of the structured report: caption, editor and the sentence below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.template import FieldType, TemplateField
from workstation.ui import paint
from workstation.ui.commands import Composition
from workstation.ui.report.report_text import ReportText, TextMark
from workstation.ui.widgets.buttons import Button, SegmentedChoice
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import icon_label, label

_SEGMENT_PADDING, _SEGMENTS_WIDTH = 24, 440


class FormField(QWidget):
    """Tells ``edited(key, text)`` for what the person types; silent for what ``show_value`` fills in."""

    edited = Signal(str, str)

    def __init__(self, item: TemplateField, value: str, *, read_only: bool, report_language: str) -> None:
        super().__init__()
        self._item = item
        self._filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        caption = item.label.get(language())
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(label(f"{caption} ({item.unit_words})" if item.unit_words else caption, "caption", "t3"))
        self._star = label("*", "caption", "acc")
        self._star.setToolTip(tr("Required before signing"))
        head.addWidget(self._star)
        if not item.required:  # showing it here would open a window: the field has no parent yet
            self._star.hide()
        head.addStretch(1)
        column.addLayout(head)
        self.editor = self._make_editor(value, read_only=read_only)
        self.editor.setAccessibleName(caption)
        column.addWidget(self.editor)
        if item.normal_phrase is not None and not read_only:
            phrase = item.normal_phrase.get(report_language)
            self.normal = Button(tr("Normal"), "ghost", icon="chat-quote", small=True)
            self.normal.setToolTip(phrase)
            self.normal.setAccessibleName(f"{caption}: {phrase}")
            self.normal.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.normal.clicked.connect(lambda: self._insert(phrase))
            head.addWidget(self.normal)
        self._line = QWidget()
        line = QHBoxLayout(self._line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(icon_label("error-warning", "warn", 14), 0, Qt.AlignmentFlag.AlignTop)
        self._message = label("", "caption", "warn", wrap=True)
        line.addWidget(self._message, 1)
        self._line.hide()
        column.addWidget(self._line)

    def _make_editor(self, value: str, *, read_only: bool) -> QWidget:
        if self._item.type is FieldType.CHOICE:
            choices = [(choice.key, choice.label.get(language())) for choice in self._item.choices]
            if is_wide(choices):
                box = ChoiceBox()
                for key, text in (("", "—"), *choices):
                    box.addItem(text, key)
                box.setCurrentIndex(max(0, box.findData(value)))
                box.setEnabled(not read_only)
                box.activated.connect(lambda _at: self.edited.emit(self._item.key, self.value()))
                return box
            segmented = SegmentedChoice(choices, value)
            segmented.setEnabled(not read_only)
            segmented.chosen.connect(lambda key: self.edited.emit(self._item.key, key))
            return segmented
        editor: ReportText | LineText = ReportText(value) if self._item.multiline else LineText(value)
        editor.setReadOnly(read_only)
        editor.textChanged.connect(self._typed)
        return editor

    def value(self) -> str:
        """Return what stands in the field, without text that is still being composed."""
        if isinstance(self.editor, QPlainTextEdit):
            return self.editor.toPlainText()
        if isinstance(self.editor, QLineEdit):
            return self.editor.text()
        if isinstance(self.editor, ChoiceBox):
            return str(self.editor.currentData() or "")
        return self.editor.value() if isinstance(self.editor, SegmentedChoice) else ""

    def show_required(self, values: dict[str, str]) -> None:
        """Show the star where the field is required, given what stands in the others."""
        required = self._item.is_required(values)
        if self._star.isHidden() is required:
            self._star.setVisible(required)

    def start(self, value: str) -> None:
        """Begin with another case: its value, nothing to undo, nothing half composed."""
        if isinstance(self.editor, ReportText | LineText):
            self.editor.composition.active = False
        self._filling = True
        if isinstance(self.editor, ReportText):
            self.editor.setPlainText(value)
        elif isinstance(self.editor, LineText):
            self.editor.setText(value)
        elif isinstance(self.editor, SegmentedChoice):
            self.editor.choose(value)
        elif isinstance(self.editor, ChoiceBox):
            self.editor.setCurrentIndex(max(0, self.editor.findData(value)))
        self._filling = False

    def show_value(self, value: str) -> None:
        """Show a value that changed elsewhere; never in the middle of a composition."""
        if self.value() == value:
            return
        self._filling = True
        if isinstance(self.editor, ReportText) and not self.editor.composition.active:
            self.editor.take(value)
        elif isinstance(self.editor, LineText) and not self.editor.composition.active:
            self.editor.setText(value)
        elif isinstance(self.editor, SegmentedChoice):
            self.editor.choose(value)
        elif isinstance(self.editor, ChoiceBox):
            self.editor.setCurrentIndex(max(0, self.editor.findData(value)))
        self._filling = False

    def say(self, message: str) -> None:
        """Show a warning below the field with its border in the same colour; empty takes it away."""
        if self._message.text() == message:
            return
        self._message.setText(message)
        self._line.setVisible(bool(message))
        self.editor.setProperty("state", "warn" if message else "")
        self.editor.style().unpolish(self.editor)
        self.editor.style().polish(self.editor)

    def message(self) -> str:
        """Return the sentence below the field."""
        return self._message.text()

    def take_focus(self) -> None:
        """Put the cursor into the field."""
        target = self.editor
        if isinstance(target, SegmentedChoice):
            target = target.findChildren(QWidget)[0]
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _typed(self) -> None:
        if not self._filling:
            self.edited.emit(self._item.key, self.value())

    def show_marks(self, marks: Sequence[TextMark]) -> None:
        """Show what is known of words in the text; a field of one line shows none."""
        if isinstance(self.editor, ReportText):
            self.editor.show_marks(marks)

    def select(self, words: str) -> None:
        """Choose words in the text, where they stand in it."""
        if isinstance(self.editor, ReportText):
            self.editor.select(words)

    def _insert(self, phrase: str) -> None:
        """Put the phrase at the end; what was typed stays."""
        text = self.value().rstrip()
        if phrase in text:
            self.take_focus()
            return
        if isinstance(self.editor, QPlainTextEdit):
            cursor = self.editor.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            cursor.insertText(f"\n{phrase}" if text else phrase)
            self.editor.setTextCursor(cursor)
        elif isinstance(self.editor, QLineEdit):
            self.editor.setText(f"{text} {phrase}" if text else phrase)
        self.take_focus()


def is_wide(choices: Sequence[tuple[str, str]]) -> bool:
    """Tell whether segments beside each other would not fit into the form."""
    return (
        sum(paint.metrics("body").horizontalAdvance(text) + _SEGMENT_PADDING for _, text in choices) > _SEGMENTS_WIDTH
    )


class LineText(QLineEdit):
    """One line that knows whether an input method composes in it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.composition = Composition()
        self.setCursorPosition(0)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Take note of compositions."""
        self.composition.update(event)
        super().inputMethodEvent(event)

"""The structured report as a form: one editor for each template field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from resources.translation import language
from workstation.domain.template import FieldType, ReportTemplate
from workstation.ui.report.report_text import ReportText, TextMark
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.finding_group import FindingGroup
from workstation.ui.widgets.form_field import FormField
from workstation.ui.widgets.labels import label
from workstation.ui.widgets.nodule_table import NoduleRow, NoduleTable

_HEAD: Final = 28
_ROW: Final = 32
_PLAIN: Final = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})


class ReportForm(QScrollArea):
    """
    Shows values, tells what was typed; never stores anything.

    ``edited(key, text)`` for each change, ``finding_chosen(tracking_uid)`` for a row of the table.
    """

    edited = Signal(str, str)
    finding_chosen = Signal(str)
    finding_said = Signal(str, str, str)
    """Tracking UID, key of a field that is asked for each finding, and the option; empty for none"""
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
        self._group: FindingGroup | None = None
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
        self._fields, self._nodules, self._group = {}, None, None
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
                    if item.each:
                        self._group = FindingGroup(item.each, self._nodules, read_only=read_only)
                        self._group.said.connect(self.finding_said)
                        column.addWidget(self._group)
                        self._group.refresh()
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
        if self._group is not None:
            self._group.refresh()

    def nodules(self) -> tuple[NoduleRow, ...]:
        """Return the rows of the table of accepted findings."""
        self.finish()
        return self._nodules.rows() if self._nodules is not None else ()

    def group(self) -> FindingGroup | None:
        """Return the fields of the finding at hand, None where the template asks nothing for each finding."""
        self.finish()
        return self._group

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

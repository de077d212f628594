"""The dialogs of critical values; each can be filled and sent without the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QWidget

from resources.translation import language, tr
from workstation.domain.critical import CallMethod, CallOutcome, CriticalSource, CriticalValue, repeats
from workstation.domain.critical_board import CallReport
from workstation.domain.critical_policy import CriticalEntry, CriticalPolicy, CriticalSuggestion, free_entry, level_of
from workstation.services.critical_gate import in_words
from workstation.ui.critical.words import method_words, outcome_words
from workstation.ui.dialogs import Dialog
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.fields import ChoiceBox, TextField
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label

_WIDTH: Final = 600
_MINUTE_S: Final = 60
_MOST_MINUTES: Final = 120
"""A longer clock is told in hours"""
_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


class _Quick(Dialog):
    """A dialog that Ctrl+Enter sends from anywhere in it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter sends, also from inside a text."""
        if event.modifiers() & _CONTROL and event.key() in _ENTER:
            self.accept()
            return
        super().keyPressEvent(event)

    def add_text(self, caption: str, text: str = "", *, lines: int = 2) -> GrowingText:
        """Add a captioned text and return it."""
        self.body.addWidget(label(caption, "caption", "t3"))
        field = GrowingText(text, least_lines=lines)
        field.setAccessibleName(caption)
        self.body.addWidget(field)
        return field


class RecogniseDialog(_Quick):
    """``recognised(entry, text, source, level)`` once; the clock runs from then on."""

    recognised = Signal(object, str, object, int)

    def __init__(
        self, parent: QWidget | None, case: str, policy: CriticalPolicy, suggestions: Sequence[CriticalSuggestion]
    ) -> None:
        super().__init__(parent, tr("Confirm a critical value"), icon="alarm-warning", tone="bad", width=_WIDTH)
        self.name_case(case)
        self.body.addWidget(label(tr("Critical finding"), "caption", "t3"))
        self.entries = ChoiceBox()
        self.entries.setAccessibleName(tr("Critical finding"))
        self.entries.setEditable(False)
        self._choices: list[tuple[CriticalEntry | None, CriticalSource, str]] = []
        for suggestion in suggestions:
            text = in_words(suggestion)
            self._add(suggestion.entry, suggestion.source, text, tr("{finding} (suggested)", finding=text))
        for entry in policy.entries:
            if all(entry.key != one.entry.key for one in suggestions):
                text = entry.label.get(language())
                self._add(entry, CriticalSource.READER, text, text)
        self._add(None, CriticalSource.READER, "", tr("Other, in own words"))
        self.entries.currentIndexChanged.connect(self._chosen)
        self.body.addWidget(self.entries)
        self.text = self.add_text(tr("What is reported to the receiver"))
        self.text.textChanged.connect(self._ready)
        self._level_label = label(tr("Urgency"), "caption", "t3")
        self.level = SegmentedChoice(
            [("1", tr("1 · minutes")), ("2", tr("2 · hours")), ("3", tr("3 · days"))], "1"
        )  # fmt: skip
        self.body.addWidget(self._level_label)
        self.body.addWidget(self.level)
        self.level.chosen.connect(lambda _key: self._tell_clock())
        self._usual_s = {entry.escalate_after_s for entry in policy.entries}
        self.clock = self.add_hint("").text
        self._go = self.set_primary(tr("Confirm critical value"), icon="alarm-warning")
        self.entries.setPlaceholderText(tr("Choose the finding"))
        if not suggestions:  # the first of the catalogue is nobody's choice: two keys would start its clock
            self.entries.setCurrentIndex(-1)
        self._chosen(self.entries.currentIndex())
        self.entries.setFocus()

    def _add(self, entry: CriticalEntry | None, source: CriticalSource, text: str, shown: str) -> None:
        self._choices.append((entry, source, text))
        self.entries.addItem(shown)

    def _chosen(self, at: int) -> None:
        entry, _source, text = self._choices[at] if at >= 0 else (None, CriticalSource.READER, "")
        self.text.setPlainText(text)
        for widget in (self._level_label, self.level):
            widget.setVisible(entry is None and at >= 0)
        self._tell_clock()
        self._ready()

    def _tell_clock(self) -> None:
        """Say how long the clock of the choice runs; before one only what holds for the whole catalogue."""
        at = self.entries.currentIndex()
        if at < 0:
            lengths = self._usual_s
        else:
            lengths = {(self._choices[at][0] or free_entry(int(self.level.value() or 1), "")).escalate_after_s}
        if len(lengths) != 1:
            self.clock.setText(tr("The clock starts when you confirm."))
            return
        minutes = round(next(iter(lengths)) / _MINUTE_S)
        if minutes > _MOST_MINUTES:
            hours, rest = divmod(minutes, 60)
            words = (
                tr("The clock starts when you confirm and runs {hours} h {minutes} min.", hours=hours, minutes=rest)
                if rest
                else tr("The clock starts when you confirm and runs {hours} h.", hours=hours)
            )
        else:
            words = tr("The clock starts when you confirm and runs {minutes} min.", minutes=minutes)
        self.clock.setText(words)

    def _ready(self) -> None:
        if self.entries.currentIndex() < 0:
            self._go.enable(False, tr("Choose the finding"))
        else:
            self._go.enable(bool(self.text.toPlainText().strip()), tr("Say what was found"))

    def accept(self) -> None:
        """Hand the recognition over and close; without words nothing happens."""
        text = self.text.toPlainText().strip()
        if not text or self.entries.currentIndex() < 0:
            return
        entry, source, _text = self._choices[self.entries.currentIndex()]
        level = int(self.level.value() or 1) if entry is None else level_of(entry)
        super().accept()
        self.recognised.emit(entry or free_entry(level, text), text, source, level)


class CallDialog(_Quick):
    """``told(CallReport)`` once; the focus begins where the receiver's name goes."""

    told = Signal(object)

    def __init__(self, parent: QWidget | None, case: str, site: str, value: CriticalValue) -> None:
        super().__init__(parent, tr("Tell the receiver and record it"), icon="phone", tone="bad", width=_WIDTH)
        self.name_case(case)
        self.body.setSpacing(8)
        last = value.calls[-1] if value.calls else None
        self.body.addWidget(label(f"{value.text} · {site}", "body", "t0", wrap=True))
        first = QHBoxLayout()
        self.receiver = TextField(tr("Person told"))
        self.role = TextField(tr("Position"), placeholder=tr("Doctor on duty, nurse …"))
        self.number = TextField(tr("Telephone number"))
        for field, text in (
            (self.receiver, "" if last is None else last.receiver),
            (self.role, "" if last is None else last.receiver_role),
            (self.number, "" if last is None else last.number),
        ):
            field.edit.setText(text)
            field.changed.connect(self._ready)
            field.setMinimumHeight(field.sizeHint().height())  # a wrapped message makes a layout press fields flat
            first.addWidget(field)
        self.body.addLayout(first)
        self.method = SegmentedChoice([(one.value, method_words(one)) for one in CallMethod], CallMethod.PHONE.value)
        self.outcome = SegmentedChoice([(one.value, outcome_words(one)) for one in CallOutcome])  # nobody called yet
        self.outcome.chosen.connect(lambda _key: self._ready())
        self.method.chosen.connect(lambda _key: self._ready())
        choices = QGridLayout()
        choices.setHorizontalSpacing(12)
        choices.setVerticalSpacing(8)
        for at, (caption, choice) in enumerate(
            ((tr("Way of telling"), self.method), (tr("What came of it"), self.outcome))
        ):
            choices.addWidget(label(caption, "caption", "t3"), at, 0)
            choices.addWidget(choice, at, 1)
            choice.setAccessibleName(caption)
        choices.setColumnStretch(1, 1)
        self.body.addLayout(choices)
        self.content = self.add_text(tr("What was said"), value.text)
        self.content.textChanged.connect(self._ready)
        self.read_back = QCheckBox(tr("The receiver read it back"))
        self.read_back.toggled.connect(self._ready)
        self.body.addWidget(self.read_back)
        self.words = self.add_text(tr("Words of the read-back"))
        self.words.textChanged.connect(self._ready)
        self.add_hint(
            tr("The time of this call is taken when you record it. Without the line it is kept and sent later.")
        )
        self._go = self.set_primary(tr("Record the call"), icon="phone")
        self._go.setToolTip("Ctrl ↵")
        self._ready()
        self.receiver.edit.setFocus()

    def _missing(self) -> str:
        outcome = self.outcome.value()
        if outcome != CallOutcome.REACHED.value:
            return "" if outcome else tr("Say what came of it")
        if not self.receiver.text().strip():
            return tr("Name the receiver")
        if self.method.value() != CallMethod.IN_PERSON.value and not self.number.text().strip():
            return tr("Give the number, or say that it was in person")
        if not self.content.toPlainText().strip():
            return tr("Say what was told")
        if self.read_back.isChecked() and not repeats(self.words.toPlainText()):
            return tr("Write the words of the read-back")
        return ""

    def _ready(self, _value: object = None) -> None:
        reached = self.outcome.value() == CallOutcome.REACHED.value
        self.read_back.setEnabled(reached)
        self.words.setEnabled(reached and self.read_back.isChecked())
        missing = self._missing()
        self._go.enable(not missing, missing)

    def accept(self) -> None:
        """Hand the call over and close; while something is missing nothing happens."""
        if self._missing():
            return
        reached = self.outcome.value() == CallOutcome.REACHED.value
        read_back = reached and self.read_back.isChecked()
        report = CallReport(
            call_uid="",
            receiver=self.receiver.text().strip(),
            receiver_role=self.role.text().strip(),
            number=self.number.text().strip(),
            content=self.content.toPlainText().strip(),
            method=CallMethod(self.method.value()),
            outcome=CallOutcome(self.outcome.value()),
            read_back=read_back,
            read_back_text=self.words.toPlainText().strip() if read_back else "",
        )
        super().accept()
        self.told.emit(report)


class AcknowledgeDialog(_Quick):
    """``acknowledged(name, words)`` once."""

    acknowledged = Signal(str, str)

    def __init__(self, parent: QWidget | None, case: str, value: CriticalValue, name: str) -> None:
        title = tr("Acknowledge the critical value")
        super().__init__(parent, title, icon="alarm-warning", tone="bad", width=_WIDTH)
        self.name_case(case)
        self.body.addWidget(label(value.text, "h1", "bad", wrap=True))
        said = tr("Found {time} by {name}", time=_local(value), name=value.recognised_by.name)
        self.body.addWidget(label(said, "body", "t2"))
        self.name = TextField(tr("Your name"))
        self.name.edit.setText(name)
        self.name.changed.connect(self._ready)
        self.name.setMinimumHeight(self.name.sizeHint().height())
        self.body.addWidget(self.name)
        self.words = self.add_text(tr("Repeat the critical value in your own words"))
        self.words.textChanged.connect(self._ready)
        self.add_hint(tr("Tell the treating doctor at once. Your name, the time and these words are recorded."))
        self._go = self.set_primary(tr("Acknowledge"), icon="check")
        self._ready()
        self.words.setFocus()

    def _ready(self, _value: object = None) -> None:
        whole = bool(self.name.text().strip()) and repeats(self.words.toPlainText())
        self._go.enable(whole, tr("Write your name and repeat what was said"))

    def accept(self) -> None:
        """Hand name and words over; without both, or with words that repeat nothing, nothing happens."""
        name, words = self.name.text().strip(), self.words.toPlainText().strip()
        if name and repeats(words):
            super().accept()
            self.acknowledged.emit(name, words)


class ReasonDialog(_Quick):
    """``reason_given(text)`` once: why it is no critical value, or why it is signed all the same."""

    reason_given = Signal(str)

    def __init__(
        self, parent: QWidget | None, title: str, lines: Sequence[str], act: str, hint: str, *, is_alarm: bool = True
    ) -> None:
        icon, tone = ("alarm-warning", "bad") if is_alarm else ("forbid", "t2")
        super().__init__(parent, title, icon=icon, tone=tone, width=_WIDTH)
        for line in lines:
            self.body.addWidget(label(f"· {line}", "body", "t0", wrap=True))
        self.reason = self.add_text(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.add_hint(hint)
        self._go = self.set_primary(act, danger=True)
        self._ready()
        self.reason.setFocus()

    def _ready(self) -> None:
        self._go.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))

    def accept(self) -> None:
        """Hand the reason over; without one nothing happens."""
        reason = self.reason.toPlainText().strip()
        if reason:
            super().accept()
            self.reason_given.emit(reason)


class SuggestedDialog(_Quick):
    """``recognise_requested`` or ``none_of_them(reason)``; cancelling goes back to the report."""

    recognise_requested = Signal()
    none_of_them = Signal(str)

    def __init__(self, parent: QWidget | None, lines: Sequence[str], former: Sequence[str] = ()) -> None:
        title = tr("The report suggests a critical value")
        super().__init__(parent, title, icon="alarm-warning", tone="bad", width=_WIDTH)
        for line in lines:
            self.body.addWidget(label(f"· {line}", "body", "t0", wrap=True))
        for line in former:
            self.body.addWidget(label(line, "caption", "warn", wrap=True))
        self.reason = self.add_text(tr("Reason, if it is not a critical value"))
        self.reason.textChanged.connect(self._ready)
        self.add_hint(
            tr("The clock starts when you confirm. A reason is kept with the report and in the audit record.")
        )
        self.cancel.set_text(tr("Correct the report"))
        self.dismiss = self.add_left(tr("Not critical, sign"))
        self.dismiss.clicked.connect(self._dismiss)
        self.set_primary(tr("Confirm critical value"), icon="alarm-warning", danger=True)
        self._ready()
        self.cancel.setFocus()

    def _ready(self) -> None:
        self.dismiss.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))

    def accept(self) -> None:
        """Close and go on to recognise it."""
        super().accept()
        self.recognise_requested.emit()

    def _dismiss(self) -> None:
        reason = self.reason.toPlainText().strip()
        if reason:
            self.done(int(self.DialogCode.Rejected))
            self.none_of_them.emit(reason)


def _local(value: CriticalValue) -> str:
    """Return when it was found on this machine's clock, with the day where that is not today."""
    at = value.recognised_at.astimezone()
    return at.strftime("%H:%M:%S" if at.date() == datetime.now(at.tzinfo).date() else "%Y-%m-%d %H:%M:%S")

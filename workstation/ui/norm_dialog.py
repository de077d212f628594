"""What the norm gate found when somebody was about to sign: correct it, or answer for it with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.norm.values import NormKind
from workstation.services.norm_answers import Answer
from workstation.services.norm_gate import kind_word
from workstation.ui.dialogs import Dialog
from workstation.ui.theme import current_theme
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import ChipLabel, label

_TOP_LEFT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
_WIDTH = 704
_SENTENCE_WIDTH = 460
_ONE_LINE = 10_000
_MOST = 8
_MOST_FORMER = 3


@dataclass(frozen=True, slots=True)
class ToldFault:
    """A fault in words; ``place`` names the field and the words to go to, empty where there is no such place."""

    kind: NormKind
    sentence: str
    place: str = ""


class NormDialog(Dialog):
    """``answered(reason)`` once, or ``located(place)``; cancelling goes back to the report."""

    answered = Signal(str)
    located = Signal(str)

    def __init__(self, parent: QWidget | None, faults: Sequence[ToldFault], former: Sequence[Answer] = ()) -> None:
        super().__init__(parent, tr("Check before signing"), icon="error-warning", tone="warn", width=_WIDTH)
        self.body.addWidget(label(tr("The report has these problems:"), "body", "t1", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        self.locates: list[Button] = []
        for at, fault in enumerate(faults[:_MOST]):
            words = label(fault.sentence, "body", "t0", wrap=True)
            words.setFixedWidth(_SENTENCE_WIDTH)  # a wrapped text tells its height only for a known width
            words.setMinimumHeight(words.heightForWidth(_SENTENCE_WIDTH))
            chip = ChipLabel(kind_word(fault.kind), "bad")
            # chip, first line and button stand on one line, however many lines follow
            grid.addLayout(_lowered(chip, chip.sizeHint().height()), at, 0, _TOP_LEFT)
            grid.addLayout(_lowered(words, words.heightForWidth(_ONE_LINE)), at, 1, _TOP_LEFT)
            if fault.place:
                grid.addWidget(self._locate(fault), at, 2, Qt.AlignmentFlag.AlignTop)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        if len(faults) > _MOST:
            self.body.addWidget(label(tr("and {count} more", count=len(faults) - _MOST), "caption", "t2"))
        self._add_former(former)
        self.body.addWidget(label(tr("Reason why it is signed all the same"), "caption", "t3"))
        self.reason = GrowingText(least_lines=2)
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(self._ready)
        self.body.addWidget(self.reason)
        self.add_hint(tr("The reason is kept with the report and in the audit record."))
        self.cancel.set_text(tr("Correct the report"))
        self._answer = self.set_primary(tr("Answer for it and sign"), icon="quill-pen")
        self._ready()
        self.reason.setFocus()

    def _locate(self, fault: ToldFault) -> Button:
        button = Button(tr("Locate"), "ghost", small=True)
        button.setAccessibleName(tr("Locate: {what}", what=fault.sentence))
        button.clicked.connect(lambda: self._go_to(fault.place))
        self.locates.append(button)
        return button

    def _go_to(self, place: str) -> None:
        self.reject()
        self.located.emit(place)

    def _add_former(self, former: Sequence[Answer]) -> None:
        if not former:
            return
        text = tr("Answered for before, by somebody else or for another version; it does not count for your signature:")
        self.body.addWidget(label(text, "caption", "warn", wrap=True))
        for one in former[:_MOST_FORMER]:
            words = tr("{who}: {reason}", who=one.who, reason=one.reason)
            line = label(words, "body", "t1", wrap=True)
            line.setToolTip(one.what)
            self.body.addWidget(line)

    def accept(self) -> None:
        """Hand the reason over and close; without a reason nothing happens."""
        reason = self.reason.toPlainText().strip()
        if reason:
            super().accept()
            self.answered.emit(reason)

    def _ready(self) -> None:
        self._answer.enable(bool(self.reason.toPlainText().strip()), tr("Write the reason first"))


def _lowered(widget: QWidget, line: int) -> QVBoxLayout:
    """Return a widget whose first line, of ``line`` px, has its middle at that of the button at the row's end."""
    column = QVBoxLayout()
    column.setContentsMargins(0, max(0, (current_theme().px("button.s") - line) // 2), 0, 0)
    column.addWidget(widget)
    return column

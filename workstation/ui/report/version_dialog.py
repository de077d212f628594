"""The versions of a report and what differs between any two of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QTextEdit, QWidget

from resources.translation import tr
from workstation.domain.report import Report
from workstation.services.report_difference import Change, FieldDifference
from workstation.ui.certificate_details import digest_words
from workstation.ui.dialogs import Dialog
from workstation.ui.theme import current_theme
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import ElidedLabel, label

_WIDTH: Final = 880
_HEIGHT: Final = 420
ADDED_SIGNS: Final = ("[+", "+]")
REMOVED_SIGNS: Final = ("[-", "-]")
"""Signs around a change, for whoever does not tell the colours apart"""


@dataclass(frozen=True, slots=True)
class Comparable:
    """One document that can be chosen: its line in the list, why it came about, and itself."""

    words: str
    reason: str
    report: Report


class VersionDialog(Dialog):
    """Shows the newest beside the one before it; any two can be chosen."""

    def __init__(
        self,
        parent: QWidget | None,
        versions: Sequence[Comparable],
        compare: Callable[[Report, Report], tuple[FieldDifference, ...]],
    ) -> None:
        super().__init__(parent, tr("Versions of the report"), icon="history", tone="acc.text", width=_WIDTH)
        self._versions = tuple(versions)
        self._compare = compare
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        self.before, self.after = ChoiceBox(), ChoiceBox()
        self.reasons = (ElidedLabel("", "caption", "t2"), ElidedLabel("", "caption", "t2"))
        pairs = ((self.before, tr("Earlier version")), (self.after, tr("Later version")))
        for column, (box, caption) in enumerate(pairs):
            box.setAccessibleName(caption)
            box.addItems([one.words for one in self._versions])
            box.activated.connect(lambda _at: self._show())
            grid.addWidget(label(caption, "caption", "t3"), 0, column)
            grid.addWidget(box, 1, column)
            grid.addWidget(self.reasons[column], 2, column)
            grid.setColumnStretch(column, 1)
        self.body.addLayout(grid)
        row = QHBoxLayout()
        self.only_changes = QCheckBox(tr("Changed fields only"))
        self.only_changes.setChecked(True)
        self.only_changes.toggled.connect(lambda _on: self._show())
        row.addWidget(self.only_changes)
        row.addStretch(1)
        legend = tr("{added} added, {removed} removed", added="  ".join(ADDED_SIGNS), removed="  ".join(REMOVED_SIGNS))
        row.addWidget(label(legend, "caption", "t2"))
        self.body.addLayout(row)
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("Differences"))
        self.text.setFixedHeight(_HEIGHT)
        self.body.addWidget(self.text)
        self.cancel.set_text(tr("Close"))
        last = len(self._versions) - 1
        self.before.setCurrentIndex(max(0, last - 1))
        self.after.setCurrentIndex(last)
        self._show()
        self.cancel.setFocus()

    def _show(self) -> None:
        self.text.clear()
        if not self._versions:
            self._write(tr("There is no version yet: nothing was submitted or signed."), "t2")
            return
        chosen = [self._versions[box.currentIndex()] for box in (self.before, self.after)]
        for place, one in zip(self.reasons, chosen, strict=True):
            place.show_text(" · ".join(part for part in (one.reason, digest_words(one.report)) if part))
        fields = self._compare(chosen[0].report, chosen[1].report)
        shown = [field for field in fields if field.is_changed or not self.only_changes.isChecked()]
        for field in shown:
            self._write(f"{field.label}\n", "t3")
            for piece in field.pieces:
                self._write_piece(piece.change, piece.text)
            self._write("\n\n", "t1")
        if not shown:
            alone = len(self._versions) == 1
            same = tr("There is one version only so far.") if alone else tr("The texts of both versions are the same.")
            self._write(same, "t2")
        self.text.moveCursor(QTextCursor.MoveOperation.Start)

    def _write_piece(self, change: Change, text: str) -> None:
        if change is Change.SAME:
            self._write(text, "t1")
            return
        is_added = change is Change.ADDED
        left, right = ADDED_SIGNS if is_added else REMOVED_SIGNS
        form = QTextCharFormat()
        form.setForeground(current_theme().color("ok" if is_added else "bad"))
        form.setFontUnderline(is_added)
        form.setFontStrikeOut(not is_added)
        plain = QTextCharFormat()
        plain.setForeground(form.foreground())
        for words, look in ((left, plain), (text, form), (right, plain)):
            self.text.textCursor().insertText(words, look)
            self.text.moveCursor(QTextCursor.MoveOperation.End)

    def _write(self, text: str, tone: str) -> None:
        form = QTextCharFormat()
        form.setForeground(current_theme().color(tone))
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.textCursor().insertText(text, form)
        self.text.moveCursor(QTextCursor.MoveOperation.End)

"""A reader's phrases: seen, written, deleted; shared and shipped ones are made one's own by changing them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.phrase import Phrase
from workstation.ui.dialogs import Dialog
from workstation.ui.report.phrase_words import whose
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.growing_text import GrowingText
from workstation.ui.widgets.labels import label, set_tone

_WIDTH, _LIST_WIDTH, _HEIGHT = 820, 320, 320


class PhraseDialog(Dialog):
    """``keep_asked(phrase)`` and ``drop_asked(phrase)``; who keeps them shows the list anew."""

    keep_asked = Signal(object)
    drop_asked = Signal(object)

    def __init__(self, parent: QWidget | None, *, language: str, template: tuple[str, str]) -> None:
        super().__init__(parent, tr("Phrases"), icon="chat-quote", tone="acc", width=_WIDTH)
        self._language = language
        self._phrases: tuple[Phrase, ...] = ()
        row = QHBoxLayout()
        row.setSpacing(16)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Phrases"))
        self.list.setFixedSize(_LIST_WIDTH, _HEIGHT)
        self.list.setWordWrap(True)  # English titles are long: a second line rather than a list that rolls sideways
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show)
        row.addWidget(self.list)
        column = QVBoxLayout()
        column.setSpacing(4)
        self.abbreviation, self.title = QLineEdit(), QLineEdit()
        self.text = GrowingText(least_lines=5)
        self.scope = ChoiceBox()
        self.scope.addItem(tr("In every template"), "")
        self.scope.addItem(tr("In {template} only", template=template[1]), template[0])
        for caption, widget in (
            (tr("Abbreviation: small letters and digits"), self.abbreviation),
            (tr("Name"), self.title),
            (tr("Words; {place} is filled in later, {choice} offers a choice", place="{…}", choice="{…|…}"), self.text),
            (tr("Offered"), self.scope),
        ):
            column.addWidget(label(caption, "caption", "t3"))
            widget.setAccessibleName(caption)
            column.addWidget(widget)
        self.note = label("", "caption", "t2", wrap=True)
        column.addWidget(self.note)
        column.addStretch(1)
        row.addLayout(column, 1)
        self.body.addLayout(row)
        self.fresh = self.add_left(tr("New phrase"))
        self.fresh.clicked.connect(self._begin)
        self.drop = self.add_left(tr("Delete"))
        self.drop.clicked.connect(self._drop)
        self.cancel.set_text(tr("Close"))
        self.keep: Button = self.set_primary(tr("Keep phrase"))

    def show_phrases(self, phrases: Sequence[Phrase], current: Phrase | None = None) -> None:
        """Show the phrases of the report's language, and one of them."""
        self._phrases = tuple(one for one in phrases if one.language[:2] == self._language[:2])
        self.list.clear()
        for one in self._phrases:
            self.list.addItem(f"{one.abbreviation} · {one.title} · {whose(one)}")
        wanted = [at for at, one in enumerate(self._phrases) if current and one.abbreviation == current.abbreviation]
        self.list.setCurrentRow(wanted[0] if wanted else 0)

    def begin_with(self, text: str) -> None:
        """Start a new phrase with words that stand in the report."""
        self._begin()
        self.text.setPlainText(text)

    def say(self, text: str, *, tone: str = "t2") -> None:
        """Show a sentence below the fields."""
        self.note.setText(text)
        set_tone(self.note, tone)

    def accept(self) -> None:
        """Ask for the phrase to be kept; the dialog stays."""
        former = self._current()
        fields = former.fields if former is not None and former.abbreviation == self.abbreviation.text() else ()
        scope = str(self.scope.currentData())
        try:
            phrase = Phrase(
                self.abbreviation.text().strip().casefold(),
                self.title.text().strip(),
                self.text.toPlainText().strip(),
                self._language,
                (scope,) if scope else (),
                fields,
            )
        except ValueError:
            self.say(tr("A phrase needs words, and an abbreviation of small letters and digits"), tone="bad")
            return
        self.keep_asked.emit(phrase)

    def _current(self) -> Phrase | None:
        at = self.list.currentRow()
        return self._phrases[at] if 0 <= at < len(self._phrases) else None

    def _show(self, _at: int) -> None:
        one = self._current()
        self.abbreviation.setText(one.abbreviation if one else "")
        self.title.setText(one.title if one else "")
        self.text.setPlainText(one.text if one else "")
        own = one is not None and one.is_own
        self.scope.setCurrentIndex(1 if one is not None and self.scope.itemData(1) in one.templates else 0)
        self.drop.enable(own, tr("Shared and shipped phrases stay"))
        if one is None or own:
            self.say(tr("Your own phrase: only you see it") if own else "")
        elif one.shared:
            scope = tr("of this hospital") if one.site_id else tr("of all hospitals")
            self.say(tr("A shared phrase {scope}: kept with changes it becomes your own", scope=scope))
        else:
            self.say(tr("A shipped phrase: kept with changes it becomes your own"))

    def _begin(self) -> None:
        self.list.setCurrentRow(-1)
        self.abbreviation.setFocus()

    def _drop(self) -> None:
        one = self._current()
        if one is not None and one.is_own:
            self.drop_asked.emit(one)

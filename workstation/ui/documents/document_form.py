"""The form of one document of the hub, or of one entry of its list."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from resources.translation import tr
from workstation.domain.image_quality import ImageGrade
from workstation.domain.shared_document import DocumentKind
from workstation.domain.template_draft import MISSING, Draft, Place, value_at
from workstation.ui.quality.words import grade_words
from workstation.ui.templates.row_form import RowForm
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import label

_GRADES: Final = ("A", "B", "C")


class DocumentForm(RowForm):
    """Shows the part of a document at a place; ``logo_wanted(on)`` asks for a logo or to take it away."""

    logo_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._kind = DocumentKind.LETTERHEAD
        self._read_only = False

    def show_document(self, kind: DocumentKind, draft: Draft, place: Place, *, read_only: bool) -> None:
        """Show the whole (no steps) or an entry of its list (two)."""
        self._kind, self._read_only = kind, read_only
        self.show_node(draft, place)

    def build(self) -> None:
        """Make the rows of the part at hand."""
        if self._place:
            {
                DocumentKind.RECOGNITION_POLICY: self._item,
                DocumentKind.PHRASES: self._phrase,
                DocumentKind.SCANNER_CHARSETS: self._rule,
            }[self._kind]()
        else:
            {
                DocumentKind.LETTERHEAD: self._letterhead,
                DocumentKind.RECOGNITION_POLICY: self._policy,
                DocumentKind.PHRASES: self._phrases,
                DocumentKind.SCANNER_CHARSETS: self._rules,
            }[self._kind]()
        for editor in self.editors.values():
            editor.setEnabled(not self._read_only)

    def _note(self, text: str) -> None:
        self._column.addWidget(label(text, "body", "t2", wrap=True))

    # letterhead

    def _letterhead(self) -> None:
        self._texts(("letterhead", "name"), tr("Name of the hospital or centre"))
        for part, caption in (
            ("department", tr("Department")),
            ("address", tr("Street address")),
            ("footer", tr("Words at the foot of the page")),
        ):
            self._texts(("letterhead", part), caption, optional=True)
        self._line(("letterhead", "phone"), tr("Phone"), keep_empty=False)
        self._caption(tr("Logo (PNG, at most 512 KB)"))
        row = QHBoxLayout()
        has = value_at(self._draft, ("letterhead", "logo")) is not MISSING
        for on, words, icon in ((True, tr("Choose a picture…"), "upload"), (False, tr("Without a logo"), "delete-bin")):
            button = Button(words, "secondary", icon=icon, small=True)
            button.clicked.connect(lambda _checked=False, on=on: self.logo_wanted.emit(on))
            if on or has:
                row.addWidget(button)
                self.editors[("logo_png",) if on else ("logo_png", "drop")] = button
        row.addStretch(1)
        self._column.addLayout(row)

    # mutual recognition

    def _policy(self) -> None:
        self._line(("policy_id",), tr("Identifier"))
        self._line(("version",), tr("Version"))
        self._texts(("scope",), tr("Where it holds, as printed beside the mark"))
        self._line(("mark",), tr("The mark itself, capital letters"))
        self._caption(tr("Image grades that are good enough"))
        grades = value_at(self._draft, ("grades",))
        for grade in _GRADES:
            here = isinstance(grades, list) and grade in grades
            self._flag_of(("grades", grade), grade_words(ImageGrade(grade)), here, self._tick)
        self._list(("diagnostic_choices",), tr("Without a grade: RadLex codes of image quality that count"))
        rests_on = tr("What the rules rest on")
        if isinstance(value_at(self._draft, ("source",)), str):  # an alliance's own, written in one language
            self._tall(("source",), rests_on)
        else:
            self._texts(("source",), rests_on, tall=True)

    def _tick(self, place: Place, ticked: bool) -> None:  # noqa: FBT001 - a check box's state
        former = value_at(self._draft, ("grades",))
        kept = [one for one in former if one != place[1]] if isinstance(former, list) else []
        grades = sorted([*kept, str(place[1])] if ticked else kept)
        self._draft = {**self._draft, "grades": grades}
        self.changed.emit(("grades",), grades)

    def _item(self) -> None:
        place = self._place
        self._note(tr("The first examination of the list that fits decides."))
        self._texts((*place, "label"), tr("Name"))
        self._line((*place, "key"), tr("Key"))
        self._list((*place, "modalities"), tr("Modalities, separated by commas"))
        self._list((*place, "words"), tr("Words of the description, one of which has to be there; none: all fit"))
        self._list((*place, "excluded"), tr("Words that make it another examination"))
        self._number((*place, "valid_days"), tr("Days for which the result is recognised"))

    # phrases

    def _phrases(self) -> None:
        self._note(
            tr("Readers are offered these phrases beside their own and the shipped ones, in reports of this scope. "
               "A reader's own phrases stay with the reader.")
        )  # fmt: skip

    def _phrase(self) -> None:
        place = self._place
        self._line((*place, "abbreviation"), tr("Abbreviation: small letters and digits"))
        self._caption(tr("Language of the words"))
        box = self._box([("zh_CN", tr("Chinese")), ("en", tr("English"))], self._words((*place, "language")))
        box.activated.connect(lambda _at: self.changed.emit((*place, "language"), str(box.currentData())))
        self._add((*place, "language"), box, tr("Language of the words"))
        self._line((*place, "title"), tr("Name"))
        self._tall(
            (*place, "text"),
            tr("Words; {place} is filled in later, {choice} offers a choice", place="{…}", choice="{…|…}"),
        )
        self._list((*place, "templates"), tr("Templates in which it is offered, by identifier; none: all"))

    # character sets

    def _rules(self) -> None:
        self._note(
            tr("For scanners that write Chinese under a wrong label. A rule holds where the label is missing, is a "
               "Latin one or cannot be right for the bytes. The original files are never changed; where the bytes do "
               "not fit the rule either, the label is believed and the text is doubted aloud.")
        )  # fmt: skip
        self._note(tr("It holds for what the hub takes in from then on; studies that are there keep what was read."))

    def _rule(self) -> None:
        place = self._place
        self._note(tr("Every line that is filled has to be what the image says; at least one is needed."))
        for part, caption in (
            ("manufacturer", tr("Manufacturer (0008,0070)")),
            ("station_name", tr("Station name (0008,1010)")),
            ("institution", tr("Institution name (0008,0080)")),
        ):
            self._line((*place, part), caption, keep_empty=False)
        self._caption(tr("Its text really is"))
        sets = [("GB18030", "GB18030"), ("GBK", "GBK"), ("ISO_IR 192", "UTF-8 (ISO_IR 192)")]
        box = self._box(sets, self._words((*place, "charset")))
        box.activated.connect(lambda _at: self.changed.emit((*place, "charset"), str(box.currentData())))
        self._add((*place, "charset"), box, tr("Its text really is"))
        self._line((*place, "note"), tr("Note: who found out, and how"), keep_empty=False)

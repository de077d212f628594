"""The form of one part of a template: what it has as rows, each told by the place that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from resources.categories import scheme_name
from resources.translation import language, tr
from workstation.domain.categories.values import Scheme
from workstation.domain.finding_traits import CHANGE
from workstation.domain.template import FieldType
from workstation.domain.template_draft import EACH, MISSING, Draft, Place, value_at
from workstation.domain.trait import HELD
from workstation.ui.templates.row_form import RowForm
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.fields import TextLine
from workstation.ui.widgets.labels import label

_CODE: Final = ("value", "scheme", "meaning", "source")
_CODE_PX: Final = {"value": 104, "scheme": 76}
"""A code that is cut looks like another, whole one: "12107" of 121071"""


class NodeForm(RowForm):
    """The form of a template (no steps), a section (two), a field (four) or a question for each finding (six)."""

    type_chosen = Signal(object, str)
    """Place of a field, and its new type"""
    question_wanted = Signal(object)
    """Place of the field of findings, or of the question for each of them behind which another one goes"""
    part_wanted = Signal(object)
    """Place of a part whose form is wanted"""

    def build(self) -> None:
        """Make the rows of the part at hand."""
        {0: self._template, 2: self._section, 4: self._field, 6: self._question}[len(self._place)]()

    # the three kinds of parts

    def _template(self) -> None:
        self._texts(("title",), tr("Title"))
        self._line(("template_id",), tr("Identifier"))
        self._line(("version",), tr("Version"))
        self._list(("match", "modalities"), tr("Modalities, separated by commas"))
        self._list(("match", "body_parts"), tr("Body parts, separated by commas"))
        self._code(("title_code",), tr("Code of the title"))
        self._code(("procedure",), tr("Code of the procedure"))
        self._caption(tr("Categories"))
        offered = value_at(self._draft, ("categories",))
        chosen = list(offered) if isinstance(offered, list) else []
        for scheme in Scheme:
            self._flag_of(
                ("categories", scheme.value), scheme_name(scheme, language()), scheme.value in chosen, self._tick
            )
        self._flag(("category_required",), tr("A category is required"))

    def _tick(self, place: Place, ticked: bool) -> None:  # noqa: FBT001 - a check box's state
        former = value_at(self._draft, ("categories",))
        chosen = [one for one in former if one != place[1]] if isinstance(former, list) else []
        chosen = [*chosen, str(place[1])] if ticked else chosen
        self.changed.emit(("categories",), chosen or MISSING)

    def _section(self) -> None:
        place = self._place
        self._texts((*place, "label"), tr("Heading"))
        self._line((*place, "key"), tr("Key"))
        self._code((*place, "heading"), tr("Code of the heading"))

    def _field(self) -> None:
        place = self._place
        kind = value_at(self._draft, (*place, "type"))
        self._caption(tr("Type of the field"))
        box = self._box(_type_words(), str(kind))
        box.activated.connect(lambda _at: self.type_chosen.emit(place, str(box.currentData())))
        self._add((*place, "type"), box)
        self._texts((*place, "label"), tr("Label"))
        self._line((*place, "key"), tr("Key"))
        self._code((*place, "concept"), tr("Code of the concept"))
        self._flag((*place, "required"), tr("Required before signing"))
        if kind == FieldType.TEXT:
            self._flag((*place, "multiline"), tr("Several lines"))
            self._texts((*place, "normal_phrase"), tr("Normal phrase"), tall=True)
        elif kind == FieldType.NUMBER:
            self._line((*place, "unit"), tr("Unit (UCUM)"))
            self._number((*place, "minimum"), tr("Least value"))
            self._number((*place, "maximum"), tr("Greatest value"))
        elif kind == FieldType.CHOICE:
            self._choices((*place, "choices"))
        elif kind == FieldType.FINDINGS:
            self._questions((*place, EACH))
        self._condition(
            (*place, "required_if"),
            tr("Required when another field has one of these options"),
            _choice_fields(self._draft),
        )
        if kind in {FieldType.CHOICE, FieldType.NUMBER}:
            self._critical((*place, "critical"), is_choice=kind == FieldType.CHOICE)

    def _questions(self, place: Place) -> None:
        self._caption(tr("Asked for each finding"))
        asked = value_at(self._draft, place)
        rows = asked if isinstance(asked, list) else []
        if not rows:
            self._column.addWidget(
                label(tr("Nothing is asked of a finding beside place and size."), "caption", "t2", wrap=True)
            )
        for at in range(len(rows)):
            one = (*place, at)
            line = Button(_told(rows[at], self._draft, one), "ghost", icon="edit", small=True)
            line.clicked.connect(lambda _on=False, one=one: self.part_wanted.emit(one))
            row = QHBoxLayout()
            row.addWidget(line)
            row.addStretch(1)
            self._column.addLayout(row)
            self.editors[one] = line
        self._add_question(place[:-1], place)

    def _question(self) -> None:
        """One choice that is asked for each finding of the table."""
        place = self._place
        self._column.addWidget(
            label(tr("Asked for each finding of the table “{field}”", field=_label(self._draft, place[:4])),
                  "caption", "t2", wrap=True)
        )  # fmt: skip
        self._texts((*place, "label"), tr("Label"))
        self._line((*place, "key"), tr("Key"))
        if value_at(self._draft, (*place, "key")) in {*HELD, CHANGE}:
            self._column.addWidget(
                label(tr("Questions of this key are answered by the finding itself where it tells."),
                      "caption", "t2", wrap=True)
            )  # fmt: skip
        self._code((*place, "concept"), tr("Code of the concept"))
        self._choices((*place, "choices"), deny=False)
        before = [
            (str(one.get("key", "")), _label(self._draft, (*place[:5], at)))
            for at, one in enumerate(value_at(self._draft, place[:5])[: int(place[5])])
        ]
        if before:
            self._condition(
                (*place, "only_if"), tr("Asked only when a question before has one of these options"), before
            )
        self._add_question(place, (*place, "more"))

    def _add_question(self, behind: Place, at: Place) -> None:
        more = Button(tr("Add a question"), "ghost", icon="add", small=True)
        more.clicked.connect(lambda: self.question_wanted.emit(behind))
        self._column.addSpacing(6)
        self._column.addWidget(more)
        self.editors[at] = more

    # rows

    def _code(self, place: Place, caption: str, *, into: QVBoxLayout | None = None) -> None:
        if into is None:
            self._caption(caption)
        row = QHBoxLayout()
        row.setSpacing(4)
        names = {"value": tr("Code value"), "scheme": tr("Coding scheme"), "meaning": tr("Code meaning"),
                 "source": tr("Looked up in")}  # fmt: skip
        for part, share in zip(_CODE, (3, 2, 5, 3), strict=True):
            at = (*place, part)
            edit = TextLine(self._words(at))
            edit.setCursorPosition(0)
            edit.setPlaceholderText(names[part])
            edit.setAccessibleName(f"{caption} · {names[part]}")
            if part == "value":
                edit.setToolTip(edit.text())
            elif part == "source":
                edit.setToolTip(tr("For a code that the dictionaries here do not have: where you looked it up"))
            edit.textEdited.connect(lambda text, at=at: self.changed.emit(at, text or MISSING))
            edit.setMinimumWidth(_CODE_PX.get(part, 0))
            row.addWidget(edit, share)
            self.editors[at] = edit
        (into or self._column).addLayout(row)

    def _choices(self, place: Place, *, deny: bool = True) -> None:
        self._caption(tr("Options: key, Chinese, English and their code"))
        options = value_at(self._draft, place)
        rows = options if isinstance(options, list) else []
        for at in range(len(rows)):
            one = (*place, at)
            row = QHBoxLayout()
            row.setSpacing(4)
            for part, name in (
                (("key",), tr("Key")),
                (("label", "zh"), tr("Chinese")),
                (("label", "en"), tr("English")),
            ):
                edit = TextLine(self._words((*one, *part)))
                edit.setCursorPosition(0)
                edit.setPlaceholderText(name)
                edit.setAccessibleName(f"{tr('Option')} {at + 1} · {name}")
                edit.textEdited.connect(lambda text, where=(*one, *part): self.changed.emit(where, text))
                self.editors[(*one, *part)] = edit
                row.addWidget(edit)
            drop = IconButton("delete-bin", tr("Remove the option"), px=14, side=24)
            drop.clicked.connect(lambda _on=False, one=one: self._again(one, MISSING))
            row.addWidget(drop)
            self._column.addLayout(row)
            self._code((*one, "code"), f"{tr('Option')} {at + 1}", into=self._column)
            if deny:
                self._list(
                    (*one, "denies"),
                    tr("Option {number}: fields that cannot say anything beside it, by key", number=at + 1),
                )
        more = Button(tr("Add an option"), "ghost", icon="add", small=True)
        fresh = {"key": f"option_{len(rows) + 1}", "label": {"zh": "新选项", "en": "New option"}}
        more.clicked.connect(lambda: self._again(place, [*rows, fresh]))
        self._column.addWidget(more)

    def _condition(self, place: Place, caption: str, others: Sequence[tuple[str, str]]) -> None:
        """``others`` are the fields or questions that it may look at, by key and words."""
        self._caption(caption)
        current = self._words((*place, "field"))
        box = self._box([("", "—"), *others], current)
        box.activated.connect(
            lambda _at: self._again(
                place, {"field": box.currentData(), "is": _options(self._draft, place, box.currentData())[:1]}
                if box.currentData() else MISSING,
            )
        )  # fmt: skip
        self._add((*place, "field"), box, tr("Field of the condition"))
        if current:
            known = ", ".join(_options(self._draft, place, current))
            self._list((*place, "is"), tr("Its options, by key")).setToolTip(known)

    def _critical(self, place: Place, *, is_choice: bool) -> None:
        there = value_at(self._draft, place) is not MISSING
        fresh: Draft = {
            "level": {"value": "RID49480", "scheme": "RADLEX", "meaning": "ACR Category 1 Actionable Finding"},
            "text": {"zh": "危急值", "en": "Critical value"},
        }
        options = value_at(self._draft, (*self._place, "choices"))
        first = [options[0]["key"]] if isinstance(options, list) and options else []
        fresh |= {"is": first} if is_choice else {"at_least": 0}

        def tick(at: Place, ticked: bool) -> None:  # noqa: FBT001 - a check box's state
            self._again(at, fresh if ticked else MISSING)

        self._caption(tr("Critical value"))
        self._flag_of(place, tr("This field can suggest a critical value"), there, tick)
        if there:
            if is_choice:
                self._list((*place, "is"), tr("Critical options, by key"))
            else:
                self._number((*place, "at_least"), tr("Critical from this value on"))
            self._texts((*place, "text"), tr("What is reported to the receiver"))
            self._code((*place, "level"), tr("Level (CID 7035)"))


def _type_words() -> list[tuple[str, str]]:
    return [
        (FieldType.TEXT, tr("Text")),
        (FieldType.CHOICE, tr("Choice")),
        (FieldType.NUMBER, tr("Number")),
        (FieldType.FINDINGS, tr("Table of findings")),
    ]


def _choice_fields(draft: Draft) -> list[tuple[str, str]]:
    return [
        (str(item.get("key", "")), str(item.get("label", {}).get("zh" if language().startswith("zh") else "en", "")))
        for section in draft.get("sections", ())
        for item in section.get("fields", ())
        if item.get("type") == FieldType.CHOICE
    ]


def _options(draft: Draft, place: Place, key: str) -> list[str]:
    """Return the options of a field, or of a question beside the one that a condition at ``place`` belongs to."""
    beside = value_at(draft, place[:5]) if place[4:5] == (EACH,) else MISSING
    items = (
        beside
        if isinstance(beside, list)
        else [item for section in draft.get("sections", ()) for item in section.get("fields", ())]
    )
    found: Draft = next((item for item in items if item.get("key") == key), {})
    return [str(choice.get("key", "")) for choice in found.get("choices", ())]


def _label(draft: Draft, place: Place) -> str:
    words = value_at(draft, (*place, "label", "zh" if language().startswith("zh") else "en"))
    return str(words) if words is not MISSING else "—"


def _told(question: Draft, draft: Draft, place: Place) -> str:
    """Return a question in one line: its words, how many options, and whether it is always asked."""
    count = len(question.get("choices", ()))
    words = tr("{label}: {count} options", label=_label(draft, place), count=count)
    return words + (f" · {tr('on condition')}" if "only_if" in question else "")

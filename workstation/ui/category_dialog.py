"""Classifying: the inputs of a table, lesion by lesion, the category they give, and the one that is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from resources.categories import (
    category_name,
    input_name,
    input_value,
    management_text,
    rule_text,
    scheme_name,
    scheme_title,
)
from resources.translation import language, tr
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Unclassifiable
from workstation.services.category_forms import (
    CategoryForm,
    FormInput,
    InputKind,
    LesionInput,
    classify,
    former_lesions,
)
from workstation.ui.dialogs import Dialog
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.buttons import Button, IconButton
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.form_field import LineText
from workstation.ui.widgets.labels import label, rule

_WIDTH: Final = 720
_FORM_HEIGHT: Final = 360
_SMALL_FORM_HEIGHT: Final = 280
_COLUMNS: Final = 2


class CategoryDialog(Dialog):
    """
    ``category_chosen(AssignedCategory)`` once.

    ``lesions`` are what the findings say; ``inputs`` those of a category chosen before, which come back instead, and
    ``changed`` what is told of the findings that changed since. ``unsure`` are the numbers of those that the inputs
    could not follow: nothing is used before somebody has said that the lesions were checked.
    """

    category_chosen = Signal(object)

    def __init__(
        self,
        parent: QWidget | None,
        form: CategoryForm,
        *,
        lesions: Sequence[LesionInput],
        inputs: Sequence[tuple[str, str]],
        changed: str = "",
        unsure: Sequence[int] = (),
        report_language: str,
        chosen_by: str,
        now: Callable[[], datetime],
    ) -> None:
        title = tr("Classify by {table}", table=scheme_name(form.scheme, language()))
        super().__init__(parent, title, icon="file-list-3", tone="acc", width=_WIDTH)
        self._form, self._language, self._chosen_by, self._now = form, report_language, chosen_by, now
        self._result: CategoryResult | None = None
        if changed:
            self.body.addWidget(label(changed, "body", "warn", wrap=True))
        numbers = tr(", ").join(map(str, unsure))
        self.checked = QCheckBox(tr("I have checked the lesions below against no. {numbers}", numbers=numbers))
        self.checked.setVisible(bool(unsure))
        self.checked.toggled.connect(lambda _on: self._ready())
        self._must_check = bool(unsure)
        self.body.addWidget(self.checked)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFixedHeight(_SMALL_FORM_HEIGHT if changed else _FORM_HEIGHT)  # 768 px have to do for both
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 12, 0)
        self._column.setSpacing(12)
        self._column.addStretch(1)
        area.setWidget(inner)
        self.body.addWidget(area)
        former = dict(inputs)
        self.exam = _Inputs("", form.exam, former)
        self.exam.changed.connect(self._classify)
        self._column.insertWidget(0, self.exam)
        self.lesions: list[_Inputs] = []
        self.add_buttons: dict[str, Button] = {}
        if form.lesions:
            self._column.insertLayout(1, self._add_row())
        self.body.addWidget(rule())
        self.answer = label("", "h2", "t0", wrap=True)
        self.body.addWidget(self.answer)
        self.body.addLayout(self._choice_row())
        self._use = self.set_primary(tr("Use this category"), icon="check")
        self.building = Stepwise(self._add_lesions(former_lesions(form, former) or lesions), self)
        """Adds the lesions one in each turn; there is no category before the last"""
        self.building.finished.connect(self._classify)
        self.building.start()
        self._ready()

    def _add_lesions(self, lesions: Sequence[LesionInput]) -> Iterator[None]:
        for lesion in lesions:
            self._add(lesion)
            yield

    def done(self, result: int) -> None:
        """Add no more lesions to a dialog that is closed."""
        self.building.stop()
        super().done(result)

    def _add_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for kind, _inputs in self._form.lesions:
            name = {
                "nodule": tr("Add a nodule"),
                "airway": tr("Add an airway nodule"),
                "cyst": tr("Add a cyst"),
                "finding": tr("Add a finding"),
                "lesion": tr("Add a lesion"),
            }[kind]
            button = Button(name, "secondary", icon="add", small=True)
            button.clicked.connect(lambda _on=False, kind=kind: self.add_lesion(kind))
            row.addWidget(button)
            self.add_buttons[kind] = button
        row.addStretch(1)
        return row

    def _choice_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label(tr("Reported category"), "caption", "t3"))
        self.choice = ChoiceBox()
        self.choice.setAccessibleName(tr("Reported category"))
        labels = [*self._form.categories]
        labels += [f"{one} {modifier}" for one in self._form.categories for modifier in self._form.modifiers]
        for one in labels:
            first, *modifiers = one.split(" ")
            words = " ".join((category_name(self._form.scheme, first, language()), *modifiers))
            self.choice.addItem(words, one)
        self.choice.setCurrentIndex(-1)
        self.choice.activated.connect(lambda _at: self._ready())
        row.addWidget(self.choice)
        self.reason = LineText("")
        self.reason.setPlaceholderText(tr("Reason for another category than that of the table"))
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(lambda _text: self._ready())
        row.addWidget(self.reason, 1)
        return row

    def add_lesion(self, kind: str) -> None:
        """Add the empty inputs of one more lesion."""
        self._add(LesionInput(kind, {}))
        self._classify()

    def _add(self, lesion: LesionInput) -> None:
        block = _Inputs(lesion.kind, self._form.lesion(lesion.kind), lesion.values, lesion.finding)
        block.changed.connect(self._classify)
        block.removed.connect(lambda: self._remove(block))
        self.lesions.append(block)
        self._column.insertWidget(self._column.count() - 1, block)
        self._number()

    def _remove(self, block: _Inputs) -> None:
        self.lesions.remove(block)
        block.hide()
        block.deleteLater()
        self._number()
        self._classify()

    def _number(self) -> None:
        for number, block in enumerate(self.lesions, 1):
            block.show_number(number)

    def _classify(self) -> None:
        if not self.building.is_done:
            return
        former = None if self._result is None else self._result.label
        lesions = [LesionInput(block.kind, block.values()) for block in self.lesions]
        try:
            self._result = classify(self._form.scheme, self.exam.values(), lesions)
        except Unclassifiable as exc:
            self._result = None
            self.answer.setText(tr("Not classified: check “{input}”", input=input_name(exc.reason, language())))
        else:
            self._show(self._result)
        if self._result is not None and self._result.label != former:  # what the table says is the proposal
            self.choice.setCurrentIndex(self.choice.findData(self._result.label))
        self._ready()

    def _show(self, result: CategoryResult) -> None:
        chosen, *modifiers = result.label.split(" ")
        words = " ".join((category_name(result.scheme, chosen, language()), *modifiers))
        title = scheme_title(result.scheme, result.version, language())
        rule_words = rule_text(result.scheme, result.rule, language())
        management = management_text(result.scheme, result.management, language())
        self.answer.setText(f"{title}  {words}\n{rule_words}\n{management}")

    @property
    def _differs(self) -> bool:
        return self._result is not None and self.choice.currentData() != self._result.label

    def _ready(self) -> None:
        self.reason.setVisible(self._differs)
        if self._result is None:
            self._use.enable(False, tr("Fill the inputs first"))
        elif self._must_check and not self.checked.isChecked():
            self._use.enable(False, tr("Findings changed: check the lesions and say so above"))
        elif self._differs and not self.reason.text().strip():
            self._use.enable(False, tr("Write the reason first"))
        else:
            self._use.enable(True)

    def accept(self) -> None:
        """Hand the category over and close; without one nothing happens."""
        result = self._result
        if result is None or not self._use.isEnabled():
            return
        category = AssignedCategory(
            result,
            str(self.choice.currentData()),
            rule_text(result.scheme, result.rule, self._language),
            management_text(result.scheme, result.management, self._language),
            self._chosen_by,
            self._now(),
            self.reason.text().strip() if self._differs else "",
            lesions=tuple(block.finding for block in self.lesions),
        )
        super().accept()
        self.category_chosen.emit(category)


class _Inputs(QWidget):
    """The inputs of the examination or of one lesion, two beside each other."""

    changed = Signal()
    removed = Signal()

    def __init__(self, kind: str, inputs: Sequence[FormInput], values: Mapping[str, str], finding: str = "") -> None:
        super().__init__()
        self.kind, self.finding = kind, finding
        self.editors: dict[str, ChoiceBox | QLineEdit] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._title = label("", "body", "t1")
        if kind:
            head = QHBoxLayout()
            head.addWidget(self._title, 1)
            remove = IconButton("close", tr("Remove"), px=14, side=24)
            remove.clicked.connect(self.removed)
            head.addWidget(remove)
            column.addLayout(head)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for at, item in enumerate(inputs):
            line, place = divmod(at, _COLUMNS)
            caption = input_name(item.name, language()) + (" *" if item.required else "")
            grid.addWidget(label(caption, "caption", "t3"), line, 2 * place)
            editor = _editor(item, values.get(item.name, ""))
            editor.setAccessibleName(caption)
            if isinstance(editor, ChoiceBox):
                editor.activated.connect(lambda _at: self.changed.emit())
            else:
                editor.textChanged.connect(lambda _text: self.changed.emit())
            grid.addWidget(editor, line, 2 * place + 1)
            grid.setColumnStretch(2 * place + 1, 1)
            self.editors[item.name] = editor
        column.addLayout(grid)

    def values(self) -> dict[str, str]:
        """Return what was typed, by name; nothing chosen is empty."""
        return {
            name: str(editor.currentData() or "") if isinstance(editor, ChoiceBox) else editor.text()
            for name, editor in self.editors.items()
        }

    def show_number(self, number: int) -> None:
        """Number a lesion."""
        names = {
            "nodule": tr("Nodule {number}", number=number),
            "airway": tr("Airway nodule {number}", number=number),
            "cyst": tr("Cyst {number}", number=number),
            "finding": tr("Finding {number}", number=number),
            "lesion": tr("Lesion {number}", number=number),
        }
        self._title.setText(names[self.kind])


def _editor(item: FormInput, value: str) -> ChoiceBox | QLineEdit:
    if item.kind is InputKind.NUMBER:
        return LineText(value)
    box = ChoiceBox()
    box.addItem("—", "")  # nothing is chosen until somebody chooses
    for option in item.options:
        box.addItem(input_value(option, language()), option)
    box.setCurrentIndex(max(0, box.findData(value)))
    return box

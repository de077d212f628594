"""What a template asks for each finding is answered on the report page, with few keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.desk import DeskBench
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.domain.finding_traits import traits_of
from workstation.domain.image_place import ImagePlace
from workstation.domain.rejection import RejectReason
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.reading_session import ReadingSession
from workstation.ui.category_dialog import CategoryDialog
from workstation.ui.widgets.buttons import SegmentedChoice
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.finding_group import FindingGroup
from workstation.ui.widgets.nodule_table import NoduleRow, NoduleTable

pytestmark = pytest.mark.gui


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


def accepted(number: int) -> Finding:
    found = cases.ai_finding(number).accepted(by="expert", at=cases.NOON)
    return replace(found, nodule_type=NoduleType.SOLID if number == 1 else NoduleType.UNSPECIFIED)


def box(number: int, label: str = "mass") -> Finding:
    place = ImagePlace("1.2.3.2.1", box_px=(10.0, 10.0, 30.0, 30.0))
    return Finding(f"2.25.{number}", number, None, None, Decision.ADDED, on_image=place, label=label)


class Bed:
    """The report page of one case with findings."""

    def __init__(self, qtbot: QtBot, template: str, *findings: Finding) -> None:
        self.bench = DeskBench(findings=findings, template=TemplateLibrary().get(template))
        self.page, self.presenter = self.bench.page()
        self.page.resize(1366, 768)
        self.page.show()
        self.bench.open(qtbot.waitUntil)
        qtbot.waitUntil(lambda: self.page.form.nodules() != ())
        qtbot.waitUntil(lambda: self.page.window().isActiveWindow())
        made = self.page.form.group()
        assert made is not None
        self.group: FindingGroup = made

    @property
    def session(self) -> ReadingSession:
        assert self.bench.desk.session is not None
        return self.bench.desk.session

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            at = QApplication.focusWidget()
            assert at is not None
            QTest.keyClick(at, key)

    def at(self) -> tuple[str, str]:
        """Return the title of the group and the field that has the cursor."""
        return self.group._title.text(), self.group._focused()

    def said(self) -> list[dict[str, str]]:
        return [dict(traits_of(one)) for one in self.session.findings.reported]


@pytest.fixture
def lung(qtbot: QtBot) -> Iterator[Bed]:
    made = Bed(qtbot, "ct-chest-nodule", accepted(1), accepted(2))
    yield made
    made.bench.close()


@pytest.fixture
def breast(qtbot: QtBot) -> Iterator[Bed]:
    made = Bed(qtbot, "mg-breast", box(1), box(2, "calcifications"))
    yield made
    made.bench.close()


def test_three_digits_answer_one_nodule_and_lead_to_the_next(lung: Bed) -> None:
    lung.group.take_focus()
    lung.press(Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4)

    assert lung.said()[0] == {"composition": "part_solid", "margin": "spiculated", "change": "growing"}
    assert lung.session.findings.get("2.25.1001").nodule_type is NoduleType.PART_SOLID
    assert lung.at() == ("Finding 2 (2 of 2)", "composition")
    lung.press(Qt.Key.Key_3)
    assert "Spiculated · Growing" in lung.page.form.nodules()[0].words
    assert lung.said()[1] == {"composition": "ground_glass"}
    lung.session.review.undo()
    assert lung.said()[1] == {}


def test_an_answer_is_taken_away_and_a_wrong_number_does_nothing(lung: Bed) -> None:
    lung.group.take_focus("margin")
    lung.press(Qt.Key.Key_9)
    assert lung.at() == ("Finding 1 (1 of 2)", "margin")
    lung.press(Qt.Key.Key_1, Qt.Key.Key_Up)
    lung.group.take_focus("margin")
    lung.press(Qt.Key.Key_Delete)
    assert "margin" not in lung.said()[0]
    editor = lung.group.editors["margin"]
    assert isinstance(editor, SegmentedChoice)
    for expected in ("smooth", None):  # a second click takes it away
        editor.findChildren(QWidget)[0].click()  # type: ignore[attr-defined] # a segment is a button
        assert lung.said()[0].get("margin") == expected


def test_page_down_goes_to_the_next_finding_and_stays_in_the_field(lung: Bed) -> None:
    lung.group.take_focus("change")
    lung.press(Qt.Key.Key_PageDown)
    assert lung.at() == ("Finding 2 (2 of 2)", "change")
    lung.press(Qt.Key.Key_PageDown)
    assert lung.at() == ("Finding 2 (2 of 2)", "change")
    lung.group._back.click()
    assert lung.group._title.text() == "Finding 1 (1 of 2)"
    assert not lung.group._back.isEnabled()


def test_a_mass_is_asked_for_its_shape_and_calcifications_for_their_distribution(breast: Bed) -> None:
    def shown() -> list[str]:
        return [key for key, editor in breast.group.editors.items() if not editor.isHidden()]

    assert shown() == ["kind", "shape", "margin", "density", "change"]
    breast.group.take_focus("shape")
    breast.press(Qt.Key.Key_3, Qt.Key.Key_5, Qt.Key.Key_1, Qt.Key.Key_2)
    assert breast.said()[0] == {
        "kind": "mass", "shape": "irregular", "margin": "spiculated", "density": "high", "change": "new"
    }  # fmt: skip
    assert breast.at() == ("Finding 2 (2 of 2)", "kind")
    assert shown() == ["kind", "morphology", "distribution", "change"]
    assert isinstance(breast.group.editors["kind"], ChoiceBox)
    breast.press(Qt.Key.Key_1)  # it was a mass
    assert breast.session.findings.get("2.25.2").label == "mass"
    assert breast.at() == ("Finding 2 (2 of 2)", "shape")


def test_a_template_without_such_fields_has_none_and_a_closed_case_takes_nothing(qtbot: QtBot) -> None:
    bench = DeskBench(findings=(accepted(1),), template=TemplateLibrary().get("ct-chest"))
    page = bench.page()[0]
    page.show()
    bench.open(qtbot.waitUntil, read_only=True)
    group = page.form.group()
    assert group is not None
    group.take_focus()
    group._pick("margin", "smooth")
    assert bench.desk.session is not None
    assert traits_of(bench.desk.session.findings.reported[0]) == {}
    assert not group.editors["margin"].isEnabled()
    bench.close()


def test_the_form_of_bi_rads_begins_with_what_was_answered(breast: Bed) -> None:
    breast.session.review.say_of("2.25.1", "margin", "spiculated")
    breast.presenter.tools.ask_category()
    dialog = breast.presenter.tools.dialog
    assert isinstance(dialog, CategoryDialog)
    dialog.building.finish()
    assert [block.values().get("descriptor", "") for block in dialog.lesions] == ["spiculated_mass", ""]
    dialog.reject()


def table_row(number: int) -> NoduleRow:
    return NoduleRow(f"2.25.{number}", number, "nodule", "8 mm", "12", asked=("margin",))


def test_the_keys_stay_with_their_finding_when_another_one_goes_away(qtbot: QtBot) -> None:
    table = NoduleTable()
    qtbot.addWidget(table)
    table.show_rows([table_row(1), table_row(2), table_row(3)])
    table.go_to(1)
    told: list[int] = []
    table.current_changed.connect(told.append)
    table.show_rows([table_row(2), table_row(3)])
    assert (table.current, told) == (0, [])

    table.show_rows([table_row(3)])
    assert (table.current, told) == (0, [0])
    table.show_rows([])
    assert (table.current, told) == (0, [0, 0])


def test_a_number_typed_after_its_finding_went_away_answers_for_no_other_one(lung: Bed) -> None:
    lung.group.take_focus("margin")
    table = lung.group._table
    lung.session.review.reject("2.25.1001", RejectReason.VESSEL)
    numbers = [row.number for row in lung.page.form.nodules()]

    assert numbers == [2]
    assert (lung.group._focused(), table.hasFocus()) == ("", True)
    lung.press(Qt.Key.Key_1)
    assert lung.said() == [{}]

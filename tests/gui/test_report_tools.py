"""The norm gate, categories and templates on the report page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.critical import AT, EXPERT, party
from tests.helpers.desk import DeskBench
from workstation.domain.critical import LEVELS, CallMethod, CallOutcome, CallRecord, CriticalSource, CriticalValue
from workstation.domain.finding import NoduleType
from workstation.domain.norm.values import NormOverride
from workstation.domain.template import FieldType
from workstation.exchange.templates.library import TemplateLibrary
from workstation.ui.category_dialog import CategoryDialog
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.norm_dialog import NormDialog
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.pages.report_presenter import ReportPresenter
from workstation.ui.widgets.fields import ChoiceBox
from workstation.ui.widgets.labels import icon_label

pytestmark = pytest.mark.gui
LIBRARY = TemplateLibrary()
WRONG = {"technique": "平扫", "airways": "右肺上叶见实性结节，直径8mm。", "impression": "左肺上叶结节。"}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


class Shown:
    """A shown report page over a desk in memory."""

    def __init__(self, qtbot: QtBot, bench: DeskBench) -> None:
        self.qtbot, self.bench = qtbot, bench
        bench.open(qtbot.waitUntil)
        self.page: ReportPage
        self.presenter: ReportPresenter
        self.page, self.presenter = bench.page()
        self.page.resize(1856, 1052)
        self.page.show()
        assert bench.desk.session is not None
        self.session = bench.desk.session

    def fill(self, values: dict[str, str]) -> None:
        for key, text in values.items():
            self.session.set_value(key, text)

    def asks_for_pin(self) -> bool:
        return self.presenter.dialog is not None

    def wrong_lines(self) -> list[str]:
        return [text for good, text in self.page.checks.lines() if not good]


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Shown]:
    bench = DeskBench()
    yield Shown(qtbot, bench)
    bench.close()


def test_a_wrong_side_is_said_below_its_field_while_one_types_and_goes_with_its_correction(shown: Shown) -> None:
    shown.fill(WRONG)
    sentence = "Impression: Side: “左肺上叶结节” but found “右肺上叶见实性结节，直径8mm”"
    shown.qtbot.waitUntil(lambda: shown.wrong_lines() == [sentence])
    assert shown.page.form.field("impression").message() == sentence

    shown.session.set_value("impression", "右肺上叶结节。")
    shown.qtbot.waitUntil(lambda: shown.wrong_lines() == [])
    assert shown.page.form.field("impression").message() == ""


def test_signing_stops_at_a_fault_until_somebody_answers_for_it(shown: Shown) -> None:
    shown.fill(WRONG)
    shown.page.sign.click()
    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    assert not shown.asks_for_pin()
    assert gate.primary is not None
    assert not gate.primary.isEnabled()
    gate.reason.setPlainText("左右已与临床核对")
    gate.primary.click()

    assert shown.asks_for_pin()
    kept = shown.session.report.norm_overrides
    assert [(one.rule, one.reason, one.by) for one in kept] == [("side_of_conclusion", "左右已与临床核对", "expert")]
    assert shown.wrong_lines() == []


def test_the_norm_check_opens_with_the_keyboard_in_the_reason(shown: Shown) -> None:
    shown.fill(WRONG)
    shown.page.sign.click()
    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    assert gate.focusWidget() is gate.reason


def test_the_sign_dialog_tells_what_is_answered_for_by_whom_and_why(shown: Shown) -> None:
    shown.fill(WRONG)
    shown.page.sign.click()
    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    gate.reason.setPlainText("左右已与临床核对")
    gate.accept()

    assert shown.presenter.dialog is not None
    told = [one.text() for one in shown.presenter.dialog.findChildren(QLabel) if "左右已与临床核对" in one.text()]
    assert len(told) == 1
    assert told[0].startswith(
        "· Impression: Side: “左肺上叶结节” but found “右肺上叶见实性结节，直径8mm”. Answered for by 王启明"
    )


def test_what_the_author_answered_for_is_asked_of_the_senior_with_the_authors_reason(shown: Shown) -> None:
    shown.fill(WRONG)
    fault = ("side_of_conclusion", "impression", "左肺上叶结节")
    former = NormOverride(
        *fault,
        "与申请单一致",
        "resident",
        AT,
        against="右肺上叶见实性结节，直径8mm",
        by_name="李思",
        given_in="drafted",
    )
    shown.session.moved_to(replace(shown.session.report, norm_overrides=(former,)))
    shown.qtbot.waitUntil(lambda: len(shown.wrong_lines()) == 1)
    shown.page.sign.click()

    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    assert not shown.asks_for_pin()
    told = [one.text() for one in gate.findChildren(QLabel) if "与申请单一致" in one.text()]
    assert [line.startswith("李思 2026-") for line in told] == [True]


def test_each_fault_of_the_gate_leads_to_its_words_and_nothing_is_signed(shown: Shown) -> None:
    shown.fill(WRONG | {"technique": "平扫 ___"})
    shown.page.sign.click()
    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    names = [button.accessibleName() for button in gate.locates]
    assert len(names) == 2
    side = next(at for at, name in enumerate(names) if "左肺上叶结节" in name)
    gate.locates[side].click()

    box = shown.page.form.texts()["impression"]
    shown.qtbot.waitUntil(lambda: box.textCursor().selectedText() == "左肺上叶结节")
    assert shown.presenter.tools.dialog is None
    assert not shown.asks_for_pin()
    assert shown.session.report.norm_overrides == ()


def test_going_back_from_the_gate_leaves_the_report_as_it_was(shown: Shown) -> None:
    shown.fill(WRONG)
    shown.page.sign.click()
    gate = shown.presenter.tools.dialog
    assert isinstance(gate, NormDialog)
    gate.accept()  # without a reason nothing happens
    gate.cancel.click()

    assert not shown.asks_for_pin()
    assert shown.session.report.norm_overrides == ()
    assert shown.session.report.norm_found == ("side_of_conclusion",)  # counted for quality, corrected or not


def classify_dialog(shown: Shown, scheme: str) -> CategoryDialog:
    shown.page.tools.offers[scheme].click()
    dialog = shown.presenter.tools.dialog
    assert isinstance(dialog, CategoryDialog)
    dialog.building.finish()
    return dialog


def row_of_category(shown: Shown) -> tuple[str, bool]:
    """Return what the one row says, and whether it has the check of what is well."""
    (line,) = shown.page.tools.lines()
    newest = [one for one in shown.page.tools.findChildren(QLabel) if one.toolTip() == line][-1]
    host = newest.parentWidget()
    assert host is not None
    icons = [one.pixmap().toImage() for one in host.findChildren(QLabel) if one is not newest]
    return line, icons == [icon_label("check", "ok", 14).pixmap().toImage()]


def choose(dialog: CategoryDialog, at: int, name: str, value: str) -> None:
    block = dialog.exam if at < 0 else dialog.lesions[at]
    box = block.editors[name]
    assert isinstance(box, ChoiceBox)
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


@pytest.fixture
def nodule_case(qtbot: QtBot) -> Iterator[Shown]:
    bench = DeskBench(template=LIBRARY.get("ct-chest-nodule"), findings=(cases.ai_finding(1),))
    shown = Shown(qtbot, bench)
    shown.session.review.accept("2.25.1001")
    yield shown
    bench.close()


def test_a_category_begins_with_nothing_that_nobody_measured_or_judged(nodule_case: Shown) -> None:
    dialog = classify_dialog(nodule_case, "lung-rads")

    values = dialog.lesions[0].values()
    names = ("mean_diameter_mm", "change", "suspicious", "kind")
    assert [values[name] for name in names] == ["", "", "", ""]  # the finding has the network's diameter only
    assert dialog.primary is not None
    assert not dialog.primary.isEnabled()
    assert dialog.answer.text() == "Not classified: check “other significant finding (S)”"


def test_the_category_goes_into_the_report_with_its_inputs_and_comes_back_for_a_change(nodule_case: Shown) -> None:
    dialog = classify_dialog(nodule_case, "lung-rads")
    choose(dialog, -1, "other_significant", "no")
    for name, value in (("kind", "solid"), ("change", "baseline"), ("suspicious", "no")):
        choose(dialog, 0, name, value)
    editor = dialog.lesions[0].editors["mean_diameter_mm"]
    editor.setText("7") if not isinstance(editor, ChoiceBox) else None
    assert dialog.answer.text().splitlines()[0] == "Lung-RADS v2022  3"
    assert dialog.primary is not None
    dialog.primary.click()

    (kept,) = nodule_case.session.report.categories
    assert (kept.chosen, kept.result.version, kept.rule_text) == ("3", "v2022", "solid nodule 6 to < 8 mm")
    assert ("lesion_1.mean_diameter_mm", "7") in kept.result.inputs
    assert nodule_case.page.tools.lines() == ["Lung-RADS 3 · solid nodule 6 to < 8 mm"]

    again = classify_dialog(nodule_case, "lung-rads")
    assert again.lesions[0].values()["mean_diameter_mm"] == "7"
    assert again.choice.currentData() == "3"
    again.choice.setCurrentIndex(again.choice.findData("4A"))
    again.choice.activated.emit(again.choice.currentIndex())
    assert again.primary is not None
    assert not again.primary.isEnabled()
    QTest.keyClicks(again.reason, "spiculated on MPR")
    again.primary.click()

    (changed,) = nodule_case.session.report.categories
    assert (changed.chosen, changed.reason) == ("4A", "spiculated on MPR")


def test_lesions_that_nothing_could_renew_hold_the_category_until_somebody_says_that_they_were_checked(
    qtbot: QtBot,
) -> None:
    """The scores of a prostate are of no finding: what changed is said, and "Use" waits aloud."""
    bench = DeskBench(template=LIBRARY.get("mr-prostate"), findings=(cases.ai_finding(1),))
    shown = Shown(qtbot, bench)
    shown.session.review.accept("2.25.1001")
    dialog = classify_dialog(shown, "pi-rads")
    assert dialog.checked.isHidden()
    dialog.add_lesion("lesion")
    for name, value in (("zone", "peripheral"), ("t2", "3"), ("dwi", "4"), ("contrast", "negative")):
        choose(dialog, 0, name, value)
    dialog.accept()
    shown.session.review.edit("2.25.1001", diameter_mm=23.0)

    again = classify_dialog(shown, "pi-rads")
    assert again.primary is not None
    assert again.checked.text() == "I have checked the lesions below against no. 1"
    assert not again.checked.isHidden()
    assert (again.primary.isEnabled(), again.primary.toolTip()) == (
        False,
        "Findings changed: check the lesions and say so above",
    )
    again.accept()
    assert len(shown.page.tools.lines()) == 1
    assert "findings changed since" in shown.page.tools.lines()[0]
    again.checked.setChecked(True)
    assert again.primary.isEnabled()
    again.accept()
    assert "findings changed since" not in shown.page.tools.lines()[0]
    bench.close()


def test_a_category_whose_finding_is_measured_anew_leads_back_to_its_form_with_the_new_size(nodule_case: Shown) -> None:
    uid = "2.25.1001"
    nodule_case.session.review.edit(uid, diameter_mm=7.0, nodule_type=NoduleType.SOLID)
    dialog = classify_dialog(nodule_case, "lung-rads")
    choose(dialog, -1, "other_significant", "no")
    for name, value in (("change", "baseline"), ("suspicious", "no")):
        choose(dialog, 0, name, value)
    dialog.accept()
    assert row_of_category(nodule_case) == ("Lung-RADS 3 · solid nodule 6 to < 8 mm", True)
    nodule_case.session.review.edit(uid, diameter_mm=16.2)
    assert row_of_category(nodule_case) == (
        "Lung-RADS 3 · findings changed since · solid nodule 6 to < 8 mm",
        False,
    )
    sentence = "Lung-RADS 3 was computed from other findings: no. 1 was solid nodule 7.0 mm, now solid nodule 16.2 mm"
    nodule_case.qtbot.waitUntil(lambda: sentence in nodule_case.wrong_lines())
    at = [text for _good, text in nodule_case.page.checks.lines()].index(sentence)
    nodule_case.page.checks.locate(at).click()

    again = nodule_case.presenter.tools.dialog
    assert isinstance(again, CategoryDialog)
    again.building.finish()
    told = [one.text() for one in again.findChildren(QLabel) if one.text().startswith("The findings changed since")]
    assert told == [
        (
            "The findings changed since: no. 1 was solid nodule 7.0 mm, now solid nodule 16.2 mm.\n"
            "Brought up to date here: no. 1; give anew what is empty."
        )
    ]
    assert again.lesions[0].values()["mean_diameter_mm"] == "16.2"
    assert again.choice.currentData() == "4B"
    again.accept()

    assert [(one.chosen, one.lesions) for one in nodule_case.session.report.categories] == [("4B", (uid,))]
    assert row_of_category(nodule_case)[1] is True
    nodule_case.qtbot.waitUntil(lambda: sentence not in nodule_case.wrong_lines())


def test_another_category_in_the_text_is_marked_where_it_stands(nodule_case: Shown) -> None:
    nodule_case.session.review.edit("2.25.1001", diameter_mm=7.0, nodule_type=NoduleType.SOLID)
    dialog = classify_dialog(nodule_case, "lung-rads")
    choose(dialog, -1, "other_significant", "no")
    for name, value in (("change", "baseline"), ("suspicious", "no")):
        choose(dialog, 0, name, value)
    dialog.accept()
    nodule_case.session.set_value("impression", "右肺上叶结节，Lung-RADS 2类。")
    sentence = "Impression: “Lung-RADS 2类” but the report has Lung-RADS 3"
    nodule_case.qtbot.waitUntil(lambda: sentence in nodule_case.wrong_lines())
    at = [text for _good, text in nodule_case.page.checks.lines()].index(sentence)
    nodule_case.page.checks.locate(at).click()

    assert nodule_case.page.form.texts()["impression"].textCursor().selectedText() == "Lung-RADS 2类"


def test_lesions_are_added_and_removed_and_a_category_is_dropped(nodule_case: Shown) -> None:
    dialog = classify_dialog(nodule_case, "lung-rads")
    choose(dialog, -1, "other_significant", "no")
    dialog.add_buttons["airway"].click()
    assert [block.kind for block in dialog.lesions] == ["nodule", "airway"]
    for block in tuple(dialog.lesions):
        block.removed.emit()
    assert dialog.answer.text().splitlines()[0] == "Lung-RADS v2022  1"
    assert dialog.primary is not None
    dialog.primary.click()
    nodule_case.page.tools.category_dropped.emit("lung-rads")

    assert nodule_case.session.report.categories == ()


def test_a_breast_report_without_a_category_leads_to_its_form(qtbot: QtBot) -> None:
    bench = DeskBench(template=LIBRARY.get("mg-breast"))
    shown = Shown(qtbot, bench)
    lines = shown.page.checks.lines()
    at = [text for _good, text in lines].index("The category is missing (BI-RADS)")
    shown.page.checks.locate(at).click()

    assert isinstance(shown.presenter.tools.dialog, CategoryDialog)
    bench.close()


@pytest.mark.parametrize("template", LIBRARY.all(), ids=lambda one: one.template_id)
def test_every_template_can_be_filled_by_its_form(qtbot: QtBot, template: object) -> None:
    bench = DeskBench(template=template)  # type: ignore[arg-type]  # parametrised with templates
    shown = Shown(qtbot, bench)
    for item in shown.session.template.fields:
        if item.type is FieldType.FINDINGS:
            continue
        value = item.choices[-1].key if item.choices else "5" if item.type is FieldType.NUMBER else "text"
        shown.session.set_value(item.key, value)
        assert shown.page.form.value(item.key) == value
    bench.close()


def test_the_wheel_over_the_form_chooses_nothing_in_passing(nodule_case: Shown) -> None:
    dialog = classify_dialog(nodule_case, "lung-rads")
    box = dialog.lesions[0].editors["change"]
    here = QPointF(box.rect().center())
    turn = QWheelEvent(
        here, here, QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, turn)

    assert dialog.lesions[0].values()["change"] == ""


def test_a_field_is_starred_when_another_makes_it_required_and_critical_values_are_said(qtbot: QtBot) -> None:
    bench = DeskBench(template=LIBRARY.get("ct-head"))
    shown = Shown(qtbot, bench)
    assert "Site and shape of the haemorrhage is empty" not in shown.wrong_lines()
    shown.session.set_value("haemorrhage", "subdural")

    assert "Site and shape of the haemorrhage is empty" in shown.wrong_lines()
    assert shown.page.tools.lines() == ["Critical value: Intracranial haemorrhage"]
    bench.close()


def test_another_template_keeps_what_was_typed_and_asks_before_it_hides_something(shown: Shown) -> None:
    shown.fill({"technique": "low dose", "airways": "patent"})
    shown.presenter.tools.use_template(LIBRARY.get("general"))
    asked = shown.presenter.tools.dialog
    assert isinstance(asked, ConfirmDialog)
    assert asked.primary is not None
    asked.primary.click()

    assert shown.session.report.template_id == "general"
    assert shown.session.report.values["airways"] == "patent"
    assert shown.page.form.value("technique") == "low dose"


def test_the_critical_addendum_is_filled_from_the_record_of_the_call(shown: Shown) -> None:
    call = CallRecord(
        "2.25.9", party(EXPERT), "李护士", "病房护士", "8001", AT, CallMethod.PHONE, CallOutcome.REACHED, "张力性气胸",
        read_back=True, read_back_text="立即处理",
    )  # fmt: skip
    value = CriticalValue(
        "2.25.8", shown.session.study.study_instance_uid, "2.25.7", "", LEVELS[1], "张力性气胸", CriticalSource.READER,
        party(EXPERT), AT,
    ).called(call)  # fmt: skip
    shown.session.know_critical((value,))
    template = LIBRARY.get("critical-addendum")
    assert template is not None

    shown.presenter.tools.use_template(template)
    if isinstance(shown.presenter.tools.dialog, ConfirmDialog):
        shown.presenter.tools.dialog.accept()

    values = shown.session.report.values
    assert (values["critical_finding"], values["receiver"], values["receiver_role"], values["read_back_text"]) == (
        "张力性气胸", "李护士", "nurse", "立即处理",
    )  # fmt: skip

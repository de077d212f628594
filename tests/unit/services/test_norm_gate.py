"""The norm gate around a report: what it is asked, what it holds up, what is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers import cases
from tests.helpers.fakes import FakeAudit
from tests.helpers.full_reports import TEMPLATE, preliminary_report, real_study, worklist_row
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotSignable
from workstation.domain.finding import Lobe, NoduleType
from workstation.domain.norm.gate import RULES
from workstation.domain.norm.values import NormFault, NormKind, NormOverride, Role
from workstation.domain.report import Person, Predecessor, Report, ReportKind, ReportState
from workstation.domain.study import Study
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.norm_answers import answer_lines, signing_lines
from workstation.services.norm_gate import describe_fault, faults_of, kind_word, norm_subject, require_norm
from workstation.services.report_difference import differences
from workstation.services.report_service import RecordDecisions

SIGNER = Person("expert", "王启明", "远程诊断中心")


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return replace(real_study(lidc_0314), study_date="20261121")


def rules(report: Report, study: Study) -> list[str]:
    return [fault.rule for fault in faults_of(report, TEMPLATE, study, worklist_row(study), signer=SIGNER)]


def test_a_complete_report_with_its_accepted_findings_passes(study: Study) -> None:
    assert rules(preliminary_report(study), study) == []


def test_the_table_of_findings_is_held_against_the_impression(study: Study) -> None:
    report = preliminary_report(study)
    swapped = {**report.values, "impression": "左肺上叶实性结节。右肺下叶磨玻璃结节。Lung-RADS 4B。"}

    assert rules(replace(report, values=swapped), study) == ["lobe_of_conclusion", "lobe_of_conclusion"]
    one = replace(report.findings, findings=report.findings.findings[:1])
    assert rules(replace(report, values=swapped, findings=one), study) == [
        "side_of_conclusion",
        "lobe_of_conclusion",
        "density_of_conclusion",
    ]


def test_what_is_advised_and_added_is_read_too(study: Study) -> None:
    report = preliminary_report(study)
    advised = replace(report, values={**report.values, "recommendation": "建议复查L9椎体。"})

    before = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    added = replace(report, kind=ReportKind.ADDENDUM, predecessors=(before,), addendum="补充：左肺中叶结节8米。")

    assert rules(added, study) == ["impossible_part", "wrong_unit"]
    assert rules(advised, study) == ["impossible_part"]
    subject = norm_subject(advised, TEMPLATE, study, worklist_row(study), signer=SIGNER.name)
    assert {item.role for item in subject.fields if item.key == "recommendation"} == {Role.RECOMMENDATION}


def test_a_finding_without_a_lobe_proves_no_side_but_its_size(study: Study) -> None:
    plain = cases.ai_finding().edited(by="x", at=cases.NOON, diameter_mm=8.0)
    placed = plain.edited(by="x", at=cases.NOON, lobe=Lobe.RIGHT_UPPER, nodule_type=NoduleType.SOLID)
    report = preliminary_report(study)
    made = replace(report, findings=replace(report.findings, findings=(plain, placed)), language="en")
    subject = norm_subject(made, TEMPLATE, study, worklist_row(study), signer=SIGNER.name)
    table = next(item for item in subject.fields if item.key == "nodules")

    assert (table.role, table.text) == (Role.FINDINGS, "nodule, 8.0 mm. solid nodule, right upper lobe, 8.0 mm")
    assert 8.0 in subject.measured_mm


@pytest.mark.parametrize(("language", "impression"), [("zh_CN", "未见明显异常。"), ("en", "No abnormality.")])
def test_a_nodule_whose_lobe_is_not_given_yet_is_no_normal_chest(study: Study, language: str, impression: str) -> None:
    accepted = cases.ai_finding().edited(by="x", at=cases.NOON, diameter_mm=16.8)
    report = preliminary_report(study)
    made = replace(
        report,
        findings=replace(report.findings, findings=(accepted,)),
        language=language,
        values={"impression": impression},
    )
    faults = faults_of(made, TEMPLATE, study, worklist_row(study), signer=SIGNER)

    assert "normal_despite_findings" in [fault.rule for fault in faults]


def test_number_fields_in_millimetres_and_coded_sides_are_part_of_what_was_found(study: Study) -> None:
    template = TemplateLibrary().get("dx-chest")
    values = {"pneumothorax": "right", "lungs": "见下。", "impression": "左侧气胸。", "ctr": "x"}
    report = replace(preliminary_report(study), values=values)
    subject = norm_subject(report, template, study, worklist_row(study), signer=SIGNER.name)
    nodule = TemplateLibrary().get("ct-chest-nodule")
    numbers = replace(report, values={"dominant_long_mm": "9.5", "dominant_short_mm": "?"})

    assert [item.text for item in subject.fields if item.key == "pneumothorax"] == ["右侧气胸"]
    assert "side_of_conclusion" in [
        fault.rule for fault in faults_of(report, template, study, worklist_row(study), signer=SIGNER)
    ]
    assert 9.5 in norm_subject(numbers, nodule, study, worklist_row(study), signer=SIGNER.name).measured_mm
    english = norm_subject(replace(report, language="en"), template, study, worklist_row(study), signer=SIGNER.name)
    assert [item.text for item in english.fields if item.key == "pneumothorax"] == ["Right Pneumothorax"]


def test_no_nodule_chosen_beside_an_accepted_nodule_is_told_with_both_sides(study: Study) -> None:
    nodule = TemplateLibrary().get("ct-chest-nodule")
    accepted = cases.ai_finding().edited(
        by="x", at=cases.NOON, diameter_mm=16.8, lobe=Lobe.RIGHT_UPPER, nodule_type=NoduleType.SOLID
    )
    report = preliminary_report(study)
    report = replace(
        report,
        findings=replace(report.findings, findings=(accepted,)),
        values={"dominant_type": "none", "dominant_long_mm": "17.2", "solid_part_mm": "0.0", "margin": "spiculated"},
    )

    def told(report: Report) -> list[str]:
        faults = faults_of(report, nodule, study, worklist_row(study), signer=SIGNER)
        return [describe_fault(fault, nodule) for fault in faults if fault.rule == "denied_by_choice"]

    use_language(CHINESE)
    assert told(replace(report, language="zh_CN")) == [
        "主要结节密度：选了“无结节”，报告中却有“右肺上叶实性结节，16.8 mm”"
    ]
    assert told(replace(report, values={**report.values, "dominant_type": "solid"})) == []
    unfound = replace(report, findings=replace(report.findings, findings=()))
    use_language(ENGLISH)
    assert told(replace(unfound, language="en")) == [
        "Type of the dominant nodule: “No nodule” is chosen, the report has “Long axis 17.2 mm”",
    ]
    empty = replace(unfound, values={"dominant_type": "none", "solid_part_mm": "0.0"})
    assert told(empty) == []


def test_an_open_fault_holds_the_signature_up_and_names_it(study: Study) -> None:
    report = preliminary_report(study)
    wrong = replace(report, values={**report.values, "impression": "右肺上叶结节，直径约____mm，Lung-RADS 4B。"})

    with pytest.raises(NotSignable) as caught:
        require_norm(wrong, TEMPLATE, study, worklist_row(study), signer=SIGNER)
    assert "____" in caught.value.user_text
    assert caught.value.detail == "residue"

    require_norm(answered(wrong), TEMPLATE, study, worklist_row(study), signer=SIGNER)


def answered(report: Report, by: str = "expert") -> Report:
    override = NormOverride("residue", "impression", "____", "待临床补充", by, cases.NOON, by_name="李思")
    return report.with_overrides((override,), at=cases.NOON)


def test_what_the_author_answered_for_is_asked_of_the_next_signer_again(study: Study) -> None:
    report = replace(preliminary_report(study), state=ReportState.DRAFTED)
    wrong = replace(report, values={**report.values, "impression": "右肺上叶结节，直径约____mm，Lung-RADS 4B。"})

    assert rules(answered(wrong), study) == []
    assert rules(answered(wrong, by="resident"), study) == ["residue"]
    handed_over = answered(wrong).moved(ReportState.PRELIMINARY, at=cases.NOON)
    assert rules(handed_over, study) == ["residue"]  # the same person, but for another signature
    assert handed_over.former_answers("expert") == handed_over.norm_overrides
    back = handed_over.moved(ReportState.RETURNED, at=cases.NOON, reason="左右？")
    assert back.norm_overrides == ()


def test_an_answer_is_told_with_fault_person_time_and_reason(study: Study) -> None:
    critical = NormOverride(
        "critical_open", "2.25.1", "消化道穿孔", "三次未接，\n已派人通知", "expert", cases.NOON, by_name="王启明"
    )
    unknown = NormOverride("rule_of_tomorrow", "impression", "某词", "原因", "expert", cases.NOON)
    report = answered(replace(preliminary_report(study), state=ReportState.DRAFTED))
    report = report.with_overrides((critical, unknown), at=cases.NOON)
    use_language(CHINESE)
    at = cases.NOON.astimezone().strftime("%Y-%m-%d %H:%M")

    assert answer_lines(report.norm_overrides, TEMPLATE) == (
        f"诊断印象：模板残留：“____”。李思 {at} 作出说明：待临床补充",
        f"危急值未复述：消化道穿孔。王启明 {at} 作出说明：三次未接， 已派人通知",
        f"诊断印象：某词。expert {at} 作出说明：原因",
    )
    shown = differences(replace(report, norm_overrides=()), report, TEMPLATE)
    assert [(one.label, one.before, one.after.count("作出说明")) for one in shown if one.is_changed] == [
        ("签署前的说明", "", 3)
    ]


def test_the_signer_reads_each_answer_once_and_which_ones_are_void_for_this_signature(study: Study) -> None:
    def gave(by: str, name: str, reason: str) -> NormOverride:
        return NormOverride("critical_open", "2.25.1", "消化道穿孔", reason, by, cases.NOON, by_name=name)

    drafted = replace(preliminary_report(study), state=ReportState.DRAFTED)
    handed_over = drafted.with_overrides((gave("resident", "宋佳", "未接"),), at=cases.NOON).moved(
        ReportState.PRELIMINARY, at=cases.NOON
    )
    report = handed_over.with_overrides(
        (gave("expert", "王启明", "占线"), gave("expert", "王启明", "三次未接")), at=cases.NOON
    )
    use_language(ENGLISH)

    own, former = signing_lines(report, "expert", TEMPLATE)
    assert own.endswith(": 三次未接")
    assert "宋佳" in former
    assert former.endswith(": 未接 (does not count for your signature)")


def test_the_words_of_an_addendum_are_looked_at_as_well(study: Study) -> None:
    before = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    report = replace(preliminary_report(study), kind=ReportKind.ADDENDUM, predecessors=(before,))

    assert rules(replace(report, addendum="补充：左肾结石，大小约____mm。"), study) == ["residue"]
    assert rules(replace(report, addendum="补充：左肾结石，大小约4mm。"), study) == []


def test_an_override_is_audited_with_rule_reason_and_signer(study: Study) -> None:
    audit = FakeAudit()
    answered = NormOverride("residue", "impression", "____", "待临床补充", "expert", cases.NOON)
    RecordDecisions(audit)(replace(preliminary_report(study), norm_overrides=(answered,)))

    details = [detail for action, _uid, _outcome, detail in audit.recorded if action is AuditAction.NORM_OVERRIDDEN]
    assert details == ["residue impression by expert: 待临床补充"]


def test_the_age_is_that_of_the_day_and_dates_that_cannot_be_read_give_none(study: Study) -> None:
    row = worklist_row(study)
    born = replace(study, patient=replace(study.patient, birth_date="19681122"))
    assert norm_subject(preliminary_report(born), TEMPLATE, born, row, signer=SIGNER.name).age_years == 57
    unknown = replace(study, patient=replace(study.patient, birth_date=""))
    unborn = replace(study, patient=replace(study.patient, birth_date="20300101"))

    ages = [
        norm_subject(preliminary_report(s), TEMPLATE, s, row, signer=SIGNER.name).age_years for s in (unknown, unborn)
    ]
    assert ages == [None, None]


RULE_NAMES = (
    "patient_missing patient_id_differs patient_name_differs sex_differs age_differs "
    "name_in_text_differs organ_of_other_sex author_missing signer_missing side_of_conclusion side_of_examination "
    "side_misspelt level_of_conclusion lobe_of_conclusion part_of_examination impossible_part denied_by_findings "
    "denied_by_choice not_in_findings "
    "normal_despite_findings missing_in_conclusion absent_organ no_unit wrong_unit implausible_size "
    "unit_of_conclusion size_of_conclusion broken_number percent_over_100 impossible_hu no_such_day "
    "day_after_examination residue"
)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_every_fault_is_said_in_words(language: str) -> None:
    use_language(language)
    try:
        for rule in RULE_NAMES.split():
            fault = NormFault(NormKind.SIDE, rule, "impression", "甲" * 50, "乙")
            sentence = describe_fault(fault, TEMPLATE)
            assert sentence.startswith(TEMPLATE.field("impression").label.get(language))
            assert "{" not in sentence
        assert {kind_word(kind) for kind in NormKind if kind in {one for one, _rule in RULES}} != {""}
    finally:
        use_language(CHINESE)

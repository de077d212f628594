"""A report for the wrong study is not typed anew: its words go to the right one, and every one is looked at again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.fakes import FakeAudit, FakeWithdrawnTexts
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, Unreachable
from workstation.domain.key_image import KeyImage
from workstation.domain.norm.values import NormOverride
from workstation.domain.report import Person, Predecessor, Report
from workstation.domain.report_state import ReportKind, ReportState, WithdrawalCode
from workstation.domain.study import Patient, Study
from workstation.domain.template import ReportTemplate
from workstation.domain.text_link import LinkKind
from workstation.domain.withdrawn import Withdrawn
from workstation.domain.workitem import Claim
from workstation.services.carry_over import (
    CarryOver,
    carried_texts,
    identity_word,
    offered,
    take_over,
    without_field,
)
from workstation.services.norm_gate import faults_of
from workstation.services.reading_session import OpenedCase, ReadingSession

SIGNER = Person("expert", "王启明", "远程诊断中心")
RIGHT = Patient("QS0200001", "赵建国", "19550102", "M")
WORDS = {"technique": "低剂量平扫", "airways": "双肺清晰。", "impression": "未见明显异常。", "ctdi": "3.2"}


def withdrawn(values: dict[str, str] | None = None, code: WithdrawalCode = WithdrawalCode.WRONG_PATIENT) -> Withdrawn:
    report = cases.report(cases.ai_finding(1).accepted(by="expert", at=cases.NOON), values=values or WORDS)
    final = replace(report.moved(ReportState.FINAL, at=cases.NOON), verifier=SIGNER, signed_at=cases.NOON)
    study = cases.study()
    key = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.1")
    override = NormOverride("residue", "airways", "", "核对过", "expert", cases.NOON)
    ended = final.moved(ReportState.ENTERED_IN_ERROR, at=cases.NOON, reason="患者有误")
    return Withdrawn(replace(ended, key_images=(key,), norm_overrides=(override,)), study, code)


def right_session(
    patient: Patient = RIGHT,
    *,
    uid: str = "1.2.4",
    values: dict[str, str] | None = None,
    claimed: bool = True,
    template: ReportTemplate | None = None,
    **changes: str,
) -> ReadingSession:
    study: Study = replace(cases.study(uid=uid), patient=patient, **changes)  # type: ignore[arg-type] # text fields
    row = replace(
        cases.row(), study_instance_uid=uid, patient_id=patient.patient_id, patient_name=patient.name,
        sex=patient.sex, birth_date=patient.birth_date,
    )  # fmt: skip
    report = cases.report(uid=uid, values=values)
    claim = Claim("2.25.8", "2.25.99") if claimed else None
    case = OpenedCase(row, study, template or cases.template(), report, claim)
    return ReadingSession(case, SIGNER, clock=cases.FixedClock(), new_uid=cases.Uids())


def carrying(audit: FakeAudit | None = None) -> CarryOver:
    return CarryOver(lambda _site: (cases.template(),), audit or FakeAudit(), FakeWithdrawnTexts())


def carried(session: ReadingSession, what: Withdrawn | None = None) -> tuple[str, ...]:
    return take_over(carrying()(what or withdrawn(), session, session.study.patient.patient_id), session)


def test_words_go_to_the_right_study_and_what_belongs_to_the_images_stays_behind() -> None:
    session = right_session()

    assert carried(session) == ("technique", "airways", "impression")
    report = session.report
    assert report.values == {"technique": "低剂量平扫", "airways": "双肺清晰。", "impression": "未见明显异常。"}
    assert (report.findings.findings, report.key_images, report.norm_overrides) == ((), (), ())
    assert (report.study_instance_uid, report.state, report.kind) == ("1.2.4", ReportState.DRAFTED, ReportKind.ORIGINAL)


def test_every_field_holds_the_signature_up_until_it_is_confirmed() -> None:
    session = right_session()
    carried(session)

    def held() -> list[str]:
        faults = faults_of(session.report, session.template, session.study, session.row, signer=SIGNER)
        return [fault.target for fault in faults if fault.rule == "copied"]

    assert held() == ["technique", "airways", "impression"]
    session.confirm_copied("technique")
    session.set_value("airways", "双肺尚清晰。")
    assert held() == ["impression"]
    assert [link.kind for link in session.report.links] == [LinkKind.COPY]
    session.confirm_copied("impression")
    assert session.report.carried_from == (), "the withdrawn report is no evidence of this one"


def test_the_gate_judges_the_words_against_the_right_patient_and_the_right_side() -> None:
    """What was said of a woman is told where the right patient is a man, and a left knee where it is a right one."""
    session = right_session(description="右膝关节正侧位")
    session.row = replace(session.row, description="右膝关节正侧位")
    carried(session, withdrawn({**WORDS, "airways": "左膝关节骨折。", "impression": "子宫增大。"}))
    faults = faults_of(session.report, session.template, session.study, session.row, signer=SIGNER)

    assert {(fault.rule, fault.target) for fault in faults} >= {
        ("organ_of_other_sex", "impression"),
        ("side_of_examination", "airways"),
    }


def test_the_act_is_recorded_before_anything_is_written_and_names_nobody() -> None:
    audit, session = FakeAudit(), right_session()
    carrying(audit)(withdrawn(), session, " qs0200001 ")

    ((action, subject, outcome, detail),) = audit.recorded
    assert (action, subject, outcome) == (AuditAction.REPORT_TEXT_CARRIED, "1.2.4", 0)
    assert detail == "3 fields from report 2.25.7 of study 1.2.3 withdrawn as wrong_patient"
    audit.fail_with = Unreachable("线路中断")
    with pytest.raises(Unreachable):
        carrying(audit)(withdrawn(), session, "QS0200001")
    assert session.report.values == {}


@pytest.mark.parametrize(
    ("session", "code", "typed", "said"),
    [
        (lambda: right_session(cases.study().patient), "wrong_patient", "QS0118793", "This is the patient whose"),
        (right_session, "wrong_study", "QS0200001", "this is another person"),
        (
            lambda: right_session(replace(cases.study().patient, birth_date="19700101")),
            "wrong_study",
            "QS0118793",
            "this is another person",
        ),
        (right_session, "wrong_patient", "QS0200002", "does not name this study"),
        (right_session, "wrong_patient", "", "does not name this study"),
        (lambda: right_session(uid="1.2.3"), "wrong_patient", "QS0200001", "another study"),
        (lambda: right_session(claimed=False), "wrong_patient", "QS0200001", "another study"),
    ],
)
def test_nothing_is_carried_to_a_study_that_it_cannot_be_of(session: object, code: str, typed: str, said: str) -> None:
    assert callable(session)
    audit = FakeAudit()
    with pytest.raises(NotPermitted, match=said):
        carrying(audit)(withdrawn(code=WithdrawalCode(code)), session(), typed)
    assert audit.recorded == []


def test_a_case_whose_worklist_and_images_disagree_takes_nothing() -> None:
    session = right_session()
    session.row = replace(session.row, patient_id="QS0999999")
    with pytest.raises(NotPermitted, match="different patients"):
        carrying()(withdrawn(), session, "QS0200001")


def test_the_right_study_of_the_same_patient_takes_the_text() -> None:
    session = right_session(replace(cases.study().patient, sex=""))

    assert carried(session, withdrawn(code=WithdrawalCode.WRONG_STUDY)) == ("technique", "airways", "impression")


def test_what_the_reader_wrote_there_already_stays_above_and_a_normal_phrase_goes() -> None:
    session = right_session(values={"impression": "右肺结节。", "airways": "气管及主支气管通畅。"})
    carried(session)

    assert session.report.values["impression"] == "右肺结节。\n未见明显异常。"
    assert session.report.values["airways"] == "双肺清晰。"
    (link,) = [one for one in session.report.links if one.field == "impression"]
    assert (link.quote, link.at) == ("未见明显异常。", 6)


def test_the_words_come_under_their_own_template_and_where_it_is_gone_under_the_fields_that_are_there() -> None:
    other = replace(cases.sectioned_template(), template_id="ct-other")
    session = right_session(template=other)
    carried(session)
    assert session.template.template_id == "ct-chest"

    without = right_session(template=other)
    found = CarryOver(lambda _site: (), FakeAudit(), FakeWithdrawnTexts())(
        withdrawn({**WORDS, "gone": "x"}), without, "QS0200001"
    )
    assert found.template is None
    assert take_over(found, without) == ("technique", "airways", "impression")
    small = replace(cases.template(), sections=(replace(other.sections[1]),), template_id="small")
    assert take_over(replace(found, template=small), without) == ("impression",)


def test_no_word_is_lost_where_the_template_of_the_withdrawn_report_is_gone() -> None:
    session = right_session(template=replace(cases.sectioned_template(), template_id="ct-other"))
    said = {"own_field": "右肺上叶结节 12 mm", "choice": "option_2", "count": "3.2", "impression": "右肺上叶结节。"}
    found = CarryOver(lambda _site: (), FakeAudit(), FakeWithdrawnTexts())(withdrawn(said), session, "QS0200001")

    assert take_over(found, session) == ("technique", "impression")
    assert session.report.values == {"technique": "右肺上叶结节 12 mm", "impression": "右肺上叶结节。"}
    assert without_field(found, session.template) == ("own_field",)
    assert [(link.field, link.quote) for link in session.report.links] == [
        ("technique", "右肺上叶结节 12 mm"), ("impression", "右肺上叶结节。")
    ]  # fmt: skip


def test_words_that_an_installed_template_has_no_field_for_any_more_go_below_its_largest_field() -> None:
    newer = replace(cases.template(), version="2.0.0")
    session = right_session(template=newer)
    found = CarryOver(lambda _site: (newer,), FakeAudit(), FakeWithdrawnTexts())(
        withdrawn({**WORDS, "own": "脾大。"}), session, "QS0200001"
    )
    assert take_over(found, session) == ("technique", "airways", "impression")
    assert session.report.values["impression"] == "未见明显异常。\n脾大。"

    hidden = carried_texts(withdrawn({**WORDS, "own": "脾大。"}).report, cases.template())
    assert "own" not in hidden, "a value that its very template does not show was not signed"


def test_a_template_without_words_takes_nothing_and_says_so() -> None:
    wordless = replace(
        cases.template(), template_id="other",
        sections=(replace(cases.template().sections[0], fields=cases.template().sections[0].fields[1:3]),),
    )  # fmt: skip
    session = right_session(template=wordless)
    before = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    added = replace(withdrawn().report, kind=ReportKind.ADDENDUM, predecessors=(before,), addendum="补充：肋骨骨折。")
    found = CarryOver(lambda _site: (), FakeAudit(), FakeWithdrawnTexts())(
        replace(withdrawn(), report=added), session, "QS0200001"
    )
    assert found.texts["addendum"] == "补充：肋骨骨折。"
    assert (take_over(found, session), session.report.values) == ((), {})


def test_the_words_of_an_addendum_go_below_the_impression() -> None:
    before = Predecessor("2.25.6", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    report: Report = replace(
        withdrawn().report, kind=ReportKind.ADDENDUM, predecessors=(before,), addendum="补充：肋骨骨折。"
    )
    assert carried_texts(report, cases.sectioned_template())["impression"] == "未见明显异常。\n补充：肋骨骨折。"
    assert carried_texts(report, cases.template())["impression"] == "未见明显异常。\n补充：肋骨骨折。"
    assert carried_texts(replace(report, values={}), cases.template()) == {"impression": "补充：肋骨骨折。"}


def test_a_report_that_holds_or_says_nothing_is_not_carried() -> None:
    with pytest.raises(ValueError, match="withdrawn"):
        Withdrawn(cases.report(), cases.study(), WithdrawalCode.WRONG_STUDY)
    with pytest.raises(ValueError, match="own study"):
        replace(withdrawn(), study=cases.study(uid="1.2.9"))
    with pytest.raises(NotPermitted, match="no text"):
        carrying()(withdrawn({"ctdi": "3.2"}), right_session(), "QS0200001")
    assert offered((), right_session()) == ()


def test_a_waiting_text_is_offered_only_where_it_may_be_of_the_open_study() -> None:
    """One of another patient never to that patient again, one of the wrong study to nobody else, and not read-only."""
    wrong_patient, wrong_study = withdrawn(), withdrawn(code=WithdrawalCode.WRONG_STUDY)
    both, same = (wrong_patient, wrong_study), cases.study().patient
    assert offered(both, right_session()) == (wrong_patient,)
    assert offered(both, right_session(same)) == (wrong_study,)
    assert offered(both, right_session(replace(same, patient_id=""))) == both
    assert offered(both, right_session(replace(same, birth_date="19700101"))) == both, "refused with a reason"
    assert offered(both, right_session(same, uid="1.2.3")) == ()
    assert offered(both, right_session(claimed=False)) == ()


def test_a_study_without_a_patient_id_is_named_by_its_accession_number_or_its_day() -> None:
    study = replace(cases.study(), patient=replace(RIGHT, patient_id=" "))
    assert identity_word(study) == "CT20261121-0793"
    assert identity_word(replace(study, accession_number="")) == "20261121"
    assert identity_word(cases.study()) == "QS0118793"

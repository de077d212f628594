"""Nothing of a prior is shown while it may be another person's, and a reader's word about one is never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pydantic import TypeAdapter

from resources.translation import use_language
from tests.helpers import cases
from tests.helpers.priors import prior, structure
from tests.unit.services.test_prior_service import CURRENT, PROTOCOLS, STRANGER, Bench
from tests.unit.services.test_reading_session import CLAIM
from workstation.domain.audit import AuditAction
from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.known_prior import KnownPrior
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import PriorPerson
from workstation.domain.report import Person, Predecessor, Report, ReportKind, ReportState
from workstation.domain.report_content import with_content
from workstation.domain.study import Patient
from workstation.domain.text_link import LinkKind, TextLink
from workstation.domain.workitem import Claim
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.case_priors import CasePriors, to_compare
from workstation.services.jobs import NoJob
from workstation.services.norm_gate import faults_of
from workstation.services.open_report import Changed
from workstation.services.prior_service import PersonInDoubt
from workstation.services.reading_session import OpenedCase, ReadingSession
from workstation.services.report_service import with_normal_phrases
from workstation.ui.person_words import why_doubtful, words_by_word

STUDY = cases.study()
ME = STUDY.patient
TEMPLATE = TemplateLibrary().get("ct-chest-nodule")
SENIOR = Person("expert", "王启明", "中心")
DOUBTFUL = PriorRelation.POSSIBLY_SAME
NAME, BORN, SEX, OTHER_ID = (
    Contradiction.NAME,
    Contradiction.BIRTH_DATE,
    Contradiction.SEX,
    Contradiction.PATIENT_ID,
)


def opened(report: Report | None = None, reader: Person = cases.READER, claim: Claim | None = CLAIM) -> ReadingSession:
    written = report or replace(cases.report(), template_id="ct-chest-nodule", language="zh_CN")
    case = OpenedCase(replace(cases.row(), prior_count=0), STUDY, TEMPLATE, written, claim)
    return ReadingSession(case, reader, clock=cases.FixedClock(), new_uid=cases.Uids())


def mistyped() -> PriorStudy:
    """Return a study of the same ID of which the hub knows another sex."""
    there = replace(ME, sex="M" if ME.sex == "F" else "F")
    return replace(prior("1.9.1", "20251208", relation=DOUBTFUL), patient=there, against=(SEX,))


def signed_elsewhere(bench: Bench) -> None:
    bench.reports.stored = replace(
        cases.report(values=cases.complete_values()), state=ReportState.FINAL, signed_at=cases.NOON, verifier=SENIOR
    )


def test_the_report_of_a_study_whose_images_name_another_person_is_refused_and_not_even_fetched() -> None:
    bench = Bench(("1.9.1", {}))
    bench.source.known[0] = replace(bench.source.known[0], reported=True, patient=CURRENT.patient)
    bench.archive.studies["1.9.1"] = structure("1.9.1", patient=STRANGER)
    asked: list[str] = []
    bench.reports.fetch = asked.append  # type: ignore[assignment,method-assign]  # whoever asks has gone too far

    (former,) = bench.service.earlier("1.2.3.8", CURRENT)
    assert former.relation is PriorRelation.SAME_PATIENT  # the hub knows no better
    with pytest.raises(PersonInDoubt) as refused:
        bench.service.report(former, CURRENT, "zh_CN")

    assert (refused.value.prior.against, refused.value.told) == ((NAME, BORN, SEX), (STRANGER,))
    assert (asked, bench.audit.actions) == ([], [])
    with pytest.raises(PersonInDoubt):  # who answered for another name has not answered for another birth date
        bench.service.open(former, CURRENT, (NAME,))
    assert bench.service.open(former, CURRENT, (NAME, BORN, SEX)).patient == STRANGER


def test_reading_the_report_of_a_prior_is_recorded() -> None:
    bench = Bench(("1.9.1", {}))
    signed_elsewhere(bench)
    bench.service.report(bench.source.known[0], CURRENT, "zh_CN", detail="prior impression")
    assert bench.audit.recorded == [(AuditAction.STUDY_VIEWED, "1.9.1", 0, "prior impression")]


def test_the_sizes_of_a_prior_that_could_not_be_looked_at_are_not_read() -> None:
    bench = Bench(("1.9.1", {}))
    bench.source.known[0] = replace(bench.source.known[0], reported=True)
    bench.archive.dead = True
    asked: list[str] = []
    bench.reports.fetch = asked.append  # type: ignore[assignment,method-assign]
    bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
    assert asked == []


def test_a_second_person_in_one_prior_is_held_against_the_case_too() -> None:
    bench = Bench(("1.9.1", {}))
    bench.archive.studies["1.9.1"] = replace(structure("1.9.1"), also_of=(STRANGER,))
    found = bench.service.find("1.2.3.8", CURRENT, PROTOCOLS, NoJob())
    assert (found.ready, found.known[0].against, found.known[0].patient) == ((), (NAME, BORN, SEX), STRANGER)


def test_what_the_images_said_stays_said_however_often_the_hub_is_asked() -> None:
    session, told = opened(), prior("1.9.1", "20251208", reported=True)
    session.persons.hear([told], {"1.9.1": (replace(STRANGER, patient_id=ME.patient_id),)})
    (again,) = session.persons.hear([told])
    assert (again.relation, session.persons.may_be_shown(told)) == (DOUBTFUL, False)


def test_a_confirmed_prior_is_known_at_once_so_that_no_phrase_denies_it_and_a_true_comparison_holds() -> None:
    session, heard = opened(), list[Changed]()
    session.subscribe(heard.append)
    unasked = opened()
    denied = with_normal_phrases(unasked.report, TEMPLATE, has_priors=unasked.has_priors).values["comparison"]
    assert denied.startswith("无")
    session.confirm_person(mistyped())

    assert [one.study_instance_uid for one in session.report.known_priors] == ["1.9.1"]
    assert heard == [Changed.PERSONS, Changed.PRIORS]  # the first one is kept with the draft
    assert session.has_priors
    filled = with_normal_phrases(session.report, TEMPLATE, has_priors=session.has_priors)
    assert "comparison" not in filled.values
    said = replace(session.report, values={"comparison": "与 2025-12-08 胸部 CT 比较。"})
    row = session.row
    rules = {one.rule for one in faults_of(said, TEMPLATE, STUDY, row, signer=SENIOR)}
    assert rules.isdisjoint({"unknown_comparison", "first_despite_prior", "doubted_prior"})


def test_a_word_about_a_prior_survives_the_draft_and_the_senior_sees_whose_it_is() -> None:
    first = opened()
    first.confirm_person(mistyped())
    adapter = TypeAdapter(Report)
    kept = adapter.validate_json(adapter.dump_json(first.report))
    assert kept.prior_persons == (PriorPerson("1.9.1", "20251208", (SEX,), "resident", "宋佳", cases.NOON, (SEX,)),)

    senior = opened(kept, reader=SENIOR)
    (there,) = senior.persons.hear([mistyped()])
    word = senior.persons.word_on("1.9.1")
    assert senior.persons.may_be_shown(there)
    assert word is not None
    assert (word.said_by_name, word.said_at) == ("宋佳", cases.NOON)
    listed = {one.study_instance_uid for one in (there,) if senior.persons.may_be_shown(one)}
    senior.know_priors(to_compare(CasePriors((there,)), STUDY, senior.persons.confirmed), listed=listed)
    assert senior.report.known_priors == (KnownPrior("1.9.1", "20251208", "CT", "胸部 CT 平扫"),)


def test_a_word_does_not_cover_what_its_images_contradict_beyond_it() -> None:
    session = opened()
    session.confirm_person(mistyped())
    (worse,) = session.persons.hear([mistyped()], {"1.9.1": (replace(STRANGER, patient_id=ME.patient_id),)})
    assert (session.persons.may_be_shown(worse), session.persons.is_confirmed("1.9.1")) == (False, False)
    session.confirm_person(worse)
    assert session.persons.is_confirmed("1.9.1")


def test_who_may_not_write_confirms_for_this_screen_only() -> None:
    session = opened(claim=None)
    before = session.report
    session.confirm_person(mistyped())
    assert session.persons.may_be_shown(mistyped())
    assert session.report == before


def test_a_draft_that_is_taken_instead_keeps_the_words_about_priors() -> None:
    session = opened()
    session.confirm_person(mistyped())
    said = session.report.prior_persons
    doubted = PriorPerson("1.9.1", "20251208", (SEX,))
    for held in ((), (doubted,)):
        other = replace(session.report, prior_persons=held)
        assert with_content(other, session.report, at=cases.NOON).prior_persons == said
        assert with_content(session.report, other, at=cases.NOON).prior_persons == said


def test_a_pair_with_a_study_that_is_doubted_now_holds_the_signature_up_until_somebody_says_who_it_is() -> None:
    found = cases.ai_finding(1).accepted(by="expert", at=cases.NOON)
    then = NoduleObservation("2.25.9", date(2025, 12, 8), (0.0, 0.0, 0.0), 5.0)
    now = NoduleObservation(found.tracking_uid, date(2026, 11, 21), (0.0, 0.0, 0.0), 8.0)
    paired = found.followed(FollowUp("1.9.1", then, now, found.tracking_uid), tracking_uid="2.25.9")
    session = opened(replace(cases.report(paired), template_id="ct-chest-nodule", language="zh_CN"))

    def doubts() -> list[tuple[str, str]]:
        faults = faults_of(session.report, TEMPLATE, STUDY, session.row, signer=SENIOR)
        return [(one.target, one.quote) for one in faults if one.rule == "doubted_prior"]

    assert doubts() == []
    session.persons.hear([prior("1.9.7", relation=DOUBTFUL), mistyped()])
    assert doubts() == [(session.findings.findings[0].tracking_uid, "2025-12-08")]
    assert [one.study_instance_uid for one in session.report.prior_persons] == ["1.9.1"]
    session.confirm_person(mistyped())
    assert doubts() == []


WRITTEN = replace(cases.report(values={"impression": "左肺占位。"}), template_id="ct-chest-nodule", language="zh_CN")
COPIED = replace(WRITTEN, links=(TextLink("impression", LinkKind.COPY, "1.9.1", "左肺占位。", 0, "2025-12-08"),))
ANOTHER = {"1.9.1": (replace(STRANGER, patient_id=ME.patient_id),)}
"""What the images of the prior say: the same ID and another person"""


def doubts_of(session: ReadingSession) -> list[str]:
    faults = faults_of(session.report, TEMPLATE, STUDY, session.row, signer=SENIOR)
    return [one.quote for one in faults if one.rule == "doubted_prior"]


def beside(mine: Report, stored: Report) -> ReadingSession:
    """Open a case with the centre's report; the reader's own draft was passed over."""
    case = OpenedCase(replace(cases.row(), prior_count=1), STUDY, TEMPLATE, stored, CLAIM, passed_over=mine)
    return ReadingSession(case, cases.READER, clock=cases.FixedClock(), new_uid=cases.Uids())


def test_words_of_a_strangers_prior_hold_the_signature_up_also_in_the_own_draft_that_is_gone_on_with() -> None:
    session = beside(COPIED, WRITTEN)
    session.persons.hear([prior("1.9.1", "20251208", reported=True)], ANOTHER)
    assert doubts_of(session) == []  # the centre's report tells nothing of it
    session.go_on_with_other()
    assert doubts_of(session) == ["2025-12-08"]
    session.confirm_copied("impression")  # who answers for the words has not said whose prior it is
    assert doubts_of(session) == ["2025-12-08"]


def test_an_old_word_in_the_own_draft_does_not_cover_what_the_images_said_since() -> None:
    for_nothing = PriorPerson("1.9.1", "20251208", (), "resident", "宋佳", cases.NOON, ())
    listed = replace(prior("1.9.1", "20251208", relation=DOUBTFUL), patient=ME, issuers=("HIS", ""))
    session = beside(replace(COPIED, prior_persons=(for_nothing,)), COPIED)
    session.persons.hear([listed], ANOTHER)
    session.go_on_with_other()
    assert (doubts_of(session), session.persons.may_be_shown(listed)) == (["2025-12-08"], False)


def test_a_word_that_came_with_the_own_draft_holds_at_once_and_after_the_next_news() -> None:
    for_all = PriorPerson("1.9.1", "20251208", (NAME, BORN, SEX), "resident", "宋佳", cases.NOON, (NAME, BORN, SEX))
    listed = replace(prior("1.9.1", "20251208", relation=DOUBTFUL), patient=ME, issuers=("HIS", ""))
    session = beside(replace(COPIED, prior_persons=(for_all,)), COPIED)
    session.persons.hear([listed], ANOTHER)
    assert doubts_of(session) == ["2025-12-08"]
    session.go_on_with_other()
    for _ in range(2):
        assert (doubts_of(session), session.persons.may_be_shown(listed)) == ([], True)
        assert session.report.prior_persons == (for_all,)
        session.persons.hear([listed], {"1.9.2": ()})


def test_a_doubt_that_hub_and_images_have_cleared_holds_nothing_up_and_the_word_stays_on_record() -> None:
    session = opened(COPIED)
    session.confirm_person(replace(prior("1.9.1", "20251208", relation=DOUBTFUL), patient=ME, issuers=("HIS", "")))
    session.persons.hear([mistyped()])
    assert doubts_of(session) == ["2025-12-08"]
    session.persons.hear([replace(prior("1.9.1", "20251208"), patient=ME)], {"1.9.1": (ME,)})
    assert doubts_of(session) == []
    assert session.report.prior_persons == (PriorPerson("1.9.1", "20251208", (), "resident", "宋佳", cases.NOON, ()),)


def test_what_was_taken_over_from_a_doubted_prior_holds_up_until_all_of_it_was_taken_out() -> None:
    two = "左肺上叶占位，边缘毛糙。纵隔淋巴结肿大。"
    link = replace(COPIED.links[0], quote=two)
    session = opened(replace(COPIED, values={"impression": two}, links=(link,)))
    session.persons.hear([mistyped()])
    session.confirm_copied("impression")
    session.set_value("impression", "纵隔淋巴结肿大。余未见异常。")
    assert doubts_of(session) == ["2025-12-08"]  # one sentence of two
    session.set_value("impression", "未见异常。")
    assert doubts_of(session) == []
    session.set_value("impression", two)  # taken back
    assert doubts_of(session) == ["2025-12-08"]
    session.set_value("impression", "")
    session.set_value("recommendation", f"见：{two}")  # or put elsewhere
    assert doubts_of(session) == ["2025-12-08"]


def test_a_doubt_that_is_heard_while_the_words_are_out_holds_up_once_they_are_taken_back() -> None:
    session = opened(COPIED)
    session.confirm_copied("impression")
    session.set_value("impression", "")
    session.persons.hear([mistyped()])
    assert doubts_of(session) == []
    session.set_value("impression", "左肺占位。")
    assert doubts_of(session) == ["2025-12-08"]


def test_a_draft_that_only_knows_where_words_came_from_holds_up_while_it_has_any_text() -> None:
    older = replace(WRITTEN, carried_from=("1.9.1",))
    session = opened(older)
    session.persons.hear([mistyped()])
    assert doubts_of(session) == ["2025-12-08"]
    session.set_value("impression", " ")
    assert doubts_of(session) == []


def test_an_addendum_is_not_held_up_by_a_prior_that_nobody_can_answer_for_in_it() -> None:
    original = Predecessor("2.25.1", ReportKind.ORIGINAL, cases.NOON, "王启明", ())
    doubted = replace(COPIED, prior_persons=(PriorPerson("1.9.1", "20251208", (SEX,)),))
    assert doubts_of(opened(doubted)) == ["2025-12-08"]
    adding = replace(doubted, kind=ReportKind.ADDENDUM, predecessors=(original,), addendum="补充：左侧胸腔少量积液。")
    assert doubts_of(opened(adding)) == []


CASE = Patient("7", "周丽华", "19680314", "F")


@pytest.mark.parametrize(
    ("against", "there", "issuers", "why"),
    [
        ((OTHER_ID,), replace(CASE, patient_id="8"), ("", ""), "another Patient ID"),
        ((OTHER_ID, NAME, BORN), replace(CASE, patient_id="8"), ("", ""), "other ID, other name, birth date"),
        ((NAME, SEX), CASE, ("", ""), "same ID, other name, sex"),
        ((), CASE, ("HIS-A", "HIS-B"), "issuers differ (HIS-A / HIS-B)"),
        ((), CASE, ("HIS-A", ""), "same ID, issuer not stated"),
        ((), CASE, ("", ""), "same ID of another site"),
        ((), replace(CASE, patient_id=""), ("HIS-A", ""), "Patient ID missing"),
    ],
)
def test_everything_that_makes_a_prior_doubtful_is_named(
    against: tuple[Contradiction, ...], there: Patient, issuers: tuple[str, str], why: str
) -> None:
    use_language("en")
    told = replace(prior("1.9", relation=DOUBTFUL), against=against, patient=there, issuers=issuers)
    assert why_doubtful(told, CASE) == why
    by_me = words_by_word(told, CASE)
    if against != (OTHER_ID,):
        assert by_me == f"{why}: same person by your word"
        assert "Another Patient ID" not in by_me
    assert words_by_word(told, CASE, "Dr Song") == f"{why}: same person by the word of Dr Song"
    use_language("zh_CN")

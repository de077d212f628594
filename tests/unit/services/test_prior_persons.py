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
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.report_content import with_content
from workstation.domain.study import Patient
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

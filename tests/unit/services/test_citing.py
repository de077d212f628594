"""What a signed report cites: studies it was compared with, names by their day or took words from, and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from threading import Event

import pytest

from tests.helpers import cases
from tests.helpers.priors import FakeArchive, FakePriors, prior, structure
from workstation.domain.citation import CitedSeries, CitedStudy, cited_study, days_named
from workstation.domain.errors import Unreachable
from workstation.domain.finding import Finding
from workstation.domain.hanging import PriorRelation
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import PriorPerson
from workstation.domain.report import Report
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.text_link import LinkKind, TextLink
from workstation.services.citing import CiteOthers, Evidence

WHO = cases.study().patient
CT, SR, KO = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.59"


def archived(uid: str) -> Study:
    """A prior of three images with a signed report and a selection of key images."""
    images = structure(uid)
    document = Series(f"{uid}.3", "SR", 9001, instances=(Instance(f"{uid}.3.1", SR, 1),))
    keys = Series(f"{uid}.4", "KO", 9003, instances=(Instance(f"{uid}.4.1", KO, 1),))
    return replace(images, series=(*images.series, document, keys))


def everything(uid: str) -> CitedStudy:
    images = CitedSeries(f"{uid}.2", CT, (f"{uid}.2.0", f"{uid}.2.1", f"{uid}.2.2"))
    return CitedStudy(uid, (images, CitedSeries(f"{uid}.3", SR, (f"{uid}.3.1",))))


def words_of(uid: str) -> CitedStudy:
    return CitedStudy(uid, (CitedSeries(f"{uid}.3", SR, (f"{uid}.3.1",)),))


def followed(prior_uid: str) -> Finding:
    own = cases.ai_finding(1).accepted(by="expert", at=cases.NOON)
    assert own.centre_lps_mm is not None
    then = NoduleObservation("2.25.77", date(2025, 12, 8), own.centre_lps_mm, 12.1)
    now = NoduleObservation(own.tracking_uid, date(2026, 11, 21), own.centre_lps_mm, 15.5)
    return own.followed(FollowUp(prior_uid, then, now, own.tracking_uid), tracking_uid="2.25.77")


def desk(*known: str, dead: bool = False) -> CiteOthers:
    archive = FakeArchive({uid: archived(uid) for uid in known}, dead=dead)
    return CiteOthers(FakePriors([prior(known[0])] if known else []), archive.study)


NAMED = cases.report(values={"comparison": "与 2025-12-08 CT 比较。"})
STRANGER = Patient("QS0118793", "赵铁柱", "19420101", "M")
"""The same ID, given out again"""


def answered(*against: Contradiction) -> PriorPerson:
    """A reader said that the prior is of the same person, having been shown what contradicts."""
    return PriorPerson("1.9", "20251208", against, "resident", "宋佳", cases.NOON, against)


def copied(report: Report, key: str, words: str, uid: str) -> Report:
    return replace(report, values={key: words}, links=(TextLink(key, LinkKind.COPY, uid, words, 0),))


def test_the_images_and_documents_of_a_prior_that_a_finding_was_compared_with_are_cited() -> None:
    report = cases.report(followed("1.9"))
    assert desk("1.9")(report, WHO).cited == (everything("1.9"),)
    assert desk("1.9")(report, WHO).revision == report.revision


def test_a_prior_that_the_comparison_names_by_its_day_is_cited() -> None:
    for words in ("与 2025-12-08 CT 比较，未见明显变化。", "对比2025年12月8日旧片。", "Compared with 2025/12/08."):
        assert desk("1.9")(cases.report(values={"comparison": words}), WHO).cited == (everything("1.9"),)
    assert desk("1.9")(cases.report(values={"comparison": "与 2025-12-09 比较。"}), WHO).cited == ()
    assert desk("1.9")(cases.report(values={"findings_text": "2025-12-08"}), WHO).cited == ()


def test_a_study_of_somebody_who_may_be_another_person_is_not_cited_by_its_day() -> None:
    cite = CiteOthers(
        FakePriors([prior("1.9", relation=PriorRelation.POSSIBLY_SAME)]), FakeArchive({"1.9": archived("1.9")}).study
    )
    assert cite(NAMED, WHO).cited == ()


def test_a_stranger_is_not_cited_by_the_day_whether_the_hub_or_only_the_images_tell_that_it_is_one() -> None:
    told = replace(prior("1.9"), patient=STRANGER)
    assert CiteOthers(FakePriors([told]), FakeArchive({"1.9": archived("1.9")}).study)(NAMED, WHO).cited == ()
    theirs = replace(archived("1.9"), patient=STRANGER)
    assert CiteOthers(FakePriors([prior("1.9")]), FakeArchive({"1.9": theirs}).study)(NAMED, WHO).cited == ()
    shared = replace(archived("1.9"), also_of=(STRANGER,))
    assert CiteOthers(FakePriors([prior("1.9")]), FakeArchive({"1.9": shared}).study)(NAMED, WHO).cited == ()


def test_a_prior_that_a_reader_said_is_of_the_same_person_is_cited_by_its_day_like_any_other() -> None:
    perhaps = prior("1.9", relation=PriorRelation.POSSIBLY_SAME)
    cite = CiteOthers(FakePriors([perhaps]), FakeArchive({"1.9": archived("1.9")}).study)
    assert cite.look(NAMED, WHO) == Evidence(0)
    confirmed = replace(NAMED, prior_persons=(answered(),))
    assert cite(confirmed, WHO).cited == (everything("1.9"),)


def test_who_answered_for_another_id_did_not_answer_for_the_other_name_in_the_images() -> None:
    perhaps = prior("1.9", relation=PriorRelation.POSSIBLY_SAME)
    renamed = replace(archived("1.9"), patient=replace(WHO, patient_id="B-9", name="赵铁柱"))
    cite = CiteOthers(FakePriors([perhaps]), FakeArchive({"1.9": renamed}).study)
    for_id = (Contradiction.PATIENT_ID,)
    assert cite(replace(NAMED, prior_persons=(answered(*for_id),)), WHO).cited == ()
    for_both = (*for_id, Contradiction.NAME)
    assert cite(replace(NAMED, prior_persons=(answered(*for_both),)), WHO).cited == (everything("1.9"),)


def test_nothing_of_a_study_whose_person_is_an_open_question_is_fetched() -> None:
    fetched: list[str] = []

    def structure_of(uid: str) -> Study:
        fetched.append(uid)
        return archived(uid)

    cite = CiteOthers(FakePriors([prior("1.9", relation=PriorRelation.POSSIBLY_SAME), prior("1.8")]), structure_of)
    assert cite(NAMED, WHO).cited == (everything("1.8"),)
    assert fetched == ["1.8"]


def test_only_the_documents_of_a_prior_are_cited_whose_words_were_taken_over() -> None:
    report = replace(cases.report(), carried_from=("1.9",))
    assert desk("1.9")(report, WHO).cited == (words_of("1.9"),)
    assert desk("1.9")(replace(cases.report(followed("1.9")), carried_from=("1.9",)), WHO).cited == (everything("1.9"),)


def test_a_doubted_prior_whose_words_were_taken_out_again_is_not_cited() -> None:
    doubted = PriorPerson("1.9", "20251208", (Contradiction.NAME,))
    copy = replace(copied(cases.report(), "airways", "双肺纹理清晰。", "1.9"), prior_persons=(doubted,))
    own = copy.with_taken_over(copy.links)
    assert desk("1.9")(own, WHO).cited == (words_of("1.9"),)
    dropped = replace(own, links=()).with_values({"airways": "右肺上叶见结节。"}, at=cases.NOON)
    assert desk("1.9")(dropped, WHO).cited == ()
    paired = replace(dropped, findings=cases.report(followed("1.9")).findings)
    assert desk("1.9")(paired, WHO).cited == (everything("1.9"),)


def test_an_instance_of_the_study_itself_is_never_other_evidence() -> None:
    report = replace(cases.report(), carried_from=("1.2.3",))
    assert desk("1.9", "1.2.3")(report, WHO).cited == ()


def test_where_the_hub_does_not_tell_nothing_is_signed_until_somebody_chose_to_go_without() -> None:
    """What the report carries from before stays then; a day in the comparison counts like a compared finding."""
    before = replace(cases.report(followed("1.9")), cited=(words_of("1.8"),))
    silent = desk("1.9", dead=True)
    assert silent.look(before, WHO) == Evidence(unknown="线路中断")
    with pytest.raises(Unreachable, match="线路中断"):
        silent(before, WHO)
    silent.go_without(before)
    assert silent(before, WHO).cited == (words_of("1.8"),)

    dead = CiteOthers(FakePriors(fail_with=Unreachable("线路中断")), FakeArchive().study)
    with pytest.raises(Unreachable):
        dead(cases.report(values={"comparison": "2025-12-08"}), WHO)


def test_a_choice_to_go_without_holds_for_this_report_and_until_the_hub_is_asked_again() -> None:
    report, silent = cases.report(followed("1.9")), desk("1.9", dead=True)
    silent.go_without(report)
    with pytest.raises(Unreachable):
        silent(cases.report(followed("1.10")), WHO)
    silent.go_without(report)
    assert silent(report.with_values({"impression": "右肺结节。"}, at=cases.NOON), WHO).cited == ()
    silent.look(report, WHO)
    with pytest.raises(Unreachable):
        silent(report, WHO)


def test_a_hub_that_says_nothing_is_waited_for_no_longer_than_was_agreed() -> None:
    asked, answer = Event(), Event()

    def structure_of(uid: str) -> Study:
        asked.set()
        answer.wait(60)
        return archived(uid)

    cite = CiteOthers(FakePriors(), structure_of, patience_s=0.01)
    told = cite.look(cases.report(followed("1.9")), WHO)
    answer.set()
    assert asked.wait(60)
    assert told == Evidence(unknown="The hub does not answer")


def test_what_was_looked_up_before_the_pin_is_what_is_signed_though_the_line_breaks_meanwhile() -> None:
    archive = FakeArchive({"1.9": archived("1.9")})
    cite = CiteOthers(FakePriors([prior("1.9")]), archive.study)
    report = cases.report(followed("1.9"))
    assert cite.look(report, WHO) == Evidence(1)
    archive.dead = True
    assert cite(report, WHO).cited == (everything("1.9"),)


def test_a_report_that_cites_nothing_asks_nobody() -> None:
    priors = FakePriors(fail_with=Unreachable("线路中断"))
    cite, report = CiteOthers(priors, FakeArchive(dead=True).study), cases.report()
    assert not cite.concerns(report)
    assert (cite.look(report, WHO), cite(report, WHO)) == (Evidence(0), report)
    assert priors.asked == []


def test_a_study_without_anything_to_cite_is_not_cited() -> None:
    report = replace(cases.report(), carried_from=("1.9",))
    only_images = CiteOthers(FakePriors(), FakeArchive({"1.9": structure("1.9")}).study)
    assert only_images(report, WHO).cited == ()
    assert cited_study(replace(structure("1.9"), series=())) is None
    with pytest.raises(ValueError, match="instances"):
        CitedSeries("1.9.2", CT, ())
    with pytest.raises(ValueError, match="series"):
        CitedStudy("1.9", ())


def test_a_series_of_two_classes_is_cited_with_both() -> None:
    mixed = Series("1.9.2", "CT", 2, instances=(Instance("1.9.2.1", CT, 1), Instance("1.9.2.2", SR, 2)))
    assert cited_study(replace(structure("1.9"), series=(mixed,))) == CitedStudy(
        "1.9", (CitedSeries("1.9.2", CT, ("1.9.2.1",)), CitedSeries("1.9.2", SR, ("1.9.2.2",)))
    )


def test_days_are_read_however_they_are_written_and_numbers_are_no_days() -> None:
    assert list(days_named("2025-12-08、2025年1月2日、2024.3.4；12025-12-081，CTDIvol 3.2")) == [
        "20251208",
        "20250102",
        "20240304",
    ]


def test_a_day_in_every_form_that_the_gate_takes_is_cited_and_one_that_may_be_two_is_not() -> None:
    for words in (
        "Compared with CT of 8 December 2025.",
        "与二〇二五年十二月八日 CT 比较。",
        "与 20251208 CT 比较。",
        "Compared with Dec 8, 2025.",
    ):
        assert desk("1.9")(cases.report(values={"comparison": words}), WHO).cited == (everything("1.9"),), words
    assert list(days_named("25.12.2025、12/25/2025")) == ["20251225", "20251225"]
    # the twelfth of March or the third of December, a month, a year of two digits: nobody can tell the day
    assert list(days_named("12.03.2025；2025年12月；25-12-08")) == []


def test_words_of_a_former_report_are_remembered_once_they_are_the_readers_own() -> None:
    former = "双肺纹理清晰，气管通畅。"
    report = copied(cases.report(), "airways", former, "1.9")
    assert report.carried_from == ()
    touched = report.with_values({"airways": "双肺纹理清晰，气管尚通畅。"}, at=cases.NOON)
    assert (touched.links, touched.carried_from) == ((), ("1.9",))
    emptied = report.with_values({"airways": "重写。"}, at=cases.NOON)
    assert (emptied.links, emptied.carried_from) == ((), ())
    assert report.with_taken_over(report.links).carried_from == ("1.9",)
    assert touched.with_taken_over(report.links).carried_from == ("1.9",)

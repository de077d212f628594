"""Who a prior is of: asked about where it is a question, told in red, and nothing of a stranger shown unasked."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.gui.test_hanging import opened, scenes, stage_name
from tests.helpers import cases
from tests.helpers.comparing import ZHOU, ComparingBench, case_of, ct_study
from tests.helpers.prior_bench import bench, beside, english, red, with_prior
from tests.helpers.priors import prior
from viewers.scene.note_scene import NoteScene
from viewers.scene.scene import Scene
from workstation.domain.audit import AuditAction
from workstation.domain.errors import Unreachable
from workstation.domain.hanging import PriorRelation
from workstation.domain.one_person import Contradiction
from workstation.domain.report import ReportState
from workstation.domain.study import Patient
from workstation.ui.prior_dialogs import SamePersonDialog

__all__ = ["bench", "english"]

pytestmark = pytest.mark.gui

DOUBTFUL = PriorRelation.POSSIBLY_SAME


def test_who_is_only_possibly_the_same_is_asked_about_before_any_image_opens(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    other = Patient("BH-7781", "Zhou^Lihua=周丽华", "19680314", "F")
    opened(qtbot, with_prior(bench, relation=DOUBTFUL, patient=other))
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    assert bench.comparison.hanging.priors == ()

    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)
    assert dialog.cancel.hasFocus() or not dialog.primary.hasFocus()  # type: ignore[union-attr] # it has a primary
    dialog.reject()
    assert AuditAction.PRIOR_CONFIRMED not in bench.desk_bench.audit.actions
    assert stage_name(bench) == "planes"

    bench.page.priors.cards[0].beside.click()
    again = bench.comparison.priors.dialog
    assert again is not None
    again.accept()
    qtbot.waitUntil(lambda: len(scenes(bench)) == 2)
    recorded = [(action, uid) for action, uid, *_rest in bench.desk_bench.audit.recorded][-2:]
    assert recorded == [(AuditAction.PRIOR_CONFIRMED, "1.9.1"), (AuditAction.STUDY_VIEWED, "1.9.1")]
    assert [red(one) for one in scenes(bench)] == [("Another Patient ID: same person by your word",)] * 2


STRANGER = Patient("QS0118793", "李秀英", "19500101", "F")
REASON = "same ID, other name, birth date"
OTHER_ID = Contradiction.PATIENT_ID


def confirmed_stranger(qtbot: QtBot, bench: ComparingBench) -> tuple[Scene, Scene]:
    opened(qtbot, with_prior(bench, patient=STRANGER, reported=True))
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)
    dialog.accept()
    qtbot.waitUntil(lambda: len(scenes(bench)) == 2)
    first, second = scenes(bench)
    return first, second


def test_of_a_stranger_with_the_same_id_nothing_hangs_and_no_word_of_the_report_is_shown_unasked(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    opened(qtbot, with_prior(bench, patient=STRANGER, reported=True))
    strip = bench.page.priors
    qtbot.waitUntil(lambda: strip.cards != [])
    (facts,) = [one.facts for one in strip.cards]

    assert (facts.relation, facts.doubtful, facts.why) == ("possibly the same", True, REASON)
    assert bench.comparison.hanging.priors == ()
    assert (bench.comparison.priors.certain, bench.session.report.known_priors) == ((), ())
    assert strip.impression.text() == ""
    assert [uid for action, uid, *_rest in bench.desk_bench.audit.recorded if action is AuditAction.STUDY_VIEWED] == [
        "1.2.3"
    ]
    strip.cards[0].report.click()
    assert bench.comparison.priors.dialog is None


def test_the_question_shows_what_both_studies_say_of_their_patient(qtbot: QtBot, bench: ComparingBench) -> None:
    opened(qtbot, with_prior(bench, patient=STRANGER))
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)
    words = [one.text() for one in dialog.findChildren(QLabel)]

    assert {"1968-03-14", "1950-01-01", "周丽华", "李秀英"} <= {word.strip("\u2068\u2069") for word in words}
    assert f"The Patient ID does not prove it: {REASON}. It may be mistyped or given out twice." in words
    dialog.reject()


def test_a_confirmed_stranger_is_recorded_kept_for_the_case_and_told_in_red_in_every_viewport(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = confirmed_stranger(qtbot, bench)
    told = f"{REASON}: same person by your word"

    assert red(mine) == red(other) == (told,)
    assert [one.fact for one in bench.page.notices.notices()] == [told]
    assert bench.desk_bench.audit.actions.count(AuditAction.PRIOR_CONFIRMED) == 1
    assert bench.session.persons.confirmed == {"1.9.1"}
    assert [one.study_instance_uid for one in bench.session.report.known_priors] == ["1.9.1"]
    bench.comparison.priors.toggle()  # off-screen, an ended dialog does not give the keys back
    assert (red(scenes(bench)[0]), bench.page.notices.notices()) == ((), [])
    bench.page.priors.cards[0].beside.click()
    assert bench.comparison.priors.dialog is None


def test_images_that_contradict_more_than_the_question_said_are_asked_about_again_and_named_in_red(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    elsewhere = Patient("BH-7781", "赵铁柱", "19420101", "M")
    with_prior(bench, patient=elsewhere, relation=DOUBTFUL)
    known = replace(bench.source.known[0], patient=replace(ZHOU, patient_id="BH-7781"), against=(OTHER_ID,))
    bench.source.known[0] = known
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    assert bench.page.priors.cards[0].facts.why == "another Patient ID"
    bench.page.priors.cards[0].beside.click()
    first = bench.comparison.priors.dialog
    assert isinstance(first, SamePersonDialog)
    assert any("name, birth date and sex agree" in one.text() for one in first.findChildren(QLabel))
    first.accept()

    qtbot.waitUntil(lambda: bench.comparison.priors.dialog not in {None, first})
    again = bench.comparison.priors.dialog
    assert isinstance(again, SamePersonDialog)
    words = [one.text() for one in again.findChildren(QLabel)]
    why = "other ID, other name, birth date, sex"
    assert {"The images say otherwise than the list did:", f"Nothing proves it: {why}."} <= set(words)
    assert "1.9.1" not in [one.study_instance_uid for one in scenes(bench)]
    assert AuditAction.STUDY_VIEWED not in [a for a, uid, *_ in bench.desk_bench.audit.recorded if uid == "1.9.1"]

    again.accept()
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])
    assert red(scenes(bench)[1]) == (f"{why}: same person by your word",)
    assert bench.desk_bench.audit.actions.count(AuditAction.PRIOR_CONFIRMED) == 2  # one for each answer


def test_a_confirmed_prior_of_the_same_id_without_an_issuer_is_not_called_another_id(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    with_prior(bench, relation=DOUBTFUL)
    bench.source.known[0] = replace(bench.source.known[0], patient=ZHOU, issuers=("HIS", ""))
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)
    words = [one.text().strip("\u2068\u2069") for one in dialog.findChildren(QLabel)]
    at = words.index("Issuer of the ID")
    assert words[at + 1 : at + 3] == ["HIS", "not stated"]
    dialog.accept()
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])
    assert red(scenes(bench)[1]) == ("same ID, issuer not stated: same person by your word",)


def confirmed_doubtful(qtbot: QtBot, bench: ComparingBench, description: str = "胸部 CT 平扫") -> None:
    """Put a prior of the same ID without an issuer beside the case, by the reader's word."""
    with_prior(bench, relation=DOUBTFUL)
    known = replace(bench.source.known[0], patient=ZHOU, issuers=("HIS", ""), description=description)
    bench.source.known[0] = known
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)
    dialog.accept()
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])


def ask_again(qtbot: QtBot, bench: ComparingBench) -> None:
    heard: list[object] = []
    bench.comparison.priors.listed.connect(lambda: heard.append(None))
    before = len(bench.source.asked)
    bench.comparison.priors.find()
    qtbot.waitUntil(lambda: len(bench.source.asked) > before and heard != [])


def test_a_prior_that_the_hub_doubts_since_leaves_the_screen_when_priors_are_asked_for_again(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    confirmed_doubtful(qtbot, bench)
    other = (Contradiction.NAME, Contradiction.BIRTH_DATE)
    bench.source.known[0] = replace(bench.source.known[0], against=other)
    ask_again(qtbot, bench)
    assert {one.study_instance_uid for one in scenes(bench)} == {"1.2.3"}
    assert (bench.comparison.hanging.priors, bench.session.report.known_priors) == ((), ())
    bench.page.priors.cards[0].beside.click()
    dialog = bench.comparison.priors.dialog
    assert isinstance(dialog, SamePersonDialog)  # nothing of it is at hand any more
    dialog.reject()


def test_a_confirmed_prior_stays_at_hand_and_on_screen_when_priors_are_asked_for_again(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    confirmed_doubtful(qtbot, bench)
    study, images = ct_study("1.9.2", "20260101", frame="1.62")
    bench.serve_prior(study, images)
    bench.source.known.insert(0, prior("1.9.2", "20260101"))  # by then another one has arrived
    ask_again(qtbot, bench)
    assert [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"]
    assert [one.study_instance_uid for one in bench.comparison.hanging.priors] == ["1.9.1", "1.9.2"]
    viewed = [uid for action, uid, *_ in bench.desk_bench.audit.recorded if action is AuditAction.STUDY_VIEWED]
    assert viewed.count("1.9.1") == 1
    bench.comparison.priors.toggle()
    bench.comparison.priors.toggle()
    assert [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"]


def test_while_an_answer_is_being_recorded_nobody_is_asked_a_second_time(
    qtbot: QtBot, bench: ComparingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, gate = bench.desk_bench.audit, threading.Event()
    record = audit.record
    fails = [Unreachable("The hub does not answer.")]

    def slow(action: AuditAction, *, subject_uid: str = "", outcome: int = 0, detail: str = "") -> None:
        if action is AuditAction.PRIOR_CONFIRMED:
            gate.wait(5)
            if fails:
                raise fails.pop()
        record(action, subject_uid=subject_uid, outcome=outcome, detail=detail)

    monkeypatch.setattr(audit, "record", slow)
    opened(qtbot, with_prior(bench, patient=STRANGER))
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])

    def answer_twice() -> None:
        gate.clear()
        bench.page.priors.cards[0].beside.click()
        dialog = bench.comparison.priors.dialog
        assert isinstance(dialog, SamePersonDialog)
        dialog.accept()
        bench.page.priors.cards[0].beside.click()
        assert bench.comparison.priors.dialog is None
        gate.set()

    answer_twice()  # it cannot be recorded: it may be given again
    qtbot.waitUntil(lambda: [one.fact for one in bench.page.notices.notices()] == ["Priors could not be fetched"])
    assert "1.9.1" not in [one.study_instance_uid for one in scenes(bench)]
    answer_twice()
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])
    assert audit.actions.count(AuditAction.PRIOR_CONFIRMED) == 1


def test_a_confirmed_prior_whose_name_tells_no_part_is_known_to_the_report_once_its_images_are_here(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    confirmed_doubtful(qtbot, bench, description="")
    assert [one.study_instance_uid for one in bench.session.report.known_priors] == ["1.9.1"]


def test_what_the_report_page_learned_of_a_person_is_shown_beside_the_images(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    with_prior(bench, relation=DOUBTFUL)
    bench.source.known[0] = replace(bench.source.known[0], patient=ZHOU, issuers=("HIS", ""))
    opened(qtbot, bench)
    strip = bench.page.priors
    qtbot.waitUntil(lambda: strip.cards != [])
    assert (strip.heading.isHidden(), strip.possibly.text()) == (True, "1 possibly the same person")
    bench.session.confirm_person(bench.source.known[0])
    facts = strip.cards[0].facts
    assert (facts.relation, facts.said.rpartition(" ")[0]) == (
        "confirmed by you",
        "Same person, 王启明 said 2026-11-21",
    )
    assert (strip.heading.text(), strip.possibly.isHidden()) == ("1 prior", True)


def test_no_impression_of_a_study_whose_images_name_another_person_and_asking_again_makes_nobody_the_same(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    for n in range(1, 5):  # as many as are looked at by themselves
        study, images = ct_study(f"1.9.{n}", f"2025010{n}", frame=f"1.6{n}")
        bench.source.known.append(prior(f"1.9.{n}", f"2025010{n}", reported=n == 4))
        bench.serve_prior(study, images)
    bench.serve_prior(*ct_study("1.9.9", "20260101", frame="1.69", patient=STRANGER))
    bench.source.known.insert(0, prior("1.9.9", "20260101", "DX", reported=True, description="胸部 DR"))
    bench.prior_reports.stored = replace(
        cases.report(values={"impression": "左肺占位，考虑肺癌。"}, uid="1.9.9"), state=ReportState.FINAL
    )
    opened(qtbot, bench)
    strip = bench.page.priors
    qtbot.waitUntil(lambda: strip.impression.text() != "")
    assert strip.impression_heading.text() == "Last impression 2025-01-04"  # the next one that is certain
    assert (strip.cards[0].facts.relation, strip.cards[0].facts.why) == ("possibly the same", REASON)
    assert (strip.heading.text(), strip.possibly.text()) == ("4 priors", "+1 possibly the same person")
    seen = [uid for action, uid, *_ in bench.desk_bench.audit.recorded if action is AuditAction.STUDY_VIEWED]
    assert "1.9.9" not in seen

    before = len(bench.source.asked)
    bench.comparison.priors.find()
    qtbot.waitUntil(lambda: len(bench.source.asked) > before)
    qtbot.waitUntil(lambda: strip.impression.text() != "")
    assert strip.cards[0].facts.relation == "possibly the same"


def test_marks_that_nobody_decided_are_told_on_the_card_as_soon_as_the_ai_is_revealed(qtbot: QtBot) -> None:
    case = case_of(*ct_study("1.2.3", "20261121", frame="1.5"))
    bench = with_prior(ComparingBench(replace(case, findings=cases.report(cases.ai_finding()).findings)))
    qtbot.addWidget(bench.page)
    bench.page.show()
    bench.desk._read_first = lambda _actor: True
    bench.source.known[0] = replace(bench.source.known[0], undecided_marks=3)
    opened(qtbot, bench)
    strip = bench.page.priors
    qtbot.waitUntil(lambda: strip.cards != [])
    assert (bench.session.ai_hidden, strip.cards[0].facts.detail) == (True, "")
    bench.desk.reveal()
    qtbot.waitUntil(lambda: strip.cards[0].facts.detail == "3 AI marks undecided")
    bench.close()


def test_a_name_in_other_characters_under_the_same_id_and_birth_date_is_told_in_red(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside(qtbot, with_prior(bench, patient=replace(ZHOU, name="周丽娟")))
    assert red(mine) == red(other) == ("THE NAME IS WRITTEN OTHERWISE",)


def test_a_prior_that_two_people_share_does_not_hang_by_itself(qtbot: QtBot, bench: ComparingBench) -> None:
    with_prior(bench)
    bench.archive.studies["1.9.1"] = replace(bench.archive.studies["1.9.1"], also_of=(STRANGER,))
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    assert bench.comparison.hanging.priors == ()
    assert bench.page.priors.cards[0].facts.why == REASON


def test_a_name_in_latin_letters_under_the_same_id_and_birth_date_hangs_without_a_word(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside(qtbot, with_prior(bench, patient=replace(ZHOU, name="Zhou Lihua")))
    assert red(mine) == red(other) == ()


def test_planes_that_were_made_beside_another_person_do_not_keep_the_red_words(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    confirmed_stranger(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    bench.comparison.priors.toggle()
    qtbot.waitUntil(lambda: not any(isinstance(one, NoteScene) for one in scenes(bench)))
    assert stage_name(bench) == "planes"
    words = [red(one) for one in scenes(bench)]
    assert words == [(), ("MPR interpolated",), ("MPR interpolated",), ()]

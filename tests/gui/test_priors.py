"""Priors stand beside the case: found, hung, linked on the reader's word, never those of another person unasked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.gui.test_hanging import opened, press, scenes, stage_name
from tests.helpers import cases
from tests.helpers.comparing import ComparingBench, ct_study
from tests.helpers.prior_bench import bench, beside, english, red, with_prior
from tests.helpers.priors import prior
from viewers.scene.scene import Scene
from workstation.domain.errors import Unreachable
from workstation.domain.geometry import Point
from workstation.domain.hanging import PriorRelation
from workstation.domain.report import Person, ReportState
from workstation.domain.workitem import ReadingState
from workstation.ui.images.prior_words import detail_words, standing_words
from workstation.ui.prior_dialogs import PriorReportDialog, SamePartDialog
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.labels import ChipLabel, ElidedLabel
from workstation.ui.widgets.prior_strip import PriorCard, PriorFacts, PriorStrip

__all__ = ["bench", "english"]

pytestmark = pytest.mark.gui

DOUBTFUL = PriorRelation.POSSIBLY_SAME


def where(scene: Scene) -> float:
    view = scene.view((10, 10))
    assert view is not None
    assert view.plane is not None
    return view.plane.origin[2]


def test_a_prior_of_the_same_patient_stands_beside_the_case_by_itself(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside(qtbot, with_prior(bench))
    assert (mine.study_instance_uid, other.study_instance_uid) == ("1.2.3", "1.9.1")
    assert other.captions.study_description == "PRIOR · 胸部 CT 平扫"
    assert red(mine) == red(other) == ()
    strip = bench.page.priors
    assert [(one.facts.date, one.facts.relation, one.facts.is_shown) for one in strip.cards] == [
        ("2025-12-08", "same patient", True)
    ]


def test_a_prior_of_another_part_waits_to_be_opened_and_then_says_so_in_red(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    study, images = ct_study("1.9.1", "20251208", frame="1.6", description="5.0 mm")
    head = replace(study.series[0], body_part="HEAD")
    bench.source.known.append(prior("1.9.1", description="头颅 CT 平扫"))
    bench.serve_prior(replace(study, description="头颅 CT 平扫", series=(head,)), images)
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: len(bench.page.priors.cards) == 1)
    assert "1.9.1" not in {one.study_instance_uid for one in scenes(bench)}
    said: list[str] = []
    bench.page.toast.connect(said.append)
    press(bench, Qt.Key.Key_O)
    assert said == ["No prior shows this part and side for certain: ⇧ O lists them all to be opened"]

    bench.comparison.priors.open("1.9.1")
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])
    bench.deliver_everything(qtbot.waitUntil)
    assert red(scenes(bench)[1]) == ("OTHER PART OF THE BODY: chest here, head there",)
    assert red(scenes(bench)[0]) == ()


@pytest.mark.parametrize(("wide", "high"), [(1318, 720), (1872, 1052)])
def test_a_study_later_than_the_case_says_so_in_amber_and_on_its_images(
    qtbot: QtBot, bench: ComparingBench, wide: int, high: int
) -> None:
    bench.page.resize(wide, high)
    study, images = ct_study("1.9.1", "20261208", frame="1.6")
    bench.source.known.append(prior("1.9.1", "20261208"))
    bench.serve_prior(study, images)
    opened(qtbot, bench)
    strip = bench.page.priors
    qtbot.waitUntil(strip.later.isVisible)
    assert strip.later.text() == "later: 2026-12-08"
    assert strip.heading.isHidden()  # what comes after the case is no prior of it
    bench.comparison.priors.open("1.9.1")
    qtbot.waitUntil(lambda: [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"])
    bench.deliver_everything(qtbot.waitUntil)
    other = scenes(bench)[1]
    said = [line.text for line in other.frame((290, 600)).overlay.captions]
    assert "LATER · 胸部 CT 平扫" in said
    assert "2026-12-08" in said


def test_a_reader_at_work_keeps_the_layout_when_priors_come_late(qtbot: QtBot, bench: ComparingBench) -> None:
    bench.open(qtbot.waitUntil)
    bench.streams.made[0].deliver(6)
    qtbot.waitUntil(bench.page.has_image)
    with_prior(bench)
    bench.page.grid.touched = True
    bench.comparison.priors.find()
    qtbot.waitUntil(lambda: bench.comparison.hanging.priors != ())
    assert stage_name(bench) == "planes"
    press(bench, Qt.Key.Key_O)
    assert [one.study_instance_uid for one in scenes(bench)] == ["1.2.3", "1.9.1"]
    press(bench, Qt.Key.Key_O)
    assert stage_name(bench) == "planes"
    assert "1.9.1" not in [one.study_instance_uid for one in scenes(bench)]


def test_a_prior_in_the_same_frame_of_reference_scrolls_with_the_case(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside(qtbot, with_prior(bench, frame="1.5", first_mm=-10.0))
    press(bench, Qt.Key.Key_Home)
    assert (where(mine), where(other)) == (0.0, 0.0)
    qtbot.waitUntil(lambda: bench.page.priors.link.toolTip() == "Linked by position: one frame of reference")
    press(bench, Qt.Key.Key_L)
    qtbot.waitUntil(lambda: bench.page.priors.link.text() == "Link")
    press(bench, Qt.Key.Key_End)
    assert (where(mine), where(other)) == (55.0, 0.0)


def test_a_prior_in_another_frame_of_reference_stays_where_it_is_until_it_is_linked_by_hand(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside(qtbot, with_prior(bench, first_mm=1000.0))
    before = where(other)
    press(bench, Qt.Key.Key_Home)
    assert (where(mine), where(other)) == (0.0, before)

    other.scroll_to(2)  # 1010 mm is what the reader holds for 0 mm
    press(bench, Qt.Key.Key_L)
    press(bench, Qt.Key.Key_Down)
    press(bench, Qt.Key.Key_Down)
    assert (where(mine), where(other)) == (10.0, 1020.0)

    press(bench, Qt.Key.Key_L)
    press(bench, Qt.Key.Key_Down)
    assert (where(mine), where(other)) == (15.0, 1020.0)


def test_a_prior_that_nothing_relates_to_the_case_says_so_and_takes_over_neither_slice_nor_pan(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside(qtbot, with_prior(bench, first_mm=1000.0))
    grid = bench.page.grid
    headers = [grid.frames[key].header for key in grid.visible_keys()]
    level, camera = where(other), other.state.camera
    away = mine.state.camera.panned(-3000.0, 0.0)
    mine.set_camera(away)

    grid.show_point((2.0, 3.0, 10.0))

    assert (where(mine), where(other), other.state.camera) == (10.0, level, camera)
    assert mine.state.camera != away
    assert [(one.text.is_linked, one.text.apart) for one in headers] == [(False, ""), (False, "not linked")]
    assert "not linked" in headers[1].accessibleName()

    press(bench, Qt.Key.Key_L)  # by hand: both slices on screen count as one place
    assert [(one.text.is_linked, one.text.apart) for one in headers] == [(True, ""), (True, "")]
    mine.set_camera(away)  # the prior would show the place well; it follows, or both would show another part
    grid.show_point((2.0, 3.0, 20.0))
    assert where(other) == level + 10.0
    assert other.state.camera.pan == pytest.approx(mine.state.camera.pan)
    assert other.state.camera != camera
    seen = mine.state.camera, other.state.camera
    grid.show_point((2.0, 3.0, 25.0))
    assert (mine.state.camera, other.state.camera) == seen

    press(bench, Qt.Key.Key_L)
    assert [(one.text.is_linked, one.text.apart) for one in headers] == [(False, ""), (False, "not linked")]


def test_a_registration_links_only_after_the_reader_accepted_it(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside(qtbot, with_prior(bench, first_mm=-20.0))
    qtbot.waitUntil(bench.page.has_volume)
    bench.page.priors.register_asked.emit()

    def proposal() -> bool:
        return any(one.fact == "Alignment proposed" for one in bench.page.notices.notices())

    qtbot.waitUntil(proposal)
    before = where(other)
    press(bench, Qt.Key.Key_Home)
    assert (where(mine), where(other)) == (0.0, before)
    notice = next(one for one in bench.page.notices.notices() if one.fact == "Alignment proposed")
    assert [one.text for one in notice.actions] == ["Accept", "Reject"]
    notice.actions[0].handler()
    # the proposal moves the prior by 20 mm towards the head: its -20 mm is the case's 0 mm
    assert (where(mine), where(other)) == (0.0, -20.0)
    press(bench, Qt.Key.Key_Down)
    assert (where(mine), where(other)) == (5.0, -15.0)


def test_the_link_outlives_a_change_of_stage(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside(qtbot, with_prior(bench, first_mm=1000.0))
    press(bench, Qt.Key.Key_L)
    press(bench, Qt.Key.Key_Period)
    assert stage_name(bench) == "mediastinum"
    mine, other = scenes(bench)
    press(bench, Qt.Key.Key_Home)
    assert (where(mine), where(other)) == (0.0, 1000.0)


def test_a_prior_opens_in_the_window_that_the_case_is_read_in(qtbot: QtBot, bench: ComparingBench) -> None:
    beside(qtbot, with_prior(bench))
    press(bench, Qt.Key.Key_4)
    press(bench, Qt.Key.Key_2, Qt.KeyboardModifier.ShiftModifier)
    assert [one.window.width for one in scenes(bench)] == [2000, 2000]


def test_a_finding_is_never_put_where_the_mouse_is_on_the_prior(qtbot: QtBot, bench: ComparingBench) -> None:
    beside(qtbot, with_prior(bench))
    grid = bench.page.grid
    asked: list[Point] = []
    grid.add_requested.connect(asked.append)
    keys = grid.visible_keys()
    middles = [(grid.frames[key].canvas.width() / 2, grid.frames[key].canvas.height() / 2) for key in keys]
    points = [grid.point_at(key, *middle) for key, middle in zip(keys, middles, strict=True)]
    assert [one is None for one in points] == [False, True]


def test_measurements_on_the_prior_stay_out_of_this_report(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside(qtbot, with_prior(bench))
    assert mine.annotations is bench.presenter.images.annotations
    assert other.annotations.value.study_instance_uid == "1.9.1"


# what fails costs the priors only


def test_a_dead_line_costs_the_priors_and_says_so(qtbot: QtBot, bench: ComparingBench) -> None:
    bench.source.fail_with = Unreachable("The line is down.")
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.notices.notices() != [])
    notice = bench.page.notices.notices()[0]
    assert (notice.fact, notice.still_works) == (
        "Priors could not be fetched", "The line is down. The case itself can be read."
    )  # fmt: skip
    assert bench.page.has_image()
    bench.source.fail_with = None
    with_prior(bench)
    notice.actions[0].handler()
    qtbot.waitUntil(lambda: bench.comparison.hanging.priors != ())
    assert bench.page.notices.notices() == []


def test_images_of_the_prior_are_fetched_ahead_only_once_those_of_the_case_are_here(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    with_prior(bench)
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: bench.comparison.hanging.priors != ())
    assert bench.archive.fetched == []
    bench.deliver_everything(qtbot.waitUntil)
    qtbot.waitUntil(lambda: len(bench.archive.fetched) == 12)


def test_nothing_of_a_prior_stays_when_the_case_is_closed(qtbot: QtBot, bench: ComparingBench) -> None:
    beside(qtbot, with_prior(bench))
    qtbot.waitUntil(lambda: len(bench.archive.fetched) == 12)
    bench.desk.close()
    comparing = bench.comparison.priors._comparing
    assert comparing is not None
    assert comparing.ahead.held_bytes == 0
    assert (bench.page.priors.cards, bench.page.priors.isHidden()) == ([], True)


# reports


def test_the_signed_report_of_a_prior_is_shown_as_text_and_its_conclusion_at_once(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    values = cases.complete_values() | {"recommendation": "建议3个月复查"}
    bench.prior_reports.stored = replace(
        cases.report(values=values, uid="1.9.1"),
        state=ReportState.FINAL,
        signed_at=cases.NOON,
        verifier=Person("expert", "王启明", "中心"),
    )
    opened(qtbot, with_prior(bench, reported=True))
    qtbot.waitUntil(lambda: bench.page.priors.impression.text() != "")
    assert bench.page.priors.impression.text() == "右肺实性结节，建议增强 CT。"
    assert bench.page.priors.impression_heading.text() == "Last impression 2025-12-08"
    bench.page.priors.cards[0].report.click()
    qtbot.waitUntil(lambda: isinstance(bench.comparison.priors.dialog, PriorReportDialog))
    dialog = bench.comparison.priors.dialog
    assert dialog is not None
    dialog.accept()


# what is never linked


def with_prior_of(
    bench: ComparingBench, body_part: str, description: str, *, frame: str, first_mm: float = 0.0
) -> ComparingBench:
    """Serve a prior of another part of the body; it comes beside by hand, since no protocol would hang it."""
    study, images = ct_study("1.9.1", "20251208", frame=frame, first_mm=first_mm, description="1.0 mm")
    series = replace(study.series[0], body_part=body_part)
    bench.source.known.append(prior("1.9.1"))
    bench.serve_prior(replace(study, description=description, series=(series,)), images)
    return bench


def beside_by_hand(qtbot: QtBot, bench: ComparingBench) -> tuple[Scene, Scene]:
    opened(qtbot, bench)
    qtbot.waitUntil(lambda: bench.page.priors.cards != [])
    if len(scenes(bench)) < 2 or "1.9.1" not in [one.study_instance_uid for one in scenes(bench)]:
        bench.page.priors.cards[0].beside.click()
    qtbot.waitUntil(lambda: bench.comparison.alignment.pair() is not None)
    bench.deliver_everything(qtbot.waitUntil)
    found = bench.comparison.alignment.pair()
    assert found is not None
    return found[0], found[1]


def test_the_head_is_never_linked_with_the_chest_and_the_refusal_says_why(qtbot: QtBot, bench: ComparingBench) -> None:
    mine, other = beside_by_hand(qtbot, with_prior_of(bench, "HEAD", "头颅CT平扫", frame="1.6", first_mm=1000.0))
    said: list[str] = []
    bench.page.toast.connect(said.append)
    before = where(other)
    press(bench, Qt.Key.Key_L)
    press(bench, Qt.Key.Key_End)
    assert said == ["Not linked: chest here, head there"]
    assert (where(mine), where(other)) == (55.0, before)
    bench.page.priors.register_asked.emit()
    assert said[1:] == ["Not linked: chest here, head there"]
    assert [one.fact for one in bench.page.notices.notices()] == []


def test_a_frame_of_reference_that_two_unrelated_studies_share_links_nothing(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside_by_hand(qtbot, with_prior_of(bench, "KNEE", "膝关节CT", frame="1.5"))
    before = where(other)
    press(bench, Qt.Key.Key_End)
    assert (where(mine), where(other)) == (55.0, before)
    assert bench.comparison.alignment.linked == ""


def test_what_no_label_names_is_asked_about_once_and_linked_on_the_readers_word(
    qtbot: QtBot, bench: ComparingBench
) -> None:
    mine, other = beside_by_hand(qtbot, with_prior_of(bench, "", "", frame="1.6", first_mm=1000.0))
    alignment = bench.comparison.alignment
    before = where(other)
    press(bench, Qt.Key.Key_L)
    assert isinstance(alignment.dialog, SamePartDialog)
    press(bench, Qt.Key.Key_L)  # a second press asks nothing anew
    alignment.dialog.reject()
    press(bench, Qt.Key.Key_Home)
    assert where(other) == before

    press(bench, Qt.Key.Key_L)
    assert isinstance(alignment.dialog, SamePartDialog)
    alignment.dialog.accept()
    assert alignment.linked == "Linked by hand"
    press(bench, Qt.Key.Key_Down)
    assert (where(mine), where(other)) == (5.0, before + 5.0)

    press(bench, Qt.Key.Key_L)
    assert alignment.linked == ""
    press(bench, Qt.Key.Key_L)
    assert alignment.linked == "Linked by hand"


@pytest.mark.parametrize("why", ["", "same ID, other name, birth date, sex"])
def test_cards_that_are_scrolled_stand_whole_above_the_scroll_bar(qtbot: QtBot, why: str) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    facts = PriorFacts("1.9.1", "2025-12-08", "CT", "胸部 CT", "清水镇", "possibly the same", detail="陈住院", why=why)
    strip = PriorStrip()
    qtbot.addWidget(strip)
    strip.resize(900, 160)
    strip.show()
    strip.show_impression("", "")
    strip.show_priors([facts] * 3)
    qtbot.waitUntil(lambda: strip.cards[0].width() == 240)
    assert strip.height() == 160

    strip.show_priors([facts] * 6)
    qtbot.waitUntil(lambda: strip.height() > 160)
    QApplication.processEvents()
    card = strip.cards[0]
    inner = card.parentWidget()
    assert inner is not None
    area = inner.parentWidget()
    assert area is not None
    assert card.height() >= card.minimumSizeHint().height()
    assert card.mapTo(area, card.rect().bottomLeft()).y() <= area.rect().bottom()


def test_a_prior_that_nobody_has_reported_says_so_on_its_card(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    use_language("en")
    facts = PriorFacts("1.2", "2025-12-08", "CT", "LDCT", "Qingshui", "same patient")
    unread, read = PriorCard(facts), PriorCard(replace(facts, reported=True))
    for card in (unread, read):
        qtbot.addWidget(card)
    said = [[one.accessibleName() or one.text() for one in card.findChildren(ChipLabel)] for card in (unread, read)]
    assert said == [["same patient", "not reported"], ["same patient"]]
    assert unread.accessibleName().endswith("same patient not reported")
    assert read.accessibleName().endswith("same patient")
    use_language("zh_CN")


def test_the_card_of_a_prior_tells_who_reads_it_and_what_of_the_ai_is_undecided(qtbot: QtBot) -> None:
    use_language("en")
    reading = replace(prior("1.9"), state=ReadingState.READING, reader="王启明", undecided_marks=3)
    waiting = replace(reading, state=ReadingState.PRELIMINARY, undecided_marks=0)
    free = replace(prior("1.9"), undecided_marks=1)
    told = [(standing_words(one), detail_words(one, with_marks=True)) for one in (reading, waiting, free)]
    assert told == [
        ("Reading", "王启明 · 3 AI marks undecided"),
        ("Preliminary", "王启明"),
        ("not reported", "1 AI mark undecided"),
    ]
    assert detail_words(reading, with_marks=False) == "王启明"
    card = PriorCard(
        PriorFacts(
            "1.9", "2025-12-08", "CT", "LDCT", "Qingshui", "same patient", standing=told[0][0], detail=told[0][1]
        )
    )
    qtbot.addWidget(card)
    assert card.accessibleName().endswith("same patient Reading 王启明 · 3 AI marks undecided")
    assert told[0][1] in [one.text() for one in card.findChildren(ElidedLabel)]
    use_language("zh_CN")

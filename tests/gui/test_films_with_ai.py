"""Films with AI: a box is decided on its own image, and what a score comes from is asked for and told apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers import cases
from tests.helpers.fakes import EXPERT
from tests.helpers.films import on_film
from tests.helpers.reading import ALGORITHM, Case, ReadingBench
from tests.unit.domain.test_nodule import nodule
from viewers.scene.camera import Camera
from viewers.scene.stack_scene import StackScene
from workstation.bootstrap.image_stream import decode_for_display
from workstation.domain.errors import BundleInvalid
from workstation.domain.finding import AlgorithmIdentity, Decision, FindingList, Mark, RejectReason
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImagePlace
from workstation.domain.model import OcclusionMap
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.report import BlockerKind
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.volume import Volume
from workstation.services.explain_service import ExplainFindings
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.finding_editor import NameEditor

pytestmark = pytest.mark.gui

DX = "1.2.840.10008.5.1.4.1.1.1.1"
FRONT, SIDE = "1.2.3.2.0", "1.2.3.3.0"
MODEL = replace(ALGORITHM, operating_points=(("sensitive", 0.2), ("balanced", 0.414), ("specific", 0.85)))


def film_case(shared_data: Path) -> Case:
    """A real chest radiograph twice, as two series; boxes on both and an effusion somewhere on the second."""
    path = shared_data / "dicom-zoo/highdicom/data/test_files/dx_image.dcm"
    real = decode_for_display(path.read_bytes())
    images = {uid: replace(real, sop_instance_uid=uid, plane=None) for uid in (FRONT, SIDE)}
    series = tuple(
        Series(
            uid.rpartition(".")[0],
            "DX",
            n,
            "胸部",
            "CHEST",
            (Instance(uid, DX, 1, rows=real.rows, columns=real.columns, view_position=view),),
        )
        for n, (uid, view) in enumerate(((FRONT, "PA"), (SIDE, "LL")), start=1)
    )
    study = Study("1.2.3", Patient("BH0040551", "Nurlan^Aibek", "19770611", "M"), "20261121", "175500", "BH20261121",
                  "胸部正侧位", "清水镇中心卫生院", series)  # fmt: skip
    found = FindingList(
        "1.2.3",
        "1.2.3.2",
        algorithm=MODEL,
        findings=(
            on_film(1, sop=FRONT, box=(20.0, 30.0, 60.0, 80.0), score=0.9, out_of_ten=7),
            on_film(2, sop=SIDE, box=(100.0, 40.0, 140.0, 90.0), score=0.6, label="nodule"),
            on_film(3, sop=SIDE, box=None, score=0.7, label="effusion"),
            on_film(4, sop=FRONT, box=(120.0, 30.0, 160.0, 80.0), score=0.3, shown=False),
        ),
    )
    row = replace(cases.row(), study_instance_uid="1.2.3", patient_name="Nurlan^Aibek", patient_id="BH0040551")
    return Case(row, study, found, {one.series_instance_uid: (images[one.instances[0].sop_instance_uid],)
                                    for one in series})  # fmt: skip


@dataclass
class _Occluder:
    """Waits half way until it is told to go on; keeps where it was asked and whether it was stopped."""

    answer: OcclusionMap | None = None
    error: BundleInvalid | None = None
    go_on: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, ImagePlace, str]] = field(default_factory=list)

    def occlusion(
        self, algorithm: AlgorithmIdentity, study: Study, place: ImagePlace, label: str, job: JobContext
    ) -> OcclusionMap | None:
        self.asked.append((algorithm.sha256, place, label))
        assert study.study_instance_uid == "1.2.3"
        job.progress(0.5)
        try:
            while not self.go_on.wait(0.01):
                job.raise_if_cancelled()
        finally:
            self.stopped.set()
        if self.error is not None:
            raise self.error
        return self.answer

    def occlusion_in_space(
        self, algorithm: AlgorithmIdentity, volume: Volume, label: str, job: JobContext
    ) -> OcclusionMap | None:
        raise AssertionError("a film has no volume")


class _NoMeasurer:
    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        del volume, job, diameter_mm
        return nodule(seed_lps_mm=seed_lps_mm)


class _NoHeat:
    def heat(self, algorithm: AlgorithmIdentity, volume: Volume, job: JobContext) -> OcclusionMap | None:
        del algorithm, volume, job
        return None

    def occlusion(
        self, algorithm: AlgorithmIdentity, volume: Volume, mark: Mark, job: JobContext
    ) -> OcclusionMap | None:
        del algorithm, volume, mark, job
        return None


@pytest.fixture
def bench(qtbot: QtBot, shared_data: Path) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(film_case(shared_data), actor=EXPERT)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    yield made
    made.close()


@pytest.fixture
def occluder(bench: ReadingBench) -> Iterator[_Occluder]:
    made = _Occluder()
    explaining = bench.presenter.explaining
    explaining._explain = ExplainFindings(_NoMeasurer(), tuple, _NoHeat(), made)
    explaining.occluding.occluder = made
    yield made
    made.go_on.set()


def opened(qtbot: QtBot, bench: ReadingBench, *, read_first: bool = False) -> None:
    bench.desk._read_first = lambda _actor: read_first
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_image)


def stack(bench: ReadingBench) -> StackScene:
    scene = bench.page.grid.stack
    assert scene is not None
    return scene


def boxes(bench: ReadingBench) -> list[str]:
    frame = bench.page.grid.active
    assert frame.scene is not None
    view = frame.scene.view(frame.canvas.viewport)
    assert view is not None
    return [mark.label for mark in frame.scene.marks(view)]


def jump(qtbot: QtBot, bench: ReadingBench, number: int) -> None:
    bench.page.jump_to(f"2.25.{number}")
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_image)


def test_boxes_are_listed_with_their_image_and_drawn_on_it_alone(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)

    cards = bench.page.findings.cards
    assert [(card.facts.finding.number, card.facts.image) for card in cards] == [(1, "PA"), (2, "LL"), (3, "LL")]
    assert cards[0].lines() == ["Box on the image", "True in about 7 of 10"]
    assert cards[2].lines() == ["Whole image, no place marked", "Score 0.70, not calibrated"]
    assert [cards[0].accessibleName(), cards[2].edit.isVisible()] == ["1 · Mass · PA · Undecided", False]
    assert boxes(bench) == ["? 1 · mass"]
    jump(qtbot, bench, 2)
    assert stack(bench).series_instance_uid == "1.2.3.3"
    assert boxes(bench) == ["? 2 · nodule"]
    jump(qtbot, bench, 1)
    assert boxes(bench) == ["? 1 · mass"]


def test_a_box_off_the_screen_is_brought_to_its_middle_and_one_on_it_moves_nothing(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    scene, viewport = stack(bench), bench.page.grid.active.canvas.viewport
    jump(qtbot, bench, 1)
    assert scene.state.camera == Camera()
    scene.set_camera(Camera(zoom=6.0, pan=(-4000.0, 0.0)))

    jump(qtbot, bench, 1)

    view = scene.view(viewport)
    assert view is not None
    (box,) = scene.marks(view)
    assert (box.x, box.y) == pytest.approx((viewport[0] / 2, viewport[1] / 2))


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_boxes_are_decided_by_the_keys_of_any_mark_and_block_the_signature_until_then(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    jump(qtbot, bench, 1)
    waiting = [b.target for b in bench.session.blockers if b.kind is BlockerKind.UNDECIDED_FINDING]
    assert waiting == ["2.25.1", "2.25.2", "2.25.3"]

    bench.page.accept_requested.emit()
    assert bench.page.findings.selected == "2.25.2"
    bench.page.reject_asked.emit()
    menu = bench.page.findings.menu
    assert menu is not None
    assert [action.text() for action in menu.actions()][2:] == [
        "1   Superimposed structures", "2   Nipple shadow", "3   Old or known change", "4   Device or foreign body",
        "5   Artefact", "6   Other reason",
    ]  # fmt: skip
    QTest.keyClick(menu, Qt.Key.Key_5)
    bench.page.accept_requested.emit()

    found = bench.session.findings
    assert [one.decision for one in found.findings] == [
        Decision.ACCEPTED, Decision.REJECTED, Decision.ACCEPTED, Decision.UNDECIDED,
    ]  # fmt: skip
    assert found.findings[1].reject_reason is RejectReason.ARTEFACT
    assert [b for b in bench.session.blockers if b.kind is BlockerKind.UNDECIDED_FINDING] == []
    assert [one.number for one in found.reported] == [1, 3]
    bench.session.review.undo()
    assert bench.session.findings.findings[2].decision is Decision.UNDECIDED


def test_what_lay_outside_the_models_tested_use_stands_over_its_marks(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    session = bench.session
    session.review._decide(replace(session.findings, algorithm=replace(MODEL, doubts=("contrast", "age"))))

    assert bench.page.findings.ai.banner.text().splitlines() == [
        "Outside what the model was tested on: contrast medium was given.",
        "Outside what the model was tested on: the age of the patient is unknown.",
    ]
    assert bench.page.findings.ai.banner.isVisible()


def test_nothing_of_the_boxes_is_seen_before_the_reader_has_looked(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench, read_first=True)

    assert (bench.page.findings.cards, boxes(bench)) == ([], [])
    bench.page.findings.ai.gate.button.click()
    qtbot.waitUntil(lambda: not bench.session.ai_hidden)
    assert boxes(bench) == ["? 1 · mass"]


def test_the_operating_point_decides_which_boxes_are_shown(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)

    bench.session.review.choose_operating_point("sensitive")
    assert boxes(bench) == ["? 1 · mass", "? 4 · mass"]
    bench.session.review.choose_operating_point("specific")
    assert [card.facts.finding.number for card in bench.page.findings.cards] == [1]


def drag(bench: ReadingBench, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag on the stack with the left button, from and to pixels of the image."""
    frame = bench.page.grid.active
    view = stack(bench).view(frame.canvas.viewport)
    assert view is not None
    first, last = (QPoint(*(round(value) for value in view.transform.apply(*at))) for at in (start, end))
    QTest.mousePress(frame.canvas, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(frame.canvas, (first + last) / 2)
    QTest.mouseMove(frame.canvas, last)
    QTest.mouseRelease(frame.canvas, Qt.MouseButton.LeftButton, pos=last)


def test_a_reader_drags_a_models_box_and_takes_it_back(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    jump(qtbot, bench, 1)

    drag(bench, (60.0, 80.0), (80.0, 110.0))

    moved = bench.session.findings.get("2.25.1")
    assert moved.decision is Decision.EDITED
    assert moved.on_image is not None
    assert moved.on_image.box_px == pytest.approx((20.0, 30.0, 80.0, 110.0), abs=1.0)  # the mouse counts whole pixels
    assert moved.original == on_film(1, sop=FRONT, box=(20.0, 30.0, 60.0, 80.0), score=0.9, out_of_ten=7).original
    assert bench.page.findings.card("2.25.1").lines()[-1] == "Changed by the reader; the AI said: mass"
    bench.page.undo_requested.emit()
    assert bench.session.findings.get("2.25.1").decision is Decision.UNDECIDED
    bench.page.redo_requested.emit()
    assert bench.session.findings.get("2.25.1").decision is Decision.EDITED


def test_what_lies_on_a_film_is_renamed_and_a_finding_without_a_place_is_not_edited(
    qtbot: QtBot, bench: ReadingBench
) -> None:
    opened(qtbot, bench)
    jump(qtbot, bench, 1)
    bench.page.edit_asked.emit()
    editor = bench.page.findings.card("2.25.1").editor
    assert isinstance(editor, NameEditor)
    assert editor.choice.currentText() == "Mass"

    editor.choice.setCurrentIndex(editor.labels.index("rib_fracture"))
    editor.save.click()

    assert bench.session.findings.get("2.25.1").called == "rib_fracture"
    assert boxes(bench) == ["✎ 1 · rib fracture"]
    jump(qtbot, bench, 3)
    said: list[str] = []
    bench.page.toast.connect(said.append)
    bench.page.edit_asked.emit()
    assert said == ["A finding without a place is accepted or rejected as it is"]


def test_a_reader_adds_a_box_of_their_own_names_it_and_takes_it_off_again(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.page.resize(1318, 708)
    opened(qtbot, bench)
    for _ in range(9):
        bench.session.review._new_uid()  # the boxes of the model have the first ones
    bench.page.begin_adding()
    frame = bench.page.grid.active
    view = stack(bench).view(frame.canvas.viewport)
    assert view is not None
    at = QPoint(*(round(value) for value in view.transform.apply(100.0, 60.0)))

    QTest.mouseClick(frame.canvas, Qt.MouseButton.LeftButton, pos=at)

    own = bench.session.findings.findings[-1]
    assert (own.decision, own.number, own.decided_by) == (Decision.ADDED, 5, "expert")
    assert own.on_image is not None
    assert own.on_image.sop_instance_uid == FRONT
    left, top, right, bottom = own.on_image.box_px or (0, 0, 0, 0)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((100.0, 60.0), abs=1.0)
    card = bench.page.findings.card(own.tracking_uid)
    assert isinstance(card.editor, NameEditor)
    assert card.minimumSizeHint().width() < bench.page.findings.width()  # nothing of it is cut off
    panel, editor = bench.page.findings, card.editor
    shown = panel._scroll.viewport()
    qtbot.waitUntil(lambda: shown.rect().contains(editor.save.mapTo(shown, editor.save.rect().center())))
    editor.choice.setCurrentIndex(editor.labels.index("fracture"))
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert boxes(bench)[-1] == "＋ 5 · fracture"
    assert card.lines()[-1] == "Drawn by the reader, not counted as AI"
    drag(bench, (right, bottom), (right + 20.0, bottom + 10.0))
    grown = bench.session.findings.get(own.tracking_uid)
    assert grown.on_image is not None
    assert (grown.decision, grown.called) == (Decision.ADDED, "fracture")
    assert grown.on_image.box_px == pytest.approx((left, top, right + 20.0, bottom + 10.0), abs=1.0)
    assert own.tracking_uid in [one.tracking_uid for one in bench.session.findings.reported]
    card.reject.click()
    assert [one.number for one in bench.session.findings.findings] == [1, 2, 3, 4]


def _from_menu(bench: ReadingBench, name: str) -> None:
    grid = bench.page.grid
    (key,) = [key for key, frame in grid.frames.items() if frame is grid.active]
    grid.menu_requested.emit(key, grid.active.canvas.mapToGlobal(QPoint(60, 60)))
    menu = bench.page.image_menu.menu
    assert menu is not None
    (entry,) = [one for one in menu.actions() if one.objectName() == name]
    entry.trigger()
    menu.close()


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("entry", ["menu.add_image", "menu.add_series"])
def test_a_reader_says_something_of_a_whole_film_or_series_names_it_and_takes_it_off_again(
    qtbot: QtBot, bench: ReadingBench, entry: str
) -> None:
    opened(qtbot, bench)
    for _ in range(9):
        bench.session.review._new_uid()  # the findings of the model have the first ones

    _from_menu(bench, entry)

    own = bench.session.findings.findings[-1]
    expected = ImagePlace(FRONT) if entry == "menu.add_image" else ImagePlace.whole_series("1.2.3.2")
    assert (own.decision, own.number, own.on_image, own.original) == (Decision.ADDED, 5, expected, None)
    card = bench.page.findings.card(own.tracking_uid)
    assert isinstance(card.editor, NameEditor)
    assert "emphysema" in card.editor.labels
    card.editor.choice.setCurrentIndex(card.editor.labels.index("cardiomegaly"))
    QTest.keyClick(card.editor, Qt.Key.Key_Return)
    assert bench.session.findings.get(own.tracking_uid).called == "cardiomegaly"
    place = "Whole image, no place marked" if entry == "menu.add_image" else "Whole series, no place marked"
    assert card.lines()[-2:] == [place, "Added by the reader, not counted as AI"]
    bench.page.findings.select(own.tracking_uid)
    bench.page.edit_asked.emit()  # the reader's own can be named anew
    assert isinstance(card.editor, NameEditor)
    card.reject.click()
    assert [one.number for one in bench.session.findings.findings] == [1, 2, 3, 4]


def test_a_models_box_and_the_readers_own_at_one_place_become_one_finding(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    for _ in range(9):
        bench.session.review._new_uid()
    said: list[str] = []
    bench.page.toast.connect(said.append)
    drawn = bench.session.review.add_on_image(ImagePlace(FRONT, box_px=(18.0, 26.0, 64.0, 84.0)))
    whole = bench.session.review.add_on_image(ImagePlace(SIDE), "pleural_effusion")

    for uid in ("2.25.1", "2.25.3"):
        bench.page.findings.card(uid).accept.click()

    both, effusion = bench.session.findings.get("2.25.1"), bench.session.findings.get("2.25.3")
    assert said[:2] == ["One finding with your own 5; its box is yours", "One finding with your own 6"]
    assert (both.on_image, both.called) == (drawn.on_image, "mass")
    assert (effusion.own is not None, effusion.decision, effusion.called) == (
        True,
        Decision.ACCEPTED,
        "pleural_effusion",
    )
    left = [one.tracking_uid for one in bench.session.findings.findings]
    assert drawn.tracking_uid not in left
    assert whole.tracking_uid not in left
    assert bench.page.findings.card("2.25.1").lines()[-1] == "Found by the reader, confirmed by the AI"
    bench.session.review.undo()
    bench.session.review.undo()
    assert len(bench.session.findings.findings) == 6


def test_nobody_changes_a_box_in_a_case_that_is_open_read_only(qtbot: QtBot, bench: ReadingBench) -> None:
    bench.desk._read_first = lambda _actor: False
    bench.open(qtbot.waitUntil, read_only=True)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_image)
    jump(qtbot, bench, 1)
    before = bench.session.findings

    drag(bench, (60.0, 80.0), (80.0, 110.0))
    bench.page.grid.box_requested.emit(ImagePlace(FRONT, box_px=(1.0, 1.0, 9.0, 9.0)))
    bench.page.findings.name_requested.emit("2.25.1", "fracture")

    assert bench.session.findings == before


def explained(bench: ReadingBench) -> tuple[str, list[str]] | None:
    """Return the title of the legend and the warnings of the active viewport, None without a map."""
    frame = bench.page.grid.active
    assert frame.scene is not None
    overlay = frame.scene.frame(frame.canvas.viewport).overlay
    if overlay.tint is None:
        return None
    assert overlay.colour_bar is not None
    return overlay.colour_bar.legend.title, [line.text for line in overlay.captions if line.is_warning]


def ask_for_the_map(qtbot: QtBot, bench: ReadingBench, occluder: _Occluder, until: Callable[[], bool]) -> None:
    jump(qtbot, bench, 3)
    bench.page.evidence_asked.emit()
    bench.page.findings.evidence.heat.click()
    qtbot.waitUntil(lambda: len(occluder.asked) > 0)
    qtbot.waitUntil(until)


def test_what_a_score_comes_from_is_computed_on_demand_and_told_apart_from_a_finding(
    qtbot: QtBot, bench: ReadingBench, occluder: _Occluder
) -> None:
    opened(qtbot, bench)
    grid = np.diag([10.0, 10.0, 1.0, 1.0])
    occluder.answer = OcclusionMap(np.full((16, 20), 0.3, np.float32), grid)
    pane = bench.page.findings.evidence
    ask_for_the_map(qtbot, bench, occluder, lambda: pane.heat.text() == "Stop · 50 %")
    assert pane.view.said[1::2] == [
        "pleural effusion", "Whole image, no place marked", "0.70", "not calibrated", "lung-nodule-xs 0.1.0",
        "none: a film has no place in the patient",
    ]  # fmt: skip
    assert occluder.asked == [(MODEL.sha256, ImagePlace(SIDE), "effusion")]

    occluder.go_on.set()
    qtbot.waitUntil(lambda: explained(bench) is not None)

    title, warnings = explained(bench) or ("", [])
    assert title == "Score falls by"
    assert "Explanation, no finding: pleural effusion" in warnings
    bench.page.toggle_marks()
    assert explained(bench) is None
    bench.page.toggle_marks()
    jump(qtbot, bench, 1)
    assert explained(bench) is None
    jump(qtbot, bench, 3)
    assert explained(bench) is not None
    pane.heat.click()
    assert (explained(bench), pane.heat.text()) == (None, "Occlusion map")


def test_a_map_that_is_not_wanted_any_more_is_stopped_at_once(
    qtbot: QtBot, bench: ReadingBench, occluder: _Occluder
) -> None:
    opened(qtbot, bench)
    pane = bench.page.findings.evidence
    ask_for_the_map(qtbot, bench, occluder, lambda: pane.heat.text() == "Stop · 50 %")

    pane.heat.click()

    assert pane.heat.text() == "Occlusion map"
    qtbot.waitUntil(occluder.stopped.is_set)
    occluder.go_on.set()
    bench.page.evidence_asked.emit()
    assert (pane.isVisible(), explained(bench)) == (False, None)


def test_a_box_claims_its_place_and_needs_no_map(qtbot: QtBot, bench: ReadingBench, occluder: _Occluder) -> None:
    opened(qtbot, bench)
    jump(qtbot, bench, 1)
    bench.page.evidence_asked.emit()

    pane = bench.page.findings.evidence
    assert pane.view.said[3] == "Box on the image"
    assert pane.view.said[7] == "true in about 7 of 10"
    assert not pane.heat.isVisible()
    assert occluder.asked == []


def test_a_missing_model_and_a_refusal_are_said(qtbot: QtBot, bench: ReadingBench, occluder: _Occluder) -> None:
    opened(qtbot, bench)
    occluder.go_on.set()
    said: list[str] = []
    bench.page.toast.connect(said.append)
    ask_for_the_map(qtbot, bench, occluder, lambda: bool(said))
    assert said == ["There is no occlusion map: this machine does not have the model"]

    occluder.error = BundleInvalid("The model is broken.")
    bench.page.findings.evidence.heat.click()
    qtbot.waitUntil(lambda: "occlusion" in [one.key for one in bench.page.notices.notices()])
    assert bench.page.findings.evidence.heat.text() == "Occlusion map"


def test_a_map_does_not_follow_the_reader_into_the_next_case(
    qtbot: QtBot, bench: ReadingBench, occluder: _Occluder
) -> None:
    opened(qtbot, bench)
    occluder.answer = OcclusionMap(np.full((16, 20), 0.3, np.float32), np.diag([10.0, 10.0, 1.0, 1.0]))
    occluder.go_on.set()
    ask_for_the_map(qtbot, bench, occluder, lambda: explained(bench) is not None)
    scene = bench.page.grid.active.scene
    assert scene is not None

    bench.desk.close()

    assert scene.explained is None
    assert not bench.presenter.explaining.occluding.is_open

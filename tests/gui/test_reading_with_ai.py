"""Reading with AI: first one's own eyes, then marks at the chosen point, each decided, none lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.lidc import nodule_table
from resources.translation import use_language
from tests.helpers.fakes import EXPERT
from tests.helpers.reading import ALGORITHM, Case, ReadingBench, case, part_of_ct
from tests.unit.domain.test_nodule import nodule
from viewers.scene.heat_layer import HeatLayer
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotANodule, Unreachable
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, Mark, RejectReason
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.look_alike import known_nodules
from workstation.domain.model import ModelCard, ModelKind, OcclusionMap, Trust
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.report import BlockerKind
from workstation.domain.study import Study
from workstation.domain.volume import Volume
from workstation.services.explain_service import ExplainFindings
from workstation.services.reading_ai import ReadingAi
from workstation.storage.tallies import TallyFolder
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

POINTS = (("sensitive", 0.2), ("balanced", 0.414), ("specific", 0.8))
SCORES = (0.9, 0.7, 0.5, 0.3)


def scored(finding: Finding, score: float) -> Finding:
    assert finding.original is not None
    return replace(finding, original=replace(finding.original, score=score, shown=score >= 0.414, out_of_ten=6))


def four_marks(folder: Path) -> Case:
    images = part_of_ct(folder, 120, 240, 6)
    plane = images[4].plane
    assert plane is not None
    spots = [(plane.lps_of(column, 246.0), 8.0) for column in (120.0, 183.0, 250.0, 330.0)]
    made = case(images, *spots)
    found = made.findings
    marked = tuple(scored(f, score) for f, score in zip(found.findings, SCORES, strict=True))
    algorithm = replace(ALGORITHM, operating_points=POINTS)
    return replace(made, findings=replace(found, algorithm=algorithm, findings=marked))


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def bench(qtbot: QtBot, lidc_0314: Path) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(four_marks(lidc_0314), actor=EXPERT)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    yield made
    made.close()


def opened(qtbot: QtBot, bench: ReadingBench, *, read_first: bool = False) -> None:
    bench.desk._read_first = lambda _actor: read_first
    bench.open(qtbot.waitUntil)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_image)


def numbers(bench: ReadingBench) -> list[int]:
    return [card.facts.finding.number for card in bench.page.findings.cards]


def drawn(bench: ReadingBench) -> list[int]:
    scene = bench.page.grid.stack
    assert scene is not None
    assert scene.findings is not None
    return [finding.number for finding in scene.findings.findings]


def test_nothing_of_the_ai_is_seen_before_the_reader_has_looked(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench, read_first=True)
    panel = bench.page.findings

    assert panel.ai.gate.isVisible()
    assert (numbers(bench), drawn(bench), panel.message_text(), panel.origin_text()) == ([], [], "", "")
    bench.page.jump_to(bench.session.findings.findings[0].tracking_uid)
    assert panel.selected == ""
    assert [b.kind for b in bench.session.blockers if b.kind is not BlockerKind.EMPTY_FIELD] == [
        BlockerKind.AI_NOT_SEEN
    ]


def place_of(bench: ReadingBench, at: int) -> Point:
    place = bench.session.findings.findings[at].centre_lps_mm
    assert place is not None
    return place


def test_revealing_is_recorded_once_before_the_ai_is_shown(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench, read_first=True)
    bench.presenter._add(place_of(bench, 3))
    bench.page.findings.ai.gate.button.click()
    bench.page.findings.ai.gate.button.click()
    qtbot.waitUntil(lambda: not bench.session.ai_hidden)

    recorded = [one for one in bench.desk_bench.audit.recorded if one[0] is AuditAction.AI_REVEALED]
    assert recorded == [(AuditAction.AI_REVEALED, "1.2.3", 0, "1 own findings before 3 AI marks were shown")]
    assert numbers(bench) == [1, 2, 3, 5]
    assert (bench.session.findings.revealed_by, bench.session.findings.revealed_at) == (
        "expert",
        bench.desk_bench.clock.now(),
    )
    bench.presenter._add(place_of(bench, 3))
    assert [f.before_ai for f in bench.session.findings.findings if f.original is None] == [True, False]
    bench.session.review.undo()
    bench.session.review.undo()
    assert not bench.session.ai_hidden


def test_an_ai_that_cannot_be_recorded_as_revealed_stays_hidden_and_says_so(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench, read_first=True)
    bench.desk_bench.audit.fail_with = Unreachable("The hub does not answer")
    bench.page.findings.ai.gate.button.click()
    qtbot.waitUntil(lambda: bool(bench.page.notices.notices()))
    assert bench.session.ai_hidden

    bench.desk_bench.audit.fail_with = None
    QTest.keyClick(bench.page.grid.active.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not bench.session.ai_hidden)


def test_a_senior_sees_the_ai_at_once(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    assert not bench.page.findings.ai.gate.isVisible()
    assert numbers(bench) == [1, 2, 3]


def test_the_operating_point_hides_marks_and_loses_none(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    bar = bench.page.findings.ai
    assert bar.points is not None
    assert bar.points.value() == "balanced"
    assert bar.below.text() == "1 more mark below this point"

    bar.point_chosen.emit("sensitive")
    assert (numbers(bench), drawn(bench)) == ([1, 2, 3, 4], [1, 2, 3, 4])
    bench.session.review.accept(bench.session.findings.findings[3].tracking_uid)
    bar.point_chosen.emit("specific")
    assert (numbers(bench), drawn(bench)) == ([1, 4], [1, 4])
    assert len(bench.session.findings.findings) == 4
    bench.session.review.accept(bench.session.findings.findings[0].tracking_uid)
    assert bench.session.findings.undecided == ()
    assert not any(b.kind is BlockerKind.UNDECIDED_FINDING for b in bench.session.blockers)
    bar.point_chosen.emit("balanced")
    assert bench.session.findings.operating_point == ""
    assert len(bench.session.findings.undecided) == 2


@dataclass
class _Cards:
    """One installed model, with what was measured at its points."""

    sha256: str
    points: tuple[tuple[str, float], ...] = POINTS

    def cards(self) -> tuple[ModelCard, ...]:
        kind, trust = ModelKind.HEATMAP_3D, Trust.SHIPPED
        bases = (("balanced", "0.86 a scan, as measured"), ("specific", "0.31 a scan, as measured"))
        return (
            ModelCard("m", "1.0.0", "m", kind, trust, self.sha256, "MIT", "", operating_points=self.points,
                      point_bases=bases),
        )  # fmt: skip


def _hint(bench: ReadingBench) -> str:
    points = bench.page.findings.ai.points
    assert points is not None
    return points.toolTip()


def test_what_to_expect_of_a_point_is_what_was_measured_of_this_model(
    qtbot: QtBot, bench: ReadingBench, tmp_path: Path
) -> None:
    bench.presenter.ai._ai = ReadingAi(_Cards(ALGORITHM.sha256), TallyFolder(tmp_path))
    opened(qtbot, bench)

    qtbot.waitUntil(lambda: "as measured" in _hint(bench))
    assert _hint(bench).splitlines()[1:] == [
        "Specific: 0.31 a scan, as measured",
        "Balanced: 0.86 a scan, as measured",
    ]


@pytest.mark.parametrize(
    "known",
    [None, _Cards("another"), _Cards(ALGORITHM.sha256, (("balanced", 0.5),))],
    ids=["no models here", "another model", "another point of the same name"],
)
def test_nothing_is_promised_of_a_point_that_nobody_measured(
    qtbot: QtBot, bench: ReadingBench, tmp_path: Path, known: _Cards | None
) -> None:
    bench.presenter.ai._ai = None if known is None else ReadingAi(known, TallyFolder(tmp_path))
    opened(qtbot, bench)
    qtbot.wait(50)

    assert _hint(bench).splitlines() == ["How many marks are shown"]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_the_rest_is_rejected_in_one_act_with_one_reason_and_one_undo(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    first = bench.session.findings.findings[0].tracking_uid
    bench.session.review.accept(first)
    bench.page.grid.active.canvas.setFocus()
    QTest.keyClick(bench.page.grid.active.canvas, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ShiftModifier)
    menu = bench.page.findings.menu
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_1)

    made = [(f.decision, f.reject_reason) for f in bench.session.findings.findings]
    vessel = (Decision.REJECTED, RejectReason.VESSEL)
    assert made == [(Decision.ACCEPTED, None), vessel, vessel, (Decision.UNDECIDED, None)]
    assert len({f.batch for f in bench.session.findings.findings[1:3]}) == 1
    assert bench.page.findings.ai.decided.text() == "Decided 3 of 3"
    bench.page.undo_requested.emit()
    assert [f.decision for f in bench.session.findings.findings[1:]] == [Decision.UNDECIDED] * 3
    assert bench.page.findings.ai.decided.text() == "Decided 1 of 3 · 2 undecided"


def test_marks_of_a_research_model_stand_under_a_banner(qtbot: QtBot, bench: ReadingBench) -> None:
    found = bench.findings.result
    assert found.algorithm is not None
    bench.findings.result = replace(found, algorithm=replace(found.algorithm, research=True))
    opened(qtbot, bench)
    banner = bench.page.findings.ai.banner
    assert banner.isVisible()
    assert banner.text() == "Research model, signed by nobody trusted here: not for diagnosis, never in a report"


# explaining


@dataclass
class _Measurer:
    """Measures every point alike, on the ball that the domain tests use."""

    fail_with: NotANodule | None = None

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        del volume, job, diameter_mm
        if self.fail_with is not None:
            raise self.fail_with
        return nodule(seed_lps_mm=seed_lps_mm)


class _Heat:
    def heat(self, algorithm: AlgorithmIdentity, volume: Volume, job: JobContext) -> OcclusionMap | None:
        del algorithm
        job.progress(0.5)
        return OcclusionMap(np.full((4, 4, 4), 0.8, np.float32), volume.ijk_to_lps)

    def occlusion(
        self, algorithm: AlgorithmIdentity, volume: Volume, mark: Mark, job: JobContext
    ) -> OcclusionMap | None:
        """The score falls by 0.4 at the mark, by 0.1 beside it."""
        del algorithm, volume
        job.progress(0.5)
        drop = np.full((3, 3, 3), 0.1, np.float32)
        drop[1, 1, 1] = 0.4
        grid = np.diag([4.0, 4.0, 4.0, 1.0])
        grid[:3, 3] = np.subtract(mark.centre_lps_mm, 4.0)
        return OcclusionMap(drop, grid)


class _NoCards:
    def cards(self) -> tuple[()]:
        return ()


@pytest.fixture
def explaining(bench: ReadingBench, tmp_path: Path) -> _Measurer:
    measurer = _Measurer()
    bench.presenter.explaining._explain = ExplainFindings(measurer, lambda: known_nodules(nodule_table()), _Heat())
    return measurer


def test_the_evidence_of_a_mark_lists_what_was_measured_and_what_is_alike(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    pane = bench.page.findings.evidence
    uid = bench.session.findings.findings[1].tracking_uid
    bench.page.findings.card(uid).evidence.click()
    qtbot.waitUntil(lambda: "Axes" in pane.view.said)
    assert pane.view.said[pane.view.said.index("Axes") + 1] == "10.0 × 6.0\u2009mm"
    assert sum("LIDC-IDRI-" in words for words in pane.view.said) == 5
    bench.page.findings.card(uid).evidence.click()
    assert pane.isHidden()
    explaining.fail_with = NotANodule("There is no nodule here")
    bench.page.findings.card(uid).evidence.click()
    qtbot.waitUntil(lambda: pane.view.said == ["There is no nodule here"])


def test_the_heat_map_lies_over_stack_and_planes_until_it_is_taken_away(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    del explaining
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    bench.page.findings.evidence_asked.emit(bench.session.findings.findings[0].tracking_uid)
    button = bench.page.findings.evidence.heat
    button.click()
    scenes = [frame.scene for frame in bench.page.grid.frames.values() if frame.scene is not None]
    qtbot.waitUntil(lambda: all(isinstance(scene.fused, HeatLayer) for scene in scenes))
    assert len(scenes) >= 4
    button.click()
    assert [scene.fused for scene in scenes] == [None] * len(scenes)


def test_where_the_score_of_a_mark_comes_from_takes_the_place_of_the_heat_map(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    del explaining
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    first, second = bench.session.findings.findings[:2]
    pane = bench.page.findings.evidence
    bench.page.findings.evidence_asked.emit(first.tracking_uid)
    pane.heat.click()
    scenes = [frame.scene for frame in bench.page.grid.frames.values() if frame.scene is not None]
    qtbot.waitUntil(lambda: all(isinstance(scene.fused, HeatLayer) for scene in scenes))
    assert (pane.heat.text(), pane.occlusion.text()) == ("Hide", "Occlusion map")

    pane.occlusion.click()
    qtbot.waitUntil(lambda: pane.occlusion.text() == "Hide")
    assert pane.heat.text() == "Heat map"
    layers = [scene.fused for scene in scenes]
    assert {layer.label for layer in layers if isinstance(layer, HeatLayer)} == {"Share of the strongest fall"}
    assert len(layers) == len([layer for layer in layers if isinstance(layer, HeatLayer)]) >= 4
    (heat,) = {id(layer.volume): layer.volume for layer in layers if isinstance(layer, HeatLayer)}.values()
    assert {layer.kind for layer in layers if layer is not None} == {"AI explanation"}  # not fused with a series
    assert heat.voxels.max() == 1.0
    assert heat.voxels.min() == pytest.approx(0.25)
    assert first.centre_lps_mm is not None
    np.testing.assert_allclose(heat.lps_of((1.0, 1.0, 1.0)), first.centre_lps_mm, atol=1e-6)

    bench.page.findings.evidence_asked.emit(second.tracking_uid)
    assert [scene.fused for scene in scenes] == [None] * len(scenes)
    assert pane.occlusion.text() == "Occlusion map"
    pane.occlusion.click()
    qtbot.waitUntil(lambda: pane.occlusion.text() == "Hide")
    pane.occlusion.click()
    assert [scene.fused for scene in scenes] == [None] * len(scenes)


def test_the_map_of_a_mark_goes_with_the_mark_when_the_operating_point_hides_it(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    del explaining
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    third = bench.session.findings.findings[2]
    pane = bench.page.findings.evidence
    bench.page.findings.evidence_asked.emit(third.tracking_uid)
    pane.occlusion.click()
    qtbot.waitUntil(lambda: pane.occlusion.text() == "Hide")
    bench.session.review.choose_operating_point("specific")
    assert third.tracking_uid not in [one.tracking_uid for one in bench.session.displayed.findings]
    assert pane.isHidden()
    assert {frame.scene.fused for frame in bench.page.grid.frames.values() if frame.scene is not None} == {None}
    bench.presenter.explaining.toggle_occlusion()  # nobody is there to be asked about
    assert pane.isHidden()


def test_of_another_series_than_the_model_marked_no_map_is_made(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    del explaining
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    bench.page.findings.evidence_asked.emit(bench.session.findings.findings[0].tracking_uid)
    volume = bench.presenter.explaining._volume()
    assert volume is not None
    elsewhere = replace(volume, series_instance_uid="1.9.9", frame_of_reference_uid="1.9.9.9")
    bench.presenter.explaining._volume = lambda: elsewhere  # type: ignore[method-assign]
    pane = bench.page.findings.evidence
    with qtbot.waitSignal(bench.page.toast) as said:
        pane.occlusion.click()
    assert said.args == ["The model marked another series: show that one, then ask again"]
    assert pane.occlusion.text() == "Occlusion map"
    bench.page.findings.evidence_asked.emit(bench.session.findings.findings[1].tracking_uid)
    assert pane.view.said == ["The model marked another series: show that one, then ask again"]


def test_a_finding_of_the_reader_has_no_score_to_explain(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer
) -> None:
    del explaining
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    bench.presenter._add(place_of(bench, 0))
    bench.page.findings.evidence_asked.emit(bench.session.findings.findings[-1].tracking_uid)
    pane = bench.page.findings.evidence
    assert (pane.heat.isVisible(), pane.occlusion.isVisible()) == (True, False)


class _Occluder:
    def occlusion(
        self, algorithm: AlgorithmIdentity, study: Study, place: ImagePlace, label: str, job: JobContext
    ) -> OcclusionMap | None:
        raise AssertionError("a series is no film")

    def occlusion_in_space(
        self, algorithm: AlgorithmIdentity, volume: Volume, label: str, job: JobContext
    ) -> OcclusionMap | None:
        del algorithm
        job.progress(0.5)
        assert label == "pneumonia"
        return OcclusionMap(np.full((4, 4, 4), 0.3, np.float32), volume.ijk_to_lps)


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_what_a_classifier_says_of_a_ct_is_decided_and_its_map_lies_in_space(
    qtbot: QtBot, bench: ReadingBench, explaining: _Measurer, shared_data: Path
) -> None:
    said = bench.presenter.explaining
    assert said._explain is not None
    said.occluding.occluder = _Occluder()
    served = four_marks(shared_data / "ct-chest-lidc-0314")
    found = served.findings
    place = ImagePlace.whole_series(found.series_instance_uid)
    mark = ImageMark(place, 0.9, shown=True, label="pneumonia", out_of_ten=8)
    one = Finding("2.25.9", 9, None, None, Decision.UNDECIDED, mark, on_image=place)
    bench.serve(replace(served, findings=replace(found, findings=(one,))))
    opened(qtbot, bench)
    qtbot.waitUntil(bench.page.has_volume)
    (card,) = bench.page.findings.cards
    assert card.accessibleName() == "9 · Pneumonia · series 2 as a whole · Undecided"
    assert card.lines() == ["Whole series, no place marked", "True in about 8 of 10"]

    bench.page.jump_to("2.25.9")
    bench.page.findings.evidence_asked.emit("2.25.9")
    button = bench.page.findings.evidence.heat
    button.click()

    scenes = [frame.scene for frame in bench.page.grid.frames.values() if frame.scene is not None]
    qtbot.waitUntil(lambda: all(isinstance(scene.fused, HeatLayer) for scene in scenes))
    assert {scene.fused.label for scene in scenes if scene.fused} == {"Share of the strongest fall"}
    button.click()
    assert [scene.fused for scene in scenes] == [None] * len(scenes)
    bench.page.reject_asked.emit()
    menu = bench.page.findings.menu
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_1)
    assert bench.session.findings.get("2.25.9").reject_reason is RejectReason.NOT_PRESENT


def test_the_limits_of_the_model_are_one_click_away(qtbot: QtBot, bench: ReadingBench) -> None:
    opened(qtbot, bench)
    bench.page.findings.ai.limits.click()
    dialog = bench.presenter.ai.dialog
    assert dialog is not None
    assert dialog.warning.text() == "Not clinically validated, not a registered device. The physician decides."
    dialog.show_card(
        ModelCard(
            "m", "1", "Nodules", ModelKind.HEATMAP_3D, Trust.SHIPPED, "ab", "MIT", "",
            figures=(("tier B", "CPM 0.77 (0.72 to 0.83)"),), limits=("Trained on 18 lungs",),
        )
    )  # fmt: skip
    assert dialog.texts()[1:] == [
        "Nodules", "Known limits", "· Trained on 18 lungs", "Measured", "· tier B: CPM 0.77 (0.72 to 0.83)",
    ]  # fmt: skip
    dialog.close()

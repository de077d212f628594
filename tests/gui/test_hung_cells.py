"""Any cell of a stage shows planes, volumes and fused images: of a prior, of a second series, of PET over CT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.gui.test_fusion import FRAME, GOOD, OTHER, Headers, Registrar, pet_ct
from tests.gui.test_hanging import _english, make, press, scenes, stage_name  # noqa: F401 - fixtures
from tests.helpers import pet as pets
from tests.helpers.comparing import ComparingBench, ct_study, shipped
from tests.helpers.priors import FakeProtocols, prior
from viewers.scene.fusion import FusionLook
from viewers.scene.mpr_scene import MprScene
from viewers.scene.note_scene import NoteScene
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection
from viewers.scene.stack_scene import StackScene
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.hanging import HangingProtocol, ProtocolMatch, Stage
from workstation.domain.hanging_cells import Cell, CellView, ImageSelector
from workstation.services.fusion_service import PrepareOverlay, RegisterSeries
from workstation.ui.images.fusing import Fusing
from workstation.ui.images.fusion import Fusion
from workstation.ui.widgets.tiling import Layout

pytestmark = pytest.mark.gui

Make = Callable[..., ComparingBench]
NOW, BEFORE = ImageSelector(("CT",)), ImageSelector(("CT",), prior=1)
PLANES_OF_BOTH = Stage(
    "both in planes",
    2,
    2,
    (
        Cell(NOW, CellView.AXIAL, 2),
        Cell(BEFORE, CellView.AXIAL, 2),
        Cell(NOW, CellView.CORONAL, 2, mip_mm=10),
        Cell(BEFORE, CellView.CORONAL, 2, mip_mm=10),
    ),
)
MIP_OF_BOTH = Stage("both from outside", 1, 2, (Cell(NOW, CellView.MIP), Cell(BEFORE, CellView.MIP)))
STACKS = Stage("stacks", 1, 2, (Cell(NOW), Cell(BEFORE)))
BOTH = HangingProtocol(
    "both",
    {"zh_CN": "前后", "en": "Now and then"},
    ProtocolMatch(("CT",), ("CHEST",), needs_prior=True),
    (PLANES_OF_BOTH, MIP_OF_BOTH, STACKS),
    priority=100,
)


def letters(bench: ComparingBench, key: str) -> dict[str, str]:
    frame = bench.page.grid.frame(key)
    view = frame.scene.view(frame.canvas.viewport) if frame.scene is not None else None
    assert view is not None
    return view.letters()


def delivered(qtbot: QtBot, bench: ComparingBench, done: Callable[[], bool]) -> None:
    """Deliver what is asked for until something is so."""

    def is_done() -> bool:
        for stream in bench.streams.made:
            if stream.started and not stream.cancelled and not stream.complete:
                stream.deliver_all()
        return done()

    qtbot.waitUntil(is_done)


def pictures(qtbot: QtBot, bench: ComparingBench) -> list[Scene]:
    """Deliver what is asked for until every cell on screen shows a picture."""
    delivered(
        qtbot,
        bench,
        lambda: bench.page.has_volume() and not any(isinstance(one, NoteScene) for one in scenes(bench)),
    )
    return scenes(bench)


def test_a_prior_hangs_in_planes_beside_the_case_linked_by_frame_and_gone_with_the_stage(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = make(*ct_study("1.2.3", "20261121", frame="1.5"), protocols=FakeProtocols((BOTH, *shipped())))
    study, images = ct_study("1.1.3", "20251208", frame="1.5")
    bench.source.known = [prior("1.1.3")]
    bench.serve_prior(study, images)
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "both in planes")
    other = bench.page.grid.frame("cell.1").scene
    assert isinstance(other, NoteScene)
    assert other.text == "This plane follows when all slices are here · 0 of 12 slices"

    mine, then, coronal, coronal_then = pictures(qtbot, bench)
    assert isinstance(then, MprScene)
    assert isinstance(coronal_then, MprScene)
    assert (mine.study_instance_uid, then.study_instance_uid) == ("1.2.3", "1.1.3")
    assert then.volume is coronal_then.volume  # one volume for all cells of a series
    assert (coronal_then.slab.projection, coronal_then.slab.thickness_mm) == (Projection.MIP, 10)
    assert (then.window.width, then.window.centre) == (1500, -600)
    assert letters(bench, "cell.1") == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert letters(bench, "cell.3") == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    assert bench.comparison.alignment.linked == "Linked by position: one frame of reference"
    bench.page.grid.frame("axial").show_point((10.0, -20.0, 40.0))
    assert [one.crosshair for one in (then, coronal, coronal_then)] == [(10.0, -20.0, 40.0)] * 3
    assert bench.comparison.hanging.two_persons == ""

    held = bench.comparison.hanging.volumes
    press(bench, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    assert (held.held, bench.page.grid.frame("cell.1").scene) == ((), None)
    press(bench, Qt.Key.Key_Period)
    assert stage_name(bench) == "both in planes"
    pictures(qtbot, bench)
    press(bench, Qt.Key.Key_Period)
    mine, then = pictures(qtbot, bench)
    assert isinstance(then, VolumeScene)
    assert (then.study_instance_uid, then.preset) == ("1.1.3", VolumePreset.MIP)
    assert [one.stack.study.study_instance_uid for one in held.held] == ["1.1.3"]
    press(bench, Qt.Key.Key_Period)
    assert (stage_name(bench), held.held) == ("stacks", ())
    assert [type(one) for one in pictures(qtbot, bench)] == [StackScene, StackScene]


def test_a_pet_that_cells_show_is_not_fetched_nor_counted_again_when_it_is_chosen_or_laid_over(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    pictures(qtbot, bench)
    asked = len(bench.streams.made)
    told: list[str] = []
    bench.page.grid.choose_layout(Layout.ONE)
    fusion = next(one for one in bench.presenter.images.features if isinstance(one, Fusion))
    fusion._loading.told.connect(told.append)

    bench.page.view_commands.action("view.fusion").trigger()
    qtbot.waitUntil(lambda: bench.page.grid.stack is not None and bench.page.grid.stack.fused is not None)
    assert told[0] == "Fetching 40 of 40 slices"
    bench.presenter.images.show_series("1.2.3.5")

    row = bench.page.series.row("1.2.3.5").facts
    assert (row.cached, row.facts) == ((True,) * 40, "PT · 40 slices")
    assert len(bench.streams.made) == asked
    qtbot.waitUntil(bench.page.has_volume)
    scene = bench.page.grid.stack
    assert scene is not None
    assert (scene.modality, scene.frame_of_reference_uid) == ("PT", FRAME)


def pet_ct_bench(build: Make, frame: str) -> ComparingBench:
    one = pet_ct(frame)
    registrar = Registrar(GOOD)
    registrar.go_on.set()
    headers = Headers(replace(pets.pet(), slices=pets.slices(*[pets.SCAN] * 40), units="GML"))
    series = tuple(each for each in one.study.series if each.series_instance_uid in one.images)
    images = {each.sop_instance_uid: each for found in one.images.values() for each in found}
    fusing = Fusing(PrepareOverlay(headers), RegisterSeries(registrar))
    return build(replace(one.study, series=series), images, fusing=fusing)


def test_a_pet_ct_hangs_fused_where_the_frame_of_reference_allows_it_and_is_captured_so(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    bench = pet_ct_bench(make, FRAME)
    bench.open(qtbot.waitUntil)
    ct, pet, fused, mip = pictures(qtbot, bench)
    assert stage_name(bench) == "PET-CT"
    assert [one.modality for one in (ct, pet, fused, mip)] == ["CT", "PT", "CT", "PT"]
    assert isinstance(mip, VolumeScene)
    assert mip.preset is VolumePreset.MIP
    assert (ct.fused, pet.fused, mip.fused) == (None, None, None)
    assert fused.fused is not None
    assert fused.fused.look == FusionLook(ValueScale(0, 5), ColourMap.HOT_IRON, 0.5)
    assert (fused.fused.label, fused.fused.warnings) == ("SUVbw", ())

    fused.fused.look = FusionLook(ValueScale(0, 8), ColourMap.PET, 0.75)
    stage = bench.comparison.capture.stage("mine")
    assert stage is not None
    assert fused.fused.words == "PET AC · PET colours 75 %"
    assert [one.overlay is not None for one in stage.cells] == [False, False, True, False]
    overlay = stage.cells[2].overlay
    assert overlay is not None
    assert (overlay.selector.modalities, overlay.selector.prior) == (("PT",), 0)
    assert (overlay.colour_map, overlay.alpha, overlay.suv) == (ColourMap.PET, 0.75, ValueScale(0, 8))
    assert stage.cells[3].view is CellView.MIP

    # the overlay of the menu is no less part of the layout
    press(bench, Qt.Key.Key_1, Qt.KeyboardModifier.ShiftModifier)
    bench.page.view_commands.action("view.fusion").trigger()
    delivered(qtbot, bench, lambda: all(one.fused is not None for one in scenes(bench)))
    alone = bench.comparison.capture.stage("mine")
    assert alone is not None
    assert (alone.cells[0].selector.modalities, alone.cells[0].overlay is not None) == (("CT",), True)

    apart = pet_ct_bench(make, OTHER)
    apart.open(qtbot.waitUntil)

    delivered(qtbot, apart, lambda: any(one.key == "fused cell" for one in apart.page.notices.notices()))
    note = apart.page.grid.frame("cell.2").scene
    assert isinstance(note, NoteScene)
    assert note.text == ("The two series lie in different frames of reference. Register them, or align them by hand.")
    qtbot.waitUntil(apart.page.has_volume)
    next(one for one in apart.page.notices.notices() if one.key == "fused cell").actions[0].handler()
    fused_cells = apart.comparison.hanging.fused
    qtbot.waitUntil(lambda: fused_cells.question is not None)
    assert fused_cells.question is not None
    fused_cells.question.accept()
    registered = pictures(qtbot, apart)[2]
    assert registered.fused is not None
    assert registered.fused.warnings == ("Overlay registered: check alignment",)


def test_planes_of_a_linked_prior_stand_where_the_case_is_read_while_an_unrelated_prior_is_in_hand(
    qtbot: QtBot,
    make: Make,  # noqa: F811 - a fixture
) -> None:
    first = Stage("first", 1, 3, (Cell(NOW), Cell(BEFORE), Cell(BEFORE, CellView.CORONAL)))
    linked = Cell(ImageSelector(("CT",), prior=2), CellView.CORONAL)
    second = replace(first, name="second", rows=2, columns=2, cells=(*first.cells, linked))
    protocols = FakeProtocols((replace(BOTH, stages=(first, second)), *shipped()))
    bench = make(*ct_study("1.2.3", "20261121", frame="1.5"), protocols=protocols)
    bench.source.known = [prior("1.1.3", "20251208"), prior("1.1.2", "20241208")]
    bench.serve_prior(*ct_study("1.1.3", "20251208", frame="1.6"))
    bench.serve_prior(*ct_study("1.1.2", "20241208", frame="1.5"))
    bench.open(qtbot.waitUntil)
    qtbot.waitUntil(lambda: stage_name(bench) == "first")
    pictures(qtbot, bench)
    grid = bench.page.grid
    grid.show_point((10.0, -20.0, 40.0))
    grid.activate("cell.1")
    press(bench, Qt.Key.Key_Period)
    assert (stage_name(bench), grid.active is grid.frame("cell.1")) == ("second", True)
    coronal = pictures(qtbot, bench)[3]
    assert coronal.study_instance_uid == "1.1.2"
    assert coronal.crosshair == pytest.approx((10.0, -20.0, 40.0))

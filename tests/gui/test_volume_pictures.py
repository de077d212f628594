"""Volume renderings: the right side, the right cuts, and never a window that waits."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.viewers import uids
from viewers.qt.view_surface import ViewSurface
from viewers.qt.volume_pictures import Caster, Detail, VolumePicture, VolumeWorker
from viewers.qt.vtk_backend import Graphics, render_threads
from viewers.qt.vtk_surface import gray_levels
from viewers.qt.vtk_volume import Rgb, VolumeRenderer
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.transfer_functions import VolumePreset
from viewers.scene.volume_cuts import CutPlane
from viewers.scene.volume_request import VolumeRequest
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.volume_view import VolumeView
from workstation.domain.volume import Volume

pytestmark = pytest.mark.gui

VIEWPORT = (120.0, 120.0)
SHEAR = np.array([[1.5, 0, 0, -30.0], [0, 1.5, 0.6, 20.0], [0, 0, 2.0, 100.0], [0, 0, 0, 1.0]])


def beads(affine: np.ndarray | None = None, shape: tuple[int, int, int] = (40, 44, 48)) -> Volume:
    """Return air with a large ball of bone at the patient's left, front and head and a small one opposite."""
    matrix = np.diag([1.5, 1.5, 2.0, 1.0]) if affine is None else affine
    voxels = np.full(shape, -1000, dtype=np.int16)
    z, y, x = np.indices(shape)
    data = Volume(voxels, matrix, "1.2.3", "1.2.4")
    points = data.lps_of(np.stack([x, y, z], axis=-1))
    for ijk, radius in (((36, 10, 30), 9.0), ((10, 34, 9), 5.0)):
        voxels[np.linalg.norm(points - data.lps_of(ijk), axis=-1) < radius] = 900
    return data


def scene(data: Volume) -> VolumeScene:
    made = VolumeScene(data, annotations=Annotations("1"), new_uid=uids())
    made.set_window(Window(500, 1000))
    return made


def request(of: VolumeScene) -> VolumeRequest:
    frame = of.frame(VIEWPORT)
    assert isinstance(frame.source, VolumeRequest)
    assert frame.transform is not None
    return frame.source.displayed(frame.transform, (120, 120))


@pytest.fixture
def renderer() -> Iterator[VolumeRenderer]:
    made = VolumeRenderer()
    yield made
    made.close()


def lit(rgb: Rgb | None, x: float, y: float) -> bool:
    assert rgb is not None
    return int(rgb[round(y), round(x)].max()) > 40


BALLS = [(36, 10, 30), (10, 34, 9)]


def places(of: VolumeScene) -> list[tuple[float, float]]:
    """Return where the two balls must appear in the viewport."""
    view = of.view(VIEWPORT)
    points = [of.volume.lps_of(ijk).tolist() for ijk in BALLS]
    return [view.viewport_of((x, y, z)) for x, y, z in points]


# the picture ----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", [VolumePreset.BONE, VolumePreset.SKIN, VolumePreset.MIP])
@pytest.mark.parametrize("affine", [None, SHEAR])
@pytest.mark.parametrize(
    "view",
    [
        VolumeView(),
        VolumeView((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
        VolumeView((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        VolumeView().turned(0.7, -0.4),
    ],
)
def test_bones_are_seen_where_they_lie_in_the_patient(
    renderer: VolumeRenderer, preset: VolumePreset, affine: np.ndarray | None, view: VolumeView
) -> None:
    looked = scene(beads(affine))
    looked.choose(preset)
    looked.look(view)
    rgb = renderer.render(request(looked), 1)
    assert rgb is not None
    assert rgb.shape == (120, 120, 3)
    for x, y in places(looked):
        assert lit(rgb, x, y)
    # nothing but the two balls: of 9 and 5 mm radius, at this scale
    scale = looked.view(VIEWPORT).px_per_mm
    assert scale is not None
    area = int((rgb.max(axis=2) > 40).sum()) / scale**2
    assert area < np.pi * (11.0**2 + 7.0**2)


def test_the_scale_bar_measures_what_is_rendered_and_is_that_of_planes_at_the_same_zoom(
    renderer: VolumeRenderer,
) -> None:
    """
    The balls lie 39 mm apart across and 42 mm upright, 57.315 mm in all.

    54 pixels of 1.5 mm, 81 mm, of the plane fill 400 on the screen: 7.41 each, and 1 cm is 49.38 long. The rendering
    fills them with a cube of 84 mm, 5 % more than the 80 mm of the body: it is zoomed by 84 / 81.
    """
    viewport = (400.0, 400.0)
    plane = MprScene(beads(), MprPlane.CORONAL, annotations=Annotations("1"), new_uid=uids())
    looked = scene(beads())
    looked.choose(VolumePreset.MIP)
    looked.set_camera(Camera(84 / 81))
    for one in (plane, looked):
        drawn = one.frame(viewport).overlay
        (bar,) = drawn.scale_bars
        assert bar.text == "1 cm"
        assert bar.length_px == pytest.approx(49.38, abs=0.01)
        assert "Zoom 7.41× Rotation 0°" in [line.text for line in drawn.captions]

    frame = looked.frame(viewport)
    assert isinstance(frame.source, VolumeRequest)
    assert frame.transform is not None
    rgb = renderer.render(frame.source.displayed(frame.transform, (400, 400)), 1)
    assert rgb is not None
    level = rgb.max(axis=2).astype(float) * (rgb.max(axis=2) > 40)
    y, x = np.indices(level.shape)
    is_left_ball = x > 200  # the patient's left is at the right of the picture
    centres = [
        np.array([(level * x)[one].sum(), (level * y)[one].sum()]) / level[one].sum()
        for one in (is_left_ball, ~is_left_ball)
    ]
    assert np.linalg.norm(centres[0] - centres[1]) == pytest.approx(283.04, rel=0.01)


@pytest.mark.parametrize("step", [2, 4])
def test_a_reduced_volume_stands_in_the_same_place(renderer: VolumeRenderer, step: int) -> None:
    looked = scene(beads())
    looked.look(VolumeView().turned(0.5, 0.3))
    looked.choose(VolumePreset.MIP)
    fine, coarse = (renderer.render(request(looked), each) for each in (1, step))
    assert fine is not None
    assert coarse is not None
    (middle_x, middle_y), _ = places(looked)
    centres = []
    for rgb in (fine, coarse):
        # the large ball alone: the small one pales when it is averaged away
        y, x = np.indices(rgb.shape[:2])
        near = np.hypot(x - middle_x, y - middle_y) < 20
        level = rgb.max(axis=2) * near.astype(float)
        centres.append(((level * x).sum() / level.sum(), (level * y).sum() / level.sum()))
    # within one of the coarser voxels
    scale = looked.view(VIEWPORT).px_per_mm
    assert scale is not None
    assert np.linalg.norm(np.subtract(centres[0], centres[1])) < 2.0 * step / 2 * scale


def test_a_cut_plane_removes_what_lies_before_it(renderer: VolumeRenderer) -> None:
    looked = scene(beads())
    (first, second), asked = places(looked), request(looked)
    front = CutPlane(looked.centre, (0.0, 1.0, 0.0))
    rgb = renderer.render(replace(asked, planes=(front,)), 1)
    assert not lit(rgb, *first)
    assert lit(rgb, *second)
    assert lit(renderer.render(asked, 1), *first)


@pytest.mark.parametrize("graphics", [Graphics(""), Graphics("NVIDIA")])
def test_several_cut_planes_cut_together_on_either_ray_caster(graphics: Graphics) -> None:
    renderer = VolumeRenderer(graphics)
    looked = scene(beads())
    looked.add_plane()  # from the front: the large ball goes
    looked.look(VolumeView((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    looked.add_plane()  # from the patient's left or right: with the other side cut away both are gone
    looked.look(VolumeView())
    shown = []
    for _ in range(2):
        shown.append([lit(renderer.render(request(looked), 1), *one) for one in places(looked)])
        looked.flip_plane()
    renderer.close()
    assert sorted(shown) == [[False, False], [False, True]]


def test_scissors_remove_what_they_went_round_and_undo_brings_it_back(renderer: VolumeRenderer) -> None:
    looked = scene(beads())
    first, second = places(looked)
    for dx, dy in ((-25, -25), (25, -25), (25, 25), (-25, 25)):
        looked.draw_outline(first[0] + dx, first[1] + dy)
    assert looked.cut_outline(VIEWPORT)
    for preset in (VolumePreset.BONE, VolumePreset.MIP):
        looked.choose(preset)
        rgb = renderer.render(request(looked), 1)
        assert not lit(rgb, *first)
        assert lit(rgb, *second)
    # the cut goes through the patient: seen from the side the ball is gone too
    looked.look(VolumeView((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    assert not lit(renderer.render(request(looked), 1), *places(looked)[0])
    looked.undo_cut()
    assert lit(renderer.render(request(looked), 1), *places(looked)[0])


def test_both_ray_casters_show_the_same_balls(renderer: VolumeRenderer) -> None:
    looked = scene(beads(shape=(40, 44, 48)))
    looked.choose(VolumePreset.MIP)
    card = VolumeRenderer(Graphics("a graphics card"))
    on_card = card.render(request(looked), 1)
    card.close()
    on_cpu = renderer.render(request(looked), 1)
    assert on_card is not None
    assert on_cpu is not None
    off = np.abs(on_card.astype(int) - on_cpu.astype(int)).max(axis=2) > 24
    # rims are sampled at other places along the ray
    assert off.mean() < 0.03


def test_uptake_is_projected_dark_on_light(renderer: VolumeRenderer) -> None:
    data = beads()
    uptake = Volume(((data.voxels + 1000) / 1900 * 7.5).astype(np.float32), data.ijk_to_lps, "1", "2", unit="g/ml")
    looked = VolumeScene(uptake, annotations=Annotations("1"), new_uid=uids(), modality="PT")
    looked.set_window(Window(2.5, 5.0))
    rgb = renderer.render(request(looked), 1)
    assert rgb is not None
    assert [int(rgb[round(y), round(x)].max()) < 128 for x, y in places(looked)] == [True] * len(places(looked))
    assert rgb[60, 60].tolist() == [255, 255, 255]


def test_a_cancelled_picture_is_no_picture(renderer: VolumeRenderer) -> None:
    assert renderer.render(request(scene(beads())), 1, lambda: True) is None


def test_how_far_a_volume_is_reduced_depends_on_its_size_and_on_the_card(renderer: VolumeRenderer) -> None:
    voxels = np.broadcast_to(np.int16(0), (300, 512, 512))
    large, small = Volume(voxels, np.eye(4), "1", "2"), beads()
    assert (renderer.preview_step(large), renderer.still_step(large)) == (4, 2)
    assert (renderer.preview_step(small), renderer.still_step(small)) == (2, 1)
    renderer.graphics = Graphics("NVIDIA H200")
    assert (renderer.preview_step(large), renderer.still_step(large)) == (1, 1)


@pytest.mark.parametrize(
    ("name", "real"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", False),
        ("softpipe", False),
        ("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device), SwiftShader driver)", False),
        ("Software Rasterizer", False),
        ("Microsoft Basic Render Driver", False),
        ("GDI Generic", False),
        ("", False),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", True),
        ("AMD Radeon RX 580 (radeonsi, polaris10, LLVM 15.0.6)", True),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", True),
    ],
)
def test_a_graphics_card_is_told_from_software(name: str, real: bool) -> None:  # noqa: FBT001 - a table
    assert Graphics(name).is_real_gpu is real
    assert Graphics(name).planes_on_window is real
    assert 1 <= render_threads() <= 4


# the worker -----------------------------------------------------------------------------------


class Paces:
    """A caster that stands still until told to go on, and writes down what it was asked."""

    def __init__(self, graphics: Graphics | None = None) -> None:
        self.graphics = graphics or Graphics("llvmpipe")
        self.asked: list[tuple[tuple[int, int], int]] = []
        self.prepared: list[Volume] = []
        self.go = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.error: Exception | None = None
        self.closed = threading.Event()
        self.freed = threading.Event()
        self.kept: list[list[Volume]] = []
        self.tidied = threading.Semaphore(0)
        self.cancelled: list[bool] = []

    def prepare(self, volume: Volume) -> None:
        self.prepared.append(volume)

    def preview_step(self, volume: Volume) -> int:
        return 4

    def let_go(self) -> None:
        self.freed.set()

    def keep(self, volumes: Collection[Volume]) -> None:
        self.kept.append(list(volumes))
        self.tidied.release()

    def still_step(self, volume: Volume) -> int:
        return 2

    def render(self, request: VolumeRequest, step: int, cancelled: Callable[[], bool]) -> Rgb | None:
        self.asked.append((request.size, step))
        self.begun.release()
        assert self.go.acquire(timeout=60)
        if self.error is not None:
            raise self.error
        self.cancelled.append(cancelled())
        return None if cancelled() else np.zeros((request.size[1], request.size[0], 3), np.uint8)

    def close(self) -> None:
        self.closed.set()


class Bench:
    """A worker with a caster under control, and what it delivered."""

    def __init__(self, graphics: Graphics | None = None) -> None:
        self.caster = Paces(graphics)
        self.worker = VolumeWorker(self._caster)
        self.pictures: list[VolumePicture] = []
        self.errors: list[Exception] = []
        self.delivered = threading.Semaphore(0)

    def _caster(self) -> Caster:
        return self.caster

    def done(self, picture: VolumePicture) -> None:
        self.pictures.append(picture)
        self.delivered.release()

    def failed(self, error: Exception) -> None:
        self.errors.append(error)
        self.delivered.release()

    def ask(self, asked: VolumeRequest, client: str = "a") -> None:
        self.worker.ask(client, asked, self.done, self.failed)

    def wait(self) -> None:
        assert self.delivered.acquire(timeout=60)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    for _ in range(20):
        made.caster.go.release()
    made.worker.stop()


def test_a_view_is_drawn_coarse_first_and_finer_while_it_rests(bench: Bench) -> None:
    looked = scene(beads())
    asked = replace(request(looked), size=(900, 600))
    for _ in range(3):
        bench.caster.go.release()
    bench.ask(asked)
    for _ in range(3):
        bench.wait()
    assert [picture.detail for picture in bench.pictures] == [Detail.MOVING, Detail.MIDDLE, Detail.FULL]
    assert [step for _, step in bench.caster.asked] == [4, 2, 2]
    sizes = [size for size, _ in bench.caster.asked]
    assert sizes[0][0] * sizes[0][1] <= 225 * 225
    assert sizes[1:] == [(450, 300), (900, 600)]
    assert all(picture.request is asked for picture in bench.pictures)


def test_a_newer_view_cancels_the_one_that_is_being_drawn(bench: Bench) -> None:
    looked = scene(beads())
    first = request(looked)
    bench.ask(first)
    assert bench.caster.begun.acquire(timeout=60)
    looked.turn(0.3, 0.0)
    second, third = request(looked), replace(request(looked), size=(60, 60))
    bench.ask(second)
    bench.ask(third)
    bench.caster.go.release()
    bench.caster.go.release()
    bench.wait()
    assert bench.caster.cancelled == [True, False]
    # the second was replaced before it was begun
    assert [picture.request for picture in bench.pictures] == [third]


def test_coarse_pictures_of_one_viewport_go_before_fine_ones_of_another(bench: Bench) -> None:
    asked = request(scene(beads()))
    bench.caster.go.release()
    bench.ask(asked, "a")
    bench.wait()
    assert bench.caster.begun.acquire(timeout=60)
    # "a" is being refined
    assert bench.caster.begun.acquire(timeout=60)
    bench.ask(asked, "b")
    bench.caster.go.release()
    bench.wait()
    bench.caster.go.release()
    bench.wait()
    assert [picture.detail for picture in bench.pictures] == [Detail.MOVING, Detail.MIDDLE, Detail.MOVING]


def test_a_graphics_card_draws_the_full_picture_at_once() -> None:
    bench = Bench(Graphics("NVIDIA H200"))
    bench.caster.go.release()
    bench.ask(request(scene(beads())))
    bench.wait()
    bench.worker.stop()
    assert [picture.detail for picture in bench.pictures] == [Detail.FULL]
    assert bench.caster.asked == [((120, 120), 2)]


def test_a_failure_is_told_once_and_the_worker_goes_on(bench: Bench) -> None:
    bench.caster.error = RuntimeError("no context")
    bench.caster.go.release()
    bench.ask(request(scene(beads())))
    bench.wait()
    assert [str(error) for error in bench.errors] == ["no context"]
    bench.caster.error = None
    bench.caster.go.release()
    bench.ask(request(scene(beads())))
    bench.wait()
    assert len(bench.pictures) == 1


def test_what_a_viewport_no_longer_shows_is_dropped_and_stopping_frees_the_window(bench: Bench) -> None:
    bench.ask(request(scene(beads())))
    assert bench.caster.begun.acquire(timeout=60)
    bench.worker.forget("a")
    bench.caster.go.release()
    bench.worker.stop()
    assert bench.pictures == []
    assert bench.caster.closed.is_set()


def test_warming_up_prepares_the_volume_before_anybody_asks(bench: Bench) -> None:
    data = beads()
    bench.worker.warm_up(data)
    bench.caster.go.release()
    bench.ask(request(scene(data)))
    bench.wait()
    assert bench.caster.prepared[0] is data


# in a viewport --------------------------------------------------------------------------------


def test_a_viewport_shows_the_volume_when_it_is_ready_and_refines_it(qtbot: QtBot) -> None:
    worker = VolumeWorker()
    surface = ViewSurface(worker=worker)
    looked = scene(beads())
    frame = looked.frame(VIEWPORT)
    first = gray_levels(surface.render(frame, 1.0))
    assert first.max() == 0
    qtbot.waitUntil(lambda: surface.is_settled, timeout=60_000)
    levels = gray_levels(surface.render(frame, 1.0))
    for x, y in places(looked):
        assert levels[round(y), round(x)] > 40
    worker.stop()


def test_a_rendering_without_bones_is_told_to_be_empty_and_not_to_be_whole(qtbot: QtBot) -> None:
    worker = VolumeWorker()
    surface = ViewSurface(worker=worker)
    data = beads()
    looked = scene(replace(data, voxels=np.minimum(data.voxels, 60)))  # balls of muscle
    surface.render(looked.frame(VIEWPORT), 1.0)
    qtbot.waitUntil(lambda: surface.is_settled, timeout=60_000)
    assert fidelity_of(looked, is_settled=True, is_empty=surface.is_empty).kind is FidelityKind.EMPTY
    looked.choose(VolumePreset.SKIN)
    surface.render(looked.frame(VIEWPORT), 1.0)
    qtbot.waitUntil(lambda: surface.is_settled, timeout=60_000)
    assert fidelity_of(looked, is_settled=True, is_empty=surface.is_empty) == Fidelity()
    worker.stop()


def test_another_patients_volume_is_never_shown_for_the_new_one(qtbot: QtBot) -> None:
    worker = VolumeWorker()
    surface = ViewSurface(worker=worker)
    surface.render(scene(beads()).frame(VIEWPORT), 1.0)
    qtbot.waitUntil(lambda: surface.is_settled, timeout=60_000)
    other = gray_levels(surface.render(scene(beads()).frame(VIEWPORT), 1.0))
    assert other.max() == 0
    worker.stop()


def test_a_failed_rendering_says_so_in_words(qtbot: QtBot) -> None:
    bench = Bench()
    bench.caster.error = RuntimeError("no context")
    bench.caster.go.release()
    surface = ViewSurface(worker=bench.worker)
    with qtbot.waitSignal(surface.failed, timeout=60_000) as told:
        surface.render(scene(beads()).frame(VIEWPORT), 1.0)
    assert told.args is not None
    assert "no context" in told.args[0]
    bench.worker.stop()


def test_a_closed_case_is_let_go_and_nothing_is_started_for_it(bench: Bench) -> None:
    bench.worker.let_go()  # nothing was shown yet: no thread begins for this
    assert bench.worker._thread is None
    bench.caster.go.release()
    bench.worker.warm_up(beads())
    bench.worker.let_go()
    assert bench.caster.freed.wait(60)


def test_the_couch_is_gone_from_the_picture_and_comes_back_on_request(renderer: VolumeRenderer) -> None:
    """A block of body above a thin hard plate, seen from the feet."""
    voxels = np.full((40, 120, 120), -1000, dtype=np.int16)
    voxels[:, 20:70, 20:100] = 400
    voxels[:, 100:103, 10:110] = 900
    looked = scene(Volume(voxels, np.diag([1.5, 1.5, 2.0, 1.0]), "1.2.3", "1.2.4"))
    looked.choose(VolumePreset.MIP)
    looked.look(VolumeView((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    view = looked.view(VIEWPORT)
    pictures = []
    for _ in range(2):
        asked = request(looked)
        pictures.append(renderer.render(asked, 1))
        looked.toggle_couch()
    body, plate = view.viewport_of((90.0, 60.0, 40.0)), view.viewport_of((90.0, 152.0, 40.0))
    assert [lit(picture, *body) for picture in pictures] == [True, True]
    assert [lit(picture, *plate) for picture in pictures] == [False, True]


def draw(renderer: VolumeRenderer, asked: VolumeRequest) -> None:
    """Draw as the worker does: what tells that nobody wants the picture any more knows the request."""
    renderer.render(asked, 1, lambda: asked.size == (0, 0))


def test_a_renderer_lets_go_of_a_volume_and_shows_the_next(renderer: VolumeRenderer) -> None:
    first = scene(beads())
    voxels = weakref.ref(first.volume.voxels)
    draw(renderer, request(first))
    renderer.let_go()
    del first
    gc.collect()
    assert voxels() is None
    after = scene(beads())
    rgb = renderer.render(request(after), 1)
    assert [lit(rgb, *place) for place in places(after)] == [True, True]


def test_two_cells_looked_at_in_turn_are_not_prepared_anew_and_a_third_takes_the_place_of_the_oldest(
    renderer: VolumeRenderer,
) -> None:
    one, other, third = (scene(beads()) for _ in range(3))
    draw(renderer, request(one))
    made = renderer._level(one.volume, 1)
    draw(renderer, request(other))
    rgb = renderer.render(request(one), 1)
    assert renderer._level(one.volume, 1) is made
    assert [lit(rgb, *place) for place in places(one)] == [True, True]
    voxels = weakref.ref(other.volume.voxels)
    draw(renderer, request(third))
    del other
    gc.collect()
    assert voxels() is None


def test_what_nobody_looks_at_any_more_is_freed_and_the_rest_stays(renderer: VolumeRenderer) -> None:
    one, other = scene(beads()), scene(beads())
    draw(renderer, request(one))
    draw(renderer, request(other))
    made, voxels = renderer._level(one.volume, 1), weakref.ref(other.volume.voxels)
    draw(renderer, request(other))
    renderer.keep([one.volume])
    del other
    gc.collect()
    assert voxels() is None
    assert renderer._level(one.volume, 1) is made


def test_a_viewport_that_shows_something_else_lets_its_volume_go_not_that_of_its_neighbour(bench: Bench) -> None:
    one, other = request(scene(beads())), request(scene(beads()))
    for _ in range(6):
        bench.caster.go.release()
    bench.worker.ask("left", one, bench.done, bench.failed)
    bench.worker.ask("right", other, bench.done, bench.failed)
    bench.worker.forget("left")
    assert bench.caster.tidied.acquire(timeout=60)
    assert [one.volume in kept for kept in bench.caster.kept[-1:]] == [False]
    assert bench.caster.kept[-1] == [other.volume]

"""The values inside a region over a whole film are read in a job: a mammogram would hold the window for 0.4 s."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from resources.translation import use_language
from tests.helpers.hung import JobsByHand
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.events import Button, PointerEvent, PointerKind
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, StackSlot
from viewers.scene.tools.actions import Actions, AddAnnotation
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from workstation.domain.annotation import Annotation
from workstation.ui.images.sphere_measuring import SphereMeasuring

FILM_VIEWPORT = (1200.0, 1100.0)


@pytest.fixture(autouse=True)
def _english(qapp: QApplication) -> None:
    del qapp
    use_language("en")


class FilmBench:
    """A film of 1200 x 1100 pixels: 1000 in its left half, 3000 in its right."""

    def __init__(self, *, is_attached: bool = True, is_color: bool = False) -> None:
        self.parent, self.jobs, self.notes = QObject(), JobsByHand(), Annotations("1.2.3")
        self.spheres = SphereMeasuring(self.parent, self.jobs, lambda: None)  # type: ignore[arg-type] # by hand
        pixels = np.full((1100, 1200), 1000, np.uint16)
        pixels[:, 600:] = 3000
        shown = np.zeros((1100, 1200, 3), np.uint8) if is_color else pixels
        self.scene = StackScene([StackSlot("1.9")], annotations=self.notes, new_uid=uids(), modality="DX")
        self.scene.put(0, SliceImage(shown, None, "1.9"))
        if is_attached:
            self.spheres.attach(self.scene)
        self.hand = Navigator()

    def drag(self, tool: ToolName, start: tuple[float, float], end: tuple[float, float]) -> Annotation:
        """Draw between two pixels of the film, and keep it as the viewport does."""
        self.hand.choose(tool)
        view = self.scene.view(FILM_VIEWPORT)
        assert view is not None
        done: Actions = ()
        for kind, at in ((PointerKind.PRESS, start), (PointerKind.MOVE, end), (PointerKind.RELEASE, end)):
            x, y = view.transform.apply(*at)
            button = Button.NONE if kind is PointerKind.MOVE else Button.LEFT
            done = self.hand.handle(PointerEvent(kind, x, y, button), self.scene, FILM_VIEWPORT)
        (added,) = done
        assert isinstance(added, AddAnnotation)
        self.notes.add("1.2.3", added.annotation)
        return added.annotation

    def told(self) -> tuple[str, ...]:
        (found,) = self.scene.frame(FILM_VIEWPORT).overlay.callipers
        return found.lines


@pytest.mark.parametrize("tool", [ToolName.RECTANGLE, ToolName.ELLIPSE])
def test_a_region_over_a_whole_film_is_read_in_a_job_and_told_when_it_is_there(tool: ToolName) -> None:
    bench = FilmBench()
    drawn = bench.drag(tool, (0.0, 0.0), (1199.0, 1099.0))
    assert drawn.statistics is None
    assert bench.told()[-2:] == ("not calibrated", "Measuring…")
    assert bench.spheres.pending.is_running
    bench.told()
    assert bench.jobs.run() == 1
    (kept,) = bench.notes.items
    assert kept.statistics is not None
    # as much of it on either half
    assert (kept.statistics.mean, kept.statistics.standard_deviation) == (2000.0, 1000.0)
    assert "Mean 2000 SD 1000" in bench.told()
    assert "Measuring…" not in bench.told()
    assert not bench.spheres.pending.is_running


def test_a_small_region_is_told_at_once_and_a_large_one_where_nobody_reads_it_late() -> None:
    bench = FilmBench()
    small = bench.drag(ToolName.RECTANGLE, (10.0, 10.0), (109.0, 109.0))
    assert small.statistics is not None
    assert (small.statistics.mean, small.statistics.count, bench.jobs.waiting) == (1000.0, 10000, [])
    alone = FilmBench(is_attached=False)
    large = alone.drag(ToolName.RECTANGLE, (0.0, 0.0), (1199.0, 1099.0))
    assert large.statistics is not None
    assert (large.statistics.mean, alone.jobs.waiting) == (2000.0, [])


def test_a_region_on_a_colour_picture_never_waits_for_values() -> None:
    bench = FilmBench(is_color=True)
    bench.drag(ToolName.RECTANGLE, (0.0, 0.0), (1199.0, 1099.0))
    assert "Measuring…" not in bench.told()
    assert (bench.jobs.waiting, bench.spheres.pending.is_running) == ([], False)


def test_a_region_that_is_drawn_anew_meanwhile_keeps_the_values_of_its_new_place_only() -> None:
    bench = FilmBench()
    drawn = bench.drag(ToolName.RECTANGLE, (0.0, 0.0), (1199.0, 1099.0))
    bench.told()
    moved = replace(drawn, points_px=((0.0, 0.0), (599.0, 0.0), (599.0, 1099.0), (0.0, 1099.0)))
    bench.notes.edit("1.2.3", moved)
    bench.told()
    assert bench.jobs.run() == 1
    (kept,) = bench.notes.items
    assert kept.statistics is not None
    assert (kept.statistics.mean, kept.statistics.count) == (1000.0, 660000)

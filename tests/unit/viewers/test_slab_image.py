"""A region on a thick slab is cut where it lies: beginning one, and the key 0, never hold up the window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.measure import NotMeasurable, value_at
from viewers.scene.measure_annotations import annotate
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.reslice import OUTSIDE, ResliceRequest, reslice
from viewers.scene.slab import Projection, Slab
from viewers.scene.slab_image import MOST_SAMPLES
from viewers.scene.uptake import Uptake
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.volume import Volume

AT = datetime(2026, 11, 22, tzinfo=UTC)
RAMP = (np.arange(20)[:, None, None] * 100 + np.arange(30)[None, :, None] + np.zeros((1, 1, 40))).astype(np.int16)
"""100 a layer and 1 a row: a MIP of five layers round layer 10 shows 1200 and the row"""


@dataclass
class Counting:
    """A reslicer that remembers how many positions it was asked for at a time."""

    value: int | None = None
    """What it gives everywhere, instead of cutting"""
    asked: list[int] = field(default_factory=list)

    def __call__(self, request: ResliceRequest) -> npt.NDArray[Any]:
        self.asked.append(request.size[0] * request.size[1] * (request.slab.count if request.slab is not None else 1))
        if self.value is None:
            return reslice(request)
        return np.full((request.size[1], request.size[0]), self.value, np.int16)


def scene(reslicer: Counting, voxels: npt.NDArray[np.int16] = RAMP, thickness_mm: float = 5.0) -> MprScene:
    made = MprScene(
        Volume(voxels, np.eye(4), "1.3", "1.5"), MprPlane.AXIAL, annotations=Annotations("1.2"), new_uid=uids(),
        reslicer=reslicer,
    )  # fmt: skip
    made.set_slab(Slab(Projection.MIP, thickness_mm))
    return made


def rectangle(on: MprScene, left: float, top: float, right: float, bottom: float) -> Annotation:
    image = on.measured()
    assert image is not None
    z = on.displayed_plane().origin[2]
    points = [(left, top, z), (right, top, z), (right, bottom, z), (left, bottom, z)]
    return annotate(AnnotationKind.RECTANGLE, image, points, uid="1", tracking_uid="2", author="w", created_at=AT)


def test_a_region_on_a_slab_reads_its_own_box_and_nothing_before_it_is_drawn() -> None:
    """Rows 3 to 5 and columns 10 to 14 of a MIP over layers 8 to 12: 1203, 1204 and 1205, 75 positions read."""
    reslicer = Counting()
    slab = scene(reslicer)
    slab.scroll_to(10)
    assert slab.measured() is not None
    assert reslicer.asked == []
    drawn = rectangle(slab, 10, 3, 14, 5)
    found, area = drawn.statistics, drawn.measure(MeasureName.AREA)
    assert found is not None
    assert area is not None
    assert (found.count, found.minimum, found.mean, found.maximum, found.unit) == (15, 1203.0, 1204.0, 1205.0, "HU")
    assert (area.value, area.unit) == (8.0, "mm2")
    assert reslicer.asked == [3 * 5 * 5]
    image = slab.measurable()
    assert value_at(image, 12.2, 4.4) == 1204.0
    assert value_at(image, 40.0, 4.0) is None


def test_a_region_beside_the_volume_counts_nothing_and_says_so() -> None:
    slab = scene(Counting())
    with pytest.raises(NotMeasurable, match="No pixel lies inside"):
        rectangle(slab, 50, 3, 60, 5)


@pytest.mark.parametrize("slab", [Slab(), Slab(Projection.MIP, 5.0)], ids=["plane", "slab"])
def test_uptake_leaves_out_what_lies_beside_the_volume(slab: Slab) -> None:
    """A factor that is no power of two rounds: what is padding must stay padding after it."""
    cut = scene(Counting(value=OUTSIDE))
    cut.set_slab(slab)
    cut.uptake = Uptake("SUVbw", 1 / 1234.5)
    with pytest.raises(NotMeasurable, match="No pixel lies inside"):
        rectangle(cut, 10, 3, 14, 5)


def test_a_slab_of_a_pet_is_told_in_uptake_values() -> None:
    slab = scene(Counting())
    slab.uptake = Uptake("SUVbw", 1 / 1234.5)
    slab.scroll_to(10)
    found = rectangle(slab, 10, 3, 14, 5).statistics
    assert found is not None
    assert found.unit == "SUV"
    assert found.maximum == pytest.approx(1205 / 1234.5, rel=1e-6)


LARGE = np.broadcast_to(np.zeros((), np.int16), (300, 512, 512))


def test_a_region_that_would_hold_up_the_window_is_refused_with_a_next_step() -> None:
    """Half of a 512 x 512 plane through 50 mm are 6.5 million positions."""
    reslicer = Counting(value=0)
    slab = scene(reslicer, LARGE, 50.0)
    with pytest.raises(NotMeasurable, match="so thick a slab") as refused:
        rectangle(slab, 0, 0, 511, 255)
    assert refused.value.hint
    assert rectangle(slab, 100, 100, 200, 200).statistics is not None
    assert max(reslicer.asked) <= MOST_SAMPLES


def test_the_key_0_reads_no_more_of_a_slab_than_can_be_had_at_once() -> None:
    reslicer = Counting(value=0)
    slab = scene(reslicer, LARGE, 120.0)
    assert slab.preset_window("0") == Window(0.5, 1.0)
    assert max(reslicer.asked) <= MOST_SAMPLES


def test_the_key_0_spans_a_small_slab_from_its_lowest_to_its_highest_value() -> None:
    slab = scene(Counting())
    slab.scroll_to(10)
    window = slab.preset_window("0")
    assert window is not None
    assert (window.centre - window.width / 2, window.centre + window.width / 2 - 1) == (1200.0, 1229.0)

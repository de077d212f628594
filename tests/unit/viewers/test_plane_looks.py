"""Planes show what their images show: the same window, the same black and white."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.curved import CurvedPath
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import VoiLut, Window, to_gray
from viewers.scene.reslice import ResliceRequest, reslice
from viewers.scene.scene import Scene
from workstation.domain.annotation import AnnotationKind
from workstation.domain.volume import Volume

SIZE = (40.0, 40.0)
RAMP = np.broadcast_to(np.arange(0, 400, 10, dtype=np.int16), (40, 40, 40)).copy()
"""0 at the patient's right to 390 at the left, 10 a millimetre"""
VOLUME = Volume(RAMP, np.eye(4), "1.3", "1.5", "")
OWN = Window(100.5, 201.0)


def plane(*, monochrome1: bool = False, voi: Window | VoiLut | None = OWN) -> MprScene:
    return MprScene(
        VOLUME, MprPlane.AXIAL, annotations=Annotations("1.2"), new_uid=uids(), modality="MR", default_voi=voi,
        monochrome1=monochrome1,
    )  # fmt: skip


def curved(*, monochrome1: bool = False) -> CurvedScene:
    path = CurvedPath(((0.0, 20.0, 20.0), (39.0, 20.0, 20.0)))
    return CurvedScene(
        VOLUME, path, annotations=Annotations("1.2"), new_uid=uids(), modality="MR", default_voi=OWN,
        monochrome1=monochrome1,
    )  # fmt: skip


def levels(scene: Scene) -> list[int]:
    """Return the display levels of 0, 100 and 200, which lie 10 mm apart from the patient's right."""
    frame = scene.frame(SIZE)
    assert frame.grayscale is not None
    if isinstance(frame.source, ResliceRequest):
        return [int(level) for level in to_gray(reslice(frame.source), frame.grayscale)[20, [0, 10, 20]]]
    assert isinstance(frame.source, SliceImage)
    return [int(level) for level in to_gray(np.array([[0, 100, 200]], np.int16), frame.grayscale)[0]]


@pytest.mark.parametrize("scene", [plane(), curved()])
def test_planes_of_an_mr_begin_in_the_window_of_its_images(scene: Scene) -> None:
    """W 201 L 100.5 is black at 0 and white at 200: level 128 at 100, whatever the percentiles of the volume."""
    assert levels(scene) == [0, 128, 255]


@pytest.mark.parametrize("scene", [plane(monochrome1=True), curved(monochrome1=True)])
def test_planes_of_monochrome1_images_are_dark_where_the_images_are_dark(scene: Scene) -> None:
    assert levels(scene) == [255, 128, 0]
    scene.toggle_invert()
    assert levels(scene) == [0, 128, 255]


def test_planes_keep_the_lookup_table_of_their_images() -> None:
    table = VoiLut(0, np.array([255] * 100 + [0] * 101, np.uint16), 8)
    assert levels(plane(voi=table)) == [255, 0, 0]


def test_reset_and_the_key_1_return_to_the_window_of_the_images() -> None:
    scene = plane()
    scene.set_window(Window(1000, 2000))
    scene.reset()
    assert (scene.voi, scene.preset_window("1")) == (OWN, OWN)


@pytest.mark.parametrize(
    ("unit", "padding", "count", "lowest"),
    [("HU", (-2000.0, -2000.0), 12, -50.0), ("HU", None, 16, -2000.0), ("", (-2000.0, -2000.0), 12, -50.0)],
)
def test_a_region_on_a_plane_leaves_padding_out(
    unit: str, padding: tuple[float, float] | None, count: int, lowest: float
) -> None:
    """4 x 4 pixels of -50, one column of them -2000: the mean of the patient is -50 as on the slice itself."""
    voxels = np.full((8, 8, 8), -50, np.int16)
    voxels[:, :, 2] = -2000
    scene = MprScene(
        Volume(voxels, np.eye(4), "1.3", "1.5", unit, padding=padding), MprPlane.AXIAL,
        annotations=Annotations("1.2"), new_uid=uids(),
    )  # fmt: skip
    z = scene.displayed_plane().origin[2]
    corners = [(2.0, 2.0, z), (5.0, 2.0, z), (5.0, 5.0, z), (2.0, 5.0, z)]
    drawn = annotate(
        AnnotationKind.RECTANGLE, scene.measurable(), corners, uid="1", tracking_uid="2", author="w",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip
    assert drawn.statistics is not None
    assert (drawn.statistics.count, drawn.statistics.minimum) == (count, lowest)
    view = scene.view(SIZE)
    read = [scene.value_at(SIZE, *view.viewport_of((x, 3.0, z))) for x in (2.0, 3.0)]
    assert read == [None if count == 12 else (-2000.0, unit), (-50.0, unit)]

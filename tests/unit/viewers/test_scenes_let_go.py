"""The voxels of a closed case go with its last viewport: nothing waits for the garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from viewers.scene.annotations import Annotations
from viewers.scene.foreign import ForeignDrawing
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.oblique import PlaneSet
from workstation.domain.volume import Volume


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    yield
    if was_enabled:
        gc.enable()


def three_planes(volume: Volume) -> list[MprScene]:
    planes, kept = PlaneSet(), Annotations("1")
    return [MprScene(volume, plane, annotations=kept, new_uid=lambda: "1.1", planes=planes) for plane in MprPlane]


def volume() -> Volume:
    return Volume(np.zeros((8, 16, 16), dtype=np.int16), np.eye(4), "1.2.4", "1.2.5", "HU")


def test_the_voxels_go_with_the_three_planes_that_turn_each_other() -> None:
    shown = volume()
    voxels, scenes = weakref.ref(shown.voxels), three_planes(shown)
    scenes[0].turn(0.3)
    del shown, scenes
    assert voxels() is None


def test_the_voxels_go_with_planes_on_which_other_systems_draw() -> None:
    shown, drawing = volume(), ForeignDrawing()
    voxels, scene = weakref.ref(shown.voxels), three_planes(shown)[0]
    drawing.dress(scene)
    del shown, scene
    assert voxels() is None


def test_the_voxels_go_with_planes_that_left_their_link_group() -> None:
    shown, group = volume(), LinkGroup()
    voxels, scenes = weakref.ref(shown.voxels), three_planes(shown)
    for scene in scenes:
        group.join(scene, lambda: None, viewport=lambda: (100.0, 100.0))
    for scene in scenes:
        group.leave(scene)
    del shown, scene, scenes
    assert voxels() is None


def test_planes_that_are_still_shown_follow_each_other_when_one_is_gone() -> None:
    scenes = {scene.plane: scene for scene in three_planes(volume())}
    scenes.pop(MprPlane.SAGITTAL)
    scenes[MprPlane.AXIAL].turn(float(np.radians(90)))
    assert scenes[MprPlane.CORONAL].displayed_plane().right == pytest.approx((0.0, 1.0, 0.0))

"""Scenes that are linked by their frames of reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.helpers.fusion import turned
from tests.helpers.viewers import image, uids
from viewers.scene.annotations import Annotations
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.registration import Registrations, RigidRegistration
from workstation.domain.volume import Volume

HERE, THERE = "1.1", "1.2"
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SIZE = (200.0, 160.0)


def stack(
    heights: list[float],
    *,
    frame: str = HERE,
    series: str = "1.5",
    axes: tuple[Point, Point] = AXIAL,
    modality: str = "CT",
    missing: bool = False,
    unit: str = "HU",
) -> StackScene:
    """Return a 100 x 80 stack of 1 mm pixels whose slices lie at the given distances along the normal."""
    right, down = axes
    normal = ImagePlane((0.0, 0.0, 0.0), right, down, (1.0, 1.0)).normal
    planes = []
    for height in heights:
        x, y, z = (height * along for along in normal)
        planes.append(ImagePlane((x, y, z), right, down, (1.0, 1.0)))
    scene = StackScene(
        [StackSlot(f"{series}.{n}", plane=plane) for n, plane in enumerate(planes)],
        annotations=Annotations("1.2.3"),
        new_uid=uids(),
        modality=modality,
        frame_of_reference_uid=frame,
        series_instance_uid=series,
    )
    for n, plane in enumerate(planes):
        if not missing:
            scene.put(n, replace(image(plane=plane), unit=unit))
    return scene


def linked(*scenes: Scene, registrations: Registrations | None = None) -> tuple[LinkGroup, list[str]]:
    """Return the scenes in one link group, and the list of those that are painted again."""
    group, painted = LinkGroup(registrations), list[str]()
    for n, scene in enumerate(scenes):
        group.join(scene, lambda n=n: painted.append(str(n)), slot=n, viewport=lambda: SIZE)  # type: ignore[misc] # bound now
    return group, painted


def shift(millimetres: float) -> Registrations:
    """Return a registration that lays the other frame ``millimetres`` towards the head of this one."""
    return Registrations([RigidRegistration(HERE, THERE, turned((0, 0, 0), (0, 0, millimetres))).accepted()])


def volume(frame: str = HERE) -> Volume:
    """Return 20 x 20 x 30 voxels of 1 mm at the origin."""
    return Volume(np.zeros((30, 20, 20), dtype=np.int16), np.eye(4), frame, "1.5")


def mpr(plane: MprPlane, frame: str = HERE) -> MprScene:
    """Return a plane of `volume`."""
    return MprScene(volume(frame), plane, annotations=Annotations("1.2.3"), new_uid=uids())

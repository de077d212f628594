"""The chip of a viewport says how true its pixels are, from the scene alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.viewers import axial_plane, axial_stack, image, stack, uids
from viewers.scene.annotations import Annotations
from viewers.scene.curved import CurvedPath
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.note_scene import NoteScene
from viewers.scene.picture_doubts import MadeOf
from viewers.scene.scene import Scene
from viewers.scene.slab import Projection, Slab
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.volume import Volume

VOLUME = Volume(np.zeros((20, 20, 20), np.int16), np.diag([1.0, 1.0, 2.0, 1.0]), "1.3", "1.5")
COARSE = Fidelity(FidelityKind.IMPROVING)
COMPUTED = Fidelity(FidelityKind.INTERPOLATED)
FULL = Fidelity()


def plane(which: MprPlane = MprPlane.AXIAL, slab: Slab | None = None) -> MprScene:
    made = MprScene(VOLUME, which, annotations=Annotations("1.2"), new_uid=uids())
    made.set_slab(slab or Slab())
    return made


def test_a_stack_is_partial_until_its_last_slice_is_here() -> None:
    scene = axial_stack(3)
    assert fidelity_of(scene) == FULL
    scene.drop(0)
    assert fidelity_of(scene) == Fidelity(FidelityKind.PARTIAL, percent=66)
    scene.fail(0, "The line broke.")
    assert fidelity_of(scene) == Fidelity(FidelityKind.PARTIAL, percent=66)


def test_a_clip_whose_frames_come_and_go_is_whole_where_it_is_shown() -> None:
    slots = axial_stack(3).slots
    clip = StackScene(slots, annotations=Annotations("1.2"), new_uid=uids(), on_demand=True)
    clip.put(1, image(plane=axial_plane(2.0), uid="1.9.1"))
    assert fidelity_of(clip) == FULL


@pytest.mark.parametrize(("ratio", "said"), [(9.2, 9.2), (0.0, None)])
def test_a_stack_says_the_loss_of_the_displayed_image_and_of_no_other(ratio: float, said: float | None) -> None:
    first = image(plane=axial_plane(), uid="1.9.0")
    scene = stack([replace(first, lossy_ratio=ratio), replace(first, sop_instance_uid="1.9.1")])
    scene.scroll_to(0)
    assert fidelity_of(scene) == Fidelity(FidelityKind.LOSSY_FINAL, ratio=said)
    scene.scroll_to(1)
    assert fidelity_of(scene) == FULL


@pytest.mark.parametrize(
    ("scene", "expected"),
    [
        (plane(), Fidelity(FidelityKind.ORIGINAL)),
        (plane(MprPlane.AXIAL, Slab(Projection.MIP, 5.0)), COMPUTED),
        (plane(MprPlane.CORONAL), COMPUTED),
        (
            CurvedScene(
                VOLUME,
                CurvedPath(((0.0, 9.0, 9.0), (19.0, 9.0, 9.0))),
                annotations=Annotations("1.2"),
                new_uid=uids(),
            ),
            COMPUTED,
        ),
        (VolumeScene(VOLUME, annotations=Annotations("1.2"), new_uid=uids()), FULL),
        (NoteScene("waits"), FULL),
        (None, FULL),
    ],
)
def test_planes_and_volumes_say_what_was_computed(scene: Scene | None, expected: Fidelity) -> None:
    assert fidelity_of(scene) == expected


def test_a_coarse_plane_is_a_preview_and_what_is_made_of_lossy_images_stays_lossy() -> None:
    scene = plane(MprPlane.CORONAL)
    assert fidelity_of(scene, is_settled=False) == COARSE
    scene.made_of = MadeOf(12.0)
    assert fidelity_of(scene) == Fidelity(FidelityKind.LOSSY_FINAL, ratio=12.0)
    warned = [line.text for line in scene.frame((600.0, 600.0)).overlay.captions if line.is_warning]
    assert warned == ["Lossy 12.0:1", "MPR interpolated"]


@pytest.mark.parametrize("before", [Fidelity(FidelityKind.PARTIAL, percent=99), COARSE])
def test_what_was_partial_or_coarse_is_told_to_be_complete_once(before: Fidelity) -> None:
    done = before.followed_by(FULL, 5000.0)
    assert done == Fidelity(FidelityKind.COMPLETE, completed_ms=5000.0)
    assert done.followed_by(FULL, 5200.0) == done
    assert done.followed_by(COARSE, 5300.0) == COARSE


@pytest.mark.parametrize("before", [FULL, COMPUTED, Fidelity(FidelityKind.LOSSY_FINAL, ratio=9.0)])
def test_what_was_never_partial_is_not_told_to_be_complete(before: Fidelity) -> None:
    assert before.followed_by(FULL, 5000.0) == FULL
    assert COARSE.followed_by(COMPUTED, 5000.0) == COMPUTED

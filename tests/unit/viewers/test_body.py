"""What is left out of a rendering is the couch, never a part of the body."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from viewers.scene.body import body_mask, outside

SPACING = (2.0, 2.0, 3.0)
AIR, FOAM, LUNG, SOFT, SHELL = -1000, -900, -850, 40, 300


def scan(*, couch: bool = True) -> npt.NDArray[np.int16]:
    """Return a chest with lungs, an arm beside it, and a couch: foam in a thin hard shell that touches the back."""
    voxels = np.full((12, 120, 160), AIR, dtype=np.int16)
    y, x = np.mgrid[:120, :160]
    chest = ((x - 80) / 50) ** 2 + ((y - 55) / 32) ** 2 <= 1
    voxels[:, chest] = SOFT
    for middle in (60, 100):
        voxels[:, ((x - middle) / 14) ** 2 + ((y - 55) / 18) ** 2 <= 1] = LUNG
    voxels[:, ((x - 142) / 11) ** 2 + ((y - 60) / 11) ** 2 <= 1] = SOFT
    if couch:
        voxels[:, 88:108, 20:140] = np.where(voxels[:, 88:108, 20:140] == AIR, FOAM, voxels[:, 88:108, 20:140])
        voxels[:, 87:89, 20:140] = np.maximum(voxels[:, 87:89, 20:140], SHELL)
        voxels[:, 106:108, 20:140] = SHELL
    return voxels


def gone(voxels: npt.NDArray[np.int16], step: int = 1) -> npt.NDArray[np.bool_]:
    found = body_mask(voxels, SPACING)
    assert found is not None
    return outside(*found, tuple(length // step for length in voxels.shape), step)


def test_the_couch_goes_and_the_body_stays_whole() -> None:
    removed = gone(scan())
    assert removed[:, 106:108, 30:130].all()
    assert not removed[scan(couch=False) == SOFT].any()


def test_lungs_belong_to_the_body() -> None:
    assert not gone(scan())[scan() == LUNG].any()


def test_an_arm_beside_the_chest_stays() -> None:
    assert not gone(scan())[:, 60, 135:150].any()


def test_a_reduced_volume_loses_the_same_places() -> None:
    removed = gone(scan(), 2)
    assert removed.shape == (6, 60, 80)
    assert removed[:, 53, 20:60].all()
    assert not removed[:, 28, 30:50].any()


def test_without_anything_solid_nothing_is_left_out() -> None:
    assert body_mask(np.full((4, 20, 20), AIR, dtype=np.int16), SPACING) is None
    speck = np.full((4, 20, 20), AIR, dtype=np.int16)
    speck[2, 10, 10] = SHELL
    assert body_mask(speck, SPACING) is None


def test_a_specimen_of_a_quarter_of_a_litre_is_no_body_and_loses_nothing() -> None:
    block = np.full((20, 60, 60), AIR, dtype=np.int16)
    block[:, 10:50, 10:36] = SOFT  # 80 x 52 x 60 mm
    assert body_mask(block, SPACING) is None

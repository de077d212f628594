"""The real PET over a CT made in its frame of reference: both read from files, met in patient space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.fusion import write_ct_partner
from tests.helpers.viewers import uids
from viewers.scene.annotations import Annotations
from viewers.scene.fusion import FusedLayer, FusionLook, fused_layer
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from workstation.dicom.images.pet import read_pet
from workstation.dicom.images.volumes import load_volume
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.geometry import Point
from workstation.domain.registration import Registrations
from workstation.domain.suv import SuvScale, suv_scale, suv_volume
from workstation.domain.voi import sphere_voi, voi_statistics
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy


@pytest.fixture(scope="module")
def pair(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Volume, FusedLayer, Point, float]:
    """Return the CT partner, the PET layer, the hottest voxel of the brain and its uptake."""
    files = sorted((shared_data / "pet-qin-hn-0024").glob("0*.dcm"))
    scale = suv_scale(read_pet(files))
    assert isinstance(scale, SuvScale)
    pet = suv_volume(load_volume(files), scale)
    z, y, x = np.unravel_index(int(pet.voxels[-40:].argmax()), (40, *pet.voxels.shape[1:]))
    a, b, c = pet.lps_of((x, y, z + pet.voxels.shape[0] - 40)).tolist()
    hottest = voi_statistics(pet, sphere_voi(pet, (a, b, c), 5.0))
    ct = load_volume(write_ct_partner(tmp_path_factory.mktemp("ct"), pet, (a, b, c)))
    layer = fused_layer(pet, ct.frame_of_reference_uid, Registrations(), suv=scale)
    return ct, layer, (a, b, c), hottest.maximum


@pytest.mark.parametrize("plane", list(MprPlane))
def test_the_hottest_voxel_of_the_real_pet_is_painted_on_the_lesion_of_the_ct(
    pair: tuple[Volume, FusedLayer, Point, float], plane: MprPlane
) -> None:
    """Within half a voxel of the PET, 3.375 mm between its slices, in both directions of every plane."""
    ct, layer, lesion, uptake = pair
    scene = MprScene(ct, plane, annotations=Annotations("1.2.3"), new_uid=uids())
    scene.show_point(lesion)
    layer.look = FusionLook(ValueScale(0.9 * uptake, uptake), ColourMap.INVERSE_GRAY, 1.0)
    scene.fuse(layer)

    source = scene.frame((400.0, 400.0)).at_once().source

    assert isinstance(source, SliceImage)
    assert source.plane is not None
    expected = source.plane.pixel_of(lesion)
    column, row = round(expected[0]), round(expected[1])
    near = 255 - source.pixels[row - 3 : row + 4, column - 3 : column + 4, 0].astype(float)
    at = np.unravel_index(int(near.argmax()), near.shape)
    across_mm, down_mm = source.plane.spacing_mm
    assert abs(column - 3 + at[1] - expected[0]) * across_mm <= 3.375 / 2
    assert abs(row - 3 + at[0] - expected[1]) * down_mm <= 3.375 / 2


def test_the_pointer_reads_the_uptake_of_that_voxel(pair: tuple[Volume, FusedLayer, Point, float]) -> None:
    _, layer, lesion, uptake = pair

    assert layer.value_at(lesion) == pytest.approx(uptake)
    assert (layer.label, layer.is_suv, layer.warnings) == ("SUVbw", True, ())

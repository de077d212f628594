"""The real head and neck PET: factor and numbers of the marked tumour against an independent calculation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from SimpleITK import ImageSeriesReader

from workstation.dicom.images.pet import read_pet
from workstation.dicom.images.volumes import load_volume
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType, suv_scale, suv_volume
from workstation.domain.voi import mask_voi, voi_statistics
from workstation.domain.volume import Volume

pytestmark = pytest.mark.accuracy
HALF_LIFE_S = 6586.2


@pytest.fixture(scope="module")
def files(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "pet-qin-hn-0024").glob("0*.dcm"))


@pytest.fixture(scope="module")
def scale(files: list[Path]) -> SuvScale:
    found = suv_scale(read_pet(files))
    assert isinstance(found, SuvScale)
    return found


@pytest.fixture(scope="module")
def suv(files: list[Path], scale: SuvScale) -> Volume:
    return suv_volume(load_volume(files), scale)


def clock_s(text: str) -> float:
    return int(text[:2]) * 3600 + int(text[2:4]) * 60 + float(text[4:])


def test_the_factor_is_the_one_that_each_beds_decay_factor_implies(files: list[Path], scale: SuvScale) -> None:
    """
    Decay Factor (0054,1321) tells the reference time without any series time.

    For each of the eight beds: acquisition + average count rate - log2(factor) half-lives; 66.2 kg,
    381.47 MBq given at 11:39:00.
    """
    implied = []
    for path in files[::10]:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        decay, frame_s = math.log(2) / HALF_LIFE_S, float(header.ActualFrameDuration) / 1000
        middle = math.log(decay * frame_s / (1 - math.exp(-decay * frame_s))) / decay
        reference = clock_s(str(header.AcquisitionTime)) + middle - math.log2(header.DecayFactor) * HALF_LIFE_S
        implied.append(66200 / (381470000 * 2 ** (-(reference - clock_s("113900")) / HALF_LIFE_S)))

    assert [scale.factor] * len(implied) == pytest.approx(implied, rel=1e-6)
    assert scale.warnings == ()


def test_the_factor_has_its_known_value(scale: SuvScale) -> None:
    """66200 g / (381.47e6 Bq * 2^(-5024.678 s / 6586.2 s)), by hand: 13:02:44.678 less 11:39."""
    assert scale.factor == pytest.approx(2.9448041e-4, rel=1e-7)


def test_without_a_height_there_is_no_lean_body_value(files: list[Path]) -> None:
    refused = suv_scale(read_pet(files[:2]), SuvType.LBM_JANMAHASATIAN)

    assert isinstance(refused, SuvRefusal)
    assert refused.text == "The patient's height is missing."


@pytest.mark.parametrize("segment", [1, 2])
def test_the_marked_tumours_have_the_uptake_that_another_reader_finds(
    shared_data: Path, suv: Volume, scale: SuvScale, segment: int
) -> None:
    """SimpleITK reads the files, pydicom the marks; both meet in patient space."""
    folder = shared_data / "pet-qin-hn-0024"
    seg = pydicom.dcmread(folder / "tumour_seg.dcm")
    reader: Any = ImageSeriesReader()  # type: ignore[no-untyped-call] # SimpleITK has no types
    reader.SetFileNames([str(folder / name) for name in _by_height(folder)])
    image = reader.Execute()
    values: list[float] = []
    mask = np.zeros(suv.voxels.shape, dtype=np.bool_)
    for frame, groups in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        if groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber != segment:
            continue
        origin = [float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient]
        _, _, layer = image.TransformPhysicalPointToIndex(origin)
        values += [image[int(x), int(y), layer] for y, x in np.argwhere(frame)]
        _, _, ours = np.rint(suv.ijk_of(origin)).astype(int)
        mask[ours] |= frame.astype(bool)

    found = voi_statistics(suv, mask_voi(mask))

    factor = 2.9448041e-4
    assert found.voxel_count == len(values)
    assert found.maximum == pytest.approx(max(values) * factor, rel=1e-5)
    assert found.mean == pytest.approx(np.mean(values) * factor, rel=1e-5)
    hot = np.array(values) * factor
    voxel_ml = 3.5378182**2 * 3.375 / 1000
    expected_ml = [(hot >= level).sum() * voxel_ml for level in (0.41 * hot.max(), 2.5, 4.0)]
    assert [one.volume_ml for one in found.metabolic] == pytest.approx(expected_ml, rel=1e-3)
    assert found.peak is not None
    assert found.mean < found.peak < found.maximum


def _by_height(folder: Path) -> list[str]:
    def height(path: Path) -> float:
        return float(pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient[2])

    return [path.name for path in sorted(folder.glob("0*.dcm"), key=height)]

"""Where a mark of the detector comes from is told by covering its surroundings, in the patient."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.lungs import lungs_of
from models.engine.manifest_values import InputSpec, OutputSpec
from models.engine.mark_occlusion import FloatArray, OutsideTheLungs, occlusion_of_mark
from models.engine.preprocess import Prepared
from models.engine.registry import Registry
from models.engine.session import Provider
from tests.helpers.models import XS, Job, refused, thorax
from workstation.domain.errors import InputOutsideIntendedUse, JobCancelled
from workstation.domain.volume import Volume

NODULE = (-55.0, 10.0, -12.0)
ACROSS_MM = 14.0


@pytest.fixture(scope="module")
def scan() -> Volume:
    return thorax(nodule_lps_mm=NODULE)


@pytest.fixture(scope="module")
def detector() -> LungNoduleDetector:
    return LungNoduleDetector(Registry().load(XS), Provider.CPU)


def test_the_score_of_the_shipped_network_falls_most_where_the_nodule_itself_is_covered(
    scan: Volume, detector: LungNoduleDetector
) -> None:
    job = Job()
    found = detector.occlusion(scan, NODULE, ACROSS_MM, job)

    assert found.drop.shape == (7, 7, 7)
    assert float(found.drop.max()) > 0.3
    assert np.linalg.norm(np.subtract(found.strongest, NODULE)) <= ACROSS_MM / 2
    corners = found.drop[::6, ::6, ::6]  # 14 mm or more away along each axis
    assert float(np.abs(corners).max()) < 0.1 * float(found.drop.max())
    assert job.fractions == sorted(job.fractions)
    assert job.fractions[-1] == 1.0


def test_a_finding_outside_the_lungs_is_refused_in_words(scan: Volume, detector: LungNoduleDetector) -> None:
    with refused(InputOutsideIntendedUse, "outside the lungs"):
        detector.occlusion(scan, (400.0, 10.0, -12.0), ACROSS_MM, Job())


def test_it_is_given_up_between_two_cubes(scan: Volume, detector: LungNoduleDetector) -> None:
    job = Job(cancel_after=12)
    with pytest.raises(JobCancelled):
        detector.occlusion(scan, NODULE, ACROSS_MM, job)
    assert len(job.fractions) == 12


def bright(image: FloatArray) -> FloatArray:
    """Answer with the mean of each block of four voxels along each axis."""
    z, y, x = (n // 4 for n in image.shape[2:])
    mean: FloatArray = image[0, 0].reshape(z, 4, y, 4, x, 4).mean(axis=(1, 3, 5))
    return mean


@pytest.mark.parametrize("at", [(40, 40, 40), (3, 40, 76)])
def test_each_value_of_the_map_is_the_fall_where_its_own_cube_lies(scan: Volume, at: tuple[int, int, int]) -> None:
    lungs = lungs_of(scan)
    assert lungs is not None
    hu = np.full((80, 80, 80), -850, np.int16)
    hu[at] = 400  # one bright voxel: only the cubes that hold it change anything
    prepared = Prepared(hu, np.array([10.0, 20.0, 30.0]), 1.0, lungs)
    centre = (10.0 + at[2], 20.0 + at[1], 30.0 + at[0])
    spec = InputSpec(
        name="image", spacing_mm=1.0, clip_hu=(-1000.0, 400.0), margin_mm=10.0, multiple_of=16, slab=96, halo=32
    )
    output = OutputSpec("heat", "size", "offset", 4, 10.0, 1.5)

    found = occlusion_of_mark(prepared, centre, 12.0, spec, output, bright, Job())

    # cubes of 6 voxels, 3 apart: those that hold the voxel are the middle one and the next one up along each axis
    held = np.zeros((7, 7, 7), bool)
    held[3:5, 3:5, 3:5] = True
    fall = (400 + 850) / 1400 / 64
    np.testing.assert_allclose(found.drop, np.where(held, fall, 0.0), atol=1e-6)
    middle = found.ijk_to_lps @ np.array([3.0, 3.0, 3.0, 1.0])
    np.testing.assert_allclose(middle[:3], np.subtract(centre, 0.5))  # an even cube has its centre between voxels
    assert np.diag(found.ijk_to_lps)[:3].tolist() == [3.0, 3.0, 3.0]


def test_a_place_that_the_network_does_not_see_has_no_map(scan: Volume) -> None:
    lungs = lungs_of(scan)
    assert lungs is not None
    prepared = Prepared(np.zeros((16, 16, 16), np.int16), np.zeros(3), 1.0, lungs)
    spec = InputSpec(
        name="image", spacing_mm=1.0, clip_hu=(-1000.0, 400.0), margin_mm=10.0, multiple_of=16, slab=96, halo=32
    )
    with pytest.raises(OutsideTheLungs):
        occlusion_of_mark(
            prepared, (16.0, 3.0, 3.0), 6.0, spec, OutputSpec("heat", "size", "offset", 4, 10.0, 1.5), bright, Job()
        )

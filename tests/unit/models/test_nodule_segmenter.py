"""One click: nodules of every kind and known size, and everything that is not a nodule."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.engine.lungs import LungMask
from models.engine.nodule.contours import is_hole, rings
from models.engine.nodule.segmenter import NoduleSegmenter
from models.engine.nodule.surroundings import guess_lobe
from tests.helpers.nodules import MIDDLE, FreeJob, lung, volume_of, with_ball, with_tube
from workstation.domain import outline
from workstation.domain.errors import JobCancelled, NotANodule
from workstation.domain.finding import Lobe, NoduleType
from workstation.domain.geometry import Point, distance_mm
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule import Attachment, NoduleMeasurement
from workstation.domain.volume import Volume


def segment(volume: Volume, seed: Point = MIDDLE, **options: float) -> NoduleMeasurement:
    return NoduleSegmenter().segment(volume, seed, FreeJob(), **options)


@pytest.mark.parametrize("diameter_mm", [8.0, 12.0, 20.0, 30.0])
def test_a_solid_ball_is_outlined_where_readers_draw_it_within_a_voxel(diameter_mm: float) -> None:
    """The boundary lies at a fifth of the contrast: a little outside the half, never a voxel (1 mm) each side."""
    found = segment(volume_of(with_ball(lung(), MIDDLE, diameter_mm, 30)))
    for measured in (found.equivalent_diameter_mm, found.axial.long.length_mm, found.extent.long.length_mm):
        assert diameter_mm <= measured + 0.2
        assert measured <= diameter_mm + 2.0
    assert distance_mm(found.centre_lps_mm, MIDDLE) < 0.5
    assert (found.nodule_type, found.cavity_mm3) == (NoduleType.SOLID, 0.0)


def test_a_click_off_the_middle_measures_the_same_nodule() -> None:
    volume = volume_of(with_ball(lung(), MIDDLE, 14, 30))
    sizes = [segment(volume, (40 + dx, 40 + dy, 40.0)).volume_mm3 for dx, dy in ((0, 0), (4, 0), (0, -4), (-3, 3))]
    assert max(sizes) / min(sizes) < 1.05


def test_ground_glass_is_outlined_and_named() -> None:
    found = segment(volume_of(with_ball(lung(), MIDDLE, 14, -620)))
    assert found.nodule_type is NoduleType.GROUND_GLASS
    assert pytest.approx(found.equivalent_diameter_mm, abs=2.0) == 14
    assert found.solid is not None
    assert (found.solid.volume_mm3, found.solid.axes) == (0.0, None)
    assert GrowthLimit.SUBSOLID in found.growth_limits


def test_the_solid_core_of_a_part_solid_nodule_is_measured_apart() -> None:
    field = with_ball(with_ball(lung(), MIDDLE, 20, -600), MIDDLE, 9, 30)
    found = segment(volume_of(field))
    assert found.nodule_type is NoduleType.PART_SOLID
    assert pytest.approx(found.equivalent_diameter_mm, abs=2.0) == 20
    assert found.solid is not None
    assert found.solid.axes is not None
    assert found.solid.threshold_hu == -300.0
    assert pytest.approx(found.solid.axes.long.length_mm, abs=1.2) == 9
    assert math.pi / 6 * 9**3 == pytest.approx(found.solid.volume_mm3, rel=0.3)


def test_a_calcified_nodule_is_named_and_has_no_solid_part() -> None:
    found = segment(volume_of(with_ball(lung(), MIDDLE, 10, 500)))
    assert (found.nodule_type, found.solid) == (NoduleType.CALCIFIED, None)
    assert found.calcified_mm3 > 200


@pytest.mark.parametrize("seed", [(40.0, 40.0, 40.0), (48.0, 40.0, 40.0)])
def test_a_cavity_belongs_to_the_nodule_whether_its_wall_or_its_hole_is_clicked(seed: Point) -> None:
    found = segment(volume_of(with_ball(with_ball(lung(), MIDDLE, 22, 30), MIDDLE, 11, -950)), seed)
    assert pytest.approx(found.equivalent_diameter_mm, abs=2.0) == 22
    assert math.pi / 6 * 11**3 == pytest.approx(found.cavity_mm3, rel=0.5)
    assert found.solid is None


def test_a_nodule_at_the_pleura_does_not_run_into_the_chest_wall() -> None:
    found = segment(volume_of(with_ball(lung(wall_from_x=50), (46.0, 40.0, 40.0), 12, 30)), (45.0, 40.0, 40.0))
    assert found.equivalent_diameter_mm < 15
    assert found.mask.first_ijk[0] + found.mask.voxels.shape[2] < 56
    assert found.pleura_distance_mm == 0.0
    assert Attachment.PLEURA in found.attachments
    assert GrowthLimit.ATTACHED in found.growth_limits


def test_the_distance_to_the_pleura_is_that_of_the_nearest_rim() -> None:
    found = segment(volume_of(with_ball(lung(wall_from_x=55), MIDDLE, 10, 30)))
    assert pytest.approx(found.pleura_distance_mm, abs=1.5) == 10  # wall at 54.5, rim at 45
    assert found.attachments == frozenset()


def test_a_vessel_through_a_nodule_is_cut_off() -> None:
    field = with_tube(with_ball(lung(), MIDDLE, 14, 30), 40, 40, 4)
    found = segment(volume_of(field))
    assert pytest.approx(found.equivalent_diameter_mm, abs=2.2) == 14
    assert found.extent.long.length_mm < 24
    assert Attachment.VESSEL in found.attachments


SHIFTS = [(0.0, 0.0, 0.0), (0.3, -0.2, 0.4), (-0.25, 0.45, -0.1), (0.5, 0.5, 0.5)]


def sampled(diameter_mm: float, vessel_mm: float, shift: Point) -> tuple[Volume, Point]:
    """Return a ball in lung on voxels of 0.7 x 0.7 x 1 mm, each a mean over itself, crossed by a tube along x."""
    sides, spacing = (50, 72, 72), np.array([1.0, 0.7, 0.7])
    middle = np.array(sides) // 2 * spacing + np.array(shift[::-1]) * spacing
    sub = (np.arange(5) + 0.5) / 5 - 0.5
    z, y, x = (
        ((np.arange(n)[:, None] + sub) * mm - at).ravel() for n, mm, at in zip(sides, spacing, middle, strict=True)
    )
    across = y[None, :] ** 2 + z[:, None] ** 2
    share = np.zeros(sides)
    for n in range(sides[0]):
        rows = across[5 * n : 5 * n + 5, :, None]
        inside = (rows + x[None, None, :] ** 2 <= (diameter_mm / 2) ** 2) | (rows <= (vessel_mm / 2) ** 2)
        share[n] = inside.reshape(5, sides[1], 5, sides[2], 5).mean(axis=(0, 2, 4))
    for axis in (1, 2):
        share = 0.786 * share + 0.107 * (np.roll(share, 1, axis) + np.roll(share, -1, axis))
    field = -860.0 + 900.0 * share + np.random.default_rng(3).normal(0, 20, sides)
    x_mm, y_mm, z_mm = middle[::-1].tolist()
    return volume_of(field, np.diag([0.7, 0.7, 1.0, 1.0])), (x_mm, y_mm, z_mm)


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("diameter_mm", [6.0, 9.0, 12.0])
def test_a_ball_that_nothing_touches_has_no_vessel_and_one_that_a_small_vessel_crosses_has(
    diameter_mm: float, shift: Point
) -> None:
    alone = segment(*sampled(diameter_mm, 0.0, shift))
    assert alone.attachments == frozenset()
    for vessel_mm in (2.0, 3.0):
        crossed = segment(*sampled(diameter_mm, vessel_mm, shift))
        assert crossed.attachments == {Attachment.VESSEL}
        assert GrowthLimit.ATTACHED in crossed.growth_limits


@pytest.mark.parametrize(("diameter_mm", "limits"), [
    (3.0, {GrowthLimit.TOO_SMALL}), (5.0, {GrowthLimit.TOO_SMALL}), (8.0, set()), (10.0, set()),
])  # fmt: skip
def test_a_nodule_too_small_for_volume_growth_says_so_and_a_larger_one_is_ready(
    diameter_mm: float, limits: set[GrowthLimit]
) -> None:
    found = segment(*sampled(diameter_mm, 0.0, (0.2, -0.3, 0.4)))
    assert found.growth_limits == frozenset(limits)


def test_a_lone_small_nodule_on_thin_slices_is_ready_for_growth_and_thick_slices_are_not() -> None:
    assert segment(volume_of(with_ball(lung(), MIDDLE, 10, 30))).growth_limits == frozenset()
    thick = with_ball(lung((32, 80, 80)), MIDDLE, 10, 30, (1.0, 1.0, 2.5))
    found = segment(volume_of(thick, np.diag([1.0, 1.0, 2.5, 1.0])))
    assert GrowthLimit.THICK_SLICES in found.growth_limits


def test_a_nodule_at_the_end_of_the_scan_says_that_it_is_cut_off() -> None:
    found = segment(volume_of(with_ball(lung(), (40.0, 40.0, 3.0), 12, 30)), (40.0, 40.0, 3.0))
    assert GrowthLimit.CUT_OFF in found.growth_limits


TURNED = np.array([[0, 0, 1.0, -30], [-1.0, 0, 0, 90], [0, -1.0, 0, 12], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    "affine",
    [np.eye(4), np.diag([-1.0, -1.0, 1.0, 1.0]), np.diag([1.0, 1.0, -1.0, 1.0]), TURNED],
    ids=["plain", "rows and columns turned", "feet first", "sagittal"],
)
def test_the_same_nodule_measures_the_same_however_the_slices_lie(affine: np.ndarray) -> None:
    field = with_ball(with_ball(lung(), MIDDLE, 12, 30), (45.0, 40.0, 40.0), 10, 30)
    volume = volume_of(field, affine)
    found = segment(volume, tuple(volume.lps_of(MIDDLE).tolist()))
    straight = segment(volume_of(field))
    assert straight.volume_mm3 == pytest.approx(found.volume_mm3, rel=0.03)
    assert straight.extent.long.length_mm == pytest.approx(found.extent.long.length_mm, rel=0.06)


def test_the_mask_lies_on_the_voxels_of_the_nodule() -> None:
    spacing = (0.7, 0.7, 1.25)
    field = with_ball(lung((64, 110, 110)), MIDDLE, 14, 30, spacing)
    volume = volume_of(field, np.diag([*spacing, 1.0]))
    found = segment(volume)
    x, y, z = found.mask.first_ijk
    depth, rows, columns = found.mask.voxels.shape
    inside = volume.voxels[z : z + depth, y : y + rows, x : x + columns][found.mask.voxels]
    assert found.mask.voxels.sum() * 0.7 * 0.7 * 1.25 == pytest.approx(found.volume_mm3, rel=0.06)
    assert (inside > -700).mean() > 0.97


def test_contours_lie_in_their_slice_and_enclose_what_the_mask_counts() -> None:
    found = segment(volume_of(with_ball(lung(), MIDDLE, 14, 30)))
    for contour in found.contours:
        points = np.array(contour.points_lps_mm)
        assert set(points[:, 2]) == {float(contour.slice_index)}
        counted = found.mask.voxels[contour.slice_index - found.mask.first_ijk[2]].sum()
        assert counted == pytest.approx(outline.area(points[:, :2]), rel=0.12, abs=6)
    middle = next(c for c in found.contours if c.slice_index == found.axial_slice_index)
    assert found.axial.long.start_lps_mm in middle.points_lps_mm


def test_an_egg_has_its_axes_where_they_are() -> None:
    """Two balls of 10 mm, 10 mm apart along y: 20 mm long, 10 mm across."""
    field = with_ball(lung(), (40.0, 35.0, 40.0), 10, 30)
    for y in (37.5, 40.0, 42.5, 45.0):
        field = np.maximum(field, with_ball(lung(), (40.0, y, 40.0), 10, 30))
    found = segment(volume_of(field))
    assert pytest.approx(found.axial.long.length_mm, abs=2.0) == 20
    assert pytest.approx(found.axial.short.length_mm, abs=2.0) == 10
    along = np.subtract(found.axial.long.end_lps_mm, found.axial.long.start_lps_mm)
    across = np.subtract(found.axial.short.end_lps_mm, found.axial.short.start_lps_mm)
    assert abs(along @ across) / (np.linalg.norm(along) * np.linalg.norm(across)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("what", "seed", "told"),
    [
        ("lung", (20.0, 20.0, 20.0), "no denser than the lung"),
        ("wall", (72.0, 40.0, 40.0), "chest wall"),
        ("vessel", (30.0, 40.0, 20.0), "vessel"),
        ("outside", (400.0, 0.0, 0.0), "outside the images"),
    ],
)
def test_a_click_elsewhere_is_refused_with_the_reason(what: str, seed: Point, told: str) -> None:
    field = with_tube(with_ball(lung((80, 80, 110), wall_from_x=60), MIDDLE, 12, 30), 40, 20, 5)
    with pytest.raises(NotANodule, match=told) as refused:
        segment(volume_of(field), seed)
    assert refused.value.hint


def test_soft_tissue_without_lung_is_refused() -> None:
    with pytest.raises(NotANodule, match="no lung"):
        segment(volume_of(np.full((60, 60, 60), 40.0)), (30.0, 30.0, 30.0))


def test_a_dot_is_too_small_to_measure() -> None:
    with pytest.raises(NotANodule, match=r"too small|no denser|outlined"):
        segment(volume_of(with_ball(lung(), MIDDLE, 1.2, 60)))


def test_a_fissure_of_one_voxel_is_too_thin_to_be_a_nodule() -> None:
    field = lung()
    field[:, 40, :] = -300
    with pytest.raises(NotANodule):
        segment(volume_of(field))


@pytest.mark.parametrize("seed", range(6))
def test_noise_and_odd_shapes_give_a_measurement_or_a_reason_never_a_fault(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = lung((50, 60, 60)) + rng.normal(0, 150, (50, 60, 60))
    field[rng.integers(0, 40) :, :, rng.integers(0, 50) :] += rng.choice([0.0, 300.0, 900.0])
    volume = volume_of(field)
    measured: list[float] = []
    told: list[str] = []
    for place in rng.uniform(0, 60, (8, 3)).tolist():
        try:
            measured.append(segment(volume, (place[0], place[1], place[2])).volume_mm3)
        except NotANodule as exc:
            told.append(exc.hint)
    assert len(measured) + len(told) == 8
    assert all(told)
    assert all(one > 0 for one in measured)


def test_only_ct_is_outlined() -> None:
    with pytest.raises(NotANodule, match="CT only"):
        segment(volume_of(lung((40, 40, 40)), unit="SUV"))


def test_a_cancelled_job_measures_nothing() -> None:
    with pytest.raises(JobCancelled):
        NoduleSegmenter().segment(volume_of(lung((40, 40, 40))), (20.0, 20.0, 20.0), FreeJob(cancelled=True))


def test_a_tumour_of_45_mm_is_measured_on_the_coarser_grid() -> None:
    field = with_ball(lung((110, 110, 110)), (55.0, 55.0, 55.0), 45, 30)
    found = segment(volume_of(field), (55.0, 55.0, 55.0), diameter_mm=45.0)
    again = segment(volume_of(field), (55.0, 55.0, 55.0))
    assert pytest.approx(found.equivalent_diameter_mm, abs=3) == 45
    assert pytest.approx(again.equivalent_diameter_mm, abs=3) == 45


def lungs() -> LungMask:
    """Return two lungs, 100 mm wide each with 40 mm between, 200 deep, 300 high; x grows to the left of the patient."""
    inside = np.zeros((102, 69, 82), dtype=np.bool_)
    inside[1:-1, 1:-1, 1:34] = inside[1:-1, 1:-1, 48:81] = True
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    return LungMask(np.where(inside, -5.0, 5.0).astype(np.float32), affine, 4000, (1, 1, 1), (80, 67, 100))


@pytest.mark.parametrize(
    ("place", "lobe"),
    [
        ((50.0, 60.0, 280.0), Lobe.RIGHT_UPPER),
        ((50.0, 30.0, 80.0), Lobe.RIGHT_MIDDLE),
        ((50.0, 180.0, 60.0), Lobe.RIGHT_LOWER),
        ((200.0, 60.0, 250.0), Lobe.LEFT_UPPER),
        ((200.0, 180.0, 60.0), Lobe.LEFT_LOWER),
    ],
)
def test_far_from_every_fissure_the_lobe_is_guessed_and_never_for_certain(place: Point, lobe: Lobe) -> None:
    guess = guess_lobe(place, lungs())
    assert guess is not None
    assert guess.lobe is lobe
    assert 0.6 < guess.confidence <= 0.97


def test_at_a_fissure_the_guess_says_that_it_does_not_know() -> None:
    guess = guess_lobe((200.0, 103.0, 110.0), lungs())
    assert guess is not None
    assert guess.confidence < 0.7


def test_without_lungs_no_lobe_is_guessed() -> None:
    assert guess_lobe(MIDDLE, None) is None


def test_rings_of_a_disc_with_a_hole_have_its_areas_and_turn_against_each_other() -> None:
    y, x = np.mgrid[:60, :60]
    away = np.hypot(x - 30.2, y - 29.7)
    outer, inner = rings(np.minimum(20 - away, away - 8).astype(np.float32), 0.0)
    assert (is_hole(outer), is_hole(inner)) == (False, True)
    assert math.pi * 400 == pytest.approx(outline.area(outer), rel=0.01)
    assert math.pi * 64 == pytest.approx(outline.area(inner), rel=0.01)


@pytest.mark.parametrize(("low", "pieces"), [(0.0, 2), (0.9, 1)])
def test_two_corners_join_only_where_the_middle_is_inside(low: float, pieces: int) -> None:
    for pattern in ([[1.0, low], [low, 1.0]], [[low, 1.0], [1.0, low]]):
        assert len(rings(np.array(pattern, dtype=np.float32), 0.94 if low else 0.6)) == pieces

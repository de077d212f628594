"""What the network is shown, and what it is told about it."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.hosts import Known
from models.training.insertion import KINDS, composite, from_cube, from_shape, noise, resized, slice_blurred
from models.training.sampling import Sources, crop, make_sample, site, touches
from models.training.targets import draw
from tests.helpers.training import ball, cube, host, shape, sources

_MIDDLE = (55, 55, 55)


def _placed(kind: str, diameter_mm: float = 14.0, at: tuple[int, int, int] = _MIDDLE) -> tuple[float, ...]:
    """Insert into quiet lung; returns HU at the centre and near the rim, and the diameter told."""
    lung = host()
    hu = np.full(lung.hu.shape, -860, np.float32)
    rng = np.random.default_rng(3)
    insert = from_shape(shape(diameter_mm), kind, diameter_mm, rng)
    placed = composite(hu, lung.distance_mm, insert, at, slice_mm=1.0, noise_hu=0.0, rng=rng)
    assert placed is not None
    z, y, x = (round(c) for c in placed.centre_zyx)
    ring = hu[z, y, x + round(0.43 * diameter_mm)]
    return float(hu[z, y, x]), float(ring), placed.diameter_mm


def test_a_solid_nodule_is_as_dense_as_soft_tissue() -> None:
    middle, ring, _ = _placed("solid")

    assert -60 <= middle <= 90
    assert -60 <= ring <= 90


def test_ground_glass_is_denser_than_lung_and_lighter_than_water() -> None:
    middle, ring, _ = _placed("ground_glass")

    assert -680 <= middle <= -380
    assert -680 <= ring <= -380


def test_a_part_solid_nodule_has_a_dense_core_in_ground_glass() -> None:
    middle, ring, _ = _placed("part_solid", 20.0)

    assert -61 <= middle <= 91
    assert ring < -150


def test_a_cavity_has_air_inside_a_wall() -> None:
    middle, ring, _ = _placed("cavity", 20.0)

    assert middle < -800
    assert ring > middle + 100


def test_a_calcified_nodule_is_denser_than_soft_tissue() -> None:
    assert _placed("calcified")[0] >= 150


def test_spicules_reach_beyond_the_nodule() -> None:
    rng = np.random.default_rng(1)
    smooth, spiky = (from_shape(shape(12.0), kind, 12.0, rng).alpha for kind in ("solid", "spiculated"))

    assert max(spiky.shape) > max(smooth.shape)
    assert spiky.sum() > smooth.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_told_is_the_size_that_was_asked_for(kind: str) -> None:
    tolerance = 0.12 if kind == "spiculated" else 0.04  # spicules add volume

    assert pytest.approx(_placed(kind)[2], rel=tolerance) == 14.0


def test_vessels_run_through_ground_glass() -> None:
    lung = host()
    rng = np.random.default_rng(2)
    hu, distance = crop(lung, np.array([20, 20, 20]), np.array([80, 80, 80]))
    before = hu[40, 40, 30]  # on the vessel
    insert = from_shape(shape(16.0), "ground_glass", 16.0, rng)
    placed = composite(hu, distance, insert, (40, 40, 30), slice_mm=1.0, noise_hu=10.0, rng=rng)

    assert placed is not None
    assert hu[40, 40, 30] >= before - 1


def test_a_nodule_at_the_pleura_is_cut_there_and_told_smaller() -> None:
    lung = host()
    rng = np.random.default_rng(4)
    hu = np.asarray(lung.hu, np.float32).copy()
    wall = hu[55, 55, 3:9].copy()
    insert = from_shape(shape(14.0), "solid", 14.0, rng)
    placed = composite(hu, lung.distance_mm, insert, (55, 55, 12), slice_mm=1.0, noise_hu=0.0, rng=rng)

    assert placed is not None
    assert placed.diameter_mm < 13.5
    assert placed.centre_zyx[2] > 12.0
    assert np.array_equal(wall, hu[55, 55, 3:9])


def test_a_nodule_mostly_outside_the_lungs_is_not_inserted() -> None:
    lung = host()
    hu = np.asarray(lung.hu, np.float32).copy()
    before = hu.copy()
    rng = np.random.default_rng(4)
    insert = from_shape(shape(14.0), "solid", 14.0, rng)

    assert composite(hu, lung.distance_mm, insert, (55, 55, 6), slice_mm=1.0, noise_hu=0.0, rng=rng) is None
    assert composite(hu, lung.distance_mm, insert, (2, 55, 55), slice_mm=1.0, noise_hu=0.0, rng=rng) is None
    assert np.array_equal(before, hu)


def test_a_real_nodule_keeps_its_own_density_and_size() -> None:
    lung = host()
    hu = np.asarray(lung.hu, np.float32).copy()
    rng = np.random.default_rng(4)
    insert = from_cube(cube(12.0).hu, cube(12.0).mask, rng)
    placed = composite(hu, lung.distance_mm, insert, (55, 40, 55), slice_mm=1.0, noise_hu=20.0, rng=rng)

    assert placed is not None
    assert pytest.approx(placed.diameter_mm, rel=0.03) == 12.0
    z, y, x = (round(c) for c in placed.centre_zyx)
    assert hu[z, y, x] == 40.0


def test_thick_slices_smear_a_nodule_along_z_and_nowhere_else() -> None:
    point = np.zeros((9, 3, 3), np.float32)
    point[4, 1, 1] = 1
    blurred = slice_blurred(point, 3.0)

    assert pytest.approx(list(blurred[:, 1, 1])) == [0, 0, 0, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0]
    assert pytest.approx(float(blurred.sum())) == 1.0
    assert np.array_equal(point, slice_blurred(point, 1.0))


def test_a_shape_grows_in_volume_with_the_cube_of_the_zoom() -> None:
    grown = resized(ball(10.0), 1.5)

    assert pytest.approx(float(grown.sum() / ball(10.0).sum()), rel=0.02) == 1.5**3


def test_noise_has_the_strength_that_was_asked_for() -> None:
    rng = np.random.default_rng(0)

    assert pytest.approx(float(noise((30, 30, 30), 25.0, 3.0, rng).std()), rel=0.01) == 25.0


def test_the_same_number_gives_the_same_sample_and_another_number_another() -> None:
    made = sources()
    first, again, other = (make_sample(made, 7, n) for n in (5, 5, 6))

    assert np.array_equal(first.image, again.image)
    assert first.placed == again.placed
    assert not np.array_equal(first.image, other.image)


def test_samples_have_the_networks_range_and_a_centre_for_each_nodule_that_is_inside() -> None:
    made = sources()
    samples = [make_sample(made, 1, n) for n in range(24)]

    assert all(s.image.shape == (64, 64, 64) and s.image.dtype == np.float32 for s in samples)
    assert all(float(s.image.min()) >= 0 and float(s.image.max()) <= 1 for s in samples)
    assert all(int((s.target.heat == 1).sum()) <= len(s.placed) for s in samples)
    assert sum(int((s.target.heat == 1).sum()) for s in samples) >= 12


def test_the_centre_told_is_where_the_image_is_dense() -> None:
    made = Sources((host(),), (shape(14.0),), (cube(14.0),))
    checked = 0
    for number in range(40):
        sample = make_sample(made, 3, number)
        dense = [p for p in sample.placed if p.kind in {"solid", "calcified", "real"} and p.diameter_mm > 10]
        if len(sample.placed) != 1 or not dense:
            continue
        cells = np.argwhere(sample.target.heat == 1)
        for cell in cells:
            z, y, x = (round(4 * k + 1.5 + 4 * float(sample.target.offset[a][tuple(cell)])) for a, k in enumerate(cell))
            assert sample.image[z, y, x] > 0.55  # above -230 HU
            checked += 1
    assert checked >= 3


def test_nothing_is_inserted_on_what_is_known() -> None:
    known = [Known((50.0, 50.0, 50.0), 20.0, is_lesion=True)]

    assert touches(known, (50.0, 50.0, 65.0), 8.0)
    assert not touches(known, (50.0, 50.0, 80.0), 8.0)


@pytest.mark.parametrize("kind", ["free", "pleura", "vessel"])
def test_a_place_lies_where_its_name_says(kind: str) -> None:
    lung = host()
    hu = np.asarray(lung.hu, np.float32)
    for seed in range(10):
        at = site(hu, lung.distance_mm, 4.0, kind, np.random.default_rng(seed))
        assert at is not None
        if kind == "free":
            assert lung.distance_mm[at] < -5
        elif kind == "pleura":
            assert -4 < lung.distance_mm[at] <= 0
        else:
            assert np.hypot(at[0] - 60, at[1] - 60) < 7


def test_there_is_no_place_where_there_is_no_lung() -> None:
    wall = np.full((20, 20, 20), 40, np.float32)

    assert site(wall, np.full(wall.shape, 50, np.int8), 4.0, "free", np.random.default_rng(0)) is None


def test_a_crop_beyond_the_scan_repeats_its_edge_and_counts_as_outside() -> None:
    lung = host()
    hu, distance = crop(lung, np.array([-5, 0, 0]), np.array([10, 10, 10]))

    assert np.array_equal(hu[0], hu[5])
    assert (distance[:5] == 100).all()


def test_a_nodule_at_voxel_21_5_is_told_at_cell_5_with_no_offset() -> None:
    target = draw([((21.5, 21.5, 21.5), 8.0)], [], 64)  # 4 * 5 + 1.5

    assert target.heat[5, 5, 5] == 1.0
    assert target.size[5, 5, 5] == 0.0  # ln(8 / 8)
    assert target.offset[:, 5, 5, 5].tolist() == [0.0, 0.0, 0.0]
    assert target.heat[5, 5, 6] < 0.4


def test_offsets_are_in_cells_along_z_y_x() -> None:
    target = draw([((22.5, 21.5, 20.5), 16.0)], [], 64)

    assert target.offset[:, 5, 5, 5].tolist() == [0.25, 0.0, -0.25]
    assert np.log(2) == pytest.approx(float(target.size[5, 5, 5]))


def test_what_is_unclear_or_cut_by_the_edge_is_not_judged() -> None:
    target = draw([((0.0, 30.0, 30.0), 12.0)], [((33.5, 33.5, 33.5), 10.0)], 64)

    assert target.heat.max() == 0.0
    assert target.judged[8, 8, 8] == 0.0
    assert target.judged[0, 7, 7] == 0.0
    assert target.judged[15, 15, 15] == 1.0


def test_a_nodule_inside_an_unclear_sphere_is_still_told() -> None:
    target = draw([((33.5, 33.5, 33.5), 6.0)], [((33.5, 33.5, 33.5), 20.0)], 64)

    assert target.judged[8, 8, 8] == 1.0
    assert target.heat[8, 8, 8] == 1.0

"""What the positions of a series say, and what forbids a volume."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.dicom.images.stack import Placement, describe, describe_stack
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.study import Instance

X: Point = (1.0, 0.0, 0.0)
Y: Point = (0.0, 1.0, 0.0)
Z: Point = (0.0, 0.0, 1.0)


def at(origin: Point, *, right: Point = X, down: Point = Y, **options: object) -> Placement:
    values: dict[str, object] = {"spacing_mm": (0.7, 0.7), "size": (512, 512), **options}
    return Placement(origin, right, down, **values)  # type: ignore[arg-type] # test options


def axial(*heights: float) -> list[Placement | None]:
    return [at((0.0, 0.0, height)) for height in heights]


def codes(*placements: Placement | None) -> tuple[bool, list[str]]:
    found = describe(placements)
    return found.is_regular, [warning.code for warning in found.warnings]


def test_slices_are_ordered_by_position_whatever_order_they_come_in() -> None:
    found = describe(axial(3, 1, 2, 0))

    assert (found.order, found.spacing_mm, found.step, found.is_regular) == ((3, 1, 2, 0), 1.0, (0.0, 0.0, 1.0), True)


def test_the_normal_decides_which_way_is_up() -> None:
    """With the row direction reversed the normal points to the feet: the highest slice comes first."""
    flipped = [at((0.0, 0.0, float(z)), right=(-1.0, 0.0, 0.0)) for z in range(3)]

    assert describe(flipped).order == (2, 1, 0)


def test_coronal_slices_are_ordered_by_their_own_normal() -> None:
    coronal = [at((0.0, y, 0.0), down=(0.0, 0.0, -1.0)) for y in (5.0, -5.0, 0.0)]

    assert describe(coronal).order == (1, 2, 0)


def test_a_missing_slice_is_a_gap() -> None:
    found = describe(axial(0, 1, 2, 4, 5))

    assert (found.is_regular, [one.code for one in found.blockers]) == (False, ["gap"])
    assert "3" in found.blockers[0].text
    assert "2.00" in found.blockers[0].text


def test_a_tilted_gantry_is_found_with_its_angle() -> None:
    """Slices that move 1 mm back for 2 mm up are tilted by atan(1/2) = 26.6 degrees."""
    found = describe([at((0.0, float(n), 2.0 * n)) for n in range(5)])

    assert [one.code for one in found.blockers] == ["tilt"]
    assert found.tilt_degrees == pytest.approx(26.565, abs=0.001)
    assert "26.6" in found.blockers[0].text


def test_rounded_positions_are_no_tilt() -> None:
    assert codes(*[at((0.001 * (n % 2), 0.0, float(n))) for n in range(9)]) == (True, [])


def test_two_images_at_one_position_are_duplicates() -> None:
    assert codes(*axial(0, 1, 1, 2)) == (False, ["duplicate"])


def test_images_all_at_one_position_make_no_stack() -> None:
    found = describe(axial(1, 1, 1))

    assert (
        found.spacing_mm,
        found.step,
        found.is_regular,
        [one.code for one in found.warnings],
    ) == (None, None, False, ["duplicate"])


def test_a_scout_among_the_slices_is_a_mixed_orientation() -> None:
    scout = at((0.0, 0.0, 0.0), down=(0.0, 0.0, -1.0))
    found = describe([*axial(1, 0), scout, None])

    assert (found.is_regular, [one.code for one in found.warnings]) == (False, ["position", "mixed_orientation"])
    # groups stay together, each in order, images without a place come last
    assert found.order == (1, 0, 2, 3)


def test_different_sizes_and_pixel_spacings_make_no_volume() -> None:
    odd = at((0.0, 0.0, 2.0), size=(256, 256), spacing_mm=(1.4, 1.4))

    assert codes(*axial(0, 1), odd) == (False, ["mixed_size", "mixed_spacing"])


def test_missing_pixel_spacing_still_leaves_an_order() -> None:
    found = describe([at((0.0, 0.0, z), spacing_mm=None) for z in (2.0, 0.0, 1.0)])

    assert (
        found.order,
        [one.code for one in found.warnings],
        found.is_regular,
    ) == ((1, 2, 0), ["spacing"], False)


def test_images_without_any_position_keep_their_order() -> None:
    found = describe([None, None])

    assert (found.order, [one.code for one in found.blockers], found.is_regular) == ((0, 1), ["position"], False)


def test_nothing_is_nothing() -> None:
    found = describe([])

    assert (found.order, found.warnings, found.is_regular) == ((), (), False)


@pytest.mark.parametrize(
    ("shift", "regular", "warned"),
    [(0.005, True, []), (0.05, True, ["unequal"]), (0.099, True, ["unequal"]), (0.2, False, ["unequal"])],
)
def test_small_irregularities_are_told_and_large_ones_refused(shift: float, regular: bool, warned: list[str]) -> None:  # noqa: FBT001 - a table
    """Up to 1 % of the spacing is rounding, up to 10 % is told in millimetres, more makes no volume."""
    assert (regular, warned) == codes(*axial(0, 1, 2 + shift, 3 + shift, 4 + shift))


def test_instances_are_described_by_their_planes() -> None:
    plane = ImagePlane((0.0, 0.0, 5.0), X, Y, (0.7, 0.7))
    instances = [Instance("1", "c", 1, plane=plane), Instance("2", "c", 2)]

    assert [one.code for one in describe_stack(instances).warnings] == ["position"]


angles = st.floats(-3.1, 3.1)


@given(
    angle=angles,
    lean=angles,
    spacing=st.floats(0.3, 10),
    count=st.integers(2, 40),
    seed=st.integers(0, 2**16),
)
def test_any_oblique_even_stack_is_regular_in_any_order(
    angle: float, lean: float, spacing: float, count: int, seed: int
) -> None:
    c, s, cl, sl = np.cos(angle), np.sin(angle), np.cos(lean), np.sin(lean)
    right, down = np.array([c, s, 0]), np.array([-s * cl, c * cl, sl])
    normal = np.cross(right, down)
    mixed = np.random.default_rng(seed).permutation(count)
    placements = [
        at(_point(np.array([10, -20, 30]) + n * spacing * normal), right=_point(right), down=_point(down))
        for n in mixed
    ]

    found = describe(placements)

    assert (found.is_regular, found.warnings) == (True, ())
    assert list(range(count)) == [int(mixed[k]) for k in found.order]
    assert found.spacing_mm == pytest.approx(spacing, rel=1e-6)
    assert found.tilt_degrees == pytest.approx(0, abs=1e-3)


def _point(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Point:
    x, y, z = values.tolist()
    return x, y, z

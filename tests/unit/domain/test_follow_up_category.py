"""The Lung-RADS step of a followed nodule: by size and growth alone, and only where the table gives one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from workstation.domain.finding import NoduleType
from workstation.domain.follow_up import Compared, PairState, SeenNodule
from workstation.domain.follow_up_category import lung_rads_change
from workstation.domain.observation import FollowUp, NoduleObservation

NOW = date(2026, 7, 1)


def line(
    before_mm: float,
    now_mm: float,
    kind: NoduleType = NoduleType.SOLID,
    *,
    then: date = date(2026, 1, 1),
    solid: tuple[float, float] | None = None,
) -> Compared:
    first, second = solid or (None, None)
    pair = FollowUp(
        "1.9",
        NoduleObservation("a", then, (0, 0, 0), before_mm, None, first),
        NoduleObservation("x", NOW, (0, 0, 0), now_mm, None, second),
        "x",
    )
    seen = SeenNodule("x", (0, 0, 0), now_mm, nodule_type=kind)
    return Compared(seen, seen, PairState.PROPOSED, pair)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (line(5.0, 9.0), ("2", "4B")),  # growing, 8 mm or more
        (line(5.0, 7.0), ("2", "4A")),  # growing, below 8 mm
        (line(7.0, 7.2, then=date(2026, 2, 15)), ("3", "3")),  # stable, but too early to step down
        (line(7.0, 7.2, then=date(2025, 9, 1)), ("3", "2")),
        (line(20.0, 20.5, NoduleType.GROUND_GLASS), ("2", "2")),
        (line(8.0, 11.0, NoduleType.PART_SOLID, solid=(3.0, 5.0)), ("3", "4B")),
    ],
)
def test_the_category_of_then_and_now_follows_the_table(told: Compared, expected: tuple[str, str]) -> None:
    assert lung_rads_change(told) == expected


def test_no_category_is_made_up() -> None:
    assert lung_rads_change(line(5.0, 9.0, NoduleType.UNSPECIFIED)) is None
    # the solid part was not measured
    assert lung_rads_change(line(8.0, 11.0, NoduleType.PART_SOLID)) is None
    # 2 mm in three years: slow growth is the reader's to confirm
    assert lung_rads_change(line(5.0, 7.0, then=date(2023, 7, 1))) is None
    assert lung_rads_change(replace(line(5.0, 9.0), follow_up=None)) is None
    assert lung_rads_change(replace(line(5.0, 9.0), current=None)) is None


def test_ground_glass_that_grows_around_a_stable_solid_part_is_no_growth_of_the_nodule() -> None:
    told = line(8.0, 11.0, NoduleType.PART_SOLID, solid=(3.0, 3.4), then=date(2025, 9, 1))

    assert lung_rads_change(told) == ("3", "2")

"""How far apart in time two series were acquired that lie over each other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from workstation.domain.acquired_apart import Apart, acquired_apart
from workstation.domain.study import Instance, Series
from workstation.domain.technique import Technique


def series(modality: str, *acquired: str) -> Series:
    slices = (Instance(f"1.{n}", "1.2", n, technique=Technique(acquired=at)) for n, at in enumerate(acquired))
    return Series(f"1.2.{modality}", modality, instances=tuple(slices))


@pytest.mark.parametrize(
    ("ct", "pet", "minutes", "doubtful"),
    [
        # a CT of 12 seconds, the PET from bed to bed from 09:03 to 09:21
        (("20260105090000", "20260105090012"), ("20260105092100", "20260105090300"), 2, False),
        # the other way round: what was acquired last stands first in neither list
        (("20260105092500",), ("20260105090000", "20260105091500"), 10, False),
        (("20260105090000",), ("20260105120800", "20260105122600"), 188, True),
        (("20260105090000",), ("20260105100000",), 60, False),
        (("20260105090000",), ("20260105100001",), 60, True),
        # one within the other: together
        (("20260105091000",), ("20260105090300", "20260105092100"), 0, False),
        # ten minutes apart over midnight are another day all the same, and said
        (("20260105235500",), ("20260106000500",), 10, True),
        (("20260105090000",), ("20260107090000",), 2880, True),
    ],
)
def test_a_pet_is_doubted_over_a_ct_from_more_than_an_hour_away_or_of_another_day(
    ct: tuple[str, ...],
    pet: tuple[str, ...],
    minutes: int,
    doubtful: bool,  # noqa: FBT001 - a row of a table
) -> None:
    found = acquired_apart(series("CT", *ct), series("PT", *pet))
    assert found is not None
    assert (found.minutes, found.is_doubtful) == (minutes, doubtful)
    assert acquired_apart(series("PT", *pet), series("CT", *ct)) == Apart(found.gap, (found.days[1], found.days[0]))


def test_a_few_slices_without_a_time_do_not_hide_the_gap_of_the_others() -> None:
    found = acquired_apart(series("CT", "", "20260105090000", "20261305090000"), series("PT", "20260105110000"))
    assert found is not None
    assert found.gap == timedelta(hours=2)


@pytest.mark.parametrize("ct", [(), ("",), ("20261399000000",), ("noon",)])
def test_without_acquisition_times_of_both_nothing_is_said(ct: tuple[str, ...]) -> None:
    assert acquired_apart(series("CT", *ct), series("PT", "20260105090000")) is None

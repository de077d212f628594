"""One ball that did not grow, scanned in two ways: no way of storing it makes growth of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest
from pydicom.dataset import Dataset

from models.engine.nodule.segmenter import NoduleSegmenter
from tests.helpers.nodules import MIDDLE, FreeJob, lung, volume_of, with_ball
from workstation.dicom.sr.evidence_items import evidence_items, read_evidence
from workstation.domain.annotation_json import as_dict, from_dict
from workstation.domain.follow_up import Compared, SeenNodule, StudyDay, compare, nodule_of_annotation, with_evidence
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.tracking import GrowthVerdict
from workstation.domain.volume import Volume
from workstation.services.nodule_service import MeasuredNodule, MeasureNodule

THEN, NOW = StudyDay("1.9", date(2025, 1, 1)), StudyDay("1.8", date(2026, 1, 1))


class _Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


def measured(volume: Volume, at: Point) -> MeasuredNodule:
    measure = MeasureNodule(measurer=NoduleSegmenter(), clock=_Noon(), new_uid=lambda: "2.25.4")
    return measure(volume, at, FreeJob(), author="wang.li")


def whole() -> MeasuredNodule:
    return measured(volume_of(with_ball(lung(), MIDDLE, 12, 40)), MIDDLE)


def cut_off() -> MeasuredNodule:
    at = (40.0, 40.0, 0.0)
    return measured(volume_of(with_ball(lung(), at, 12, 40)), at)


def thick() -> MeasuredNodule:
    field = with_ball(lung((16, 80, 80)), MIDDLE, 12, 40, (1.0, 1.0, 5.0))
    return measured(volume_of(field, np.diag([1.0, 1.0, 5.0, 1.0])), MIDDLE)


def drawn(found: MeasuredNodule) -> SeenNodule:
    """Return the nodule as a later study reads what a reader outlined."""
    seen = nodule_of_annotation(from_dict(as_dict(found.annotation)))
    assert seen is not None
    return seen


def marked(found: MeasuredNodule) -> SeenNodule:
    """Return the nodule as a later study reads what was measured at a mark."""
    items: list[Dataset] = evidence_items(found.measurement.evidence(), "1.2")
    told = read_evidence(items)
    assert told is not None
    plain = SeenNodule("2.25.4", found.measurement.centre_lps_mm, found.measurement.equivalent_diameter_mm)
    return with_evidence(plain, told)


def pair(prior: SeenNodule, current: SeenNodule) -> Compared:
    (line,) = compare(
        [current], [prior], case=NOW, before=THEN, prior_to_current=None, confirmed={}, chosen={}
    )  # fmt: skip
    return line


@pytest.mark.parametrize("stored", [drawn, marked])
@pytest.mark.parametrize(
    ("weak", "limit"), [(cut_off, {GrowthLimit.CUT_OFF}), (thick, {GrowthLimit.THICK_SLICES, GrowthLimit.FEW_VOXELS})]
)
def test_a_ball_of_12_mm_has_not_grown_because_one_scan_cut_it_off_or_was_of_thick_slices(
    stored: Callable[[MeasuredNodule], SeenNodule], weak: Callable[[], MeasuredNodule], limit: set[GrowthLimit]
) -> None:
    before, now = stored(weak()), stored(whole())
    for prior, current in ((before, now), (now, before)):
        found = pair(prior, current).growth
        assert found is not None
        assert (found.verdict, found.volume_change_share) == (GrowthVerdict.STABLE, None)
        assert set(found.limits) == limit
        assert abs(found.diameter_change_mm) < 1.5
    same = pair(now, now).growth
    assert same is not None
    assert (same.volume_change_share, same.limits) == (0.0, ())


def test_a_cut_off_volume_would_have_been_called_growth() -> None:
    """Half a ball of 12 mm and the whole of it: what the limits guard against is there."""
    half, full = drawn(cut_off()), drawn(whole())
    assert half.volume_mm3 is not None
    assert full.volume_mm3 is not None
    assert full.volume_mm3 / half.volume_mm3 > 1.25

"""One click inside a nodule, kept as an annotation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.helpers.nodules import FreeJob, lung, volume_of
from tests.unit.domain.test_nodule import AXES, nodule
from workstation.domain.annotation import AnnotationKind, MeasureName
from workstation.domain.errors import NotANodule
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.domain.geometry import Point
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule import NoduleMeasurement, SolidPart
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.explain_service import ExplainFindings
from workstation.services.nodule_service import MeasureNodule

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


class FixedClock:
    def now(self) -> datetime:
        return AT


@dataclass
class FakeMeasurer:
    found: NoduleMeasurement | None

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        if self.found is None:
            raise NotANodule("Nothing here.")
        return self.found


def click(found: NoduleMeasurement | None, tracking_uid: str = "") -> MeasureNodule:
    return MeasureNodule(measurer=FakeMeasurer(found), clock=FixedClock(), new_uid=lambda: "2.25.4")


def test_a_click_leaves_axes_volume_solid_part_and_outlines_with_author_and_time() -> None:
    found = nodule(solid=SolidPart(-300, 40.0, AXES))
    kept = click(found)(volume_of(lung((4, 4, 4))), (0, 0, 0), FreeJob(), author="wang.li")
    annotation = kept.annotation
    assert kept.measurement is found
    assert (annotation.kind, annotation.uid, annotation.tracking_uid) == (AnnotationKind.NODULE, "2.25.4", "2.25.4")
    assert list(annotation.points_lps_mm) == [(0, 0, 0), (6, 8, 0), (0, 5, 0), (6, 5, 0)]
    assert (annotation.frame_of_reference_uid, annotation.series_instance_uid) == ("1.2", "1.3")
    assert (annotation.author, annotation.created_at) == ("wang.li", AT)
    assert {m.name: (round(m.value, 1), m.unit) for m in annotation.measures} == {
        MeasureName.LONG_AXIS: (10.0, "mm"),
        MeasureName.SHORT_AXIS: (6.0, "mm"),
        MeasureName.VOLUME: (268.0, "mm3"),
        MeasureName.EQUIVALENT_DIAMETER: (8.0, "mm"),
        MeasureName.SOLID_VOLUME: (40.0, "mm3"),
        MeasureName.SOLID_LONG_AXIS: (10.0, "mm"),
        MeasureName.SOLID_SHORT_AXIS: (6.0, "mm"),
    }
    assert [list(outline) for outline in annotation.contours_lps_mm] == [[(0, 0, 0), (6, 8, 0), (6, 5, 0)]]
    assert annotation.statistics is not None
    assert (annotation.statistics.mean, annotation.statistics.unit, annotation.statistics.count) == (-40, "HU", 8)


def test_a_known_lesion_keeps_its_name_over_time() -> None:
    kept = click(nodule())(volume_of(lung((4, 4, 4))), (0, 0, 0), FreeJob(), author="a", tracking_uid="2.25.77")
    assert kept.annotation.tracking_uid == "2.25.77"
    assert kept.annotation.measure(MeasureName.SOLID_VOLUME) is None


def test_a_solid_part_that_no_slice_shows_has_a_volume_only() -> None:
    kept = click(nodule(solid=SolidPart(-300, 3.0, None)))(volume_of(lung((4, 4, 4))), (0, 0, 0), FreeJob(), author="a")
    assert kept.annotation.measure(MeasureName.SOLID_VOLUME) is not None
    assert kept.annotation.measure(MeasureName.SOLID_LONG_AXIS) is None


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        (NoduleType.UNSPECIFIED, (GrowthLimit.SUBSOLID,)),
        (NoduleType.GROUND_GLASS, (GrowthLimit.SUBSOLID,)),
        (NoduleType.SOLID, ()),
    ],
)
def test_the_evidence_calls_a_nodule_unfit_for_volumes_over_time_by_the_type_that_the_reader_said(
    said: NoduleType, limits: tuple[GrowthLimit, ...]
) -> None:
    finding = Finding("2.25.1", 1, (0, 0, 0), 8.0, Decision.ADDED, nodule_type=said)
    measurer = FakeMeasurer(nodule(growth_limits=frozenset({GrowthLimit.SUBSOLID})))
    explain = ExplainFindings(measurer, tuple, None)  # type: ignore[arg-type]  # no heat is asked for
    assert explain(volume_of(lung((4, 4, 4))), finding, FreeJob()).evidence.growth_limits == limits


def test_where_nothing_is_found_nothing_is_kept() -> None:
    with pytest.raises(NotANodule):
        click(None)(volume_of(lung((4, 4, 4))), (0, 0, 0), FreeJob(), author="a")

"""One click inside a nodule: measure it and keep the outcome as an annotation of the reader's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics
from workstation.domain.geometry import Point
from workstation.domain.mark import in_order
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.nodule_ports import NoduleMeasurer
from workstation.domain.ports import Clock, JobContext
from workstation.domain.volume import Volume


@dataclass(frozen=True, slots=True)
class MeasuredNodule:
    """What one click gave: the full measurement and the annotation to keep."""

    measurement: NoduleMeasurement
    annotation: Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureNodule:
    """Measure the nodule at a point. Raises NotANodule, JobCancelled."""

    measurer: NoduleMeasurer
    clock: Clock
    new_uid: Callable[[], str]

    def __call__(
        self,
        volume: Volume,
        seed_lps_mm: Point,
        job: JobContext,
        *,
        author: str,
        tracking_uid: str = "",
        diameter_mm: float | None = None,
    ) -> MeasuredNodule:
        """Return the measurement; ``tracking_uid`` names a lesion that is known already."""
        found = self.measurer.segment(volume, seed_lps_mm, job, diameter_mm=diameter_mm)
        uid = self.new_uid()
        long, short = found.axial.long, found.axial.short
        annotation = Annotation(
            uid=uid,
            tracking_uid=tracking_uid or uid,
            kind=AnnotationKind.NODULE,
            points_lps_mm=(long.start_lps_mm, long.end_lps_mm, short.start_lps_mm, short.end_lps_mm),
            frame_of_reference_uid=volume.frame_of_reference_uid,
            series_instance_uid=volume.series_instance_uid,
            stack_number=volume.stack_number,
            measures=_measures(found),
            statistics=Statistics(
                mean=found.hounsfield.mean,
                standard_deviation=found.hounsfield.standard_deviation,
                minimum=found.hounsfield.minimum,
                maximum=found.hounsfield.maximum,
                count=max(1, int(found.mask.voxels.sum())),
                unit=volume.unit,
            ),
            contours_lps_mm=tuple(contour.points_lps_mm for contour in found.contours),
            author=author,
            created_at=self.clock.now(),
            growth_limits=in_order(found.growth_limits),
        )
        return MeasuredNodule(found, annotation)


def _measures(found: NoduleMeasurement) -> tuple[Measure, ...]:
    measures = [
        Measure(MeasureName.LONG_AXIS, found.axial.long.length_mm, "mm"),
        Measure(MeasureName.SHORT_AXIS, found.axial.short.length_mm, "mm"),
        Measure(MeasureName.VOLUME, found.volume_mm3, "mm3"),
        Measure(MeasureName.EQUIVALENT_DIAMETER, found.equivalent_diameter_mm, "mm"),
    ]
    if found.solid is not None:
        measures.append(Measure(MeasureName.SOLID_VOLUME, found.solid.volume_mm3, "mm3"))
        if found.solid.axes is not None:
            measures.append(Measure(MeasureName.SOLID_LONG_AXIS, found.solid.axes.long.length_mm, "mm"))
            measures.append(Measure(MeasureName.SOLID_SHORT_AXIS, found.solid.axes.short.length_mm, "mm"))
    return tuple(measures)

"""One-click measurement of nodules, joined to what segments them."""

from __future__ import annotations

from workstation.domain.geometry import Point
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.nodule_service import MeasureNodule
from workstation.services.uid import SystemClock, new_uid


class LateMeasurer:
    """Loads what segments when a nodule is clicked, in the job that asks."""

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        """Measure the nodule at a patient point. Raises NotANodule, JobCancelled."""
        from models.engine.nodule.segmenter import NoduleSegmenter

        return NoduleSegmenter().segment(volume, seed_lps_mm, job, diameter_mm=diameter_mm)


def measure_nodule() -> MeasureNodule:
    """Join clock and UIDs of this machine."""
    return MeasureNodule(measurer=LateMeasurer(), clock=SystemClock(), new_uid=new_uid)

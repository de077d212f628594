"""Ports of nodule measurement, implemented by ``models``, joined in bootstrap."""

from __future__ import annotations

from typing import Protocol

from workstation.domain.geometry import Point
from workstation.domain.nodule import NoduleMeasurement
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume


class NoduleMeasurer(Protocol):
    """Segments the nodule under a point."""

    def segment(
        self, volume: Volume, seed_lps_mm: Point, job: JobContext, *, diameter_mm: float | None = None
    ) -> NoduleMeasurement:
        """
        Measure the nodule at a patient point; ``diameter_mm`` is a rough size where one is known.

        Raises NotANodule with the reason, JobCancelled.
        """
        ...

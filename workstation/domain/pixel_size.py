"""How large a pixel is, and at which depth that holds: at the detector is not in the patient."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SpacingBasis(StrEnum):
    """Where the size of a pixel comes from. Source: PS3.3 10.7.1, C.8.7.6."""

    PATIENT = "patient"
    """A cross-section: the size in the patient."""
    DETECTOR = "detector"
    """A projection at the detector's plane; the patient's structures are smaller."""
    ESTIMATED = "estimated"
    """A projection divided by the estimated magnification factor."""
    CALIBRATED = "calibrated"
    """A projection calibrated by geometry or by an object of known size."""
    UNKNOWN = "unknown"
    """A projection with a size that says nothing about where it holds."""
    ULTRASOUND = "ultrasound"
    """One calibrated region of an ultrasound picture."""


@dataclass(frozen=True, slots=True)
class PixelSize:
    """
    The size of one pixel in millimetres: (between columns, between rows).

    ``magnification`` is the estimated factor by which the detector sees things enlarged, where known.
    ``region`` (left, top, right, bottom, pixels from 0, ends included) bounds where it holds; None = everywhere.
    """

    spacing_mm: tuple[float, float]
    basis: SpacingBasis = SpacingBasis.PATIENT
    magnification: float | None = None
    region: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"spacing_mm must be positive, got {self.spacing_mm}")
        if self.magnification is not None and self.magnification <= 0:
            raise ValueError(f"magnification must be positive, got {self.magnification}")

    @property
    def is_doubtful(self) -> bool:
        """Tell whether a distance measured with it may not be one in the patient."""
        return self.basis in {SpacingBasis.DETECTOR, SpacingBasis.ESTIMATED, SpacingBasis.UNKNOWN}

"""How large a pixel is, and at which depth that holds: at the detector is not in the patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from resources.translation import tr

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels from 0, ends included"""


class SpacingBasis(StrEnum):
    """Where the size of a pixel comes from. Source: PS3.3 10.7.1, C.8.7.6."""

    PATIENT = "patient"
    """A cross-section: the size in the patient."""
    DETECTOR = "detector"
    """A projection at the detector's plane; the patient's structures are smaller."""
    ESTIMATED = "estimated"
    """A projection divided by the estimated magnification factor."""
    CALIBRATED = "calibrated"
    """A projection calibrated by an object of known size, or in a way that is not said."""
    GEOMETRY = "geometry"
    """A projection corrected for the known or assumed magnification at some depth in the patient."""
    UNKNOWN = "unknown"
    """A projection with a size that says nothing about where it holds."""
    ULTRASOUND = "ultrasound"
    """One calibrated region of an ultrasound picture."""

    @property
    def text(self) -> str:
        """Return what stands beside millimetres that are based on it, empty for those of a cross-section."""
        texts = {
            SpacingBasis.PATIENT: "",
            SpacingBasis.DETECTOR: tr("at the detector"),
            SpacingBasis.ESTIMATED: tr("estimated by magnification"),
            SpacingBasis.CALIBRATED: tr("calibrated"),
            SpacingBasis.GEOMETRY: tr("geometry-corrected"),
            SpacingBasis.UNKNOWN: tr("not calibrated"),
            SpacingBasis.ULTRASOUND: tr("ultrasound scale"),
        }
        return texts[self]


@dataclass(frozen=True, slots=True)
class PixelSize:
    """
    The size of one pixel in millimetres: (between columns, between rows).

    ``magnification`` is the estimated factor by which the detector sees things enlarged, where known.
    ``region`` (left, top, right, bottom, pixels from 0, ends included) bounds where it holds; None = everywhere.
    ``insets`` are boxes of the same kind that lie over it and show no lengths: nothing holds there.
    """

    spacing_mm: tuple[float, float]
    basis: SpacingBasis = SpacingBasis.PATIENT
    magnification: float | None = None
    region: Box | None = None
    insets: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        if min(self.spacing_mm) <= 0:
            raise ValueError(f"spacing_mm must be positive, got {self.spacing_mm}")
        if self.magnification is not None and self.magnification <= 0:
            raise ValueError(f"magnification must be positive, got {self.magnification}")

    def holds(self, column: float, row: float) -> bool:
        """Tell whether the size holds at a pixel position, whose pixel centres are whole numbers."""
        bounded = self.region is None or _within(self.region, column, row)
        return bounded and not any(_within(one, column, row) for one in self.insets)

    @property
    def is_doubtful(self) -> bool:
        """Tell whether a distance measured with it may not be one in the patient."""
        return self.basis in {SpacingBasis.DETECTOR, SpacingBasis.ESTIMATED, SpacingBasis.UNKNOWN}


def _within(box: Box, column: float, row: float) -> bool:
    left, top, right, bottom = box
    return left - 0.5 <= column <= right + 0.5 and top - 0.5 <= row <= bottom + 0.5


def size_at(
    points: Iterable[tuple[float, float]], whole: PixelSize | None, regions: Sequence[PixelSize] = ()
) -> PixelSize | None:
    """
    Return the size that holds at every (column, row) of a drawing, None where none does or two differ.

    Where an image has calibrated ``regions`` nothing holds beside and across them; else ``whole`` counts.
    Source: PS3.3 C.8.5.5.
    """
    drawn = list(points)
    if not regions:
        return whole if whole is None or all(whole.holds(*point) for point in drawn) else None
    here = [one for one in regions if all(one.holds(*point) for point in drawn)]
    return here[0] if len({one.spacing_mm for one in here}) == 1 else None

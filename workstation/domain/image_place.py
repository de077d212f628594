"""
A place on one image, or a whole series, that is no place in the patient.

What models say of radiographs and mammograms, and what classifiers say of a volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from workstation.domain.finding_class import FindingMeaning

BoxPx = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels of the stored image, pixel centres at integers."""


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """
    A box on one image, the whole image where ``box_px`` is None, or a whole series (``whole_series``).

    ``frame`` counts from 1 and is None for an image of a single frame. Never a place in the patient: a radiograph
    has none, and no millimetres are made up for it.
    """

    sop_instance_uid: str
    frame: int | None = None
    box_px: BoxPx | None = None
    series_instance_uid: str = ""
    """Of a whole series, which names no image; empty for an image"""

    def __post_init__(self) -> None:
        if bool(self.sop_instance_uid) == bool(self.series_instance_uid):
            raise ValueError("a place on an image names the image, a whole series the series")
        if self.series_instance_uid and (self.frame is not None or self.box_px is not None):
            raise ValueError("a whole series has neither a frame nor a box")
        if self.frame is not None and self.frame < 1:
            raise ValueError(f"frames count from 1, got {self.frame}")
        if self.box_px is None:
            return
        left, top, right, bottom = self.box_px
        if not all(map(math.isfinite, self.box_px)) or left >= right or top >= bottom:
            raise ValueError(f"a box has a width and a height, got {self.box_px}")

    @classmethod
    def whole_series(cls, series_instance_uid: str) -> ImagePlace:
        """Return the place of what is said of all images of a series together."""
        return cls("", series_instance_uid=series_instance_uid)

    def with_box(self, box_px: BoxPx) -> ImagePlace:
        """Return another box on the same image. ValueError for a whole series and for a box without a size."""
        return ImagePlace(self.sop_instance_uid, self.frame, box_px, self.series_instance_uid)

    def is_same_place(self, other: ImagePlace) -> bool:
        """
        Tell whether two places are one: the same whole image or series, or boxes that hold each other's centres.

        A small box at the rim of a large one stays a place of its own, however much of it the large one covers.
        """
        same = (self.sop_instance_uid, self.frame or 1, self.series_instance_uid) == (
            other.sop_instance_uid, other.frame or 1, other.series_instance_uid,
        )  # fmt: skip
        if not same or self.box_px is None or other.box_px is None:
            return same and self.box_px is other.box_px
        return _holds_centre(self.box_px, other.box_px) and _holds_centre(other.box_px, self.box_px)

    def is_on(self, sop_instance_uid: str, frame: int | None) -> bool:
        """Tell whether the place lies on this image; ``frame`` None for an image of a single frame."""
        is_image = self.sop_instance_uid == sop_instance_uid and not self.series_instance_uid
        return is_image and (self.frame or 1) == (frame or 1)


@dataclass(frozen=True, slots=True)
class ImageMark:
    """
    What a model said of one image, never changed after it was made: a box, or a finding on the whole image.

    ``score``, ``shown``, ``out_of_ten`` and ``meaning`` as in ``Mark``.
    """

    place: ImagePlace
    score: float
    shown: bool
    label: str
    out_of_ten: int | None = None
    meaning: FindingMeaning | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.score <= 1:
            raise ValueError(f"score must lie in [0, 1], got {self.score}")


def centre_px(box_px: BoxPx) -> tuple[float, float]:
    """Return the centre (column, row) of a box."""
    left, top, right, bottom = box_px
    return (left + right) / 2, (top + bottom) / 2


def _holds_centre(box_px: BoxPx, other_px: BoxPx) -> bool:
    left, top, right, bottom = box_px
    column, row = centre_px(other_px)
    return left <= column <= right and top <= row <= bottom

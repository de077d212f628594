"""Findings on films: boxes and whole-image findings as a model of radiographs makes them."""

from __future__ import annotations

from workstation.domain.finding import Decision, Finding
from workstation.domain.image_place import BoxPx, ImageMark, ImagePlace

BOX: BoxPx = (10.0, 20.0, 30.0, 60.0)


def on_film(
    number: int = 1,
    *,
    sop: str = "1.9",
    box: BoxPx | None = BOX,
    label: str = "mass",
    score: float = 0.8,
    shown: bool = True,
    out_of_ten: int | None = None,
) -> Finding:
    """Return an undecided finding on one image; ``box`` None speaks of the whole image."""
    place = ImagePlace(sop, box_px=box)
    mark = ImageMark(place, score, shown, label, out_of_ten)
    return Finding(f"2.25.{number}", number, None, None, Decision.UNDECIDED, mark, on_image=place)

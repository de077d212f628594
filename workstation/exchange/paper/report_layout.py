"""Measures of the report page, and the places on it that signatures fill."""

from __future__ import annotations

from typing import Final

PAGE_MM: Final = (210.0, 297.0)
MARGIN: Final = 18.0
WIDTH: Final = PAGE_MM[0] - 2 * MARGIN
LINE: Final = 5.6
FOOTER_TOP: Final = PAGE_MM[1] - 26.0
BODY_END: Final = FOOTER_TOP - 4.0
"""Where text ends on every page, in mm from the top."""

SIGNATURE_SIZE: Final = (62.0, 11.0)
SIGNATURE_TOP: Final = FOOTER_TOP - 1.5 - SIGNATURE_SIZE[1]
SIGNATURES_FROM: Final = SIGNATURE_TOP - 2.5
"""Where text ends on the last page, which carries the signatures."""


def _points(left_mm: float, top_mm: float) -> tuple[float, float, float, float]:
    """Return the rectangle of one signature as PDF counts it: points from the lower left corner."""
    scale = 72 / 25.4
    width, height = SIGNATURE_SIZE
    corners = (left_mm, PAGE_MM[1] - top_mm - height, left_mm + width, PAGE_MM[1] - top_mm)
    return tuple(round(value * scale, 2) for value in corners)  # type: ignore[return-value]  # four went in


SIGNATURE_PAGE: Final = -1
"""The page of both signatures, as pyHanko counts: the last one."""
AUTHOR_LEFT: Final = 30.0
VERIFIER_LEFT: Final = 130.0
AUTHOR_BOX: Final = _points(AUTHOR_LEFT, SIGNATURE_TOP)
"""Where the author's visible signature goes on the last page: x1, y1, x2, y2 in points."""
VERIFIER_BOX: Final = _points(VERIFIER_LEFT, SIGNATURE_TOP)
"""Where the verifier's visible signature goes on the last page: x1, y1, x2, y2 in points."""

"""
The bar of known length on a picture: as long as the length tool would measure it, or the word that there is no scale.

A picture with a place in the patient takes the scale of its plane. A film, a mammogram or an ultrasound picture takes
the one that lengths on it are measured with (``PixelSize``) and the words that stand beside those lengths.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from resources.translation import tr
from viewers.scene.image import SliceImage
from viewers.scene.labels import Rect
from viewers.scene.slice_view import SliceView
from workstation.domain.pixel_size import PixelSize

_LENGTHS_MM: Final = (50.0, 100.0, 10.0, 20.0, 5.0, 2.0, 1.0, 200.0)
"""In the order in which they are tried: 5 cm wherever it can be read"""
_MINIMUM_PX: Final = 32.0
_MOST_OF_WIDTH: Final = 1 / 3
_BESIDE_PX: Final = 20.0
_ABOVE_EDGE_PX: Final = 12.0
_WORDS_FROM_PX: Final = 240.0
"""In a narrower viewport the word that there is no scale has no room beside the corners; the warning in red says it"""
_GAP_PX, _ABOVE_PX, _BELOW_PX = 6, 20, 4
"""Room beside the bar, for its words above it, and below it"""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """
    A bar near the bottom centre of a picture, or of the region of an ultrasound picture that it belongs to.

    ``text`` tells its length, and what that is worth as beside a measured length. ``length_px`` is 0 where nothing
    tells a scale: then the words stand alone.
    """

    x: float
    y: float
    length_px: float
    text: str


def scale_bars(view: SliceView, image: SliceImage | None) -> tuple[ScaleBar, ...]:
    """
    Return the bars of a displayed picture, none where no length can be read at this zoom.

    ``image`` tells the size of a pixel where there is no plane. The regions of an ultrasound picture share one bar
    where they have one scale, at the edge of the viewport if it lies in one of them there; else each scale has a bar
    within its own region, for it must not stand in a spectrum or in a region of another scale.
    """
    if view.plane is not None:
        return _bars(view, view.plane.spacing_mm, "")
    if image is None:
        return ()
    if not image.calibrated:
        size = image.pixel_size
        return _without_scale(view) if size is None else _bars(view, size.spacing_mm, size.basis.text)
    shown = _shown_regions(view, image.calibrated)
    if not shown:
        return _without_scale(view)
    if len(shown) == 1:
        size = shown[0][0]
        bars = _bars(view, size.spacing_mm, size.basis.text)
        if all(_lies_in_a_region(bar, view, image.calibrated) for bar in bars):
            return bars
    return tuple(bar for size, within in shown for bar in _bars(view, size.spacing_mm, size.basis.text, within))


def px_per_mm(view: SliceView, spacing_mm: tuple[float, float]) -> float:
    """Return the viewport pixels of a millimetre from left to right, for pixels of (across, down) millimetres."""
    m = view.inverse
    return 1 / math.hypot(m.a * spacing_mm[0], m.c * spacing_mm[1])


def bar_clear_of(bar: ScaleBar, texts: Sequence[Rect], width_px: float | None = None) -> ScaleBar:
    """
    Return the bar above every text that it would run into: in a narrow viewport the right corner reaches it.

    ``width_px`` is what bar and words take; None for the bar alone.
    """
    width = bar.length_px if width_px is None else max(bar.length_px, width_px)
    met = [
        one
        for one in texts
        if one.x - _GAP_PX < bar.x + width
        and one.right + _GAP_PX > bar.x
        and one.y < bar.y + _BELOW_PX
        and one.y + one.height > bar.y - _ABOVE_PX
    ]
    if not met:
        return bar
    return bar_clear_of(replace(bar, y=min(one.y for one in met) - _BELOW_PX - 1), texts, width_px)


def _bars(
    view: SliceView, spacing_mm: tuple[float, float], basis: str, within: Rect | None = None
) -> tuple[ScaleBar, ...]:
    scale = px_per_mm(view, spacing_mm)
    width, height = view.viewport
    most = width * _MOST_OF_WIDTH if within is None else min(width, within.width) * _MOST_OF_WIDTH
    for length_mm in _LENGTHS_MM:
        length = length_mm * scale
        if _MINIMUM_PX <= length <= most:
            text = f"{_length_words(length_mm)} {basis}".rstrip()
            if within is None:
                return (ScaleBar(_left(view, length), height - _ABOVE_EDGE_PX, length, text),)
            x = within.x + (within.width - length) / 2
            return (ScaleBar(x, within.bottom - _ABOVE_EDGE_PX, length, text),)
    return ()


def _left(view: SliceView, length: float) -> float:
    middle = view.viewport[0] / 2  # where the letter of the lower edge stands
    return max(middle - length / 2 + view.viewport[0] / 8, middle + _BESIDE_PX)


def _without_scale(view: SliceView) -> tuple[ScaleBar, ...]:
    width, height = view.viewport
    if width < _WORDS_FROM_PX:
        return ()
    return (ScaleBar(width / 2 + _BESIDE_PX, height - _ABOVE_EDGE_PX, 0.0, tr("not calibrated")),)


def _length_words(length_mm: float) -> str:
    return f"{length_mm / 10:g} cm" if length_mm >= 10 else f"{length_mm:g} mm"


def _shown_regions(view: SliceView, regions: Iterable[PixelSize]) -> list[tuple[PixelSize, Rect]]:
    """Return the regions on screen, of each scale the one that takes most of it, with what is seen of it."""
    largest: dict[tuple[float, float], tuple[PixelSize, Rect]] = {}
    screen = Rect(0.0, 0.0, *view.viewport)
    for one in regions:
        seen = screen if one.region is None else _seen(view, one.region, screen)
        before = largest.get(one.spacing_mm)
        if seen is not None and (before is None or seen.width * seen.height > before[1].width * before[1].height):
            largest[one.spacing_mm] = one, seen
    return list(largest.values())


def _lies_in_a_region(bar: ScaleBar, view: SliceView, regions: Iterable[PixelSize]) -> bool:
    screen = Rect(0.0, 0.0, *view.viewport)
    places = [screen if one.region is None else _seen(view, one.region, screen) for one in regions]
    return any(
        place is not None
        and place.x <= bar.x
        and bar.x + bar.length_px <= place.right
        and place.y <= bar.y < place.bottom
        for place in places
    )


def _seen(view: SliceView, box: tuple[int, int, int, int], screen: Rect) -> Rect | None:
    left, top, right, bottom = box
    corners = [view.transform.apply(x, y) for x in (left - 0.5, right + 0.5) for y in (top - 0.5, bottom + 0.5)]
    x, y = max(screen.x, min(one[0] for one in corners)), max(screen.y, min(one[1] for one in corners))
    width = min(screen.right, max(one[0] for one in corners)) - x
    height = min(screen.bottom, max(one[1] for one in corners)) - y
    return Rect(x, y, width, height) if width > 0 and height > 0 else None

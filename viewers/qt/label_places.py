"""Where the labels of marks and measurements go; kept as long as nothing that they must not cover moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from viewers.qt.outlined_text import OutlinedText, TextStyle
from viewers.scene.labels import Rect, box_around, place_label
from viewers.scene.marks import MarkOutline, MarkShape
from viewers.scene.overlay import Calliper, Overlay

DOT_PX: Final = 5.0
LOZENGE: Final = 2**0.5
"""Keeps the whole circle of the cut inside the lozenge."""
MEASURE: Final = TextStyle("overlay", "overlay.measure")
_SELECTED_GAP_PX: Final = 4.0
_Places = tuple[tuple[str, Rect], ...]
_Asked = tuple[tuple[MarkOutline, ...], tuple[Calliper, ...], tuple[float, float], tuple[Rect, ...]]


class LabelPlaces:
    """Finds places for labels; while a window is dragged they are the same from frame to frame."""

    def __init__(self, text: OutlinedText) -> None:
        self._text = text
        self._last: tuple[_Asked, _Places] | None = None

    def of(self, overlay: Overlay, viewport: tuple[float, float], text: Sequence[Rect]) -> _Places:
        """
        Return each label and its box, marks before measurements.

        ``text`` blocks too: a label over an orientation letter would hide which side this is.
        """
        if not overlay.marks and not overlay.callipers:
            return ()
        asked = overlay.marks, overlay.callipers, viewport, tuple(text)
        if self._last is None or self._last[0] != asked:
            self._last = asked, self._placed(*asked)
        return self._last[1]

    def _placed(
        self,
        marks: Sequence[MarkOutline],
        callipers: Sequence[Calliper],
        viewport: tuple[float, float],
        text: Sequence[Rect],
    ) -> _Places:
        blocked = [place_of(mark) for mark in marks]
        places: list[tuple[str, Rect]] = []
        for number, mark in enumerate(marks):
            size = self._text.size(mark.label, mark_style(mark))
            others = [*blocked[:number], *blocked[number + 1 :], *text, *(rect for _, rect in places)]
            places.append((mark.label, place_label(blocked[number], size, viewport, others)))
        for calliper in callipers:
            if not calliper.lines:
                continue
            words = "\n".join(calliper.lines)
            sizes = [self._text.size(line, MEASURE) for line in calliper.lines]
            size_px = max(width for width, _ in sizes), sum(height for _, height in sizes)
            others = [*blocked, *text, *(rect for _, rect in places)]
            places.append((words, place_label(_bounds(calliper.outline), size_px, viewport, others)))
        return tuple(places)


def mark_style(mark: MarkOutline) -> TextStyle:
    """Return how the label of a finding is written."""
    return TextStyle("overlay", mark.style.text_token, bold=True)


def place_of(mark: MarkOutline) -> Rect:
    """Return what a finding covers with everything drawn round it."""
    gap = _SELECTED_GAP_PX if mark.selected else 0.0
    if not mark.corners:
        return box_around(
            mark.x, mark.y, mark.radius_px * (LOZENGE if mark.style.shape is MarkShape.LOZENGE else 1.0) + gap
        )
    left, top, right, bottom = mark.bounds
    return Rect(left - gap, top - gap, right - left + 2 * gap, bottom - top + 2 * gap)


def _bounds(points: Sequence[tuple[float, float]]) -> Rect:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    pad = DOT_PX
    return Rect(min(xs) - pad, min(ys) - pad, max(xs) - min(xs) + 2 * pad, max(ys) - min(ys) + 2 * pad)

"""Distance, ellipse and probe, and dragging them afterwards."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

from viewers.scene import measure, overlay
from viewers.scene.events import PointerEvent
from viewers.scene.image import SliceImage
from viewers.scene.scene import Scene, Size
from viewers.scene.slice_view import SliceView
from viewers.scene.tools.actions import (
    Action,
    Actions,
    AddMeasurement,
    EditMeasurement,
    Refuse,
    Repaint,
    SelectMeasurement,
)
from viewers.scene.tools.tool import Tool
from workstation.domain.errors import WorkstationError
from workstation.domain.geometry import Point
from workstation.domain.measurement import Measurement, MeasurementKind

CLICK_PX: Final = 4.0
"""A shorter way is a click, not a drag."""
HANDLE_PX: Final = 8.0
LINE_PX: Final = 5.0

PixelPoint = tuple[float, float]
_Hit = tuple[float, int | None, Measurement]
"""Distance in viewport pixels, handle or None for the line, and what was hit."""


class _TwoPointTool(Tool):
    """
    A measurement between two viewport points, by drag or by click and click.

    The image is taken once at the start: it is what the reader saw and aimed at.
    """

    def __init__(self) -> None:
        self._first: PixelPoint | None = None
        self._image: SliceImage | None = None
        self._place: tuple[int, Size] | None = None
        self._uid = ""

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Begin, or finish after a first click."""
        if self._first is not None and self._still_there(scene, viewport):
            return self._finish(event, scene, viewport)
        self.cancel()
        view, image = scene.view(viewport), scene.measurable()
        if view is None or image is None:
            return ()
        try:
            measure.require_plane(image)
        except WorkstationError as problem:
            return (Refuse(problem.user_text, problem.hint),)
        if view.pixel_at(event.x, event.y) is None:
            return ()
        self._first, self._image, self._place = (event.x, event.y), image, (scene.index, viewport)
        self._uid = scene.new_uid()
        return ()

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the measurement so far."""
        if self._first is None:
            return ()
        if not self._still_there(scene, viewport):
            self.cancel()
            return (Repaint(),)
        try:
            self.preview = self._measured(event, scene, viewport)
        except WorkstationError:
            self.preview = None
        return (Repaint(),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Finish a drag; a mere click waits for the second one."""
        if self._first is None or math.dist(self._first, (event.x, event.y)) < CLICK_PX:
            return ()
        return self._finish(event, scene, viewport)

    def cancel(self) -> None:
        """Drop what was begun."""
        self._first = self._image = self._place = self.preview = None

    def _finish(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        try:
            done: Action = AddMeasurement(self._measured(event, scene, viewport))
        except WorkstationError as problem:
            done = Refuse(problem.user_text, problem.hint)
        self.cancel()
        return (done,)

    def _still_there(self, scene: Scene, viewport: Size) -> bool:
        # another slice or a resized viewport under a half-drawn measurement would move its first point
        return self._place == (scene.index, viewport)

    def _measured(self, event: PointerEvent, scene: Scene, viewport: Size) -> Measurement:
        view = scene.view(viewport)
        if view is None or self._first is None or self._image is None:
            raise measure.NotMeasurable("")
        return self._measure(self._image, view, self._first, (event.x, event.y))

    def _measure(self, image: SliceImage, view: SliceView, first: PixelPoint, second: PixelPoint) -> Measurement:
        raise AssertionError("a measuring tool says what it measures")


class DistanceTool(_TwoPointTool):
    """A straight line in patient millimetres."""

    def _measure(self, image: SliceImage, view: SliceView, first: PixelPoint, second: PixelPoint) -> Measurement:
        return measure.distance(image, view.lps_of(*first), view.lps_of(*second), tracking_uid=self._uid)


class EllipseTool(_TwoPointTool):
    """An ellipse in the box between two corners, upright on the screen."""

    def _measure(self, image: SliceImage, view: SliceView, first: PixelPoint, second: PixelPoint) -> Measurement:
        x, y = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
        return measure.ellipse(
            image, view.lps_of(x, y), view.lps_of(second[0], y), view.lps_of(x, second[1]), tracking_uid=self._uid
        )


class ProbeTool(Tool):
    """Keep the value of one pixel."""

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Place the probe."""
        view, image = scene.view(viewport), scene.measurable()
        if view is None or image is None:
            return ()
        try:
            measure.require_plane(image)
            point = view.lps_of(event.x, event.y)
            return (AddMeasurement(measure.probe(image, point, tracking_uid=scene.new_uid())),)
        except WorkstationError as problem:
            return (Refuse(problem.user_text, problem.hint),)


class HandleTool(Tool):
    """
    Drag an existing measurement: an end by its handle, the whole by its line.

    It takes the press only when it hits one. ``whole_lines`` False leaves lines alone, for tools
    that may want to begin a measurement on top of another.
    """

    def __init__(self) -> None:
        self.whole_lines = True
        self._measurement: Measurement | None = None
        self._handle: int | None = None
        self._pressed: PixelPoint | None = None
        self._image: SliceImage | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of the nearest handle within reach, else of the nearest line; no action when there is none."""
        view = scene.view(viewport)
        if view is None:
            return ()
        at = event.x, event.y
        handles: list[_Hit] = []
        lines: list[_Hit] = []
        for m in scene.visible_measurements(view):
            drawn = overlay.calliper(m, view)
            handles += [(math.dist(at, handle), number, m) for number, handle in enumerate(drawn.handles)]
            lines.append((_distance_px(at, drawn.outline), None, m))
        hit = _nearest(handles, HANDLE_PX) or (_nearest(lines, LINE_PX) if self.whole_lines else None)
        if hit is None:
            return ()
        self._handle, self._measurement, self._image = hit[1], hit[2], scene.measurable()
        self._pressed = at
        return (SelectMeasurement(hit[2].tracking_uid),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the measurement with the handle, or the line, here."""
        fresh = self._dragged(event, scene, viewport)
        if fresh is not None:
            self.preview = fresh
        return (Repaint(),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Keep the dragged measurement; one undo step for the whole drag."""
        done = self.preview
        self.cancel()
        return (EditMeasurement(done),) if done is not None else ()

    def cancel(self) -> None:
        """Leave the measurement as it was."""
        self._measurement = self._image = self._pressed = self.preview = None

    def _dragged(self, event: PointerEvent, scene: Scene, viewport: Size) -> Measurement | None:
        view = scene.view(viewport)
        if view is None or self._measurement is None or self._image is None or self._pressed is None:
            return None
        target = view.lps_of(event.x, event.y)
        if self._handle is None:
            if self.preview is None and math.dist(self._pressed, (event.x, event.y)) < CLICK_PX:
                return None  # who only chooses a measurement must not shift it
            points = _shifted_points(self._measurement, view.lps_of(*self._pressed), target)
        else:
            points = _moved_points(self._measurement, self._handle, target)
        try:
            return measure.remeasured(self._measurement, points, self._image)
        except WorkstationError:
            return None


def _nearest(hits: list[_Hit], within_px: float) -> _Hit | None:
    near = [hit for hit in hits if hit[0] <= within_px]
    return min(near, key=lambda hit: hit[0]) if near else None


def _distance_px(at: PixelPoint, outline: tuple[PixelPoint, ...]) -> float:
    """Return the distance of a viewport pixel from a drawn line."""
    if len(outline) == 1:
        return math.dist(at, outline[0])
    return min(_distance_from_segment(at, *ends) for ends in pairwise(outline))


def _distance_from_segment(at: PixelPoint, start: PixelPoint, end: PixelPoint) -> float:
    along = end[0] - start[0], end[1] - start[1]
    squared = along[0] ** 2 + along[1] ** 2
    share = ((at[0] - start[0]) * along[0] + (at[1] - start[1]) * along[1]) / squared if squared else 0.0
    share = min(max(share, 0.0), 1.0)
    return math.dist(at, (start[0] + share * along[0], start[1] + share * along[1]))


def _shifted_points(measurement: Measurement, start: Point, target: Point) -> tuple[Point, ...]:
    dx, dy, dz = (t - s for t, s in zip(target, start, strict=True))
    return tuple((x + dx, y + dy, z + dz) for x, y, z in measurement.points_lps_mm)


def _moved_points(measurement: Measurement, handle: int, target: Point) -> tuple[Point, ...]:
    points = list(measurement.points_lps_mm)
    if measurement.kind is not MeasurementKind.ELLIPSE:
        points[handle] = target
        return tuple(points)
    # handles 0 and 2 lie on the first semi-axis, 1 and 3 on the second: only its length changes
    centre, end = points[0], points[1 + handle % 2]
    axis = tuple(e - c for e, c in zip(end, centre, strict=True))
    squared = sum(a * a for a in axis)
    share = abs(sum((t - c) * a for t, c, a in zip(target, centre, axis, strict=True))) / squared if squared else 0.0
    x, y, z = (c + share * a for c, a in zip(centre, axis, strict=True))
    points[1 + handle % 2] = (x, y, z)
    return tuple(points)

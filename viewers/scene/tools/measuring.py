"""Distance, ellipse and probe, and dragging their handles afterwards."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
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

PixelPoint = tuple[float, float]


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
    """Drag an end of an existing measurement; it takes the press only when it hits a handle."""

    def __init__(self) -> None:
        self._measurement: Measurement | None = None
        self._handle = 0
        self._image: SliceImage | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of the nearest handle within reach; no action when there is none."""
        view = scene.view(viewport)
        if view is None:
            return ()
        near = [
            (math.dist((event.x, event.y), handle), number, m)
            for m in scene.visible_measurements(view)
            for number, handle in enumerate(overlay.calliper(m, view).handles)
        ]
        hit = min((found for found in near if found[0] <= HANDLE_PX), key=lambda found: found[0], default=None)
        if hit is None:
            return ()
        self._handle, self._measurement, self._image = hit[1], hit[2], scene.measurable()
        return (SelectMeasurement(hit[2].tracking_uid),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the measurement with the handle here."""
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
        self._measurement = self._image = self.preview = None

    def _dragged(self, event: PointerEvent, scene: Scene, viewport: Size) -> Measurement | None:
        view = scene.view(viewport)
        if view is None or self._measurement is None or self._image is None:
            return None
        points = _moved_points(self._measurement, self._handle, view.lps_of(event.x, event.y))
        try:
            return measure.remeasured(self._measurement, points, self._image)
        except WorkstationError:
            return None


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

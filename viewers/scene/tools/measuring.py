"""Drawing annotations: by drag or by clicks, point by point, in patient space or on the image's own pixels."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from resources.translation import tr
from viewers.scene import measure_annotations
from viewers.scene.events import PointerEvent
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.measure import NotMeasurable
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.tools.actions import Action, Actions, AddAnnotation, AskText, Refuse, Repaint, SeedNodule
from viewers.scene.tools.ground import Ground
from viewers.scene.tools.tool import Tool
from workstation.domain import outline
from workstation.domain.annotation import IN_STATISTICS, Annotation, AnnotationKind, Measure, PixelPoint
from workstation.domain.errors import WorkstationError
from workstation.domain.geometry import Point

CLICK_PX: Final = 4.0
"""A shorter way is a click, not a drag."""
_FREEHAND_PX: Final = 3.0
_MOST_POINTS: Final = 5460
"""Of an outline: with the first one repeated they fill the 64 kB that a list of 32-bit floats has (PS3.5 7.1.2)"""
_THINNED_PX: Final = 0.1
"""By so much of a pixel of the image an outline of more points may be moved to have no more"""
Placed = Sequence[Point] | Sequence[PixelPoint]
_SQUARED: Final = frozenset({AnnotationKind.BIDIRECTIONAL})
_BOXES: Final = frozenset({AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE})
_CLICKS: Final = {
    AnnotationKind.ELLIPSE: 2,
    AnnotationKind.RECTANGLE: 2,
    AnnotationKind.ANGLE: 3,
    AnnotationKind.BIDIRECTIONAL: 4,
    AnnotationKind.COBB: 4,
    AnnotationKind.LINES: 4,
    AnnotationKind.CARDIOTHORACIC: 4,
}


@dataclass(frozen=True, slots=True)
class _Begun:
    """What an annotation was begun on: the image the reader saw and aimed at, and where."""

    image: SliceImage
    ground: Ground
    uid: str


def points_of(view: SliceView, image_px: Sequence[PixelPoint]) -> Placed:
    """Return (column, row) as patient points, or as they are on an image that has no place in the patient."""
    return list(image_px) if view.plane is None else [view.plane.lps_of(*pixel) for pixel in image_px]


def measured(kind: AnnotationKind, scene: Scene, image: SliceImage, points: Placed, *, uid: str) -> Annotation:
    """Return a new annotation with its numbers. Raises NotMeasurable."""
    notes = scene.annotations
    if kind is AnnotationKind.SPHERE:
        return _sphere(scene, points, uid=uid)
    if kind in _SQUARED:
        points = measure_annotations.squared(image, points)
    return measure_annotations.annotate(
        kind,
        image,
        points,
        uid=uid,
        tracking_uid=uid,
        author=notes.author,
        created_at=notes.now(),
        text=tr("Text") if kind is AnnotationKind.TEXT else "",
        series_instance_uid=scene.series_instance_uid,
        stack_number=scene.stack_number,
        referenced_frame=scene.frame_number,
        reads_late=scene.reads_regions_late,
    )


def _sphere(scene: Scene, points: Placed, *, uid: str) -> Annotation:
    volume, notes = scene.measured_volume, scene.annotations
    placed = [point for point in points if len(point) == 3]
    if volume is None or len(placed) != len(points):
        raise NotMeasurable(
            tr("A sphere needs the volume of a complete series."),
            hint=tr("Wait until all slices are here, or show the series as planes."),
        )
    drawn = measure_annotations.sphere(
        volume, placed[0], placed[1], uid=uid, tracking_uid=uid, author=notes.author, created_at=notes.now()
    )
    return replace(drawn, frame_of_reference_uid=scene.frame_of_reference_uid)


def with_uptake(drawn: Annotation, scene: Scene) -> Annotation:
    """Return a sphere with the uptake inside it where a PET lies here, once it stands."""
    if scene.sphere_values is None or drawn.kind is not AnnotationKind.SPHERE:
        return drawn
    return with_measures(drawn, scene.sphere_values.measures(drawn))


def with_measures(drawn: Annotation, uptake: Sequence[Measure]) -> Annotation:
    """Return a sphere with its uptake but for what its statistics tell already; itself where it has it."""
    told = drawn.statistics.unit if drawn.statistics is not None else ""
    new = [one for one in uptake if one.name not in IN_STATISTICS or one.unit != told]
    return replace(drawn, measures=(*drawn.measures, *(one for one in new if one not in drawn.measures)))


class DrawTool(Tool):
    """
    One annotation from a fixed number of points, each by a click or as the end of a drag.

    The image is taken once at the start: it is what the reader saw and aimed at. Points are kept on it, so that the
    reader may zoom, pan and turn between two clicks.
    """

    def __init__(self, kind: AnnotationKind) -> None:
        self.kind = kind
        self._count = _CLICKS.get(kind, 2)
        self._points: list[PixelPoint] = []
        """(column, row) on the image"""
        self._pressed: PixelPoint = 0.0, 0.0
        """Viewport pixel of the last press: what is a click is decided on the screen"""
        self._begun: _Begun | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Begin, or take the next point."""
        view = scene.view(viewport)
        if not self._still_there(scene, view):
            self.cancel()
            self._begun = _begin(event, scene, view)
        if view is None or self._begun is None:
            return ()
        self._pressed = event.x, event.y
        self._points.append(view.inverse.apply(event.x, event.y))
        return self._finish(scene, viewport) if len(self._points) == self._count else ()

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the annotation so far."""
        if self._begun is None:
            return ()
        view = scene.view(viewport)
        if view is None or not self._still_there(scene, view):
            self.cancel()
            return (Repaint(),)
        self.preview = self._so_far([*self._points, view.inverse.apply(event.x, event.y)], scene, viewport)
        return (Repaint(),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take the end of a drag as a point; a mere click waits for the next one."""
        if not self._points:
            return ()
        view = scene.view(viewport)
        if view is None or not self._still_there(scene, view):
            self.cancel()
            return (Repaint(),)
        if math.dist(self._pressed, (event.x, event.y)) < CLICK_PX:
            return ()
        self._points.append(view.inverse.apply(event.x, event.y))
        return self._finish(scene, viewport) if len(self._points) >= self._count else ()

    def cancel(self) -> None:
        """Drop what was begun."""
        self._points = []
        self._begun = self.preview = None

    def _finish(self, scene: Scene, viewport: Size) -> Actions:
        try:
            done: Action = AddAnnotation(with_uptake(self._measured(self._points, scene, viewport), scene))
        except WorkstationError as problem:
            done = Refuse(problem.user_text, problem.hint)
        self.cancel()
        return (done,)

    def _still_there(self, scene: Scene, view: SliceView | None) -> bool:
        return self._begun is not None and self._begun.ground.is_shown(scene, view)

    def _so_far(self, pixels: list[PixelPoint], scene: Scene, viewport: Size) -> Annotation | None:
        try:
            if len(pixels) >= self._count:
                return self._measured(pixels[: self._count], scene, viewport)
            whole = 2 * (len(pixels) // 2)  # finished lines and the one under the pointer, without a number yet
            drawn = self._line(pixels[whole - 2 : whole] if self._count == 4 else pixels[:2], scene, viewport)
        except WorkstationError:
            return None
        return drawn

    def _line(self, pixels: list[PixelPoint], scene: Scene, viewport: Size) -> Annotation:
        view, begun = scene.view(viewport), self._begun
        if view is None or begun is None:
            raise NotMeasurable("")
        line = measured(AnnotationKind.LENGTH, scene, begun.image, points_of(view, pixels), uid=begun.uid)
        return line if self.kind is AnnotationKind.BIDIRECTIONAL else replace(line, measures=())

    def _measured(self, pixels: list[PixelPoint], scene: Scene, viewport: Size) -> Annotation:
        view, begun = scene.view(viewport), self._begun
        if view is None or begun is None:
            raise NotMeasurable("")
        placed = points_of(view, _shape(self.kind, pixels, view))
        return measured(self.kind, scene, begun.image, placed, uid=begun.uid)


class FreehandTool(DrawTool):
    """An outline along the way of the pointer; letting go closes it."""

    def __init__(self) -> None:
        super().__init__(AnnotationKind.FREEHAND)

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Begin anew: an outline is one stroke."""
        self.cancel()
        self._count = 1_000_000
        return super().press(event, scene, viewport)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Lead the outline on."""
        if not self._points:
            return ()
        view = scene.view(viewport)
        if view is None or not self._still_there(scene, view):
            self.cancel()
            return (Repaint(),)
        if math.dist(view.transform.apply(*self._points[-1]), (event.x, event.y)) >= _FREEHAND_PX:
            self._points.append(view.inverse.apply(event.x, event.y))
        self.preview = self._outline(scene, viewport) if len(self._points) > 2 else None
        return (Repaint(),)

    def _outline(self, scene: Scene, viewport: Size) -> Annotation | None:
        """Return the outline so far, without numbers where none can be taken of it: the line stays under the hand."""
        try:
            return self._measured(self._points, scene, viewport)
        except WorkstationError:
            view, begun = scene.view(viewport), self._begun
            if view is None or begun is None:
                return None
            way = points_of(view, self._points)
            plain = measured(AnnotationKind.ARROW, scene, begun.image, way[:2], uid=begun.uid)
            return measure_annotations.unmeasured(plain, AnnotationKind.FREEHAND, way)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Close the outline; a stroke too short for one is dropped."""
        if len(self._points) > _MOST_POINTS:
            ring = np.array(self._points)
            self._points = [self._points[place] for place in outline.thinned(ring, _THINNED_PX)]
        if len(self._points) > _MOST_POINTS:
            self.cancel()
            return (Refuse(tr("This outline is too long to be kept."), tr("Lead it round the region once.")),)
        if len(self._points) > 2 and self._still_there(scene, scene.view(viewport)):
            return self._finish(scene, viewport)
        self.cancel()
        return (Repaint(),)


class TextTool(DrawTool):
    """A click places a text, a drag an arrow that may have one."""

    def __init__(self) -> None:
        super().__init__(AnnotationKind.ARROW)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Ask for the words; the arrow points at where the drag began."""
        begun, view = self._begun, scene.view(viewport)
        if begun is None or view is None or not self._still_there(scene, view):
            self.cancel()
            return (Repaint(),)
        ends = [*self._points[:1], view.inverse.apply(event.x, event.y)]
        is_click = math.dist(self._pressed, (event.x, event.y)) < CLICK_PX
        kind, drawn = (AnnotationKind.TEXT, ends[:1]) if is_click else (AnnotationKind.ARROW, ends)
        try:
            done: Action = AskText(measured(kind, scene, begun.image, points_of(view, drawn), uid=begun.uid))
        except WorkstationError as problem:
            done = Refuse(problem.user_text, problem.hint)
        self.cancel()
        return (done,)


class ProbeTool(Tool):
    """Keep the value of one pixel."""

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Place the probe."""
        view, image = scene.view(viewport), scene.measured()
        if view is None or image is None:
            return ()
        try:
            placed = points_of(view, [view.inverse.apply(event.x, event.y)])
            return (AddAnnotation(measured(AnnotationKind.PROBE, scene, image, placed, uid=scene.new_uid())),)
        except WorkstationError as problem:
            return (Refuse(problem.user_text, problem.hint),)


class NoduleTool(Tool):
    """A click inside a nodule asks for its measurement."""

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Ask for the nodule under the pointer."""
        point = scene.point_at(viewport, event.x, event.y)
        return (SeedNodule(point),) if point is not None else ()


def _begin(event: PointerEvent, scene: Scene, view: SliceView | None) -> _Begun | None:
    image = scene.measured()
    if view is None or image is None or view.pixel_at(event.x, event.y) is None:
        return None
    if image.plane is None and not image.sop_instance_uid:
        return None
    return _Begun(image, Ground.of(scene, view), scene.new_uid())


def _shape(kind: AnnotationKind, image_px: Sequence[PixelPoint], view: SliceView) -> Sequence[PixelPoint]:
    """Return the points of a kind, upright on the screen where it was drawn as a box between two corners."""
    if kind not in _BOXES:
        return image_px
    (left, top), (right, bottom) = (view.transform.apply(*corner) for corner in image_px)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    if kind is AnnotationKind.ELLIPSE:
        x, y = (left + right) / 2, (top + bottom) / 2
        corners = [(x, y), (right, y), (x, bottom)]
    return [view.inverse.apply(*corner) for corner in corners]

"""Taking hold of an annotation that is there: an end by its handle, the whole by its line."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from viewers.scene import callipers, measure_annotations
from viewers.scene.events import PointerEvent
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.overlay import PixelPoint
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.tools.actions import Actions, EditAnnotation, Repaint, SelectAnnotation
from viewers.scene.tools.ground import Ground
from viewers.scene.tools.measuring import CLICK_PX, Placed, measured, points_of, with_uptake
from viewers.scene.tools.tool import Tool
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.errors import WorkstationError

HANDLE_PX: Final = 8.0
LINE_PX: Final = 5.0
_Hit = tuple[float, int | None, Annotation]
"""Distance in viewport pixels, handle or None for the line, and what was hit."""
Coordinates = tuple[float, ...]


class HandleTool(Tool):
    """
    Drag an existing annotation: an end by its handle, the whole by its line.

    It takes the press only when it hits one; without a way longer than a click it only chooses. ``whole_lines`` False
    leaves lines alone, for tools that may want to begin an annotation on top of another. What is dragged goes the way
    of the pointer along the picture: an end does not jump under it, and keeps its depth where another series of the
    same space is on screen, so that all ends stay in one plane. A drag ends without effect where another slice comes
    under the hand.
    """

    def __init__(self) -> None:
        self.whole_lines = True
        self._annotation: Annotation | None = None
        self._handle: int | None = None
        self._pressed: PixelPoint = 0.0, 0.0
        """Viewport pixel: what is a click is decided on the screen"""
        self._start: PixelPoint = 0.0, 0.0
        """(column, row) on the image under the press, which stays there when the reader zooms"""
        self._ground: Ground | None = None
        self._image: SliceImage | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of the nearest handle within reach, else of the nearest line; no action when there is none."""
        view = scene.view(viewport)
        if view is None:
            return ()
        at = event.x, event.y
        handles: list[_Hit] = []
        lines: list[_Hit] = []
        for one in scene.visible_annotations(view):
            drawn = callipers.calliper(one, view)
            handles += [(math.dist(at, handle), number, one) for number, handle in enumerate(drawn.handles)]
            lines += [(distance_px(at, line), None, one) for line in (drawn.outline, *drawn.others)]
        hit = _nearest(handles, HANDLE_PX) or (_nearest(lines, LINE_PX) if self.whole_lines else None)
        if hit is None:
            return ()
        self._handle, self._annotation, self._image = hit[1], hit[2], scene.measured()
        self._pressed, self._start, self._ground = at, view.inverse.apply(*at), Ground.of(scene, view)
        return (SelectAnnotation(hit[2].uid),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the annotation with the handle, or the line, here."""
        view = scene.view(viewport)
        if view is None or not self._still_there(scene, view):
            self.cancel()
            return (Repaint(),)
        fresh = self._dragged(event, scene, view)
        if fresh is not None:
            self.preview = fresh
        return (Repaint(),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Keep the dragged annotation; one undo step for the whole drag."""
        done = self.preview if self._still_there(scene, scene.view(viewport)) else None
        was_dragged = self.preview is not None
        self.cancel()
        # undo may have taken it away under the hand
        if done is None or all(one.uid != done.uid for one in scene.annotations.items):
            return (Repaint(),) if was_dragged else ()
        return (EditAnnotation(with_uptake(done, scene)),)

    def cancel(self) -> None:
        """Leave the annotation as it was."""
        self._annotation = self._image = self._ground = self.preview = None

    def _still_there(self, scene: Scene, view: SliceView | None) -> bool:
        return self._ground is not None and self._ground.is_shown(scene, view)

    def _dragged(self, event: PointerEvent, scene: Scene, view: SliceView) -> Annotation | None:
        held = self._annotation
        if held is None or self._image is None:
            return None
        if held.kind is AnnotationKind.NODULE:
            return None  # its outline was traced on the voxels and lies where they are
        if self.preview is None and math.dist(self._pressed, (event.x, event.y)) < CLICK_PX:
            return None  # who only chooses an annotation must not shift it
        start, target = points_of(view, [self._start, view.inverse.apply(event.x, event.y)])
        way = _minus(target, start)
        old: Sequence[Coordinates] = held.points_lps_mm or held.points_px
        if self._handle is None:
            points = [_plus(point, way, 1.0) for point in old]
        else:
            points = _moved(held.kind, old, self._handle, way)
        try:
            return _remeasured(held, scene, self._image, points)
        except WorkstationError:
            return None


def _remeasured(held: Annotation, scene: Scene, image: SliceImage, points: Sequence[Coordinates]) -> Annotation:
    placed: Placed = [(p[0], p[1], p[2]) for p in points] if held.points_lps_mm else [(p[0], p[1]) for p in points]
    if held.kind is AnnotationKind.SPHERE:
        fresh = measured(held.kind, scene, image, placed, uid=held.uid)
        return replace(fresh, tracking_uid=held.tracking_uid, text=held.text, author=held.author)
    if held.kind is AnnotationKind.BIDIRECTIONAL:
        placed = measure_annotations.squared(image, placed)
    fresh = measure_annotations.remeasured(held, image, placed, reads_late=scene.reads_regions_late)
    if not held.points_lps_mm:
        return fresh
    # its numbers are those of the image it lies on now
    return replace(
        fresh,
        series_instance_uid=scene.series_instance_uid,
        stack_number=scene.stack_number,
        referenced_sop_instance_uid=image.sop_instance_uid,
        referenced_frame=scene.frame_number,
    )


def _nearest(hits: list[_Hit], within_px: float) -> _Hit | None:
    near = [hit for hit in hits if hit[0] <= within_px]
    return min(near, key=lambda hit: hit[0]) if near else None


def distance_px(at: PixelPoint, outline: tuple[PixelPoint, ...]) -> float:
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


def _moved(kind: AnnotationKind, old: Sequence[Coordinates], handle: int, way: Coordinates) -> list[Coordinates]:
    points = list(old)
    match kind:
        case AnnotationKind.ELLIPSE:
            # handles 0 and 2 lie on the first semi-axis, 1 and 3 on the second: only its length changes
            centre, end = points[0], points[1 + handle % 2]
            axis = _minus(end, centre)
            outward = _share(way, axis) * (1 if handle < 2 else -1)
            points[1 + handle % 2] = _plus(centre, axis, abs(1.0 + outward))
        case AnnotationKind.RECTANGLE:
            # the opposite corner stays, the neighbours follow along the sides
            fixed, before, after = points[(handle + 2) % 4], (handle - 1) % 4, (handle + 1) % 4
            target = _plus(points[handle], way, 1.0)
            for neighbour in (before, after):
                side = _minus(points[neighbour], fixed)
                points[neighbour] = _plus(fixed, side, _share(_minus(target, fixed), side))
            points[handle] = _plus(points[before], _minus(points[after], fixed), 1.0)
        case AnnotationKind.SPHERE:
            points[1] = _plus(points[1], way, 1.0)
        case _:
            points[handle] = _plus(points[handle], way, 1.0)
    return points


def _minus(first: Coordinates, second: Coordinates) -> Coordinates:
    return tuple(a - b for a, b in zip(first, second, strict=True))


def _plus(start: Coordinates, way: Coordinates, share: float) -> Coordinates:
    return tuple(a + share * b for a, b in zip(start, way, strict=True))


def _share(way: Coordinates, axis: Coordinates) -> float:
    squared = sum(a * a for a in axis)
    return sum(w * a for w, a in zip(way, axis, strict=True)) / squared if squared else 0.0

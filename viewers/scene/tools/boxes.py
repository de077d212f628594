"""Taking hold of a box on an image: a corner resizes it, its rim moves it."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
from typing import Final

from viewers.scene.events import PointerEvent
from viewers.scene.frame import Size
from viewers.scene.marks import MarkOutline
from viewers.scene.overlay import PixelPoint
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.tools.actions import Actions, ClickFinding, MoveBox, Repaint
from viewers.scene.tools.ground import Ground
from viewers.scene.tools.handles import distance_px
from viewers.scene.tools.measuring import CLICK_PX
from viewers.scene.tools.tool import Tool
from workstation.domain.image_place import BoxPx

CORNER_PX: Final = 9.0
RIM_PX: Final = 5.0
LEAST_PX: Final = 2.0
"""A box keeps at least this width and height, in pixels of the image."""


class BoxTool(Tool):
    """
    Drag the box of the chosen finding, within its image.

    It takes the press only when it hits corner or rim of the chosen box: every other drag stays with the tool in hand.
    """

    def __init__(self) -> None:
        self._held: tuple[str, int | None, BoxPx] | None = None
        self._pressed: PixelPoint = 0.0, 0.0
        """Viewport pixel: what is a click is decided on the screen"""
        self._start: PixelPoint = 0.0, 0.0
        """(column, row) on the image under the press, which stays there when the reader zooms"""
        self._ground: Ground | None = None
        self._scene: Scene | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of a corner within reach, else of the rim; no action when there is neither."""
        view = scene.view(viewport)
        mark = next((one for one in scene.marks(view) if one.selected and one.corners), None) if view else None
        if view is None or mark is None:
            return ()
        at = event.x, event.y
        reach, corner = min((math.dist(at, point), number) for number, point in enumerate(mark.corners))
        if reach > CORNER_PX and _from_rim(at, mark) > RIM_PX:
            return ()
        self._held = mark.tracking_uid, corner if reach <= CORNER_PX else None, _box_of(mark, view)
        self._pressed, self._start, self._scene = at, view.inverse.apply(*at), scene
        self._ground = Ground.of(scene, view)
        return (Repaint(),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Show the box as it would be here."""
        view = scene.view(viewport)
        if self._ground is not None and not self._ground.is_shown(scene, view):
            self.cancel()
        if self._held is not None and view is not None:
            uid, _corner, _box = self._held
            if scene.dragged_box is not None or math.dist(self._pressed, (event.x, event.y)) >= CLICK_PX:
                scene.dragged_box = uid, self._dragged(event, view)
        return (Repaint(),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Keep the dragged box; one undo step for the whole drag, and none for a mere click."""
        if self._ground is not None and not self._ground.is_shown(scene, scene.view(viewport)):
            self.cancel()
        done, held = scene.dragged_box, self._held
        self.cancel()
        if done is not None:
            return (MoveBox(*done),)
        return (ClickFinding(held[0]),) if held is not None else ()

    def cancel(self) -> None:
        """Leave the box as it was."""
        if self._scene is not None:
            self._scene.dragged_box = None
        self._held = self._scene = self._ground = None

    def _dragged(self, event: PointerEvent, view: SliceView) -> BoxPx:
        if self._held is None:
            raise AssertionError("no box is held")
        _uid, corner, box = self._held
        before, after = self._start, view.inverse.apply(event.x, event.y)
        dx, dy = after[0] - before[0], after[1] - before[1]
        columns, rows = view.size
        left, top, right, bottom = box
        if corner is None:
            dx = min(max(dx, -0.5 - left), columns - 0.5 - right)
            dy = min(max(dy, -0.5 - top), rows - 0.5 - bottom)
            return left + dx, top + dy, right + dx, bottom + dy
        if corner in {0, 3}:
            left = min(max(left + dx, -0.5), right - LEAST_PX)
        else:
            right = max(min(right + dx, columns - 0.5), left + LEAST_PX)
        if corner in {0, 1}:
            top = min(max(top + dy, -0.5), bottom - LEAST_PX)
        else:
            bottom = max(min(bottom + dy, rows - 0.5), top + LEAST_PX)
        return left, top, right, bottom


def box_round(at: PixelPoint, size: tuple[int, int]) -> BoxPx:
    """Return the box that a new finding begins with: an eighth of the shorter side, wholly on an image of ``size``."""
    columns, rows = size
    half = max(min(columns, rows) / 16, LEAST_PX / 2)
    x = min(max(at[0], half - 0.5), columns - 0.5 - half)
    y = min(max(at[1], half - 0.5), rows - 0.5 - half)
    return x - half, y - half, x + half, y + half


def _box_of(mark: MarkOutline, view: SliceView) -> BoxPx:
    """Return the box of an outline in pixels of its image; corners stand from its upper left one clockwise."""
    left, top = view.inverse.apply(*mark.corners[0])
    right, bottom = view.inverse.apply(*mark.corners[2])
    return left, top, right, bottom


def _from_rim(at: PixelPoint, mark: MarkOutline) -> float:
    return distance_px(at, (*mark.corners, mark.corners[0]))

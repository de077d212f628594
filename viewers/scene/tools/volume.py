"""The hand on a volume: turning, scissors, and what only planes can do."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

import math
from typing import Final

from resources.translation import tr
from viewers.scene.events import PointerEvent
from viewers.scene.frame import Size
from viewers.scene.scene import Scene
from viewers.scene.tools.actions import Actions, Refuse, Repaint, TurnVolume
from viewers.scene.tools.tool import Tool
from viewers.scene.volume_scene import VolumeScene

_TURN_PER_VIEWPORT: Final = math.pi
"""Dragging across the smaller side of the viewport turns the body by half a circle."""


class VolumeTool(Tool):
    """Drag to turn the body; with scissors in hand, lead them round what is to go."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of the body, or begin to cut."""
        self._last = event.x, event.y
        if isinstance(scene, VolumeScene) and scene.scissoring:
            scene.draw_outline(event.x, event.y)
        return (Repaint(),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Turn, or cut on."""
        if self._last is None or not isinstance(scene, VolumeScene):
            return ()
        if scene.scissoring:
            scene.draw_outline(event.x, event.y)
            return (Repaint(),)
        dx, dy = event.x - self._last[0], event.y - self._last[1]
        self._last = event.x, event.y
        share = _TURN_PER_VIEWPORT / min(viewport)
        return (TurnVolume(dx * share, dy * share),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Let go; what the scissors went round is gone."""
        self._last = None
        if isinstance(scene, VolumeScene) and scene.scissoring:
            scene.cut_outline(viewport)
        return (Repaint(),)

    def cancel(self) -> None:
        """Let go."""
        self._last = None


def only_on_planes() -> Actions:
    """Return why a measuring tool does nothing on a volume."""
    return (
        Refuse(
            tr("A point on a 3D picture is a line through the patient: nothing can be measured on it."),
            tr("Measure on the planes or the stack."),
        ),
    )

"""Turning the planes of a volume by the arms of their crosshair."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

from resources.translation import tr
from viewers.scene.events import Modifier, PointerEvent
from viewers.scene.frame import Size
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.oblique import turn_between
from viewers.scene.scene import Scene
from viewers.scene.tools.actions import Actions, AddPathPoint, Refuse, Repaint, TurnPlanes
from viewers.scene.tools.tool import Tool
from workstation.domain.geometry import Point


class ArmTool(Tool):
    """
    Drag an arm of the crosshair round its point: both other planes turn, with Ctrl only the arm's own.

    It takes a press only on a grip or, while the crosshair tool is chosen, anywhere on an arm.
    """

    def __init__(self) -> None:
        self._held: MprPlane | None = None
        self._last: Point | None = None
        self.whole_arms = False

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of the arm under the pointer; no action when there is none."""
        if not isinstance(scene, MprScene):
            return ()
        self._held = scene.arm_at(viewport, event.x, event.y, whole=self.whole_arms)
        if self._held is None:
            return ()
        self._last = scene.view(viewport).lps_of(event.x, event.y)
        return (Repaint(),)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Turn by the angle since the last move."""
        if self._held is None or self._last is None or not isinstance(scene, MprScene) or scene.crosshair is None:
            return ()
        view = scene.view(viewport)
        here = view.lps_of(event.x, event.y)
        radians = turn_between(scene.displayed_plane(), scene.crosshair, self._last, here)
        self._last = here
        return (TurnPlanes(radians, self._held if Modifier.CTRL in event.modifiers else None),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Leave the planes where they are."""
        self.cancel()
        return (Repaint(),)

    def cancel(self) -> None:
        """Leave the planes where they are."""
        self._held = self._last = None


def path_point(event: PointerEvent, scene: MprScene, viewport: Size) -> Actions:
    """Return the point a click adds to the path; none beside the picture."""
    view = scene.view(viewport)
    return (AddPathPoint(view.lps_of(event.x, event.y)),) if view.pixel_at(event.x, event.y) is not None else ()


def not_on_curved() -> Actions:
    """Return why a measuring tool does nothing on a straightened path."""
    return (
        Refuse(
            tr("A straightened picture is bent: distances on it are not those in the patient."),
            tr("Shift shows the place on the planes: measure there."),
        ),
    )

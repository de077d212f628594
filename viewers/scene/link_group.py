"""Viewports that move together: crosshair by frame of reference, window also by modality."""

from __future__ import annotations

from collections.abc import Callable

from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from workstation.domain.geometry import Point

Repaint = Callable[[], None]


class LinkGroup:
    """
    Passes a move on to the members that share the mover's frame of reference.

    Images of different frames of reference are never linked: their millimetres do not compare.
    """

    def __init__(self) -> None:
        self._members: dict[Scene, Repaint] = {}
        self._unlinked: set[Scene] = set()

    def join(self, scene: Scene, repaint: Repaint) -> None:
        """Add a viewport's scene; ``repaint`` is called after others moved it."""
        self._members[scene] = repaint

    def leave(self, scene: Scene) -> None:
        """Remove a viewport's scene; unknown ones are ignored."""
        self._members.pop(scene, None)
        self._unlinked.discard(scene)

    def set_linked(self, scene: Scene, *, linked: bool) -> None:
        """Link or unlink one member (key L)."""
        if linked:
            self._unlinked.discard(scene)
        else:
            self._unlinked.add(scene)

    def takes_part(self, scene: Scene) -> bool:
        """Tell whether a member was not unlinked."""
        return scene not in self._unlinked

    def is_linked(self, scene: Scene) -> bool:
        """Tell whether a member takes part and has somebody to be linked with."""
        return scene in self._members and scene not in self._unlinked and bool(self._others(scene))

    def show_point(self, lps_mm: Point, source: Scene) -> None:
        """Put the crosshair of the source and of all linked members on a patient point."""
        source.show_point(lps_mm)
        self._pass_on(source, lambda scene: scene.show_point(lps_mm))

    def follow(self, source: Scene) -> None:
        """Pass the source's crosshair on after it scrolled; without one nothing moves."""
        point = source.crosshair
        if point is not None:
            self._pass_on(source, lambda scene: scene.show_point(point))

    def set_window(self, window: Window, source: Scene) -> None:
        """Give the source and linked members of the same modality one window."""
        source.set_window(window)
        self._pass_on(source, lambda scene: scene.set_window(window) if scene.modality == source.modality else None)

    def _pass_on(self, source: Scene, change: Callable[[Scene], None]) -> None:
        if source in self._unlinked:
            return
        for scene in self._others(source):
            change(scene)
            self._members[scene]()

    def _others(self, source: Scene) -> list[Scene]:
        uid = source.frame_of_reference_uid
        return [
            scene
            for scene in self._members
            if scene is not source and uid and scene.frame_of_reference_uid == uid and scene not in self._unlinked
        ]

"""
Viewports that move together: scroll, crosshair, zoom and reference lines by place, windows where values mean the same.

Places compare within one frame of reference, or between two that a reader accepted as registered
(``Registrations``). Nothing else is ever linked: the millimetres of two unrelated frames mean nothing to each other.
Nor is what ``apart`` names: sloppy software gives one frame of reference to two persons.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np

from viewers.scene import window_sharing
from viewers.scene.frame import Size
from viewers.scene.linking import (
    are_parallel,
    displayed_plane,
    displayed_size,
    linked_camera,
    middle_of,
    offset_onto,
    projected,
    reference_line,
    shifted,
)
from viewers.scene.overlay import Stroke
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane, Point, plane_name
from workstation.domain.registration import Matrix, Registrations, inverted, moved, shifted_by_hand

Repaint = Callable[[], None]
_OBLIQUE = "plane.3d"


_ROUNDING_MM: Final = 1e-6


@dataclass(frozen=True, slots=True)
class _Member:
    """How a scene takes part: its viewport as an identity that outlives series, and its size where known."""

    repaint: Repaint
    slot: Hashable
    viewport: Callable[[], Size] | None


_End = tuple[Hashable, str]
"""A viewport and the frame of reference it shows: what a manual offset holds for."""


class LinkGroup:
    """Passes a move on to the members that show the same place; main thread only."""

    def __init__(self, registrations: Registrations | None = None) -> None:
        self.registrations = registrations if registrations is not None else Registrations()
        self.show_reference_lines = True
        self.apart: Callable[[Scene, Scene], bool] = lambda _one, _other: False
        """Tells which scenes are never linked whatever their frames of reference say: other persons, other anatomy"""
        self.on_screen: frozenset[Scene] | None = None
        """Members whose viewports are seen: only these draw lines in others; None is all"""
        self.home_study = ""
        """Study Instance UID of the case: others beside it are its priors"""
        self._members: dict[Scene, _Member] = {}
        self._unlinked: set[Scene] = set()
        self._own_windows: set[Scene] = set()
        self._offsets: dict[tuple[_End, _End], Point] = {}
        self.registrations.watch(self._repaint_all)

    def join(
        self,
        scene: Scene,
        repaint: Repaint,
        *,
        slot: Hashable = None,
        viewport: Callable[[], Size] | None = None,
    ) -> None:
        """
        Add a viewport's scene; ``repaint`` is called after others moved it.

        ``slot`` names the viewport, so that a manual offset outlives a change of series; ``viewport`` returns
        its size, without which zoom is not linked.
        """
        self._members[scene] = _Member(repaint, slot if slot is not None else scene.series_instance_uid, viewport)
        scene.reference_lines = lambda view: self.reference_lines(scene, view)

    def leave(self, scene: Scene) -> None:
        """Remove a viewport's scene; unknown ones are ignored."""
        if self._members.pop(scene, None) is not None:
            scene.reference_lines = None
        self._unlinked.discard(scene)
        self._own_windows.discard(scene)

    def keep_window(self, scene: Scene, *, kept: bool) -> None:
        """Let a member keep a window of its own while the same slices stand beside it in another one."""
        if kept:
            self._own_windows.add(scene)
        else:
            self._own_windows.discard(scene)

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

    def moves_with_seen(self, scene: Scene) -> bool:
        """Tell whether a member moves together with another one on screen."""
        return self.is_linked(scene) and any(self._is_seen(one) for one in self._others(scene))

    def stands_apart(self, scene: Scene) -> bool:
        """
        Tell whether a prior stands beside the case without moving with it, although both have a place in space.

        Pictures without one (films) have nothing to be linked by; nothing is said of them.
        """
        if not self.home_study or scene.study_instance_uid in {"", self.home_study} or scene not in self._members:
            return False
        home = [
            one
            for one in self._members
            if one.study_instance_uid == self.home_study and one.frame_of_reference_uid and self._is_seen(one)
        ]
        others = self._others(scene) if scene not in self._unlinked else []
        return bool(home and scene.frame_of_reference_uid) and not any(one in others for one in home)

    def leads(self, source: Scene, target: Scene) -> Matrix | None:
        """Return the map along which a target follows a source, None where it stays: unrelated, or unlinked."""
        if target is source:
            return np.eye(4)
        if source in self._unlinked or target in self._unlinked:
            return None
        return self.matrix(source, target)

    def _is_seen(self, scene: Scene) -> bool:
        return self.on_screen is None or scene in self.on_screen

    # moving ---------------------------------------------------------------------------------

    def show_point(self, lps_mm: Point, source: Scene) -> None:
        """Put the crosshair of the source and of all linked members on a patient point."""
        source.show_point(lps_mm)
        self._pass_on(source, lambda scene, matrix: scene.show_point(moved(lps_mm, matrix)))

    def follow(self, source: Scene) -> None:
        """
        Bring parallel members to the slice the source scrolled to; the others show it as a line.

        A member that does not reach there stays where it is.
        """
        plane = displayed_plane(source)
        if plane is None:
            return
        self._pass_on(source, lambda scene, matrix: _follow(scene, source, plane, matrix))

    def bring(self, source: Scene, target: Scene) -> None:
        """Bring one member that moves with the source to the slice that it shows; the others stay."""
        plane, matrix = displayed_plane(source), self.leads(source, target)
        if plane is not None and matrix is not None and target in self._members and target is not source:
            _follow(target, source, plane, matrix)
            self._members[target].repaint()

    def set_window(self, window: Window, source: Scene) -> None:
        """Give the source a window, and the linked members in which it means the same values."""
        source.set_window(window)
        if source in self._own_windows:
            return

        def follow_window(scene: Scene, _: Matrix) -> None:
            shared = window_sharing.carried(window, source, scene) if scene not in self._own_windows else None
            if shared is not None:
                scene.set_window(shared)

        self._pass_on(source, follow_window)

    def zoom_like(self, source: Scene) -> None:
        """Show all linked members at the source's scale, parallel ones also with its middle."""
        here = self._view(source)
        if here is None:
            return

        def follow_zoom(scene: Scene, matrix: Matrix) -> None:
            there = self._view(scene)
            camera = linked_camera(here, there, matrix) if there is not None else None
            if camera is not None:
                scene.set_camera(camera)

        self._pass_on(source, follow_zoom)

    # manual offset --------------------------------------------------------------------------

    def align(self, source: Scene, target: Scene) -> bool:
        """
        Take what two members display now as the same place; False when their planes lie differently.

        Between unrelated frames of reference this is a registration by hand that lays the middles of the two
        pictures together; between related ones a shift along the normal, which stays when series change.
        """
        here, there = displayed_plane(source), displayed_plane(target)
        if here is None or there is None or source not in self._members or target not in self._members:
            return False
        if not source.frame_of_reference_uid or not target.frame_of_reference_uid or self.apart(source, target):
            return False
        matrix = self._related(source, target)
        middle = middle_of(here, displayed_size(source))
        if matrix is None:
            if not are_parallel(here, there, np.eye(4)):
                return False
            other = middle_of(there, displayed_size(target))
            x, y, z = (b - a for a, b in zip(middle, other, strict=True))
            self.registrations.add(
                shifted_by_hand(target.frame_of_reference_uid, source.frame_of_reference_uid, (x, y, z))
            )
            return True
        if not are_parallel(here, there, matrix):
            return False
        ends = self._ends(source, target)
        self.clear_offset(source, target)
        self._offsets[ends] = offset_onto(middle, there, matrix)
        return True

    def clear_offset(self, source: Scene, target: Scene) -> None:
        """Forget the manual offset of two members."""
        ends = self._ends(source, target)
        self._offsets.pop(ends, None)
        self._offsets.pop((ends[1], ends[0]), None)

    def offset_mm(self, source: Scene, target: Scene) -> Point | None:
        """Return the manual offset from source to target, None when there is none."""
        ends = self._ends(source, target)
        if ends in self._offsets:
            return self._offsets[ends]
        back = self._offsets.get((ends[1], ends[0]))
        matrix = self._related(source, target)
        if back is None or matrix is None:
            return None
        # the way back of p -> M p + offset shifts by the offset turned into the other frame
        x, y, z = (-(matrix[:3, :3] @ back)).tolist()
        return x, y, z

    # reference lines ------------------------------------------------------------------------

    def reference_lines(self, target: Scene, view: SliceView) -> tuple[Stroke, ...]:
        """Return where the pictures of linked members cut a displayed picture, each in its plane's colour."""
        if not self.show_reference_lines or target in self._unlinked or target not in self._members:
            return ()
        strokes = []
        for source in self._others(target):
            matrix = self.matrix(source, target)
            plane, size = displayed_plane(source), displayed_size(source)
            if self.on_screen is not None and source not in self.on_screen:
                continue
            if matrix is None or plane is None or size is None or _share_a_crosshair(source, target):
                continue
            if view.plane is None or are_parallel(plane, view.plane, matrix):
                continue
            line = reference_line(plane, size, view, matrix)
            if line is not None:
                strokes.append(Stroke(line[0], line[1], _token(plane), dashed=True))
        return tuple(strokes)

    # relations ------------------------------------------------------------------------------

    def matrix(self, source: Scene, target: Scene) -> Matrix | None:
        """Return the map from the source's millimetres to the target's with any manual offset, None if unrelated."""
        matrix = self._related(source, target)
        offset = self.offset_mm(source, target) if matrix is not None else None
        return matrix if matrix is None or offset is None else shifted(matrix, offset)

    def _related(self, source: Scene, target: Scene) -> Matrix | None:
        if self.apart(source, target):
            return None
        return self.registrations.matrix(source.frame_of_reference_uid, target.frame_of_reference_uid)

    def _ends(self, source: Scene, target: Scene) -> tuple[_End, _End]:
        slots = [
            self._members[one].slot if one in self._members else one.series_instance_uid for one in (source, target)
        ]
        return (slots[0], source.frame_of_reference_uid), (slots[1], target.frame_of_reference_uid)

    def _view(self, scene: Scene) -> SliceView | None:
        member = self._members.get(scene)
        return scene.view(member.viewport()) if member is not None and member.viewport is not None else None

    def _pass_on(self, source: Scene, change: Callable[[Scene, Matrix], None]) -> None:
        if source in self._unlinked:
            return
        for scene in self._others(source):
            matrix = self.matrix(source, scene)
            if matrix is not None:
                change(scene, matrix)
                self._members[scene].repaint()

    def _others(self, source: Scene) -> list[Scene]:
        return [
            scene
            for scene in self._members
            if scene is not source and scene not in self._unlinked and self._related(source, scene) is not None
        ]

    def _repaint_all(self) -> None:
        for member in list(self._members.values()):
            member.repaint()


def standing_at(scene: Scene) -> Point | None:
    """Return the crosshair of a scene (mm), on the slice now shown where that was scrolled on; None without one."""
    point, plane = scene.crosshair, displayed_plane(scene)
    if point is None or plane is None or _lies_in(scene, plane, point):
        return point
    return projected(point, plane)


def _follow(target: Scene, source: Scene, plane: ImagePlane, matrix: Matrix) -> None:
    own = source.crosshair
    if own is None and _bring_line(target, plane, matrix):
        return
    anchor = middle_of(plane, displayed_size(source)) if own is None else projected(own, plane)
    _scroll(target, anchor, plane, matrix)


def _bring_line(target: Scene, plane: ImagePlane, matrix: Matrix) -> bool:
    """
    Lay the crosshair of a crossing plane into a slice that has no crosshair of its own, along that slice's normal.

    Its line would else stand where that slice was, beside the line of where it is. False where nothing moved.
    """
    there, held = displayed_plane(target), target.crosshair
    if there is None or held is None or are_parallel(plane, there, matrix):
        return False
    point = moved(projected(moved(held, inverted(matrix)), plane), matrix)
    if not _lies_in(target, there, point):
        return False
    target.show_point(point)
    return True


def _lies_in(target: Scene, there: ImagePlane, point: Point) -> bool:
    """
    Tell whether a point lies within the slice that is shown, half a step to either side.

    The middle of an even number of voxels lies exactly there: rounding must not decide.
    """
    return abs(there.distance_mm(point)) <= target.slice_step_mm / 2 + _ROUNDING_MM


def _scroll(target: Scene, anchor: Point, plane: ImagePlane, matrix: Matrix) -> None:
    there = displayed_plane(target)
    point = moved(anchor, matrix)
    if there is None:
        # a rendered volume has no slice to scroll, but a crosshair
        if target.crosshair is not None:
            target.show_point(point)
        return
    if not are_parallel(plane, there, matrix):
        # planes through one crosshair stay on it; it moved within this plane
        if target.crosshair is not None and _lies_in(target, there, point):
            target.show_point(point)
        return
    index, state = target.index, target.crosshair
    target.show_point(point)
    reached = displayed_plane(target)
    if reached is None or abs(reached.distance_mm(point)) > target.slice_step_mm:
        target.scroll_to(index)
        target.crosshair = state
    elif state is None:
        target.crosshair = None


def _share_a_crosshair(first: Scene, second: Scene) -> bool:
    """Tell whether the crosshair's arms already show the other plane: three planes of one volume."""
    same = first.series_instance_uid == second.series_instance_uid
    return same and first.crosshair is not None and second.crosshair is not None


def _token(plane: ImagePlane) -> str:
    name = plane_name(plane.normal)
    return _OBLIQUE if name == "oblique" else f"plane.{name}"

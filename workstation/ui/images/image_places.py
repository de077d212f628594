"""Bringing a place on one image to the reader: the viewport that has the image, and the box inside it."""

from __future__ import annotations

from viewers.scene.stack_scene import StackScene
from workstation.domain.frames import FrameRef
from workstation.domain.image_place import ImagePlace
from workstation.ui.widgets.viewport_grid import ViewportGrid


def viewport_with(grid: ViewportGrid, study_instance_uid: str, ref: FrameRef) -> str | None:
    """
    Return the key of a visible viewport whose stack of this study holds a frame; None where none does.

    One that shows the frame already comes first, so that a hung layout stays as it is.
    """
    found = []
    for key, frame in grid.frames.items():
        scene = frame.scene
        if isinstance(scene, StackScene) and frame.isVisibleTo(grid) and scene.study_instance_uid == study_instance_uid:
            places = [at for at in range(scene.count) if scene.ref(at) == ref]
            if places:
                found.append((scene.index not in places, key))
    return min(found)[1] if found else None


def bring_into_view(grid: ViewportGrid, key: str, ref: FrameRef, place: ImagePlace) -> None:
    """Show a frame in a viewport that holds it, and pan only as far as the middle of the box needs to be seen."""
    frame = grid.frames[key]
    scene = frame.scene
    if not isinstance(scene, StackScene):
        return
    at = next((at for at in range(scene.count) if scene.ref(at) == ref), None)
    if at is None:
        return
    frame.scroll_to(at)
    width, height = frame.canvas.viewport
    view = scene.view((width, height)) if min(width, height) > 0 else None
    if view is not None and place.box_px is not None:
        left, top, right, bottom = place.box_px
        x, y = view.transform.apply((left + right) / 2, (top + bottom) / 2)
        if not (0 <= x <= width and 0 <= y <= height):
            scene.set_camera(scene.state.camera.panned(width / 2 - x, height / 2 - y))
    frame.refresh()
    grid.activate(key)

"""Bringing a place on one image to the reader: the viewport that has the image, and the box inside it."""

from __future__ import annotations

from viewers.scene.stack_scene import StackScene
from workstation.domain.image_place import ImagePlace
from workstation.ui.widgets.viewport_grid import ViewportGrid


def bring_into_view(grid: ViewportGrid, study_instance_uid: str, place: ImagePlace) -> str | None:
    """
    Show the image of a place in a visible viewport whose stack of this study holds it; None where none does.

    One that shows it already comes first, so that a hung layout stays as it is. It is panned only as far as the
    middle of the box needs to be seen. Returns the key of the viewport, which becomes the active one.
    """
    found = []
    for key, frame in grid.frames.items():
        scene = frame.scene
        if isinstance(scene, StackScene) and frame.isVisibleTo(grid) and scene.study_instance_uid == study_instance_uid:
            refs = map(scene.ref, range(scene.count))
            places = [at for at, ref in enumerate(refs) if place.is_on(ref.sop_instance_uid, ref.frame_number)]
            if places:
                found.append((scene.index not in places, key, places[0]))
    if not found:
        return None
    is_elsewhere, key, at = min(found)
    frame = grid.frames[key]
    if is_elsewhere:
        frame.scroll_to(at)
    _pan_to(frame.scene, frame.canvas.viewport, place)
    frame.refresh()
    grid.activate(key)
    return key


def _pan_to(scene: object, viewport: tuple[float, float], place: ImagePlace) -> None:
    if place.box_px is None or not isinstance(scene, StackScene) or (view := scene.view(viewport)) is None:
        return
    left, top, right, bottom = place.box_px
    x, y = view.transform.apply((left + right) / 2, (top + bottom) / 2)
    width, height = viewport
    if not (0 <= x <= width and 0 <= y <= height):
        scene.set_camera(scene.state.camera.panned(width / 2 - x, height / 2 - y))

"""
Laying projection images beside each other: mammograms back to back, and several images at one scale.

Flips and quarter turns are decided by what the image says of its orientation, and the letters of the result come from
the displayed matrix as everywhere; an image that does not name its orientation is neither flipped nor turned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from viewers.scene.camera import LEAST_ZOOM, Camera
from viewers.scene.image import SliceImage
from viewers.scene.slice_view import SliceView

_CRANIO_CAUDAL: Final = frozenset({"CC", "XCC", "XCCL", "XCCM", "FB"})
"""Views along the height of the body, the exaggerated ones and the one from below too. *Source:* PS3.16 CID 4014."""
_OPPOSITE: Final = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def upright_mammogram(view: SliceView, chest_wall: str, laterality: str, view_position: str) -> Camera:
    """
    Return the camera that puts the chest wall at ``left`` or ``right`` and the usual edge down.

    Down is the feet for MLO and its kin, the middle of the body for CC and its kin: lateral is up. An image without
    feet or head at its upper and lower edge is laid like a CC, whatever its view is called. One that was stored on its
    side, with the chest wall along its upper or lower edge, is turned first.
    Source: PS3.3 C.7.6.1.1.1; IHE RAD TF-2 4.16.4.2.2.1.1.
    """
    camera = replace(view.camera, rotation_deg=0.0, flipped=False)
    letters = replace_camera(view, camera).letters()
    if not letters:
        return camera
    if letters["right"][0] not in "AP" and letters["bottom"][0] in "AP":
        camera = camera.rotated(90.0)
        letters = replace_camera(view, camera).letters()
    wanted_right = "P" if chest_wall == "right" else "A"
    if _OPPOSITE[wanted_right] in letters["right"]:
        camera = camera.flipped_horizontally()
    medial = {"R": "L", "L": "R"}.get(laterality, "")
    is_from_above = view_position in _CRANIO_CAUDAL or not set("HF") & set(letters["bottom"])
    wanted_down = medial if is_from_above else "F"
    if wanted_down and _OPPOSITE[wanted_down] in letters["bottom"]:
        camera = camera.flipped_vertically()
    return camera


def is_chest_wall_known(view: SliceView) -> bool:
    """Tell whether the image says at which of its edges the chest wall lies."""
    right = view.letters().get("right", "")
    return "A" in right or "P" in right


def air_side(view: SliceView) -> str:
    """Return the side, ``left`` or ``right``, away from the chest wall; empty where the image does not tell."""
    letters = view.letters()
    walls = [edge for edge in ("left", "right") if "P" in letters.get(edge, "")]
    return {"left": "right", "right": "left"}[walls[0]] if len(walls) == 1 else ""


def at_edge(view: SliceView, edge: str) -> Camera:
    """Return the camera moved sideways so that the picture touches the ``left`` or ``right`` edge of its viewport."""
    left, right = _sides(view)
    shift = view.viewport[0] - right if edge == "right" else -left
    return view.camera.panned(shift, 0.0)


def at_one_scale(views: Sequence[tuple[SliceView, tuple[float, float] | None]]) -> tuple[Camera, ...]:
    """
    Return cameras that show all pictures with as many pixels for a millimetre, the largest one fitted.

    Each view comes with the size of a pixel in mm. One whose size is not known, or that would be smaller than a camera
    shows, is fitted by itself and leaves the others at theirs: whoever shows it says so (``off_scale``).
    """
    return tuple(
        _fitted(view).camera if zoom is None else replace(view.camera, zoom=zoom, pan=(0.0, 0.0))
        for (view, _), zoom in zip(views, _zooms(views), strict=True)
    )


def off_scale(views: Sequence[tuple[SliceView, tuple[float, float] | None]]) -> tuple[bool, ...]:
    """Tell which pictures ``at_one_scale`` fits by themselves while others have a scale in common."""
    zooms = _zooms(views)
    return tuple(zoom is None and any(one is not None for one in zooms) for zoom in zooms)


def _zooms(views: Sequence[tuple[SliceView, tuple[float, float] | None]]) -> list[float | None]:
    """Return the zoom that gives each picture the scale of the largest one, None where there is none."""
    scales = [None if spacing_mm is None else _fitted(view).magnification / spacing_mm[0] for view, spacing_mm in views]
    least = min((scale for scale in scales if scale is not None), default=0.0)
    return [None if scale is None or least / scale < LEAST_ZOOM else least / scale for scale in scales]


def _fitted(view: SliceView) -> SliceView:
    return replace_camera(view, replace(view.camera, zoom=1.0, pan=(0.0, 0.0)))


def millimetres(image: SliceImage) -> tuple[float, float] | None:
    """Return the size of a pixel, None where the image does not tell."""
    if image.plane is not None:
        return image.plane.spacing_mm
    return image.pixel_size.spacing_mm if image.pixel_size is not None else None


def replace_camera(view: SliceView, camera: Camera) -> SliceView:
    """Return the same picture under another camera."""
    return SliceView(view.size, view.viewport, camera, view.plane, view.aspect, view.patient_orientation)


def _sides(view: SliceView) -> tuple[float, float]:
    columns, rows = view.size
    corners = [view.transform.apply(column, row)[0] for column in (-0.5, columns - 0.5) for row in (-0.5, rows - 0.5)]
    return min(corners), max(corners)

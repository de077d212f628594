"""The words of the corner text that describe the picture itself."""

from __future__ import annotations

import math
from typing import Final

from resources.translation import tr
from viewers.scene.overlay import pixel_number, signed
from viewers.scene.raster import VoiLut, Window
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane, Point, plane_name
from workstation.domain.pixel_size import PixelSize, SpacingBasis

_AXES = ("x", "y", "z")
_SAME_MM: Final = 0.05
"""Half of the last digit that a position is told with"""


def window_text(voi: Window | VoiLut) -> str:
    """Return ``W 1500  L -600`` with a real minus sign."""
    if isinstance(voi, VoiLut):
        return tr("VOI LUT")
    digits = 0 if voi.width >= 10 else 2 + max(0, math.ceil(-math.log10(voi.width)))
    return f"W {signed(voi.width, digits)}  L {signed(voi.centre, digits)}"


def spacing_text(size: PixelSize | None) -> str:
    """Return the doubt about distances on an image without a plane, empty where there is none."""
    if size is None:
        return tr("Not calibrated: lengths in pixels")
    factor = f"{size.magnification:.2f}" if size.magnification is not None else ""
    if size.basis is SpacingBasis.DETECTOR:
        return (
            tr("Distances at the detector, magnification {factor}", factor=factor)
            if factor
            else tr("Distances at the detector")
        )
    if size.basis is SpacingBasis.ESTIMATED:
        return tr("Distances estimated with magnification {factor}", factor=factor)
    if size.basis is SpacingBasis.UNKNOWN:
        return tr("Distances not calibrated")
    return ""


def lossy_text(ratio: float, method: str = "") -> str:
    """Return that pixels were compressed irreversibly, by how much and how: ``ratio`` (above 0), ``method``."""
    lost = tr("Lossy {ratio}:1", ratio=f"{ratio:.1f}") if ratio > 0 else tr("Lossy")
    return f"{lost} {method}".rstrip()


def magnification_text(view: SliceView, pixel_mm: float | None = None) -> str:
    """
    Return zoom in screen pixels per image pixel, and rotation.

    ``pixel_mm`` is what one pixel of the images measures, where the picture is made of others.
    """
    rotation = f"{view.camera.rotation_deg:.0f}°"
    scale = view.px_per_mm
    zoom = view.magnification if pixel_mm is None or scale is None else scale * pixel_mm
    return tr("Zoom {zoom}× Rotation {rotation}", zoom=f"{zoom:.2f}", rotation=rotation)


def matrix_text(view: SliceView) -> str:
    """Return the matrix, rows by columns, and the name of the plane."""
    columns, rows = view.size
    size = f"{rows}×{columns}"
    return f"{size} {plane_title(plane_name(view.plane.normal))}" if view.plane is not None else size


def plane_title(name: str) -> str:
    """Return the translated name of a plane: axial, coronal, sagittal or oblique."""
    titles = {"axial": tr("Axial"), "coronal": tr("Coronal"), "sagittal": tr("Sagittal"), "oblique": tr("Oblique")}
    return titles[name]


def probe_text(value: float, unit: str) -> str:
    """Return a pixel value with its unit."""
    return f"{pixel_number(value, 2)} {unit}".rstrip()


def location_text(plane: ImagePlane, size: tuple[int, int], crosshair: Point | None = None) -> str:
    """
    Return where an image of ``(columns, rows)`` lies along the patient axis that it is most perpendicular to, in mm.

    What lies straight across that axis has one coordinate. Of an oblique image every pixel has another one: then it is
    that of the crosshair, where that lies in the plane, else that of the image's middle, and the text says whose.
    """
    axis = max(range(3), key=lambda index: abs(plane.normal[index]))
    middle = plane.lps_of((size[0] - 1) / 2, (size[1] - 1) / 2)
    wide, high = (count * mm for count, mm in zip(size, plane.spacing_mm, strict=True))
    reach_mm = (abs(plane.right[axis]) * wide + abs(plane.down[axis]) * high) / 2
    if reach_mm < _SAME_MM:
        return _coordinate(middle, axis)
    if crosshair is not None and abs(plane.distance_mm(crosshair)) < _SAME_MM:
        return tr("Crosshair at {place}", place=_coordinate(crosshair, axis))
    return tr("Middle at {place}", place=_coordinate(middle, axis))


def _coordinate(point: Point, axis: int) -> str:
    return f"{_AXES[axis]} {signed(point[axis], 1)} mm"

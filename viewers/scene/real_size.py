"""Showing an image as large as the body is, on a monitor whose pixels were measured with a ruler."""

from __future__ import annotations

import math

from resources.translation import tr
from viewers.scene.camera import Camera
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.reslice import ResliceRequest
from viewers.scene.scene import Scene
from workstation.domain.errors import WorkstationError


def real_size(scene: Scene, viewport: Size, mm_per_viewport_px: float) -> Camera:
    """
    Return the camera under which a millimetre of the image is a millimetre on the screen; rotation and pan stay.

    Raises WorkstationError where the image does not say how large it is, or does not fit the zoom there is.
    """
    view = scene.view(viewport)
    source = scene.frame(viewport).source
    if view is None or not isinstance(source, (SliceImage, ResliceRequest)):
        raise WorkstationError(tr("Only a slice or a plane can be shown in real size."))
    per_mm = view.px_per_mm
    if per_mm is None and isinstance(source, SliceImage) and source.pixel_size is not None:
        per_mm = math.hypot(view.transform.a, view.transform.c) / source.pixel_size.spacing_mm[0]
    if per_mm is None:
        text = tr("The image does not say how large its pixels are.")
        raise WorkstationError(text, hint=tr("Real size needs the pixel spacing."))
    camera = scene.state.camera
    factor = 1.0 / (mm_per_viewport_px * per_mm)
    wanted = camera.zoomed(factor)
    if not math.isclose(wanted.zoom, camera.zoom * factor, rel_tol=1e-9):
        raise WorkstationError(tr("The image is too small or too large for its real size in this viewport."))
    return wanted

"""Small pictures of key images for the printed report, in the reader's window."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QTransform

from viewers.scene.raster import GrayscaleTransform, to_gray
from viewers.scene.stack_scene import StackScene
from workstation.domain.key_image import KeyImage, KeyPicture

LONGEST_PX: Final = 360
_QUALITY: Final = 88


def key_picture(scene: StackScene, index: int, image: KeyImage) -> KeyPicture | None:
    """Return the whole frame as the reader windows, turns and mirrors it; None while its pixels are not here."""
    source, state = scene.image(index), scene.own_state
    if source is None:
        return None
    if source.is_color:
        pixels = np.ascontiguousarray(source.pixels)
        whole = QImage(pixels.data, source.columns, source.rows, 3 * source.columns, QImage.Format.Format_RGB888)
    else:
        window = source.default_voi if state.voi is None else state.voi
        gray = to_gray(source.pixels, GrayscaleTransform(window, source.monochrome1 != state.inverted, source.padding))
        if source.visible is not None:
            gray = np.where(source.visible, gray, np.uint8(source.shutter_gray))
        gray = np.ascontiguousarray(gray)
        whole = QImage(gray.data, source.columns, source.rows, source.columns, QImage.Format.Format_Grayscale8)
    across, down = source.plane.spacing_mm if source.plane is not None else (1.0, source.aspect)
    width, height = source.columns * across, source.rows * down
    share = LONGEST_PX / max(width, height)
    picture = whole.scaled(
        max(1, round(width * share)),
        max(1, round(height * share)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    if state.camera.flipped:
        picture = picture.mirrored(True, False)
    if state.camera.rotation_deg:
        picture = picture.transformed(QTransform().rotate(state.camera.rotation_deg))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "JPG", _QUALITY)  # type: ignore[call-overload] # the stubs want bytes, Qt takes both
    return KeyPicture(image, base64.b64encode(bytes(buffer.data().data())).decode("ascii"))

"""Small pictures of key images for the printed report, in the reader's window."""

from __future__ import annotations

import base64
from typing import Final

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QTransform

from viewers.scene.looks import seen_voi
from viewers.scene.picture import picture
from viewers.scene.stack_scene import StackScene
from workstation.domain.key_image import KeyImage, KeyPicture

LONGEST_PX: Final = 360
_QUALITY: Final = 88


def key_picture(scene: StackScene, index: int, image: KeyImage) -> KeyPicture | None:
    """
    Return the whole frame as the reader windows, turns and mirrors it, with its overlays and under its shutter.

    None while its pixels are not here.
    """
    source, state = scene.image(index), scene.own_state
    if source is None:
        return None
    levels = np.ascontiguousarray(picture(source, seen_voi(scene, source), inverted=state.inverted))
    kind, samples = (QImage.Format.Format_RGB888, 3) if source.is_color else (QImage.Format.Format_Grayscale8, 1)
    whole = QImage(levels.data, source.columns, source.rows, samples * source.columns, kind)
    across, down = source.plane.spacing_mm if source.plane is not None else (1.0, source.aspect)
    width, height = source.columns * across, source.rows * down
    share = LONGEST_PX / max(width, height)
    small = whole.scaled(
        max(1, round(width * share)),
        max(1, round(height * share)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    if state.camera.flipped:
        small = small.flipped(Qt.Orientation.Horizontal)
    if state.camera.rotation_deg:
        small = small.transformed(QTransform().rotate(state.camera.rotation_deg))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    small.save(buffer, "JPG", _QUALITY)  # type: ignore[call-overload] # the stubs want bytes, Qt takes both
    return KeyPicture(image, base64.b64encode(bytes(buffer.data().data())).decode("ascii"))

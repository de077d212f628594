"""Decodes the plain slices of a series from the careful look at one of them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.raster import Window
from workstation.dicom.header import Header
from workstation.dicom.images.alike import (
    FRAME_OF_REFERENCE_UID,
    POSITION,
    SOP_INSTANCE_UID,
    WINDOW_CENTER,
    WINDOW_WIDTH,
    Alike,
    AlikeHeaders,
)
from workstation.dicom.images.fast_reader import FastFile, read_fast
from workstation.dicom.images.voxels import Words, is_plain_slice, plain_slice

_HOPES: Final = 8
"""After so many careful looks of which none told of another slice, nobody waits for one any more."""
_UID: Final = re.compile(rb"[0-9.]{1,64}\0?")


@dataclass(frozen=True, slots=True)
class _Look:
    """A header, and its image without the pixels."""

    header: Header
    words: Words
    image: SliceImage


class AlikeDecoder:
    """
    Calls ``careful`` for the first of the slices that are built alike; safe from any thread.

    What all of them share (padding, unit, side, spacing) is taken from that one; the pixels, the window, which
    image it is and where it lies are each slice's own. A slice of which anything else differs, and one that is
    compressed, coloured, overlaid or broken, is looked at carefully itself.
    """

    def __init__(self, careful: Callable[[bytes], SliceImage]) -> None:
        self._careful = careful
        self._looks: AlikeHeaders[_Look] = AlikeHeaders()
        self._looking = threading.Lock()
        self._hopes = _HOPES

    def __call__(self, part10: bytes) -> SliceImage:
        """Return the decoded slice; raises what ``careful`` raises."""
        image = self._alike(part10)
        if image is not None:
            return image
        fast = read_fast(part10)
        if fast is None or fast.truncated or not is_plain_slice(fast.header, fast.pixel_length):
            return self._careful(part10)
        if not self._hopes:
            return self._looked_at(part10, fast)
        with self._looking:
            # the slices of a series come several at once: the one looked at meanwhile may tell of this one
            image = self._alike(part10)
            if image is None:
                self._hopes = max(0, self._hopes - 1)
                image = self._looked_at(part10, fast)
        return image

    def _alike(self, part10: bytes) -> SliceImage | None:
        found = self._looks.find(part10)
        image = None if found is None else _like(found, part10)
        if image is not None:
            self._hopes = _HOPES
        return image

    def _looked_at(self, part10: bytes, fast: FastFile) -> SliceImage:
        """Look carefully, and remember what is alike in others."""
        image = self._careful(part10)
        self._remember(part10, fast, image)
        return image

    def _remember(self, part10: bytes, fast: FastFile, image: SliceImage) -> None:
        is_bare = image.graphics is None and image.visible is None and not image.overlay_groups
        if is_bare and image.pixels.dtype == np.int16 and fast.header.plane == image.plane:
            empty = np.broadcast_to(np.int16(0), image.pixels.shape)
            self._looks.add(part10, _Look(fast.header, Words.of(fast.header), replace(image, pixels=empty)))


def _like(found: Alike[_Look], part10: bytes) -> SliceImage | None:
    look, values = found.kept, found.values
    uid = values.get(SOP_INSTANCE_UID, b"")
    frame = values.get(FRAME_OF_REFERENCE_UID)
    if _UID.fullmatch(uid) is None or (frame is not None and _UID.fullmatch(frame) is None):
        return None
    plane = _placed(look.header, values).plane
    if (plane is None) is not (look.image.plane is None):
        return None  # without a place an image is judged by its letters
    choices = _choices(found)
    if choices is None:
        return None
    pixels = plain_slice(look.words, part10, found.pixel_offset)
    if pixels is None:
        return None
    return replace(
        look.image,
        pixels=pixels,
        plane=plane,
        voi=choices[0].voi if choices else None,
        choices=choices,
        sop_instance_uid=_text(uid),
        frame_of_reference_uid=_text(frame or b""),
    )


def _placed(header: Header, values: Mapping[int, bytes]) -> Header:
    position = values.get(POSITION)
    if position is None:
        return header
    parts = tuple(part.strip() for part in _text(position).split("\\"))
    return Header({**header.values, "ImagePositionPatient": parts})


def _choices(found: Alike[_Look]) -> tuple[VoiChoice, ...] | None:
    """Return the windows of an image, None where they are neither the known ones nor a single plain one."""
    known = found.kept.image.choices
    if all(found.values.get(tag) == found.kept_values.get(tag) for tag in (WINDOW_CENTER, WINDOW_WIDTH)):
        return known
    voi = known[0].voi if len(known) == 1 else None
    if not isinstance(voi, Window):
        return None
    center, width = (_text(found.values.get(tag, b"")) for tag in (WINDOW_CENTER, WINDOW_WIDTH))
    try:
        window = replace(voi, centre=float(center), width=float(width))
    except ValueError:
        return None
    return (replace(known[0], voi=window),)


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")

"""
What pixels go through in a presentation state: modality transform, VOI or colour profile, and shutter.

*Source:* PS3.3 C.7.6.11, C.11.1, C.11.8, C.11.12, C.11.15.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import format_number_as_ds

from workstation.dicom.images.colour_profile import lab_of_gray, srgb_profile
from workstation.domain.image_look import DisplayTable, ImageLook, ShutterKind, ShutterOutline

_WHITE: Final = 65535
_WHITEST: Final = 255
_LEVEL: Final = 257
_NARROW, _WIDE = 8, 16
"""Bits of an entry that every judge takes (PS3.3 C.11.1.1.1, C.11.2.1.1)"""
_TERMS: Final = {"mOD": "OD", "%": "PCT"}
"""What the standard calls units that are told as they are read (PS3.3 C.11.1.1.2)"""
_DESCRIPTOR, _DATA = 0x00283002, 0x00283006


def add_modality_transform(content: Dataset, look: ImageLook) -> None:
    """Write the table or the numbers that turn stored values into those of the modality."""
    unit = _TERMS.get(look.unit, look.unit[:16]) or "US"
    if look.modality_table is not None:
        # its entries are numbers that the window is said in: they stay what they are
        entries = look.modality_table.entries
        item = _table(look.modality_table, entries, _NARROW if int(entries.max()) < 2**_NARROW else _WIDE)
        item.ModalityLUTType = unit
        content.ModalityLUTSequence = DicomSequence([item])
        return
    content.RescaleIntercept = format_number_as_ds(look.intercept)
    content.RescaleSlope = format_number_as_ds(look.slope)
    content.RescaleType = unit


def voi_item(look: ImageLook, reference: Dataset) -> Dataset:
    """Return the window or the table of one image."""
    item = Dataset()
    item.ReferencedImageSequence = DicomSequence([reference])
    if look.voi_table is not None:
        shades = _in_sixteen_bits(look.voi_table.entries, look.voi_table.bits)
        item.VOILUTSequence = DicomSequence([_table(look.voi_table, shades, _WIDE)])
        return item
    item.WindowCenter = format_number_as_ds(look.window_centre)
    item.WindowWidth = format_number_as_ds(look.window_width)
    if look.window_function != "LINEAR":
        item.VOILUTFunction = look.window_function
    return item


def add_colours(content: Dataset) -> None:
    """Say how the screen took the colours: as sRGB, whatever made them."""
    profile = srgb_profile()
    content.ICCProfile = profile + bytes(len(profile) % 2)
    content.ColorSpace = "SRGB"


def add_shutter(content: Dataset, look: ImageLook) -> None:
    """Write the shapes of the shutter and what lies in their place; nothing without one."""
    if not look.shutter:
        return
    content.ShutterShape = [one.kind.value for one in look.shutter]
    for one in look.shutter:
        _add_outline(content, one)
    content.ShutterPresentationValue = min(look.shutter_gray * _LEVEL, _WHITE)
    if look.is_colour:
        content.ShutterPresentationColorCIELabValue = list(lab_of_gray(look.shutter_gray))


def _table(table: DisplayTable, entries: npt.NDArray[np.uint16], bits: int) -> Dataset:
    """
    Return a LUT item of entries of 8 or 16 bits; those of 8 are packed two to a word, the first one low.

    A state has no Pixel Representation, so that the type of the descriptor tells whether its first value is signed.
    *Source:* PS3.3 C.11.1.1.1, C.11.2.1.1.
    """
    item = Dataset()
    count, is_signed = len(entries) % 65536, table.first < 0  # 65536 entries are written as 0
    if is_signed and count > 32767:
        count -= 65536  # the same 16 bits
    data = entries.astype("<u2" if bits == _WIDE else "u1").tobytes()
    item.add_new(_DESCRIPTOR, "SS" if is_signed else "US", [count, table.first, bits])
    item.add_new(_DATA, "OW", data + bytes(len(data) % 2))
    return item


def _in_sixteen_bits(entries: npt.NDArray[np.uint16], bits: int) -> npt.NDArray[np.uint16]:
    """Return entries over the whole of 16 bits, each the nearest that gives the same level of a screen."""
    share = np.minimum(entries.astype(np.float64) / (2**bits - 1), 1.0)
    wide, level = np.rint(share * _WHITE), np.rint(share * _WHITEST)
    # one step of 16 bits is 1/257 of a level: where rounding crossed its edge, the next step back does not
    nearest: npt.NDArray[np.float64] = wide + np.sign(level - np.rint(wide / _WHITE * _WHITEST))
    return nearest.astype(np.uint16)


def _add_outline(ds: Dataset, one: ShutterOutline) -> None:
    numbers = list(one.numbers)
    match one.kind:
        case ShutterKind.RECTANGULAR:
            ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = numbers[:2]
            ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = numbers[2:]
        case ShutterKind.CIRCULAR:
            ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = numbers[:2], numbers[2]
        case ShutterKind.POLYGONAL:
            ds.VerticesOfThePolygonalShutter = numbers

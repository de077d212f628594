"""
Colour profiles: the sRGB input profile that goes with colours as this product shows them, and others to sRGB.

*Source:* ICC.1:2001-04 (profile format 2.4), IEC 61966-2-1 (sRGB), PS3.3 C.11.15 and C.10.7.1.1.
"""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_D50: Final = np.array([0.9642, 1.0, 0.8249])
_D65_XY: Final = (0.3127, 0.3290)
_PRIMARIES_XY: Final = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_CURVE_POINTS: Final = 4096
_MADE: Final = (2026, 1, 1, 0, 0, 0)
"""A fixed day: the same colours give the same bytes"""
_WHITE_LIGHTNESS: Final = 65535
_NEUTRAL: Final = 0x8080


@cache
def srgb_profile() -> bytes:
    """Return an input profile ("scnr") that says: these samples are sRGB."""
    curve = _linear(np.linspace(0.0, 1.0, _CURVE_POINTS))
    curve_tag = struct.pack(">4sII", b"curv", 0, _CURVE_POINTS) + np.rint(curve * 65535).astype(">u2").tobytes()
    red, green, blue = _colorants().T
    name = b"sRGB IEC61966-2.1"
    description = struct.pack(">4sII", b"desc", 0, len(name) + 1) + name + b"\0" + bytes(78)
    tags = {
        b"desc": description,
        b"cprt": struct.pack(">4sI", b"text", 0) + b"No rights reserved\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(red),
        b"gXYZ": _xyz(green),
        b"bXYZ": _xyz(blue),
        b"rTRC": curve_tag,
        b"gTRC": curve_tag,
        b"bTRC": curve_tag,
    }
    places: dict[bytes, int] = {}
    first = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for tag, content in tags.items():
        if content not in places:
            places[content] = first + len(body)
            body += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", tag, places[content], len(content))
    size = first + len(body)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI", size, b"\0" * 4, 0x02400000, b"scnr", b"RGB ", b"XYZ ", *_MADE, b"acsp", b"\0" * 4,
        0, b"\0" * 4, b"\0" * 4, 0, 0,
    ) + _fixed(_D50)  # fmt: skip
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body


def to_srgb(pixels: npt.NDArray[Any], profile: bytes) -> npt.NDArray[Any]:
    """
    Return uint8 RGB ``[row, column, 3]`` of a profile as sRGB; unchanged where the profile is ours or unusable.

    A broken profile costs its colours, not the image.
    """
    if not profile or profile.rstrip(b"\0") == srgb_profile().rstrip(b"\0"):
        return pixels
    from PIL import Image, ImageCms  # noqa: PLC0415 - only states of other systems need it

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
        made = ImageCms.profileToProfile(Image.fromarray(pixels), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels
    return pixels if made is None else np.asarray(made)


def lab_of_gray(level: int) -> tuple[int, int, int]:
    """Return the CIELab value of DICOM, 16 bits each, of a grey level of 0 to 255 in sRGB."""
    y = float(_linear(np.array([level / 255]))[0])
    root = y ** (1 / 3) if y > (6 / 29) ** 3 else y / (3 * (6 / 29) ** 2) + 4 / 29
    return round((116 * root - 16) / 100 * _WHITE_LIGHTNESS), _NEUTRAL, _NEUTRAL


def gray_of_lab(lightness: int) -> int:
    """Return the grey level of 0 to 255 in sRGB of the lightness of a CIELab value of DICOM, 0 to 65535."""
    root = (min(max(lightness, 0), _WHITE_LIGHTNESS) / _WHITE_LIGHTNESS * 100 + 16) / 116
    y = root**3 if root > 6 / 29 else 3 * (6 / 29) ** 2 * (root - 4 / 29)
    return round(255 * (12.92 * y if y <= 0.0031308 else 1.055 * y ** (1 / 2.4) - 0.055))


def _linear(coded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear: npt.NDArray[np.float64] = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return linear


def _colorants() -> npt.NDArray[np.float64]:
    """Return XYZ of red, green and blue as columns, adapted from D65 to the D50 of a profile by Bradford."""
    primaries = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in _PRIMARIES_XY]).T
    x, y = _D65_XY
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    adapt = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD
    colorants: npt.NDArray[np.float64] = adapt @ (primaries * np.linalg.solve(primaries, white))
    return colorants


def _xyz(value: npt.NDArray[np.float64]) -> bytes:
    return struct.pack(">4sI", b"XYZ ", 0) + _fixed(value)


def _fixed(value: npt.NDArray[np.float64]) -> bytes:
    """Return numbers as s15Fixed16."""
    packed: bytes = np.rint(value * 65536).astype(">i4").tobytes()
    return packed

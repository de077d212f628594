"""
A frame of reference for images that name none.

Coordinates in space need one (SCOORD3D, type 1), and old or anonymised images have none. What is drawn on such a
series is written under a UID made of the series' own, so that any reader can open it and coordinates of two series
never meet; read again, it is no frame as before. The UID is an RFC 9562 UUID of version 8 under 2.25 (PS3.5 B.2).
"""

from __future__ import annotations

import hashlib
from typing import Final

_OURS: Final = int.from_bytes(b"lianyu")  # 48 bits that tell such a UID from any other
_PREFIX: Final = (_OURS << 80) | (8 << 76) | (0x0F0 << 64) | (0b10 << 62)
_OWN_BITS: Final = 62
_LONGEST: Final = 64


def written_frame(frame_of_reference_uid: str, series_instance_uid: str) -> str:
    """Return the frame to write for what lies on a series, ``frame_of_reference_uid`` itself where there is one."""
    if frame_of_reference_uid or not series_instance_uid:
        return frame_of_reference_uid
    digest = int.from_bytes(hashlib.sha256(series_instance_uid.encode()).digest()[:8])
    return f"2.25.{_PREFIX | (digest >> (64 - _OWN_BITS))}"


def read_frame(frame_of_reference_uid: str) -> str:
    """Return the frame that was meant, empty for one that ``written_frame`` made up."""
    root, _, number = frame_of_reference_uid.rpartition(".")
    # a UID has 64 characters at most (PS3.5 9.1), and int() refuses thousands of digits
    if root != "2.25" or len(frame_of_reference_uid) > _LONGEST or not number.isdecimal():
        return frame_of_reference_uid
    return "" if int(number) >> _OWN_BITS == _PREFIX >> _OWN_BITS else frame_of_reference_uid

"""How fast the frames of an object play."""

from __future__ import annotations

from typing import Final

from workstation.dicom.header import Header
from workstation.domain.frames import DEFAULT_INTERVAL_MS, Cine

_MOVING: Final = frozenset({"US", "XA", "RF", "IVUS", "ES", "XC", "GM", "OP", "ECHO"})
"""Modalities whose frames follow each other in time even where the object does not say how fast."""
_SLOWEST_MS: Final = 60_000.0


def cine_of(header: Header, count: int) -> Cine | None:
    """
    Return how a multi-frame object plays, None for one that does not move.

    Recommended Display Frame Rate, Frame Time Vector, Frame Time, Cine Rate, in this order; a modality
    that films without saying so plays at a default speed. Start Trim and Stop Trim bound what plays.
    Source: PS3.3 C.7.6.5.
    """
    if count < 2:
        return None
    sweeps = header.integer("PreferredPlaybackSequencing") == 1
    rate = header.number("RecommendedDisplayFrameRate")
    vector = header.numbers("FrameTimeVector", count)
    frame_time = header.number("FrameTime")
    slower = header.number("CineRate")
    if rate is not None and rate > 0:
        found: tuple[float, ...] | None = (1000.0 / rate,) * count
    elif vector is not None and all(step > 0 for step in vector[1:]):
        # each value is the time since the frame before: a frame stands until the next one comes
        found = (*vector[1:], sum(vector[1:]) / (count - 1))
    elif frame_time is not None and frame_time > 0:
        found = (frame_time,) * count
    elif slower is not None and slower > 0:
        found = (1000.0 / slower,) * count
    else:
        found = None
    if found is not None and max(found) <= _SLOWEST_MS:
        return Cine(found, sweeps, trim=_trim(header, count))
    if header.text("Modality") not in _MOVING:
        return None
    return Cine((DEFAULT_INTERVAL_MS,) * count, sweeps, declared=False, trim=_trim(header, count))


def _trim(header: Header, count: int) -> tuple[int, int] | None:
    """Return the first and last place (from 0) that play, None for all and for numbers that name no two frames."""
    if header.frames or header.integer("NumberOfFrames") != count:
        return None  # frames that were grouped or sorted are not where their numbers say
    first, last = header.integer("StartTrim", 1) - 1, header.integer("StopTrim", count) - 1
    is_whole = (first, last) == (0, count - 1)
    return (first, last) if 0 <= first < last < count and not is_whole else None

"""Pictures taken out of the images: what stood in a viewport, still or moving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from workstation.domain.study import Study

GIF_STEP_MS: Final = 10
"""What a GIF counts time in. *Source:* GIF89a, 23 (Graphic Control Extension)"""
GIF_SHORTEST_MS: Final = 20
"""The shortest time that programs play: browsers and viewers play a delay of 0.01 s as 0.1 s"""


def durations_ms(intervals_ms: Sequence[float], step_ms: int, shortest_ms: int) -> list[int]:
    """
    Return how long each picture stands in whole steps, so that the film as a whole keeps its time.

    What one picture is rounded by the next makes up for. Faster than one picture in ``shortest_ms`` none is left out:
    the film then takes longer.
    """
    found: list[int] = []
    due_ms = 0.0
    for interval in intervals_ms:
        due_ms += interval
        one = max(shortest_ms, step_ms * round(due_ms / step_ms))
        found.append(one)
        due_ms = max(due_ms - one, -float(step_ms))
    return found


def gif_slowdown(intervals_ms: Sequence[float]) -> float:
    """Return how many times as long as its clip a GIF of these pictures takes; 1 where it keeps the time."""
    if not intervals_ms:
        return 1.0
    # rounding to whole steps moves less than one of them
    longer_ms = sum(durations_ms(intervals_ms, GIF_STEP_MS, GIF_SHORTEST_MS)) - sum(intervals_ms)
    return 1.0 if longer_ms < GIF_STEP_MS else 1.0 + longer_ms / sum(intervals_ms)


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """
    One picture or several of equal size: ``(rows, columns, 3)`` uint8 red, green, blue.

    ``intervals_ms`` says how long each picture of a film stands, empty for a still; one that ``sweeps`` plays there
    and back.
    ``names_patient`` tells whether the corner text with the patient is painted into them. ``lossy`` tells
    whether the images behind them were ever compressed with loss, ``burned_in`` whether their own pixels carry
    the patient's name: None where nobody knows.
    """

    frames: tuple[npt.NDArray[np.uint8], ...]
    intervals_ms: tuple[float, ...]
    names_patient: bool
    lossy: bool = False
    burned_in: bool | None = None
    sweeps: bool = False

    def __post_init__(self) -> None:
        if not self.frames or len({one.shape for one in self.frames}) != 1:
            raise ValueError("a film has pictures of one size")
        if self.frames[0].ndim != 3 or self.frames[0].shape[2] != 3:
            raise ValueError("a picture is (rows, columns, 3)")
        if self.is_moving and (len(self.intervals_ms) != len(self.frames) or min(self.intervals_ms) <= 0):
            raise ValueError("every picture of a film lasts longer than nothing")

    @property
    def shows_name(self) -> bool | None:
        """Tell whether a name stands in them, from us or from the modality; None where nobody knows."""
        return True if self.names_patient else self.burned_in

    @property
    def is_moving(self) -> bool:
        """Tell whether there is more than one picture."""
        return len(self.frames) > 1


class PictureFilePort(Protocol):
    """Writes pictures to files that other programs read."""

    def write(self, path: Path, film: Film, cancelled: Callable[[], None]) -> None:
        """
        Write the kind of file that the suffix names; a former file stays whole until the new one is.

        ``cancelled`` is called now and then and raises JobCancelled. Raises DiskFull, StorageError.
        """
        ...


@dataclass(frozen=True, slots=True)
class CaptureIdentity:
    """What a secondary capture is named by."""

    sop_instance_uid: str
    series_instance_uid: str
    at: datetime
    modality: str


class CapturePort(Protocol):
    """Makes DICOM objects of pictures."""

    def __call__(self, study: Study, film: Film, identity: CaptureIdentity) -> bytes:
        """Return a Secondary Capture as a Part 10 file, multi-frame for a film."""
        ...

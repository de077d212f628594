"""Frames: what a stack is made of, whether its images come one by one or many in one object."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from workstation.domain.geometry import ImagePlane, Point

DEFAULT_INTERVAL_MS = 100.0
"""How long a cine frame stands where the object says nothing: ten pictures a second."""

_SINGLE_SLICE_MM = 1.0
"""How far the only slice of a stack reaches"""


@dataclass(frozen=True, slots=True, order=True)
class FrameRef:
    """One frame of one SOP Instance; ``frame_number`` counts from 1 as DICOM does. Source: PS3.3 C.7.6.6.1."""

    sop_instance_uid: str
    frame_number: int = 1

    def __post_init__(self) -> None:
        if self.frame_number < 1:
            raise ValueError(f"frames count from 1, got {self.frame_number}")


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A place in a stack: the frame that is shown there and where it lies, None without usable geometry."""

    ref: FrameRef
    plane: ImagePlane | None = None


@dataclass(frozen=True, slots=True)
class Cine:
    """
    How a clip plays.

    ``intervals_ms`` says how long each frame stands, in playing order. ``sweeps`` plays there and back
    instead of beginning anew (Preferred Playback Sequencing 1). ``declared`` is False where the object
    names no speed and the default is used. ``trim`` is the first and the last frame that play (places from
    0, ends included), None for all; the others are seen by hand. Source: PS3.3 C.7.6.5.
    """

    intervals_ms: tuple[float, ...]
    sweeps: bool = False
    declared: bool = True
    trim: tuple[int, int] | None = None
    _ends: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.intervals_ms or min(self.intervals_ms) <= 0:
            raise ValueError("every frame stands for some time")
        if self.trim is not None and not 0 <= self.trim[0] < self.trim[1] < len(self.intervals_ms):
            raise ValueError("two frames of the clip play at least")
        object.__setattr__(self, "_ends", tuple(accumulate(self._played)))

    @property
    def _played(self) -> tuple[float, ...]:
        return self.intervals_ms if self.trim is None else self.intervals_ms[self.trim[0] : self.trim[1] + 1]

    @property
    def _first(self) -> int:
        return 0 if self.trim is None else self.trim[0]

    @property
    def frames_per_second(self) -> float:
        """Return the mean speed."""
        return 1000.0 * len(self._ends) / self._ends[-1]

    def start_ms(self, place: int) -> float:
        """Return when the frame at a place (from 0) begins on the way forward, 0 for one that does not play."""
        played = place - self._first
        return self._ends[played - 1] if 0 < played < len(self._ends) else 0.0

    def place_at(self, elapsed_ms: float) -> int:
        """Return which frame (from 0) stands after some time; the clip repeats for ever."""
        return self._first + self._played_at(elapsed_ms)

    def _played_at(self, elapsed_ms: float) -> int:
        intervals = self._played
        once, last = self._ends[-1], len(intervals) - 1
        if not self.sweeps or last < 2:
            return min(bisect_right(self._ends, elapsed_ms % once), last)
        # the two ends are shown once in every sweep
        back = once - intervals[0] - intervals[-1]
        at = elapsed_ms % (once + back)
        if at < once:
            return min(bisect_right(self._ends, at), last)
        mirrored = once - intervals[-1] - (at - once)
        return max(1, min(bisect_right(self._ends, mirrored - 1e-9), last - 1))


@dataclass(frozen=True, slots=True)
class ImageStack:
    """
    Frames that are scrolled through as one, by position along the normal where they have positions.

    ``label`` tells this stack from the others of its series (``b 1000``, ``Echo 2``); ``cine`` is set
    where the frames follow each other in time.
    """

    frames: tuple[StackFrame, ...]
    label: str = ""
    cine: Cine | None = None

    def nearest(self, lps_mm: Point) -> tuple[int, float, float] | None:
        """
        Return the 1-based place of the frame nearest to a patient point, how far it is and the widest gap of frames.

        Millimetres along the normals; None where no frame has a place in the patient.
        """
        planes = [(place, frame.plane) for place, frame in enumerate(self.frames, 1) if frame.plane is not None]
        if not planes:
            return None
        away_mm, place = min((abs(plane.distance_mm(lps_mm)), place) for place, plane in planes)
        gaps = (abs(one.distance_mm(other.origin)) for (_, one), (_, other) in pairwise(planes))
        return place, away_mm, max(gaps, default=0.0) or _SINGLE_SLICE_MM


DECODED_BYTES = 512 << 20
"""How much decoded pixel data of all clips on screen is held; frames beyond it are decoded again when needed."""
_FEWEST_KEPT = 16


def frames_kept(frame_bytes: int, decoded_bytes: int = DECODED_BYTES) -> int:
    """Return how many decoded frames of a size are held at a time where a clip may hold ``decoded_bytes``."""
    return max(_FEWEST_KEPT, decoded_bytes // max(1, frame_bytes))


def is_kept(place: int, focus: int, count: int, kept: int) -> bool:
    """
    Tell whether the frame at ``place`` is held while ``focus`` is shown: three quarters ahead, one behind.

    A clip goes round, so that its first frames are ahead of its last. Whoever decodes and whoever
    shows decide by this same rule and need not tell each other.
    """
    if count <= kept:
        return True
    ahead = (place - focus) % count
    return ahead < kept - kept // 4 or ahead >= count - kept // 4

"""
How two frames of reference lie to each other: proposed by a computation, in force once a reader accepted it.

Different frames of reference have nothing to do with each other until somebody says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from workstation.domain.geometry import Point
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

Matrix = npt.NDArray[np.float64]

_RIGID: Final = 1e-6
BESIDE_MM: Final = 30.0
"""How far beside a result the agreement is measured again: farther than breath moves, nearer than the next organ."""
_FAR_DEGREES: Final = 20.0
"""Nobody lies so askew on two tables; nonsense of two brains and chests was turned by up to 29 degrees."""
_LITTLE_OVERLAP: Final = 0.3
_LITTLE_AGREEMENT: Final = 1.05
"""A brain in MR on two chests in CT, either way, and noise reached 1.00 to 1.04; the least of a true pair was 1.21."""
_LEFT_BESIDE: Final = 0.6
"""
More of the agreement than this share left beside the result means that it is no better place than others.

Measured on 19 nonsense pairs (other part of the body, other person, frame turned by 180 degrees, mirror image,
noise): 0.65 to 1.06; on 18 true ones (other position, slices, noise, contrast, breath of up to 15 mm, part of the
body, PET on CT of a phantom): 0.04 to 0.56. Source of the data: ADR 0018.
"""


class Origin(StrEnum):
    """Where a registration comes from."""

    COMPUTED = "computed"
    BY_HAND = "by_hand"


class Verdict(StrEnum):
    """What the reader said to it."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class RegistrationQuality:
    """
    How well two images agree after a registration.

    ``agreement`` is the normalised mutual information of the common part, 1 for none and 2 for equal
    images; ``agreement_before`` the same as the images lay, ``agreement_beside`` its mean ``BESIDE_MM`` beside the
    result in six directions. ``overlap`` is the share of the moving image's body that lies inside the fixed image.
    Source: Studholme et al., Pattern Recognition 1999;32:71.
    """

    agreement: float
    agreement_before: float
    overlap: float
    agreement_beside: float

    @property
    def left_beside(self) -> float:
        """Return which share of the agreement is left beside the result: little at the right place, 1 for none."""
        return (self.agreement_beside - 1) / (self.agreement - 1) if self.agreement > 1 else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class RigidRegistration:
    """
    A turn and a shift between two frames of reference.

    ``matrix`` is 4 x 4 and maps homogeneous LPS millimetres of the moving frame to the fixed frame.
    ``quality`` is None where a person aligned the images by hand.
    """

    fixed_uid: str
    moving_uid: str
    matrix: Matrix
    origin: Origin = Origin.COMPUTED
    quality: RegistrationQuality | None = None
    verdict: Verdict = Verdict.PROPOSED
    pivot_mm: Point = (0.0, 0.0, 0.0)
    """The point of the moving frame whose way is told as the shift: the middle of the image."""
    further_doubts: tuple[str, ...] = ()
    """What else is known against it, in words: another part of the body"""

    def __post_init__(self) -> None:
        turn = self.matrix[:3, :3]
        is_rigid = np.allclose(turn @ turn.T, np.eye(3), atol=_RIGID) and np.linalg.det(turn) > 0
        if self.matrix.shape != (4, 4) or not np.isfinite(self.matrix).all() or not is_rigid:
            raise ValueError("a rigid registration turns and shifts, and nothing else")
        if not self.fixed_uid or not self.moving_uid or self.fixed_uid == self.moving_uid:
            raise ValueError("a registration joins two different frames of reference")

    @property
    def shift_mm(self) -> float:
        """Return how far the middle of the moving image was moved."""
        pivot = np.array(self.pivot_mm)
        return float(np.linalg.norm(self.matrix[:3, :3] @ pivot + self.matrix[:3, 3] - pivot))

    @property
    def turn_degrees(self) -> float:
        """Return by how much the moving image was turned, about whatever axis."""
        cosine = (float(np.trace(self.matrix[:3, :3])) - 1.0) / 2.0
        return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return in words what speaks against the result."""
        found = list(self.further_doubts)
        quality = self.quality
        if quality is not None:
            if quality.agreement < _LITTLE_AGREEMENT:
                found.append(tr("the images hardly agree"))
            if quality.left_beside > _LEFT_BESIDE:
                found.append(tr("{millimetres} mm beside they agree nearly as well", millimetres=f"{BESIDE_MM:g}"))
            if quality.agreement < quality.agreement_before:
                found.append(tr("the images agreed better before"))
            if quality.overlap < _LITTLE_OVERLAP:
                found.append(tr("the images hardly overlap"))
        # two scanners begin to count anywhere, but a patient hardly lies askew
        if self.origin is Origin.COMPUTED and self.turn_degrees > _FAR_DEGREES:
            found.append(tr("the image was turned far"))
        return tuple(found)

    def sentence(self) -> str:
        """Return what was done and how well it fits, for the person who decides."""
        moved = tr(
            "Moved by {shift} mm and turned by {turn}°.", shift=f"{self.shift_mm:.1f}", turn=f"{self.turn_degrees:.1f}"
        )
        quality = self.quality
        if quality is None:
            return tr("{moved} Aligned by hand.", moved=moved)
        fits = tr(
            "Agreement {before} before, {after} after; {overlap} % of the image overlaps.",
            before=f"{quality.agreement_before:.3f}",
            after=f"{quality.agreement:.3f}",
            overlap=f"{quality.overlap * 100:.0f}",
        )
        advice = (
            tr("Doubtful: {doubts}.", doubts=tr(", ").join(self.doubts))
            if self.doubts
            else tr("Check the edges of organs before accepting.")
        )
        return f"{moved} {fits} {advice}"

    def accepted(self) -> RigidRegistration:
        """Return the registration in force."""
        return replace(self, verdict=Verdict.ACCEPTED)

    def rejected(self) -> RigidRegistration:
        """Return the registration put away."""
        return replace(self, verdict=Verdict.REJECTED)


class RigidRegistrar(Protocol):
    """Computes registrations in the background."""

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        """
        Return a proposal that lays the moving image over the fixed one.

        Raises NotRegistrable when the images cannot be compared, JobCancelled within half a second.
        """
        ...


class Registrations:
    """
    The registrations that readers accepted for the images on screen; proposals do not enter.

    Main thread only. ``watch`` is called back after each change.
    """

    def __init__(self, accepted: Iterable[RigidRegistration] = ()) -> None:
        self._known: dict[tuple[str, str], RigidRegistration] = {}
        self._watchers: list[Callable[[], None]] = []
        for one in accepted:
            self.add(one)

    def add(self, registration: RigidRegistration) -> None:
        """Use an accepted registration; it replaces an earlier one of the same two frames. ValueError otherwise."""
        if registration.verdict is not Verdict.ACCEPTED:
            raise ValueError("only what a reader accepted may join two frames of reference")
        self._forget(registration.fixed_uid, registration.moving_uid)
        self._known[registration.moving_uid, registration.fixed_uid] = registration
        self._tell()

    def remove(self, first_uid: str, second_uid: str) -> None:
        """Part two frames of reference again."""
        if self._forget(first_uid, second_uid):
            self._tell()

    def between(self, first_uid: str, second_uid: str) -> RigidRegistration | None:
        """Return the registration of two frames, whichever of them it moves."""
        return self._known.get((first_uid, second_uid)) or self._known.get((second_uid, first_uid))

    def matrix(self, source_uid: str, target_uid: str) -> Matrix | None:
        """
        Return the 4 x 4 map of LPS millimetres from one frame to another, None when they are not related.

        An empty frame of reference is related to nothing, not even to itself. Chains are not followed:
        their errors add up unseen.
        """
        if not source_uid or not target_uid:
            return None
        if source_uid == target_uid:
            return np.eye(4)
        direct = self._known.get((source_uid, target_uid))
        if direct is not None:
            return direct.matrix
        reverse = self._known.get((target_uid, source_uid))
        return None if reverse is None else inverted(reverse.matrix)

    def point(self, lps_mm: Point, source_uid: str, target_uid: str) -> Point | None:
        """Return a patient point in another frame, None when the frames are not related."""
        matrix = self.matrix(source_uid, target_uid)
        return None if matrix is None else moved(lps_mm, matrix)

    def watch(self, changed: Callable[[], None]) -> None:
        """Call back after every change."""
        self._watchers.append(changed)

    def _forget(self, first_uid: str, second_uid: str) -> bool:
        pairs = ((first_uid, second_uid), (second_uid, first_uid))
        found = [self._known.pop(pair, None) for pair in pairs]
        return any(one is not None for one in found)

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()


def inverted(matrix: Matrix) -> Matrix:
    """Return the way back of a 4 x 4 map."""
    back: Matrix = np.linalg.inv(matrix).astype(np.float64)
    return back


def moved(lps_mm: Point, matrix: Matrix) -> Point:
    """Return a patient point mapped by a 4 x 4 matrix."""
    x, y, z = (matrix[:3, :3] @ np.array(lps_mm) + matrix[:3, 3]).tolist()
    return x, y, z


def laid_into(volume: Volume, matrix: Matrix, frame_of_reference_uid: str) -> Volume:
    """Return a volume whose voxels lie where a registration puts them in another frame; nothing is resampled."""
    return replace(volume, ijk_to_lps=matrix @ volume.ijk_to_lps, frame_of_reference_uid=frame_of_reference_uid)


def shifted_by_hand(fixed_uid: str, moving_uid: str, shift_mm: Point) -> RigidRegistration:
    """Return the accepted registration of a reader who laid two images over each other by a shift."""
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    return RigidRegistration(fixed_uid, moving_uid, matrix, Origin.BY_HAND, verdict=Verdict.ACCEPTED)

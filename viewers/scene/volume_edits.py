"""What a reader cut away from a volume, as a value: several cut planes, one of them in the hand, and scissors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Final

from viewers.scene.volume_cuts import CutPlane, Scissors

MOST_PLANES: Final = 6
"""What every graphics card takes; a box round an organ needs no more"""
_UNDO_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class VolumeEdits:
    """
    Cut planes in the order they were begun and the scissors' cuts, which are for good.

    ``held`` is the place of the plane that the wheel moves; beyond the last one it begins another.
    """

    planes: tuple[CutPlane, ...] = ()
    scissors: tuple[Scissors, ...] = ()
    held: int = 0

    def __post_init__(self) -> None:
        if len(self.planes) > MOST_PLANES or not 0 <= self.held <= len(self.planes):
            raise ValueError(f"{len(self.planes)} cut planes, number {self.held} in the hand")

    @property
    def front(self) -> CutPlane | None:
        """Return the plane in the hand, None where the next move begins one."""
        return self.planes[self.held] if self.held < len(self.planes) else None

    @property
    def is_full(self) -> bool:
        """Tell whether no further plane can be begun."""
        return len(self.planes) == MOST_PLANES

    def with_front(self, plane: CutPlane) -> VolumeEdits:
        """Return the edits with the plane in the hand moved, or begun."""
        return replace(self, planes=(*self.planes[: self.held], plane, *self.planes[self.held + 1 :]))

    def with_another(self, plane: CutPlane) -> VolumeEdits:
        """Return the edits with a further plane, now in the hand. ValueError when there are too many."""
        return replace(self, planes=(*self.planes, plane), held=len(self.planes))

    def without_front(self) -> VolumeEdits:
        """Return the edits without the plane in the hand; the next move begins another."""
        left = (*self.planes[: self.held], *self.planes[self.held + 1 :])
        return replace(self, planes=left, held=len(left))

    def flipped(self) -> VolumeEdits:
        """Return the edits with the other side of the plane in the hand removed."""
        front = self.front
        if front is None:
            return self
        x, y, z = front.normal
        return self.with_front(CutPlane(front.origin, (-x, -y, -z)))

    def following(self) -> VolumeEdits:
        """Return the edits with the next plane in the hand, round and round."""
        following = self.held + 1
        return replace(self, held=following if following < len(self.planes) else 0)

    def with_scissors(self, cut: Scissors) -> VolumeEdits:
        """Return the edits with a further cut of the scissors."""
        return replace(self, scissors=(*self.scissors, cut))


class EditHistory:
    """
    The edits in force, those before them and those that were undone.

    Each step keeps when it was made, or undone, so that it finds its place among what else is undone; ``clock``
    counts on, in ns.
    """

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self.now = VolumeEdits()
        self._clock = clock
        self._before: list[tuple[VolumeEdits, int]] = []
        self._undone: list[tuple[VolumeEdits, int]] = []

    def stepped_at(self, *, undo: bool) -> int | None:
        """Return when what ``undo`` takes back was made, or what ``redo`` repeats was undone (ns); None for nothing."""
        steps = self._before if undo else self._undone
        return steps[-1][1] if steps else None

    def edit(self, edits: VolumeEdits) -> bool:
        """Put other edits in force, to be undone by one step; False where nothing changes."""
        if edits == self.now:
            return False
        self._before.append((self.now, self._clock()))
        del self._before[:-_UNDO_STEPS]
        self.move(edits)
        return True

    def move(self, edits: VolumeEdits) -> None:
        """Put other edits in force that are no step of their own, a plane under way; what was undone is forgotten."""
        self.now = edits
        self._undone.clear()

    def undo(self) -> bool:
        """Return to the edits before; False when there are none."""
        if not self._before:
            return False
        self._undone.append((self.now, self._clock()))
        self.now, _ = self._before.pop()
        return True

    def redo(self) -> bool:
        """Go forward again to what was undone last; False when nothing was."""
        if not self._undone:
            return False
        self._before.append((self.now, self._clock()))
        self.now, _ = self._undone.pop()
        return True

"""Steps back and forth through the values that something had."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class UndoSteps(Generic[T]):
    """What a value was before each act; a new act ends what could be repeated."""

    def __init__(self) -> None:
        self._past: list[T] = []
        self._future: list[T] = []

    @property
    def can_undo(self) -> bool:
        """Tell whether an act can be taken back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Tell whether an act that was taken back can be repeated."""
        return bool(self._future)

    def begin(self, before: T) -> None:
        """Remember what an act is about to change."""
        self._past.append(before)
        self._future.clear()

    def back(self, now: T) -> T:
        """Return what was before the last act. IndexError where there is none."""
        former = self._past.pop()
        self._future.append(now)
        return former

    def forth(self, now: T) -> T:
        """Return what was before the last step back. IndexError where there is none."""
        following = self._future.pop()
        self._past.append(now)
        return following

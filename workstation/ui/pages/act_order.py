"""What the reader did to a case, in one order over findings, key images and measurements, to be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class ActKind(Enum):
    """What an act changed; each kind keeps its own steps."""

    FINDING = auto()
    KEY = auto()
    MEASUREMENT = auto()


@dataclass(frozen=True, slots=True)
class Act:
    """One act; a measurement lies on the images of a study."""

    kind: ActKind
    study_instance_uid: str = ""

    def is_seen_from(self, study_instance_uid: str) -> bool:
        """Tell whether who works on a study's images sees it undone: findings and key images stand beside them all."""
        return self.kind is not ActKind.MEASUREMENT or self.study_instance_uid == study_instance_uid


class ActOrder:
    """
    The acts on one case, the last one first to be undone.

    From the images of a prior only its own measurements are undone, and from those of the case only the case's:
    nothing changes on images that the reader does not work on.
    """

    def __init__(self) -> None:
        self._done: list[Act] = []
        self._undone: list[Act] = []

    def begin_anew(self) -> None:
        """Forget everything: another case is shown."""
        self._done, self._undone = [], []

    def did(self, act: Act) -> None:
        """Remember an act; what was undone before cannot be redone any more."""
        self._done.append(act)
        self._undone.clear()

    def step(self, study_instance_uid: str, *, undo: bool) -> Act | None:
        """Return what to undo or redo from the images of a study, and take it as done; None for nothing."""
        source, target = (self._done, self._undone) if undo else (self._undone, self._done)
        for place in reversed(range(len(source))):
            if source[place].is_seen_from(study_instance_uid):
                target.append(source.pop(place))
                return target[-1]
        return None

    def is_left(self, *, undo: bool) -> bool:
        """Tell whether anything could be undone, or redone, on the images of any study."""
        return bool(self._done if undo else self._undone)

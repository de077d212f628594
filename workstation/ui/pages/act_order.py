"""What the reader did to a case, in one order over findings, key images and measurements, to be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from workstation.domain.annotation import UNDO_STEPS


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
        if act.kind is ActKind.MEASUREMENT and self._done.count(act) > UNDO_STEPS:
            self._done.remove(act)  # the oldest: the measurements of a study keep no more steps

    def following(self, study_instance_uid: str, *, undo: bool) -> Act | None:
        """Return what to undo or redo from the images of a study, None for nothing; ``stepped`` says that it is."""
        source = self._done if undo else self._undone
        return next((act for act in reversed(source) if act.is_seen_from(study_instance_uid)), None)

    def stepped(self, act: Act, *, undo: bool) -> None:
        """Take an act, as ``following`` named it, as undone or redone."""
        self.forget(act, undo=undo)
        (self._undone if undo else self._done).append(act)

    def forget(self, act: Act, *, undo: bool) -> None:
        """Drop an act, as ``following`` named it, that cannot be undone or redone any more."""
        source = self._done if undo else self._undone
        del source[len(source) - 1 - source[::-1].index(act)]

    def is_left(self, *, undo: bool) -> bool:
        """Tell whether anything could be undone, or redone, on the images of any study."""
        return bool(self._done if undo else self._undone)

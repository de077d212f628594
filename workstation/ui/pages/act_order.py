"""What the reader did to a case, in one order over findings, key images and measurements, to be undone and redone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from time import perf_counter_ns

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


@dataclass(frozen=True, slots=True)
class _Step:
    act: Act
    at_ns: int
    """When it was done, or undone"""


class ActOrder:
    """
    The acts on one case, the last one first to be undone.

    From the images of a prior only its own measurements are undone, and from those of the case only the case's:
    nothing changes on images that the reader does not work on. ``clock`` counts on, in ns.
    """

    def __init__(self, clock: Callable[[], int] = perf_counter_ns) -> None:
        self._clock = clock
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    def begin_anew(self) -> None:
        """Forget everything: another case is shown."""
        self._done, self._undone = [], []

    def did(self, act: Act) -> None:
        """Remember an act; what was undone before cannot be redone any more."""
        self._done.append(_Step(act, self._clock()))
        self._undone.clear()
        same = [step for step in self._done if step.act == act] if act.kind is ActKind.MEASUREMENT else []
        if len(same) > UNDO_STEPS:
            self._done.remove(same[0])  # the oldest: the measurements of a study keep no more steps

    def following(self, study_instance_uid: str, *, undo: bool) -> Act | None:
        """Return what to undo or redo from the images of a study, None for nothing; ``stepped`` says that it is."""
        step = self._following(study_instance_uid, undo=undo)
        return None if step is None else step.act

    def is_before(self, at_ns: int, study_instance_uid: str, *, undo: bool) -> bool:
        """Tell whether something comes after what ``following`` names, and is so to be undone, or redone, before it."""
        step = self._following(study_instance_uid, undo=undo)
        return step is None or step.at_ns < at_ns

    def _following(self, study_instance_uid: str, *, undo: bool) -> _Step | None:
        source = self._done if undo else self._undone
        return next((step for step in reversed(source) if step.act.is_seen_from(study_instance_uid)), None)

    def stepped(self, act: Act, *, undo: bool) -> None:
        """Take an act, as ``following`` named it, as undone or redone."""
        self.forget(act, undo=undo)
        (self._undone if undo else self._done).append(_Step(act, self._clock()))

    def forget(self, act: Act, *, undo: bool) -> None:
        """Drop an act, as ``following`` named it, that cannot be undone or redone any more."""
        source = self._done if undo else self._undone
        source.remove(next(step for step in reversed(source) if step.act == act))

    def is_left(self, *, undo: bool) -> bool:
        """Tell whether anything could be undone, or redone, on the images of any study."""
        return bool(self._done if undo else self._undone)

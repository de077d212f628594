"""The annotations of the study on screen, with undo; the next study starts empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from workstation.domain.annotation import Annotation, AnnotationHistory, AnnotationList, Statistics


def _now() -> datetime:
    return datetime.now(UTC)


class Annotations:
    """
    Annotations of exactly one study; ``author`` and ``now`` sign what is drawn.

    Every change names its study and is refused when another one is open: a late tool or an
    undo can never put an annotation on the next patient.
    """

    def __init__(
        self,
        study_instance_uid: str,
        annotations: Iterable[Annotation] = (),
        *,
        author: str = "",
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._history = AnnotationHistory(AnnotationList(study_instance_uid, tuple(annotations)))
        self._watchers: list[Callable[[AnnotationList], None]] = []
        self.is_completing = False
        """Whether the watchers hear of numbers that came late, not of an act of the reader"""
        self.author = author
        self.now = now

    @property
    def value(self) -> AnnotationList:
        """Return the current annotations, for saving."""
        return self._history.present

    @property
    def items(self) -> tuple[Annotation, ...]:
        """Return the current annotations in drawing order."""
        return self._history.present.annotations

    @property
    def can_undo(self) -> bool:
        """Tell whether a step back exists."""
        return bool(self._history.past)

    @property
    def can_redo(self) -> bool:
        """Tell whether an undone step exists."""
        return bool(self._history.future)

    def watch(self, changed: Callable[[AnnotationList], None]) -> None:
        """Call back after every change (autosave, lists), not where an edit changed nothing nor for another study."""
        self._watchers.append(changed)

    def open_study(self, study_instance_uid: str, annotations: Iterable[Annotation] = ()) -> None:
        """Show another study: its saved annotations, nothing of the last one and no steps to undo."""
        self._history = AnnotationHistory(AnnotationList(study_instance_uid, tuple(annotations)))

    def add(self, study_instance_uid: str, annotation: Annotation) -> None:
        """Add one annotation. ValueError when another study is open."""
        self._require(study_instance_uid)
        self._show(self._history.changed(self.value.added(annotation)))

    def edit(self, study_instance_uid: str, annotation: Annotation) -> None:
        """Exchange the annotation with the same UID. KeyError when there is none."""
        self._require(study_instance_uid)
        self._show(self._history.changed(self.value.replaced(annotation)))

    def complete(self, study_instance_uid: str, annotation: Annotation) -> None:
        """Give an annotation the measures that came late, in undone steps too; nothing where it is gone or moved."""
        self._require(study_instance_uid)
        self._complete(self._history.completed(annotation))

    def complete_statistics(self, study_instance_uid: str, annotation: Annotation, found: Statistics) -> None:
        """Give an annotation the values that were read late, as ``complete`` gives its measures."""
        self._require(study_instance_uid)
        self._complete(self._history.with_statistics(annotation, found))

    def place_in_frame(self, study_instance_uid: str, before: str, after: str) -> None:
        """Tell what lies in one frame of reference in another, in undone steps too: no act of the reader, no step."""
        self._require(study_instance_uid)
        self._complete(self._history.in_frame(before, after))

    def _complete(self, completed: AnnotationHistory) -> None:
        if completed != self._history:
            self.is_completing = True
            try:
                self._show(completed)
            finally:
                self.is_completing = False

    def delete(self, study_instance_uid: str, uid: str) -> None:
        """Remove one annotation. KeyError when there is none."""
        self._require(study_instance_uid)
        self._show(self._history.changed(self.value.removed(uid)))

    def undo(self) -> bool:
        """Step back; False when there is nothing to undo."""
        return self._step(self._history.undone())

    def redo(self) -> bool:
        """Step forward again; False when there is nothing to redo."""
        return self._step(self._history.redone())

    def _step(self, history: AnnotationHistory) -> bool:
        if history is self._history:
            return False
        self._show(history)
        return True

    def _show(self, history: AnnotationHistory) -> None:
        if history is self._history:
            return  # nobody did anything: whoever counts acts of the reader must not count this one
        self._history = history
        for changed in self._watchers:
            changed(history.present)

    def _require(self, study_instance_uid: str) -> None:
        if study_instance_uid != self.value.study_instance_uid:
            raise ValueError("the annotation belongs to a study that is no longer open")

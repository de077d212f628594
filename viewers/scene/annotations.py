"""The measurements of the study on screen, with undo; the next study starts empty."""

from __future__ import annotations

from collections.abc import Callable

from workstation.domain.measurement import Measurement, MeasurementSet

_UNDO_STEPS = 200


class Annotations:
    """
    Measurements of exactly one study.

    Every change names its study and is refused when another one is open: a late tool or an
    undo can never put a measurement on the next patient.
    """

    def __init__(self, study_instance_uid: str, measurements: tuple[Measurement, ...] = ()) -> None:
        self._set = MeasurementSet(study_instance_uid, measurements)
        self._undo: list[tuple[Measurement, ...]] = []
        self._redo: list[tuple[Measurement, ...]] = []
        self._watchers: list[Callable[[MeasurementSet], None]] = []

    @property
    def value(self) -> MeasurementSet:
        """Return the current measurements, for saving."""
        return self._set

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Return the current measurements."""
        return self._set.measurements

    @property
    def can_undo(self) -> bool:
        """Tell whether a step back exists."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Tell whether an undone step exists."""
        return bool(self._redo)

    def watch(self, changed: Callable[[MeasurementSet], None]) -> None:
        """Call back after every change (autosave, lists); not when another study is opened."""
        self._watchers.append(changed)

    def open_study(self, study_instance_uid: str, measurements: tuple[Measurement, ...] = ()) -> None:
        """Show another study: its saved measurements, nothing of the last one and no steps to undo."""
        self._set = MeasurementSet(study_instance_uid, measurements)
        self._undo.clear()
        self._redo.clear()

    def add(self, study_instance_uid: str, measurement: Measurement) -> None:
        """Add one measurement. ValueError when another study is open."""
        self._change(study_instance_uid, (*self.measurements, measurement))

    def edit(self, study_instance_uid: str, measurement: Measurement) -> None:
        """Exchange the measurement with the same tracking UID. KeyError when there is none."""
        self._need(measurement.tracking_uid)
        uid = measurement.tracking_uid
        self._change(study_instance_uid, tuple(measurement if m.tracking_uid == uid else m for m in self.measurements))

    def delete(self, study_instance_uid: str, tracking_uid: str) -> None:
        """Remove one measurement. KeyError when there is none."""
        self._need(tracking_uid)
        self._change(study_instance_uid, tuple(m for m in self.measurements if m.tracking_uid != tracking_uid))

    def undo(self) -> bool:
        """Step back; False when there is nothing to undo."""
        return self._step(self._undo, self._redo)

    def redo(self) -> bool:
        """Step forward again; False when there is nothing to redo."""
        return self._step(self._redo, self._undo)

    def _change(self, study_instance_uid: str, measurements: tuple[Measurement, ...]) -> None:
        if study_instance_uid != self._set.study_instance_uid:
            raise ValueError("the measurement belongs to a study that is no longer open")
        self._undo.append(self.measurements)
        del self._undo[:-_UNDO_STEPS]
        self._redo.clear()
        self._show(measurements)

    def _step(self, source: list[tuple[Measurement, ...]], target: list[tuple[Measurement, ...]]) -> bool:
        if not source:
            return False
        target.append(self.measurements)
        self._show(source.pop())
        return True

    def _show(self, measurements: tuple[Measurement, ...]) -> None:
        self._set = MeasurementSet(self._set.study_instance_uid, measurements)
        for changed in self._watchers:
            changed(self._set)

    def _need(self, tracking_uid: str) -> None:
        if all(m.tracking_uid != tracking_uid for m in self.measurements):
            raise KeyError(tracking_uid)

"""What lies inside spheres and regions: small ones at once, large ones in a job, "measuring" beside them meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.drawn_annotations import SphereValues
from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import late_statistics
from viewers.scene.scene import Scene
from viewers.scene.tools.measuring import with_measures
from workstation.domain.annotation import Annotation, Measure, PixelPoint, Statistics
from workstation.domain.geometry import Point
from workstation.domain.suv import SuvRefusal, SuvScale
from workstation.domain.voi_words import SphereUptake
from workstation.domain.volume import Volume
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.pending import Pending

AT_ONCE_VOXELS: Final = 60_000
"""About 10 ms on a quiet core of 2020; half a million take 60"""
_Key = tuple[int | str, str]
_Points = tuple[Point, ...] | tuple[PixelPoint, ...]
_Handle = JobHandle[tuple[Measure, ...]] | JobHandle[Statistics | None]


class SphereMeasuring(QObject):
    """
    Tells the scenes of a case what their spheres hold.

    A sphere that is moved while it is measured is measured anew, and nothing of its last place is shown or kept.
    The statistics of a large one on any volume, and of a large region on an image, come in the same way (``attach``).
    What comes late completes the annotation without a step to undo; ``pending`` holds up who hands the report over.
    """

    def __init__(self, parent: QObject, jobs: JobRunner, repaint: Callable[[], None]) -> None:
        super().__init__(parent)
        self._jobs, self._repaint = jobs, repaint
        self.pending = Pending(self)
        self._shared: WeakValueDictionary[tuple[object, ...], SphereUptake] = WeakValueDictionary()
        self._running: dict[_Key, tuple[_Points, _Handle]] = {}
        self._empty: set[_Points] = set()
        """Places over padding alone, which have no values"""

    def uptake(self, volume: Volume, suv: SuvScale | SuvRefusal | None) -> SphereUptake:
        """Return what measures spheres on a volume; scenes of one volume share it, so that each is measured once."""
        key = id(volume.voxels), volume.ijk_to_lps.tobytes(), volume.frame_of_reference_uid, id(suv)
        found = self._shared.get(key)
        if found is None:
            found = self._shared[key] = SphereUptake(volume, suv)
        return found

    def attach(self, scene: Scene) -> None:
        """Let a scene have the statistics of large spheres and regions read that were drawn on its own images."""
        scene.read_late = partial(self._read_late, scene.annotations)

    def dress(self, scene: Scene, uptake: SphereUptake) -> None:
        """Let a scene tell of its spheres, and keep, what a volume says."""
        notes = scene.annotations
        scene.sphere_values = SphereValues(partial(self._words, uptake, notes), partial(self._measures, uptake, notes))

    def close(self) -> None:
        """Measure nothing more of this case."""
        for key in list(self._running):
            self._drop(key)
        self._empty.clear()

    def _words(self, uptake: SphereUptake, notes: Annotations, sphere: Annotation) -> tuple[str, ...]:
        if uptake.voxels_to_measure(sphere) <= AT_ONCE_VOXELS:
            return uptake.words(sphere)
        self._begin(uptake, notes, sphere)
        return (tr("Measuring…"),)

    def _measures(self, uptake: SphereUptake, notes: Annotations, sphere: Annotation) -> tuple[Measure, ...]:
        if uptake.voxels_to_measure(sphere) <= AT_ONCE_VOXELS:
            return uptake.measures(sphere)
        self._begin(uptake, notes, sphere)
        return ()

    def _begin(self, uptake: SphereUptake, notes: Annotations, sphere: Annotation) -> None:
        key = id(uptake), sphere.uid
        if self._goes_on(key, sphere):
            return
        handle = self._jobs.submit(
            Pool.CPU,
            lambda _job: uptake.measures(sphere),
            on_success=partial(self._done, key, notes, sphere),
            on_error=partial(self._failed, key),
        )
        self._running[key] = _points(sphere), handle

    def _read_late(self, notes: Annotations, drawn: Annotation, where: Volume | SliceImage) -> bool:
        if _points(drawn) in self._empty:
            return False
        key = id(where.voxels) if isinstance(where, Volume) else where.sop_instance_uid, drawn.uid
        if self._goes_on(key, drawn):
            return True
        handle = self._jobs.submit(
            Pool.CPU,
            lambda _job: late_statistics(drawn, where),
            on_success=partial(self._read, key, notes, drawn),
            on_error=partial(self._failed, key),
        )
        self._running[key] = _points(drawn), handle
        return True

    def _read(self, key: _Key, notes: Annotations, drawn: Annotation, found: Statistics | None) -> None:
        self._running.pop(key, None)
        if found is None:
            self._empty.add(_points(drawn))
        else:
            notes.complete_statistics(notes.value.study_instance_uid, drawn, found)
        self.pending.end(key)
        self._repaint()

    def _goes_on(self, key: _Key, sphere: Annotation) -> bool:
        """Tell whether a sphere is measured at this place already; else what is measured elsewhere ends."""
        if key in self._running and self._running[key][0] == _points(sphere):
            return True
        self._drop(key, is_followed=True)
        self.pending.begin(key)
        return False

    def _failed(self, key: _Key, error: Exception) -> None:
        self._drop(key)
        raise error

    def _done(self, key: _Key, notes: Annotations, sphere: Annotation, found: tuple[Measure, ...]) -> None:
        self._running.pop(key, None)
        here = next((one for one in notes.items if one.uid == sphere.uid), sphere)
        is_without = {one.name for one in here.measures}.isdisjoint(one.name for one in found)
        if is_without and here.points_lps_mm == sphere.points_lps_mm:
            notes.complete(notes.value.study_instance_uid, with_measures(here, found))
        self.pending.end(key)
        self._repaint()

    def _drop(self, key: _Key, *, is_followed: bool = False) -> None:
        former = self._running.pop(key, None)
        if former is not None:
            former[1].cancel()
        if not is_followed:
            self.pending.end(key)


def _points(drawn: Annotation) -> _Points:
    return drawn.points_lps_mm or drawn.points_px

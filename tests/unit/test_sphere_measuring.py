"""A large sphere is measured in a job: "measuring" stands beside it, the newest place wins, nothing stale is kept."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from resources.translation import use_language
from tests.helpers.hung import JobsByHand
from viewers.scene.annotations import Annotations
from viewers.scene.measure_annotations import sphere as drawn_sphere
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from workstation.domain.annotation import (
    Annotation,
    AnnotationKind,
    AnnotationList,
    Measure,
    MeasureName,
    Statistics,
)
from workstation.domain.geometry import Point
from workstation.domain.suv import SuvScale, SuvType
from workstation.domain.volume import Volume
from workstation.ui.images.sphere_measuring import SphereMeasuring

HERE: Point = (60.0, 60.0, 60.0)
THERE: Point = (64.0, 60.0, 60.0)
LARGE_MM, SMALL_MM = 50.0, 8.0
WORDS = (
    "SUVbw max 3.00  peak 3.00  mean 3.00",
    "MTV at 41 %: 522.14 ml  TLG 1566",
    "MTV at SUVbw 2.5: 522.14 ml  TLG 1566",
    "MTV at SUVbw 4: 0.00 ml  TLG 0.00",
    "Volume 522.14 ml, 65267 voxels",
)
"""65267 points of a lattice lie in a ball of 25 steps; voxels of 8 mm³, an uptake of 3 everywhere"""


def even() -> Volume:
    """Return 61³ voxels of 2 mm, all of them 3."""
    return Volume(np.full((61, 61, 61), 3.0, np.float32), np.diag([2.0, 2.0, 2.0, 1.0]), "1.5", "1.6", unit="g/ml")


def sphere(centre: Point = HERE, radius_mm: float = LARGE_MM) -> Annotation:
    return Annotation(
        uid="1.1",
        tracking_uid="1.2",
        kind=AnnotationKind.SPHERE,
        points_lps_mm=(centre, (centre[0] + radius_mm, centre[1], centre[2])),
        frame_of_reference_uid="1.5",
        measures=(Measure(MeasureName.DIAMETER, 2 * radius_mm, "mm"),),
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


class Bench:
    def __init__(self) -> None:
        self.parent, self.jobs = QObject(), JobsByHand()
        self.painted = 0
        self.spheres = SphereMeasuring(self.parent, self.jobs, self._paint)  # type: ignore[arg-type] # by hand
        self.notes = Annotations("1.2.3")
        self.saved: list[tuple[AnnotationList, bool]] = []
        self.notes.watch(lambda value: self.saved.append((value, self.notes.is_completing)))
        self.scene = MprScene(even(), MprPlane.AXIAL, annotations=self.notes, new_uid=str)
        self.spheres.dress(self.scene, self.spheres.uptake(even(), SuvScale(SuvType.BW, (1.0,))))

    def _paint(self) -> None:
        self.painted += 1

    def words(self, one: Annotation) -> tuple[str, ...]:
        assert self.scene.sphere_values is not None
        return self.scene.sphere_values.words(one)

    def measures(self, one: Annotation) -> tuple[Measure, ...]:
        assert self.scene.sphere_values is not None
        return self.scene.sphere_values.measures(one)

    def draw(self, one: Annotation) -> None:
        """Let go of a sphere as the tool does, and see it."""
        one = replace(one, measures=(*one.measures, *self.measures(one)))
        if any(other.uid == one.uid for other in self.notes.items):
            self.notes.edit("1.2.3", one)
        else:
            self.notes.add("1.2.3", one)
        self.words(one)

    def kept(self) -> dict[MeasureName, float]:
        """Return the mean, peak and maximum that the sphere keeps."""
        wanted = {MeasureName.UPTAKE_MAXIMUM, MeasureName.UPTAKE_PEAK, MeasureName.UPTAKE_MEAN}
        return {one.name: one.value for item in self.notes.items for one in item.measures if one.name in wanted}


@pytest.fixture(autouse=True)
def _english(qapp: QApplication) -> None:
    del qapp
    use_language("en")


ALL = {MeasureName.UPTAKE_MAXIMUM: 3.0, MeasureName.UPTAKE_PEAK: 3.0, MeasureName.UPTAKE_MEAN: 3.0}


def test_a_small_sphere_is_told_and_kept_at_once() -> None:
    bench = Bench()
    bench.draw(sphere(radius_mm=SMALL_MM))
    assert bench.words(sphere(radius_mm=SMALL_MM))[0] == "SUVbw max 3.00  peak 3.00  mean 3.00"
    assert (bench.kept(), bench.jobs.waiting) == (ALL, [])


def test_a_large_sphere_says_measuring_until_its_values_are_there_and_then_keeps_them() -> None:
    bench = Bench()
    bench.draw(sphere())
    assert (bench.words(sphere()), bench.kept()) == (("Measuring…",), {})
    assert bench.jobs.run() == 1  # however often it was painted meanwhile
    assert (bench.words(sphere()), bench.kept(), bench.painted) == (WORDS, ALL, 1)
    assert bench.jobs.waiting == []


def test_what_comes_late_is_saved_and_is_no_step_to_undo() -> None:
    bench = Bench()
    bench.draw(sphere())
    bench.jobs.run()
    assert [late for _value, late in bench.saved] == [False, True]
    assert bench.saved[-1][0] == bench.notes.value
    bench.notes.undo()
    assert (bench.notes.items, bench.notes.can_undo) == ((), False)
    bench.notes.redo()
    assert bench.kept() == ALL


def test_a_sphere_that_is_moved_while_it_is_measured_keeps_nothing_of_its_last_place() -> None:
    bench = Bench()
    bench.draw(sphere())
    bench.draw(sphere(THERE))
    assert (bench.words(sphere(THERE)), bench.kept()) == (("Measuring…",), {})
    assert bench.jobs.run() == 1
    (kept,) = bench.notes.items
    assert math.dist(kept.points_lps_mm[0], THERE) == 0.0
    assert bench.kept() == ALL
    assert len(kept.measures) == len({(one.name, one.threshold) for one in kept.measures})


def test_a_sphere_that_was_undone_while_it_was_measured_comes_back_whole() -> None:
    bench = Bench()
    bench.draw(sphere())
    bench.notes.undo()
    bench.jobs.run()
    assert bench.notes.items == ()
    bench.notes.redo()
    assert bench.kept() == ALL


def test_a_sphere_of_a_draft_that_was_left_before_its_values_came_gets_them_when_it_is_seen_again() -> None:
    bench = Bench()
    bench.notes.open_study("1.2.3", [sphere()])
    bench.words(sphere())
    bench.jobs.run()
    assert bench.kept() == ALL


def test_values_that_a_sphere_has_already_are_not_exchanged_for_those_of_another_kind() -> None:
    bench = Bench()
    bench.draw(sphere())
    bench.jobs.run()
    lean = bench.spheres.uptake(even(), SuvScale(SuvType.BSA, (2.0,)))
    bench.spheres.dress(bench.scene, lean)
    before = bench.notes.value
    bench.words(bench.notes.items[0])
    bench.jobs.run()
    assert bench.notes.value == before
    assert bench.words(bench.notes.items[0])[0].startswith("SUVbsa max 3.00")


def test_whoever_hands_the_report_over_waits_for_the_values_and_goes_on_once() -> None:
    bench = Bench()
    gone: list[dict[MeasureName, float]] = []
    assert not bench.spheres.pending.hold_up(lambda: gone.append({}))
    bench.draw(sphere())
    for _pressed_twice in range(2):
        assert bench.spheres.pending.hold_up(lambda: gone.append(bench.kept()))
    assert gone == []
    bench.jobs.run()
    assert (gone, bench.spheres.pending.is_running) == ([ALL], False)


def test_a_closed_case_measures_nothing_more_and_holds_nobody_up() -> None:
    bench = Bench()
    bench.draw(sphere())
    bench.spheres.close()
    assert not bench.spheres.pending.is_running
    assert bench.jobs.run() == 0
    assert bench.kept() == {}


def test_scenes_of_one_volume_measure_a_sphere_once() -> None:
    bench = Bench()
    volume, suv = even(), SuvScale(SuvType.BW, (1.0,))
    one = bench.spheres.uptake(volume, suv)
    assert bench.spheres.uptake(replace(volume), suv) is one
    assert bench.spheres.uptake(replace(volume, ijk_to_lps=np.diag([2.0, 2.0, 4.0, 1.0])), suv) is not one


def test_a_fault_while_measuring_is_told_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    uptake = bench.spheres.uptake(even(), None)
    bench.spheres.dress(bench.scene, uptake)

    def broken(_sphere: Annotation) -> tuple[Measure, ...]:
        raise ValueError("ours")

    monkeypatch.setattr(uptake, "measures", broken)
    bench.words(sphere())
    with pytest.raises(ValueError, match="ours"):
        bench.jobs.run()
    assert not bench.spheres.pending.is_running


# statistics of any volume ------------------------------------------------------------------------

CT = Volume(np.full((83, 83, 83), 40, np.int16), np.diag([1.0, 1.0, 1.0, 1.0]), "1.5", "1.6")
MIDDLE: Point = (41.0, 41.0, 41.0)
READ = Statistics(mean=40.0, standard_deviation=0.0, minimum=40.0, maximum=40.0, count=267761, unit="HU")
"""267761 points of a lattice lie in a ball of 40 steps (OEIS A000605)"""


class CtBench(Bench):
    """Planes of a CT, on which the tool draws large spheres."""

    def __init__(self, volume: Volume = CT) -> None:
        super().__init__()
        self.scene = MprScene(volume, MprPlane.AXIAL, annotations=self.notes, new_uid=str)
        self.scene.scroll_to(41)
        self.spheres.attach(self.scene)
        rim = (MIDDLE[0] + 40.0, MIDDLE[1], MIDDLE[2])
        at = datetime(2026, 11, 22, tzinfo=UTC)
        self.large = drawn_sphere(volume, MIDDLE, rim, uid="1.1", tracking_uid="1.2", author="A", created_at=at)

    def told(self) -> tuple[str, ...]:
        """Return the words beside the only sphere, as they are painted."""
        (found,) = self.scene.frame((400.0, 400.0)).overlay.callipers
        return found.lines

    def read(self) -> list[Statistics | None]:
        return [one.statistics for one in self.notes.items]


def test_a_large_sphere_on_a_ct_tells_its_size_at_once_and_its_values_once_they_are_read() -> None:
    bench = CtBench()
    bench.notes.add("1.2.3", bench.large)

    assert bench.told() == ("⌀ 80.0 mm", "Volume 268083 mm³", "Measuring…")
    assert bench.spheres.pending.is_running
    bench.told()
    assert bench.jobs.run() == 1  # however often it is painted
    assert bench.read() == [READ]
    assert bench.told() == ("Mean 40 SD 0 HU", "Min 40 Max 40", "⌀ 80.0 mm", "Volume 268083 mm³")
    assert (bench.spheres.pending.is_running, bench.jobs.waiting) == (False, [])


def test_values_that_were_read_late_are_no_step_to_undo_and_come_back_with_a_redo() -> None:
    bench = CtBench()
    bench.notes.add("1.2.3", bench.large)
    bench.told()
    bench.notes.undo()
    bench.jobs.run()
    assert bench.notes.items == ()
    bench.notes.redo()
    assert bench.read() == [READ]


def test_a_sphere_that_was_moved_meanwhile_keeps_the_values_of_its_new_place_only() -> None:
    bench = CtBench()
    bench.notes.add("1.2.3", bench.large)
    bench.told()
    moved = replace(bench.large, points_lps_mm=(MIDDLE, (MIDDLE[0], MIDDLE[1] + 39.0, MIDDLE[2])))
    bench.notes.edit("1.2.3", moved)
    bench.told()
    assert bench.jobs.run() == 1
    (found,) = bench.read()
    assert found is not None
    assert found.count < READ.count


def test_a_large_sphere_over_padding_alone_is_told_by_its_size_and_read_once() -> None:
    bench = CtBench(replace(CT, padding=(40.0, 40.0)))
    bench.notes.add("1.2.3", bench.large)
    bench.told()
    bench.jobs.run()
    assert bench.told() == ("⌀ 80.0 mm", "Volume 268083 mm³")
    assert (bench.read(), bench.jobs.waiting, bench.spheres.pending.is_running) == ([None], [], False)


def test_what_the_statistics_of_a_pet_tell_is_not_kept_a_second_time_as_uptake() -> None:
    bench = CtBench()
    mean, peak = Measure(MeasureName.UPTAKE_MEAN, 40.0, "HU"), Measure(MeasureName.UPTAKE_PEAK, 40.0, "HU")
    bench.notes.add("1.2.3", replace(bench.large, measures=(mean, peak)))
    bench.notes.complete_statistics("1.2.3", bench.large, READ)
    assert [one.measures for one in bench.notes.items] == [(peak,)]


def test_a_sphere_is_read_on_its_own_series_alone() -> None:
    bench = CtBench()
    bench.notes.add("1.2.3", replace(bench.large, series_instance_uid="1.9"))
    assert "Measuring…" not in bench.told()
    assert bench.jobs.waiting == []

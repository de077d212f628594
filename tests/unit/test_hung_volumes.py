"""Volumes of hung series: built once for all cells, bounded, gone with the stage, and refused in words."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QObject

from resources.translation import use_language
from tests.helpers.hung import JobsByHand, cell_stack, deliver, image
from workstation.domain.errors import SourceError
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.suv import SuvType
from workstation.services.fusion_service import PreparedOverlay
from workstation.ui.images import hung_volumes
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.hung_volumes import HungVolume, HungVolumes


class Bench:
    def __init__(self, prepare: Callable[..., PreparedOverlay] | None = None) -> None:
        use_language("en")
        self.parent = QObject()
        self.jobs = JobsByHand()
        self.volumes = HungVolumes(self.parent, self.jobs, prepare)  # type: ignore[arg-type] # fakes of both
        self.told: list[tuple[str, HungVolume]] = []
        for name in ("built", "refused", "prepared"):
            getattr(self.volumes, name).connect(lambda hung, name=name: self.told.append((name, hung)))

    def hang(self, *stacks: CellStack) -> list[HungVolume]:
        hungs = [self.volumes.of(one) for one in stacks]
        self.volumes.hold(hungs)
        for one in hungs:
            self.volumes.begin(one)
        return hungs

    def names(self) -> list[str]:
        return [name for name, _hung in self.told]


def test_a_volume_is_built_off_the_main_thread_once_its_last_slice_is_here() -> None:
    bench, stack = Bench(), cell_stack()
    (hung,) = bench.hang(stack)
    assert (hung.progress, bench.jobs.waiting) == ("0 of 4 slices", [])

    deliver(stack)
    bench.volumes.begin(hung)
    assert (hung.progress, bench.told, len(bench.jobs.waiting)) == ("Building the volume…", [], 1)
    bench.volumes.begin(hung)
    assert bench.jobs.run() == 1
    assert bench.names() == ["built"]
    assert hung.built is not None
    assert hung.built.volume.voxels.shape == (4, 8, 8)
    assert hung.built.volume.voxels[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert hung.built.volume.frame_of_reference_uid == "1.5"


def test_cells_of_one_series_share_its_volume_and_the_next_stage_keeps_it() -> None:
    bench = Bench()
    first, second = bench.hang(deliver(cell_stack()), deliver(cell_stack("1.3")))
    assert bench.jobs.run() == 2
    again = bench.volumes.of(cell_stack())
    assert again is first
    bench.volumes.hold([again])
    assert bench.volumes.held == (first,)
    assert bench.volumes.of(cell_stack("1.3")) is not second


def test_slices_and_volume_are_one_copy_in_memory_and_go_with_the_stage() -> None:
    bench, stack = Bench(), deliver(cell_stack())
    (hung,) = bench.hang(stack)
    bench.jobs.run()
    assert hung.built is not None
    assert all(one.pixels.base is hung.built.volume.voxels for one in hung.images.values())
    gone = weakref.ref(hung)
    bench.told.clear()
    bench.volumes.close()
    del hung
    gc.collect()
    assert gone() is None


def test_a_stage_that_goes_stops_what_is_being_built() -> None:
    bench = Bench()
    bench.hang(deliver(cell_stack()))
    bench.volumes.hold([])
    assert (bench.jobs.run(), bench.told) == (0, [])


def test_what_is_too_large_beside_the_others_is_refused_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_volumes, "HELD_BYTES", 2 * 512)
    bench = Bench()
    first, second, third = bench.hang(*(deliver(cell_stack(f"1.{n}")) for n in range(3)))
    assert bench.jobs.run() == 0
    assert first.refusal == "Too large to be shown as a volume beside the others: 0 MB of 0 MB"
    assert (second.built, third.built) == (None, None)


def _one_image() -> CellStack:
    return deliver(cell_stack(slices=1))


def _gap() -> CellStack:
    return deliver(cell_stack(gap_at=1))


def _failed() -> CellStack:
    stack = cell_stack()
    for index in range(3):
        stack.put(index, image(stack, index))
    stack.failed[3] = "broken"
    return stack


@pytest.mark.parametrize(
    ("stack", "why"),
    [
        (_one_image, "One image alone has no planes"),
        (_failed, "1 slice could not be fetched; a volume needs all of them"),
    ],
)
def test_a_series_that_makes_no_volume_says_why(stack: Callable[[], CellStack], why: str) -> None:
    bench = Bench()
    (hung,) = bench.hang(stack())
    bench.jobs.run()
    assert (bench.names(), hung.refusal, hung.built) == (["refused"], why, None)
    bench.volumes.begin(hung)
    assert bench.jobs.waiting == []


def test_slices_with_a_gap_are_refused_in_the_words_of_the_builder() -> None:
    bench = Bench()
    (hung,) = bench.hang(_gap())
    bench.jobs.run()
    assert bench.names() == ["refused"]
    assert hung.refusal == "Slices are missing in 1 place, after image 2: 20.00 mm instead of 2.00 mm."


def test_a_fault_of_the_program_is_not_taken_for_the_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:  # noqa: ANN401 - any call
        raise KeyError("ours")

    monkeypatch.setattr(hung_volumes, "build_volume", broken)
    bench = Bench()
    bench.hang(deliver(cell_stack()))
    with pytest.raises(KeyError, match="ours"):
        bench.jobs.run()


def test_more_frames_than_are_held_at_once_make_no_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_volumes, "frames_kept", lambda _size: 3)
    bench, stack = Bench(), cell_stack()
    frames = tuple(StackFrame(FrameRef("1.2.0", n + 1)) for n in range(4))
    stack.series = replace(stack.series, stacks=(ImageStack(frames),))
    stack.scene._on_demand = True
    stack.put(0, image(stack, 0))
    (hung,) = bench.hang(stack)
    assert hung.refusal == "Too many frames to be held at once: they make no volume"


def test_the_series_on_screen_lends_its_volume_and_nothing_is_built_twice() -> None:
    bench, other = Bench(), Bench()
    (own,) = other.hang(deliver(cell_stack()))
    other.jobs.run()
    stack = cell_stack()
    (hung,) = bench.hang(stack)
    bench.volumes.lend(hung, None, "")
    deliver(stack)
    bench.volumes.begin(hung)
    assert bench.jobs.waiting == []
    bench.volumes.lend(hung, own.built, "")
    bench.volumes.lend(hung, own.built, "")
    assert (hung.built, bench.names()) == (own.built, ["built"])
    bench.volumes.lend(own, hung.built, "")
    assert not own.is_borrowed


def test_a_reason_is_lent_as_well_and_a_series_that_left_the_screen_is_built_after_all() -> None:
    bench = Bench()
    first, second = bench.hang(deliver(cell_stack("1.3")), cell_stack())
    bench.volumes.lend(second, None, "no positions")
    assert (second.refusal, bench.told) == ("no positions", [("refused", second)])

    bench.jobs.waiting.clear()
    third = bench.volumes.of(deliver(cell_stack("1.4")))
    bench.volumes.hold([first, third])
    bench.volumes.lend(third, None, "")
    bench.volumes.give_back(third)
    bench.volumes.begin(third)
    bench.jobs.run()
    assert third.built is not None


def test_a_pet_is_told_in_the_uptake_that_was_chosen_and_anew_after_another_choice() -> None:
    asked: list[tuple[str, SuvType]] = []

    def prepare(volume: Any, *, modality: str, wanted: SuvType, **_: Any) -> PreparedOverlay:  # noqa: ANN401 - as PrepareOverlay
        asked.append((modality, wanted))
        return PreparedOverlay(volume)

    bench = Bench(prepare)
    pet, ct = bench.hang(deliver(cell_stack(modality="PT")), deliver(cell_stack("1.3")))
    bench.jobs.run()
    assert asked == [("PT", SuvType.BW)]  # a CT that lies over nothing needs none
    assert (pet.prepared is not None, ct.prepared) == (True, None)
    assert pet.first_look is not None

    bench.volumes.uptake = lambda: SuvType.BSA
    bench.volumes.prepare_anew()
    bench.volumes.prepare_anew()
    bench.jobs.run()
    assert asked[1:] == [("PT", SuvType.BSA)]
    bench.volumes.begin(pet)
    assert (bench.jobs.waiting, bench.names().count("prepared")) == ([], 2)


def test_an_overlay_without_uptake_lies_in_its_own_unit() -> None:
    bench = Bench()
    hung = bench.volumes.of(deliver(cell_stack(modality="NM")))
    hung.is_overlay = True
    bench.volumes.hold([hung])
    bench.volumes.begin(hung)
    bench.jobs.run()
    assert hung.built is not None
    assert hung.prepared is not None
    assert (hung.prepared.volume, hung.prepared.suv) == (hung.built.volume, None)


def test_what_was_too_large_beside_others_is_built_when_it_hangs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_volumes, "HELD_BYTES", 512)
    bench = Bench()
    first, _second = bench.hang(*(deliver(cell_stack(f"1.{n}")) for n in range(2)))
    assert first.refusal != ""
    (again,) = bench.hang(cell_stack("1.0"))
    bench.jobs.run()
    assert (again is first, first.refusal, first.built is not None) == (True, "", True)


def test_a_slice_that_comes_after_all_makes_the_volume() -> None:
    bench, stack = Bench(), _failed()
    (hung,) = bench.hang(stack)
    assert hung.refusal == hung.progress == "1 slice could not be fetched; a volume needs all of them"
    stack.failed.clear()  # it is tried again
    bench.volumes.begin(hung)
    assert (hung.refusal, hung.progress, bench.jobs.waiting) == ("", "3 of 4 slices", [])
    stack.put(3, image(stack, 3))
    bench.volumes.begin(hung)
    bench.jobs.run()
    assert hung.built is not None


def test_the_reason_of_the_series_on_screen_goes_with_it() -> None:
    bench = Bench()
    (hung,) = bench.hang(cell_stack())
    bench.volumes.lend(hung, None, "no positions")
    bench.volumes.give_back(hung)
    assert (hung.refusal, hung.is_borrowed) == ("", False)
    deliver(hung.stack)
    bench.volumes.begin(hung)
    bench.jobs.run()
    assert hung.built is not None


def test_an_uptake_chosen_while_the_first_overlay_is_prepared_is_the_one_it_is_told_in() -> None:
    asked: list[SuvType] = []

    def prepare(volume: Any, *, wanted: SuvType, **_: Any) -> PreparedOverlay:  # noqa: ANN401 - as PrepareOverlay
        asked.append(wanted)
        return PreparedOverlay(volume)

    bench = Bench(prepare)
    (pet,) = bench.hang(deliver(cell_stack(modality="PT")))
    build = bench.jobs.waiting.pop()
    assert build.on_success is not None
    build.on_success(build.work(build.job))
    assert (pet.built is not None, len(bench.jobs.waiting)) == (True, 1)
    bench.volumes.uptake = lambda: SuvType.BSA
    bench.volumes.prepare_anew()
    bench.jobs.run()
    assert (asked, pet.prepared is not None) == ([SuvType.BSA], True)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (SourceError("no headers"), "no headers"),
        (KeyError("ours"), "This view could not be made: a fault of the program"),
    ],
)
def test_an_overlay_that_cannot_be_prepared_says_so_and_the_next_choice_tries_again(error: Exception, why: str) -> None:
    faults = [error]

    def prepare(volume: Any, **_: Any) -> PreparedOverlay:  # noqa: ANN401 - as PrepareOverlay
        if faults:
            raise faults.pop()
        return PreparedOverlay(volume)

    bench = Bench(prepare)
    (pet,) = bench.hang(deliver(cell_stack(modality="PT")))
    with pytest.raises(KeyError, match="ours") if isinstance(error, KeyError) else nullcontext():
        bench.jobs.run()
    assert (pet.refusal, pet.prepared, bench.names()) == (why, None, ["built", "refused"])
    bench.volumes.prepare_anew()
    bench.jobs.run()
    assert (pet.refusal, pet.prepared is not None) == ("", True)

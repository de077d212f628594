"""Uptake of a PET in a cell: told in the value that the reader chose last, whichever job ends first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, Signal

from tests.helpers.hung import JobsByHand, cell_stack, deliver
from workstation.domain.suv import SuvScale, SuvType
from workstation.services.fusion_service import PreparedOverlay
from workstation.ui.images.hung_volumes import HungVolume, HungVolumes
from workstation.ui.images.pet_uptake import PetUptake
from workstation.ui.images.sphere_measuring import SphereMeasuring


class Choice(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.wanted = SuvType.BW

    def forget(self) -> None:
        self.wanted = SuvType.BW


class Images(QObject):
    """What uptake asks of the images."""

    series_shown = Signal(object)
    case_closed = Signal()
    volume_built = Signal(object)
    uptake_prepared = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.suv = Choice()
        self.marks = SimpleNamespace(also=[])
        self.spheres = SphereMeasuring(self, JobsByHand(), lambda: None)  # type: ignore[arg-type] # by hand
        self.shown = None


class Page(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.grid = SimpleNamespace(change=lambda _dress: None)

    def show_window(self) -> None:
        """Do nothing: no window is shown."""


class Bench:
    def __init__(self) -> None:
        self.page, self.images, self.jobs = Page(), Images(), JobsByHand()
        fusing = SimpleNamespace(prepare=SimpleNamespace())
        context: Any = SimpleNamespace(page=self.page, images=self.images, jobs=self.jobs, fusing=fusing)
        self.uptake = PetUptake(context)

    def pet(self) -> HungVolume:
        jobs = JobsByHand()
        volumes = HungVolumes(self.page, jobs, None)  # type: ignore[arg-type] # a fake
        hung = volumes.of(deliver(cell_stack(modality="PT")))
        volumes.hold([hung])
        volumes.begin(hung)
        jobs.run()
        assert hung.built is not None
        return hung

    def prepare(self, hung: HungVolume, kind: SuvType) -> None:
        assert hung.built is not None
        hung.prepared = PreparedOverlay(hung.built.volume, suv=SuvScale(kind, (2.0,)))
        self.images.uptake_prepared.emit(hung)

    def told(self, hung: HungVolume) -> str:
        """Return in which value the slices of the cell are told, empty for none."""
        scene = hung.stack.scene
        self.images.marks.also[0](scene)
        return "" if scene.uptake is None else scene.uptake.label


def test_what_was_prepared_for_a_former_choice_is_not_told_after_another_one() -> None:
    bench = Bench()
    hung = bench.pet()
    bench.prepare(hung, SuvType.BW)
    bench.images.suv.wanted = SuvType.BSA
    assert bench.jobs.run() == 1
    bench.jobs.waiting.clear()
    assert bench.told(hung) == ""

    bench.jobs.waiting.clear()  # the headers are asked for
    bench.prepare(hung, SuvType.BSA)
    bench.jobs.run()
    assert bench.told(hung) == "SUVbsa"


def test_only_the_last_of_two_is_held_against_the_pixels() -> None:
    bench = Bench()
    hung = bench.pet()
    bench.prepare(hung, SuvType.BW)
    bench.prepare(hung, SuvType.BW)
    assert bench.jobs.run() == 1
    assert bench.told(hung) == "SUVbw"

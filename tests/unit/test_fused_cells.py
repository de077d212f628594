"""Overlays of fused cells: laid over by frame of reference, refused in words, painted as the reader chooses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QMenu

from resources.translation import use_language
from tests.helpers.hung import JobsByHand, cell_stack, deliver
from viewers.scene.fusion import FusionLook
from viewers.scene.image import SliceImage
from viewers.scene.link_group import LinkGroup
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.errors import NotRegistrable, WorkstationError
from workstation.domain.hanging_cells import Cell, CellOverlay, ImageSelector
from workstation.domain.registration import shifted_by_hand
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PreparedOverlay
from workstation.ui.images.fused_cells import FusedCells
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.images.hung_volumes import HungVolume, HungVolumes
from workstation.ui.images.sphere_measuring import SphereMeasuring
from workstation.ui.notice import Notice
from workstation.ui.pages.image_menu import MenuPlace


class Page(QObject):
    """What fused cells ask of the reading page."""

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[str, Notice] = {}
        self.toasts: list[str] = []
        self.errors: list[WorkstationError] = []
        self.painted = 0
        self.grid = SimpleNamespace(links=LinkGroup(), refresh=self._paint)
        self.image_menu = SimpleNamespace(entries=[])
        self.notices = SimpleNamespace(
            show_notice=lambda one: self.said.update({one.key: one}), clear_notice=lambda key: self.said.pop(key, None)
        )
        self.toast = SimpleNamespace(emit=self.toasts.append)

    def _paint(self) -> None:
        self.painted += 1

    def show_error(self, error: WorkstationError, **_: Any) -> None:  # noqa: ANN401 - what a notice takes
        self.errors.append(error)


class Bench:
    def __init__(self, *, overlay_frame: str = "1.5", base_frame: str = "1.5") -> None:
        self.page, self.jobs = Page(), JobsByHand()
        spheres = SphereMeasuring(self.page, self.jobs, self.page.grid.refresh)  # type: ignore[arg-type] # by hand
        self.images = SimpleNamespace(shown=None, spheres=spheres)
        self.registered: list[Volume] = []
        self.fault: Exception = NotRegistrable("nothing in common")
        fusing = SimpleNamespace(prepare=None, register=self.register)
        context = SimpleNamespace(page=self.page, images=self.images, jobs=self.jobs, fusing=fusing)
        self.fused = FusedCells(context)  # type: ignore[arg-type] # what it asks of the page is there
        self.changes = 0
        self.fused.changed.connect(self._changed)
        self.base = deliver(cell_stack(frame=base_frame))
        wanted = CellOverlay(ImageSelector(("NM",)), ColourMap.PET, 0.25, ValueScale(0, 9))
        cell = Cell(overlay=wanted)
        self.cell = PlacedCell("cell.0", replace(self.base.hung, cell=cell), self.base, base=self.base.scene)
        self.cell.overlay = self.prepared(overlay_frame)
        self.fused.begin([self.cell])

    def register(self, fixed: Volume, moving: Volume, _job: object) -> None:
        self.registered = [fixed, moving]
        raise self.fault

    def _changed(self) -> None:
        self.changes += 1

    def prepared(self, frame: str) -> HungVolume:
        volumes = HungVolumes(self.page, self.jobs, None)  # type: ignore[arg-type] # a fake
        hung = volumes.of(deliver(cell_stack("1.3", modality="NM", frame=frame)))
        hung.is_overlay = True
        volumes.hold([hung])
        volumes.begin(hung)
        self.jobs.run()
        return hung

    def lay(self) -> bool:
        return self.fused.lay(self.cell, self.base.scene)

    def warnings(self) -> tuple[str, ...] | None:
        """Return what is said of the overlay, None where none lies there."""
        layer = self.base.scene.fused
        return None if layer is None else layer.warnings

    def menu(self) -> dict[str, Any]:
        filled = QMenu()
        self.page.image_menu.entries[0](filled, MenuPlace("cell.0", 0, 0, None))
        self.kept = filled
        sub = [one.menu() for one in filled.actions()]
        return {one.text(): one for menu in sub if isinstance(menu, QMenu) for one in menu.actions() if one.text()}


@pytest.fixture(autouse=True)
def _english(qapp: QApplication) -> Iterator[None]:
    del qapp  # menus need one
    use_language("en")
    yield
    use_language("zh_CN")


def test_what_has_no_uptake_is_painted_in_the_protocols_colours_and_its_own_scale() -> None:
    bench = Bench()
    assert bench.lay()
    layer = bench.base.scene.fused
    assert layer is not None
    assert (layer.look.colour_map, layer.look.alpha, layer.is_suv) == (ColourMap.PET, 0.25, False)
    assert (layer.look.scale.low, layer.look.scale.high) == (0.0, 3.0)
    assert (bench.page.said, bench.fused.refusal(bench.cell)) == ({}, "")
    assert bench.lay()
    assert bench.base.scene.fused is layer


def test_the_reader_chooses_strength_and_colours_in_the_menu_of_the_cell() -> None:
    bench = Bench()
    assert bench.menu() == {}  # nothing lies there yet
    bench.lay()
    layer = bench.base.scene.fused
    assert layer is not None
    bench.menu()["75 %"].trigger()
    bench.menu()["Hot iron"].trigger()
    assert (layer.look.alpha, layer.look.colour_map, bench.page.painted) == (0.75, ColourMap.HOT_IRON, 2)
    assert bench.menu()["75 %"].isChecked()
    # another uptake value, another volume: the look stays
    assert bench.cell.overlay is not None
    assert bench.cell.overlay.prepared is not None
    bench.cell.overlay.prepared = PreparedOverlay(bench.cell.overlay.prepared.volume)
    assert bench.lay()
    assert bench.base.scene.fused is not layer
    assert bench.base.scene.fused is not None
    assert bench.base.scene.fused.look == FusionLook(layer.look.scale, ColourMap.HOT_IRON, 0.75)


def test_two_frames_of_reference_are_never_laid_over_each_other_and_registering_is_offered() -> None:
    bench = Bench(overlay_frame="1.6")
    assert not bench.lay()
    assert bench.base.scene.fused is None
    words = "The two series lie in different frames of reference. Register them, or align them by hand."
    assert bench.fused.refusal(bench.cell) == words
    offered = bench.page.said["fused cell"]
    assert [one.text for one in offered.actions] == ["Register…"]

    offered.actions[0].handler()  # the images under the overlay are a stack that has no volume
    (toast,) = bench.page.toasts
    assert toast.startswith("Registration needs the volume of both series: choose the series under the overlay")


def test_a_registration_in_force_lays_them_over_until_they_are_parted_again() -> None:
    bench = Bench(overlay_frame="1.6")
    bench.lay()
    bench.page.grid.links.registrations.add(shifted_by_hand("1.5", "1.6", (0.0, 0.0, 2.0)))
    assert (bench.changes, bench.page.said) == (1, {})
    assert bench.lay()
    assert bench.warnings() == ("Overlay aligned by hand",)
    bench.menu()["Part again"].trigger()
    assert not bench.lay()
    assert bench.warnings() is None
    assert list(bench.page.said) == ["fused cell"]


def test_registering_is_told_stopped_and_offered_again_and_a_failure_is_told() -> None:
    bench = Bench(overlay_frame="1.6")
    bench.lay()
    bench.cell.volume = bench.prepared("1.5")  # planes have their own
    bench.page.said["fused cell"].actions[0].handler()
    assert bench.page.said["fused cell"].fact == "Registering… 0 %"
    bench.page.said["fused cell"].actions[0].handler()
    assert (bench.jobs.run(), bench.page.said["fused cell"].actions[0].text) == (0, "Register…")

    bench.fused.register()
    bench.jobs.run()
    assert [one.user_text for one in bench.page.errors] == ["nothing in common"]
    bench.fused.close()
    assert (bench.page.said, bench.fused.refusal(bench.cell)) == ({}, "")
    bench.fused.register()
    assert bench.jobs.waiting == []


def test_the_volume_of_the_series_on_screen_is_what_is_registered_to() -> None:
    bench = Bench(overlay_frame="1.6")
    bench.lay()
    built = bench.prepared("1.5").built
    bench.images.shown = SimpleNamespace(series=bench.base.series, key=bench.base.series.key, built=built)
    bench.fused.register()
    assert len(bench.jobs.waiting) == 1


@pytest.mark.parametrize(
    ("overlay", "base", "why"),
    [
        ("", "1.5", "The overlay names no frame of reference and cannot be laid over other images."),
        ("1.5", "", "The images name no frame of reference: nothing can be laid over them."),
    ],
)
def test_what_names_no_frame_of_reference_is_refused_in_words(overlay: str, base: str, why: str) -> None:
    bench = Bench(overlay_frame=overlay, base_frame=base)
    assert not bench.lay()
    assert (bench.fused.refusal(bench.cell), bench.page.said) == (why, {})


def test_an_overlay_on_its_way_is_waited_for_without_a_word() -> None:
    bench = Bench()
    assert bench.cell.overlay is not None
    bench.cell.overlay.prepared = None
    assert (bench.lay(), bench.fused.refusal(bench.cell)) == (False, "")
    assert isinstance(bench.base.scene.image(0), SliceImage)


def test_one_case_watches_its_registrations_once_however_often_its_stage_comes_back() -> None:
    bench = Bench(overlay_frame="1.6")
    bench.lay()
    for _ in range(3):
        bench.fused.close()
        bench.fused.begin([bench.cell])
    bench.page.grid.links.registrations.add(shifted_by_hand("1.5", "1.6", (0.0, 0.0, 2.0)))
    assert bench.changes == 1


def test_registering_is_offered_for_the_cell_it_would_help_not_for_one_without_a_frame_of_reference() -> None:
    bench = Bench(overlay_frame="1.6")
    nowhere = deliver(cell_stack("1.7", frame=""))
    blind = PlacedCell("cell.1", nowhere.hung, nowhere, base=nowhere.scene)
    blind.overlay, blind.volume = bench.cell.overlay, bench.prepared("")
    bench.cell.volume = bench.prepared("1.5")
    bench.fused.begin([blind, bench.cell])
    assert not bench.fused.lay(blind, nowhere.scene)
    assert (bench.fused.refusal(blind) != "", bench.page.said) == (True, {})
    assert not bench.lay()
    bench.page.said["fused cell"].actions[0].handler()
    (job,) = bench.jobs.waiting
    bench.jobs.run()
    assert job.on_error is not None
    assert [one.frame_of_reference_uid for one in bench.registered] == ["1.5", "1.6"]


def test_a_fault_while_registering_leaves_the_offer() -> None:
    bench = Bench(overlay_frame="1.6")
    bench.lay()
    bench.cell.volume = bench.prepared("1.5")
    bench.fault = ValueError("ours")
    bench.page.said["fused cell"].actions[0].handler()
    with pytest.raises(ValueError, match="ours"):
        bench.jobs.run()
    assert [one.text for one in bench.page.said["fused cell"].actions] == ["Register…"]


def test_a_sphere_on_a_ct_is_told_in_hu_again_once_the_pet_is_parted() -> None:
    bench = Bench(overlay_frame="1.5")
    assert bench.cell.overlay is not None
    bench.cell.overlay.stack.series = replace(bench.cell.overlay.stack.series, modality="PT")
    assert bench.lay()
    assert bench.base.scene.sphere_values is not None
    bench.base.scene.frame_of_reference_uid = "1.6"
    bench.fused.begin([])
    bench.fused.begin([bench.cell])
    assert not bench.lay()
    scene = bench.base.scene
    assert (scene.fused, scene.sphere_values) == (None, None)

"""PET over CT on the reading page, by the reader's own keys and mouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.helpers import pet as pets
from tests.helpers.fusion import body, grid, turned
from tests.helpers.reading import Case, ReadingBench, case, series_of
from viewers.scene.fusion import FusedLayer
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.scene import Scene
from viewers.scene.tools.measuring import measured, with_uptake
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.colour_map import ColourMap
from workstation.domain.errors import NotRegistrable
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.pet import PetAcquisition
from workstation.domain.ports import JobContext
from workstation.domain.registration import RegistrationQuality, RigidRegistration
from workstation.domain.suv import SuvScale, suv_scale
from workstation.domain.volume import Volume
from workstation.services.fusion_service import PrepareOverlay, RegisterSeries
from workstation.ui.images.fusing import Fusing
from workstation.ui.images.fusion import Fusion
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui

LESION: Point = (-50.3, 10.6, 31.2)
FRAME = "1.2.840.1"
OTHER = "1.2.840.2"
SIZE = (500.0, 400.0)


def slices_of(volume: Volume, uid: str) -> tuple[SliceImage, ...]:
    across, down = volume.spacing_mm[0], volume.spacing_mm[1]
    found = []
    for n, pixels in enumerate(volume.voxels):
        x, y, z = volume.lps_of((0, 0, n)).tolist()
        plane = ImagePlane((x, y, z), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (down, across))
        found.append(SliceImage(pixels, plane, f"{uid}.{n}", volume.frame_of_reference_uid, unit=volume.unit))
    return tuple(found)


@dataclass
class Headers:
    """A ``PetHeaderPort`` with one acquisition."""

    value: PetAcquisition

    def acquisition(
        self, study_instance_uid: str, series_instance_uid: str, *, largest_value: float | None = None
    ) -> PetAcquisition:
        assert study_instance_uid
        assert series_instance_uid
        assert largest_value is None or largest_value > 0
        return self.value


class Registrar:
    """A ``RigidRegistrar`` that waits until a test lets it go on, and finds what the test knows."""

    def __init__(self, quality: RegistrationQuality) -> None:
        self.quality = quality
        self.go_on = threading.Event()
        self.begun = threading.Event()
        self.stopped = threading.Event()

    def register(self, fixed: Volume, moving: Volume, job: JobContext) -> RigidRegistration:
        self.begun.set()
        job.progress(0.4)
        try:
            while not self.go_on.wait(0.01):
                job.raise_if_cancelled()
        finally:
            self.stopped.set()
        uids = fixed.frame_of_reference_uid, moving.frame_of_reference_uid
        return RigidRegistration(*uids, turned((0.0, 0.0, 0.0), (20.0, 0.0, 0.0)), quality=self.quality)


GOOD = RegistrationQuality(agreement=1.2, agreement_before=1.05, overlap=0.9, agreement_beside=1.05)
BAD = RegistrationQuality(agreement=1.01, agreement_before=1.05, overlap=0.2, agreement_beside=1.01)


class FusionBench(ReadingBench):
    """A reading page that may fuse."""

    def __init__(self, first: Case) -> None:
        self.headers = Headers(replace(pets.pet(), slices=pets.slices(*[pets.SCAN] * 40), units="GML"))
        self.registrar = Registrar(GOOD)
        super().__init__(first)

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        fusing = Fusing(PrepareOverlay(self.headers), RegisterSeries(self.registrar))
        return page, ReadingPresenter(page, self.desk, self.desk_bench.jobs, open_stream=self.streams, fusing=fusing)

    @property
    def fusion(self) -> Fusion:
        return next(one for one in self.presenter.images.features if isinstance(one, Fusion))

    def layer(self, key: str = "stack") -> FusedLayer:
        scene = self.page.grid.frame(key).scene
        assert scene is not None
        assert scene.fused is not None
        return scene.fused

    def scene(self, key: str) -> Scene:
        found = self.page.grid.frame(key).scene
        assert found is not None
        return found

    def image(self, index: int = 0) -> SliceImage:
        """Return an image of the series on screen."""
        shown = self.presenter.images.shown
        assert shown is not None
        return shown.images[index]

    def is_fused(self, key: str = "stack") -> bool:
        scene = self.page.grid.frame(key).scene
        return scene is not None and scene.fused is not None


def pet_ct(pet_frame: str = FRAME, *, shift: Point = (0.0, 0.0, 0.0)) -> Case:
    size, pet_size = (128, 100, 20), (84, 70, 40)
    ct = body("CT", size, grid(size, (2.2, 2.2, 6.0), (0.0, 0.0, 30.0)), lesion=LESION, uid=FRAME)
    matrix = grid(pet_size, (4.0, 4.0, 3.3), (0.0, 0.0, 30.0))
    pet = body("PT", pet_size, matrix, lesion=LESION, uid=pet_frame, moved=turned((0, 0, 0), shift))
    one = case(slices_of(ct, "1.2.3.2"))
    series = replace(series_of(slices_of(pet, "1.2.3.5"), "1.2.3.5", 5, "PET AC"), modality="PT")
    study = replace(one.study, series=(*one.study.series, series))
    return replace(one, study=study, images={**one.images, "1.2.3.5": slices_of(pet, "1.2.3.5")})


def opened(qtbot: QtBot, one: Case) -> FusionBench:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = FusionBench(one)
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.has_volume)
    return made


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[FusionBench]:
    made = opened(qtbot, pet_ct())
    yield made
    made.close()


@pytest.fixture
def apart(qtbot: QtBot) -> Iterator[FusionBench]:
    """A PET in a frame of its own, in which everything lies 20 mm to the right."""
    made = opened(qtbot, pet_ct(OTHER, shift=(-20.0, 0.0, 0.0)))
    yield made
    made.registrar.go_on.set()
    made.close()


def fuse(qtbot: QtBot, bench: FusionBench) -> None:
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    bench.streams.last.deliver_all()
    qtbot.waitUntil(lambda: not bench.fusion.bar.words.text().startswith(("Fetching", "Building", "Preparing")))


def test_one_key_lays_the_pet_over_the_stack_and_all_planes_and_takes_it_away(qtbot: QtBot, bench: FusionBench) -> None:
    fuse(qtbot, bench)

    for key in ("stack", *(plane.value for plane in MprPlane)):
        assert bench.layer(key).label == "SUVbw", key
    bench.page.grid.show_point(LESION)
    assert bench.layer().value_at(LESION) == pytest.approx(12.0, abs=0.5)
    source = bench.page.grid.frame("axial").scene.frame(SIZE).at_once().source  # type: ignore[union-attr] # it has a scene
    assert isinstance(source, SliceImage)
    assert source.is_color
    assert bench.page.view_commands.action("view.fusion").isChecked()

    canvas = bench.page.grid.active.canvas
    QTest.keyClick(canvas, Qt.Key.Key_F, Qt.KeyboardModifier.ShiftModifier)
    assert not any(bench.is_fused(key) for key in ("stack", "axial", "coronal", "sagittal"))
    assert not bench.fusion.bar.isVisible()


def test_strength_colours_and_suv_scale_change_what_every_viewport_shows(qtbot: QtBot, bench: FusionBench) -> None:
    fuse(qtbot, bench)
    bar = bench.fusion.bar
    assert bar.scales.isVisible()
    assert bar.scales.currentText() == "SUV 0\u20135"

    bar.alpha.setValue(30)
    bar.colours.setCurrentIndex(1)
    bar.colours.activated.emit(1)
    bar.scales.activated.emit(4)

    for key in ("stack", "coronal"):
        look = bench.layer(key).look
        assert (look.alpha, look.colour_map, look.scale.high) == (0.3, ColourMap.PET, 10.0)
    assert bar.percent.text() == "30 %"


def test_without_uptake_values_the_reason_is_shown_and_no_suv_scale_is_offered(
    qtbot: QtBot, bench: FusionBench
) -> None:
    bench.headers.value = replace(bench.headers.value, corrected_image=("DECY",))

    fuse(qtbot, bench)

    assert not bench.layer().is_suv
    assert bench.layer().label == "g/ml"
    assert not bench.fusion.bar.scales.isVisible()
    reason = "No SUV: The image is not marked as corrected for attenuation."
    assert bench.fusion.bar.words.text() == reason
    assert bench.layer().warnings == (reason,)


def test_a_pet_in_its_own_frame_is_refused_until_a_reader_accepted_the_registration(
    qtbot: QtBot, apart: FusionBench
) -> None:
    fuse(qtbot, apart)

    assert not apart.is_fused()
    notice = next(one for one in apart.page.notices.notices() if one.key == "fusion")
    assert notice.fact == "The two series lie in different frames of reference."
    assert [action.text for action in notice.actions] == ["Register…"]
    notice.actions[0].handler()
    qtbot.waitUntil(lambda: apart.fusion.bar.words.text() == "Registering… 40 %")
    apart.registrar.go_on.set()
    qtbot.waitUntil(lambda: apart.fusion.dialog is not None)
    assert not apart.is_fused()
    assert apart.fusion.dialog is not None
    assert apart.fusion.dialog.primary is not None
    apart.fusion.dialog.primary.click()

    qtbot.waitUntil(apart.is_fused)
    assert apart.layer("sagittal").value_at(LESION) == pytest.approx(12.0, abs=0.5)
    assert apart.fusion.bar.words.text() == "Overlay registered: check alignment"
    assert apart.fusion.bar.act.text() == "Part again"
    apart.fusion.bar.act.click()
    assert not apart.is_fused()


def test_a_rejected_registration_leaves_the_series_apart(qtbot: QtBot, apart: FusionBench) -> None:
    apart.registrar.quality = BAD
    apart.registrar.go_on.set()
    fuse(qtbot, apart)
    apart.fusion.register()
    qtbot.waitUntil(lambda: apart.fusion.dialog is not None)
    dialog = apart.fusion.dialog
    assert dialog is not None
    assert dialog.cancel.text() == "Do not use it"
    assert dialog.cancel.hasFocus() or dialog.focusWidget() is dialog.cancel

    dialog.cancel.click()

    assert not apart.is_fused()
    assert apart.page.grid.links.registrations.between(FRAME, OTHER) is None
    assert apart.fusion.bar.act.text() == "Register…"


@pytest.mark.parametrize(("part", "is_doubted"), [("HEAD", True), ("CHEST", False)])
def test_a_head_over_a_chest_is_asked_about_as_dangerous_however_good_the_numbers_are(
    qtbot: QtBot, part: str, *, is_doubted: bool
) -> None:
    one = pet_ct(OTHER, shift=(-20.0, 0.0, 0.0))
    study = replace(one.study, series=(*one.study.series[:-1], replace(one.study.series[-1], body_part=part)))
    study = replace(study, description="PET-CT")
    made = opened(qtbot, replace(one, study=study))
    made.registrar.go_on.set()
    fuse(qtbot, made)
    made.fusion.register()
    qtbot.waitUntil(lambda: made.fusion.dialog is not None)
    dialog = made.fusion.dialog
    assert dialog is not None
    assert dialog.cancel.hasFocus() is is_doubted
    said = " ".join(one.text() for one in dialog.findChildren(QLabel))
    assert ("Doubtful: not one place: chest here, head there." in said) is is_doubted
    dialog.cancel.click()
    made.close()


def test_a_registration_under_way_can_be_cancelled_and_stops(qtbot: QtBot, apart: FusionBench) -> None:
    fuse(qtbot, apart)
    apart.fusion.bar.act.click()
    assert apart.registrar.begun.wait(10)
    assert apart.fusion.bar.act.text() == "Cancel"

    apart.fusion.bar.act.click()

    assert apart.registrar.stopped.wait(10)
    assert apart.fusion.dialog is None
    assert apart.fusion.bar.act.text() == "Register…"


def test_the_next_case_begins_without_overlay_and_without_registration(qtbot: QtBot, bench: FusionBench) -> None:
    fuse(qtbot, bench)
    links = bench.page.grid.links

    bench.desk.close()
    bench.open(qtbot.waitUntil, pet_ct())
    bench.streams.last.deliver_all()
    qtbot.waitUntil(bench.page.has_volume)

    assert not bench.is_fused()
    assert not bench.fusion.bar.isVisible()
    assert bench.page.grid.links is not links


def test_the_overlay_series_itself_is_shown_alone_and_comes_back_over_the_other(
    qtbot: QtBot, bench: FusionBench
) -> None:
    fuse(qtbot, bench)
    images = bench.presenter.images

    images.show_series("1.2.3.5")
    assert not bench.is_fused()
    qtbot.waitUntil(bench.page.has_volume)
    assert bench.fusion.bar.words.text() == "This series is the overlay: show the one under it."

    images.show_series("1.2.3.2")
    assert bench.is_fused()
    assert bench.is_fused("coronal")


def test_the_menu_offers_the_other_series_of_the_case(qtbot: QtBot, bench: FusionBench) -> None:
    bench.fusion.menu.aboutToShow.emit()
    assert [one.text() for one in bench.fusion.menu.actions() if one.text()] == ["5 PET AC · PT", "Overlay on or off"]


def test_a_pet_on_screen_knows_its_uptake_values(qtbot: QtBot, bench: FusionBench) -> None:
    """A sphere drawn on it can then be told in SUV."""
    bench.presenter.images.show_series("1.2.3.5")
    bench.streams.last.deliver_all()
    shown = bench.presenter.images.shown
    assert shown is not None
    qtbot.waitUntil(lambda: shown.prepared is not None)
    assert shown.prepared is not None
    assert np.max(shown.prepared.volume.voxels) == pytest.approx(12.0, abs=0.5)


def test_a_series_that_does_not_come_whole_says_so_and_can_be_tried_again(qtbot: QtBot, bench: FusionBench) -> None:
    bench.fusion.choose("1.2.3.5")
    stream = bench.streams.last
    stream.deliver(*range(1, 40))
    stream.on_failed(0, NotRegistrable("The line broke."))
    qtbot.waitUntil(lambda: bench.fusion.bar.words.text() == "The overlay is not complete: The line broke.")
    notice = next(one for one in bench.page.notices.notices() if one.key == "fusion")

    notice.actions[0].handler()
    bench.streams.last.deliver_all()

    qtbot.waitUntil(bench.is_fused)


def sphere(frame_uid: str = FRAME) -> Annotation:
    return Annotation(
        uid="1.1",
        tracking_uid="1.2",
        kind=AnnotationKind.SPHERE,
        points_lps_mm=(LESION, (LESION[0] + 20.0, LESION[1], LESION[2])),
        frame_of_reference_uid=frame_uid,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def test_a_sphere_over_a_fused_pet_tells_its_uptake_and_no_longer_once_it_is_off(
    qtbot: QtBot, bench: FusionBench
) -> None:
    fuse(qtbot, bench)
    scene = bench.page.grid.frame("axial").scene
    assert scene is not None
    scene.show_point(LESION)
    notes = bench.presenter.images.annotations
    assert notes is not None
    notes.add(notes.value.study_instance_uid, sphere())

    def lines() -> tuple[str, ...]:
        return scene.frame(SIZE).overlay.callipers[0].lines

    assert lines()[0].startswith("SUVbw max 1")
    assert any(line.startswith("MTV at 41 %") for line in lines())
    assert scene.sphere_values is not None
    kept = {measure.name: measure.unit for measure in scene.sphere_values.measures(sphere())}
    assert kept[MeasureName.UPTAKE_PEAK] == kept[MeasureName.UPTAKE_MAXIMUM] == "SUV"
    assert (kept[MeasureName.METABOLIC_VOLUME], kept[MeasureName.LESION_GLYCOLYSIS]) == ("ml", "g")
    bench.fusion.turn_off()
    assert not any("SUV" in line for line in lines())


def show_pet(qtbot: QtBot, bench: FusionBench) -> None:
    """Show the PET alone with its planes, and wait until its pixels were held against its headers."""
    bench.presenter.images.show_series("1.2.3.5")
    bench.streams.last.deliver_all()
    qtbot.waitUntil(lambda: "coronal" in bench.page.grid.scenes_by_key and bench.scene("coronal").modality == "PT")
    qtbot.waitUntil(lambda: bench.scene("coronal").sphere_values is not None)


@pytest.mark.parametrize("key", ["stack", "coronal"])
def test_a_sphere_on_a_pet_alone_tells_its_uptake_on_slices_and_planes(
    qtbot: QtBot, bench: FusionBench, key: str
) -> None:
    show_pet(qtbot, bench)
    scene = bench.scene(key)
    assert scene.sphere_values is not None
    assert scene.sphere_values.words(sphere())[0].startswith("SUVbw max 1")
    drawn = measured(AnnotationKind.SPHERE, scene, bench.image(), sphere().points_lps_mm, uid="1.9")
    assert drawn.statistics is not None
    assert drawn.statistics.unit == "SUV"
    assert drawn.statistics.maximum == pytest.approx(12.0, abs=0.5)
    kept = {measure.name for measure in with_uptake(drawn, scene).measures}
    assert kept >= {MeasureName.UPTAKE_PEAK, MeasureName.METABOLIC_VOLUME, MeasureName.LESION_GLYCOLYSIS}
    assert MeasureName.UPTAKE_MAXIMUM not in kept, "the statistics of the sphere tell it"


def test_a_sphere_on_a_pet_keeps_its_uptake_after_something_was_laid_over_it(qtbot: QtBot, bench: FusionBench) -> None:
    show_pet(qtbot, bench)
    bench.fusion.choose("1.2.3.2")
    qtbot.waitUntil(lambda: bench.is_fused("coronal"))
    bench.fusion.turn_off()
    values = bench.scene("coronal").sphere_values
    assert values is not None
    assert values.words(sphere())[0].startswith("SUVbw max 1")


def test_planes_of_a_pet_whose_slices_have_factors_of_their_own_are_in_uptake_values(
    qtbot: QtBot, bench: FusionBench
) -> None:
    """Not corrected for decay, each slice two minutes after the last: the factors differ by 63 % from end to end."""
    times = [pets.SCAN + timedelta(minutes=2 * n) for n in range(40)]
    slices = tuple(
        replace(one, sop_instance_uid=f"1.2.3.5.{n}")
        for n, one in enumerate(pets.slices(*times, duration_s=120.0))
    )  # fmt: skip
    bench.headers.value = pets.pet(slices=slices, corrected_image=("ATTN",), decay_correction="NONE")
    show_pet(qtbot, bench)
    told = suv_scale(bench.headers.value)
    assert isinstance(told, SuvScale)
    assert told.factors[39] / told.factors[0] == pytest.approx(2 ** (39 * 120 / pets.F18_S), rel=1e-6)

    for index in (3, 30):  # the stack's slice and the axial plane through it say the same
        stack, plane = bench.scene("stack"), bench.scene("axial")
        stack.scroll_to(index)
        plane.scroll_to(index)
        image, cut = stack.measured(), plane.measured()
        assert image is not None
        assert cut is not None
        assert (image.unit, cut.unit) == ("SUV", "SUV")
        expected = float(bench.image(index).pixels[35, 42]) * told.factors[index]
        assert float(image.pixels[35, 42]) == pytest.approx(expected, rel=1e-5)
        assert float(cut.pixels.max()) == pytest.approx(float(image.pixels.max()), rel=1e-3)


def corner(bench: FusionBench) -> list[str]:
    scene = bench.page.grid.stack
    assert scene is not None
    return [line.text for line in scene.frame(SIZE).overlay.captions]


def test_a_pet_alone_is_windowed_in_suv_before_all_of_it_is_here(qtbot: QtBot, bench: FusionBench) -> None:
    bench.presenter.images.show_series("1.2.3.5")
    bench.streams.last.deliver(20)
    qtbot.waitUntil(lambda: "SUVbw 0\u20135" in corner(bench))
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_6)
    assert "SUVbw 0\u201310" in corner(bench)
    assert bench.page.header.presets.text() == "SUVbw 0\u201310"
    menu = bench.page.header.presets.menu
    menu.aboutToShow.emit()
    offered = [one.text() for one in menu.actions() if one.isVisible()]
    tops = [f"SUVbw 0\u2013{top}" for top in (3, 5, 7, 8, 10, 15)]
    assert offered == [*tops, "The image's own window", "Full range", "Uptake value"]
    menu.aboutToHide.emit()
    assert all(one.isVisible() for one in menu.actions())


def test_a_pet_whose_headers_refuse_says_so_on_the_image_and_keeps_its_own_unit(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = FusionBench(pet_ct())
    made.headers.value = replace(made.headers.value, corrected_image=("DECY",))
    qtbot.addWidget(made.page)
    made.page.show()
    made.open(qtbot.waitUntil)
    made.presenter.images.show_series("1.2.3.5")
    made.streams.last.deliver(20)
    reason = "No SUV: The image is not marked as corrected for attenuation."
    qtbot.waitUntil(lambda: reason in corner(made))
    assert not any(line.startswith("SUV") for line in corner(made))
    made.close()

"""Taking pictures out of the reading page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.test_fusion import FusionBench, pet_ct
from tests.helpers.viewers import axial_plane, image, stack
from viewers.scene.annotations import Annotations
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.dicom.objects.secondary_capture import secondary_capture
from workstation.domain.audit import AuditAction
from workstation.domain.frames import Cine
from workstation.domain.grayscale import MonitorCheck
from workstation.domain.workitem import OutputReference
from workstation.services.export_service import SavePictures, StoreCapture
from workstation.services.uid import new_uid
from workstation.storage.monitor_checks import MonitorCheckFile
from workstation.storage.picture_files import PictureFiles
from workstation.ui.export_dialog import ExportChoice
from workstation.ui.images.export import Export, file_dialog
from workstation.ui.images.pictures import PictureServices
from workstation.ui.images.real_size import RealSize
from workstation.ui.monitor_check import monitor_name
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.pages.reading_presenter import ReadingPresenter

pytestmark = pytest.mark.gui
AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


class Hub:
    """A ``StorePort`` that keeps what it gets."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        self.stored += [(study_instance_uid, one) for one in part10_files]
        return []

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        raise AssertionError((study_instance_uid, digests))


class Now:
    def now(self) -> datetime:
        return AT


class ExportBench(FusionBench):
    def __init__(self, folder: Path) -> None:
        self.hub = Hub()
        self.checks = MonitorCheckFile(folder / "monitors.json")
        super().__init__(pet_ct())

    def make_page(self) -> tuple[ReadingPage, ReadingPresenter]:
        page = ReadingPage()
        store = StoreCapture(secondary_capture, self.hub, new_uid, Now())
        page.pictures = PictureServices(self.checks, SavePictures(PictureFiles(), self.desk_bench.audit), store)
        return page, ReadingPresenter(page, self.desk, self.desk_bench.jobs, open_stream=self.streams)

    @property
    def export(self) -> Export:
        return next(one for one in self.presenter.images.features if isinstance(one, Export))


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[ExportBench]:
    made = ExportBench(tmp_path)
    qtbot.addWidget(made.page)
    made.page.resize(1318, 740)
    made.page.show()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.has_volume)
    made.page.choose_layout("one")
    yield made
    made.close()


def take(bench: ExportBench, what: str, where: str, *, patient: bool = False) -> None:
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    dialog.what.choose(what)
    dialog.where.choose(where)
    dialog.where.chosen.emit(where)
    dialog.patient.setChecked(patient)
    assert dialog.primary is not None
    assert dialog.primary.isEnabled()
    dialog.primary.click()


def test_a_viewport_is_saved_as_it_stands_without_the_patient_by_default(
    qtbot: QtBot, bench: ExportBench, tmp_path: Path
) -> None:
    asked: list[str] = []
    names = iter(("without.png", "with.png"))

    def choose(name: str, kinds: str) -> str:
        asked.append(f"{name} {kinds}")
        return str(tmp_path / next(names))

    bench.export.choose_file = choose
    take(bench, "picture", "file")
    qtbot.waitUntil((tmp_path / "without.png").exists)
    take(bench, "picture", "file", patient=True)
    qtbot.waitUntil((tmp_path / "with.png").exists)

    assert asked[0].startswith("lianyue.png PNG")
    scene = bench.page.grid.active.scene
    assert scene is not None
    action, uid, _outcome, detail = bench.desk_bench.audit.recorded[-1]
    assert (action, uid, detail.split(", ")[1]) == (
        AuditAction.PICTURES_SAVED,
        scene.study_instance_uid,
        "with the patient",
    )
    with Image.open(tmp_path / "without.png") as without, Image.open(tmp_path / "with.png") as named:
        canvas = bench.page.grid.active.canvas
        assert without.size == (canvas.width(), canvas.height())
        one, other = np.asarray(without)[:60, :160], np.asarray(named)[:60, :160]
    assert (other != one).any()
    assert (other > 200).sum() > (one > 200).sum()


@pytest.mark.parametrize(
    ("kind", "typed", "written"),
    [
        ("PNG (*.png)", "nodule", "nodule.png"),
        ("JPEG (*.jpg)", "nodule", "nodule.jpg"),
        ("JPEG (*.jpg)", "nodule.jpeg", "nodule.jpeg"),
        ("JPEG (*.jpg)", "nodule.png", "nodule.png"),
    ],
)
def test_a_name_without_a_suffix_takes_that_of_the_chosen_kind_before_a_file_is_replaced(
    qtbot: QtBot, tmp_path: Path, kind: str, typed: str, written: str
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = file_dialog(parent, "lianyue.png", "PNG (*.png);;JPEG (*.jpg)")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectNameFilter(kind)
    dialog.filterSelected.emit(kind)  # what the list of kinds does in every dialog
    dialog.selectFile(str(tmp_path / typed))
    assert dialog.selectedFiles() == [str(tmp_path / written)]
    assert not dialog.testOption(QFileDialog.Option.DontConfirmOverwrite)


def test_no_picture_is_taken_of_an_image_that_nothing_checked_yet(bench: ExportBench) -> None:
    told: list[str] = []
    bench.page.toast.connect(told.append)
    scene = bench.page.grid.stack
    assert scene is not None
    whole = scene.image(scene.index)
    assert whole is not None
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    # the image on screen may change while the question stands
    scene.drop(scene.index)
    scene.put(scene.index, replace(whole, is_early=True))
    bench.export.choose_file = lambda _name, _kinds: pytest.fail("a file was asked for")
    dialog.accept()
    assert len(told) == 1
    bench.export.open()
    assert (len(told), told[0]) == (2, told[1])


def test_all_slices_become_a_film_and_the_reader_stays_where_he_was(
    qtbot: QtBot, bench: ExportBench, tmp_path: Path
) -> None:
    stack = bench.page.grid.stack
    assert stack is not None
    stack.scroll_to(3)
    bench.export.choose_file = lambda _name, _kinds: str(tmp_path / "film.webp")
    take(bench, "film", "file")
    qtbot.waitUntil((tmp_path / "film.webp").exists, timeout=20000)

    assert stack.index == 3
    with Image.open(tmp_path / "film.webp") as read:
        assert getattr(read, "n_frames", 1) == 20
        read.load()
        assert read.info["duration"] == 100


def long_clip(bench: ExportBench, cine: Cine) -> tuple[StackScene, QTimer]:
    """Show a clip of which 16 frames are held at a time, and what sends those at the place on screen."""
    count = len(cine.intervals_ms)
    scene = StackScene(
        [StackSlot("1.9", n) for n in range(count)], annotations=Annotations("1.2.3"), new_uid=new_uid, modality="US",
        on_demand=True, cine=cine,
    )  # fmt: skip
    scene.hold(1)
    bench.page.grid.active.set_scene(scene)

    def send() -> None:
        for n in range(scene.index, min(scene.index + 2, count)):
            if scene.image(n) is None:
                scene.put(n, image(np.full((80, 100), n, np.int16)))

    stream = QTimer(bench.page)
    stream.timeout.connect(send)
    stream.start(1)
    return scene, stream


def test_a_clip_that_is_too_long_to_be_here_at_a_time_becomes_a_film_with_every_frame_at_its_own_speed(
    qtbot: QtBot, bench: ExportBench, tmp_path: Path
) -> None:
    scene, stream = long_clip(bench, Cine((40.0,) * 20 + (80.0,) * 20, trim=(0, 38)))
    bench.export.choose_file = lambda _name, _kinds: str(tmp_path / "film.webp")
    take(bench, "film", "file")
    qtbot.waitUntil((tmp_path / "film.webp").exists, timeout=60000)

    stream.stop()
    assert len(scene.arrived) < 40
    assert scene.index == 0
    with Image.open(tmp_path / "film.webp") as read:
        assert getattr(read, "n_frames", 1) == 39
        stands = []
        for n in range(39):
            read.seek(n)
            read.load()
            stands.append(read.info["duration"])
    assert stands == [40] * 20 + [80] * 19


def test_moving_a_clip_by_hand_ends_its_film_and_says_so(qtbot: QtBot, bench: ExportBench, tmp_path: Path) -> None:
    told: list[str] = []
    bench.page.toast.connect(told.append)
    scene, stream = long_clip(bench, Cine((40.0,) * 40))
    stream.stop()  # nothing comes: the clip waits for its first frame
    bench.export.choose_file = lambda _name, _kinds: str(tmp_path / "film.webp")
    bench.page.grid.active.scroll_to(3)
    take(bench, "film", "file")
    bench.export.open()
    assert told == [
        "The clip runs once while its film is taken. Moving it ends that.",
        "A film is being taken. Wait until it is done.",
    ]
    qtbot.waitUntil(lambda: scene.index == 0)
    bench.page.grid.active.scroll_to(7)
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told[2] == "No film was made: the clip was moved, or one of its pictures is missing."
    assert scene.index == 7
    assert list(tmp_path.glob("film*")) == []


@pytest.mark.parametrize("clip", ["long", "short"])
def test_another_size_of_the_window_ends_a_film_and_says_so(
    qtbot: QtBot, bench: ExportBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: str
) -> None:
    told: list[str] = []
    bench.page.toast.connect(told.append)
    bench.export.choose_file = lambda _name, _kinds: str(tmp_path / "film.webp")
    scene, canvas = bench.page.grid.stack, bench.page.grid.active.canvas
    if clip == "long":
        scene, stream = long_clip(bench, Cine((40.0,) * 40))
    assert scene is not None
    scene.scroll_to(0)
    taken: list[int] = []

    def grab() -> QPixmap:
        taken.append(scene.index)
        if len(taken) == 6:
            bench.page.resize(1000, 600)
        return type(canvas).grab(canvas)

    monkeypatch.setattr(canvas, "grab", grab)
    with qtbot.captureExceptions() as raised:
        take(bench, "film", "file")
        qtbot.waitUntil(lambda: any(words.startswith("No film was made") for words in told), timeout=60000)

    assert raised == []
    assert told[-1] == "No film was made: the image got another size while it was taken. Please take it again."
    assert taken == [0, 1, 2, 3, 4, 5]
    assert scene.index == 0
    assert list(tmp_path.glob("film*")) == []
    if clip == "long":
        stream.stop()


def test_a_picture_joins_the_study_as_a_secondary_capture_and_says_what_is_burned_in(
    qtbot: QtBot, bench: ExportBench
) -> None:
    take(bench, "picture", "study", patient=True)
    qtbot.waitUntil(lambda: len(bench.hub.stored) == 1)

    study, data = bench.hub.stored[0]
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(data))
    assert study == "1.2.3"
    assert (read.StudyInstanceUID, read.BurnedInAnnotation, read.Modality) == ("1.2.3", "YES", "CT")
    canvas = bench.page.grid.active.canvas
    assert (read.Columns, read.Rows) == (canvas.width(), canvas.height())


def test_a_prior_beside_the_case_never_joins_the_study_under_the_cases_name(qtbot: QtBot, bench: ExportBench) -> None:
    """A prior, perhaps of somebody else, stands in the active viewport; a file of it may be made, marked as lossy."""
    prior = stack([replace(image(plane=axial_plane()), lossy_ratio=9.0)], study="9.9.9")
    bench.page.grid.active.set_scene(prior)
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    dialog.where.choose("study")
    dialog.where.chosen.emit("study")
    assert dialog.primary is not None
    assert not dialog.primary.isEnabled()
    assert dialog.primary.toolTip() == "This picture is of another examination."
    dialog.reject()

    said: list[str] = []
    bench.page.toast.connect(said.append)
    bench.export._chosen(bench.page.grid.active, ExportChoice(moving=False, into_study=True, with_patient=True))
    assert said == ["This picture is of another examination."]
    assert bench.hub.stored == []


def test_a_capture_is_called_lossy_by_the_picture_it_was_taken_of(qtbot: QtBot, bench: ExportBench) -> None:
    scene = bench.page.grid.active.scene
    assert isinstance(scene, StackScene)
    seen = scene.image(3)
    assert seen is not None
    scene.put(3, replace(seen, lossy_ratio=9.0))
    take(bench, "picture", "study")
    qtbot.waitUntil(lambda: len(bench.hub.stored) == 1)
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(bench.hub.stored[0][1]))
    assert read.LossyImageCompression == "01"


@pytest.mark.parametrize(
    ("burned_in", "said", "words"),
    [
        (
            True,
            "YES",
            "The image itself carries the patient's name: it stays in the picture without the corner text too.",
        ),
        (None, "", "The image may carry the patient's name in its pixels. Look at the picture before it goes out."),
        (False, "NO", ""),
    ],
)
def test_a_name_in_the_pixels_is_told_before_a_picture_without_corner_text_is_taken(
    qtbot: QtBot,
    bench: ExportBench,
    burned_in: bool | None,  # noqa: FBT001 - a case
    said: str,
    words: str,
) -> None:
    scene = bench.page.grid.active.scene
    assert isinstance(scene, StackScene)
    for n in scene.arrived:
        seen = scene.image(n)
        assert seen is not None
        scene.put(n, replace(seen, burned_in=burned_in if n == 3 else False))
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    assert (dialog.burned_in.text(), dialog.burned_in.isVisible()) == (words, words != "")
    dialog.patient.setChecked(True)
    assert not dialog.burned_in.isVisible()
    dialog.patient.setChecked(False)
    dialog.where.choose("study")
    assert dialog.primary is not None
    dialog.primary.click()
    qtbot.waitUntil(lambda: len(bench.hub.stored) == 1)
    read = pydicom.dcmread(pydicom.filebase.DicomBytesIO(bench.hub.stored[0][1]))
    assert read.get("BurnedInAnnotation", "") == said


@pytest.mark.parametrize(("per_second", "factor"), [(60.0, "1.2"), (30.0, "")])
def test_a_clip_that_a_gif_cannot_play_as_fast_says_how_much_longer_it_takes(
    qtbot: QtBot, bench: ExportBench, tmp_path: Path, per_second: float, factor: str
) -> None:
    """Programs play no picture of a GIF for less than 0.02 s: 60 in a second take 1.2 seconds."""
    scene = bench.page.grid.active.scene
    assert isinstance(scene, StackScene)
    scene.cine = Cine((1000 / per_second,) * scene.count)
    words = "" if not factor else (
        f"A GIF plays at most 50 pictures a second: this clip takes {factor} times as long in it. WebP keeps the time."
    )  # fmt: skip
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    assert (dialog.slower.text(), dialog.slower.isVisible()) == (words, False)  # one picture has no time
    for what, where, visible in (("film", "file", bool(words)), ("film", "study", False), ("picture", "file", False)):
        dialog.what.choose(what)
        dialog.where.choose(where)
        dialog.what.chosen.emit(what)
        assert dialog.slower.isVisible() is visible
    dialog.reject()

    said: list[str] = []
    bench.page.toast.connect(said.append)
    for name in ("a.gif", "a.webp"):
        said.clear()
        bench.export.choose_file = partial(_chosen, str(tmp_path / name))
        take(bench, "film", "file")
        qtbot.waitUntil(lambda: any(text.startswith("Saved as") for text in said))
        tail = f" · {words}" if words and name == "a.gif" else ""
        assert said[-1] == f"Saved as {name}{tail}"


def _chosen(path: str, _name: str, _kinds: str) -> str:
    return path


def test_a_disk_that_refuses_is_told_with_what_to_do(qtbot: QtBot, bench: ExportBench, tmp_path: Path) -> None:
    bench.export.choose_file = lambda _name, _kinds: str(tmp_path / "gone" / "a.png")
    take(bench, "picture", "file")
    qtbot.waitUntil(lambda: any(one.key == "export" for one in bench.page.notices.notices()))


def test_what_cannot_be_taken_says_why(bench: ExportBench) -> None:
    bench.page.choose_layout("mpr")
    bench.page.grid.frame("coronal").canvas.setFocus()
    bench.page.grid.activate("coronal")
    bench.export.open()
    dialog = bench.export.dialog
    assert dialog is not None
    dialog.what.choose("film")
    dialog.what.chosen.emit("film")
    assert dialog.primary is not None
    assert not dialog.primary.isEnabled()
    assert dialog.primary.toolTip() == "Only a stack of slices can be a film."
    dialog.reject()
    assert bench.export.dialog is None


def test_real_size_follows_the_ruler_and_is_refused_without_one(qtbot: QtBot, bench: ExportBench) -> None:
    said: list[str] = []
    bench.page.toast.connect(said.append)
    feature = next(one for one in bench.presenter.images.features if isinstance(one, RealSize))
    feature.show()
    assert said == ["This monitor was not measured with a ruler. Open the settings and check this monitor."]

    frame = bench.page.grid.active
    name = monitor_name(frame.screen())
    bench.checks.keep(MonitorCheck(name, AT, "x", seen_dark=True, seen_bright=True, mm_per_pixel=0.25))
    feature.show()
    assert frame.scene is not None
    view = frame.scene.view(frame.canvas.viewport)
    assert view is not None
    assert view.px_per_mm == pytest.approx(4.0)

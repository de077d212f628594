"""A colour image that the reader marks, turns and leaves: its stored display is the very picture that was on screen."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import ReadingBench, case
from viewers.scene.camera import Camera
from viewers.scene.stack_scene import StackScene
from workstation.bootstrap.image_stream import decode_for_display
from workstation.dicom.objects.image_objects import image_objects
from workstation.dicom.objects.presentation import presentation_state
from workstation.ui.images.key_images import KeyImages
from workstation.ui.theme import apply_theme

pytestmark = pytest.mark.gui
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6.1"
COLOUR_STATE = "1.2.840.10008.5.1.4.1.1.11.2"


@pytest.fixture
def bench(qtbot: QtBot, shared_data: Path) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    use_language("en")
    image = decode_for_display((shared_data / "dicom-zoo/nema-wg04/RLE/US1_RLE").read_bytes())
    opened = case((image,))
    series = replace(opened.study.series[0], modality="US")
    instance = replace(series.instances[0], sop_class_uid=ULTRASOUND)
    study = replace(opened.study, series=(replace(series, instances=(instance,)),))
    made = ReadingBench(replace(opened, study=study))
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.open(qtbot.waitUntil)
    made.streams.last.deliver_all()
    qtbot.waitUntil(made.page.is_complete)
    made.page.grid.choose_layout("one")
    yield made
    made.close()


def stack(bench: ReadingBench) -> StackScene:
    scene = bench.page.grid.stack
    assert scene is not None
    return scene


def test_the_stored_display_of_an_ultrasound_image_is_the_picture_on_screen(qtbot: QtBot, bench: ReadingBench) -> None:
    scene = stack(bench)
    scene.state = replace(scene.state, camera=Camera(1.7, (12.5, -8.25), 90.0, flipped=True))
    bench.page.grid.refresh()
    canvas = bench.page.grid.active.canvas
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_K)
    feature = next(one for one in bench.presenter.images.features if isinstance(one, KeyImages))
    feature.take_looks()
    before = canvas.grab().toImage()

    objects = image_objects(bench.session.report, bench.session.study)
    assert sorted(objects) == ["display_1.dcm", "key_images.dcm"]
    state = dcmread(io.BytesIO(objects["display_1.dcm"]))
    assert state.SOPClassUID == COLOUR_STATE
    assert COLOUR_STATE in dcmread(io.BytesIO(objects["key_images.dcm"])).to_json()

    scene.state = replace(scene.state, camera=Camera(1.0))
    scene.present(presentation_state(state))
    bench.page.grid.refresh()
    # what is written into the corners says that it is a stored display; the picture itself is the same
    shown = scene.frame(canvas.viewport)
    assert shown.transform == scene.view(canvas.viewport).transform  # type: ignore[union-attr]  # the image is here
    inner = canvas.rect().adjusted(300, 160, -300, -160)
    assert canvas.grab().toImage().copy(inner) == before.copy(inner)
    assert scene.state.camera == Camera(1.7, (12.5, -8.25), 90.0, flipped=True)

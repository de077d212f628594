"""Series that nobody opened show a picture, fetched after what the reader looks at and never in its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench, case, part_of_ct, series_of
from tests.helpers.viewers import stack
from viewers.scene.image import SliceImage
from viewers.scene.raster import Window
from workstation.dicom.objects.presentation import GRAYSCALE_STATE, presentation_state
from workstation.domain.errors import Refused, Unreachable, WorkstationError
from workstation.ui.images.shown_series import thumbnail
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.series_panel import SeriesFacts, SeriesRow

pytestmark = pytest.mark.gui
OTHERS = ("1.2.3.21", "1.2.3.22")


def picture(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(90)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs name bytes where Qt takes str
    return bytes(buffer.data().data())


@pytest.mark.parametrize(
    "white", [np.full((64, 64), 4000, np.int16), np.full((64, 64, 3), 255, np.uint8)], ids=["grey", "colour"]
)
def test_the_picture_of_a_series_hides_what_the_shutter_of_its_image_hides(white: npt.NDArray[np.generic]) -> None:
    """Shutters cover names that are burned into the pixels: 40 of 64 rows and columns are left, the rest is grey 10."""
    visible = np.zeros((64, 64), np.bool_)
    visible[12:52, 12:52] = True
    before = white.copy()
    image = SliceImage(white, voi=Window(2000, 1000), visible=visible, shutter_gray=10)
    made = thumbnail(image, stack([image]), 1.0)
    lightness = [[made.pixelColor(x, y).lightness() for x in range(64)] for y in range(64)]
    assert np.array_equal(lightness, np.where(visible, 255, 10))
    assert np.array_equal(image.pixels, before)
    assert made.devicePixelRatio() == pytest.approx(64 / 56)


def test_the_picture_of_an_image_is_in_its_own_window_while_a_presentation_state_shows_other_values() -> None:
    """HU 0 in a window from -500 to 500 is the middle grey 128; the state shows the stored 1024 from 0 to 100."""
    ds, series, one, voi = Dataset(), Dataset(), Dataset(), Dataset()
    one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.9"
    series.ReferencedImageSequence = [one]
    voi.WindowCenter, voi.WindowWidth = "50", "100"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.ReferencedSeriesSequence = GRAYSCALE_STATE, "1.7", [series]
    ds.SoftcopyVOILUTSequence = [voi]
    values = np.zeros((64, 64), np.int16)
    image = SliceImage(values, None, "1.9", voi=Window(0, 1000), rescale=(1.0, -1024.0), stored_range=(0, 4095))
    scene = stack([image])
    scene.present(presentation_state(ds))
    assert thumbnail(image, scene, 1.0).pixelColor(9, 9).lightness() == 128


class Hub:
    """Draws what it is asked for; ``errors`` are what the next requests get instead."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, int, int]] = []
        self.errors: list[WorkstationError] = []
        self.content = picture(56, 40)

    def __call__(self, study: str, series: str, instance: str, frame: int, pixels: int) -> bytes:
        self.asked.append((study, series, instance, frame, pixels))
        if self.errors:
            raise self.errors.pop(0)
        return self.content


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication, lidc_0314: Path, hub: Hub) -> Iterator[ReadingBench]:
    apply_theme(qapp)
    images = part_of_ct(lidc_0314, 120, 240, 24)
    first = case(images)
    more = tuple(series_of(images, uid, number) for number, uid in enumerate(OTHERS, 5))
    study = replace(first.study, series=(*first.study.series, *more))
    made = ReadingBench(replace(first, study=study, images=dict.fromkeys(("1.2.3.2", *OTHERS), images)))
    made.page.fetch_picture = hub
    qtbot.addWidget(made.page)
    yield made
    made.close()


def has_pictures(bench: ReadingBench) -> list[bool]:
    return [bench.page.series.row(uid).has_thumbnail for uid in OTHERS]


def opened(qtbot: QtBot, bench: ReadingBench) -> Callable[[int], None]:
    bench.open(qtbot.waitUntil)
    bench.presenter._finish_showing()
    return bench.streams.last.deliver


def test_the_other_series_get_their_pictures_after_the_first_slice(qtbot: QtBot, bench: ReadingBench, hub: Hub) -> None:
    deliver = opened(qtbot, bench)
    assert hub.asked == []
    deliver(2)
    qtbot.waitUntil(lambda: has_pictures(bench) == [True, True])
    assert [(one[0], one[1], one[2], one[3]) for one in hub.asked] == [
        ("1.2.3", "1.2.3.21", "1.2.3.21.2", 1),
        ("1.2.3", "1.2.3.22", "1.2.3.22.2", 1),
    ]


def test_a_series_that_cannot_be_drawn_keeps_its_icon_and_costs_the_next_nothing(
    qtbot: QtBot, bench: ReadingBench, hub: Hub
) -> None:
    hub.errors = [Refused("not drawn")]
    opened(qtbot, bench)(2)
    qtbot.waitUntil(lambda: has_pictures(bench) == [False, True])


def test_bytes_that_are_no_picture_keep_the_icon(qtbot: QtBot, bench: ReadingBench, hub: Hub) -> None:
    hub.content = b"no picture"
    opened(qtbot, bench)(2)
    qtbot.waitUntil(lambda: len(hub.asked) == 2)
    bench.desk.close()
    assert len(hub.asked) == 2


def test_pictures_go_on_with_the_line(qtbot: QtBot, bench: ReadingBench, hub: Hub) -> None:
    hub.errors = [Unreachable("no line")]
    deliver = opened(qtbot, bench)
    deliver(2)
    qtbot.waitUntil(lambda: len(hub.asked) == 1)
    qtbot.waitUntil(lambda: hub.errors == [])
    deliver(1)
    deliver(3)
    qtbot.waitUntil(lambda: has_pictures(bench) == [True, True])


def test_results_of_two_models_differ_in_the_list_where_there_is_no_room_for_their_names(qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    names = ("9101 AI lung-nodule-detector-s 1.2.0", "9101 AI lung-nodule-detector-xs 1.2.0")
    rows = [SeriesRow(SeriesFacts(f"1.{n}", name, "SR", is_image=False), compact=False) for n, name in enumerate(names)]
    for row in rows:
        qtbot.addWidget(row)
    small, smallest = (row.title_within(145) for row in rows)
    assert "…" in small
    assert small.endswith("-s 1.2.0")
    assert smallest.endswith("-xs 1.2.0")

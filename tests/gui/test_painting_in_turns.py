"""A page that takes another's place shows its viewports one after the other, so that the window never stands still."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QAbstractEventDispatcher
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.viewers import axial_stack
from viewers.qt.surface import RasterSurface
from viewers.scene.frame import Frame
from workstation.ui.page_stack import PageStack
from workstation.ui.pages.page import Page, PageSpec
from workstation.ui.widgets.tiling import Tile, Tiling
from workstation.ui.widgets.viewport_grid import ViewportGrid

pytestmark = pytest.mark.gui

KEYS = ("stack", "b", "c", "d")
FOUR = Tiling(tuple(Tile(key, at) for at, key in enumerate(KEYS)))


class Watch:
    """Tells in which turn of the event loop which viewport made its picture."""

    def __init__(self) -> None:
        self.turn = 0
        self.painted: list[tuple[int, str]] = []

    def next(self) -> None:
        self.turn += 1

    @property
    def most_in_one_turn(self) -> int:
        return max(Counter(turn for turn, _key in self.painted).values())


class Recorder:
    """A surface that notes when it paints."""

    def __init__(self, watch: Watch, key: str) -> None:
        self._watch, self._key, self._raster = watch, key, RasterSurface()

    def render(self, frame: Frame, ratio: float) -> QImage:
        self._watch.painted.append((self._watch.turn, self._key))
        return self._raster.render(frame, ratio)


class FourViews(Page):
    """A page with four pictures, as the reading page has."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.grid = ViewportGrid()
        self.column.addWidget(self.grid)
        self.grid.tilings["four"] = FOUR
        for key in KEYS:
            self.grid.frame(key).canvas.set_surface(Recorder(watch, key))
        self.grid.set_scenes({key: axial_stack() for key in KEYS})
        self.grid.choose_layout("four")


class Bench:
    def __init__(self, qtbot: QtBot, watch: Watch) -> None:
        self.watch, self.stack = watch, PageStack()
        qtbot.addWidget(self.stack)
        self.stack.register(PageSpec("images", lambda: "Images", "task", lambda: FourViews(watch)))
        self.stack.register(PageSpec("report", lambda: "Report", "task", Page))
        self.stack.resize(1200, 800)
        self.show("images")
        self.stack.show()
        qtbot.waitUntil(self.all_painted)
        watch.painted.clear()

    def show(self, page_id: str) -> None:
        page = self.stack.page(page_id)
        self.stack.addWidget(page)
        self.stack.setCurrentWidget(page)

    def all_painted(self) -> bool:
        return {key for _turn, key in self.watch.painted} == set(KEYS)

    def is_black(self, key: str) -> bool:
        """Tell whether the middle of a viewport, where its picture is bright, is black."""
        picture = self.grid.frame(key).canvas.grab().toImage()
        return picture.pixelColor(picture.width() - 60, picture.height() // 2).value() == 0

    @property
    def grid(self) -> ViewportGrid:
        page = self.stack.page("images")
        assert isinstance(page, FourViews)
        return page.grid


@pytest.fixture
def bench(qtbot: QtBot, qapp: QApplication) -> Iterator[Bench]:
    del qapp
    watch = Watch()
    dispatcher = QAbstractEventDispatcher.instance()
    dispatcher.awake.connect(watch.next)
    yield Bench(qtbot, watch)
    dispatcher.awake.disconnect(watch.next)
    use_language("en")


def test_in_another_language_no_turn_paints_more_than_one_viewport(qtbot: QtBot, bench: Bench) -> None:
    before = bench.grid
    bench.stack.renew()
    qtbot.waitUntil(lambda: bench.grid is not before and bench.stack.is_ready("images"))
    qtbot.waitUntil(bench.all_painted)
    assert bench.watch.most_in_one_turn == 1


def test_coming_back_to_the_images_paints_one_viewport_a_turn_the_active_one_first(qtbot: QtBot, bench: Bench) -> None:
    bench.grid.activate("c")
    bench.show("report")
    qtbot.wait(1)
    bench.watch.painted.clear()
    bench.show("images")
    qtbot.waitUntil(bench.all_painted)
    assert bench.watch.most_in_one_turn == 1
    assert bench.watch.painted[0][1] == "c"


def test_a_viewport_that_waits_shows_black_and_no_picture_of_another_moment(qtbot: QtBot, bench: Bench) -> None:
    bench.show("report")
    bench.show("images")
    assert [key for key in KEYS if bench.is_black(key)] == ["b", "c", "d"]
    bench.watch.painted.clear()
    qtbot.waitUntil(lambda: {"b", "c", "d"} <= {key for _turn, key in bench.watch.painted})
    assert not bench.is_black("d")


def test_a_viewport_that_became_active_while_it_waited_does_not_stay_black(qtbot: QtBot, bench: Bench) -> None:
    bench.show("report")
    bench.show("images")
    bench.grid.activate("d")
    bench.show("report")
    bench.show("images")
    bench.watch.painted.clear()
    qtbot.waitUntil(bench.all_painted)
    assert not bench.is_black("d")

"""What cells miss: said with its reason, offered to be fetched again, and fetched again with the series on screen."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from resources.translation import use_language
from tests.helpers.hung import cell_stack, image
from workstation.domain.hanging import Hung
from workstation.domain.hanging_cells import Cell
from workstation.ui.images.cell_fetching import CellFetching
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.cell_sharing import CellSharing
from workstation.ui.images.hung_stage import PlacedCell
from workstation.ui.images.hung_volumes import HungVolume
from workstation.ui.notice import Notice


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


class Bench:
    def __init__(self, *, shown: CellStack | None = None) -> None:
        self.said: dict[str, Notice] = {}
        self.fetched: list[list[CellStack]] = []
        self.retries = 0
        self.shown = SimpleNamespace(scene=None, series=None, key="", failed={})
        case = None
        if shown is not None:
            self.shown = SimpleNamespace(scene=shown.scene, series=shown.series, key=shown.series.key, failed={})
            case = SimpleNamespace(session=SimpleNamespace(study=shown.study))
        images = SimpleNamespace(shown=self.shown if shown is not None else None, case=case)
        context: Any = SimpleNamespace(page=None, images=images, open_stream="stream", comparing=None)
        self.sharing = CellSharing(context)
        loading: Any = SimpleNamespace(show=lambda wanted: self.fetched.append([stack for stack, _stream in wanted]))
        notices: Any = SimpleNamespace(
            show_notice=lambda one: self.said.update({one.key: one}), clear_notice=lambda key: self.said.pop(key, None)
        )
        self.fetching = CellFetching(loading, self.sharing, notices, self._retry)

    def _retry(self) -> None:
        self.retries += 1


def failing(stack: CellStack, *failed: int) -> PlacedCell:
    for index in range(len(stack.refs)):
        if index in failed:
            stack.failed[index] = "broken"
        else:
            stack.put(index, image(stack, index))
    return PlacedCell("cell.1", Hung(Cell()), stack)


def test_slices_that_a_cell_did_not_get_are_told_and_tried_again() -> None:
    bench, stack = Bench(), cell_stack()
    cells = [failing(stack, 1, 3)]
    bench.fetching.say_failed(cells)
    told = bench.said["cell slices"]
    assert told.fact == "2 slices of the images beside could not be fetched"
    assert [one.text for one in told.actions] == ["Try again"]
    told.actions[0].handler()
    assert bench.retries == 1
    bench.fetching.begin(cells)
    assert (bench.said, stack.missing, bench.fetched) == ({}, (1, 3), [[stack]])


def test_a_cell_that_has_every_slice_says_nothing_and_one_off_the_screen_neither() -> None:
    bench = Bench()
    bench.fetching.say_failed([failing(cell_stack())])
    assert bench.said == {}
    bench.fetching.say_failed([failing(cell_stack(), 0)])
    bench.fetching.stop()
    assert (bench.said, bench.fetched) == ({}, [[]])


def test_cells_of_the_series_on_screen_say_which_of_its_slices_failed_until_it_comes() -> None:
    shown, beside = cell_stack(), cell_stack()
    for index in range(3):
        shown.put(index, image(shown, index))
    bench = Bench(shown=shown)
    bench.shown.failed = {3: "broken"}
    assert bench.sharing.share([beside]) == [beside]
    assert (beside.failed, beside.missing) == ({3: "broken"}, ())
    hung = HungVolume(beside)
    assert hung.progress == "1 slice could not be fetched; a volume needs all of them"
    # what fails there is said there
    bench.fetching.say_failed([PlacedCell("cell.1", Hung(Cell()), beside)])
    assert bench.said == {}

    bench.shown.failed = {}
    bench.sharing.share([beside])
    assert (beside.failed, hung.progress) == ({}, "3 of 4 slices")

"""A night's work: cases come and go, and nothing of a case stays when it is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import cycle

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import Case, ReadingBench, case
from tests.helpers.viewers import axial_plane, image
from viewers.scene.image import SliceImage
from workstation.bootstrap.bench_endurance import alive, more_than
from workstation.bootstrap.bench_window import resident_mb
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import Layout

pytestmark = pytest.mark.gui

WARM_UP, CYCLES = 4, 14
"""The same over two hundred cases of the real window is ``lianyue bench endurance``."""
SLICES, SIZE = 24, 240


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def small_case(number: int) -> Case:
    """Return a CT of its own for each patient, so that nothing shared can hide what is kept."""
    pixels = (np.indices((SIZE, SIZE)).sum(axis=0) * 4 - 900 + number).astype(np.int16)
    slices: tuple[SliceImage, ...] = tuple(
        image(pixels + n, axial_plane(float(n)), uid=f"1.2.{number}.2.{n}") for n in range(SLICES)
    )
    return case(slices, ((60.0, 60.0, 5.0), 8.0), uid=f"1.2.{number}", name=f"Patient {number}")


def test_nothing_of_a_case_stays_in_memory_when_it_is_closed(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    bench = ReadingBench(small_case(100))
    report, _presenter = bench.desk_bench.page()
    bench.page.resize(1200, 740)
    bench.page.show()
    layouts = cycle((Layout.MPR, Layout.ONE))
    counted: list[Counter[str]] = []
    memory: list[float] = []
    for n in range(CYCLES):
        bench.open(qtbot.waitUntil, small_case(101 + n))
        bench.page.grid.choose_layout(next(layouts))
        bench.streams.last.deliver_all()
        qtbot.waitUntil(bench.page.has_volume)
        qtbot.waitUntil(lambda: report.paper.page_count > 0)
        bench.session.set_value("impression", f"{n}")
        bench.desk.close()
        qtbot.waitUntil(lambda: not bench.page.has_image())
        # what the fakes remember for their tests is no part of the product
        for remembered in (bench.streams.made, bench.desk_bench.preview.drawn, bench.desk_bench.worklist.claims):
            remembered.clear()
        bench.streams.images.clear()
        bench.desk_bench.drafts.kept.clear()
        if n >= WARM_UP and n % 2:
            counted.append(alive(qapp))
            memory.append(resident_mb())
    bench.close()
    # a frame that a worker still draws may hold a few; what each of eight cases leaves behind makes eight
    assert more_than(counted[0], counted[-1], 6) == {}
    # pixels and volume of a case are 5.3 MB: kept, they would be 42 MB by now
    assert memory[-1] - memory[0] < 24

"""A night's work: cases come and go, and nothing of a case stays when it is closed."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.reading import Case, ReadingBench, case
from tests.helpers.viewers import axial_plane, image
from viewers.scene.image import SliceImage
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.tiling import Layout

pytestmark = pytest.mark.gui

WARM_UP, CYCLES = 6, 20
SLICES, SIZE = 24, 192
MIB = 1 << 20
OURS = ("workstation.", "viewers.", "worklist.")
BOUNDED = {"viewers.qt.outlined_text.TextStyle"}
"""Keys of the cache of stroked texts, which holds so many and no more."""


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


def resident() -> int:
    """Return the bytes of this process that lie in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def alive(app: QApplication) -> Counter[str]:
    """Count the product's objects by type, and every Qt object of every window."""
    app.sendPostedEvents(None, 0)
    gc.collect()
    names = (f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    found = Counter(name for name in names if name.startswith(OURS) and name not in BOUNDED)
    found["Qt objects"] = sum(len(widget.findChildren(QObject)) + 1 for widget in app.topLevelWidgets())
    return found


def test_nothing_of_a_case_stays_in_memory_when_it_is_closed(qtbot: QtBot, qapp: QApplication) -> None:
    apply_theme(qapp)
    bench = ReadingBench(small_case(100))
    report, _presenter = bench.desk_bench.page()
    bench.page.resize(1200, 740)
    bench.page.show()
    layouts = cycle((Layout.MPR, Layout.ONE))
    counted: list[Counter[str]] = []
    memory: list[int] = []
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
            memory.append(resident())
    bench.close()
    # a frame that a worker still draws may hold a few; what each case leaves behind grows with the cases
    every_case = (CYCLES - WARM_UP) // 2
    grown = {
        name: (counted[0][name], count) for name, count in counted[-1].items() if count - counted[0][name] >= every_case
    }
    assert grown == {}
    # pixels and volume of a case are 3.5 MB: kept, they would be 42 MB by now
    assert memory[-1] - memory[0] < 24 * MIB

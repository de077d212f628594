"""A reading page on a real desk, with every sixth slice of a real chest CT and two marks of the model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.helpers.reading import ReadingBench, part_of_ct
from tests.helpers.reading_page import two_marks
from viewers.scene.image import SliceImage
from workstation.ui.theme import apply_theme

FIRST, LAST, EVERY = 120, 240, 6


@pytest.fixture
def slices(lidc_0314: Path) -> tuple[SliceImage, ...]:
    return part_of_ct(lidc_0314, FIRST, LAST, EVERY)


@pytest.fixture
def bench(qtbot: QtBot, slices: tuple[SliceImage, ...]) -> Iterator[ReadingBench]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app)
    made = ReadingBench(two_marks(slices))
    qtbot.addWidget(made.page)
    made.page.resize(1872, 1052)
    made.page.show()
    made.page.activateWindow()
    qtbot.waitUntil(made.page.isActiveWindow)  # keys go nowhere before
    yield made
    made.close()

"""Where work begins on the report page, and what its checks may say before the norm gate has looked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from resources.translation import CHINESE, ENGLISH, use_language
from tests.helpers.desk import DeskBench
from workstation.ui.pages.report_page import ReportPage

pytestmark = pytest.mark.gui
CLEAN = "The norm check finds nothing"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(CHINESE)


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[DeskBench]:
    made = DeskBench()
    made.open(qtbot.waitUntil)
    yield made
    made.close()


class Window:
    """Another page in front, and the report page behind it, as F3 and F4 change them."""

    def __init__(self, qtbot: QtBot, page: ReportPage) -> None:
        self._stack = QStackedWidget()
        self._other, self._page = QWidget(), page
        self._stack.addWidget(self._other)
        self._stack.addWidget(page)
        self._stack.resize(1856, 1052)
        self._stack.show()
        self._stack.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is self._stack)

    def close(self) -> None:
        self._stack.removeWidget(self._page)
        self._page.setParent(None)
        self._stack.close()
        self._stack.deleteLater()

    def show_images(self) -> None:
        self._stack.setCurrentWidget(self._other)

    def show_report(self) -> str:
        """Return the key of the field with the cursor."""
        self._stack.setCurrentWidget(self._page)
        session_fields = [key for key in ("technique", "airways", "impression") if self._has_cursor(key)]
        return session_fields[0] if session_fields else ""

    def _has_cursor(self, key: str) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self._page.form.field(key).isAncestorOf(focus)


@pytest.fixture
def window(qtbot: QtBot, bench: DeskBench) -> Iterator[Window]:
    page, _presenter = bench.page()
    made = Window(qtbot, page)
    yield made
    made.close()


def test_the_cursor_waits_in_the_first_field_that_lacks_something(window: Window) -> None:
    assert window.show_report() == "technique"


def test_whoever_comes_back_finds_the_cursor_where_it_was(window: Window, bench: DeskBench) -> None:
    window.show_report()
    bench.pages[0][0].form.focus_field("airways")
    window.show_images()
    assert window.show_report() == "airways"


def test_the_cursor_waits_at_the_end_of_a_form_that_is_filled(window: Window, bench: DeskBench) -> None:
    bench.fill()
    assert window.show_report() == "impression"


def test_nothing_is_called_complete_before_the_norm_gate_has_looked(qtbot: QtBot, bench: DeskBench) -> None:
    page, _presenter = bench.page()
    page.show()
    bench.fill()
    assert (True, CLEAN) not in page.checks.lines()
    assert page.checks_words() == "Checking…"
    qtbot.waitUntil(lambda: (True, CLEAN) in page.checks.lines())
    assert page.checks_words() == "Complete"


def test_what_the_norm_gate_refuses_is_never_called_complete(qtbot: QtBot, bench: DeskBench) -> None:
    page, _presenter = bench.page()
    page.show()
    bench.fill()
    qtbot.waitUntil(lambda: page.checks_words() == "Complete")
    assert bench.desk.session is not None
    bench.desk.session.set_value("airways", "右肺上叶见实性结节，直径8mm。")
    bench.desk.session.set_value("impression", "左肺上叶结节。")
    assert page.checks_words() == "Checking…"
    qtbot.waitUntil(lambda: page.checks_words() == "1 to check")
    assert page.checks.lines()[0][0] is False


def test_what_keeps_a_report_back_and_what_asks_are_counted_apart_and_alike_everywhere(
    qtbot: QtBot, bench: DeskBench
) -> None:
    page, _presenter = bench.page()
    page.show()
    bench.fill()
    assert bench.desk.session is not None
    bench.desk.session.set_value("airways", "右肺上叶见实性结节，直径8mm。")
    bench.desk.session.set_value("impression", "左肺上叶结节。")
    bench.desk.session.set_value("technique", "")
    qtbot.waitUntil(lambda: page.checks_words() == "1 left to do · 1 to check")
    assert page.missing.text() == "1 left to do"

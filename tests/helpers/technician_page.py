"""A technician's page, shown, over fakes."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.helpers.grassroots import GrassrootsBench
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.pages.grassroots_presenter import GrassrootsPresenter
from workstation.ui.widgets.send_panel import SendState

STUDY = "1.2.3"


class Station:
    """A shown page of one technician."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.bench = GrassrootsBench()
        self.page, self.presenter = self.add_page()
        self.toasts: list[str] = []
        self.page.toast.connect(self.toasts.append)

    def add_page(self) -> tuple[GrassrootsPage, GrassrootsPresenter]:
        page, presenter = self.bench.page()
        page.resize(1856, 1052)
        page.show()
        return page, presenter

    def refresh(self) -> None:
        self.presenter.refresh()
        self.qtbot.waitUntil(lambda: not self.presenter._refreshing)

    def drop(self, path: str = "/exports/chest") -> None:
        self.page.send.zone.dropped.emit([path])
        self.qtbot.waitUntil(lambda: bool(self.bench.queue.items))

    def state(self) -> SendState:
        return self.bench.queue.item(STUDY).state

    def until(self, state: SendState) -> None:
        self.qtbot.waitUntil(lambda: self.state() is state)

    def facts(self) -> list[str]:
        return [notice.fact for notice in self.page.notices.notices()]

"""A reader's desk with critical values on the screen, over a hub in memory."""

from __future__ import annotations

from itertools import count

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.helpers import cases
from tests.helpers.critical import AT, EXPERT, ActsInMemory, CriticalHub
from tests.helpers.desk import DeskBench
from workstation.dicom.critical_policy import default_policy
from workstation.domain.access import Actor
from workstation.domain.critical import CriticalValue
from workstation.domain.critical_board import Recognition
from workstation.domain.template import ReportTemplate
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.critical_service import CriticalActs
from workstation.ui.critical.case import CriticalCase
from workstation.ui.critical.desk import CriticalDesk
from workstation.ui.critical.panel import CriticalPanel
from workstation.ui.report.side_column import SidePlace

HEAD = TemplateLibrary().get("ct-head")


class Bed:
    """A reader's desk with a report page, and the hub of critical values in memory."""

    def __init__(self, qtbot: QtBot, actor: Actor = EXPERT, template: ReportTemplate = HEAD) -> None:
        self.qtbot = qtbot
        self.clock = cases.FixedClock(AT)
        self.hub = CriticalHub(self.clock, actor)
        self.pending = ActsInMemory()
        self.bench = DeskBench(template=template)
        self.seconds = 0.0
        numbers = count(100)
        acts = CriticalActs(self.hub, self.pending, self.clock, lambda: f"2.25.{next(numbers)}", self.bench.audit)
        self.critical = CriticalDesk(
            acts, self.bench.jobs, lambda: actor, default_policy=default_policy(), seconds=lambda: self.seconds
        )

    def page(self, *, read_only: bool = False) -> None:
        self.bench.open(self.qtbot.waitUntil, read_only=read_only)
        self.page_, self.presenter = self.bench.page()
        self.panel = CriticalPanel()
        self.page_.side.put(SidePlace.CRITICAL, self.panel)
        self.case = CriticalCase(self.page_, self.bench.desk, self.critical, self.panel)
        self.presenter.guards.append(self.case.hold_up)
        self.page_.critical_requested.connect(self.case.act)
        self.page_.resize(1856, 1052)
        self.page_.show()
        self.settle()

    def pass_(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.seconds += seconds
        self.critical.ticked.emit()

    def refresh(self) -> None:
        self.settle()
        self.critical.refresh()
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.critical.is_fetching)

    def value(self) -> CriticalValue:
        (value,) = self.hub.values.values()
        return value

    def known(self) -> CriticalValue:
        """Put one critical value on the hub and let the desk see it."""
        value = self.hub.recognise(self.bench.row.ups_instance_uid, Recognition("2.25.1", "perforation", "消化道穿孔"))
        self.refresh()
        return value

    def dialog(self) -> QWidget:
        assert self.case.dialog is not None
        return self.case.dialog

    def close(self) -> None:
        self.critical.stop()
        self.bench.close()

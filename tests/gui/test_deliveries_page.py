"""What did not arrive is seen, with its reason and what to do; a report's time-line is told in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from resources.translation import use_language
from tests.helpers.consignments import HL7
from workstation.domain.dispatch import (
    Dispatch,
    DispatchState,
    Route,
    RouteKind,
    RouteStatus,
    RouteVerdict,
    TimelineEvent,
    TimelineStep,
)
from workstation.domain.errors import Unreachable
from workstation.domain.report_state import ReportStatus
from workstation.domain.site import Site
from workstation.services.jobs import JobRunner
from workstation.ui.dispatch_words import document_words, kind_words
from workstation.ui.jobs_qt import runner_on_main_thread
from workstation.ui.pages.deliveries_page import DeliveriesPage
from workstation.ui.pages.deliveries_presenter import DeliveriesPresenter
from workstation.ui.timelines import TimelineFollower
from workstation.ui.widgets.timeline_panel import TimelinePanel

pytestmark = pytest.mark.gui

AT = datetime(2026, 3, 5, 8, 30, tzinfo=UTC)
SITE = "清水镇中心卫生院"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def jobs() -> Iterator[JobRunner]:
    runner, _main = runner_on_main_thread()
    yield runner
    runner.close()


def dispatch(number: int, state: DispatchState, reason: str = "") -> Dispatch:
    return Dispatch(
        number, "qs-his", "HIS", RouteKind.HL7, "qingshui", SITE, "1.2.3", f"2.25.1234567{number}", "final",
        f"C{number}", state, 3, AT, AT, reason, AT if state is DispatchState.DELIVERED else None,
        "AA" if state is DispatchState.DELIVERED else "",
    )  # fmt: skip


@dataclass
class FakeDispatch:
    """A hub's desk in memory."""

    held: dict[int, Dispatch] = field(default_factory=dict)
    route: Route = HL7
    acts: list[str] = field(default_factory=list)
    away: bool = False
    verdict: RouteVerdict = field(default_factory=lambda: RouteVerdict(works=True, words="It answers"))
    saved: list[Route] = field(default_factory=list)

    def routes(self) -> list[RouteStatus]:
        if self.away:
            raise Unreachable("The hub does not answer")
        states = [one.state for one in self.held.values()]
        return [
            RouteStatus(self.route, SITE, states.count(DispatchState.WAITING), states.count(DispatchState.DEAD)),
            RouteStatus(replace(HL7, route_id="x", name="PACS", enabled=False), "北河县中医院"),
            RouteStatus(replace(HL7, route_id="y", name="集成平台"), "北河县中医院", trouble="The receiver is away"),
        ]

    def put_route(self, route: Route) -> Route:
        self.acts.append(f"put {route.route_id} {route.enabled}")
        if self.away:
            raise Unreachable("The hub does not answer")
        self.route = route
        self.saved.append(route)
        return route

    def check_route(self, route: Route) -> RouteVerdict:
        self.acts.append(f"check {route.address}")
        if self.away:
            raise Unreachable("The hub does not answer")
        return self.verdict

    def sites(self) -> list[Site]:
        return [Site("qingshui", SITE), Site("beihe", "北河县中医院")]

    def dispatches(self) -> list[Dispatch]:
        return list(self.held.values())

    def send_again(self, number: int) -> Dispatch:
        self.acts.append(f"again {number}")
        self.held[number] = replace(self.held[number], state=DispatchState.WAITING)
        return self.held[number]

    def give_up(self, number: int, reason: str) -> Dispatch:
        self.acts.append(f"give up {number} {reason}")
        self.held[number] = replace(self.held[number], state=DispatchState.GIVEN_UP)
        return self.held[number]


def filled() -> FakeDispatch:
    found = [
        dispatch(1, DispatchState.DEAD, "The HIS knows no such patient"),
        dispatch(2, DispatchState.WAITING, "The receiver does not answer"),
        dispatch(3, DispatchState.DELIVERED),
    ]
    return FakeDispatch({one.number: one for one in found})


def opened(qtbot: QtBot, jobs: JobRunner, hub: FakeDispatch) -> tuple[DeliveriesPage, DeliveriesPresenter]:
    page = DeliveriesPage()
    qtbot.addWidget(page)
    page.show()
    presenter = DeliveriesPresenter(page, hub, jobs)
    qtbot.waitUntil(lambda: hub.away or page.routes.rowCount() == 3)
    return page, presenter


def column(page: DeliveriesPage, number: int) -> list[str]:
    return texts(page.table, number)


def texts(table: QTableWidget, number: int) -> list[str]:
    items = [table.item(row, number) for row in range(table.rowCount())]
    return [item.text() for item in items if item is not None]


def test_what_was_refused_stands_first_with_its_reason(qtbot: QtBot, jobs: JobRunner) -> None:
    page, _presenter = opened(qtbot, jobs, filled())

    assert column(page, 0) == ["Not delivered", "Waiting to be sent"]
    assert column(page, 6) == ["The HIS knows no such patient", "The receiver does not answer"]
    assert page.count.text() == "1 report to decide on · 1 waiting"
    assert page.send_again.isEnabled()
    page.everything.setChecked(True)
    assert column(page, 0) == ["Not delivered", "Waiting to be sent", "Delivered"]


def test_a_report_is_told_by_the_kind_and_day_of_its_study_and_by_its_uid_only_where_these_are_unknown(
    qtbot: QtBot, jobs: JobRunner
) -> None:
    known = replace(dispatch(1, DispatchState.DEAD), modality="CT", studied=datetime(2026, 3, 4, 4, tzinfo=UTC))
    page, _presenter = opened(qtbot, jobs, FakeDispatch({1: known, 2: dispatch(2, DispatchState.WAITING)}))

    assert column(page, 1) == ["Signed original · CT · 2026-03-04", "Signed original · …12345672"]
    item = page.table.item(0, 1)
    assert item is not None
    assert item.toolTip() == "Signed original · CT · 2026-03-04\n2.25.12345671"


def test_a_dead_letter_is_sent_again_by_one_click(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    page, _presenter = opened(qtbot, jobs, hub)

    page.send_again.click()

    qtbot.waitUntil(lambda: page.count.text() == "No action needed · 2 waiting")
    assert hub.acts == ["again 1"]
    assert not page.send_again.isEnabled()


def test_a_report_is_given_up_with_a_reason_only(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    page, presenter = opened(qtbot, jobs, hub)

    page.give_up.click()
    assert presenter.dialog is not None
    presenter.dialog.accept()
    assert hub.acts == []
    presenter.dialog.reason.setPlainText("handed over on paper")
    presenter.dialog.accept()

    qtbot.waitUntil(lambda: column(page, 0) == ["Waiting to be sent"])
    assert hub.acts == ["give up 1 handed over on paper"]


def test_what_waits_or_has_arrived_asks_for_no_decision(qtbot: QtBot, jobs: JobRunner) -> None:
    page, _presenter = opened(qtbot, jobs, filled())

    page.table.setCurrentCell(1, 0)

    assert not page.send_again.isEnabled()
    assert page.give_up.toolTip() == "Only what was not delivered needs a decision"


def test_a_route_is_switched_off_and_on(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    page, _presenter = opened(qtbot, jobs, hub)
    assert texts(page.routes, 6) == ["Answers, but did not take every report", "Off", "The receiver is away"]

    page.switch.click()
    qtbot.waitUntil(lambda: page.switch.text() == "Switch on")

    assert hub.acts == ["put qs-his False"]


def test_a_route_that_did_not_take_a_report_is_not_said_to_work(qtbot: QtBot, jobs: JobRunner) -> None:
    page, _presenter = opened(qtbot, jobs, FakeDispatch())
    page.show_all([RouteStatus(HL7, SITE, dead=1), RouteStatus(replace(HL7, route_id="b"), SITE)], ())
    assert texts(page.routes, 6) == ["Answers, but did not take every report", "Works"]
    assert page.nothing.title.text() == "Everything has arrived"


def test_an_empty_desk_says_so(qtbot: QtBot, jobs: JobRunner) -> None:
    page, _presenter = opened(qtbot, jobs, FakeDispatch())

    assert page.nothing.isVisible()
    assert page.chosen is None
    page.show_all((), ())
    assert page.no_routes.isVisible()
    assert page.nothing.title.text() == "Nothing is sent out"
    assert page.count.text() == ""
    assert page.chosen_route is None


def test_a_hub_that_is_away_is_told_and_asked_again(qtbot: QtBot, jobs: JobRunner) -> None:
    hub = filled()
    hub.away = True
    page, _presenter = opened(qtbot, jobs, hub)
    qtbot.waitUntil(lambda: bool(page.notices.notices()))

    hub.away = False
    page.refresh()

    qtbot.waitUntil(lambda: page.routes.rowCount() == 3 and not page.notices.notices())


def test_every_kind_and_document_has_its_words() -> None:
    assert len({kind_words(kind) for kind in RouteKind}) == len(RouteKind)
    sent = [status for status in ReportStatus if status not in {ReportStatus.DRAFTED, ReportStatus.RETURNED}]
    assert len({document_words(status) for status in sent}) == len(sent)
    assert document_words("drafted") == "drafted"


EVENTS = [
    TimelineEvent(AT, TimelineStep.SUBMITTED, "宋佳"),
    TimelineEvent(AT, TimelineStep.SIGNED, "王启明", "", "original"),
    TimelineEvent(AT, TimelineStep.STORED),
    TimelineEvent(AT, TimelineStep.QUEUED, "", "HIS"),
    TimelineEvent(AT, TimelineStep.FAILED, "", "HIS", "The receiver does not answer"),
    TimelineEvent(AT, TimelineStep.DELIVERED, "", "HIS", "AA C1"),
    TimelineEvent(AT, TimelineStep.ACKNOWLEDGED, "韩梅"),
    TimelineEvent(AT, TimelineStep.SIGNED, "王启明", "", "addendum"),
]


@dataclass
class FakeTimelines:
    events: list[TimelineEvent]
    away: bool = False

    def timeline(self, ups_instance_uid: str) -> list[TimelineEvent]:
        if self.away:
            raise Unreachable("away")
        return self.events if ups_instance_uid == "1.2" else []


def test_the_time_line_tells_each_step_in_order(qtbot: QtBot, jobs: JobRunner) -> None:
    panel = TimelinePanel()
    qtbot.addWidget(panel)
    hub = FakeTimelines(EVENTS)
    follower = TimelineFollower(panel, hub, jobs)

    follower.follow("1.2")
    qtbot.waitUntil(lambda: len(panel.said) == 8)

    assert list(panel.said) == [
        "Submitted by 宋佳",
        "Signed by 王启明",
        "Stored at the hub",
        "To be sent to HIS",
        "HIS did not take it yet · The receiver does not answer",
        "Received by HIS",
        "Acknowledged by 韩梅",
        "Addendum signed by 王启明",
    ]
    assert panel.isVisible()
    hub.away = True
    follower.refresh()
    follower.follow("")
    assert len(panel.said) == 0
    assert not panel.isVisible()


@pytest.mark.parametrize(
    ("state", "tone"), [(DispatchState.DEAD, (255, 107, 107)), (DispatchState.WAITING, (143, 198, 250))]
)
def test_the_selected_report_keeps_the_colour_of_its_state(
    qtbot: QtBot, state: DispatchState, tone: tuple[int, int, int]
) -> None:
    page = DeliveriesPage()
    qtbot.addWidget(page)
    page.resize(1366, 768)
    page.show_all([RouteStatus(HL7, SITE, 0, 1)], [dispatch(1, state, "Refused")])
    page.show()
    table = page.table
    assert [one.row() for one in table.selectedIndexes()][:1] == [0]
    picture = table.viewport().grab(table.visualRect(table.model().index(0, 0))).toImage()
    places = [(x, y) for x in range(picture.width()) for y in range(picture.height())]
    seen = [picture.pixelColor(x, y) for x, y in places]
    red, green, blue = tone
    assert min(abs(c.red() - red) + abs(c.green() - green) + abs(c.blue() - blue) for c in seen) <= 24

"""Joins the deliveries page to the hub; every act runs in a job and the lists are read anew after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.dispatch import Dispatch, DispatchPort, Route, RouteStatus
from workstation.domain.errors import WorkstationError
from workstation.domain.site import Site
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.page_jobs import PageJobs
from workstation.ui.pages.deliveries_page import DeliveriesPage
from workstation.ui.reason_dialog import ActReasonDialog
from workstation.ui.routes.route_dialog import RouteDialog

T = TypeVar("T")

_EVERY_MS = 20_000


class DeliveriesPresenter(QObject):
    """One page, one administrator."""

    def __init__(self, page: DeliveriesPage, dispatch: DispatchPort, jobs: JobRunner) -> None:
        super().__init__(page)
        self._page, self._dispatch, self._jobs = page, dispatch, jobs
        self._hub = PageJobs(page, jobs, "deliveries")
        self.dialog: GiveUpDialog | None = None
        self.form: RouteDialog | None = None
        page.refresh_requested.connect(self.refresh)
        page.send_again_requested.connect(self._send_again)
        page.give_up_requested.connect(self._ask_give_up)
        page.route_changed.connect(self._change)
        page.route_wanted.connect(self._show_form)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Read routes and dispatches."""

        def work() -> tuple[list[RouteStatus], list[Dispatch]]:
            return self._dispatch.routes(), self._dispatch.dispatches()

        self._hub.run(work, lambda found: self._page.show_all(*found))

    def _look(self) -> None:
        if self._page.isVisible():
            self.refresh()

    def _send_again(self, number: int) -> None:
        self._act(lambda: self._dispatch.send_again(number), tr("It is sent again"))

    def _ask_give_up(self, number: int) -> None:
        self.dialog = GiveUpDialog(self._page)
        self.dialog.reason_given = lambda reason: self._act(
            lambda: self._dispatch.give_up(number, reason), tr("Given up; the reason is in the audit trail")
        )
        self.dialog.open()

    def _change(self, route: Route) -> None:
        done = tr("The route is on") if route.enabled else tr("The route is off; nothing more goes out on it")
        self._act(lambda: self._dispatch.put_route(route), done)

    def _show_form(self, route: Route | None) -> None:
        if self.form is None:
            self._hub.run(self._dispatch.sites, lambda sites: self._open_form(sites, route))

    def _open_form(self, sites: list[Site], route: Route | None) -> None:
        if self.form is not None:
            return
        form = self.form = RouteDialog(self._page, sites, route)
        known = frozenset() if route is not None else self._page.route_ids
        form.save_wanted = lambda made: self._save(form, made, known)
        form.check_wanted = lambda made: self._ask(form, lambda: self._dispatch.check_route(made), form.checked)
        form.finished.connect(lambda _result: self._forget(form))
        form.open()

    def _save(self, form: RouteDialog, route: Route, known: frozenset[str]) -> None:
        if route.route_id in known:  # a new route must not write over another one
            form.failed(
                WorkstationError(
                    tr("There is a route {name} already", name=route.route_id), hint=tr("Give it another identifier.")
                )
            )
            return

        def saved(_route: Route) -> None:
            form.saved()
            self._page.toast.emit(tr("The route is saved"))
            self.refresh()

        self._ask(form, lambda: self._dispatch.put_route(route), saved)

    def _ask(self, form: RouteDialog, work: Callable[[], T], done: Callable[[T], object]) -> None:
        """Do it in a job; the form says what comes of it, if it is still there."""

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self._has(form):
                form.failed(error)

        def arrived(value: T) -> None:
            if self._has(form):
                done(value)

        self._jobs.submit(Pool.IO, lambda _job: work(), on_success=arrived, on_error=failed)

    def _has(self, form: RouteDialog) -> bool:
        return isValid(self) and self.form is form

    def _forget(self, form: RouteDialog) -> None:
        self.form = None
        form.deleteLater()

    def _act(self, act: Callable[[], object], done: str) -> None:
        def finished(_value: object) -> None:
            self._page.toast.emit(done)
            self.refresh()

        self._hub.run(act, finished)


class GiveUpDialog(ActReasonDialog):
    """Asks why a report is not sent on a route."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(
            parent,
            tr("Do not send this report on this route"),
            tr("How does the site get the report instead? The reason is kept."),
            act=tr("Do not send"),
            hint=tr("Later versions of the report, which waited behind it, are sent from now on."),
            icon="forbid",
        )

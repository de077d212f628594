"""What the worklist page does: ask, filter, claim, release, take the next; no Qt in here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import (
    AlreadyClaimed,
    JobCancelled,
    SignInFailed,
    Unreachable,
    WorklistError,
    WorkstationError,
)
from workstation.domain.ports import JobContext, WorklistPort
from workstation.domain.workitem import (
    Claim,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.widgets.worklist_cases import Cases, made_ready
from workstation.ui.widgets.worklist_merge import Merge

PAGE_LIMIT: Final = 10_000
_CLAIMABLE: Final = frozenset({ReadingState.READY, ReadingState.AI_FAILED, ReadingState.RETURNED})
_MAYBE_FREE: Final = _CLAIMABLE | {ReadingState.PRELIMINARY}
"""States in which ``may_claim`` can say yes; asked first because it is quick."""


@dataclass(frozen=True, slots=True)
class ListState:
    """
    What the page shows: the cases that pass the filters, the numbers on the tabs, when it was fetched.

    ``rows`` come by urgency and are the former objects where nothing changed.
    """

    rows: tuple[WorklistRow, ...]
    counts: dict[WorklistTab, int]
    fetched: datetime | None
    query: WorklistQuery
    modalities: tuple[str, ...]
    sites: tuple[tuple[str, str], ...]
    merge: Merge | None = None
    """How these rows come into the table, worked out in the job; None where nobody did."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer of the hub with everything that takes long over 10 000 cases, made in the job."""

    cases: Cases
    passing: tuple[WorklistRow, ...]
    merge: Merge | None
    counts: dict[WorklistTab, int]
    modalities: frozenset[str]
    sites: dict[str, str]


class WorklistView(Protocol):
    """What the presenter asks of the page; all calls come on the main thread."""

    def planner(self) -> Callable[[Sequence[WorklistRow]], Merge]:
        """Return what works out, in a job, how cases come into the table."""
        ...

    def show_list(self, state: ListState, *, mark_new: bool) -> None:
        """Merge the cases into the table."""
        ...

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Tell that a refresh runs."""
        ...

    def show_problem(
        self, key: str, error: WorkstationError, again: Callable[[], object] | None = None, *, what: str = ""
    ) -> None:
        """Show an error in the notice bar; ``what`` was not done, ``again`` repeats it."""
        ...

    def show_line_back(self, key: str, what: str, again: Callable[[], object]) -> None:
        """Tell that the hub answers again, and ``what`` it did not hear of; ``again`` repeats it."""
        ...

    def clear_problem(self, key: str) -> None:
        """Take the notice away: it works again."""
        ...

    def say(self, text: str) -> None:
        """Tell a success."""
        ...

    def open_case(self, row: WorklistRow, *, read_only: bool) -> None:
        """Ask for the case to be opened; opening claims it unless it is read-only."""
        ...


class WorklistPresenter:
    """
    Between the worklist page and the hub.

    Args:
        transaction_uid: from user id and UPS Instance UID to the Transaction UID of the lock, the
            same function that opening a case uses.
        now: local time, timezone-aware.
    """

    def __init__(
        self,
        worklist: WorklistPort,
        jobs: JobRunner,
        *,
        actor: Callable[[], Actor | None],
        transaction_uid: Callable[[str, str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._worklist = worklist
        self._jobs = jobs
        self._actor = actor
        self._transaction_uid = transaction_uid
        self.now = now
        self.query = WorklistQuery(limit=PAGE_LIMIT)
        self._view: WorklistView | None = None
        self._cases = Cases()
        self._counts: dict[WorklistTab, int] = {}
        self._fetched: datetime | None = None
        self._fetched_for: WorklistQuery | None = None
        self._running: JobHandle[_Answer] | None = None
        self._unheard: dict[str, tuple[str, Callable[[], object] | None]] = {}
        """By key of its notice, what the hub was told while it did not answer, and how to say it again"""
        self.holds_back: Callable[[str], bool] = lambda _ups: False
        """Tells, by UPS Instance UID, whether the report of an open case is just being handed over"""
        self.released: Callable[[str], object] = lambda _ups: None
        """Told the UPS Instance UID of a case that was given back"""
        self._taking = False
        self._taken: JobHandle[WorklistRow | None] | None = None
        self._modalities: set[str] = set()
        self._sites: dict[str, str] = {}

    def attach(self, view: WorklistView) -> None:
        """Serve this page from now on; what is known is shown at once."""
        self._view = view
        if self._fetched is not None:
            view.show_list(self._state(), mark_new=False)

    def detach(self, view: WorklistView) -> None:
        """Stop serving a page that goes away; its successor may be served already."""
        if self._view is view:
            self._view = None

    @property
    def user_id(self) -> str:
        """Return who is signed in, empty when nobody is."""
        actor = self._actor()
        return actor.user_id if actor is not None else ""

    # the list

    def set_query(self, **changes: object) -> None:
        """Change filters: what is here is filtered at once, then the hub is asked."""
        query = replace(self.query, **changes)  # type: ignore[arg-type] # names are checked by the dataclass
        if query == self.query:
            return
        tab_changed = query.tab is not self.query.tab
        self.query = query
        if tab_changed:
            self._cases = Cases()
        self._show(mark_new=False)
        self.refresh()

    def refresh(self) -> None:
        """Ask the hub; an answer to an older question is dropped."""
        if self._actor() is None:
            return
        if self._running is not None:
            if self._fetched_for == self.query:
                return  # the same question is on its way
            self._running.cancel()
        query = self.query
        self._fetched_for = query
        if self._view is not None:
            self._view.show_busy(True)
        ask = _Asking(self._worklist, query, self._cases, self._view.planner() if self._view else None, self.now())
        self._running = self._jobs.submit(
            Pool.IO,
            ask,
            on_success=lambda answer: self._take(answer, query),
            on_error=self._refresh_failed,
        )

    def forget(self) -> None:
        """Drop every case: somebody else signs in."""
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._cases, self._counts, self._fetched = Cases(), {}, None
        self._unheard.clear()
        self._modalities, self._sites = set(), {}
        self.query = WorklistQuery(limit=PAGE_LIMIT)
        self._show(mark_new=False)

    def _take(self, answer: _Answer, query: WorklistQuery) -> None:
        self._running = None
        first = self._fetched is None or not self._cases.rows
        self._cases, self._counts = answer.cases, answer.counts
        self._fetched = self.now()
        self._modalities |= answer.modalities
        self._sites |= answer.sites
        if self._view is not None:
            self._view.show_busy(False)
            self._line_is_back(self._view)
        if query == self.query:
            self._show(mark_new=not first, answer=answer)
        else:
            self._show(mark_new=False)

    def _line_is_back(self, view: WorklistView) -> None:
        view.clear_problem("refresh")
        for key, (what, again) in self._unheard.items():
            if again is None or not what:
                view.clear_problem(key)
            else:  # the hub has not heard of it: the button must not go away with the disturbance
                view.show_line_back(key, what, again)
        self._unheard.clear()

    def _refresh_failed(self, error: Exception) -> None:
        self._running = None
        if self._view is not None:
            self._view.show_busy(False)
        self._problem("refresh", error)

    def _state(self, answer: _Answer | None = None) -> ListState:
        rows = answer.passing if answer is not None else self._cases.passing(self.query, self.now())
        merge = answer.merge if answer is not None else None
        sites = tuple(sorted(self._sites.items(), key=lambda item: item[1]))
        return ListState(rows, self._counts, self._fetched, self.query, tuple(sorted(self._modalities)), sites, merge)

    def _show(self, *, mark_new: bool, answer: _Answer | None = None) -> None:
        if self._view is not None:
            self._view.show_list(self._state(answer), mark_new=mark_new)

    # one case

    def tell_undelivered(self, error: WorkstationError, study_instance_uid: str = "") -> None:
        """Say on the list whose signed report did not arrive; it stays until somebody closes it."""
        names = (row.patient_name for row in self._cases.rows if row.study_instance_uid == study_instance_uid)
        self._problem(f"undelivered {study_instance_uid}", error, None, next(names, "").strip())

    def may_claim(self, row: WorklistRow) -> bool:
        """Tell whether the person could take this case now."""
        actor = self._actor()
        if actor is None:
            return False
        if row.workitem_code is WorkitemCode.REPORT_VERIFICATION:
            return row.state is ReadingState.PRELIMINARY and actor.may(Permission.VERIFY_REPORT)
        return row.state in _CLAIMABLE and actor.may(Permission.CLAIM_READING)

    def may_release(self, row: WorklistRow) -> bool:
        """Tell whether the person holds this case."""
        return row.state is ReadingState.READING and bool(row.reader_id) and row.reader_id == self.user_id

    def open(self, row: WorklistRow) -> None:
        """Open in one step: claim it when that is possible, take up the own lock, else read-only."""
        if self._view is None:
            return
        self._view.clear_problem("open")
        mine = self.may_release(row)
        read_only = not (mine or self.may_claim(row))
        if read_only and row.reader_name and row.state is ReadingState.READING:
            self._view.say(tr("Opened read-only: {name} is reading this case.", name=row.reader_name))
        self._view.open_case(row, read_only=read_only)

    def opening_refused(self, row: WorklistRow, error: WorkstationError) -> None:
        """Go on after somebody else was faster: read-only, and the holder is named."""
        if isinstance(error, AlreadyClaimed) and self._view is not None:
            self._view.say(tr("Opened read-only: {reason}", reason=error.user_text))
            self._view.open_case(row, read_only=True)
            self.refresh()
            return
        name = name_or_placeholder(row.patient_name)
        self._problem("open", error, partial(self.open, row), tr("{name} was not opened", name=name))

    def claim(self, row: WorklistRow) -> None:
        """Take a case without opening it."""
        uid = self._transaction_uid(self.user_id, row.ups_instance_uid)
        key, name = _act_of(row), name_or_placeholder(row.patient_name)

        def failed(error: Exception) -> None:
            self._act_failed(key, tr("{name} was not claimed", name=name), partial(self.claim, row), error)

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._worklist.claim(row.ups_instance_uid, uid),
            on_success=lambda _claim: self._done(key, tr("{name} is yours.", name=name)),
            on_error=failed,
        )

    def release(self, row: WorklistRow) -> None:
        """Give a case back to the list; the draft stays on this machine."""
        if self.holds_back(row.ups_instance_uid):
            self._say(tr("The report is on its way"))
            return
        claim = Claim(row.ups_instance_uid, self._transaction_uid(self.user_id, row.ups_instance_uid))
        key, name, user = _act_of(row), name_or_placeholder(row.patient_name), self.user_id

        def work(_job: JobContext) -> None:
            try:
                self._worklist.release(claim)
            except WorklistError:
                if self._is_held(claim, user):
                    raise  # otherwise the hub took it back before, and only its answer was lost

        def done(_none: None) -> None:
            self.released(row.ups_instance_uid)
            self._done(key, tr("{name} is back on the list.", name=name))

        def failed(error: Exception) -> None:
            self._act_failed(key, tr("{name} was not given back", name=name), partial(self.release, row), error)

        self._jobs.submit(Pool.IO, work, on_success=done, on_error=failed)

    def _is_held(self, claim: Claim, user_id: str) -> bool:
        """Ask the hub whether the person still holds a case; a workitem that is gone is held by nobody."""
        try:
            row = self._worklist.row(claim.ups_instance_uid)
        except Unreachable:
            raise
        except WorkstationError:
            return False
        return row.state is ReadingState.READING and row.reader_id == user_id

    def has_next(self) -> bool:
        """Tell whether any case is free to take."""
        return any(row.state in _MAYBE_FREE and self.may_claim(row) for row in self._cases.rows)

    def next_cases(self) -> list[WorklistRow]:
        """Return the cases that "Take next" would try: STAT first, then the least time left."""
        free = [row for row in self._cases.rows if row.state in _MAYBE_FREE and self.may_claim(row)]
        return sorted(free, key=lambda row: row.priority is not Priority.HIGH)

    def take_next(self) -> None:
        """Claim the most urgent free case and open it; a lost race goes on to the next one."""
        candidates, user = self.next_cases(), self.user_id
        if self._taking or self._view is None:
            return
        if not candidates:
            self._view.say(tr("No case is free to take."))
            return
        self._taking = True

        def work(job: JobContext) -> WorklistRow | None:
            return self._first_won(candidates, user, job)

        def done(row: WorklistRow | None) -> None:
            self._taking = False
            self._taken = None
            self._unheard.pop("act", None)
            self.refresh()
            if self._view is None:
                return
            self._view.clear_problem("act")
            if row is None:
                self._view.say(tr("Others were faster; the list is being refreshed."))
            else:
                self._view.open_case(row, read_only=False)

        def failed(error: Exception) -> None:
            self._taking = False
            self._taken = None
            self._act_failed("act", tr("No case was taken"), self.take_next, error)

        self._taken = self._jobs.submit(Pool.IO, work, on_success=done, on_error=failed)

    def put_back_unopened(self) -> None:
        """
        Give back what "Take next" won for somebody who has left since; blocks, so run it off the main thread.

        Call it before the session ends.
        """
        taken, self._taken = self._taken, None
        if taken is None:
            return
        taken.cancel()  # what it brings is not opened any more
        # without the hub the case stays under Mine
        with contextlib.suppress(WorkstationError, JobCancelled, CancelledError):
            row = taken.result()
            if row is not None:
                uid = self._transaction_uid(row.reader_id, row.ups_instance_uid)
                self._worklist.release(Claim(row.ups_instance_uid, uid))

    def _first_won(self, candidates: Sequence[WorklistRow], user: str, job: JobContext) -> WorklistRow | None:
        for row in candidates:
            job.raise_if_cancelled()
            try:
                self._worklist.claim(row.ups_instance_uid, self._transaction_uid(user, row.ups_instance_uid))
            except AlreadyClaimed:
                continue
            return self._worklist.row(row.ups_instance_uid)
        return None

    def _say(self, text: str) -> None:
        if self._view is not None:
            self._view.say(text)

    def _done(self, key: str, text: str) -> None:
        self._unheard.pop(key, None)
        if self._view is not None:
            self._view.clear_problem(key)
            self._view.say(text)
        self.refresh()

    def _act_failed(self, key: str, what: str, act: Callable[[], object], error: Exception) -> None:
        self._problem(key, error, act, what)
        self.refresh()

    def _problem(self, key: str, error: Exception, again: Callable[[], object] | None = None, what: str = "") -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if isinstance(error, Unreachable | SignInFailed):
            self._unheard[key] = what, again
        if self._view is not None:
            self._view.show_problem(key, error, again, what=what)


def _act_of(row: WorklistRow) -> str:
    """Return the key of the notice on what failed with a case; another case has one of its own."""
    return f"act {row.ups_instance_uid}"


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks the hub and makes the answer ready; runs in a job."""

    worklist: WorklistPort
    query: WorklistQuery
    before: Cases
    planner: Callable[[Sequence[WorklistRow]], Merge] | None
    today: datetime

    def __call__(self, job: JobContext) -> _Answer:
        page = self.worklist.query(self.query)
        job.raise_if_cancelled()
        cases = made_ready(page.rows, self.before)
        passing = cases.passing(self.query, self.today)
        return _Answer(
            cases,
            passing,
            self.planner(passing) if self.planner is not None else None,
            page.counts,
            frozenset(row.modality for row in cases.rows if row.modality),
            {row.site_id: row.site_name for row in cases.rows if row.site_id},
        )

"""What a reader does with a case of the worklist: open, claim, give back, take the next; no Qt in here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import partial
from typing import Final

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import AlreadyClaimed, JobCancelled, Unreachable, WorklistError, WorkstationError
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
from workstation.ui.pages.worklist_notices import Notices
from workstation.ui.pages.worklist_view import WorklistView
from workstation.ui.two_identifiers import name_and_id

_ASKED: Final = 200
"""Of each tab that many are asked for at a time, the most urgent first"""
_TRIED: Final = 20
"""So many that are free are tried: not so many are taken by others in one moment"""
_CLAIMABLE: Final = frozenset({ReadingState.READY, ReadingState.AI_FAILED, ReadingState.RETURNED})
_MAYBE_FREE: Final = _CLAIMABLE | {ReadingState.PRELIMINARY}
"""States in which ``may_claim`` can say yes; asked first because it is quick."""


class CaseActs:
    """
    Acts on single cases; the hub decides who wins.

    Args:
        actor: who is signed in.
        transaction_uid: from user id and UPS Instance UID to the Transaction UID of the lock, the
            same function that opening a case uses.
        view: the page that is served, None while there is none.
        cases: what the list holds, and what was returned where the list holds none of it.
        counts: how many cases stand on each tab of the whole list.
        refresh: asks the hub for the list again.
    """

    def __init__(
        self,
        worklist: WorklistPort,
        jobs: JobRunner,
        notices: Notices,
        *,
        actor: Callable[[], Actor | None],
        transaction_uid: Callable[[str, str], str],
        view: Callable[[], WorklistView | None],
        cases: Callable[[], Iterable[WorklistRow]],
        counts: Callable[[], Mapping[WorklistTab, int]],
        refresh: Callable[[], object],
    ) -> None:
        self._worklist = worklist
        self._jobs = jobs
        self._notices = notices
        self._actor = actor
        self._transaction_uid = transaction_uid
        self._view = view
        self._cases = cases
        self._counts = counts
        self._refresh = refresh
        self.holds_back: Callable[[str], bool] = lambda _ups: False
        """Tells, by UPS Instance UID, whether the report of an open case is just being handed over"""
        self.released: Callable[[str], object] = lambda _ups: None
        """Told the UPS Instance UID of a case that was given back"""
        self._taking = False
        self._taken: JobHandle[WorklistRow | None] | None = None

    @property
    def user_id(self) -> str:
        """Return who is signed in, empty when nobody is."""
        actor = self._actor()
        return actor.user_id if actor is not None else ""

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

    def may_free(self, row: WorklistRow) -> bool:
        """Tell whether the person may take this case from the machine that holds it: the own ones, a senior all."""
        actor = self._actor()
        if actor is None or row.state is not ReadingState.READING or not row.reader_id:
            return False
        return row.reader_id == actor.user_id or actor.may(Permission.VERIFY_REPORT)

    def open(self, row: WorklistRow) -> None:
        """Open in one step: claim it when that is possible, take up the own lock, else read-only."""
        view = self._view()
        if view is None:
            return
        view.clear_problem("open")
        mine = self.may_release(row)
        read_only = not (mine or self.may_claim(row))
        if read_only and row.reader_name and row.state is ReadingState.READING:
            view.say(tr("Opened read-only: {name} is reading this case.", name=row.reader_name))
        view.open_case(row, read_only=read_only)

    def opening_refused(self, row: WorklistRow, error: WorkstationError) -> None:
        """Go on after somebody else was faster: read-only, and the holder is named."""
        view = self._view()
        if isinstance(error, AlreadyClaimed) and view is not None:
            view.say(tr("Opened read-only: {reason}", reason=error.user_text))
            view.open_case(row, read_only=True)
            self._refresh()
            return
        name = name_and_id(row)
        self._notices.problem("open", error, partial(self.open, row), tr("{name} was not opened", name=name))

    def claim(self, row: WorklistRow) -> None:
        """Take a case without opening it."""
        uid = self._transaction_uid(self.user_id, row.ups_instance_uid)
        key, name = _act_of(row), name_and_id(row)

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
        key, name, user = _act_of(row), name_and_id(row), self.user_id

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

    def free(self, row: WorklistRow, reason: str) -> None:
        """Take a case from the machine that holds it; what was not submitted there stays there as a draft."""
        if self.holds_back(row.ups_instance_uid):
            self._say(tr("The report is on its way"))
            return
        key, name = _act_of(row), name_and_id(row)

        def done(_none: None) -> None:
            self.released(row.ups_instance_uid)
            self._done(key, tr("{name} is back on the list.", name=name))

        def failed(error: Exception) -> None:
            what = tr("{name} was not taken back", name=name)
            self._act_failed(key, what, partial(self.free, row, reason), error)

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._worklist.free(row.ups_instance_uid, reason),
            on_success=done,
            on_error=failed,
        )

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
        """Tell whether any case may be free to take, on whatever tab it stands."""
        waiting = self._counts()
        # the hub counts what was returned to anybody: whose a case is its row tells
        if any(waiting.get(tab, 0) for tab in self._tabs_to_take() if tab is not WorklistTab.RETURNED):
            return True
        return any(self._may_be_next(row) for row in self._cases())

    def _may_be_next(self, row: WorklistRow) -> bool:
        """Tell whether "Take next" may take a case: what was returned is its author's to mend."""
        is_anothers = row.state is ReadingState.RETURNED and row.reader_id not in {"", self.user_id}
        return row.state in _MAYBE_FREE and not is_anothers and self.may_claim(row)

    def _tabs_to_take(self) -> tuple[WorklistTab, ...]:
        actor = self._actor()
        rights = {
            WorklistTab.TO_READ: Permission.CLAIM_READING,
            WorklistTab.RETURNED: Permission.CLAIM_READING,
            WorklistTab.TO_REVIEW: Permission.VERIFY_REPORT,
        }
        return tuple(tab for tab, right in rights.items() if actor is not None and actor.may(right))

    def next_cases(self) -> list[WorklistRow]:
        """
        Return the cases that "Take next" tries, of the whole list: STAT first, then the least time left.

        Asks the hub, whatever tab and filters are open; run it off the main thread. Raises Unreachable, Refused.
        """
        found = {row.ups_instance_uid: row for tab in self._tabs_to_take() for row in self._free_of(tab)}
        return sorted(found.values(), key=lambda row: (row.priority is not Priority.HIGH, row.due))

    def _free_of(self, tab: WorklistTab) -> list[WorklistRow]:
        """Return the free cases of a tab, page by page: the first pages may all be in the pre-read."""
        free: list[WorklistRow] = []
        offset = 0
        while len(free) < _TRIED:
            rows = self._worklist.query(WorklistQuery(tab=tab, offset=offset, limit=_ASKED)).rows
            free += [row for row in rows if self._may_be_next(row)]
            offset += _ASKED
            if len(rows) < _ASKED:
                break
        return free

    def take_next(self) -> None:
        """Claim the most urgent free case of the whole list and open it; a lost race goes on to the next one."""
        user = self.user_id
        if self._taking or self._view() is None:
            return
        self._taking = True
        tried: list[WorklistRow] = []

        def work(job: JobContext) -> WorklistRow | None:
            tried.extend(self.next_cases())
            return self._first_won(tried, user, job)

        def done(row: WorklistRow | None) -> None:
            self._taking = False
            self._taken = None
            self._notices.solved("act")
            self._refresh()
            view = self._view()
            if view is None:
                return
            if row is None and not tried:
                view.say(tr("No case is free to take."))
            elif row is None:
                view.say(tr("Others were faster; the list is being refreshed."))
            else:
                view.open_case(row, read_only=False)

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
        view = self._view()
        if view is not None:
            view.say(text)

    def _done(self, key: str, text: str) -> None:
        self._notices.solved(key)
        self._say(text)
        self._refresh()

    def _act_failed(self, key: str, what: str, act: Callable[[], object], error: Exception) -> None:
        self._notices.problem(key, error, act, what)
        self._refresh()


def _act_of(row: WorklistRow) -> str:
    """Return the key of the notice on what failed with a case; another case has one of its own."""
    return f"act {row.ups_instance_uid}"

"""What the worklist page shows: asks the hub, filters, keeps the answer; no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Final

from workstation.domain.access import Actor
from workstation.domain.errors import (
    WorkstationError,
)
from workstation.domain.ports import JobContext, WorklistPort
from workstation.domain.thumbnail import ThumbnailPort
from workstation.domain.workitem import (
    WorklistQuery,
    WorklistRow,
    WorklistTab,
)
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.ui.pages.preview_pictures import PreviewPictures
from workstation.ui.pages.worklist_acts import CaseActs
from workstation.ui.pages.worklist_notices import Notices
from workstation.ui.pages.worklist_view import ListState, WorklistView
from workstation.ui.widgets.worklist_cases import Cases, made_ready
from workstation.ui.widgets.worklist_merge import Merge
from workstation.ui.widgets.worklist_words import STOPPED

PAGE_LIMIT: Final = 10_000
_HOLD_RETURNED: Final = frozenset({WorklistTab.RETURNED, WorklistTab.ALL})


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer of the hub with everything that takes long over 10 000 cases, made in the job."""

    cases: Cases
    returned: tuple[WorklistRow, ...]
    """What was returned to whomever, where the tab does not show it and nothing else may be free to take"""
    passing: tuple[WorklistRow, ...]
    merge: Merge | None
    counts: dict[WorklistTab, int]
    modalities: frozenset[str]
    sites: dict[str, str]


class WorklistPresenter:
    """
    Between the worklist page and the hub.

    Args:
        transaction_uid: from user id and UPS Instance UID to the Transaction UID of the lock, the
            same function that opening a case uses.
        read_first: tells who sees what the AI found only after an own look.
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
        thumbnails: ThumbnailPort | None = None,
        read_first: Callable[[Actor], bool] = lambda _actor: False,
    ) -> None:
        self._worklist = worklist
        self._read_first = read_first
        self.pictures = PreviewPictures(thumbnails, jobs)
        self._jobs = jobs
        self._actor = actor
        self.now = now
        self.query = WorklistQuery(limit=PAGE_LIMIT)
        self._view: WorklistView | None = None
        self._cases = Cases()
        self._returned: tuple[WorklistRow, ...] = ()
        self._counts: dict[WorklistTab, int] = {}
        self._fetched: datetime | None = None
        self._fetched_for: WorklistQuery | None = None
        self._running: JobHandle[_Answer] | None = None
        self._modalities: set[str] = set()
        self._sites: dict[str, str] = {}
        self._notices = Notices(lambda: self._view)
        self.acts = CaseActs(
            worklist,
            jobs,
            self._notices,
            actor=actor,
            transaction_uid=transaction_uid,
            view=lambda: self._view,
            cases=lambda: chain(self._cases.rows, self._returned),
            counts=lambda: self._counts,
            refresh=self.refresh,
        )
        """What is done with single cases"""

    def attach(self, view: WorklistView) -> None:
        """Serve this page from now on; what is known is shown at once."""
        self._view = view
        if self._fetched is not None:
            view.show_list(self._state(), mark_new=False)

    def detach(self, view: WorklistView) -> None:
        """Stop serving a page that goes away; its successor may be served already."""
        if self._view is view:
            self._view = None

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
        if self._looks_first and self.query.with_ai_findings:
            # chosen before the role began to look first: a hidden filter would tell what the AI found
            self.query = replace(self.query, with_ai_findings=False)
        if self._running is not None:
            if self._fetched_for == self.query:
                return  # the same question is on its way
            self._running.cancel()
        query = self.query
        self._fetched_for = query
        if self._view is not None:
            self._view.show_busy(True)
        planner = self._view.planner() if self._view else None
        ask = _Asking(self._worklist, query, self._cases, planner, self.now(), looks_first=self._looks_first)
        self._running = self._jobs.submit(
            Pool.IO,
            ask,
            on_success=lambda answer: self._take(answer, query),
            on_error=self._refresh_failed,
        )

    def forget(self) -> None:
        """Drop every case: somebody else signs in."""
        self.pictures.forget()
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._cases, self._returned, self._counts, self._fetched = Cases(), (), {}, None
        self._notices.forget()
        self._modalities, self._sites = set(), {}
        self.query = WorklistQuery(limit=PAGE_LIMIT)
        self._show(mark_new=False)

    def _take(self, answer: _Answer, query: WorklistQuery) -> None:
        self._running = None
        first = self._fetched is None or not self._cases.rows
        self._cases, self._returned, self._counts = answer.cases, answer.returned, answer.counts
        self._fetched = self.now()
        self._modalities |= answer.modalities
        self._sites |= answer.sites
        if self._view is not None:
            self._view.show_busy(False)
            self._notices.line_is_back()
        if query == self.query:
            self._show(mark_new=not first, answer=answer)
        else:
            self._show(mark_new=False)

    def _refresh_failed(self, error: Exception) -> None:
        self._running = None
        if self._view is not None:
            self._view.show_busy(False)
        self._notices.problem("refresh", error)

    @property
    def _looks_first(self) -> bool:
        actor = self._actor()
        return actor is not None and self._read_first(actor)

    def _state(self, answer: _Answer | None = None) -> ListState:
        rows = answer.passing if answer is not None else self._cases.passing(self.query, self.now())
        merge = answer.merge if answer is not None else None
        sites = tuple(sorted(self._sites.items(), key=lambda item: item[1]))
        return ListState(
            rows,
            self._counts,
            self._fetched,
            self.query,
            tuple(sorted(self._modalities)),
            sites,
            merge,
            looks_first=self._looks_first,
        )

    def _show(self, *, mark_new: bool, answer: _Answer | None = None) -> None:
        if self._view is not None:
            self._view.show_list(self._state(answer), mark_new=mark_new)

    def tell_undelivered(self, error: WorkstationError, study_instance_uid: str = "") -> None:
        """Say on the list whose signed report did not arrive; it stays until somebody closes it."""
        names = (row.patient_name for row in self._cases.rows if row.study_instance_uid == study_instance_uid)
        self._notices.problem(f"undelivered {study_instance_uid}", error, None, next(names, "").strip())


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks the hub and makes the answer ready; runs in a job."""

    worklist: WorklistPort
    query: WorklistQuery
    before: Cases
    planner: Callable[[Sequence[WorklistRow]], Merge] | None
    today: datetime
    looks_first: bool

    def __call__(self, job: JobContext) -> _Answer:
        page = self.worklist.query(self.query)
        job.raise_if_cancelled()
        rows = [_withheld(row) for row in page.rows] if self.looks_first else page.rows
        cases = made_ready(rows, self.before)
        passing = cases.passing(self.query, self.today)
        return _Answer(
            cases,
            self._returned(page.counts),
            passing,
            self.planner(passing) if self.planner is not None else None,
            page.counts,
            frozenset(one for row in cases.rows for one in (row.modality, row.beneath) if one),
            {row.site_id: row.site_name for row in cases.rows if row.site_id},
        )

    def _returned(self, counts: Mapping[WorklistTab, int]) -> tuple[WorklistRow, ...]:
        """Ask whose the returned cases are where "Take next" depends on them; the hub counts those of all readers."""
        if self.query.tab in _HOLD_RETURNED or counts.get(WorklistTab.TO_READ) or not counts.get(WorklistTab.RETURNED):
            return ()
        return self.worklist.query(WorklistQuery(tab=WorklistTab.RETURNED, limit=PAGE_LIMIT)).rows


def _withheld(row: WorklistRow) -> WorklistRow:
    """Return a case that waits for a reader who looks first; once it is signed there is nothing to prejudge."""
    return row if row.state in STOPPED else replace(row, ai=replace(row.ai, withheld=True))

"""Opening a case in the background, and giving back what the reader has left before it was open."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Signal, SignalInstance

from resources.translation import language
from workstation.domain.access import Actor
from workstation.domain.errors import AlreadyClaimed, JobCancelled, WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.workitem import WorklistRow
from workstation.services.jobs import JobHandle, Pool
from workstation.services.reading_session import OpenedCase
from workstation.services.study_service import OpenCase, ReleaseCase
from workstation.ui.desk_jobs import DeskJobs

_log = logging.getLogger(__name__)


class CaseOpening(QObject):
    """Opens one case at a time: of several requests the last one counts."""

    begun = Signal(object)
    """``WorklistRow``"""
    refused = Signal(object, object)
    """``WorklistRow``, ``WorkstationError``: somebody else was faster, or the hub does not answer."""
    put_back = Signal(object)
    """``WorklistRow`` of a case that was claimed but left before it was open: it is free for others again."""
    kept = Signal(object)
    """``WorklistRow`` of a case that was left and stays under this reader's name."""

    def __init__(
        self,
        parent: QObject,
        open_case: OpenCase,
        release: ReleaseCase,
        jobs: DeskJobs,
        *,
        take: Callable[[OpenedCase, Actor], None],
        open_row: Callable[[], WorklistRow | None],
    ) -> None:
        """``take`` is given the case that came; ``open_row`` tells which case is open."""
        super().__init__(parent)
        self._open_case, self._release, self._jobs = open_case, release, jobs
        self._take, self._open_row = take, open_row
        self._awaited: WorklistRow | None = None
        self._fetching: list[tuple[WorklistRow, Actor, JobHandle[OpenedCase]]] = []
        self._putting_back: set[str] = set()
        self._after_putting_back: Callable[[], None] = lambda: None

    @property
    def is_running(self) -> bool:
        """Tell whether a case is on its way to being open."""
        return self._awaited is not None

    def begin(self, row: WorklistRow, actor: Actor, *, read_only: bool) -> None:
        """Open a case in the background."""
        self._awaited = row = replace(row)  # the object says which request an answer belongs to
        self.begun.emit(row)
        if row.ups_instance_uid not in self._putting_back:
            self._fetch(row, actor, read_only=read_only)
            return
        # the hub is just taking this case back: claim it again only after that
        self._after_putting_back = partial(self._fetch, row, actor, read_only=read_only)

    def cancel(self) -> None:
        """Wait for no case any more."""
        self._awaited = None

    def put_back_unopened(self) -> None:
        """
        Give back a case whose opening was cut short, so that it waits under nobody's name.

        Blocks until the opening has ended: run it off the main thread.
        """
        for row, actor, opening in self._fetching:
            # an opening that failed or never began holds nothing; without the hub the case stays under Mine
            with contextlib.suppress(WorkstationError, JobCancelled, CancelledError):
                case = opening.result()
                if case.claim is not None and row.reader_id != actor.user_id:
                    self._release(case.claim)

    def _fetch(self, row: WorklistRow, actor: Actor, *, read_only: bool) -> None:
        def work(_job: JobContext) -> OpenedCase:
            if self._awaited is not row:
                raise JobCancelled
            return self._open_case(row, actor, read_only=read_only, language=language())

        def arrived(case: OpenedCase) -> None:
            self._fetched(row)
            if self._awaited is row:
                self._awaited = None
                self._take(case, actor)
            else:
                self._leave(row, case, actor)

        opening = self._jobs.submit(Pool.IO, work, on_success=arrived, on_error=lambda error: self._refuse(row, error))
        self._fetching.append((row, actor, opening))

    def _fetched(self, row: WorklistRow) -> None:
        self._fetching = [one for one in self._fetching if one[0] is not row]

    def _leave(self, row: WorklistRow, case: OpenedCase, actor: Actor) -> None:
        """Give back a case that was claimed only for an opening that the reader has left since."""
        wanted = self._awaited or self._open_row()
        if case.claim is None or (wanted is not None and wanted.ups_instance_uid == row.ups_instance_uid):
            return
        if row.reader_id == actor.user_id:  # it was under this reader's name before, and may hold a draft
            self.kept.emit(row)
            return
        claim, ups = case.claim, row.ups_instance_uid
        self._putting_back.add(ups)

        def done(told: SignalInstance) -> None:
            self._putting_back.discard(ups)
            told.emit(row)
            if self._awaited is not None and self._awaited.ups_instance_uid == ups:
                self._after_putting_back()

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._release(claim),
            on_success=lambda _none: done(self.put_back),
            on_error=lambda _error: done(self.kept),
        )

    def _refuse(self, row: WorklistRow, error: Exception) -> None:
        self._fetched(row)
        is_awaited = self._awaited is row
        if is_awaited:
            self._awaited = None
        if not isinstance(error, WorkstationError):
            raise error
        if not is_awaited:
            return  # nobody waits for this case any more
        if isinstance(error, AlreadyClaimed):
            _log.info("claim lost: %s", row.ups_instance_uid)
        self.refused.emit(row, error)

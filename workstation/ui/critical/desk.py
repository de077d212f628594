"""The critical values that a signed-in person sees, on every page: fetched, counted down, acted on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.critical import CriticalSource, CriticalValue
from workstation.domain.critical_board import CallReport, CriticalBoard, CriticalNotice, PendingAct, Recognition
from workstation.domain.critical_policy import CriticalEntry, CriticalPolicy
from workstation.domain.errors import WorkstationError
from workstation.domain.ports import JobContext
from workstation.domain.workitem import WorklistRow
from workstation.services.critical_service import CriticalActs, with_pending
from workstation.services.jobs import JobRunner, Pool

POLL_MS: Final = 10_000
TICK_MS: Final = 1000


class CriticalDesk(QObject):
    """
    Belongs to one signed-in person; pages and the alarm listen to it.

    The clock is the hub's: its time when the board was read, plus what this machine's monotonic clock ran since.
    """

    changed = Signal()
    ticked = Signal()
    failed = Signal(object)
    """``WorkstationError`` of an act that only the hub can do, or that it refused"""

    def __init__(
        self,
        acts: CriticalActs,
        jobs: JobRunner,
        actor: Callable[[], Actor | None],
        *,
        default_policy: CriticalPolicy,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._acts = acts
        self._jobs = jobs
        self._actor = actor
        self._seconds = seconds
        self._fetching = self._again = self._stopped = self._is_lost = False
        self._read: CriticalBoard | None = None
        self._read_at_s = 0.0
        self._waiting: tuple[PendingAct, ...] = ()
        self._case: tuple[str, tuple[CriticalValue, ...]] = ("", ())
        self._row: WorklistRow | None = None
        self._rows: dict[str, WorklistRow] = {}
        self.policy = default_policy
        self._knows_policy = False
        self._told: set[str] = set()
        self._polls = QTimer(self)
        self._polls.setInterval(POLL_MS)
        self._polls.timeout.connect(self.refresh)
        self._ticks = QTimer(self)
        self._ticks.setInterval(TICK_MS)
        self._ticks.timeout.connect(self.ticked)

    def start(self) -> None:
        """Begin to look."""
        self._polls.start()
        self._ticks.start()
        self.refresh()

    def stop(self) -> None:
        """Look no more; late answers are dropped."""
        self._stopped = True
        self._polls.stop()
        self._ticks.stop()

    @property
    def is_fetching(self) -> bool:
        """Tell whether a round is under way."""
        return self._fetching

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        return self._actor()

    @property
    def may_notify(self) -> bool:
        """Tell whether this person recognises and calls."""
        actor = self._actor()
        return actor is not None and actor.may(Permission.NOTIFY_CRITICAL)

    @property
    def may_acknowledge(self) -> bool:
        """Tell whether this person acknowledges for the sending site."""
        actor = self._actor()
        return actor is not None and actor.may(Permission.ACKNOWLEDGE_CRITICAL)

    def may_dismiss(self, value: CriticalValue) -> bool:
        """Tell whether this person may take a value back: who recognised it, or a senior."""
        actor = self._actor()
        if actor is None or not self.may_notify:
            return False
        return actor.user_id == value.recognised_by.user_id or actor.may(Permission.SIGN_FINAL)

    def taken_back(self) -> tuple[CriticalNotice, ...]:
        """Return what this person recognised, somebody else dismissed and nobody has been told of here yet."""
        found = () if self._read is None else self._read.taken_back
        return tuple(notice for notice in found if notice.value.critical_uid not in self._told)

    def know_taken_back(self, critical_uid: str) -> None:
        """Take a dismissal as told; it is not shown again until the next sign-in."""
        self._told.add(critical_uid)
        self.changed.emit()

    def now(self) -> datetime:
        """Return the hub's time; before the first answer this machine's."""
        if self._read is None:
            return datetime.now(UTC)
        return self._read.at(self._seconds() - self._read_at_s)

    def notices(self) -> tuple[CriticalNotice, ...]:
        """Return what waits, the longest waiting first, with what the hub does not know yet."""
        actor = self._actor()
        if actor is None:
            return ()
        board = CriticalBoard(self.now(), () if self._read is None else self._read.notices)
        now = self._acts.clock.now()
        shown = with_pending(board, self._waiting, actor=actor, now=now, policy=self.policy, rows=self._rows)
        return tuple(notice for notice in shown.notices if notice.value.is_listed or notice.refused)

    def refusal(self, critical_uid: str) -> str:
        """Return why the hub did not take a recognition, empty where it did or has not been asked yet."""
        acts = (act for act in self._waiting if act.recognition is not None and act.critical_uid == critical_uid)
        return next((act.refused for act in acts), "")

    def values_of(self, study_instance_uid: str) -> tuple[CriticalValue, ...]:
        """Return every critical value known of a study, also closed and dismissed ones of the open case."""
        found = {value.critical_uid: value for value in self._case[1] if self._case[0] == study_instance_uid}
        for notice in self.notices():
            if notice.value.study_instance_uid == study_instance_uid:
                found[notice.value.critical_uid] = notice.value
        return tuple(sorted(found.values(), key=lambda value: value.recognised_at))

    def knows(self, study_instance_uid: str) -> bool:
        """Tell whether the hub has said what critical values this study has."""
        return self._case[0] == study_instance_uid

    def show_case(self, row: WorklistRow | None) -> None:
        """Look at the values of this case as well, None when no case is open."""
        self._row = row
        if row is not None:
            self._rows[row.study_instance_uid] = row
            self.refresh()

    def refresh(self) -> None:
        """Tell the hub what waits and ask it anew; one round at a time, a request meanwhile is answered after it."""
        actor = self._actor()
        if actor is None or self._stopped:
            return
        if self._fetching:
            self._again = True
            return
        self._fetching = True
        row, needs_policy = self._row, not self._knows_policy

        def work(_job: JobContext) -> _Round:
            told = self._acts.deliver(actor.user_id)
            waiting = self._acts.waiting(actor.user_id)
            try:
                policy = self._acts.hub.policy() if needs_policy else None
                board = self._acts.hub.board()
                values = () if row is None else self._acts.hub.of_case(row.ups_instance_uid).notices
            except WorkstationError:  # the next round comes by itself; what waits is shown all the same
                return _Round(waiting, told.refused)
            case = ("" if row is None else row.study_instance_uid, tuple(notice.value for notice in values))
            return _Round(waiting, told.refused, board, case, policy)

        self._jobs.submit(Pool.IO, work, on_success=self._take, on_error=self._lose)

    def recognise(
        self,
        row: WorklistRow,
        entry: CriticalEntry,
        text: str,
        source: CriticalSource = CriticalSource.READER,
        *,
        level: int = 1,
    ) -> None:
        """Start the clock: the recognition is on disk and shown at once, the hub hears of it as soon as it answers."""
        actor = self._actor()
        if actor is None:
            return
        self._rows[row.study_instance_uid] = row
        told = Recognition("", entry.key, text, source, level)
        self._keep(lambda: self._acts.recognise(row, actor, entry, told))

    def call(self, value: CriticalValue, report: CallReport) -> None:
        """Keep a call; it is on disk before the hub hears of it."""
        actor = self._actor()
        if actor is not None:
            self._keep(lambda: self._acts.call(value, actor, report))

    def acknowledge(self, value: CriticalValue, receiver: str, words: str) -> None:
        """Put the receiver's name and read-back to it, at the hub."""
        self._ask(lambda: self._acts.hub.acknowledge(value.critical_uid, receiver, words))

    def close_value(self, value: CriticalValue) -> None:
        """Close what was read back, at the hub; what it never took is let go with the record of its call."""
        if self.refusal(value.critical_uid):
            self._let_go(value, tr("read back: {words}", words=value.read_back_text))
            return
        self._ask(lambda: self._acts.hub.close(value.critical_uid))

    def dismiss(self, value: CriticalValue, reason: str) -> None:
        """Take back what is no critical value, at the hub; what it never took is let go of here."""
        if self.refusal(value.critical_uid):
            self._let_go(value, reason)
            return
        self._ask(lambda: self._acts.hub.dismiss(value.critical_uid, reason))

    def _keep(self, act: Callable[[], PendingAct]) -> None:
        def kept(one: PendingAct) -> None:
            self._waiting = (*self._waiting, one)
            self.changed.emit()
            self.refresh()

        self._jobs.submit(Pool.DB, lambda _job: act(), on_success=kept, on_error=self._tell)

    def _let_go(self, value: CriticalValue, reason: str) -> None:
        actor = self._actor()
        if actor is None:
            return

        def gone(_none: None) -> None:
            self._waiting = tuple(act for act in self._waiting if act.critical_uid != value.critical_uid)
            self.changed.emit()
            self.refresh()

        self._jobs.submit(
            Pool.IO,
            lambda _job: self._acts.let_go(value.critical_uid, actor, reason),
            on_success=gone,
            on_error=self._tell,
        )

    def _ask(self, act: Callable[[], CriticalValue]) -> None:
        def done(value: CriticalValue) -> None:
            if self._read is not None:
                others = (one for one in self._read.notices if one.value.critical_uid != value.critical_uid)
                mine = (
                    replace(one, value=value) for one in self._read.notices
                    if one.value.critical_uid == value.critical_uid
                )  # fmt: skip
                self._read = replace(self._read, notices=(*others, *mine))
                self.changed.emit()
            self.refresh()

        self._jobs.submit(Pool.IO, lambda _job: act(), on_success=done, on_error=self._tell)

    def _take(self, one: _Round) -> None:
        self._fetching = False
        if self._stopped:
            return
        self._waiting = one.waiting
        if one.board is not None:
            self._read, self._read_at_s, self._case = one.board, self._seconds(), one.case
        if one.policy is not None:
            self.policy, self._knows_policy = one.policy, True
        self.changed.emit()
        if one.refused:
            self.failed.emit(WorkstationError(one.refused))
        if self._again:
            self._again = False
            self.refresh()

    def _lose(self, error: Exception) -> None:
        self._fetching = self._again = False
        if not isinstance(error, WorkstationError):
            raise error
        if not self._is_lost and not self._stopped:  # said once, not every ten seconds
            self._is_lost = True
            self.failed.emit(error)

    def _tell(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if not self._stopped:
            self.failed.emit(error)


class _Round:
    """What one look at disk and hub brought."""

    def __init__(
        self,
        waiting: tuple[PendingAct, ...],
        refused: str,
        board: CriticalBoard | None = None,
        case: tuple[str, tuple[CriticalValue, ...]] = ("", ()),
        policy: CriticalPolicy | None = None,
    ) -> None:
        self.waiting = waiting
        self.refused = refused
        self.board = board
        self.case = case
        self.policy = policy

"""
Time stamps for reports that were delivered without one.

The hub lists them, every workstation whose person may sign tries: so it goes on after a restart, and where the signer
is away. The authority is asked with growing pauses for as long as it takes. Nothing is kept here: a crash after any
step leaves the report waiting in the hub's list, and whoever comes next finds what was stored already.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from resources.translation import tr
from workstation.dicom.objects.stamped_version import stamped_uid, stamped_version
from workstation.domain.access import Permission
from workstation.domain.errors import (
    IntegrityMismatch,
    NotPermitted,
    Refused,
    SignatureInvalid,
    TimeStampUnavailable,
    Unreachable,
    WorkstationError,
)
from workstation.domain.late_stamp import AwaitedStamp, LateStampPort
from workstation.domain.ports import Clock, JobContext, RetrievePort, SessionPort, StorePort
from workstation.domain.workitem import OutputReference

LOOK: Final = timedelta(minutes=1)
"""How often the hub is asked what waits."""
FIRST_RETRY: Final = timedelta(seconds=20)
LAST_RETRY: Final = timedelta(minutes=5)
MOST_A_ROUND: Final = 3
"""So many are stamped between two looks at the outbox (some 0.6 s each): a new report never waits behind a list."""
UNSTAMPABLE: Final = timedelta(hours=6)
"""So long a report is left alone that this workstation cannot stamp: another one may, or its lists change."""
_ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"


@dataclass(frozen=True, slots=True)
class StampRound:
    """What waits for its time stamp after one round, and how many got theirs in it."""

    stamped: int = 0
    waiting: tuple[AwaitedStamp, ...] = ()


@dataclass(slots=True)
class AddLateStamps:
    """One for each sign-in; a round does nothing while it is not due."""

    port: LateStampPort
    retrieve: RetrievePort
    store: StorePort
    session: SessionPort
    preserve: Callable[[bytes], bytes]
    """
    From the object around a PDF to that PDF with a time stamp, once all in it has been found to hold.

    Raises TimeStampUnavailable, SignatureInvalid.
    """
    clock: Clock
    first: Callable[[int], int] = random.randrange
    """Where in a list of so many a round begins: workstations that all begin at the top would do the same ones."""
    _due: datetime | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)
    _waiting: tuple[AwaitedStamp, ...] = field(default=(), init=False)
    _left_alone: dict[str, datetime] = field(default_factory=dict, init=False)
    _mismatched: set[str] = field(default_factory=set, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __call__(self, job: JobContext) -> StampRound:
        """Stamp what waits, as far as the authority answers. What fails is tried again; nothing is raised for it."""
        actor, now = self.session.actor, self.clock.now()
        is_early = self._due is not None and now < self._due <= now + LAST_RETRY  # a clock set back waits for nothing
        if actor is None or not actor.may(Permission.SIGN_FINAL) or is_early or not self._turn.acquire(blocking=False):
            return StampRound(0, self._waiting)
        try:
            return self._round(job, now)
        finally:
            self._turn.release()

    def _round(self, job: JobContext, now: datetime) -> StampRound:
        done: set[str] = set()
        is_silent = has_more = False
        try:
            self._waiting = tuple(self.port.awaited())
            open_ones = [one for one in self._waiting if self._left_alone.get(one.pdf_sop_instance_uid, now) <= now]
            begin = self.first(len(open_ones)) if open_ones else 0
            has_more = len(open_ones) > MOST_A_ROUND
            for one in (open_ones[begin:] + open_ones[:begin])[:MOST_A_ROUND]:
                job.raise_if_cancelled()
                if self._add(one, now):
                    done.add(one.pdf_sop_instance_uid)
        except NotPermitted:  # a role that changed meanwhile
            self._waiting = ()
        except WorkstationError:  # the authority or the hub is silent, or the session has ended
            is_silent = True
        self._failures = self._failures + 1 if is_silent else 0
        pause = min(LAST_RETRY, FIRST_RETRY * 2 ** min(self._failures - 1, 16)) if is_silent else LOOK
        self._due = now if has_more and not is_silent else now + pause
        self._waiting = tuple(one for one in self._waiting if one.pdf_sop_instance_uid not in done)
        return StampRound(len(done), self._waiting)

    def _add(self, one: AwaitedStamp, now: datetime) -> bool:
        """Tell whether the hub has taken the stamped version of a report."""
        try:
            self.port.stamped(one, self._stored(one) or self._made(one))
        except (TimeStampUnavailable, Unreachable, NotPermitted):
            raise
        except IntegrityMismatch:
            # once: another workstation stored its version first, the next round finds that; again: it is damaged
            if one.pdf_sop_instance_uid in self._mismatched:
                self._left_alone[one.pdf_sop_instance_uid] = now + UNSTAMPABLE
            self._mismatched.add(one.pdf_sop_instance_uid)
            return False
        except WorkstationError:  # of this report alone: a signature that holds no more, a refusal of the hub
            self._left_alone[one.pdf_sop_instance_uid] = now + UNSTAMPABLE
            return False
        return True

    def _stored(self, one: AwaitedStamp) -> OutputReference | None:
        """Return the stamped version that somebody stored, and could not tell the hub of."""
        version = _version(one.study_instance_uid, one.pdf_series_instance_uid, one.pdf_sop_instance_uid)
        return version if _is_held(self.retrieve, version) else None

    def _made(self, one: AwaitedStamp) -> OutputReference:
        first = self.retrieve.instance(one.study_instance_uid, one.pdf_series_instance_uid, one.pdf_sop_instance_uid)
        try:
            made = stamped_version(first, self.preserve(first))
        except ValueError as exc:
            raise SignatureInvalid(tr("The report could not be signed"), detail=type(exc).__name__) from exc
        (stored,) = self.store.store(one.study_instance_uid, [made])
        return stored


@dataclass(frozen=True, slots=True)
class StampedVersions:
    """
    Names the stamped versions of signed PDFs, for a note that rejects those.

    Also of one that still waits: another workstation may be about to store it.
    """

    port: LateStampPort
    retrieve: RetrievePort

    def __call__(self, signed: Sequence[OutputReference]) -> tuple[OutputReference, ...]:
        """Return those that are stored or awaited. Raises Unreachable, Refused, NotPermitted."""
        # the list first: what leaves it meanwhile is found in the archive
        awaited = {one.pdf_sop_instance_uid for one in self.port.awaited()}
        found = []
        for one in signed:
            if one.sop_class_uid == _ENCAPSULATED_PDF:
                version = _version(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
                if one.sop_instance_uid in awaited or self._is_there(version):
                    found.append(version)
        return tuple(found)

    def _is_there(self, version: OutputReference) -> bool:
        """Whether the archive holds something under its UID, whole or not."""
        try:
            return _is_held(self.retrieve, version)
        except IntegrityMismatch:
            return True


def _version(study: str, series: str, pdf: str) -> OutputReference:
    return OutputReference(study, series, _ENCAPSULATED_PDF, stamped_uid(pdf))


def _is_held(retrieve: RetrievePort, one: OutputReference) -> bool:
    try:
        retrieve.instance(one.study_instance_uid, one.series_instance_uid, one.sop_instance_uid)
    except Refused:
        return False
    return True

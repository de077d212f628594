"""The signer's own outbox, seen: what has not reached the hub, why, and how to let go of what never will."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, NotSignable, SourceError
from workstation.domain.late_stamp import AwaitedStamp
from workstation.domain.ports import AuditPort, Delivery, DraftPort, ReportPort
from workstation.domain.report import Report, ReportState
from workstation.services.delivery_service import unsigned

_WORDS = 80


class KeptDelivery(Delivery, Protocol):
    """A delivery with why its last attempt failed."""

    @property
    def reason(self) -> str:
        """Return it as it was shown; empty before the first attempt."""
        ...


class OutboxKeeper(Protocol):
    """The outbox as its owner sees it."""

    def pending(self) -> Sequence[KeptDelivery]:
        """Return deliveries not yet confirmed, oldest first."""
        ...

    def dropped(self, report_uid: str) -> None:
        """Let go of a delivery that was refused; any other stays."""
        ...

    def due_now(self, report_uid: str) -> None:
        """Let the next round try a delivery."""
        ...


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One signed report that is still on this machine; ``refused`` ones will hardly be taken as they are."""

    report_uid: str
    study_instance_uid: str
    signed_at: datetime
    words: str
    """The beginning of its conclusion, to know it by."""
    attempts: int
    reason: str
    refused: bool
    is_draft: bool = True
    """Whether the text of a refused one was made a draft again; else it goes once what holds it back is settled"""
    is_delivered: bool = False
    """Whether it has arrived and lacks nothing but its time stamp"""
    case: str = ""
    """Whose report it is, and of which day; empty where its objects do not tell"""


@dataclass(frozen=True, slots=True)
class OutboxDesk:
    """List, try again, let go."""

    outbox: OutboxKeeper
    drafts: DraftPort
    reports: ReportPort
    audit: AuditPort
    new_uid: Callable[[], str]
    reject: Callable[[Delivery, Actor], None]
    """Says in the archive that what lies there of a dropped report is not to be used (``RejectUntaken``)"""
    case_of: Callable[[Delivery], str] = lambda _delivery: ""
    """Reads from the signed objects whose they are: the report itself names nobody"""
    awaited: Callable[[], Sequence[AwaitedStamp]] = tuple
    """Asks the hub which delivered reports lack their time stamp, whoever signed them"""

    def entries(self, actor: Actor) -> tuple[OutboxEntry, ...]:
        """
        Return this person's signed reports that have not arrived, the refused ones first.

        Then what was delivered and lacks its time stamp, as far as the hub answers.
        """
        mine = [self._entry(one, actor) for one in self.outbox.pending() if _owner(one.report) == actor.user_id]
        mine.sort(key=lambda entry: (not entry.refused, entry.signed_at))
        with contextlib.suppress(SourceError, NotPermitted):
            mine += [_unstamped(one) for one in self.awaited()]
        return tuple(mine)

    def _entry(self, delivery: KeptDelivery, actor: Actor) -> OutboxEntry:
        study = delivery.report.study_instance_uid
        kept = not delivery.refused or self.drafts.load(study, actor.user_id) is not None
        return replace(_entry(delivery), is_draft=kept, case=self.case_of(delivery))

    def try_again(self, report_uid: str) -> None:
        """Let the next round try it, also where its pause is a day."""
        self.outbox.due_now(report_uid)

    def drop(self, report_uid: str, actor: Actor) -> None:
        """
        Let go of a refused report once its text is safe: in a draft, or signed anew at the hub.

        Where it is neither, it is made a draft now. The act is audited first, so without the hub nothing is
        dropped; nor while what lies in the archive of it could not be rejected. Raises NotSignable for what was not
        refused, DiskFull, Unreachable.
        """
        found = next((one for one in self.outbox.pending() if one.report.report_uid == report_uid), None)
        if found is None or _owner(found.report) != actor.user_id:
            return
        if not found.refused:
            raise NotSignable(
                tr("This report is still on its way"), hint=tr("Only what the hub refused can be dropped.")
            )
        report = found.report
        newest = self.reports.fetch(report.ups_instance_uid)
        signed_anew = newest is not None and newest.state is ReportState.FINAL
        if not signed_anew and self.drafts.load(report.study_instance_uid, actor.user_id) is None:
            self.drafts.save(unsigned(report, self.new_uid()))
        self.audit.record(
            AuditAction.DELIVERY_DROPPED, subject_uid=report.study_instance_uid, detail=f"report {report_uid}"
        )
        self.reject(found, actor)
        self.outbox.dropped(report_uid)


def _owner(report: Report) -> str:
    return (report.verifier or report.author).user_id


def _entry(delivery: KeptDelivery) -> OutboxEntry:
    report = delivery.report
    text = report.values.get("impression", "") or report.addendum or " ".join(report.values.values())
    return OutboxEntry(
        report_uid=report.report_uid,
        study_instance_uid=report.study_instance_uid,
        signed_at=report.signed_at or report.updated_at,
        words=" ".join(text.split())[:_WORDS],
        attempts=delivery.attempts,
        reason=delivery.reason,
        refused=delivery.refused,
    )


def _unstamped(awaited: AwaitedStamp) -> OutboxEntry:
    return OutboxEntry(
        report_uid=awaited.report_uid,
        study_instance_uid=awaited.study_instance_uid,
        signed_at=awaited.signed_at,
        words=f"{awaited.signer} · {awaited.words}" if awaited.words else awaited.signer,
        attempts=0,
        reason="",
        refused=False,
        is_delivered=True,
    )

"""What follows a signed report, and the history of a case: addendum, correction, cancelling, withdrawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from resources.translation import tr
from workstation.dicom.sr.structured_report import report_identity
from workstation.domain.access import Actor
from workstation.domain.errors import NoLongerUpdatable
from workstation.domain.ports import Clock, DraftPort, ReportPort, StorePort, WorklistPort
from workstation.domain.report import Person, Report
from workstation.domain.report_state import ReportKind, ReportState, WithdrawalCode
from workstation.domain.report_version import ReportVersion
from workstation.domain.study import Study
from workstation.domain.succession import successor
from workstation.domain.workflow_ports import WorkflowPort
from workstation.domain.workitem import Claim, OutputReference, WorklistRow

_ENHANCED_SR: Final = "1.2.840.10008.5.1.4.1.1.88.22"
_ENCAPSULATED_PDF: Final = "1.2.840.10008.5.1.4.1.1.104.1"


class RejectionNotes(Protocol):
    """Makes the DICOM object that says that others are not to be used."""

    def rejection_note(
        self, study: Study, rejected: tuple[OutputReference, ...], *, note: str, author: Person, language: str
    ) -> bytes:
        """Return a Key Object Selection titled Rejected for Patient Safety Reasons as Part 10 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class StartSuccessor:
    """
    Begin what follows a signed report.

    The draft is on disk before the case is opened, so that nothing but the hub's word is needed to go on.
    What this person wrote before is gone on with where it follows the same report in the same way; otherwise it
    is set aside, and the history shows it.
    """

    workflow: WorkflowPort
    worklist: WorklistPort
    drafts: DraftPort
    clock: Clock
    new_uid: Callable[[], str]
    transaction_uid: Callable[[str, str], str]
    """From user id and UPS Instance UID to the Transaction UID of the lock."""

    def __call__(self, row: WorklistRow, signed: Report, kind: ReportKind, reason: str, actor: Actor) -> WorklistRow:
        """Return the row of the locked workitem to open. Raises AlreadyClaimed, NoLongerUpdatable, DiskFull."""
        ups = self.new_uid()
        draft = successor(
            signed,
            kind,
            reason=reason,
            objects=signed_objects(signed),
            report_uid=self.new_uid(),
            ups_instance_uid=ups,
            author=Person(actor.user_id, actor.display_name, actor.site_name),
            at=self.clock.now(),
        )
        claim = Claim(ups, self.transaction_uid(actor.user_id, ups))
        former = self.drafts.load(signed.study_instance_uid, actor.user_id)
        self.workflow.revise(row.ups_instance_uid, kind, signed.report_uid, claim)
        if former is not None and _is_same_work(former, draft):
            draft = replace(
                former,
                report_uid=draft.report_uid,
                ups_instance_uid=ups,
                change_reason=reason.strip(),
                author=draft.author,
            )
        elif former is not None:
            self.drafts.set_aside(signed.study_instance_uid, actor.user_id)
        self.drafts.save(draft)
        return self.worklist.row(ups)


@dataclass(frozen=True, slots=True)
class CancelReport:
    """Give up a report before it is signed."""

    workflow: WorkflowPort
    drafts: DraftPort
    clock: Clock

    def __call__(self, report: Report, claim: Claim, reason: str, *, user_id: str) -> Report:
        """
        Cancel it with a reason that is not empty; its writer finds the text in the history, set aside.

        The hub keeps no text of a blind reading, so that this machine is the only place. Raises DiskFull
        before the hub is told, NoLongerUpdatable.
        """
        moved = report.moved(ReportState.CANCELLED, at=self.clock.now(), reason=reason)
        self.drafts.save(report)  # what was typed since the last pause is kept too
        stored = self.workflow.cancel(moved, claim, reason)
        self.drafts.set_aside(report.study_instance_uid, user_id)
        return stored


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """Declare a signed report to be of the wrong patient or study."""

    workflow: WorkflowPort
    reports: ReportPort
    store: StorePort
    notes: RejectionNotes
    stamped: Callable[[Sequence[OutputReference]], Sequence[OutputReference]]
    """From signed objects to the versions of them that got, or may get, their time stamp later"""

    def __call__(
        self, row: WorklistRow, study: Study, report: Report, code: WithdrawalCode, reason: str, actor: Actor
    ) -> Report:
        """
        Store a rejection note of every signed document of the study, also with a later time stamp; withdraw them.

        Raises NoLongerUpdatable before anything is stored when the report does not hold any more.
        """
        holding = self.reports.fetch(row.ups_instance_uid)
        if holding is None or holding.report_uid != report.report_uid:
            raise NoLongerUpdatable(
                tr("This report does not hold any more"),
                hint=tr("Open the case again to see which one does."),
                detail="withdraw",
            )
        history = self.workflow.versions(row.ups_instance_uid)
        rejected = tuple(
            dict.fromkeys(
                reference
                for version in history
                if version.report.state is ReportState.FINAL
                for reference in signed_objects(version.report)
            )
        )
        note = self.notes.rejection_note(
            study,
            (*rejected, *self.stamped(rejected)),
            note=reason,
            author=Person(actor.user_id, actor.display_name, actor.site_name),
            language=report.language,
        )
        outputs = self.store.store(study.study_instance_uid, [note])
        return self.workflow.withdraw(row.ups_instance_uid, report.report_uid, code, reason, outputs)


@dataclass(frozen=True, slots=True)
class ReportHistory:
    """The versions of a case, and what this person wrote that never became one."""

    workflow: WorkflowPort
    drafts: DraftPort

    def __call__(self, ups_instance_uid: str) -> tuple[ReportVersion, ...]:
        """Return every step of every document, oldest first. Raises Unreachable, Refused."""
        return self.workflow.versions(ups_instance_uid)

    def own(self, study_instance_uid: str, user_id: str) -> tuple[Report, ...]:
        """Return this person's drafts on this machine: what was set aside, then the newest. Raises Locked."""
        asides, draft = self.drafts.asides(study_instance_uid, user_id), self.drafts.load(study_instance_uid, user_id)
        return asides if draft is None else (*asides, draft)


def _is_same_work(former: Report, draft: Report) -> bool:
    before, now = former.predecessor, draft.predecessor
    follows = before is not None and now is not None and before.report_uid == now.report_uid
    return follows and former.kind is draft.kind and former.state is ReportState.DRAFTED


def signed_objects(report: Report) -> tuple[OutputReference, ...]:
    """Return the SR and the PDF of a signed document; their UIDs follow from the document alone."""
    as_signed = replace(report, state=ReportState.FINAL)
    return tuple(
        OutputReference(report.study_instance_uid, series, sop_class, sop)
        for kind, sop_class in (("report_sr", _ENHANCED_SR), ("report_pdf", _ENCAPSULATED_PDF))
        for series, sop in (report_identity(as_signed, kind),)
    )

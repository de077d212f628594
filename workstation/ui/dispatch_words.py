"""How the dispatch is told to people."""

from __future__ import annotations

from datetime import datetime

from resources.translation import tr
from workstation.domain.dispatch import Dispatch, DispatchState, RouteKind, TimelineEvent, TimelineStep
from workstation.domain.report_state import ReportKind, ReportStatus
from workstation.ui.critical.timeline_words import CRITICAL_STEPS, critical_detail, critical_words
from workstation.ui.widgets.worklist_words import modality_word


def state_words(state: DispatchState) -> tuple[str, str, str]:
    """Return word, chip kind and icon of a state."""
    return {
        DispatchState.WAITING: (tr("Waiting to be sent"), "acc", "time"),
        DispatchState.DELIVERED: (tr("Delivered"), "ok", "check-double"),
        DispatchState.DEAD: (tr("Not delivered"), "bad", "error-warning"),
        DispatchState.GIVEN_UP: (tr("Given up"), "neutral", "forbid"),
        DispatchState.SUPERSEDED: (tr("Outdated before it arrived"), "neutral", "check"),
    }[state]


def kind_words(kind: RouteKind) -> str:
    """Return how a route carries."""
    return {
        RouteKind.HL7: "HL7 v2 · MLLP",
        RouteKind.FHIR: "FHIR R4",
        RouteKind.C_STORE: "DICOM C-STORE",
        RouteKind.STOW: "DICOMweb STOW",
        RouteKind.FOLDER: tr("Folder"),
    }[kind]


def document_words(status: str) -> str:
    """Return what a document is."""
    return {
        ReportStatus.PRELIMINARY: tr("Preliminary report"),
        ReportStatus.FINAL: tr("Signed original"),
        ReportStatus.APPENDED: tr("Addendum"),
        ReportStatus.CORRECTED: tr("Corrected report"),
        ReportStatus.AMENDED: tr("Amended report"),
        ReportStatus.CANCELLED: tr("Cancellation"),
        ReportStatus.ENTERED_IN_ERROR: tr("Withdrawal"),
    }.get(ReportStatus(status), status)


def step_words(event: TimelineEvent) -> tuple[str, str, str]:
    """Return what happened in words, its colour token and its icon."""
    if event.step in CRITICAL_STEPS:
        return critical_words(event)
    route, who = event.route, event.who
    signed = {
        ReportKind.ADDENDUM.value: tr("Addendum signed by {name}", name=who),
        ReportKind.CORRECTED.value: tr("Correction signed by {name}", name=who),
        ReportKind.AMENDED.value: tr("Amendment signed by {name}", name=who),
    }.get(event.detail, tr("Signed by {name}", name=who))
    return {
        TimelineStep.SUBMITTED: (tr("Submitted by {name}", name=who), "t2", "upload"),
        TimelineStep.RETURNED: (tr("Sent back by {name}", name=who), "warn", "arrow-go-back"),
        TimelineStep.SIGNED: (signed, "ok", "quill-pen"),
        TimelineStep.STORED: (tr("Stored at the hub"), "ok", "database-2"),
        TimelineStep.QUEUED: (tr("To be sent to {route}", route=route), "t2", "time"),
        TimelineStep.FAILED: (tr("{route} did not take it yet", route=route), "warn", "refresh"),
        TimelineStep.DELIVERED: (tr("Received by {route}", route=route), "ok", "check-double"),
        TimelineStep.DEAD: (tr("{route} did not take it; the administrator was told", route=route), "bad",
                            "error-warning"),
        TimelineStep.SENT_AGAIN: (tr("Sent to {route} again by {name}", route=route, name=who), "t2", "refresh"),
        TimelineStep.GIVEN_UP: (tr("Not sent to {route}: {name}", route=route, name=who), "warn", "forbid"),
        TimelineStep.SUPERSEDED: (tr("Outdated, not sent to {route} any more", route=route), "t2", "arrow-right"),
        TimelineStep.UNSTAMPED: (tr("Taken without a time stamp; it is added later"), "warn", "timer"),
        TimelineStep.STAMPED: (tr("Time stamp added later, from the workstation of {name}", name=who), "ok", "timer"),
        TimelineStep.ACKNOWLEDGED: (tr("Acknowledged by {name}", name=who), "ok", "check"),
    }[event.step]  # fmt: skip


def shown_detail(event: TimelineEvent) -> str:
    """Return the reason of a failure, or what a critical value is; proofs and kinds are for machines."""
    if event.step in CRITICAL_STEPS:
        return critical_detail(event)
    reasons = {TimelineStep.FAILED, TimelineStep.DEAD, TimelineStep.GIVEN_UP}
    return event.detail if event.step in reasons else ""


def study_of(dispatch: Dispatch) -> tuple[str, ...]:
    """
    Return modality and day of the study, or the end of the report's UID where neither is known.

    Nobody is named: an administrator does not see patients (ADR 0031).
    """
    day = dispatch.studied.astimezone().strftime("%Y-%m-%d") if dispatch.studied is not None else ""
    return tuple(part for part in (modality_word(dispatch), day) if part) or (f"…{dispatch.report_uid[-8:]}",)


def moment(at: datetime) -> str:
    """Return day and time on this machine's clock."""
    return at.astimezone().strftime("%m-%d %H:%M")

"""Words for the report's way: kinds, statuses, steps, reasons. Called when shown."""

from __future__ import annotations

from datetime import datetime

from resources.translation import tr
from workstation.domain.report_state import ReportKind, ReportStatus, ReturnCode, WithdrawalCode
from workstation.domain.report_version import ReportVersion, VersionStep


def kind_words(kind: ReportKind) -> str:
    """Return what a document is to the one before it."""
    return {
        ReportKind.ORIGINAL: tr("Report"),
        ReportKind.ADDENDUM: tr("Addendum"),
        ReportKind.CORRECTED: tr("Corrected report"),
        ReportKind.AMENDED: tr("Amended report"),
    }[kind]


def status_words(status: ReportStatus) -> str:
    """Return state and kind of a document in one word."""
    return {
        ReportStatus.DRAFTED: tr("Draft"),
        ReportStatus.PRELIMINARY: tr("Preliminary"),
        ReportStatus.RETURNED: tr("Returned"),
        ReportStatus.FINAL: tr("Final"),
        ReportStatus.APPENDED: tr("Addendum"),
        ReportStatus.CORRECTED: tr("Corrected"),
        ReportStatus.AMENDED: tr("Amended"),
        ReportStatus.CANCELLED: tr("Cancelled"),
        ReportStatus.ENTERED_IN_ERROR: tr("Withdrawn"),
    }[status]


def step_words(step: VersionStep) -> str:
    """Return what brought a version about."""
    return {
        VersionStep.SUBMITTED: tr("submitted"),
        VersionStep.RETURNED: tr("sent back"),
        VersionStep.SIGNED: tr("signed"),
        VersionStep.CANCELLED: tr("cancelled"),
        VersionStep.WITHDRAWN: tr("withdrawn"),
    }[step]


def version_words(version: ReportVersion) -> str:
    """Return a version in one line: number, status, who did what, when."""
    return tr(
        "{number} · {status} · {step} by {who} · {time}",
        number=version.number,
        status=status_words(version.status),
        step=step_words(version.step),
        who=version.actor_name or "—",
        time=when(version.at),
    )


def return_words(code: ReturnCode) -> str:
    """Return why a report is sent back."""
    return {
        ReturnCode.SIDE_OR_PART: tr("Side or part"),
        ReturnCode.CONCLUSION: tr("Conclusion does not follow"),
        ReturnCode.MISSED: tr("Missed finding"),
        ReturnCode.MEASUREMENT: tr("Measurement"),
        ReturnCode.CATEGORY: tr("Category"),
        ReturnCode.INCOMPLETE: tr("Incomplete"),
        ReturnCode.WORDING: tr("Wording"),
        ReturnCode.CRITICAL: tr("Critical value"),
        ReturnCode.OTHER: tr("Other"),
    }[code]


def withdrawal_words(code: WithdrawalCode) -> str:
    """Return why nothing of a report holds."""
    return {
        WithdrawalCode.WRONG_PATIENT: tr("Wrong patient"),
        WithdrawalCode.WRONG_STUDY: tr("Wrong study"),
    }[code]


def when(at: datetime) -> str:
    """Return a time to the minute, in the zone of this machine."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")

"""Where a report stands: its states and kinds, and what each is called in DICOM, FHIR R4 and HL7 v2."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ReportState(StrEnum):
    """How far one document has come (ARCHITECTURE section 7)."""

    DRAFTED = "drafted"
    PRELIMINARY = "preliminary"
    RETURNED = "returned"
    FINAL = "final"
    CANCELLED = "cancelled"
    """Given up before it was signed."""
    ENTERED_IN_ERROR = "entered_in_error"
    """Signed, but of the wrong patient or study; nothing of it holds."""


class ReportKind(StrEnum):
    """What a document is to the one before it."""

    ORIGINAL = "original"
    ADDENDUM = "addendum"
    """Adds to a signed report, which goes on to hold."""
    CORRECTED = "corrected"
    """Takes the place of a signed report that had an error."""
    AMENDED = "amended"
    """Takes the place of a signed report whose interpretation has changed."""


CLOSED_STATES: Final = frozenset({ReportState.FINAL, ReportState.CANCELLED, ReportState.ENTERED_IN_ERROR})
"""States in which nobody writes in the document any more."""

ALLOWED_REPORT_TRANSITIONS: Final = {
    ReportState.DRAFTED: frozenset({ReportState.PRELIMINARY, ReportState.FINAL, ReportState.CANCELLED}),
    ReportState.PRELIMINARY: frozenset({ReportState.RETURNED, ReportState.FINAL, ReportState.CANCELLED}),
    ReportState.RETURNED: frozenset({ReportState.PRELIMINARY, ReportState.FINAL, ReportState.CANCELLED}),
    # what was signed never changes; that it is of the wrong patient is said about it, not in it
    ReportState.FINAL: frozenset({ReportState.ENTERED_IN_ERROR}),
    ReportState.CANCELLED: frozenset[ReportState](),
    ReportState.ENTERED_IN_ERROR: frozenset[ReportState](),
}


class ReportStatus(StrEnum):
    """State and kind in one word, as receivers are told; its values are the FHIR R4 codes where there is one."""

    DRAFTED = "drafted"
    PRELIMINARY = "preliminary"
    RETURNED = "returned"
    FINAL = "final"
    APPENDED = "appended"
    CORRECTED = "corrected"
    AMENDED = "amended"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"


@dataclass(frozen=True, slots=True)
class StatusCodes:
    """
    What receivers are told of a status; an empty code is never sent.

    *Source:* FHIR R4 ValueSet diagnostic-report-status; HL7 v2.5.1 tables 0123 (OBR-25) and 0085 (OBX-11).
    """

    fhir: str
    obr_25: str
    obx_11: str


STATUS_CODES: Final = {
    ReportStatus.DRAFTED: StatusCodes("", "", ""),
    ReportStatus.PRELIMINARY: StatusCodes("preliminary", "P", "P"),
    ReportStatus.RETURNED: StatusCodes("preliminary", "P", "P"),
    ReportStatus.FINAL: StatusCodes("final", "F", "F"),
    ReportStatus.APPENDED: StatusCodes("appended", "C", "C"),
    ReportStatus.CORRECTED: StatusCodes("corrected", "C", "C"),
    ReportStatus.AMENDED: StatusCodes("amended", "C", "C"),
    ReportStatus.CANCELLED: StatusCodes("cancelled", "X", "X"),
    ReportStatus.ENTERED_IN_ERROR: StatusCodes("entered-in-error", "X", "W"),
}

_SIGNED_AS: Final = {
    ReportKind.ORIGINAL: ReportStatus.FINAL,
    ReportKind.ADDENDUM: ReportStatus.APPENDED,
    ReportKind.CORRECTED: ReportStatus.CORRECTED,
    ReportKind.AMENDED: ReportStatus.AMENDED,
}
_OTHERS: Final = {
    ReportState.DRAFTED: ReportStatus.DRAFTED,
    ReportState.PRELIMINARY: ReportStatus.PRELIMINARY,
    ReportState.RETURNED: ReportStatus.RETURNED,
    ReportState.CANCELLED: ReportStatus.CANCELLED,
    ReportState.ENTERED_IN_ERROR: ReportStatus.ENTERED_IN_ERROR,
}


def status_of(state: ReportState, kind: ReportKind) -> ReportStatus:
    """Return state and kind of a document in one word."""
    return _SIGNED_AS[kind] if state is ReportState.FINAL else _OTHERS[state]


class ReturnCode(StrEnum):
    """Why a senior sends a report back; counted for quality, and named to the author."""

    SIDE_OR_PART = "side_or_part"
    CONCLUSION = "conclusion"
    """The conclusion does not follow from the findings."""
    MISSED = "missed"
    MEASUREMENT = "measurement"
    CATEGORY = "category"
    INCOMPLETE = "incomplete"
    WORDING = "wording"
    CRITICAL = "critical"
    """A critical value was not reported as one."""
    OTHER = "other"


class WithdrawalCode(StrEnum):
    """Why nothing of a signed report holds."""

    WRONG_PATIENT = "wrong_patient"
    WRONG_STUDY = "wrong_study"

"""
UPS workitems, their state table and what the worklist shows of them.

Sources: PS3.4 Table CC.1.1-2 (states), CID 9231 (workitem codes), PS3.3 C.30.2 (priority).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class ProcedureStepState(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


ALLOWED_TRANSITIONS: Final = {  # PS3.4 CC.1.1: SCHEDULED never goes straight to CANCELED
    ProcedureStepState.SCHEDULED: frozenset({ProcedureStepState.IN_PROGRESS}),
    ProcedureStepState.IN_PROGRESS: frozenset({ProcedureStepState.COMPLETED, ProcedureStepState.CANCELED}),
    ProcedureStepState.COMPLETED: frozenset[ProcedureStepState](),
    ProcedureStepState.CANCELED: frozenset[ProcedureStepState](),
}


class Priority(StrEnum):
    """Scheduled Procedure Step Priority (0074,1200); HIGH is shown as STAT, MEDIUM as urgent."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class WorkitemCode(StrEnum):
    """Scheduled Workitem Code (DCM, CID 9231) of the steps this product schedules."""

    COMPUTER_AIDED_DETECTION = "110004"
    INTERPRETATION = "110005"
    REPORT_VERIFICATION = "110007"


class ReadingState(StrEnum):
    """Where a case stands on the worklist (CLINICAL A7)."""

    RECEIVING = "receiving"
    AI_RUNNING = "ai_running"
    AI_FAILED = "ai_failed"
    PRECHECK = "precheck"
    READY = "ready"
    READING = "reading"
    PRELIMINARY = "preliminary"
    RETURNED = "returned"
    FINAL = "final"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"


class WorklistTab(StrEnum):
    """The tabs of the worklist page."""

    TO_READ = "to_read"
    MINE = "mine"
    TO_REVIEW = "to_review"
    RETURNED = "returned"
    SIGNED = "signed"
    CRITICAL = "critical"
    ALL = "all"


class AiState(StrEnum):
    """What the pre-read of a case has come to."""

    NOT_APPLICABLE = "not_applicable"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AiSummary:
    """
    The pre-read in one table cell; ``top_out_of_ten`` is the calibrated best mark as "x of 10".

    ``withheld`` keeps from a reader who looks first what was found, not that it is done (ADR 0022).
    """

    state: AiState
    finding_count: int = 0
    top_out_of_ten: int | None = None
    progress: float = 0.0
    queue_position: int | None = None
    withheld: bool = False

    @property
    def tells_marks(self) -> bool:
        """Tell whether there are marks whose number may be shown."""
        return self.state is AiState.DONE and self.finding_count > 0 and not self.withheld


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """
    One case on the worklist.

    ``ups_instance_uid`` names the workitem that a claim locks: the interpretation (110005), or
    the report verification (110007) once a preliminary report waits for a senior.
    Times are timezone-aware UTC.
    """

    ups_instance_uid: str
    study_instance_uid: str
    workitem_code: WorkitemCode
    state: ReadingState
    priority: Priority
    patient_name: str
    patient_id: str
    sex: str
    birth_date: str
    accession_number: str
    modality: str
    description: str
    site_id: str
    site_name: str
    due: datetime
    studied: datetime | None
    arrived: datetime
    images_received: int
    images_expected: int
    ai: AiSummary
    reader_id: str = ""
    reader_name: str = ""
    clinical_question: str = ""
    prior_count: int = 0
    critical: bool = False
    quality_grade: str = ""
    pinyin_initials: str = ""
    revision: int = 0
    """Grows with every change of the case; a client refreshes only rows that moved."""
    critical_due: datetime | None = None
    """When the next critical value must be read back, None once every one was."""
    beneath: str = ""
    """What lies beneath a PET in the same study, CT or MR; empty for a study of another kind"""


@dataclass(frozen=True, slots=True)
class WorklistQuery:
    """Which cases to show. Empty values do not filter."""

    tab: WorklistTab = WorklistTab.TO_READ
    text: str = ""
    modality: str = ""
    site_id: str = ""
    today_only: bool = False
    with_ai_findings: bool = False
    offset: int = 0
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """A page of cases and how many match in every tab."""

    rows: tuple[WorklistRow, ...]
    total: int
    counts: dict[WorklistTab, int]


@dataclass(frozen=True, slots=True)
class OutputReference:
    """A composite instance that a workitem produced (Output Information Sequence)."""

    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A won claim: the workitem and the Transaction UID that locks it."""

    ups_instance_uid: str
    transaction_uid: str

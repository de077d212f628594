"""Sites of the alliance and the reading request a technician makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from workstation.domain.mutual_recognition import RepeatReason
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.workitem import Priority

DEFAULT_DUE: Final = {  # one hospital's TAT table (CLINICAL B9, V2): editable policy, not a norm
    Priority.HIGH: timedelta(minutes=30),
    Priority.MEDIUM: timedelta(hours=2),
    Priority.LOW: timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital that sends studies."""

    site_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadingRequest:
    """What the technician asks for with a study."""

    study_instance_uid: str
    priority: Priority = Priority.LOW
    clinical_question: str = ""
    expected_instances: int = 0
    repeat: RepeatReason | None = None
    """Why the exam is repeated though a recognised result exists; None where none does"""


@dataclass(frozen=True, slots=True)
class SendProgress:
    """How far a send has come; ``already_there`` instances did not travel again."""

    total: int
    sent: int
    already_there: int
    failed: int
    bytes_sent: int
    verified: bool = False
    waiting_s: float = 0.0
    """Seconds until a dead line is tried again, 0 while it works"""


@dataclass(frozen=True, slots=True)
class ReturnedReport:
    """A signed report in the sender's inbox."""

    study_instance_uid: str
    ups_instance_uid: str
    patient_name: str
    description: str
    modality: str
    signed_at: str
    signer: str
    summary: str
    report_sop_instance_uid: str
    pdf_sop_instance_uid: str
    pdf_series_instance_uid: str
    acknowledged_at: str = ""
    acknowledged_by: str = ""
    critical: bool = False
    report_uid: str = ""
    kind: ReportKind = ReportKind.ORIGINAL
    change_reason: str = ""
    """Why it follows another report"""
    superseded_by: str = ""
    """UPS Instance UID of the report that followed it, empty while it holds"""
    withdrawn_code: WithdrawalCode | None = None
    withdrawn_reason: str = ""
    """Why nothing of it holds, in the words of who withdrew it; empty while it holds"""
    accession_number: str = ""
    studied: str = ""
    """When the exam was made, ISO 8601 UTC; empty where its images do not say"""
    beneath: str = ""
    """What lies beneath a PET in the same study, CT or MR"""
    patient_id: str = ""
    """The patient's ID in the images of the study, empty where they name none"""

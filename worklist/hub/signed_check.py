"""
The hub checks what it takes as signed: whole, by the person who sends it, and of the report that it is sent as.

Judging costs some tenths of a second: it is done before the transaction that takes the report, never under its
locks, and in a thread of the request. What it judged cannot change until then: stored objects are never replaced.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from worklist.hub.archive import Archive, InstanceKey
from worklist.hub.context import HubContext
from worklist.hub.errors import Incomplete, SignatureRefused
from worklist.hub.instance_tables import dicom_instances
from worklist.hub.report_rows import ENCAPSULATED_PDF
from worklist.hub.tables import reports
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.report import Report, ReportState
from workstation.domain.signed_judging import LARGEST_JUDGED_BYTES, JudgedReport, ReportJudge, SignedFault
from workstation.domain.workitem import OutputReference

log = logging.getLogger(__name__)

_WERE_SIGNED: Final = (ReportState.FINAL.value, ReportState.ENTERED_IN_ERROR.value)
UNJUDGED: Final = JudgedReport(detail="not judged")
_TOO_LARGE: Final = JudgedReport(SignedFault.UNREADABLE, "too large to be judged")


def told_of(judged: JudgedReport) -> str:
    """Return what the audit trail keeps of a judgement, empty where nobody judged."""
    if judged is UNJUDGED:
        return ""
    return ", signature and chain checked" if judged.is_chain_checked else ", signature checked, its chain is not known"


@dataclass(frozen=True, slots=True)
class _Content:
    """A file that is read only where its ``size`` in bytes lets it be judged."""

    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class SignedCheck:
    """Asks the judge of signatures; a hub that was given none takes what it is sent, as the first versions did."""

    context: HubContext
    archive: Archive
    judge: ReportJudge | None = None

    def __call__(self, actor: Actor, report: Report, outputs: Sequence[OutputReference]) -> JudgedReport:
        """
        Return what holds of the signature.

        What is not stored, or was taken already, is not judged: whether that is right is said elsewhere. Raises
        SignatureRefused.
        """
        pdf = next((one for one in outputs if one.sop_class_uid == ENCAPSULATED_PDF), None)
        if self.judge is None or pdf is None:
            return UNJUDGED
        table = dicom_instances.c
        with self.context.read() as connection:
            state = connection.execute(select(reports.c.state).where(reports.c.report_uid == report.report_uid))
            if state.scalar_one_or_none() in _WERE_SIGNED:
                return UNJUDGED
            query = select(table.sop_instance_uid, table.series_instance_uid, table.digest, table.size).where(
                table.study_instance_uid == report.study_instance_uid,
                table.sop_instance_uid.in_([one.sop_instance_uid for one in outputs]),
            )
            stored = {row.sop_instance_uid: row for row in connection.execute(query)}
        if pdf.sop_instance_uid not in stored:
            return UNJUDGED
        row = stored.pop(pdf.sop_instance_uid)
        key = InstanceKey(report.study_instance_uid, row.series_instance_uid, row.sop_instance_uid, row.digest)
        digests = {uid: other.digest for uid, other in stored.items()}
        return self._judged(actor, actor, report, _Content(row.size, lambda: self.archive.read(key)), digests)

    def judged(self, actor: Actor, signer: Actor, report: Report, stored: OutputReference) -> JudgedReport:
        """
        Return what holds of one stored object around a report's PDF that ``signer`` signed and ``actor`` sends.

        Raises SignatureRefused, also where the hub was given no judge.
        """
        table = dicom_instances.c
        with self.context.read() as connection:
            query = select(table.digest, table.size).where(table.sop_instance_uid == stored.sop_instance_uid)
            known = connection.execute(query).first()
        digest, size = known or ("", 0)
        key = InstanceKey(report.study_instance_uid, stored.series_instance_uid, stored.sop_instance_uid, digest)
        return self._judged(actor, signer, report, _Content(size, lambda: self.archive.read(key)), {})

    def judged_file(self, actor: Actor, signer: Actor, report: Report, pdf_object: Path) -> JudgedReport:
        """Return the same of an object that is not stored yet. Raises SignatureRefused."""
        return self._judged(actor, signer, report, _Content(pdf_object.stat().st_size, pdf_object.read_bytes), {})

    def _judged(
        self, actor: Actor, signer: Actor, report: Report, pdf_object: _Content, digests: Mapping[str, str]
    ) -> JudgedReport:
        if self.judge is None:
            raise SignatureRefused("this hub judges no signatures", fault="unreadable")
        is_too_large = pdf_object.size > LARGEST_JUDGED_BYTES
        judged = _TOO_LARGE if is_too_large else self.judge(pdf_object.read(), digests, report, signer)
        if judged.fault is None:
            return judged
        log.info("a signed report is refused: %s: %s", judged.fault, judged.detail)
        raise self.refused(actor, report.study_instance_uid, report.report_uid, judged.fault)

    def refused(
        self, actor: Actor, study_instance_uid: str, report_uid: str, fault: SignedFault, words: str = ""
    ) -> SignatureRefused:
        """Write into the audit trail that something is not taken as signed; return what is to be raised."""
        self.context.audit.record(
            None,
            actor,
            AuditAction.SIGNATURE_FAILED,
            subject_uid=study_instance_uid,
            outcome=4,
            detail=f"report {report_uid[:64]}: {words or fault}",
        )
        return SignatureRefused(f"the signature is refused: {words or fault}", fault=fault.value)

    def require_judged(self, judged: JudgedReport) -> None:
        """Refuse what was stored only after it was asked for: it is judged when it is sent again. Raises Incomplete."""
        if self.judge is not None and judged is UNJUDGED:
            raise Incomplete("the outputs were stored too late to be judged")

"""A report's PDF leaves the workstation, as a file or on a printer: the signed one exactly as it was signed."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from resources.translation import tr
from workstation.domain.audit import AuditAction
from workstation.domain.errors import DiskFull, SignatureInvalid, SourceError, StorageError, WorkstationError
from workstation.domain.ports import AuditPort, Delivery, RetrievePort, VerifierPort
from workstation.domain.report import Report
from workstation.domain.signature import Verdict
from workstation.services.report_workflow import signed_objects

_LONGEST_PART: Final = 48
_ARTEFACT: Final = "report.pdf.dcm"
_KIND: Final = "report_pdf"


@dataclass(frozen=True, slots=True)
class Paper:
    """A report as PDF; ``name`` is the proposed file name without its ending."""

    pdf: bytes
    study_instance_uid: str
    name: str
    signed: bool


def paper_name(accession_number: str, study_date: str, *, signed: bool) -> str:
    """
    Return a file name without ending that every system takes and that does not name the patient.

    ``study_date`` is ``YYYYMMDD``. An unsigned report is called so.
    """
    parts = (_plain(accession_number), _plain(study_date), tr("report") if signed else tr("report-NOT-SIGNED"))
    return "_".join(part for part in parts if part)


def _plain(text: str) -> str:
    """Return letters, digits and dashes only: no path, no device name, nothing that is invisible."""
    kept = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in text.strip())
    return kept.strip("-_")[:_LONGEST_PART]


@dataclass(frozen=True, slots=True)
class SignedPaper:
    """Fetches the signed PDF of a report, from the hub or from what still waits here to be delivered."""

    retrieve: RetrievePort
    waiting: Callable[[], Sequence[Delivery]]
    verifier: VerifierPort
    pdf_in: Callable[[bytes], bytes]
    """Takes the PDF out of an Encapsulated PDF object; raises DecodeError."""

    def __call__(self, report: Report) -> bytes:
        """Return the PDF unchanged. Raises SignatureInvalid where its signature does not hold, SourceError."""
        part10 = self._part10(report)
        found = self.verifier.verify_bytes(_ARTEFACT, part10)
        if found.verdict is not Verdict.VALID:
            raise SignatureInvalid(
                tr("The signature of this report cannot be confirmed: it is neither saved nor printed"),
                hint=found.explanation,
                detail=f"paper {found.verdict}",
            )
        return self.pdf_in(part10)

    def _part10(self, report: Report) -> bytes:
        waiting: Sequence[Delivery] = ()
        with contextlib.suppress(StorageError):  # a damaged outbox is told elsewhere; the hub may have the report
            waiting = self.waiting()
        for delivery in waiting:
            if delivery.report.report_uid == report.report_uid:
                for artefact in delivery.artefacts:
                    if artefact.kind == _KIND:
                        return artefact.payload
        _sr, pdf = signed_objects(report)
        return self.retrieve.instance(pdf.study_instance_uid, pdf.series_instance_uid, pdf.sop_instance_uid)


@dataclass(frozen=True, slots=True)
class TakePaperOut:
    """
    Saves and prints; both are in the audit trail before they happen.

    ``write(path, content)`` replaces a file as a whole or leaves what was there.
    """

    audit: AuditPort
    write: Callable[[Path, bytes], object]

    def save(self, paper: Paper, path: Path) -> None:
        """Write the file. Raises DiskFull, StorageError, and whatever keeps the act from being recorded."""
        self._recorded(AuditAction.REPORT_SAVED, paper, lambda: self._write(paper, path))

    def print(self, paper: Paper, work: Callable[[], None]) -> None:
        """Do the printing. Raises what it raises, and whatever keeps the act from being recorded."""
        self._recorded(AuditAction.REPORT_PRINTED, paper, work)

    def _recorded(self, action: AuditAction, paper: Paper, work: Callable[[], None]) -> None:
        digest = hashlib.sha256(paper.pdf).hexdigest()
        detail = f"{'signed' if paper.signed else 'not signed'} sha256:{digest}"
        self.audit.record(action, subject_uid=paper.study_instance_uid, detail=detail)
        try:
            work()
        except WorkstationError:
            with contextlib.suppress(SourceError):  # the failure itself is what the person must be told
                self.audit.record(action, subject_uid=paper.study_instance_uid, outcome=4, detail=detail)
            raise

    def _write(self, paper: Paper, path: Path) -> None:
        try:
            self.write(path, paper.pdf)
        except DiskFull as exc:
            raise DiskFull(
                tr("The PDF was not saved: this disk is full"),
                hint=tr("Free some space or choose another disk. The report itself is safe."),
                detail=exc.detail,
            ) from exc
        except StorageError as exc:
            raise StorageError(
                tr("The PDF was not saved: this folder takes no files"),
                hint=tr("Choose another folder, such as the desktop or your documents. The report itself is safe."),
                detail=exc.detail,
            ) from exc

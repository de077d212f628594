"""Drafting, submitting and returning reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from resources.categories import scheme_name
from resources.translation import language, tr
from workstation.dicom.sr import report_words
from workstation.dicom.sr.common import unstorable_id_hint
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotSignable
from workstation.domain.finding import Finding, FindingList
from workstation.domain.norm.values import CRITICAL_RULES
from workstation.domain.ports import AuditPort, Clock, DraftPort, ReportPort
from workstation.domain.report import Blocker, BlockerKind, Report, ReportKind, ReportState, signing_blockers
from workstation.domain.report_state import ReturnCode
from workstation.domain.study import Study
from workstation.domain.template import FieldType, ReportTemplate
from workstation.domain.told_fields import is_storable_id
from workstation.domain.workitem import Claim
from workstation.services.comparison_field import COMPARISON

_LONGEST_DETAIL: Final = 500


@dataclass(frozen=True, slots=True)
class SaveDraft:
    """Put the draft safely on disk; called at every pause."""

    drafts: DraftPort

    def __call__(self, report: Report) -> None:
        """Save; raises DiskFull and Locked, and then the former draft is still there."""
        if report.state is not ReportState.FINAL:
            self.drafts.save(report)


@dataclass(frozen=True, slots=True)
class SubmitPreliminary:
    """A junior hands the report to a senior."""

    reports: ReportPort
    drafts: DraftPort
    audit: AuditPort
    clock: Clock

    def __call__(self, report: Report, template: ReportTemplate, claim: Claim, *, submitter: str) -> Report:
        """Submit a complete report and drop the submitter's draft; raises NotSignable with what is missing."""
        require_complete(report, template)
        stored = self.reports.submit(report.moved(ReportState.PRELIMINARY, at=self.clock.now()), claim)
        RecordDecisions(self.audit)(stored)
        self.drafts.discard(report.study_instance_uid, submitter)
        return stored


@dataclass(frozen=True, slots=True)
class SendReportBack:
    """A senior returns a preliminary report to its author."""

    reports: ReportPort
    clock: Clock

    def __call__(self, report: Report, claim: Claim, reason: str, codes: tuple[ReturnCode, ...] = ()) -> Report:
        """Return it with a reason that is not empty, coded where a code fits."""
        moved = report.moved(ReportState.RETURNED, at=self.clock.now(), reason=reason, codes=codes)
        return self.reports.send_back(moved, claim, reason)


@dataclass(frozen=True, slots=True)
class RevealAi:
    """Record that a reader who reads first has looked and is now shown the AI."""

    audit: AuditPort

    def __call__(self, report: Report) -> None:
        """Write how many findings of the reader's own stood before; a failure leaves the AI hidden."""
        own = sum(finding.original is None for finding in report.findings.findings)
        self.audit.record(
            AuditAction.AI_REVEALED,
            subject_uid=report.study_instance_uid,
            detail=f"{own} own findings before {len(report.findings.undecided)} AI marks were shown",
        )


@dataclass(frozen=True, slots=True)
class RecordDecisions:
    """
    Audit what became of the AI marks, and which faults of the norm gate the signer answers for.

    One event for each mark, one for marks that were rejected together, one for each fault with its reason.
    """

    audit: AuditPort

    def __call__(self, report: Report) -> None:
        """Write tracking UID, decision and reason of each finding that the reader was shown."""
        if report.kind is ReportKind.ADDENDUM:
            return  # it decides nothing: what it repeats was recorded when it was decided
        together: dict[str, list[Finding]] = {}
        for finding in report.findings.visible:
            if finding.batch:
                together.setdefault(finding.batch, []).append(finding)
                continue
            reason = f" {finding.reject_reason}" if finding.reject_reason else ""
            self.audit.record(
                AuditAction.FINDING_DECIDED,
                subject_uid=report.study_instance_uid,
                detail=f"{finding.tracking_uid} {finding.decision}{reason}",
            )
        for batch in together.values():
            numbers = " ".join(str(finding.number) for finding in batch)
            self.audit.record(
                AuditAction.FINDING_DECIDED,
                subject_uid=report.study_instance_uid,
                detail=f"marks {numbers} rejected together {batch[0].reject_reason}",
            )
        for override in report.norm_overrides:
            is_critical = override.rule in CRITICAL_RULES
            self.audit.record(
                AuditAction.CRITICAL_OVERRIDDEN if is_critical else AuditAction.NORM_OVERRIDDEN,
                subject_uid=report.study_instance_uid,
                detail=f"{override.rule} {override.target} by {override.by}: {override.reason}"[:_LONGEST_DETAIL],
            )
        below = len(report.findings.below)
        if below:
            point = report.findings.operating_point or "default"
            self.audit.record(
                AuditAction.FINDING_DECIDED,
                subject_uid=report.study_instance_uid,
                detail=f"{below} marks not shown at the operating point {point}",
            )


def require_complete(report: Report, template: ReportTemplate) -> None:
    """Raise NotSignable listing everything that blocks the report."""
    blockers = signing_blockers(report, template)
    if blockers:
        lines = [describe_blocker(blocker, report, template) for blocker in blockers]
        raise NotSignable(
            tr("Cannot sign yet: {reasons}", reasons="; ".join(lines)),
            hint=tr("Decide every AI mark and fill the fields marked with *."),
        )


def open_blockers(report: Report, template: ReportTemplate, study: Study) -> tuple[Blocker, ...]:
    """Return what keeps a report about these images from being signed; first what no reader can mend."""
    unstorable = not is_storable_id(study.patient.patient_id)
    patient = (Blocker(BlockerKind.UNSTORABLE_PATIENT, ""),) if unstorable else ()
    return (*patient, *signing_blockers(report, template))


def require_storable(study: Study) -> None:
    """Raise NotSignable where no document can name the patient of the images: cut, the ID would be someone else's."""
    if not is_storable_id(study.patient.patient_id):
        raise NotSignable(
            tr("Cannot sign yet: {reasons}", reasons=_fixed_sentences()[BlockerKind.UNSTORABLE_PATIENT]),
            hint=unstorable_id_hint(),
        )


def describe_blocker(blocker: Blocker, report: Report, template: ReportTemplate) -> str:
    """Return one blocker as a sentence for the reader."""
    fixed = _fixed_sentences().get(blocker.kind)
    if fixed is not None:
        return fixed
    if blocker.kind is BlockerKind.UNDECIDED_FINDING:
        return tr("AI mark {number} is undecided", number=report.findings.get(blocker.target).number)
    if blocker.kind is BlockerKind.RESEARCH_MARK:
        return tr(
            "AI mark {number} comes from a research model and cannot be reported",
            number=report.findings.get(blocker.target).number,
        )
    if blocker.kind is BlockerKind.NO_CATEGORY:
        return tr("The category is missing ({schemes})", schemes=", ".join(_schemes(template)))
    label = template.field(blocker.target).label.get(language())
    if blocker.kind is BlockerKind.OUT_OF_RANGE:
        return tr("{field} is not a number in its range", field=label)
    return tr("{field} is empty", field=label)


def _fixed_sentences() -> dict[BlockerKind, str]:
    return {
        BlockerKind.AI_NOT_SEEN: tr("The AI marks have not been looked at"),
        BlockerKind.NO_ADDENDUM: tr("The addendum says nothing yet"),
        BlockerKind.UNSTORABLE_PATIENT: tr(
            "The patient ID in the images is over 64 characters or not a valid one: have it corrected and the images"
            " sent again"
        ),
        BlockerKind.NO_CHANGE_REASON: tr("The reason of the change is missing"),
    }


def _schemes(template: ReportTemplate) -> list[str]:
    return [scheme_name(scheme, language()) for scheme in template.categories]


def with_normal_phrases(report: Report, template: ReportTemplate, *, has_priors: bool = False) -> Report:
    """
    Return the report with the template's normal phrase in each empty text field that has one.

    That there is nothing to compare with is never filled in for a patient who has priors.
    """
    values = dict(report.values)
    for item in template.fields:
        if has_priors and item.key == COMPARISON:
            continue
        if item.type is FieldType.TEXT and item.normal_phrase is not None and not values.get(item.key, "").strip():
            values[item.key] = item.normal_phrase.get(report.language)
    return replace(report, values=values)


def image_of_finding(finding: Finding, findings: FindingList, study: Study) -> str:
    """Return the image that a finding lies on, in the words of the screen; empty where none is known."""
    return report_words.image_words(finding, findings, study, language())


def slice_number(study: Study, series_instance_uid: str, finding: Finding) -> int | None:
    """Return the 1-based slice of the series that lies nearest to the finding, None without geometry."""
    if finding.centre_lps_mm is None:
        return None
    return study.slice_number(series_instance_uid, finding.centre_lps_mm)

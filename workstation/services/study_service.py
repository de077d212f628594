"""Opening a case: claim, structure, AI findings and draft brought together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from workstation.dicom.sr.reader import read_detections
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.errors import AlreadyClaimed, DecodeError
from workstation.domain.finding import FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.ports import (
    AuditPort,
    Clock,
    DraftPort,
    FindingSource,
    ReportPort,
    RetrievePort,
    TemplatePort,
    WorklistPort,
)
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.report_content import says_other
from workstation.domain.report_version import CaseRules
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.template_match import further
from workstation.domain.tracer import prefilled
from workstation.domain.workitem import Claim, ReadingState, WorklistRow
from workstation.services.reading_session import OpenedCase

CLINICAL_QUESTION: Final = "clinical_question"
"""Template field that begins with what the request asks; from then on it is the reader's own text."""
CLAIMABLE = frozenset(
    {
        ReadingState.READY,
        ReadingState.AI_RUNNING,
        ReadingState.AI_FAILED,
        ReadingState.PRELIMINARY,
        ReadingState.RETURNED,
    }
)


@dataclass(frozen=True, slots=True)
class StudyFindings:
    """Reads AI findings from the TID 1500 objects stored with the study."""

    retrieve: RetrievePort

    def findings(self, study: Study) -> FindingList:
        """Return the newest readable AI result, an empty list when there is none."""
        newest = FindingList(study.study_instance_uid)
        for series in study.series:
            if series.modality != "SR":
                continue
            for instance in series.instances:
                part10 = self.retrieve.instance(
                    study.study_instance_uid, series.series_instance_uid, instance.sop_instance_uid
                )
                try:
                    found = read_detections(part10)
                except DecodeError:
                    continue  # another kind of SR, such as a signed report
                if found.algorithm is not None:
                    newest = found
        return newest


@dataclass(frozen=True, slots=True)
class OpenCase:
    """Open one case for its reader."""

    worklist: WorklistPort
    retrieve: RetrievePort
    finding_source: FindingSource
    reports: ReportPort
    drafts: DraftPort
    templates: TemplatePort
    audit: AuditPort
    clock: Clock
    new_uid: Callable[[], str]
    transaction_uid: Callable[[str, str], str]
    """From user id and UPS Instance UID to the Transaction UID of the lock."""
    rules: Callable[[str], CaseRules] = lambda _ups: CaseRules()
    """What the alliance's rules mean for a case"""

    def __call__(
        self, row: WorklistRow, actor: Actor, *, read_only: bool = False, language: str = "zh_CN"
    ) -> OpenedCase:
        """
        Claim the case (or take up the own claim again), fetch what is needed and restore the draft.

        Raises AlreadyClaimed when somebody else was faster; nothing is opened then.
        """
        claim = None
        if not read_only:
            row, claim = self._claim(row, actor)
        study = self.retrieve.study(row.study_instance_uid)
        self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=row.study_instance_uid)
        template = self.templates.for_study(row.modality, _what_was_examined(row, study), row.site_id)
        stored = self.reports.fetch(row.ups_instance_uid)
        draft = self.drafts.load(row.study_instance_uid, actor.user_id) if claim is not None else None
        report, passed_over = _newest(stored, draft)
        if report is None:
            report = self._fresh(row, actor, study, template, language)
        elif report.state is not ReportState.FINAL:
            report = self._with_late_findings(report, study)
        if (report.template_id, report.template_version) != (template.template_id, template.version):
            template = self.templates.begun_with(report.template_id, report.template_version, row.site_id) or template
        return OpenedCase(
            self.worklist.row(row.ups_instance_uid),
            study,
            template,
            report,
            claim,
            passed_over,
            self.rules(row.ups_instance_uid),
            further(
                self.templates.of_site(row.site_id), template, row.modality, f"{row.description} {study.description}"
            ),
        )

    def _claim(self, row: WorklistRow, actor: Actor) -> tuple[WorklistRow, Claim]:
        uid = self.transaction_uid(actor.user_id, row.ups_instance_uid)
        if row.reader_id == actor.user_id and row.state not in CLAIMABLE:
            return row, Claim(row.ups_instance_uid, uid)  # claimed before, on this machine
        try:
            return row, self.worklist.claim(row.ups_instance_uid, uid)
        except AlreadyClaimed:
            # of two blind readings somebody took the one that was offered: the other is offered now
            now = self.worklist.row(row.ups_instance_uid)
            if now.ups_instance_uid == row.ups_instance_uid or now.state is not ReadingState.READY:
                raise
            uid = self.transaction_uid(actor.user_id, now.ups_instance_uid)
            return now, self.worklist.claim(now.ups_instance_uid, uid)

    def _fresh(self, row: WorklistRow, actor: Actor, study: Study, template: ReportTemplate, language: str) -> Report:
        asked = row.clinical_question.strip()
        takes_it = asked and any(item.key == CLINICAL_QUESTION for item in template.fields)
        return Report(
            report_uid=self.new_uid(),
            study_instance_uid=row.study_instance_uid,
            ups_instance_uid=row.ups_instance_uid,
            template_id=template.template_id,
            template_version=template.version,
            language=language,
            state=ReportState.DRAFTED,
            values={**prefilled(template, study), **({CLINICAL_QUESTION: asked} if takes_it else {})},
            findings=self.finding_source.findings(study),
            measurements=MeasurementSet(row.study_instance_uid),
            author=Person(actor.user_id, actor.display_name, actor.site_name),
            updated_at=self.clock.now(),
        )

    def _with_late_findings(self, report: Report, study: Study) -> Report:
        """Take up AI findings that arrived after the draft was begun."""
        if report.findings.algorithm is not None:
            return report
        late = self.finding_source.findings(study)
        if late.algorithm is None:
            return report
        own = tuple(replace(f, number=len(late.findings) + n) for n, f in enumerate(report.findings.findings, start=1))
        return replace(
            report, findings=replace(late, findings=late.findings + own, read_first=report.findings.read_first)
        )


def _what_was_examined(row: WorklistRow, study: Study) -> str:
    """Gather every word on the body part; scanners often fill only one of these places."""
    words = [row.description, study.description]
    words += [word for series in study.series for word in (series.body_part, series.description)]
    return " ".join(dict.fromkeys(word for word in words if word))


def _newest(stored: Report | None, draft: Report | None) -> tuple[Report | None, Report | None]:
    """Return the report to go on with, and the own draft where it is passed over although it says something else."""
    if stored is None or draft is None:
        return stored or draft, None
    follows = draft.predecessor is not None and draft.predecessor.report_uid == stored.report_uid
    if follows and stored.state is ReportState.FINAL:
        return draft, None  # the signed report holds until what follows it is signed
    if stored.state is not ReportState.FINAL and draft.updated_at >= stored.updated_at:
        return draft, None
    return stored, draft if draft.kind is stored.kind and says_other(draft, stored) else None


@dataclass(frozen=True, slots=True)
class ReleaseCase:
    """Give a case back without a report; the draft stays on this machine."""

    worklist: WorklistPort

    def __call__(self, claim: Claim) -> None:
        """Release the claim; the case returns to the list for others."""
        self.worklist.release(claim)

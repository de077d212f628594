"""Signing a report: from the last check to the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.errors import NotPermitted
from workstation.domain.ports import AuditPort, Clock, DraftPort, OutboxPort, ReportObjects, ReportRenderer, SignerPort
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.signature import SignedArtefact, SignedPdf
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.citing import CiteOthers
from workstation.services.critical_gate import require_critical
from workstation.services.norm_gate import require_norm
from workstation.services.recognition_service import RecogniseReport
from workstation.services.report_service import require_complete, require_storable
from workstation.services.sealing import Sealing, unlocked


@dataclass(frozen=True, slots=True)
class SignedReport:
    """A final report with its objects, safely in the outbox."""

    report: Report
    artefacts: tuple[SignedArtefact, ...]
    pdf: SignedPdf
    """The signed PDF as it lies inside the encapsulated object."""


@dataclass(frozen=True, slots=True)
class SignReport:
    """
    A senior signs.

    The senior's content is the report: an author's signature covers the preliminary one, which travels with it.
    """

    renderer: ReportRenderer
    objects: ReportObjects
    signer: SignerPort
    outbox: OutboxPort
    drafts: DraftPort
    audit: AuditPort
    clock: Clock
    preliminary: Callable[[Report], bytes] = lambda _report: b""
    """The PDF that the author signed when submitting, empty where there is none or it cannot be had now."""
    recognise: RecogniseReport | None = None
    """Decides about the mark of mutual recognition; without it the report carries none."""
    critical: Callable[[Report], Report] = lambda report: report
    """Returns the report with the critical values as the hub knows them now (``AskCritical``)."""
    suggested: Callable[[Report, ReportTemplate, str], None] = lambda _report, _template, _signer: None
    """Raises NotSignable where the report suggests a critical value that nobody took up (``AskSuggestions``)."""
    cite: CiteOthers | None = None
    """Adds the instances of what the report cites of other studies; without it what it carries from before stays."""

    def __call__(
        self,
        report: Report,
        *,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        claim: Claim,
        actor: Actor,
        pin: str,
    ) -> SignedReport:
        """
        Sign and enqueue; after it returns, nothing can lose the report.

        Raises NotPermitted, NotSignable, SignatureInvalid (wrong PIN, somebody else's key), DiskFull, and Unreachable
        where nobody could tell what the report cites and nobody chose to sign without.
        """
        if not actor.may(Permission.SIGN_FINAL):
            raise NotPermitted(tr("Only seniors sign final reports"), hint=tr("Submit the report for review."))
        require_storable(study)
        require_complete(report, template)
        verifier = Person(actor.user_id, actor.display_name, actor.site_name)
        require_norm(report, template, study, row, signer=verifier)
        report = self.critical(report)
        require_critical(report, actor.user_id)
        self.suggested(report, template, actor.user_id)
        report = report if self.cite is None else self.cite(report, study.patient)
        now = self.clock.now()
        own = replace(report, norm_overrides=report.answers_of(actor.user_id))
        final = replace(own.moved(ReportState.FINAL, at=now), verifier=verifier, signed_at=now)
        if self.recognise is not None:
            final = replace(final, recognition=self.recognise(final, template, study, row))
        with unlocked(self.signer, self.audit, actor, pin, subject_uid=report.study_instance_uid) as key:
            sealing = Sealing(self.renderer, self.objects)
            written = self.preliminary(final)
            artefacts, pdf = sealing.final(final, key, template, study, row, preliminary=written)
        self.outbox.enqueue(final, claim, artefacts)
        self.drafts.discard(report.study_instance_uid, actor.user_id)
        return SignedReport(final, artefacts, pdf)

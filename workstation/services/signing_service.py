"""Signing a report: from the last check to the outbox."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.access import Actor, Permission
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted, SignatureInvalid, SourceError
from workstation.domain.ports import AuditPort, Clock, DraftPort, OutboxPort, ReportObjects, ReportRenderer, SignerPort
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.signature import SignedArtefact, SignedPdf
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.norm_gate import require_norm
from workstation.services.report_service import require_complete


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

    SRs, key images, displays and segmentations are made first; their digests travel inside the PDF as
    ``manifest.json``, so that the one signature over the PDF covers every object.
    """

    renderer: ReportRenderer
    objects: ReportObjects
    signer: SignerPort
    outbox: OutboxPort
    drafts: DraftPort
    audit: AuditPort
    clock: Clock

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

        Raises NotPermitted, NotSignable, SignatureInvalid (wrong PIN), DiskFull.
        """
        if not actor.may(Permission.SIGN_FINAL):
            raise NotPermitted(tr("Only seniors sign final reports"), hint=tr("Submit the report for review."))
        require_complete(report, template)
        require_norm(report, template, study, row, signer=actor.display_name)
        try:
            key = self.signer.unlock(actor.user_id, pin)
        except SignatureInvalid:
            with contextlib.suppress(SourceError):  # without the hub a wrong PIN is still told as a wrong PIN
                self.audit.record(AuditAction.SIGNATURE_FAILED, subject_uid=report.study_instance_uid, outcome=4)
            raise
        now = self.clock.now()
        verifier = Person(actor.user_id, actor.display_name, actor.site_name)
        final = replace(report.moved(ReportState.FINAL, at=now), verifier=verifier, signed_at=now)
        report_sr = self.objects.enhanced_sr(final, template, study, row)
        measurement_sr = self.objects.measurement_sr(final, study)
        on_images = self.objects.image_objects(final, study)
        manifest = self.objects.manifest(
            final, study, {"report.dcm": report_sr, "findings.dcm": measurement_sr, **on_images}
        )
        page = self.renderer.render(final, template, study, row, draft=False, attachments={"manifest.json": manifest})
        pdf = key.sign_pdf(page, reason=tr("Final report"), signer_name=actor.display_name)
        encapsulated = self.objects.encapsulated_pdf(final, study, pdf.content)
        artefacts = (
            self.objects.artefact("report_sr", report_sr),
            self.objects.artefact("measurement_sr", measurement_sr),
            self.objects.artefact("report_pdf", encapsulated),
            *(self.objects.artefact(name.removesuffix(".dcm"), content) for name, content in on_images.items()),
        )
        self.outbox.enqueue(final, claim, artefacts)
        self.drafts.discard(report.study_instance_uid, actor.user_id)
        return SignedReport(final, artefacts, pdf)

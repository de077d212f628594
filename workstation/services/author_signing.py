"""The author's signature: over the preliminary report, kept at the hub and taken into the final one."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Final

from workstation.dicom.objects.encapsulated import taken_apart
from workstation.domain.access import Actor
from workstation.domain.errors import SourceError
from workstation.domain.ports import (
    AuditPort,
    Clock,
    ReportObjects,
    ReportRenderer,
    RetrievePort,
    SignerPort,
    StorePort,
)
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow
from workstation.services.norm_gate import require_norm
from workstation.services.report_service import require_complete, require_storable
from workstation.services.sealing import Sealing, unlocked

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignPreliminary:
    """An author signs what is handed to a senior."""

    renderer: ReportRenderer
    objects: ReportObjects
    signer: SignerPort
    store: StorePort
    audit: AuditPort
    clock: Clock

    def __call__(
        self,
        report: Report,
        *,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        actor: Actor,
        pin: str,
    ) -> Report:
        """
        Sign, store the signed PDF and return the report that names it, ready to be submitted.

        Raises NotSignable (incomplete, or a fault of the norm that this author does not answer for),
        SignatureInvalid, SourceError; the report given in stays as it was.
        """
        require_storable(study)
        require_complete(report, template)
        signer = Person(actor.user_id, actor.display_name, actor.site_name)
        require_norm(report, template, study, row, signer=signer)
        now = self.clock.now()
        submitted = replace(report.moved(ReportState.PRELIMINARY, at=now), author_signature=None)
        with unlocked(self.signer, self.audit, actor, pin, subject_uid=report.study_instance_uid) as key:
            sealing = Sealing(self.renderer, self.objects)
            artefact, signature = sealing.preliminary(submitted, key, template, study, row, at=now)
        self.store.store(report.study_instance_uid, [artefact.payload])
        return replace(report, author_signature=signature)


@dataclass(frozen=True, slots=True)
class SignedPreliminaries:
    """Fetches what the author of a report signed."""

    images: RetrievePort

    def __call__(self, report: Report) -> bytes:
        """
        Return the PDF, empty where the author signed none.

        Empty too where the hub does not answer or holds something else: a senior signs without the line, and
        the final report still names the digest.
        """
        signed = report.author_signature
        if signed is None or signed.user_id != report.author.user_id:
            return b""
        try:
            content = self.images.instance(
                report.study_instance_uid, signed.series_instance_uid, signed.sop_instance_uid
            )
        except SourceError as error:
            _log.info("the author's preliminary report cannot be had: %s", error.user_text)
            return b""
        if hashlib.sha256(content).hexdigest() != signed.sha256:
            _log.info("the archive holds another preliminary report than the one signed")
            return b""
        return taken_apart(content).pdf

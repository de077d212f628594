"""
Sealing a report: its objects made, and every one of them under the signer's key.

SRs, key images, displays and segmentations come first. The SR carries a signature of its own, each object
gets a detached one, and the PDF carries the digests of all (``manifest.json``) and their detached
signatures, so that the one signature over the PDF covers everything.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from resources.translation import tr
from workstation.dicom.objects.report_manifest import MANIFEST_NAME, PRELIMINARY_NAME
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.errors import SignatureInvalid, SourceError
from workstation.domain.ports import AuditPort, ReportObjects, ReportRenderer, SignerPort, UnlockedSigner
from workstation.domain.report import Report
from workstation.domain.signature import (
    AuthorSignature,
    KeyHolder,
    SignatureRole,
    SignatureStamp,
    SignedArtefact,
    SignedPdf,
)
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.workitem import WorklistRow


@dataclass(frozen=True, slots=True)
class Sealing:
    """Makes and signs the objects of a report."""

    renderer: ReportRenderer
    objects: ReportObjects

    def final(
        self,
        report: Report,
        key: UnlockedSigner,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        *,
        preliminary: bytes = b"",
    ) -> tuple[tuple[SignedArtefact, ...], SignedPdf]:
        """
        Return every object of a final report, signed; ``preliminary`` is the PDF that its author signed.

        Raises SignatureInvalid, TemplateViolation.
        """
        files = {
            "report.dcm": self.objects.signed_sr(report, self.objects.enhanced_sr(report, template, study, row), key),
            "findings.dcm": self.objects.measurement_sr(report, study),
            **self.objects.image_objects(report, study),
        }
        detached = {name: key.sign_detached(content) for name, content in files.items()}
        manifest = self.objects.manifest(report, study, files)
        further = key.sign_further(manifest)
        attachments = {
            MANIFEST_NAME: manifest,
            **{f"{name}.p7s": signature for name, signature in detached.items()},
            **{f"{MANIFEST_NAME}{ending}": signature for ending, signature in further.items()},
        }
        if preliminary:
            attachments[PRELIMINARY_NAME] = preliminary
        page = self.renderer.render(report, template, study, row, draft=False, attachments=attachments)
        pdf = key.sign_pdf(
            page,
            reason=tr("Final report"),
            signer_name=key.holder.name,
            stamp=_stamp(report, SignatureRole.VERIFIER),
        )
        encapsulated = self.objects.encapsulated_pdf(report, study, pdf.content)
        whole = key.sign_detached(encapsulated)
        return (
            self._artefact("report_sr", files.pop("report.dcm"), detached["report.dcm"]),
            self._artefact("measurement_sr", files.pop("findings.dcm"), detached["findings.dcm"]),
            replace(self._artefact("report_pdf", encapsulated, whole), awaits_time_stamp=pdf.awaits_time_stamp),
            *self._on_images(files, detached),
        ), pdf

    def preliminary(
        self,
        report: Report,
        key: UnlockedSigner,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        at: datetime,
    ) -> tuple[SignedArtefact, AuthorSignature]:
        """Return the report as its author signs it, and what the report says of it. Raises SignatureInvalid."""
        page = self.renderer.render(report, template, study, row, draft=False)
        pdf = key.sign_pdf(
            page,
            reason=tr("Preliminary report"),
            signer_name=key.holder.name,
            stamp=_stamp(replace(report, signed_at=at), SignatureRole.AUTHOR),
        )
        whole = self.objects.encapsulated_pdf(report, study, pdf.content)
        artefact = self.objects.artefact("preliminary_pdf", whole)
        return artefact, AuthorSignature(
            user_id=report.author.user_id,
            name=report.author.name,
            signed_at=at,
            series_instance_uid=artefact.series_instance_uid,
            sop_instance_uid=artefact.sop_instance_uid,
            sha256=artefact.sha256,
        )

    def _on_images(self, files: Mapping[str, bytes], detached: Mapping[str, bytes]) -> list[SignedArtefact]:
        return [self._artefact(name.removesuffix(".dcm"), files[name], detached[name]) for name in files]

    def _artefact(self, kind: str, content: bytes, signature: bytes) -> SignedArtefact:
        return replace(self.objects.artefact(kind, content), cms=base64.b64encode(signature).decode())


@contextlib.contextmanager
def unlocked(
    signer: SignerPort, audit: AuditPort, actor: Actor, pin: str, *, subject_uid: str
) -> Iterator[UnlockedSigner]:
    """
    Open the key of the person who is signed in, for one act. Raises SignatureInvalid; a failure is audited.

    That person becomes the verifying observer of the SR, so holder, session and observer are one. A certificate
    without a user id is held to its name.
    """
    try:
        with contextlib.closing(signer.unlock(actor.user_id, pin)) as key:
            _require_own(key.holder, actor)
            yield key
    except SignatureInvalid:
        with contextlib.suppress(SourceError):  # without the hub a wrong PIN is still told as a wrong PIN
            audit.record(AuditAction.SIGNATURE_FAILED, subject_uid=subject_uid, outcome=4)
        raise


def _require_own(holder: KeyHolder, actor: Actor) -> None:
    if holder.user_id == actor.user_id or (not holder.user_id and holder.name == actor.display_name):
        return
    raise SignatureInvalid(
        tr("The key is {holder}'s, but {name} is signed in", holder=holder.name, name=actor.display_name),
        hint=tr("Use your own key, or let {holder} sign in. The report is unchanged.", holder=holder.name),
    )


def _stamp(report: Report, role: SignatureRole) -> SignatureStamp:
    person = report.author if role is SignatureRole.AUTHOR else report.verifier
    if person is None or report.signed_at is None:
        raise ValueError("what is signed has a signer and a time")
    return SignatureStamp(role, person.name, person.organisation, report.signed_at, report.language)

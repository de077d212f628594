"""
Ports: what services need from the outside, implemented by adapters, joined in bootstrap.

Every method may raise the ``WorkstationError`` subclasses named in its docstring; library
exceptions never cross a port. Implementations are safe to call from any worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction, AuditEvent
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.finding import AlgorithmIdentity, FindingList, Mark
from workstation.domain.model import SegmentMask
from workstation.domain.report import Report
from workstation.domain.signature import (
    CertificateFacts,
    KeyHolder,
    SignatureStamp,
    SignedArtefact,
    SignedPdf,
    VerificationResult,
)
from workstation.domain.site import ReadingRequest, ReturnedReport, SendProgress
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.volume import Volume
from workstation.domain.workitem import Claim, OutputReference, WorklistPage, WorklistQuery, WorklistRow


class Clock(Protocol):
    """Wall time, replaceable in tests."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""
        ...


class CancelToken(Protocol):
    """Asked by long work between steps."""

    def raise_if_cancelled(self) -> None:
        """Raise ``JobCancelled`` once the job was asked to stop."""
        ...


class JobContext(CancelToken, Protocol):
    """Given to every background job."""

    def progress(self, fraction: float, text: str = "") -> None:
        """Report progress in [0, 1]; the runner throttles to 30 Hz. Raises JobCancelled."""
        ...


class SessionPort(Protocol):
    """Signing in at the hub."""

    def sign_in(self, user: str, password: str) -> Actor:
        """Open a bearer session. Raises SignInFailed, Unreachable."""
        ...

    def sign_out(self) -> None:
        """End the session; never raises when the hub is gone."""
        ...

    @property
    def actor(self) -> Actor | None:
        """Return who is signed in."""
        ...


class WorklistPort(Protocol):
    """The reading worklist."""

    def query(self, query: WorklistQuery) -> WorklistPage:
        """Return one page of cases. Raises Unreachable, Refused."""
        ...

    def row(self, ups_instance_uid: str) -> WorklistRow:
        """Return one case. Raises Unreachable, Refused."""
        ...

    def claim(self, ups_instance_uid: str, transaction_uid: str) -> Claim:
        """Lock a workitem: SCHEDULED to IN PROGRESS. Raises AlreadyClaimed (its text names the holder)."""
        ...

    def release(self, claim: Claim) -> None:
        """Give a claimed reading back: the workitem is cancelled and scheduled anew. Raises WrongTransaction."""
        ...

    def free(self, ups_instance_uid: str, reason: str) -> None:
        """Take a case from a machine that does not give it back. Raises NotPermitted, NoLongerUpdatable."""
        ...

    def complete(self, claim: Claim, outputs: Sequence[OutputReference]) -> None:
        """Finish a workitem with its outputs; already completed by the same lock is success."""
        ...


class ReportPort(Protocol):
    """Reports on the hub (state and content; drafts stay local until submitted)."""

    def fetch(self, ups_instance_uid: str) -> Report | None:
        """Return the newest report of the case, None when nobody submitted one."""
        ...

    def submit(self, report: Report, claim: Claim) -> Report:
        """Store a preliminary report; a stale revision raises NoLongerUpdatable."""
        ...

    def send_back(self, report: Report, claim: Claim, reason: str) -> Report:
        """Return a preliminary report to its author with a reason."""
        ...

    def check_final(self, report: Report, claim: Claim) -> None:
        """Ask whether the report would be taken; raises what ``finalise`` would, before anything is stored."""
        ...

    def finalise(
        self, report: Report, claim: Claim, artefacts: Sequence[OutputReference], *, wants_time_stamp: bool = True
    ) -> Report:
        """Record the report as final with its signed objects, and whether one without a stamp waits; idempotent."""
        ...


class RetrievePort(Protocol):
    """Images from the hub, first look first."""

    def study(self, study_instance_uid: str) -> Study:
        """Return the study's structure with planes where the metadata gives them."""
        ...

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        """Return one Part 10 file as stored. Raises Unreachable, Refused, IntegrityMismatch."""
        ...


class StorePort(Protocol):
    """The STOW-RS door."""

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        """Store instances; identical bytes again are success. Raises Unreachable, Refused, IntegrityMismatch."""
        ...

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        """Return the SOP Instance UIDs of ``{uid: sha256 of the file}`` that the hub lacks."""
        ...


class SendPort(Protocol):
    """Sending a local study and asking for its reading."""

    def send(
        self, study: Study, request: ReadingRequest, job: JobContext, on_progress: Callable[[SendProgress], None]
    ) -> str:
        """Send what is missing, verify, create the workitems; return the reading UPS Instance UID."""
        ...


class InboxPort(Protocol):
    """The sender's side of returned reports."""

    def returned(self) -> list[ReturnedReport]:
        """Return the signed reports of the own site, newest first."""
        ...

    def acknowledge(self, ups_instance_uid: str) -> ReturnedReport:
        """Record that the sender has seen the report; idempotent."""
        ...


class AuditPort(Protocol):
    """Where acts are recorded."""

    def record(self, action: AuditAction, *, subject_uid: str = "", outcome: int = 0, detail: str = "") -> None:
        """Append one event for the signed-in user. A failure blocks the act that asked for it."""
        ...

    def events(self, *, study_instance_uid: str = "") -> list[AuditEvent]:
        """Return the chain, optionally what concerns one study. Raises NotPermitted."""
        ...


class FindingSource(Protocol):
    """Where AI findings of a study come from (a stored TID 1500 SR)."""

    def findings(self, study: Study) -> FindingList:
        """Return the newest AI result as undecided findings; an empty list when there is none."""
        ...


class Detector(Protocol):
    """A model that marks findings in a volume."""

    @property
    def identity(self) -> AlgorithmIdentity:
        """Return the model's name, version and sha256."""
        ...

    def detect(self, volume: Volume, job: JobContext) -> DetectionResult:
        """Return marks by falling score. Raises InputOutsideIntendedUse, ProviderUnavailable."""
        ...


class DetectionResult(Protocol):
    """Marks with their provenance."""

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return marks by falling score."""
        ...

    @property
    def algorithm(self) -> AlgorithmIdentity:
        """Return the identity with provider, threshold and seconds filled in."""
        ...

    @property
    def seconds(self) -> dict[str, float]:
        """Return ``load``, ``preprocess``, ``network``, ``postprocess`` and ``total`` in seconds."""
        ...


class InstanceVolumeSource(Protocol):
    """Reads a volume from Part 10 files held in memory, as a worker fetches them."""

    def from_instances(self, part10_files: Sequence[bytes], job: JobContext) -> Volume:
        """Decode and sort one series. Raises NotAVolume, MissingGeometry, UnsupportedTransferSyntax, HostileInput."""
        ...


class DetectionQueuePort(Protocol):
    """
    The AI workitems (code 110004) as a worker sees them.

    A claimed workitem is leased: every ``progress`` renews the lease, and the hub schedules a
    workitem anew whose lease ran out, so that a killed worker loses nothing. After that the old
    lock no longer fits and the methods below raise WrongTransaction or NoLongerUpdatable.
    """

    def claim_next(self) -> AiWorkitem | None:
        """Lock the most urgent waiting workitem, None when none waits. Raises Unreachable, Refused."""
        ...

    def progress(self, item: AiWorkitem, fraction: float, text: str = "") -> None:
        """Report progress in [0, 1] and renew the lease. Raises WrongTransaction, Unreachable."""
        ...

    def complete(self, item: AiWorkitem, outputs: Sequence[OutputReference], summary: DetectionSummary) -> None:
        """Record the summary and finish the workitem; already completed by the same lock is success."""
        ...

    def fail(self, item: AiWorkitem, reason: str) -> None:
        """Cancel the workitem with a reason; the case becomes AI_FAILED and can still be read."""
        ...

    def release(self, item: AiWorkitem) -> None:
        """Give the workitem back unfinished: it is scheduled anew for the next worker."""
        ...


class DetectionObjects(Protocol):
    """Makes the DICOM object of a pre-read."""

    def detection_sr(self, study: Study, findings: FindingList) -> bytes:
        """
        Return the Comprehensive 3D SR (TID 1500, UNVERIFIED) as Part 10 bytes.

        One measurement group per finding from its ``original`` mark, tracking UIDs kept; the
        list names series, frame of reference and algorithm. No finding gives a valid SR that says so.
        """
        ...

    def detection_segmentations(
        self, findings: FindingList, masks: Sequence[SegmentMask], sources: Sequence[bytes], volume: Volume
    ) -> tuple[bytes, ...]:
        """
        Return a model's masks of a volume as DICOM Segmentations, a segment per mark with its tracking UID.

        ``sources`` are the files of the volume. None where no mark has a voxel. The same segments have the same
        SOP Instance UID whenever they are made. Raises NotAVolume, TemplateViolation.
        """
        ...

    def reference(self, part10: bytes) -> OutputReference:
        """Return the UIDs under which an object is stored."""
        ...


class DraftPort(Protocol):
    """Encrypted drafts on this machine."""

    def save(self, report: Report) -> None:
        """Store atomically (temp, fsync, rename). Raises DiskFull; the former draft stays."""
        ...

    def load(self, study_instance_uid: str, user_id: str) -> Report | None:
        """Return the newest draft of this user for the study. Raises Locked without the key."""
        ...

    def discard(self, study_instance_uid: str, user_id: str) -> None:
        """Delete the draft once the report is signed or submitted."""
        ...

    def set_aside(self, study_instance_uid: str, user_id: str) -> None:
        """Keep the draft out of the way of another one; nothing happens without a draft."""
        ...

    def asides(self, study_instance_uid: str, user_id: str) -> tuple[Report, ...]:
        """Return the drafts that were set aside, the last one last. Raises Locked without the key."""
        ...


class OutboxPort(Protocol):
    """Signed objects and their delivery rows, written in one transaction."""

    def enqueue(self, report: Report, claim: Claim, artefacts: Sequence[SignedArtefact]) -> None:
        """Write the report, its signed objects and delivery rows at once; the same report twice is a no-op."""
        ...

    def pending(self) -> Sequence[Delivery]:
        """Return deliveries not yet confirmed, oldest first."""
        ...

    def replace(self, report_uid: str, artefact: SignedArtefact) -> None:
        """Put an object in the place of the one of its kind, as long as the delivery is not confirmed."""
        ...

    def confirmed(self, report_uid: str) -> None:
        """Mark a delivery as proven by the other side and drop its payloads."""
        ...

    def failed(self, report_uid: str, reason: str, *, retry_at: datetime, refused: bool = False) -> None:
        """Record a failed attempt; ``refused`` when the other side said no and its signer has the text again."""
        ...


class Delivery(Protocol):
    """One signed report on its way back."""

    @property
    def report(self) -> Report:
        """Return the final report."""
        ...

    @property
    def claim(self) -> Claim:
        """Return the lock under which it was signed."""
        ...

    @property
    def artefacts(self) -> tuple[SignedArtefact, ...]:
        """Return the signed objects."""
        ...

    @property
    def attempts(self) -> int:
        """Return how often sending was tried."""
        ...

    @property
    def refused(self) -> bool:
        """Tell whether the other side said no before, and its signer has the text again."""
        ...

    @property
    def retry_at(self) -> datetime:
        """Return when it may be tried next, UTC."""
        ...


class SignerPort(Protocol):
    """The signing key of a senior."""

    def unlock(self, user_id: str, pin: str) -> UnlockedSigner:
        """Open the key for one signature. Raises SignatureInvalid with the tries left."""
        ...

    def subject(self, user_id: str) -> str:
        """Return the certificate subject's name, empty when the user has no certificate."""
        ...

    def certificate(self, user_id: str) -> CertificateFacts | None:
        """Return what the certificate says, None without one; needs no PIN and may be slow. Raises SignatureInvalid."""
        ...


class UnlockedSigner(Protocol):
    """A key that is open for one act."""

    @property
    def holder(self) -> KeyHolder:
        """Return whom the certificate names."""
        ...

    @property
    def certificate(self) -> bytes:
        """Return the certificate, DER."""
        ...

    def sign_pdf(self, pdf: bytes, *, reason: str, signer_name: str, stamp: SignatureStamp | None = None) -> SignedPdf:
        """
        Return the PDF with a PAdES signature in the field of the stamp's role, the verifier's without one.

        It may await its time stamp. Raises SignatureInvalid.
        """
        ...

    def sign_bytes(self, content: bytes) -> bytes:
        """Return the bare signature over the content: RSA PKCS#1 v1.5 with SHA-256. Raises SignatureInvalid."""
        ...

    def sign_detached(self, content: bytes) -> bytes:
        """Return a detached CMS (DER) over the content."""
        ...

    def sign_further(self, content: bytes) -> Mapping[str, bytes]:
        """
        Return detached signatures of other kinds over the content, by the ending of their file name.

        None where the policy wants none. Raises SignatureInvalid.
        """
        ...

    def close(self) -> None:
        """Forget the PIN; the next act asks for it anew."""
        ...


class ReportRenderer(Protocol):
    """Lays a report out as PDF."""

    def render(
        self,
        report: Report,
        template: ReportTemplate,
        study: Study,
        row: WorklistRow,
        *,
        draft: bool,
        attachments: Mapping[str, bytes] | None = None,
    ) -> bytes:
        """Return a PDF with embedded fonts; ``draft`` adds the watermark, ``attachments`` become embedded files."""
        ...


class ReportObjects(Protocol):
    """Makes the DICOM objects of a report, each as Part 10 bytes, UTF-8 always."""

    def enhanced_sr(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        """Return the Enhanced SR (TID 2000)."""
        ...

    def measurement_sr(self, report: Report, study: Study) -> bytes:
        """Return the Comprehensive 3D SR (TID 1500) with the reader's decisions."""
        ...

    def image_objects(self, report: Report, study: Study) -> Mapping[str, bytes]:
        """Return key images, displays and segmentations by file name; the stem of a name is the artefact's kind."""
        ...

    def signed_sr(self, report: Report, part10: bytes, key: UnlockedSigner) -> bytes:
        """Return the SR with a digital signature of PS3.15 inside."""
        ...

    def encapsulated_pdf(self, report: Report, study: Study, pdf: bytes) -> bytes:
        """Return the Encapsulated PDF object."""
        ...

    def manifest(self, report: Report, study: Study, objects: Mapping[str, bytes]) -> bytes:
        """Return ``manifest.json``: the digests of ``objects`` (by file name) for the PDF to carry."""
        ...

    def artefact(self, kind: str, part10: bytes) -> SignedArtefact:
        """Describe one object for delivery: its UIDs read from the file, and its SHA-256."""
        ...


class VerifierPort(Protocol):
    """Checks signed artefacts."""

    def verify(self, path: Path) -> VerificationResult:
        """Return the verdict on one file; broken input gives UNKNOWN, never an exception."""
        ...

    def verify_bytes(self, name: str, content: bytes) -> VerificationResult:
        """Return the verdict on a signed PDF, or on the DICOM object around one, held in memory."""
        ...


class TemplatePort(Protocol):
    """Validated report templates."""

    def all(self) -> tuple[ReportTemplate, ...]:
        """Return every template, of every site. Raises TemplateViolation."""
        ...

    def of_site(self, site_id: str) -> tuple[ReportTemplate, ...]:
        """Return what a site's studies may be reported with, its own first. Raises TemplateViolation."""
        ...

    def for_study(self, modality: str, description: str, site_id: str = "") -> ReportTemplate:
        """Return the best match, the site's own first, the general template when none is specific."""
        ...

    def begun_with(self, template_id: str, version: str, site_id: str = "") -> ReportTemplate | None:
        """Return the template that a site's report was begun with, the newest one where that version is not here."""
        ...

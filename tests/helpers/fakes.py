"""Fakes of ports that keep their state in memory; used where a unit test is about the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tests.helpers import cases
from workstation.domain.access import Actor, Role
from workstation.domain.audit import AuditAction, AuditEvent
from workstation.domain.errors import AlreadyClaimed, SignatureInvalid, WorkstationError
from workstation.domain.finding import FindingList
from workstation.domain.ports import UnlockedSigner
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.signature import (
    CertificateFacts,
    KeyHolder,
    SignatureLevel,
    SignatureStamp,
    SignedArtefact,
    SignedPdf,
)
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.withdrawn import WaitingTexts, Withdrawn
from workstation.domain.workitem import Claim, OutputReference, ReadingState, WorklistPage, WorklistQuery, WorklistRow

EXPERT = Actor("expert", "王启明", Role.SENIOR, "centre", "省影像专科联盟远程诊断中心", "副主任医师")
RESIDENT = Actor("resident", "宋佳", Role.READER, "centre", "省影像专科联盟远程诊断中心")


@dataclass
class FakeWorklist:
    current: WorklistRow
    claims: list[Claim] = field(default_factory=list)
    released: list[Claim] = field(default_factory=list)
    held_by: str = ""
    claimer: str = "expert"

    def query(self, query: WorklistQuery) -> WorklistPage:
        del query
        return WorklistPage((self.current,), 1, {})

    def row(self, ups_instance_uid: str) -> WorklistRow:
        assert ups_instance_uid == self.current.ups_instance_uid
        return self.current

    def claim(self, ups_instance_uid: str, transaction_uid: str) -> Claim:
        if self.held_by:
            raise AlreadyClaimed(f"{self.held_by} is reading this case")
        claim = Claim(ups_instance_uid, transaction_uid)
        self.claims.append(claim)
        self.current = replace(self.current, state=ReadingState.READING, reader_id=self.claimer)
        return claim

    def release(self, claim: Claim) -> None:
        self.released.append(claim)

    def free(self, ups_instance_uid: str, reason: str) -> None:
        raise AssertionError("opening a case takes it from nobody")

    def complete(self, claim: Claim, outputs: Sequence[OutputReference]) -> None:
        raise AssertionError("the hub completes a reading with its report")


@dataclass
class FakeReports:
    stored: Report | None = None
    finals: list[tuple[Report, Claim, tuple[OutputReference, ...]]] = field(default_factory=list)
    stamps_wanted: list[bool] = field(default_factory=list)
    fail_with: WorkstationError | None = None
    refused: dict[str, WorkstationError] = field(default_factory=dict)
    """What is said to one report alone"""
    refused_late: WorkstationError | None = None
    """What is said once its objects are stored"""

    def fetch(self, ups_instance_uid: str) -> Report | None:
        del ups_instance_uid
        return self.stored

    def submit(self, report: Report, claim: Claim) -> Report:
        del claim
        self.stored = report
        return report

    def send_back(self, report: Report, claim: Claim, reason: str) -> Report:
        del claim
        self.stored = replace(report, return_reason=reason)
        return self.stored

    def check_final(self, report: Report, claim: Claim) -> None:
        del claim
        error = self.refused.get(report.report_uid, self.fail_with)
        if error is not None:
            raise error

    def finalise(
        self, report: Report, claim: Claim, artefacts: Sequence[OutputReference], *, wants_time_stamp: bool = True
    ) -> Report:
        self.stamps_wanted.append(wants_time_stamp)
        error = self.refused.get(report.report_uid, self.fail_with) or self.refused_late
        if error is not None:
            raise error
        self.finals.append((report, claim, tuple(artefacts)))
        return report


@dataclass
class FakeImages:
    the_study: Study = field(default_factory=cases.study)
    files: dict[str, bytes] = field(default_factory=dict)
    stored: list[bytes] = field(default_factory=list)
    fail_with: WorkstationError | None = None
    forget: int = 0

    def study(self, study_instance_uid: str) -> Study:
        assert study_instance_uid == self.the_study.study_instance_uid
        return self.the_study

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        del study_instance_uid, series_instance_uid
        return self.files[sop_instance_uid]

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        if self.fail_with is not None:
            raise self.fail_with
        self.stored.extend(part10_files)
        kept = list(part10_files)[self.forget :]
        return [OutputReference(study_instance_uid, "1.2.3.8", "1.2.4", f"uid-{file.decode()}") for file in kept]

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        del study_instance_uid
        return set(digests)


@dataclass
class FakeFindings:
    result: FindingList = field(default_factory=lambda: FindingList("1.2.3"))

    def findings(self, study: Study) -> FindingList:
        del study
        return self.result


@dataclass
class FakeDrafts:
    kept: dict[tuple[str, str], Report] = field(default_factory=dict)
    discarded: list[tuple[str, str]] = field(default_factory=list)
    put_aside: dict[tuple[str, str], Report] = field(default_factory=dict)
    fail_with: WorkstationError | None = None

    def save(self, report: Report) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.kept[report.study_instance_uid, report.author.user_id] = report

    def load(self, study_instance_uid: str, user_id: str) -> Report | None:
        return self.kept.get((study_instance_uid, user_id))

    def discard(self, study_instance_uid: str, user_id: str) -> None:
        self.discarded.append((study_instance_uid, user_id))
        self.kept.pop((study_instance_uid, user_id), None)

    def set_aside(self, study_instance_uid: str, user_id: str) -> None:
        draft = self.kept.pop((study_instance_uid, user_id), None)
        if draft is not None:
            self.put_aside[study_instance_uid, user_id] = draft

    def asides(self, study_instance_uid: str, user_id: str) -> tuple[Report, ...]:
        last = self.put_aside.get((study_instance_uid, user_id))
        return () if last is None else (last,)


@dataclass
class FakeWithdrawnTexts:
    """Implements ``WithdrawnTextPort`` in memory."""

    kept: dict[str, Withdrawn] = field(default_factory=dict)
    unreadable: int = 0
    fail_with: WorkstationError | None = None

    def keep(self, withdrawn: Withdrawn) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.kept[withdrawn.report.report_uid] = withdrawn

    def all(self) -> WaitingTexts:
        return WaitingTexts(tuple(self.kept.values()), self.unreadable)

    def drop(self, report_uid: str) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.kept.pop(report_uid, None)


@dataclass
class FakeTemplates:
    templates: tuple[ReportTemplate, ...] = field(default_factory=lambda: (cases.template(),))

    def all(self) -> tuple[ReportTemplate, ...]:
        return self.templates

    def of_site(self, site_id: str) -> tuple[ReportTemplate, ...]:
        del site_id
        return self.templates

    def for_study(self, modality: str, description: str, site_id: str = "") -> ReportTemplate:
        del modality, description
        return self.templates[0]

    def begun_with(self, template_id: str, version: str, site_id: str = "") -> ReportTemplate | None:
        del version, site_id
        return next((one for one in self.templates if one.template_id == template_id), None)


@dataclass
class FakeAudit:
    recorded: list[tuple[AuditAction, str, int, str]] = field(default_factory=list)
    fail_with: WorkstationError | None = None

    def record(self, action: AuditAction, *, subject_uid: str = "", outcome: int = 0, detail: str = "") -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.recorded.append((action, subject_uid, outcome, detail))

    def events(self, *, study_instance_uid: str = "") -> list[AuditEvent]:
        del study_instance_uid
        return []

    @property
    def actions(self) -> list[AuditAction]:
        return [action for action, *_rest in self.recorded]


@dataclass
class FakeDelivery:
    report: Report
    claim: Claim
    artefacts: tuple[SignedArtefact, ...]
    attempts: int = 0
    retry_at: datetime = cases.NOON
    refused: bool = False


@dataclass
class FakeOutbox:
    waiting: list[FakeDelivery] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    fail_with: WorkstationError | None = None

    def enqueue(self, report: Report, claim: Claim, artefacts: Sequence[SignedArtefact]) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.waiting.append(FakeDelivery(report, claim, tuple(artefacts)))

    def pending(self) -> list[FakeDelivery]:
        return list(self.waiting)

    def replace(self, report_uid: str, artefact: SignedArtefact) -> None:
        (delivery,) = (one for one in self.waiting if one.report.report_uid == report_uid)
        kept = (artefact if one.kind == artefact.kind else one for one in delivery.artefacts)
        delivery.artefacts = tuple(kept)

    def confirmed(self, report_uid: str) -> None:
        self.done.append(report_uid)
        self.waiting = [d for d in self.waiting if d.report.report_uid != report_uid]

    def failed(self, report_uid: str, reason: str, *, retry_at: datetime, refused: bool = False) -> None:
        self.failures.append((report_uid, reason))
        for delivery in self.waiting:
            if delivery.report.report_uid == report_uid:
                delivery.attempts += 1
                delivery.refused = delivery.refused or refused
                delivery.retry_at = retry_at


@dataclass
class FakeSession:
    actor: Actor | None = EXPERT

    def sign_in(self, user: str, password: str) -> Actor:
        raise AssertionError("nobody signs in here")

    def sign_out(self) -> None:
        self.actor = None


@dataclass
class FakeKey:
    holder: KeyHolder = field(default_factory=lambda: KeyHolder(EXPERT.user_id, EXPERT.display_name))
    certificate: bytes = b"certificate"
    level: SignatureLevel = SignatureLevel.LT
    closed: bool = False

    def sign_pdf(self, pdf: bytes, *, reason: str, signer_name: str, stamp: SignatureStamp | None = None) -> SignedPdf:
        del reason
        role = f" as {stamp.role} {stamp.name}" if stamp is not None else ""
        return SignedPdf(pdf + f"|signed by {signer_name}{role}".encode(), self.level)

    def sign_bytes(self, content: bytes) -> bytes:
        return b"bare " + content

    def sign_detached(self, content: bytes) -> bytes:
        return b"cms " + content

    def sign_further(self, content: bytes) -> dict[str, bytes]:
        del content
        return {}

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeSigner:
    pin: str = "1234"
    holder: KeyHolder | None = None
    """Whose key it is, the user's own by default"""
    level: SignatureLevel = SignatureLevel.LT

    def unlock(self, user_id: str, pin: str) -> FakeKey:
        if pin != self.pin:
            raise SignatureInvalid(f"wrong PIN for {user_id}")
        names = {actor.user_id: actor.display_name for actor in (EXPERT, RESIDENT)}
        return FakeKey(self.holder or KeyHolder(user_id, names.get(user_id, user_id)), level=self.level)

    def subject(self, user_id: str) -> str:
        return user_id

    def certificate(self, user_id: str) -> CertificateFacts | None:
        begins = datetime(2026, 1, 1, tzinfo=UTC)
        return CertificateFacts(user_id, "CA", "1F", begins, begins.replace(year=2029))


@dataclass
class FakeObjects:
    """Renders and makes objects whose bytes say what they are."""

    attached: dict[str, bytes] = field(default_factory=dict)
    on_images: dict[str, bytes] = field(default_factory=dict)
    before: Callable[[Report], None] = lambda _report: None

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
        del template, study, row
        assert not draft
        self.before(report)
        self.attached = dict(attachments or {})
        return b"pdf"

    def enhanced_sr(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        del template, study, row
        assert report.state is ReportState.FINAL
        return b"sr"

    def rejection_note(
        self, study: Study, rejected: tuple[OutputReference, ...], *, note: str, author: Person, language: str
    ) -> bytes:
        del study, note, author, language
        return f"rejection of {len(rejected)} objects".encode()

    def signed_sr(self, report: Report, part10: bytes, key: UnlockedSigner) -> bytes:
        del report
        return part10 + b" signed" if key.certificate else part10

    def measurement_sr(self, report: Report, study: Study) -> bytes:
        del report, study
        return b"tid1500"

    def image_objects(self, report: Report, study: Study) -> dict[str, bytes]:
        del study
        assert report.state is ReportState.FINAL
        return self.on_images

    def encapsulated_pdf(self, report: Report, study: Study, pdf: bytes) -> bytes:
        del report, study
        return pdf

    def manifest(self, report: Report, study: Study, objects: Mapping[str, bytes]) -> bytes:
        del report, study
        return repr(sorted(objects.items())).encode()

    def artefact(self, kind: str, part10: bytes) -> SignedArtefact:
        return SignedArtefact(kind, "1.2.3", "1.2.3.8", "1.2.4", f"uid-{part10.decode()}", part10, "00")

"""Two people, one PIN each, and a time stamp that may come late: what is signed is told as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from pydicom.dataset import Dataset

from tests.helpers import fakes
from tests.helpers.cases import NOON, FixedClock, ai_finding, complete_values, report, row, study, template
from tests.helpers.fakes import EXPERT, RESIDENT
from tests.unit.services.test_signing_and_delivery import CLAIM, DECIDED, Desk
from workstation.dicom.objects.encapsulated import ENCAPSULATED_PDF, taken_apart
from workstation.dicom.sr.common import part10
from workstation.domain.access import Actor
from workstation.domain.audit import AuditAction
from workstation.domain.errors import (
    NotSignable,
    SignatureInvalid,
    TimeStampUnavailable,
    Unreachable,
)
from workstation.domain.finding import RejectReason
from workstation.domain.norm.values import NormOverride
from workstation.domain.report import Person, Report
from workstation.domain.signature import AuthorSignature, KeyHolder, SignatureLevel, SignedPdf
from workstation.domain.workitem import OutputReference
from workstation.services.author_signing import SignedPreliminaries, SignPreliminary
from workstation.services.delivery_service import DeliveryOutcome
from workstation.services.jobs import NoJob
from workstation.services.signing_service import SignedReport, SignReport
from workstation.services.time_stamping import StampPending

WRITTEN = replace(
    report(ai_finding().rejected(RejectReason.VESSEL, by="resident", at=NOON), values=complete_values()),
    author=Person("resident", "宋佳", "省影像专科联盟远程诊断中心"),
)


# whose key


def _sign(desk: Desk, holder: KeyHolder | None, actor: Actor = EXPERT) -> SignedReport:
    signing = SignReport(
        desk.objects, desk.objects, fakes.FakeSigner(holder=holder), desk.outbox, desk.drafts, desk.audit, desk.clock
    )
    return signing(DECIDED, template=template(), study=study(), row=row(), claim=CLAIM, actor=actor, pin="1234")


def test_somebody_else_s_key_signs_nothing_even_with_the_right_pin() -> None:
    desk = Desk()

    with pytest.raises(SignatureInvalid) as refused:
        _sign(desk, KeyHolder("liwenbo", "李文博"))

    assert refused.value.user_text == "The key is 李文博's, but 王启明 is signed in"
    assert desk.outbox.waiting == []
    assert desk.drafts.discarded == []
    assert desk.audit.actions == [AuditAction.SIGNATURE_FAILED]


@pytest.mark.parametrize(
    ("holder", "fits"),
    [
        (KeyHolder("expert", "Wang Qiming"), True),
        (KeyHolder("", "王启明"), True),
        (KeyHolder("", "李文博"), False),
        (KeyHolder("liwenbo", "王启明"), False),
    ],
)
def test_session_user_certificate_and_verifying_observer_are_one_person(holder: KeyHolder, fits: bool) -> None:  # noqa: FBT001 - a table
    desk = Desk()
    if not fits:
        with pytest.raises(SignatureInvalid):
            _sign(desk, holder)
        return

    signed = _sign(desk, holder)

    assert signed.report.verifier is not None
    assert signed.report.verifier.user_id == EXPERT.user_id


# the author


@dataclass
class Author:
    images: fakes.FakeImages = field(default_factory=fakes.FakeImages)
    audit: fakes.FakeAudit = field(default_factory=fakes.FakeAudit)
    objects: fakes.FakeObjects = field(default_factory=fakes.FakeObjects)

    def sign(self, what: Report = WRITTEN, pin: str = "1234") -> Report:
        act = SignPreliminary(self.objects, self.objects, fakes.FakeSigner(), self.images, self.audit, FixedClock())
        return act(what, template=template(), study=study(), row=row(), actor=RESIDENT, pin=pin)


def test_what_an_author_signed_is_stored_before_the_report_names_it() -> None:
    author = Author()
    written = author.sign()

    assert author.images.stored == ["pdf|signed by 宋佳 as author 宋佳".encode()]
    assert written.author_signature == AuthorSignature(
        "resident", "宋佳", NOON, "1.2.3.8", "uid-pdf|signed by 宋佳 as author 宋佳", "00"
    )
    assert replace(written, author_signature=None) == WRITTEN


def test_a_wrong_pin_of_an_author_stores_nothing_and_is_audited() -> None:
    author = Author()

    with pytest.raises(SignatureInvalid):
        author.sign(pin="0000")
    assert author.images.stored == []
    assert author.audit.actions == [AuditAction.SIGNATURE_FAILED]


def test_an_incomplete_report_is_not_signed_by_its_author() -> None:
    with pytest.raises(NotSignable):
        Author().sign(replace(WRITTEN, values={}))


def test_no_author_signs_past_the_norm_gate_but_one_who_answers_for_the_fault() -> None:
    author = Author()
    wrong = replace(WRITTEN, values={**WRITTEN.values, "impression": "右肺结节，直径约____mm。"})
    with pytest.raises(NotSignable, match="residue"):
        author.sign(wrong)
    assert author.images.stored == []

    answer = NormOverride("residue", "impression", "____", "待补测", RESIDENT.user_id, NOON)
    author.sign(wrong.with_overrides((answer,), at=NOON))
    assert len(author.images.stored) == 1


def _object(pdf: bytes) -> bytes:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = ENCAPSULATED_PDF, "1.2.9"
    ds.StudyInstanceUID = ds.SeriesInstanceUID = "1.2.3"
    ds.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    ds.EncapsulatedDocumentLength = len(pdf)
    return part10(ds)


def _named(content: bytes, *, user_id: str = "resident", sha256: str = "") -> Report:
    digest = sha256 or hashlib.sha256(content).hexdigest()
    return replace(WRITTEN, author_signature=AuthorSignature(user_id, "宋佳", NOON, "1.2.3", "1.2.9", digest))


def test_the_final_report_carries_what_its_author_signed() -> None:
    content = _object(b"%PDF-1 signed")
    images = fakes.FakeImages(files={"1.2.9": content})
    desk = Desk()
    signing = SignReport(
        desk.objects,
        desk.objects,
        fakes.FakeSigner(),
        desk.outbox,
        desk.drafts,
        desk.audit,
        desk.clock,
        SignedPreliminaries(images),
    )

    signing(_named(content), template=template(), study=study(), row=row(), claim=CLAIM, actor=EXPERT, pin="1234")

    assert desk.objects.attached["preliminary.pdf"] == b"%PDF-1 signed"


def test_a_preliminary_report_that_cannot_be_had_or_is_another_is_not_taken_in() -> None:
    content = _object(b"%PDF-1 signed")
    fetch = SignedPreliminaries(fakes.FakeImages(files={"1.2.9": content}))

    class Silent(fakes.FakeImages):
        def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
            raise Unreachable("the hub does not answer")

    assert fetch(_named(content)) == b"%PDF-1 signed"
    assert fetch(WRITTEN) == b""
    assert fetch(_named(content, user_id="another")) == b""
    assert fetch(_named(content, sha256="00")) == b""
    assert SignedPreliminaries(Silent())(_named(content)) == b""


# the time stamp


@dataclass
class Authority:
    answers: bool = False
    asked: int = 0

    def add(self, pdf: bytes) -> SignedPdf:
        self.asked += 1
        if not self.answers:
            raise TimeStampUnavailable("no answer")
        return SignedPdf(pdf + b" stamped", SignatureLevel.LT)


@dataclass
class Held:
    """A desk whose report was signed while the authority was silent."""

    desk: Desk = field(default_factory=Desk)
    authority: Authority = field(default_factory=Authority)
    minutes: float = 0.0

    def __post_init__(self) -> None:
        self.desk.sign()
        (delivery,) = self.desk.outbox.waiting
        kept = (
            replace(one, payload=_object(b"%PDF-1 signed"), awaits_time_stamp=True, cms="Y21z")
            if one.kind == "report_pdf"
            else one
            for one in delivery.artefacts
        )
        delivery.artefacts = tuple(kept)

    def deliver(self, minutes: float) -> DeliveryOutcome:
        clock = FixedClock(NOON + timedelta(minutes=minutes))
        stamps = StampPending(self.desk.outbox, self.authority.add, clock)
        return replace(self.desk.delivery(), clock=clock, may_go=stamps, store=self)(NoJob())

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        self.sent = list(part10_files)
        raise Unreachable("the line is cut after the bytes were stored")

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        raise AssertionError("not asked here")

    @property
    def pdf(self) -> bytes:
        (delivery,) = self.desk.outbox.waiting
        (found,) = (one for one in delivery.artefacts if one.kind == "report_pdf")
        return taken_apart(found.payload).pdf


def test_a_report_waits_for_its_time_stamp_and_says_so() -> None:
    held = Held()

    assert held.deliver(1) == DeliveryOutcome(delivered=0, waiting=1, refused=0, held=1)
    assert held.desk.outbox.failures[0][1] == ("Its time stamp is pending: the time-stamping authority does not answer")
    assert held.deliver(1.1) == DeliveryOutcome(delivered=0, waiting=1, refused=0, held=1)
    assert held.authority.asked == 1  # the next try comes later


def test_the_time_stamp_is_added_before_anything_is_sent() -> None:
    held = Held()
    held.deliver(1)
    held.authority.answers = True
    held.deliver(2)

    assert held.pdf == b"%PDF-1 signed stamped"
    assert any(b"%PDF-1 signed stamped" in content for content in held.sent)
    (delivery,) = held.desk.outbox.waiting
    (found,) = (one for one in delivery.artefacts if one.kind == "report_pdf")
    assert (found.awaits_time_stamp, found.cms) == (False, "")
    assert found.sha256 == hashlib.sha256(found.payload).hexdigest()


def test_after_ten_minutes_it_goes_without_and_is_never_changed_again() -> None:
    """What the other side may hold already is not stamped later: it would be another object under the same UID."""
    held = Held()
    held.deliver(1)
    held.deliver(10)
    assert any(b"%PDF-1 signed" in content for content in held.sent)

    held.authority.answers = True
    held.deliver(30)

    assert held.pdf == b"%PDF-1 signed"
    assert held.authority.asked == 1


def test_a_clock_that_went_back_holds_nothing_for_days() -> None:
    held = Held()
    stamps = StampPending(held.desk.outbox, held.authority.add, FixedClock(NOON - timedelta(days=2)))

    assert [stamps(delivery) for delivery in held.desk.outbox.pending()] == [True]
    assert held.authority.asked == 0


def test_a_report_with_its_time_stamp_is_not_held() -> None:
    desk = Desk()
    desk.sign()
    stamps = StampPending(desk.outbox, Authority().add, desk.clock)

    assert [stamps(delivery) for delivery in desk.outbox.pending()] == [True]


def test_signing_without_the_authority_marks_the_pdf_as_waiting() -> None:
    desk = Desk()
    signing = SignReport(
        desk.objects,
        desk.objects,
        fakes.FakeSigner(level=SignatureLevel.B),
        desk.outbox,
        desk.drafts,
        desk.audit,
        desk.clock,
    )

    signed = signing(DECIDED, template=template(), study=study(), row=row(), claim=CLAIM, actor=EXPERT, pin="1234")

    assert {one.kind: one.awaits_time_stamp for one in signed.artefacts} == {
        "report_sr": False,
        "measurement_sr": False,
        "report_pdf": True,
    }

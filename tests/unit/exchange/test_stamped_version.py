"""A time stamp that comes after delivery makes a further object; what was signed, and all around it, stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydicom.uid import UID

from tests.helpers.full_reports import OBJECTS, SENIOR, TEMPLATE, final_report, real_study, worklist_row
from tests.helpers.signed_reports import PIN, RENDERER, flipped, keys
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.dicom.objects.stamped_version import before_its_stamp, follows, stamped_uid, stamped_version
from workstation.dicom.sr.common import read_part10
from workstation.domain.signature import SignatureLevel, Verdict
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import add_time_stamp
from workstation.exchange.signing.time_stamps import LocalTimeAuthority, unavailable
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.sealing import Sealing

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)


class Dead:
    def answer(self, request: bytes) -> bytes:
        raise unavailable(f"{len(request)} bytes asked of nobody")


@dataclass(frozen=True)
class Late:
    first: bytes
    stamped: bytes
    store: DemoKeyStore

    def verify(self, content: bytes) -> tuple[Verdict, str]:
        found = SignatureVerifier(self.store.trust(), now=lambda: LATER).verify_bytes("report", content)
        return found.verdict, found.explanation


@pytest.fixture(scope="module")
def late(lidc_0314: Path) -> Late:
    """Return a report signed while the authority was dead, and with the stamp that it got three hours later."""
    _store, folder = keys()
    store = DemoKeyStore(folder, authority=Dead())
    study = real_study(lidc_0314)
    key = store.unlock(SENIOR.user_id, PIN)
    artefacts, pdf = Sealing(RENDERER, OBJECTS).final(final_report(study), key, TEMPLATE, study, worklist_row(study))
    assert pdf.level is SignatureLevel.B
    (first,) = (one.payload for one in artefacts if one.kind == "report_pdf")
    local = DemoKeyStore(folder).time_authority()
    assert isinstance(local, LocalTimeAuthority)
    authority = LocalTimeAuthority(local.certificate, local.chain, local.key, now=lambda: LATER)
    stamped = add_time_stamp(taken_apart(first).pdf, store.trust(), authority, LATER)
    return Late(first, stamped_version(first, stamped.content), store)


def test_the_stamped_version_is_another_object_that_names_the_first_and_begins_with_its_bytes(late: Late) -> None:
    first, after = read_part10(late.first), read_part10(late.stamped)
    named = after.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]

    assert named.ReferencedSOPInstanceUID == first.SOPInstanceUID == follows(late.stamped)
    assert after.SOPInstanceUID == stamped_uid(first.SOPInstanceUID) != first.SOPInstanceUID
    assert UID(after.SOPInstanceUID).is_valid
    assert (after.SeriesInstanceUID, after.InstanceNumber) == (first.SeriesInstanceUID, 2)
    assert taken_apart(late.stamped).pdf.startswith(taken_apart(late.first).pdf)
    assert taken_apart(before_its_stamp(late.stamped)).surroundings == taken_apart(late.first).surroundings
    assert before_its_stamp(late.first) == late.first
    assert follows(late.first) == ""


def test_both_versions_hold_and_the_later_stamp_is_told_as_what_it_is(late: Late) -> None:
    assert late.verify(late.first) == (
        Verdict.VALID, f"Signed by {SENIOR.name}; unchanged since. The time stamp is still missing",
    )  # fmt: skip
    found = SignatureVerifier(late.store.trust(), now=lambda: LATER).verify_bytes("report", late.stamped)
    when = LATER.astimezone().strftime("%Y-%m-%d %H:%M")
    assert (found.verdict, found.level, found.signed_at) == (Verdict.VALID, SignatureLevel.LT, LATER)
    later = f"The time stamp was added later, on {when}: it proves nothing of before"
    assert found.explanation == f"Signed by {SENIOR.name}; unchanged since. {later}"


def test_nothing_hides_in_a_stamped_version(late: Late) -> None:
    for place, damaged in flipped(late.stamped, 60):
        verdict, _words = late.verify(damaged)
        assert verdict is not Verdict.VALID, place
    ds = read_part10(late.stamped)
    uid = str(ds.SOPInstanceUID).encode()
    other = uid[:-1] + (b"1" if uid[-1:] != b"1" else b"2")
    assert late.verify(late.stamped.replace(uid, other))[0] is Verdict.ALTERED


def test_the_page_of_another_report_is_never_taken_for_the_stamped_one(late: Late) -> None:
    with pytest.raises(ValueError, match="begins with other bytes"):
        stamped_version(late.first, b"%PDF-1.7 of somebody else")

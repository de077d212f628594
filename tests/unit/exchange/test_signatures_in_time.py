"""What a signature is worth years later: proven times count, claimed ones never. pyHanko and OpenSSL agree."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fpdf import FPDF

from resources.translation import use_language
from tests.helpers.full_reports import JUNIOR, SENIOR
from tests.helpers.signed_reports import PIN, SignedCase, keys, signed_case
from tests.helpers.years import Years
from workstation.domain.signature import SignatureLevel, Verdict
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import Trust, add_time_stamp
from workstation.exchange.signing.verify import SignatureVerifier

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
SIGNED_BY = f"Signed by {SENIOR.name}; unchanged since"
"""A signer's certificate lives for three years, that of the time stamps for five, the issuing one for ten."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def page() -> bytes:
    pdf = FPDF()
    pdf.add_page()
    return bytes(pdf.output())


@pytest.fixture(scope="module")
def pages(page: bytes) -> dict[SignatureLevel, bytes]:
    """Return a page that was signed just now at every level."""
    return {
        level: DemoKeyStore(keys()[1], level=level)
        .unlock(SENIOR.user_id, PIN)
        .sign_pdf(page, reason="r", signer_name=SENIOR.name)
        .content
        for level in (SignatureLevel.B, SignatureLevel.T, SignatureLevel.LT)
    }


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path)


def test_a_stamped_report_holds_after_the_certificate_of_its_signer_has_ended(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    later = NOW + 4 * YEAR

    found = years.verify(pages[SignatureLevel.LT], later)

    assert (found.verdict, found.explanation) == (Verdict.VALID, SIGNED_BY)
    assert found.signed_at is not None
    assert abs(found.signed_at - NOW) < timedelta(hours=1)
    judged = [years.pyhanko(pages[SignatureLevel.LT], later, moment) for moment in (later, found.signed_at)]
    assert judged == [False, True]


def test_a_stamp_that_was_added_late_proves_its_own_time_years_later(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    store = keys()[0]
    late = add_time_stamp(pages[SignatureLevel.B], store.trust(), store.time_authority()).content

    found = years.verify(late, NOW + 4 * YEAR)

    assert (found.verdict, found.explanation, found.level) == (Verdict.VALID, SIGNED_BY, SignatureLevel.LT)


def test_a_claimed_time_is_believed_of_nobody_whose_certificate_has_ended(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    found = years.verify(pages[SignatureLevel.B], NOW + 4 * YEAR)

    assert found.verdict is Verdict.UNTRUSTED
    assert "and no time stamp proves that it signed before" in found.explanation


def test_a_stamp_without_lists_of_its_time_proves_not_that_the_certificate_was_in_force(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    """Authorities take ended certificates off their lists, so a list of today says nothing of them."""
    found = years.verify(pages[SignatureLevel.T], NOW + 4 * YEAR)

    assert found.verdict is Verdict.UNTRUSTED
    assert "nothing at hand tells that it was in force when it signed" in found.explanation


def test_a_certificate_that_is_revoked_after_the_stamp_leaves_the_report_valid(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    years.at(NOW + DAY).revoke(SENIOR.user_id)
    later = NOW + 2 * DAY

    told = {level: years.verify(content, later) for level, content in pages.items()}

    assert {level: (one.verdict, one.explanation) for level, one in told.items()} == {
        SignatureLevel.B: (Verdict.UNTRUSTED, "The signer's certificate has been revoked"),
        SignatureLevel.T: (Verdict.VALID, SIGNED_BY),
        SignatureLevel.LT: (Verdict.VALID, SIGNED_BY),
    }
    judged = [years.pyhanko(pages[SignatureLevel.LT], later, moment) for moment in (later, NOW + timedelta(hours=1))]
    assert judged == [False, True]


def test_a_certificate_that_was_revoked_before_the_stamp_was_not_in_force_although_it_is_told_later(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    """The list inside the report does not know it yet."""
    years.at(NOW - timedelta(hours=2)).revoke(SENIOR.user_id)
    years.at(NOW + DAY).revoke(JUNIOR.user_id)  # has the list published anew
    later = NOW + 2 * DAY

    told = {level: years.verify(content, later) for level, content in pages.items()}

    assert {one.explanation for one in told.values()} == {"The signer's certificate has been revoked"}
    assert {one.verdict for one in told.values()} == {Verdict.UNTRUSTED}
    assert not years.pyhanko(pages[SignatureLevel.LT], later, NOW + timedelta(hours=1))


def test_a_stamp_whose_authority_has_ended_proves_nothing_without_an_archive_stamp_over_it(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    at_four, at_six = NOW + 4.5 * YEAR, NOW + 6 * YEAR
    plain = pages[SignatureLevel.LT]
    store = years.at(at_four)
    kept = add_time_stamp(plain, store.trust(), store.time_authority(), at_four).content

    lost, found = years.verify(plain, at_six), years.verify(kept, at_six)

    assert lost.verdict is Verdict.UNTRUSTED
    assert lost.explanation.startswith("The certificate of the time-stamping authority ended on ")
    assert lost.explanation.endswith(
        "no archive time stamp was added before: nothing proves any more when this was signed"
    )
    assert (found.verdict, found.explanation, found.level) == (Verdict.VALID, SIGNED_BY, SignatureLevel.LTA)
    assert found.signed_at is not None
    assert abs(found.signed_at - NOW) < timedelta(hours=1)
    assert [years.pyhanko(kept, at_six, moment) for moment in (at_six, at_four)] == [False, False]
    assert years.pyhanko(kept, at_four, NOW + timedelta(hours=1))


def test_an_archive_stamp_that_came_too_late_saves_nothing(pages: dict[SignatureLevel, bytes], years: Years) -> None:
    at_six = NOW + 6 * YEAR
    store = years.at(at_six)
    late = add_time_stamp(pages[SignatureLevel.LT], store.trust(), store.time_authority(), at_six).content

    found = years.verify(late, at_six + DAY)

    assert found.verdict is Verdict.UNTRUSTED
    assert "time-stamping authority ended" in found.explanation


def test_a_root_without_lists_says_that_revocation_was_not_checked(
    pages: dict[SignatureLevel, bytes], years: Years
) -> None:
    only_root = Trust.from_root(years.folder / "root.pem")
    told = {level: years.verify(content, NOW + DAY, only_root).explanation for level, content in pages.items()}

    today = keys_listed().astimezone().strftime("%Y-%m-%d")
    inside = f". Whether the certificate was revoked is known up to {today} only, by the lists inside"
    nothing = ". Whether the certificate was revoked has not been checked: no revocation list is at hand"
    assert told == {
        SignatureLevel.B: f"{SIGNED_BY}. The time stamp is still missing{inside}",
        SignatureLevel.T: SIGNED_BY + nothing,
        SignatureLevel.LT: SIGNED_BY + inside,
    }


def keys_listed() -> datetime:
    """Return when the authority's list was made."""
    command = ["openssl", "crl", "-inform", "DER", "-in", str(keys()[1] / "issuing.crl"), "-noout", "-lastupdate"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return datetime.strptime(printed.strip(), "lastUpdate=%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def test_objects_hold_years_later_by_the_stamped_pdf_beside_them_and_not_alone(
    case: SignedCase, years: Years, tmp_path: Path
) -> None:
    """Detached signatures and those inside an SR have no time stamp of their own."""
    together, alone = tmp_path / "together", tmp_path / "alone"
    together.mkdir()
    alone.mkdir()
    case.write(together)
    for folder in (together, alone):
        (folder / "findings.dcm.p7s").write_bytes(case.detached["findings.dcm"])
    for name in ("findings.dcm", "report.dcm"):
        (alone / name).write_bytes(case.files[name])
    later = NOW + 4 * YEAR
    verifier = SignatureVerifier(years.at(later).trust(), now=lambda: later)

    beside = {path.name: verifier.verify(path).verdict for path in sorted(together.iterdir())}
    without = [verifier.verify(alone / name) for name in ("findings.dcm", "findings.dcm.p7s", "report.dcm")]

    assert set(beside.values()) == {Verdict.VALID}
    assert {one.verdict for one in without} == {Verdict.UNTRUSTED}
    assert all("no time stamp proves that it signed before" in one.explanation for one in without)
    assert [openssl(alone, case, when) for when in (NOW, later)] == [0, 4]


def openssl(folder: Path, case: SignedCase, when: datetime) -> int:
    """Return how OpenSSL ends that verifies the detached signature at a time: 4 where the certificate does not hold."""
    (folder / "root.pem").write_bytes((keys()[1] / "root.pem").read_bytes())
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"]
    files = ["-in", "findings.dcm.p7s", "-content", "findings.dcm", "-CAfile", "root.pem"]
    at = ["-attime", str(int(when.timestamp()))]
    return subprocess.run([*command, *files, *at], cwd=folder, check=False, capture_output=True).returncode

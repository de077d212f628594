"""A report is kept for thirty years, its certificates last for three to ten: archive stamps carry the proof on."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.helpers.signed_reports import SignedCase, keys, signed_case
from tests.helpers.years import Years
from workstation.cli import main
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.domain.errors import SignatureInvalid
from workstation.domain.signature import SignatureLevel, Verdict
from workstation.exchange.signing.preserving import preserve
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.storage.data_dir import default_data_dir

NOW = datetime.now(UTC)
YEAR = timedelta(days=365)
AT_FOUR, AT_SIX = NOW + 4.5 * YEAR, NOW + 6 * YEAR
"""The time-stamping certificate lives for five years."""


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


@pytest.fixture
def years(tmp_path: Path) -> Years:
    return Years(tmp_path)


def judge(years: Years, when: datetime) -> SignatureVerifier:
    return SignatureVerifier(years.at(when).trust(), now=lambda: when)


def test_the_object_in_the_archive_holds_by_its_stamped_copy_after_the_stamping_certificate_has_ended(
    case: SignedCase, years: Years, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    kept = archive / "report_pdf.dcm"
    kept.write_bytes(case.files["report_pdf.dcm"])
    copy = preserve("report_pdf.dcm", kept.read_bytes(), judge(years, AT_FOUR), years.at(AT_FOUR).time_authority())

    alone = judge(years, AT_SIX).verify(kept)
    (archive / "kept on.pdf").write_bytes(copy)
    beside = judge(years, AT_SIX).verify(kept)

    assert copy.startswith(taken_apart(kept.read_bytes()).pdf)
    assert alone.verdict is Verdict.UNTRUSTED
    assert alone.explanation.startswith("The certificate of the time-stamping authority ended on ")
    assert (beside.verdict, beside.level) == (Verdict.VALID, SignatureLevel.LTA)
    assert beside.signed_at is not None
    assert abs(beside.signed_at - NOW) < timedelta(hours=1)


def test_a_stamped_copy_of_another_report_proves_nothing(case: SignedCase, years: Years, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    kept = archive / "report_pdf.dcm"
    kept.write_bytes(case.files["report_pdf.dcm"])
    other = preserve("author.pdf", case.preliminary, judge(years, AT_FOUR), years.at(AT_FOUR).time_authority())
    (archive / "other.pdf").write_bytes(other)

    assert judge(years, AT_SIX).verify(kept).verdict is Verdict.UNTRUSTED


def test_an_envelope_that_was_changed_is_altered_whatever_lies_beside_it(
    case: SignedCase, years: Years, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    kept = archive / "report_pdf.dcm"
    content = case.files["report_pdf.dcm"]
    kept.write_bytes(content.replace(b"QS0118793", b"QS0118794", 1))
    authority = years.at(AT_FOUR).time_authority()
    (archive / "kept on.pdf").write_bytes(preserve("report_pdf.dcm", content, judge(years, AT_FOUR), authority))

    assert judge(years, AT_SIX).verify(kept).verdict is Verdict.ALTERED


def test_what_holds_no_more_gets_no_stamp(case: SignedCase, years: Years) -> None:
    with pytest.raises(SignatureInvalid, match=r"report\.pdf was not preserved: The certificate of the time-stamping"):
        preserve("report.pdf", case.files["report.pdf"], judge(years, AT_SIX), years.at(AT_SIX).time_authority())


def test_what_was_altered_gets_no_stamp(case: SignedCase) -> None:
    page = case.files["report.pdf"]
    altered = page[:2000] + bytes([page[2000] ^ 1]) + page[2001:]
    with pytest.raises(SignatureInvalid, match=r"report\.pdf was not preserved"):
        preserve("report.pdf", altered, SignatureVerifier(case.trust), case.store.time_authority())


def test_the_command_stamps_copies_leaves_the_originals_and_never_overwrites(
    case: SignedCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shutil.copytree(keys()[1], default_data_dir() / "pki")
    good, bad = tmp_path / "report_pdf.dcm", tmp_path / "letter.pdf"
    good.write_bytes(case.files["report_pdf.dcm"])
    bad.write_bytes(b"%PDF-1.4\n")
    words = ["--language", "en", "preserve", str(bad), str(good), "--out", str(tmp_path / "out")]

    assert main(words) == 1
    told = capsys.readouterr()
    assert told.out == f"report_pdf.dcm: stamped copy {tmp_path / 'out' / 'report_pdf.pdf'}\n"
    assert "letter.pdf was not preserved" in told.err
    assert "Without a stamped copy: 1 of 2" in told.err
    assert good.read_bytes() == case.files["report_pdf.dcm"]
    stamped = (tmp_path / "out" / "report_pdf.pdf").read_bytes()
    assert stamped.startswith(taken_apart(good.read_bytes()).pdf)
    assert main(words) == 2
    assert "exists already and was not touched" in capsys.readouterr().err
    assert (tmp_path / "out" / "report_pdf.pdf").read_bytes() == stamped

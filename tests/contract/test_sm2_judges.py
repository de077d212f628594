"""Another program agrees with the SM2 signatures: OpenSSL's own commands, on what lies in the signed PDF."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import core

from resources.translation import use_language
from tests.helpers.consignments import small_study
from tests.helpers.full_reports import OBJECTS, SENIOR, TEMPLATE, final_report, worklist_row
from tests.helpers.signed_reports import RENDERER
from tests.helpers.sm2 import CONTENT, PIN, Sm2Bench
from workstation.domain.signature import Verdict
from workstation.exchange.signing.pades import Trust
from workstation.exchange.signing.sm2 import Sm2Key, holds
from workstation.exchange.signing.sm2_form import SIGNED_DATA, attributes, taken_apart
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.services.sealing import Sealing

IDENTITY = "distid:1234567812345678"
CMS_SIGNED_DATA = "1.2.840.113549.1.7.2"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Sm2Bench:
    return Sm2Bench(tmp_path_factory.mktemp("sm2") / "pki")


def openssl(folder: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *[str(word) for word in words]], cwd=folder, capture_output=True, text=True, check=False
    )


def judged(folder: Path, container: bytes, certificate: Path, content: bytes) -> bool:
    """Let OpenSSL check digest and signature of a container."""
    (info,) = taken_apart(container)["signer_infos"]
    named = {one["type"].native: one["values"][0].native for one in info["signed_attrs"]}
    (folder / "attributes").write_bytes(attributes(named["message_digest"], named["signing_time"]))
    (folder / "signature").write_bytes(info["signature"].native)
    (folder / "content").write_bytes(content)
    openssl(folder, "x509", "-in", certificate, "-pubkey", "-noout", "-out", "public.pem")
    digest = openssl(folder, "dgst", "-sm3", "-r", "content").stdout.split()[0]
    verified = openssl(folder, *verify_command("attributes", "signature", "public.pem"))
    return verified.stdout == "Signature Verified Successfully\n" and digest == named["message_digest"].hex()


def verify_command(content: str, signature: str, public: str) -> Sequence[str]:
    return (
        "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY,
        "-pubin", "-inkey", public, "-sigfile", signature, "-in", content,
    )  # fmt: skip


def test_openssl_agrees_with_signature_digest_chain_and_structure(bench: Sm2Bench, tmp_path: Path) -> None:
    (own,) = bench.folder.glob("sm2/signer-*.pem")
    issuing, root = bench.folder / "sm2" / "issuing.pem", bench.folder / "sm2" / "root.pem"
    readable = bench.container.replace(core.ObjectIdentifier(SIGNED_DATA).dump(), b"", 1)[4:]
    whole = core.ObjectIdentifier(CMS_SIGNED_DATA).dump() + readable
    (tmp_path / "as-cms.der").write_bytes(b"\x30\x82" + len(whole).to_bytes(2, "big") + whole)

    printed = openssl(tmp_path, "cms", "-cmsout", "-print", "-inform", "DER", "-in", "as-cms.der").stdout
    chain = openssl(tmp_path, "verify", "-partial_chain", "-trusted", issuing, "-vfyopt", IDENTITY, own)
    above = openssl(tmp_path, "verify", "-CAfile", root, "-vfyopt", IDENTITY, issuing)

    assert judged(tmp_path, bench.container, own, CONTENT)
    assert not judged(tmp_path, bench.container, own, CONTENT + b" ")
    assert not judged(tmp_path, bench.container, issuing, CONTENT)
    assert (chain.returncode, above.returncode) == (0, 0)
    assert "algorithm: SM2-with-SM3 (1.2.156.10197.1.501)" in printed
    assert "algorithm: sm3 (1.2.156.10197.1.401)" in printed


def test_what_openssl_signs_holds_here_and_our_sealed_key_is_one_that_openssl_opens(tmp_path: Path) -> None:
    key = Sm2Key.generate()
    (tmp_path / "key.der").write_bytes(key.sealed(PIN))
    (tmp_path / "content").write_bytes(b"content")
    command = ("pkeyutl", "-sign", "-rawin", "-digest", "sm3", "-pkeyopt", IDENTITY, "-in", "content")

    made = openssl(
        tmp_path, *command, "-inkey", "key.der", "-keyform", "DER", "-passin", f"pass:{PIN}", "-out", "signature"
    )

    assert made.returncode == 0
    assert holds(key.public, b"content", (tmp_path / "signature").read_bytes())
    assert not holds(key.public, b"contents", (tmp_path / "signature").read_bytes())


@pytest.fixture(scope="module")
def pdf(bench: Sm2Bench) -> bytes:
    """Sign a final report as the product does."""
    study = small_study()
    key = bench.store.unlock(SENIOR.user_id, PIN)
    return Sealing(RENDERER, OBJECTS).final(final_report(study), key, TEMPLATE, study, worklist_row(study))[1].content


def test_the_signed_pdf_carries_the_sm2_signature_over_its_manifest(
    bench: Sm2Bench, pdf: bytes, tmp_path: Path
) -> None:
    (tmp_path / "report.pdf").write_bytes(pdf)
    (tmp_path / "out").mkdir()
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path / "out", tmp_path / "report.pdf"], check=True)
    (own,) = bench.folder.glob("sm2/signer-*.pem")

    manifest, container = ((tmp_path / "out" / f"manifest.json{end}").read_bytes() for end in ("", ".sm2.p7s"))

    assert judged(tmp_path, container, own, manifest)


def test_verifying_says_in_words_that_it_is_also_signed_with_sm2(bench: Sm2Bench, pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)

    here = SignatureVerifier(bench.store.trust()).verify(path)
    elsewhere = SignatureVerifier(Trust.from_root(bench.folder / "root.pem")).verify(path)

    assert (here.verdict, elsewhere.verdict) == (Verdict.VALID, Verdict.VALID)
    assert here.explanation == f"Signed by {SENIOR.name}; unchanged since; also signed with SM2"
    assert (
        "counts for nothing: its authority is not trusted here. Whether the certificate was revoked"
        in elsewhere.explanation
    )


def test_a_report_whose_sm2_signature_is_over_something_else_is_not_called_valid(
    bench: Sm2Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study()
    key = bench.store.unlock(SENIOR.user_id, PIN)
    further = key.further
    assert further is not None
    monkeypatch.setattr(key, "sign_further", lambda _manifest: {".sm2.p7s": further.sign_detached(b"another report")})
    sealing = Sealing(RENDERER, OBJECTS)
    (tmp_path / "report.pdf").write_bytes(
        sealing.final(final_report(study), key, TEMPLATE, study, worklist_row(study))[1].content
    )

    told = SignatureVerifier(bench.store.trust(), lambda: datetime.now(UTC)).verify(tmp_path / "report.pdf")

    assert told.verdict is Verdict.UNKNOWN
    assert told.explanation.endswith("its SM2 signature does not hold: it belongs to another content")

"""A copy from an archive has the archive's file head: what was signed is the same, and no other change goes through."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import ImplicitVRLittleEndian

from resources.translation import use_language
from tests.helpers.signed_reports import SignedCase, flipped, signed_case
from workstation.domain.signature import Verdict
from workstation.exchange.signing.verify import SignatureVerifier

OTHERS = {"ImplementationClassUID": "1.2.276.0.7230010.3.0.3.6.7", "ImplementationVersionName": "OFFIS_DCMTK_367"}
COPIED = ". The file head is that of the system that this copy comes from"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def copied(data: bytes, *, preamble: bytes = bytes(128), also: bytes = b"", **meta: str) -> bytes:
    """Return an object as another system stores it: its own head, the data set byte for byte."""
    file_meta = dcmread(BytesIO(data), stop_before_pixels=True).file_meta
    (length,) = struct.unpack_from("<I", data, 140)
    for keyword, value in {**OTHERS, "SourceApplicationEntityTitle": "PACS", **meta}.items():
        setattr(file_meta, keyword, value)
    head = DicomBytesIO()
    write_file_meta_info(head, file_meta)
    return preamble + b"DICM" + head.getvalue() + also + data[144 + length :]


def test_every_object_verifies_with_another_system_s_head_beside_its_report_and_alone(
    case: SignedCase, tmp_path: Path
) -> None:
    case.write(tmp_path)
    objects = [name for name in case.files if name.endswith(".dcm")]
    for name in objects:
        (tmp_path / name).write_bytes(copied(case.files[name]))
    (tmp_path / "findings.dcm.p7s").write_bytes(case.detached["findings.dcm"])
    verifier = SignatureVerifier(case.trust)

    found = {name: verifier.verify(tmp_path / name) for name in (*objects, "findings.dcm.p7s")}
    alone = [verifier.verify_bytes(name, copied(case.files[name])) for name in ("report_pdf.dcm", "report.dcm")]

    assert {name: one.verdict for name, one in found.items()} == dict.fromkeys(found, Verdict.VALID)
    assert all(one.explanation.endswith(COPIED) for one in (*found.values(), *alone))
    assert {one.verdict for one in alone} == {Verdict.VALID}


def test_a_copy_that_was_encoded_anew_is_not_called_altered_but_cannot_be_told(case: SignedCase) -> None:
    ds = dcmread(BytesIO(case.files["report.dcm"]))
    ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    for keyword, value in OTHERS.items():
        setattr(ds.file_meta, keyword, value)
    output = BytesIO()
    dcmwrite(output, ds, enforce_file_format=True)

    found = SignatureVerifier(case.trust).verify_bytes("report.dcm", output.getvalue())

    words = "what was signed cannot be compared with it. Get it as Explicit VR Little Endian"
    assert found.verdict is Verdict.UNKNOWN
    assert found.explanation == f"This copy was encoded anew (Implicit VR Little Endian): {words}"


@pytest.mark.parametrize(
    "head",
    [
        {"preamble": b"MZ" + bytes(126)},
        {"MediaStorageSOPInstanceUID": "1.2.3"},
        {"MediaStorageSOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
        {"ImplementationVersionName": "LIANYUE"},
        {"PrivateInformationCreatorUID": "1.2.3"},
        {"also": b"\x02\x00\x16\x00AE\x02\x00XX"},
        {"also": b"\x04\x00\x00\x00UL\x04\x00\x00\x00\x00\x00"},
    ],
)
def test_a_head_that_hides_or_claims_something_is_not_believed(case: SignedCase, head: dict[str, str]) -> None:
    changed = copied(case.files["report.dcm"], **head)  # type: ignore[arg-type]  # texts and bytes by name

    assert SignatureVerifier(case.trust).verify_bytes("report.dcm", changed).verdict is not Verdict.VALID


@pytest.mark.filterwarnings("ignore::UserWarning")  # damaged DICOM makes pydicom warn of each doubtful value
def test_one_flipped_bit_in_the_data_set_of_a_copy_is_never_valid(case: SignedCase) -> None:
    whole = copied(case.files["report.dcm"])
    begin = (
        len(whole) - len(case.files["report.dcm"]) + 144 + struct.unpack_from("<I", case.files["report.dcm"], 140)[0]
    )
    verifier = SignatureVerifier(case.trust)
    samples = flipped(whole[begin:], 40)

    told = {verifier.verify_bytes("report.dcm", whole[:begin] + damaged).verdict for _place, damaged in samples}

    assert Verdict.VALID not in told

"""Outside judges on every DICOM object of a report: dicom3tools, DCMTK, poppler and highdicom."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import highdicom as hd
import pytest
from pydicom import dcmread

from tests.helpers.full_reports import (
    OBJECTS,
    TEMPLATE,
    dciodvfy_errors,
    detected,
    dsrdump,
    final_report,
    preliminary_report,
    real_study,
    worklist_row,
)
from tests.helpers.signed_reports import CHINESE, SignedCase, signed_case
from workstation.domain.study import Patient

pytestmark = pytest.mark.dcmtk
PATIENTS = {
    "as in the headers": None,
    "rare characters": CHINESE,
    "from GB18030": Patient("110101196803140024", b"\xcd\xf5^\xd0\xa1\xb6\xab".decode("gb18030"), "19680314", "F"),
}


@pytest.fixture(scope="module")
def case(lidc_0314: Path) -> SignedCase:
    return signed_case(lidc_0314)


def objects(scan: Path, patient: Patient | None, language: str) -> dict[str, bytes]:
    study = real_study(scan, patient)
    row, final, preliminary = worklist_row(study), final_report(study, language=language), preliminary_report(study)
    return {
        "final": OBJECTS.enhanced_sr(final, TEMPLATE, study, row),
        "preliminary": OBJECTS.enhanced_sr(preliminary, TEMPLATE, study, row),
        "measurements": OBJECTS.measurement_sr(final, study),
        "detections": OBJECTS.detection_sr(study, detected(study)),
        "no detections": OBJECTS.detection_sr(study, replace(detected(study), findings=())),
        "encapsulated": OBJECTS.encapsulated_pdf(final, study, b"%PDF-1.7\n%%EOF"),
    }


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("patient", PATIENTS)
def test_dciodvfy_finds_no_error_in_any_object(lidc_0314: Path, tmp_path: Path, patient: str, language: str) -> None:
    errors = {}
    for name, content in objects(lidc_0314, PATIENTS[patient], language).items():
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        errors[name] = dciodvfy_errors(path)

    assert {name: [] for name in errors} == errors


def test_dsrdump_reads_every_sr_without_error_and_keeps_the_chinese(lidc_0314: Path, tmp_path: Path) -> None:
    for name, content in objects(lidc_0314, CHINESE, "zh_CN").items():
        if name == "encapsulated":
            continue
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        status, printed = dsrdump(path)
        assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, []), name
        assert "王^䶮" in printed
        if name == "final":
            assert "王启明, 省影像专科联盟远程诊断中心" in printed
            assert (
                "1. 右肺上叶实性结节，长径 × 短径 21.9 × 14.3 mm，平均径 18.1 mm，等体积直径 15.5 mm，图像 116"
                in printed
            )


def test_the_judges_do_object_to_a_wrong_report(lidc_0314: Path, tmp_path: Path) -> None:
    """Negative control: VERIFIED without its observer must be noticed, or the judging is worth nothing."""
    path = tmp_path / "wrong.dcm"
    path.write_bytes(objects(lidc_0314, CHINESE, "zh_CN")["final"])
    ds = dcmread(path)
    del ds.VerifyingObserverSequence
    ds.save_as(path)

    assert dciodvfy_errors(path) != []


def test_highdicom_reads_our_measurement_reports(lidc_0314: Path, tmp_path: Path) -> None:
    """highdicom has no part in writing them; it must find the same lesion by its tracking UID."""
    path = tmp_path / "detections.dcm"
    path.write_bytes(objects(lidc_0314, CHINESE, "zh_CN")["detections"])

    content: Any = hd.sr.srread(path).content
    (group,) = content.get_volumetric_roi_measurement_groups(tracking_uid="2.25.771")

    (diameter,) = group.get_measurements(hd.sr.CodedConcept("81827009", "SCT", "Diameter"))
    assert (float(diameter.value), diameter.unit.value) == (15.5, "mm")
    assert len(content.get_volumetric_roi_measurement_groups()) == 3


def test_the_pdf_comes_out_of_its_dicom_object_byte_for_byte(case: SignedCase, tmp_path: Path) -> None:
    case.write(tmp_path)

    judged = subprocess.run(
        ["dcm2pdf", str(tmp_path / "report_pdf.dcm"), str(tmp_path / "out.pdf")],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (0, case.files["report.pdf"]) == (judged.returncode, (tmp_path / "out.pdf").read_bytes())


def test_poppler_agrees_that_the_signature_holds(case: SignedCase, tmp_path: Path) -> None:
    case.write(tmp_path)

    printed = subprocess.run(
        ["pdfsig", str(tmp_path / "report.pdf")], check=False, capture_output=True, text=True
    ).stdout

    for line in (
        "Signer Certificate Common Name: 王启明",
        "Signature Type: ETSI.CAdES.detached",
        "Total document signed",
        "Signature Validation: Signature is Valid.",
    ):
        assert line in printed


def test_openssl_agrees_that_the_detached_signature_holds(case: SignedCase, tmp_path: Path) -> None:
    from asn1crypto import pem  # noqa: PLC0415 - used once

    (tmp_path / "root.pem").write_bytes(pem.armor("CERTIFICATE", case.trust.roots[0]))
    (tmp_path / "report.dcm").write_bytes(case.files["report.dcm"])
    (tmp_path / "report.dcm.p7s").write_bytes(case.p7s)
    command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null"]
    command += ["-in", "report.dcm.p7s", "-content", "report.dcm", "-CAfile", "root.pem"]

    judged = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    assert judged.returncode == 0, judged.stderr

"""A signed report with its keys, made once per test run; and ways to damage it."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.helpers.full_reports import (
    OBJECTS,
    SENIOR,
    SIGNED,
    TEMPLATE,
    final_report,
    real_study,
    worklist_row,
)
from tests.helpers.marked import marked
from workstation.domain.study import Patient, Study
from workstation.domain.template import Text
from workstation.exchange.demo_pki import DemoKeyStore
from workstation.exchange.pades import Trust
from workstation.exchange.report_pdf import ReportPdf

PIN = "246810"
RENDERER = ReportPdf(Text("省影像专科联盟远程诊断中心", "Provincial Imaging Alliance Remote Reading Centre"))
CHINESE = Patient("QS0118793", "Wang^Yan=王^䶮", "19680314", "F")


@dataclass(frozen=True)
class SignedCase:
    """The files of one signed report and who may be believed."""

    study: Study
    files: dict[str, bytes]
    p7s: bytes
    """Detached signature over report.dcm."""
    trust: Trust
    store: DemoKeyStore

    def write(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


@cache
def keys() -> tuple[DemoKeyStore, Path]:
    folder = Path(tempfile.mkdtemp(prefix="lianyue-keys-"))
    store = DemoKeyStore(folder)
    store.ensure_signer(SENIOR.user_id, SENIOR.name, SENIOR.organisation, PIN)
    return store, folder


@cache
def signed_case(scan: Path) -> SignedCase:
    """Sign a report of a Chinese patient on the real study, exactly as the signing service does."""
    store, folder = keys()
    study = replace(real_study(scan, CHINESE), study_date="20261121", study_time="175500")
    report, row = marked(final_report(study), study), worklist_row(study)
    signer = store.unlock(SENIOR.user_id, PIN)
    objects = {
        "report.dcm": OBJECTS.enhanced_sr(report, TEMPLATE, study, row),
        "findings.dcm": OBJECTS.measurement_sr(report, study),
        **OBJECTS.image_objects(report, study),
    }
    manifest = OBJECTS.manifest(report, study, objects)
    page = RENDERER.render(report, TEMPLATE, study, row, draft=False, attachments={"manifest.json": manifest})
    pdf = signer.sign_pdf(page, reason="终审报告", signer_name=SENIOR.name).content
    files = {"report.pdf": pdf, "report_pdf.dcm": OBJECTS.encapsulated_pdf(report, study, pdf), **objects}
    return SignedCase(
        study, files, signer.sign_detached(files["report.dcm"]), Trust.from_root(folder / "root.pem"), store
    )


def flipped(data: bytes, count: int, seed: int = 12) -> Iterator[tuple[int, bytes]]:
    """Yield ``count`` copies with one bit flipped at spread positions, first and last byte included."""
    chance = random.Random(seed)
    step = len(data) / count
    for n in range(count):
        place = min(int((n + chance.random()) * step), len(data) - 1)
        place = {0: 0, count - 1: len(data) - 1}.get(n, place)
        damaged = bytearray(data)
        damaged[place] ^= 1 << chance.randrange(8)
        yield place, bytes(damaged)


__all__ = ["CHINESE", "PIN", "RENDERER", "SIGNED", "SignedCase", "flipped", "keys", "signed_case"]

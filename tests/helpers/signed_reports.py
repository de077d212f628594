"""A signed report with its keys, made once per test run; and ways to damage it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.helpers.full_reports import (
    JUNIOR,
    OBJECTS,
    SENIOR,
    SIGNED,
    TEMPLATE,
    final_report,
    real_study,
    worklist_row,
)
from tests.helpers.marked import marked
from tests.helpers.scratch import scratch_folder
from workstation.dicom.objects.encapsulated import taken_apart
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.domain.report import Person, ReportState
from workstation.domain.study import Patient, Study
from workstation.domain.template import Text
from workstation.exchange.paper.report_pdf import ReportPdf
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.pades import PadesSigner, Trust
from workstation.services.sealing import Sealing

PIN = "246810"
RENDERER = ReportPdf(Text("省影像专科联盟远程诊断中心", "Provincial Imaging Alliance Remote Reading Centre"))
CHINESE = Patient("QS0118793", "Wang^Yan=王^䶮", "19680314", "F")


@dataclass(frozen=True)
class SignedCase:
    """The files of one signed report and who may be believed."""

    study: Study
    files: dict[str, bytes]
    detached: dict[str, bytes]
    """Detached signatures by the name of their file."""
    preliminary: bytes
    """The PDF that the author signed."""
    trust: Trust
    store: DemoKeyStore

    @property
    def p7s(self) -> bytes:
        """Return the detached signature over report.dcm."""
        return self.detached["report.dcm"]

    def write(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


@cache
def keys() -> tuple[DemoKeyStore, Path]:
    """Return keys that were issued a day before the reports say they were signed."""
    folder = scratch_folder("keys")
    issuing = DemoKeyStore(folder, now=lambda: SIGNED - timedelta(days=1))
    for person in (SENIOR, JUNIOR):
        issuing.ensure_signer(person.user_id, person.name, person.organisation, PIN)
    return DemoKeyStore(folder), folder


@cache
def signed_case(
    scan: Path,
    *,
    key_of: Person = SENIOR,
    key: Callable[[DemoKeyStore], PadesSigner] | None = None,
    priors: tuple[PriorMeasurements, ...] = (),
) -> SignedCase:
    """
    Sign a report of a Chinese patient on the real study: its author when submitting, its senior at the end.

    ``key_of`` is whose key signs the final report, which names the senior all the same; ``key`` gives another one;
    ``priors`` were measured for comparison.
    """
    store, _folder = keys()
    study = replace(real_study(scan, CHINESE), study_date="20261121", study_time="175500")
    final, row = replace(marked(final_report(study), study), prior_measurements=priors), worklist_row(study)
    sealing = Sealing(RENDERER, OBJECTS)
    submitted = replace(final, state=ReportState.PRELIMINARY, verifier=None, signed_at=None)
    author, senior = (store.unlock(person.user_id, PIN) for person in (JUNIOR, key_of))
    senior = senior if key is None else key(store)
    written, signature = sealing.preliminary(submitted, author, TEMPLATE, study, row, at=SIGNED)
    preliminary = taken_apart(written.payload).pdf
    artefacts, pdf = sealing.final(
        replace(final, author_signature=signature), senior, TEMPLATE, study, row, preliminary=preliminary
    )
    named = {"report_sr": "report.dcm", "measurement_sr": "findings.dcm", "report_pdf": "report_pdf.dcm"}
    names = [named.get(artefact.kind, f"{artefact.kind}.dcm") for artefact in artefacts]
    return SignedCase(
        study,
        {"report.pdf": pdf.content} | {name: a.payload for name, a in zip(names, artefacts, strict=True)},
        {name: base64.b64decode(a.cms) for name, a in zip(names, artefacts, strict=True)},
        preliminary,
        store.trust(),
        store,
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


__all__ = ["CHINESE", "JUNIOR", "PIN", "RENDERER", "SIGNED", "SignedCase", "flipped", "keys", "signed_case"]

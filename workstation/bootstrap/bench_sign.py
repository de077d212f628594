"""``lianyue bench sign``: what signing a report of a long CT and verifying it cost the processor, key by key."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.finding import AlgorithmIdentity, FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.report import Person, Report, ReportState
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.domain.template import Text
from workstation.domain.workitem import AiState, AiSummary, Priority, ReadingState, WorkitemCode, WorklistRow
from workstation.exchange.paper.report_pdf import ReportPdf
from workstation.exchange.signing.demo_pki import DemoKeyStore
from workstation.exchange.signing.verify import SignatureVerifier
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.sealing import Sealing
from workstation.services.uid import new_uid

_ROUNDS: Final = 5
_IMAGES: Final = 275
_CT: Final = "1.2.840.10008.5.1.4.1.1.2"
_PIN: Final = "bench-2468"


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


def run(_study: Path | None) -> dict[str, Any]:
    """
    Return seconds of this process's processor time, medians after a first round, and ratios to opening the key.

    Opening takes 200 000 rounds of PBKDF2 on purpose, so that a stolen key file is slow to guess: it is fixed work
    on every machine, hence the measure.
    """
    with tempfile.TemporaryDirectory(prefix="lianyue-bench-", ignore_cleanup_errors=True) as folder:
        figures = _measured(DemoKeyStore(Path(folder)))
    opening = figures["open_key_s"]
    names = ("sign_pdf_s", "seal_s", "page_s", "verify_pdf_s", "verify_object_s")
    return {
        "figures": figures | {"images": _IMAGES},
        "ratios": {f"{name.removesuffix('_s')}_to_open_key": round(figures[name] / opening, 3) for name in names},
    }


def _measured(store: DemoKeyStore) -> dict[str, float]:
    person = Person("bench", "王启明", "省影像专科联盟远程诊断中心")
    store.ensure_signer(person.user_id, person.name, person.organisation, _PIN)
    study, template = _phantom(), TemplateLibrary().get("ct-chest")
    report, row = _report(study, person), _row(study)
    renderer = ReportPdf(Text(person.organisation, person.organisation))
    sealing = Sealing(renderer, DicomObjects(_Clock()))
    key = store.unlock(person.user_id, _PIN)
    page = renderer.render(report, template, study, row, draft=False)
    artefacts, pdf = sealing.final(report, key, template, study, row)
    whole = next(one.payload for one in artefacts if one.kind == "report_pdf")
    trust = store.trust()
    return {
        "open_key_s": _median(lambda: store.unlock(person.user_id, _PIN)),
        "sign_pdf_s": _median(lambda: key.sign_pdf(page, reason="", signer_name=person.name)),
        "seal_s": _median(lambda: sealing.final(report, key, template, study, row)),
        "page_s": _median(lambda: renderer.render(report, template, study, row, draft=False)),
        "verify_pdf_s": _median(lambda: SignatureVerifier(trust).verify_bytes("report.pdf", pdf.content)),
        "verify_object_s": _median(lambda: SignatureVerifier(trust).verify_bytes("report.dcm", whole)),
    }


def _median(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return round(statistics.median(taken), 4)


def _phantom() -> Study:
    images = tuple(
        Instance(new_uid(), _CT, instance_number=number, rows=512, columns=512) for number in range(1, _IMAGES + 1)
    )
    series = Series(new_uid(), "CT", 1, instances=images)
    return Study(new_uid(), Patient("BENCH", "PHANTOM", "19700101", "O"), "20260101", "120000", series=(series,))


def _report(study: Study, person: Person) -> Report:
    now, (series,) = datetime.now(UTC), study.series
    nobody = AlgorithmIdentity("none", "0", "0" * 64, "CPUExecutionProvider", 0.5, 0.0)
    return Report(
        report_uid=new_uid(),
        study_instance_uid=study.study_instance_uid,
        ups_instance_uid=new_uid(),
        template_id="ct-chest",
        template_version="1.0.0",
        language="zh_CN",
        state=ReportState.FINAL,
        values={"impression": "双肺未见明确异常。"},
        findings=FindingList(study.study_instance_uid, series.series_instance_uid, new_uid(), nobody, ()),
        measurements=MeasurementSet(study.study_instance_uid, ()),
        author=person,
        updated_at=now,
        verifier=person,
        signed_at=now,
    )


def _row(study: Study) -> WorklistRow:
    now = datetime.now(UTC)
    return WorklistRow(
        ups_instance_uid=new_uid(),
        study_instance_uid=study.study_instance_uid,
        workitem_code=WorkitemCode.REPORT_VERIFICATION,
        state=ReadingState.PRELIMINARY,
        priority=Priority.MEDIUM,
        patient_name=study.patient.name,
        patient_id=study.patient.patient_id,
        sex=study.patient.sex,
        birth_date=study.patient.birth_date,
        accession_number="",
        modality="CT",
        description="",
        site_id="bench",
        site_name="bench",
        due=now,
        studied=now,
        arrived=now,
        images_received=study.instance_count,
        images_expected=study.instance_count,
        ai=AiSummary(AiState.DONE, 0, 0),
        clinical_question="",
    )

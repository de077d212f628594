"""What a report makes of findings on films: words without a size, in every form that leaves the house."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.helpers.consignments import HL7, consigned, template_of
from tests.helpers.films import film_study, on_film
from tests.helpers.full_reports import TEMPLATE, final_report, worklist_row
from tests.helpers.papers import paper_study, printed, squeezed, text_of
from workstation.domain.categories.values import Scheme
from workstation.domain.dispatch import RouteKind
from workstation.domain.finding import Finding, FindingList
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.exchange.routes.fhir import transaction
from workstation.exchange.routes.hl7v2 import oru_r01
from workstation.exchange.routes.report_body import report_body
from workstation.services.category_forms import lesions_of
from workstation.services.explain_service import ExplainFindings
from workstation.services.norm_gate import norm_subject
from workstation.services.phrase_service import facts_of
from workstation.services.report_links import finding_words
from workstation.services.report_service import image_of_finding, slice_number

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BOX = on_film(1, sop="2.25.10003", label="mass").accepted(by="expert", at=AT)
WHOLE = on_film(2, sop="2.25.10004", box=None, label="effusion").accepted(by="expert", at=AT)


def with_films(report: Report, *findings: Finding) -> Report:
    found = report.findings
    return replace(report, findings=replace(found, findings=findings or (BOX, WHOLE)))


def test_the_table_on_paper_has_the_image_and_no_size(tmp_path: Path) -> None:
    study = paper_study()
    pdf = printed(with_films(final_report(study)), study)

    text = squeezed(text_of(pdf, tmp_path, "-layout"))
    assert "1肿块—4AI提示，医师接受" in text
    assert "2胸腔积液—5AI提示，医师接受" in text
    assert "肺叶未注明" not in text


def test_a_message_tells_of_a_film_in_words_and_gives_no_diameter() -> None:
    consignment = replace(consigned(), report=with_films(consigned().report, BOX))
    body = report_body(consignment, template_of)

    message = oru_r01(consignment, HL7, body, b"").decode("utf-8")
    fhir = transaction(consignment, replace(HL7, kind=RouteKind.FHIR, address="http://127.0.0.1:9/r4"), body,
                       b"%PDF")  # fmt: skip

    assert "^^UCUM" not in message
    assert "1. 肿块（AI 提示，医师接受）。" in message
    (observed,) = [entry["resource"] for entry in fhir["entry"] if entry["resource"]["resourceType"] == "Observation"]
    assert observed["valueString"] == "1. 肿块（AI 提示，医师接受）。"
    assert observed["code"]["coding"][0]["code"] == "121071"
    assert "mm" not in json.dumps(observed)


def test_the_writer_is_offered_its_words_and_the_largest_finding_is_one_with_a_size() -> None:
    study = film_study()
    report = with_films(final_report(paper_study()))

    facts = facts_of(report, TEMPLATE, study)

    assert (finding_words(BOX, "zh_CN"), finding_words(WHOLE, "en")) == ("肿块", "pleural effusion")
    assert facts["病灶1"].words == "肿块"
    assert "最大病灶" not in facts
    assert lesions_of(Scheme.LUNG_RADS, (BOX, WHOLE)) == ()


def test_the_norm_gate_reads_what_a_film_shows() -> None:
    subject = norm_subject(
        with_films(final_report(paper_study())), TEMPLATE, paper_study(), worklist_row(paper_study()), signer="王启明"
    )

    assert any("肿块。胸腔积液" in field.text for field in subject.fields)


def test_no_slice_is_made_up_for_a_film() -> None:
    study: Study = film_study(("R", "MLO"))
    film = on_film(1, sop="1.2.3.1.1")
    found = FindingList("1.2.3", findings=(film,))

    assert slice_number(study, "1.2.3.1", film) is None
    assert image_of_finding(film, found, study) == "R MLO"
    with pytest.raises(ValueError, match="in the patient"):
        ExplainFindings(None, tuple, None)(None, film, None)  # type: ignore[arg-type]  # nothing is asked of them

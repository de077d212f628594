"""A report as FHIR R4 transaction: valid by an outside model, never doubled, corrected in place."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from tests.helpers.consignments import HL7, PDF_BYTES, consigned, small_study, template_of
from tests.helpers.fhir_judge import refused_by_fhir_js
from tests.helpers.fhir_server import FhirServer, running_fhir_server
from tests.helpers.full_reports import SIGNED, final_report, preliminary_report
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics
from workstation.domain.dispatch import CriticalFlag, FormerReport, Route, RouteKind
from workstation.domain.errors import Refused, Undeliverable, Unreachable
from workstation.domain.finding import RejectReason
from workstation.domain.report import Predecessor, Report, ReportKind, ReportState
from workstation.domain.template import Code, FieldType
from workstation.domain.voi import Threshold
from workstation.exchange.routes.dispatched_objects import signed_pdf
from workstation.exchange.routes.fhir import transaction
from workstation.exchange.routes.fhir_carrier import FhirCarrier
from workstation.exchange.routes.fhir_guard import check_bundle
from workstation.exchange.routes.report_body import report_body

CARRIER = FhirCarrier(template_of)
Resource = dict[str, Any]


@pytest.fixture
def server() -> Iterator[FhirServer]:
    with running_fhir_server() as running:
        yield running


@pytest.fixture
def route(server: FhirServer) -> Route:
    return fhir_route(server.address)


def fhir_route(address: str = "http://127.0.0.1:9/r4") -> Route:
    return replace(HL7, kind=RouteKind.FHIR, address=address)


def bundle(**changes: Any) -> Resource:  # noqa: ANN401 - fields of a consignment
    consignment = replace(consigned(), **changes)
    return transaction(consignment, fhir_route(), report_body(consignment, template_of), signed_pdf(consignment))


def resources(told: Resource, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in told["entry"] if entry["resource"]["resourceType"] == kind]


def test_the_transaction_is_valid_by_an_outside_model_of_r4() -> None:
    parsed = Bundle.model_validate(bundle())

    kinds = [entry["resource"]["resourceType"] for entry in parsed.model_dump()["entry"]]
    assert kinds == ["Patient", "Practitioner", "Practitioner", "ImagingStudy", "Observation", "Observation",
                     "Observation", "DiagnosticReport", "Provenance"]  # fmt: skip


def with_a_volume_of_interest() -> Report:
    share = Threshold(0.41, relative=True)
    ball = Annotation(
        uid="2.25.1800",
        tracking_uid="2.25.1801",
        kind=AnnotationKind.SPHERE,
        points_lps_mm=((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)),
        measures=(
            Measure(MeasureName.DIAMETER, 20.0, "mm"),
            Measure(MeasureName.UPTAKE_PEAK, 2.53664, "SUV"),
            Measure(MeasureName.METABOLIC_VOLUME, 0.216, "ml", share),
            Measure(MeasureName.LESION_GLYCOLYSIS, 1.728, "g", share),
        ),
        statistics=Statistics(3.25, 2.0, 1.0, 8.0, 81, "SUV"),
        created_at=SIGNED,
    )
    foreign = replace(ball, uid="2.25.1802", origin="2.25.1803")
    return replace(final_report(small_study()), annotations=(ball, foreign))


def test_the_uptake_of_a_volume_of_interest_goes_out_in_codes_and_units() -> None:
    told = resources(bundle(report=with_a_volume_of_interest()), "Observation")
    (uptake,) = [one for one in told if one["code"]["coding"][0]["code"] == "125007"]

    assert uptake["valueString"] == ("SUVmax 8.00，SUVpeak 2.54，SUVmean 3.25，MTV 0.22 ml（≥41 % 最大值），TLG 1.73 g")
    components = [
        ([coding["code"] for coding in one["code"]["coding"]], one["valueQuantity"]["value"],
         one["valueQuantity"]["code"])
        for one in uptake["component"]
    ]  # fmt: skip
    assert components == [
        (["UPTAKE_MAXIMUM", "126401"], 8.0, "g/ml{SUVbw}"),
        (["UPTAKE_MEAN", "126401"], 3.25, "g/ml{SUVbw}"),
        (["UPTAKE_PEAK", "126401"], 2.5366, "g/ml{SUVbw}"),
        (["METABOLIC_VOLUME.TH_41_PCT_MAX", "126032"], 0.216, "ml"),
        (["LESION_GLYCOLYSIS.TH_41_PCT_MAX", "126033"], 1.728, "g"),
    ]
    assert uptake["component"][3]["code"]["text"] == "Metabolic Volume, ≥41 % 最大值"


def test_a_peak_without_the_highest_voxel_goes_out_in_words_and_as_no_number() -> None:
    report = with_a_volume_of_interest()
    ball = report.annotations[0]
    measures = tuple(replace(one, without_maximum=one.name is MeasureName.UPTAKE_PEAK) for one in ball.measures)
    told = resources(bundle(report=replace(report, annotations=(replace(ball, measures=measures),))), "Observation")
    (uptake,) = [one for one in told if one["code"]["coding"][0]["code"] == "125007"]

    assert "SUVpeak 2.54" in uptake["valueString"]
    assert "peak 未计入最高体素" in uptake["valueString"]
    assert [one["code"]["coding"][0]["code"] for one in uptake["component"]] == [
        "UPTAKE_MAXIMUM", "UPTAKE_MEAN", "METABOLIC_VOLUME.TH_41_PCT_MAX", "LESION_GLYCOLYSIS.TH_41_PCT_MAX",
    ]  # fmt: skip


def all_kinds() -> dict[str, Resource]:
    """Return a transaction of each kind that leaves the house."""
    final = final_report(small_study())
    before = Predecessor("2.25.555", ReportKind.ORIGINAL, SIGNED, "王启明", ())
    flag = CriticalFlag("RID49480", "RADLEX", "ACR Category 1 Actionable Finding", SIGNED)
    later = {
        kind.value: replace(final, kind=kind, predecessors=(before,), change_reason="左右写错", report_uid="2.25.557")
        for kind in (ReportKind.ADDENDUM, ReportKind.CORRECTED, ReportKind.AMENDED)
    }
    reports = {
        "final": final,
        "English": final_report(small_study(), language="en"),
        "preliminary": preliminary_report(small_study()),
        "uptake": with_a_volume_of_interest(),
        "wrong patient": final.moved(ReportState.ENTERED_IN_ERROR, at=SIGNED, reason="患者信息错误"),
        **later,
    }
    told = {name: bundle(report=report) for name, report in reports.items()} | {"critical": bundle(critical=(flag,))}
    return told | {name: bundle(report=filled(name)) for name in ("petct", "us-abdomen", "ct-head", "dx-chest")}


def filled(template_id: str) -> Report:
    """Return a report with a number in every number field and the last option of every choice."""
    values = {
        item.key: item.choices[-1].key if item.choices else "5.5"
        for item in template_of(template_id).fields
        if item.choices or item.type is FieldType.NUMBER
    }
    return replace(final_report(small_study()), template_id=template_id, values={**values, "impression": "见上。"})


def test_every_kind_of_transaction_is_valid_by_an_outside_validator_of_r4() -> None:
    """fhir.resources does not check required bindings: this judge does, and is seen to refuse."""
    kinds, wrong = all_kinds(), bundle()
    resources(wrong, "DiagnosticReport")[0]["status"] = "signed"

    *verdicts, refused = refused_by_fhir_js([*kinds.values(), wrong])

    assert dict(zip(kinds, verdicts, strict=True)) == {name: [] for name in kinds}
    assert refused == [("DiagnosticReport.status", 'Code "signed" not found in value set')]


def test_the_report_says_in_fhir_what_it_says_on_paper() -> None:
    told = bundle()

    (document,), (patient,), (study,) = (
        resources(told, kind) for kind in ("DiagnosticReport", "Patient", "ImagingStudy")
    )
    assert document["status"] == "final"
    assert document["code"]["coding"][0]["code"] == "24627-2"
    assert document["conclusion"].startswith("1. 右肺上叶实性结节，Lung-RADS 4B")
    assert document["issued"] == "2026-11-21T11:42:07Z"
    assert base64.b64decode(document["presentedForm"][0]["data"]) == PDF_BYTES
    assert patient["name"] == [
        {"text": "Wang Yan", "family": "Wang", "given": ["Yan"]},
        {"text": "王燕", "family": "王", "given": ["燕"]},
    ]
    assert (patient["gender"], patient["birthDate"]) == ("female", "1968-03-14")
    assert study["identifier"][0]["value"] == "urn:oid:2.25.9000"
    assert (study["numberOfInstances"], study["series"][0]["modality"]["code"]) == (12, "CT")


def test_each_finding_is_an_observation_with_its_size_and_its_words() -> None:
    observations = resources(bundle(), "Observation")

    sizes = [
        [(one["code"]["coding"][0]["code"], one["valueQuantity"]["value"]) for one in observed["component"]]
        for observed in observations
    ]
    assert sizes == [
        [("103339001", 21.9), ("103340004", 14.3), ("MEAN_DIAMETER", 18.1), ("EQUIV_DIAMETER", 15.5)],
        [("MEAN_DIAMETER", 6.1)],
        [("MEAN_DIAMETER", 3.8)],
    ]
    assert {one["code"]["coding"][-1]["code"] for one in observations[0]["component"][2:]} == {"81827009"}
    assert observations[0]["valueString"].startswith(
        "1. 右肺上叶实性结节，长径 × 短径 21.9 × 14.3 mm，平均径 18.1 mm，等体积直径 15.5 mm"
    )


def test_each_number_and_option_of_the_findings_is_an_observation_in_its_unit_and_code() -> None:
    values = {"spleen_mm": "131.5", "gallbladder_stones": "multiple", "critical_sign": "organ_rupture", "cbd_mm": ""}
    report = replace(final_report(small_study()), template_id="us-abdomen", values={**values, "impression": "脾大。"})
    told = bundle(report=report)
    found = {one["identifier"][0]["value"]: one for one in resources(told, "Observation")}

    spleen = found["spleen_mm"]
    assert spleen["valueQuantity"] == {
        "value": 131.5,
        "unit": "mm",
        "system": "http://unitsofmeasure.org",
        "code": "mm",
    }
    assert [(one["system"], one["code"]) for one in spleen["code"]["coding"]] == [
        ("http://snomed.info/sct", "410668003")
    ]
    assert (spleen["code"]["text"], spleen["bodySite"]["coding"][0]["code"]) == ("脾长径", "78961009")
    sign = found["critical_sign"]
    assert sign["code"]["text"] == "危急征象"
    assert sign["code"]["coding"][0]["system"] == "urn:lianyue:scheme:99LIANYUE"
    assert sign["valueCodeableConcept"] == {"text": "腹腔脏器破裂出血"}  # no public scheme at hand has it
    assert found["gallbladder_stones"]["valueCodeableConcept"]["text"] == "多发"
    assert "cbd_mm" not in found
    (document,) = resources(told, "DiagnosticReport")
    urls = {entry["fullUrl"] for entry in told["entry"] if entry["resource"]["resourceType"] == "Observation"}
    assert {one["reference"] for one in document["result"]} == urls


def test_the_provenance_names_who_verified_and_every_signed_object() -> None:
    (provenance,) = resources(bundle(), "Provenance")

    assert provenance["signature"][0]["type"][0]["code"] == "1.2.840.10065.1.12.1.5"
    assert {entity["what"]["identifier"]["value"] for entity in provenance["entity"]} == {
        f"urn:oid:{one.sop_instance_uid}" for one in consigned().objects
    }


def test_a_repeated_post_makes_no_double(server: FhirServer, route: Route) -> None:
    first = CARRIER.carry(consigned(), route)
    before = copy.deepcopy(server.held)
    second = CARRIER.carry(consigned(), route)

    assert server.bundles[0] == server.bundles[1]
    assert server.held == before
    assert first == second
    assert first.proof.startswith("9 entries DiagnosticReport/")


def test_a_correction_changes_the_report_that_the_site_has(server: FhirServer, route: Route) -> None:
    before = Predecessor("2.25.555", ReportKind.ORIGINAL, SIGNED, "王启明", ())
    corrected = replace(
        final_report(small_study()), kind=ReportKind.CORRECTED, predecessors=(before,), change_reason="左右写错",
        report_uid="2.25.557",
    )  # fmt: skip
    CARRIER.carry(consigned(), route)
    CARRIER.carry(consigned(corrected, control_id="CONTROL0000000000002"), route)

    (document,) = server.of("DiagnosticReport")
    assert document["status"] == "corrected"
    assert [one["value"] for one in document["identifier"]] == ["urn:oid:2.25.555", "urn:oid:2.25.557"]
    assert len(server.of("Provenance")) == 2
    assert [one for one in server.of("Provenance")[1]["entity"] if one["role"] == "revision"] == [
        {"role": "revision", "what": {"identifier": {"system": "urn:dicom:uid", "value": "urn:oid:2.25.555"}}}
    ]
    assert len(server.of("Patient")) == len(server.of("ImagingStudy")) == 1


def test_a_report_of_the_wrong_patient_is_entered_in_error_and_keeps_no_pdf(server: FhirServer, route: Route) -> None:
    wrong = final_report(small_study()).moved(ReportState.ENTERED_IN_ERROR, at=SIGNED, reason="患者信息错误")
    CARRIER.carry(consigned(), route)
    CARRIER.carry(consigned(wrong, control_id="CONTROL0000000000002"), route)

    (document,) = server.of("DiagnosticReport")
    assert document["status"] == "entered-in-error"
    assert "presentedForm" not in document
    assert {one["status"] for one in server.of("Observation")} == {"entered-in-error"}


def test_a_critical_value_is_an_observation_of_its_own() -> None:
    flag = CriticalFlag("RID49480", "RADLEX", "ACR Category 1 Actionable Finding", SIGNED)

    critical = resources(bundle(critical=(flag,)), "Observation")[-1]

    assert critical["interpretation"][0]["coding"][0]["code"] == "AA"
    assert critical["valueCodeableConcept"]["coding"][0]["code"] == "RID49480"
    Bundle.model_validate(bundle(critical=(flag,)))


def test_two_critical_values_of_one_level_are_two_observations_that_say_what_was_found() -> None:
    level = ("RID49480", "RADLEX", "ACR Category 1 Actionable Finding")
    embolism = CriticalFlag(
        *level, critical_uid="2.25.1", text="肺动脉栓塞", finding=Code("59282003", "SCT", "Pulmonary embolism")
    )
    air = CriticalFlag(*level, critical_uid="2.25.2", text="张力性气胸")

    told = bundle(critical=(embolism, air))

    found = [one for one in resources(told, "Observation") if one["code"]["coding"][0]["code"] == "73568-8"]
    assert [one["valueCodeableConcept"]["text"] for one in found] == ["肺动脉栓塞", "张力性气胸"]
    assert found[0]["component"][0]["valueCodeableConcept"]["coding"][0]["code"] == "59282003"
    Bundle.model_validate(told)


def test_what_a_correction_withdraws_is_called_back_at_the_site(server: FhirServer, route: Route) -> None:
    first = final_report(small_study())
    flag = CriticalFlag("RID49480", "RADLEX", "ACR Category 1 Actionable Finding", critical_uid="2.25.1", text="气胸")
    withdrawn, *kept = first.findings.reported
    before = Predecessor("2.25.555", ReportKind.ORIGINAL, SIGNED, "王启明", ())
    corrected = replace(
        first, kind=ReportKind.CORRECTED, predecessors=(before,), change_reason="误判", report_uid="2.25.557",
        findings=first.findings.replaced(withdrawn.rejected(RejectReason.VESSEL, by="senior", at=SIGNED)),
    )  # fmt: skip
    CARRIER.carry(replace(consigned(first), critical=(flag,)), route)

    again = replace(consigned(corrected, control_id="CONTROL0000000000002"), former=(FormerReport(first, (flag,)),))
    CARRIER.carry(again, route)

    states = {one["identifier"][0]["value"]: one["status"] for one in server.of("Observation")}
    assert states[withdrawn.tracking_uid] == "entered-in-error"
    assert {states[one.tracking_uid] for one in kept} == {"corrected"}
    assert [state for name, state in states.items() if name.endswith("2.25.1")] == ["entered-in-error"]
    (document,) = server.of("DiagnosticReport")
    assert len(document["result"]) == len(states) - 2


def test_a_bearer_token_comes_from_the_hubs_own_environment(
    server: FhirServer, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = replace(route, secret_name="QS_FHIR")
    with pytest.raises(Refused, match="no secret"):
        CARRIER.carry(consigned(), guarded)
    monkeypatch.setenv("LIANYUE_ROUTE_QS_FHIR", "token-of-the-site")

    CARRIER.carry(consigned(), guarded)

    assert server.authorizations == ["Bearer token-of-the-site"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, Undeliverable), (404, Undeliverable), (412, Undeliverable), (422, Undeliverable), (401, Refused),
     (429, Refused), (500, Refused), (503, Refused)],
)  # fmt: skip
def test_a_refusal_that_may_pass_is_told_from_one_that_will_not(
    server: FhirServer, route: Route, status: int, expected: type[Exception]
) -> None:
    issue = {"severity": "error", "code": "invalid", "diagnostics": "王燕 QS0118793: unknown code"}
    server.answers.append((status, {"resourceType": "OperationOutcome", "issue": [issue]}))

    with pytest.raises(expected) as told:
        CARRIER.carry(consigned(), route)

    words = str(getattr(told.value, "user_text", ""))
    assert "unknown code" in words
    assert "王燕" not in words
    assert "QS0118793" not in words


@pytest.mark.parametrize(
    "answer",
    [{}, {"resourceType": "Bundle", "entry": []},
     {"resourceType": "Bundle", "entry": [{"response": {"status": "400 Bad Request"}}] * 9}],
)  # fmt: skip
def test_an_answer_that_does_not_confirm_everything_is_no_receipt(
    server: FhirServer, route: Route, answer: Resource
) -> None:
    server.answers.append((200, answer))

    with pytest.raises(Refused):
        CARRIER.carry(consigned(), route)


def test_a_server_that_is_away_is_waited_for() -> None:
    with pytest.raises(Unreachable):
        CARRIER.carry(consigned(), fhir_route())


FAULTS: list[Callable[[Resource], None]] = [
    lambda told: resources(told, "DiagnosticReport")[0].update(status="modified"),
    lambda told: resources(told, "Observation")[0].update(status="appended"),
    lambda told: resources(told, "DiagnosticReport")[0].pop("code"),
    lambda told: resources(told, "Patient")[0].update(gender="w"),
    lambda told: resources(told, "Patient")[0].update(birthDate=""),
    lambda told: resources(told, "DiagnosticReport")[0]["subject"].update(reference="urn:uuid:nobody"),
    lambda told: resources(told, "DiagnosticReport")[0].update(issued="2026-11-21"),
    lambda told: resources(told, "Provenance")[0]["entity"][0].update(role="copy"),
    lambda told: resources(told, "Patient")[0].update(resourceType="Person"),
    lambda told: told["entry"].append(told["entry"][0]),
]


@pytest.mark.parametrize("damage", FAULTS)
def test_what_libraries_let_pass_our_own_guard_refuses(damage: Callable[[Resource], None]) -> None:
    told = bundle()
    damage(told)

    with pytest.raises(ValueError, match=r"\w"):
        check_bundle(told)

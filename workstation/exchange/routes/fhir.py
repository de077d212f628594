"""
A report as FHIR R4 transaction.

What belongs to the site (patient, people, the examination) is created only where the server does not know
it; what is ours (report, observations) is updated in place by its identifier. So the same bundle again makes
no double, and a correction changes the report that the site already has.
*Source:* FHIR R4 4.0.1, http.html 3.1.0.8.1 (conditional create), 3.1.0.4.3 (conditional update), bundle.html.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from workstation.dicom.garbled import is_garbled
from workstation.domain.dispatch import Consignment, CriticalFlag, Route
from workstation.domain.finding import Finding
from workstation.domain.finding_size import size_of
from workstation.domain.report import Person
from workstation.domain.report_state import STATUS_CODES, ReportStatus
from workstation.domain.template import Code
from workstation.exchange.routes.fhir_fields import SYSTEMS, concept, field_observation, with_traits
from workstation.exchange.routes.fhir_guard import check_bundle
from workstation.exchange.routes.fhir_sizes import size_components
from workstation.exchange.routes.fhir_uptake import uptake_observation, with_uptake
from workstation.exchange.routes.partial_date import partial_date
from workstation.exchange.routes.report_body import ReportBody, finding_sentences
from workstation.exchange.routes.told_patient import told_name

Resource = dict[str, Any]

_UIDS: Final = "urn:dicom:uid"
_URI: Final = "urn:ietf:rfc:3986"
_USERS: Final = "urn:lianyue:user"
_GENDERS: Final = {"M": "male", "F": "female", "O": "other"}
_OBSERVED: Final = {
    ReportStatus.PRELIMINARY: "preliminary",
    ReportStatus.RETURNED: "preliminary",
    ReportStatus.FINAL: "final",
    ReportStatus.APPENDED: "final",
    ReportStatus.CORRECTED: "corrected",
    ReportStatus.AMENDED: "amended",
    ReportStatus.CANCELLED: "cancelled",
    ReportStatus.ENTERED_IN_ERROR: "entered-in-error",
}
_UNSIGNED: Final = frozenset({ReportStatus.PRELIMINARY, ReportStatus.CANCELLED})
_NODULE: Final = Code("27925004", "SCT", "Nodule")
_FINDING: Final = Code("121071", "DCM", "Finding")
_CRITICAL: Final = Code("73568-8", "LN", "Communication of critical results [Description]")
_NO_NAME: Final[Resource] = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "error"}]
}
_NAMES: Final = uuid.UUID("6a1b5a0e-6a63-5a0f-9b6f-2f1d7f0f5c11")


def transaction(
    consignment: Consignment,
    route: Route,
    body: ReportBody,
    pdf: bytes,
    former: Iterable[tuple[Consignment, ReportBody]] = (),
) -> Resource:
    """
    Return the bundle; the same at every attempt. Raises ValueError where it would break a rule of R4.

    What only ``former`` versions of the report observed is called back: the site still has it.
    """
    bundle = _Bundle(consignment, route, body, pdf).built(former)
    check_bundle(bundle)
    return bundle


class _Bundle:
    """One transaction in the making; resources refer to each other by names made from what they are about."""

    def __init__(self, consignment: Consignment, route: Route, body: ReportBody, pdf: bytes) -> None:
        self.consignment, self.route, self.body = consignment, route, body
        self.report = consignment.report
        self.status = self.report.status
        self.pdf = b"" if self.status is ReportStatus.ENTERED_IN_ERROR else pdf
        self.signer = self.report.verifier or self.report.author
        self.patient = self._name("patient", consignment.patient.patient_id)
        self.study = self._name("study", consignment.study.study_instance_uid)
        self.document = self._name("report", consignment.report_root)

    def built(self, former: Iterable[tuple[Consignment, ReportBody]]) -> Resource:
        observations = self.observations()
        names = {full_url for full_url, _resource in observations}
        outdated = {
            full_url: resource | {"status": "entered-in-error"}
            for consignment, body in former
            for full_url, resource in _Bundle(consignment, self.route, body, b"").observations()
            if full_url not in names
        }
        people = {person.user_id: person for person in (self.report.author, self.signer)}
        entries = [
            self._created(self.patient, self._patient()),
            *(self._created(self._person(one), _practitioner(one)) for one in people.values()),
            self._created(self.study, self._imaging_study()),
            *(self._updated(full_url, resource) for full_url, resource in observations),
            *(self._updated(full_url, resource) for full_url, resource in outdated.items()),
            self._updated(self.document, self._document([full_url for full_url, _resource in observations])),
            self._provenance(),
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    def observations(self) -> list[tuple[str, Resource]]:
        """Return what the report observed, each under its name."""
        return [*self._findings(), *self._uptakes(), *self._facts(), *self._criticals()]

    # how each goes in

    def _created(self, full_url: str, resource: Resource) -> Resource:
        known = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": _query(resource)}
        return {"fullUrl": full_url, "resource": resource, "request": known}

    def _updated(self, full_url: str, resource: Resource) -> Resource:
        request = {"method": "PUT", "url": f"{resource['resourceType']}?{_query(resource)}"}
        return {"fullUrl": full_url, "resource": resource, "request": request}

    def _name(self, kind: str, value: str) -> str:
        return f"urn:uuid:{uuid.uuid5(_NAMES, f'{self.route.site_id}|{kind}|{value}')}"

    def _person(self, person: Person) -> str:
        return self._name("person", person.user_id)

    # what goes in

    def _patient(self) -> Resource:
        facts = self.consignment.patient
        system = self.route.patient_system or f"urn:lianyue:{self.route.site_id}:patient"
        born = facts.birth_date
        found: Resource = {
            "resourceType": "Patient",
            "identifier": [{"system": system, "value": facts.patient_id or self.consignment.study.study_instance_uid}],
            "name": list(_human_names(told_name(self.consignment))) or [_NO_NAME],
            "gender": _GENDERS.get(facts.sex.strip().upper()[:1], "unknown"),
        }
        if day := partial_date(born):
            found["birthDate"] = "-".join(day)
        return _without_empty(found)

    def _imaging_study(self) -> Resource:
        study = self.consignment.study
        identifiers = [_uid(study.study_instance_uid)]
        if study.accession_number:
            identifiers.append(self._accession())
        return _without_empty(
            {
                "resourceType": "ImagingStudy",
                "identifier": identifiers,
                "status": "available",
                "subject": {"reference": self.patient},
                "started": _instant(study.studied) if study.studied else "",
                "description": "" if is_garbled(study.description) else study.description,
                "numberOfSeries": len(study.series),
                "numberOfInstances": sum(len(series.instances) for series in study.series),
                "series": [
                    {
                        "uid": series.series_instance_uid,
                        "modality": {"system": SYSTEMS["DCM"], "code": series.modality or "OT"},
                        "numberOfInstances": len(series.instances),
                        "instance": [
                            {
                                "uid": one.sop_instance_uid,
                                "sopClass": {"system": _URI, "code": f"urn:oid:{one.sop_class_uid}"},
                            }
                            for one in series.instances
                        ],
                    }
                    for series in study.series
                ],
            }
        )

    def _accession(self) -> Resource:
        coding = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}
        system = self.route.accession_system or f"urn:lianyue:{self.route.site_id}:accession"
        return {"type": {"coding": [coding]}, "system": system, "value": self.consignment.study.accession_number}

    def _findings(self) -> Iterator[tuple[str, Resource]]:
        words = finding_sentences(self.consignment)
        for finding in self.report.findings.reported:
            mark = f"{self.consignment.report_root}.{finding.tracking_uid}"
            observed = self._finding(finding, words[finding.tracking_uid])
            yield self._name("finding", mark), with_traits(observed, finding, self.report.language)

    def _finding(self, finding: Finding, words: str) -> Resource:
        size = size_of(finding, self.report.drawn.annotations)
        if size is None:  # on an image: the words tell what and where
            return {**self._observation(finding.tracking_uid, concept(_FINDING)), "valueString": words}
        observed = self._observation(finding.tracking_uid, concept(_NODULE))
        return {**observed, "valueString": words, "component": size_components(size)}

    def _uptakes(self) -> Iterator[tuple[str, Resource]]:
        for item in with_uptake(self.report):
            mark = f"{self.consignment.report_root}.{item.uid}"
            observed = self._observation(item.uid, {})
            yield self._name("uptake", mark), uptake_observation(observed, item, self.report.language)

    def _facts(self) -> Iterator[tuple[str, Resource]]:
        for fact in self.body.facts:
            mark = f"{self.consignment.report_root}.{fact.key}"
            yield self._name("field", mark), field_observation(self._observation(fact.key, {}), fact)

    def _criticals(self) -> Iterator[tuple[str, Resource]]:
        for critical in self.consignment.critical:
            mark = f"{self.consignment.report_root}.{critical.critical_uid or critical.code}"
            yield self._name("critical", mark), self._critical(critical, mark)

    def _critical(self, critical: CriticalFlag, mark: str) -> Resource:
        flag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "AA"}
        observed = self._observation(mark, concept(_CRITICAL))
        told = _instant(critical.communicated_at) if critical.communicated_at else observed["effectiveDateTime"]
        return {
            **observed,
            "effectiveDateTime": told,
            "valueCodeableConcept": concept(Code(critical.code, critical.scheme, critical.meaning), critical.text),
            "interpretation": [{"coding": [flag]}],
            **({"component": [_found(critical.finding, critical.text)]} if critical.finding is not None else {}),
        }

    def _observation(self, mark: str, code: Resource) -> Resource:
        return {
            "resourceType": "Observation",
            "identifier": [{"system": f"urn:lianyue:observation:{self.consignment.report_root}", "value": mark}],
            "status": _OBSERVED[self.status],
            "category": [_category("imaging")],
            "code": code,
            "subject": {"reference": self.patient},
            "effectiveDateTime": _instant(self._at),
            "performer": [{"reference": self._person(self.signer)}],
            "derivedFrom": [{"reference": self.study}],
        }

    def _document(self, observations: list[str]) -> Resource:
        language = self.report.language.replace("_", "-")
        title = self.body.title
        form = {
            "contentType": "application/pdf",
            "language": language,
            "data": base64.b64encode(self.pdf).decode(),
            "title": title,
            "creation": _instant(self._at),
        }
        interpreters = [{"reference": self._person(self.signer)}]
        return _without_empty(
            {
                "resourceType": "DiagnosticReport",
                "language": language,
                "identifier": [_uid(self.consignment.report_root), _uid(self.report.report_uid)],
                "status": STATUS_CODES[self.status].fhir,
                "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}]}],
                "code": concept(self.body.code, title),
                "subject": {"reference": self.patient},
                "effectiveDateTime": _instant(self.consignment.study.studied or self._at),
                "issued": _instant(self._at),
                "performer": interpreters,
                "resultsInterpreter": interpreters,
                "imagingStudy": [{"reference": self.study}],
                "result": [{"reference": full_url} for full_url in observations],
                "conclusion": self.body.conclusion,
                "presentedForm": [form] if self.pdf else [],
            }
        )

    def _provenance(self) -> Resource:
        """Provenance cannot be searched by an identifier in R4, so it is put under a name of our own."""
        own = str(uuid.uuid5(_NAMES, f"{self.route.site_id}|provenance|{self.consignment.control_id}"))
        verified = {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.5",
                    "display": "Verification Signature"}  # fmt: skip
        who = {"reference": self._person(self.signer)}
        is_signed = self.status not in _UNSIGNED
        role = {
            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
            "code": "verifier" if is_signed else "author",
        }
        entities = [
            {"role": "source", "what": {"identifier": _uid(one.sop_instance_uid)}} for one in self.consignment.objects
        ]
        before = self.report.predecessor
        if before is not None:
            entities.append({"role": "revision", "what": {"identifier": _uid(before.report_uid)}})
        resource = _without_empty(
            {
                "resourceType": "Provenance",
                "id": own,
                "target": [{"reference": self.document}],
                "recorded": _instant(self._at),
                "agent": [{"type": {"coding": [role]}, "who": who}],
                "entity": entities,
                "signature": [{"type": [verified], "when": _instant(self._at), "who": who}] if is_signed else [],
            }
        )
        return {
            "fullUrl": self._name("provenance", self.consignment.control_id),
            "resource": resource,
            "request": {"method": "PUT", "url": f"Provenance/{own}"},
        }

    @property
    def _at(self) -> datetime:
        return self.report.updated_at if self.report.ended_reason else self.report.signed_at or self.report.updated_at


def _found(finding: Code, words: str) -> Resource:
    return {"code": concept(_FINDING), "valueCodeableConcept": concept(finding, words)}


def _practitioner(person: Person) -> Resource:
    return {
        "resourceType": "Practitioner",
        "identifier": [{"system": _USERS, "value": person.user_id}],
        "name": [{"text": person.name}],
    }


def _human_names(person_name: str) -> Iterator[Resource]:
    for group in person_name.split("="):
        parts = [*group.split("^"), "", "", "", ""]
        if any(part.strip() for part in parts):
            given = [part for part in (parts[1], parts[2]) if part]
            text = "".join((parts[0], *given)) if not group.isascii() else " ".join((parts[0], *given)).strip()
            yield _without_empty({"text": text, "family": parts[0], "given": given})


def _query(resource: Resource) -> str:
    identifier = resource["identifier"][0]
    return f"identifier={quote(identifier['system'], safe='')}|{quote(identifier['value'], safe='')}"


def _uid(uid: str) -> Resource:
    return {"system": _UIDS, "value": f"urn:oid:{uid}"}


def _category(code: str) -> Resource:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    return {"coding": [{"system": system, "code": code}]}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _without_empty(resource: Mapping[str, Any]) -> Resource:
    """FHIR knows no empty strings and no empty lists."""
    return {name: value for name, value in resource.items() if value not in ("", [], {})}

"""Carrying a report to a FHIR R4 server in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from resources.translation import tr
from workstation.domain.dispatch import Consignment, Receipt, Route
from workstation.domain.errors import Refused, Undeliverable
from workstation.exchange.routes.dispatched_objects import signed_pdf
from workstation.exchange.routes.fhir import transaction
from workstation.exchange.routes.report_body import ReportBody, TemplateOf, words_of
from workstation.exchange.routes.route_http import client, require_success, sent
from workstation.exchange.routes.secure_lines import SecureLines

MEDIA_TYPE: Final = "application/fhir+json"
_LONGEST: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class FhirCarrier:
    """Implements ``Carrier`` for FHIR routes."""

    template_of: TemplateOf
    lines: SecureLines = field(default_factory=SecureLines)

    def carry(self, consignment: Consignment, route: Route) -> Receipt:
        """Return once the server has committed the transaction. Raises Undeliverable, Refused, Unreachable."""
        body = words_of(consignment, self.template_of)
        try:
            bundle = transaction(consignment, route, body, signed_pdf(consignment), self._former(consignment))
        except ValueError as exc:
            raise Undeliverable(tr("The report cannot be written as FHIR"), detail=str(exc)) from exc
        content = json.dumps(bundle, ensure_ascii=False).encode()
        with client(route, self.lines) as line:
            request = line.build_request(
                "POST", "", content=content, headers={"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
            )
            answer = sent(line, request)
        told = _json(answer)
        require_success(answer, consignment, _outcome(told))
        return Receipt(_proof(told, len(bundle["entry"])))

    def _former(self, consignment: Consignment) -> Iterator[tuple[Consignment, ReportBody]]:
        for one in consignment.former:
            before = replace(consignment, report=one.report, critical=one.critical, template=one.template, former=())
            yield before, words_of(before, self.template_of)


def _proof(told: dict[str, Any], count: int) -> str:
    """Return where the report lies now; a transaction that says less than all was taken is no receipt."""
    entries = told.get("entry") if told.get("resourceType") == "Bundle" else None
    answers = [entry.get("response", {}) for entry in entries] if isinstance(entries, list) else []
    taken = [one for one in answers if str(one.get("status", "")).startswith("2")]
    if len(taken) != count:
        raise Refused(tr("The receiver did not confirm the whole report"), detail=f"{len(taken)} of {count}")
    places = [str(one.get("location", "")) for one in answers if "DiagnosticReport/" in str(one.get("location", ""))]
    return f"{count} entries {' '.join(places)}".strip()


def _json(answer: httpx.Response) -> dict[str, Any]:
    if len(answer.content) > _LONGEST:
        return {}
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _outcome(told: dict[str, Any]) -> str:
    issues = told.get("issue") if told.get("resourceType") == "OperationOutcome" else None
    words = [str(one.get("diagnostics") or one.get("code") or "") for one in issues or () if isinstance(one, dict)]
    return "; ".join(word for word in words if word)[:500]

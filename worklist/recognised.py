"""Recognised results of a patient, as the hub knows them."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient
from workstation.domain.mutual_recognition import RecognisedResult
from workstation.domain.study import Patient

_RESULTS: Final = TypeAdapter(list[RecognisedResult])


class HubRecognised:
    """Asks the hub before an exam is repeated."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def results(self, patient: Patient) -> list[RecognisedResult]:
        """Return the results with the mark, newest first. Raises Unreachable, Refused."""
        asked = {
            "patient_id": patient.patient_id,
            "name": patient.name,
            "birth_date": patient.birth_date,
            "sex": patient.sex,
        }
        return self._client.ask(_RESULTS, "GET", "/api/recognised", query=asked)

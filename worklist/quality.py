"""Quality at the hub, as a workstation sees it."""

from __future__ import annotations

from typing import Final

from pydantic import TypeAdapter

from worklist.http import HubClient, as_json
from workstation.domain.image_quality import GivenGrade, ImageGrading
from workstation.domain.quality import QualityFigures, QualityQuery

_FIGURES: Final = TypeAdapter(QualityFigures)
_GRADES: Final = TypeAdapter(tuple[GivenGrade, ...])
_GRADING: Final = TypeAdapter(ImageGrading)


class HubQuality:
    """Implements ``QualityPort``."""

    def __init__(self, client: HubClient) -> None:
        self._client = client

    def figures(self, query: QualityQuery) -> QualityFigures:
        """Return the figures of a period."""
        return self._client.ask(_FIGURES, "GET", "/api/quality/figures", query=_asked(query))

    def exported(self, query: QualityQuery) -> None:
        """Write into the audit trail that the figures were saved to a file."""
        self._client.request("POST", "/api/quality/exported", query=_asked(query))

    def grades(self, ups_instance_uid: str) -> tuple[GivenGrade, ...]:
        """Return the grades of a case's images, oldest first."""
        return self._client.ask(_GRADES, "GET", f"/api/worklist/{ups_instance_uid}/grades")

    def grade(self, ups_instance_uid: str, grading: ImageGrading) -> tuple[GivenGrade, ...]:
        """Grade a case's images; return all grades."""
        body = as_json(_GRADING, grading)
        return self._client.ask(_GRADES, "POST", f"/api/worklist/{ups_instance_uid}/grades", json=body)


def _asked(query: QualityQuery) -> dict[str, str]:
    return {
        "since": query.since.isoformat(),
        "until": query.until.isoformat(),
        "site_id": query.site_id,
        "reader_id": query.reader_id,
        "modality": query.modality,
    }

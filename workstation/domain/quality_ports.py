"""Ports of quality: the manager's figures, and the grades of images."""

from __future__ import annotations

from typing import Protocol

from workstation.domain.image_quality import GivenGrade, ImageGrading
from workstation.domain.quality import QualityFigures, QualityQuery


class QualityPort(Protocol):
    """The hub's side. Every method raises Unreachable, Refused and NotPermitted."""

    def figures(self, query: QualityQuery) -> QualityFigures:
        """Return the figures of a period."""
        ...

    def exported(self, query: QualityQuery) -> None:
        """Write into the audit trail that the figures were saved to a file."""
        ...

    def grades(self, ups_instance_uid: str) -> tuple[GivenGrade, ...]:
        """Return the grades of a case's images, oldest first."""
        ...

    def grade(self, ups_instance_uid: str, grading: ImageGrading) -> tuple[GivenGrade, ...]:
        """Grade a case's images; return all grades."""
        ...

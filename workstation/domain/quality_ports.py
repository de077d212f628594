"""Ports of quality: the manager's figures, and the grades of images."""

from __future__ import annotations

from typing import Protocol

from workstation.domain.image_quality import GivenGrade, ImageGrading
from workstation.domain.mutual_recognition import OpenRepeat, RepeatReason
from workstation.domain.quality import QualityFigures, QualityQuery


class RepeatPort(Protocol):
    """Reasons of repeated exams that are given afterwards. Every method raises Unreachable, Refused, NotPermitted."""

    def open(self) -> list[OpenRepeat]:
        """Return what the own site has not answered, the newest first."""
        ...

    def ask(self, study_instance_uid: str, exists: str) -> None:
        """Open the question of a study; where it is open or answered already nothing changes."""
        ...

    def answer(self, study_instance_uid: str, reason: RepeatReason) -> RepeatReason:
        """Answer it; return the reason that stands, which is the first one given."""
        ...


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

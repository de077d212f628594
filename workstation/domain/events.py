"""Facts that parts of the workstation tell each other; typed, past tense, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.finding import FindingList


@dataclass(frozen=True, slots=True)
class StudyOpened:
    """A study is on the screen."""

    study_instance_uid: str
    ups_instance_uid: str


@dataclass(frozen=True, slots=True)
class FindingsChanged:
    """A decision was taken; the new list replaces the old."""

    findings: FindingList


@dataclass(frozen=True, slots=True)
class SliceCached:
    """One instance of a series is decoded and can be shown."""

    series_instance_uid: str
    sop_instance_uid: str
    index: int


@dataclass(frozen=True, slots=True)
class DraftSaved:
    """The draft is safely on disk; ``at`` is ISO 8601 UTC."""

    study_instance_uid: str
    at: str

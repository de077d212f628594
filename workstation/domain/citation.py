"""Other studies that a report cites, and the instances of them that are evidence for what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workstation.domain.norm.named_days import named_days
from workstation.domain.study import Series, Study

_DOCUMENTS: Final = frozenset({"SR", "DOC"})
_NO_EVIDENCE: Final = frozenset({"KO", "PR"})
"""Selections and displays say how something was shown, not what it is."""


@dataclass(frozen=True, slots=True)
class CitedSeries:
    """Instances of one class in one series of another study; at least one."""

    series_instance_uid: str
    sop_class_uid: str
    sop_instance_uids: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.sop_instance_uids:
            raise ValueError("a cited series names its instances")


@dataclass(frozen=True, slots=True)
class CitedStudy:
    """Another study of the same person that a report cites, with what of it is evidence."""

    study_instance_uid: str
    series: tuple[CitedSeries, ...]

    def __post_init__(self) -> None:
        if not self.series:
            raise ValueError("a cited study names its series")


def cited_study(study: Study, *, words_only: bool = False) -> CitedStudy | None:
    """
    Return a study as a report cites it, None where it has nothing to cite.

    ``words_only`` cites its documents alone: words of its report were taken over, nobody compared its images.
    """
    counting = (one for one in study.series if _counts(one.modality, words_only=words_only))
    series = tuple(part for one in counting for part in _cited(one))
    return CitedStudy(study.study_instance_uid, series) if series else None


def days_named(text: str) -> Iterator[str]:
    """
    Return every day that a text names by year, month and day, as ``YYYYMMDD``, in all forms that the norm gate reads.

    What may be two days (03/12/2025) or has a year of two digits names none: a signed document cites no guess.
    """
    for named in named_days(text):
        if named.is_sure and len(named.readings) == 1:
            ((year, month, day),) = named.readings
            if day:
                yield f"{year}{month:02d}{day:02d}"


def _counts(modality: str, *, words_only: bool) -> bool:
    return modality in _DOCUMENTS if words_only else modality not in _NO_EVIDENCE


def _cited(series: Series) -> Iterator[CitedSeries]:
    classes: dict[str, list[str]] = {}
    for one in series.instances:
        classes.setdefault(one.sop_class_uid, []).append(one.sop_instance_uid)
    return (CitedSeries(series.series_instance_uid, name, tuple(uids)) for name, uids in classes.items())

"""Whether two series may be laid over each other by place: one person, one part of the body, one side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resources.translation import tr
from workstation.domain.anatomy import PAIRED, anatomy_of
from workstation.domain.study import Patient, Series, Study


class Linkable(StrEnum):
    """What is known about linking two series."""

    YES = "yes"
    ASK = "ask"
    """Nothing forbids it, but nothing proves it: a person has to say so"""
    NO = "no"


@dataclass(frozen=True, slots=True)
class LinkVerdict:
    """Whether two series may be linked, and in words why not or what is asked."""

    answer: Linkable
    why: str = ""


def judge_link(
    study: Study, series: Series, other_study: Study, other_series: Series, *, same_person: bool = False
) -> LinkVerdict:
    """
    Return whether two series may be linked.

    ``same_person`` is a reader's word that two Patient IDs are one person. Unrelated anatomy is never linked;
    neighbouring parts, and what no tag and no description names, are asked about.
    """
    if not same_person and not is_one_person(study.patient, other_study.patient):
        return LinkVerdict(Linkable.NO, tr("two patients are on screen"))
    mine, other = anatomy_of(study, series), anatomy_of(other_study, other_series)
    told = tr("{one} here, {other} there", one=mine.words, other=other.words)
    if mine.regions and other.regions and not mine.is_near(other):
        return LinkVerdict(Linkable.NO, told)
    shared = mine.regions & other.regions
    if shared and shared <= PAIRED and not mine.sides & other.sides:
        if mine.sides and other.sides:
            return LinkVerdict(Linkable.NO, told)
        return LinkVerdict(Linkable.ASK, tr("{told}; the side is not stated for both", told=told))
    is_certain = mine.is_certain and other.is_certain
    return LinkVerdict(Linkable.YES) if shared and is_certain else LinkVerdict(Linkable.ASK, told)


def is_one_person(one: Patient, other: Patient) -> bool:
    """Tell whether nothing of two patients contradicts that they are one; what is empty contradicts nothing."""
    return (
        (one.patient_id == other.patient_id or not one.patient_id or not other.patient_id)
        and (not one.name or not other.name or bool(_names(one.name) & _names(other.name)))
        and (one.birth_date == other.birth_date or not one.birth_date or not other.birth_date)
    )


def _names(name: str) -> set[str]:
    """Return a name's writings (Latin, Chinese, phonetic) without carets and case; scanners fill different ones."""
    return {" ".join(part.replace("^", " ").split()).casefold() for part in name.split("=")} - {""}

"""Whether two series may be laid over each other by place: one person, one part of the body, one side."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resources.translation import tr
from workstation.domain.anatomy import PAIRED, Anatomy, anatomy_of, regions_in
from workstation.domain.one_person import is_one_person
from workstation.domain.study import Series, Study


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
    return judge_part(study, series, other_study, other_series)


def link_doubts(study: Study, series: Series, other_study: Study, other_series: Series) -> tuple[str, ...]:
    """Return in words what is certain against laying one series over the other; what nobody states is no reason."""
    verdict = judge_link(study, series, other_study, other_series)
    return (tr("not one place: {why}", why=verdict.why),) if verdict.answer is Linkable.NO else ()


def judge_part(study: Study, series: Series, other_study: Study, other_series: Series) -> LinkVerdict:
    """Return whether two series show the same part of a body and the same side of it; whose body is not asked."""
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


def shows_same_part(study: Study, prior: Study) -> bool:
    """Tell whether some images of a prior certainly show the part and side that some images of a study show."""
    return any(
        judge_part(study, mine, prior, other).answer is Linkable.YES
        for mine in _with_images(study)
        for other in _with_images(prior)
    )


def is_elsewhere(study: Study, description: str) -> bool:
    """Tell whether a study as a list describes it shows a part that no images of a study are near to."""
    there = Anatomy(regions_in(description))
    here = [anatomy_of(study, one) for one in _with_images(study)]
    return bool(there.regions) and all(one.regions and not one.is_near(there) for one in here)


def part_doubt(study: Study, prior: Study, series: Series) -> str:
    """
    Return in words why a prior's series shows another part or side than every series of a study, else empty.

    What nobody states is no reason.
    """
    verdicts = [judge_part(study, mine, prior, series) for mine in _with_images(study)]
    if not verdicts or any(one.answer is not Linkable.NO for one in verdicts):
        return ""
    told, there = verdicts[0].why, anatomy_of(prior, series).regions
    if any(anatomy_of(study, mine).regions & there for mine in _with_images(study)):
        return tr("OTHER SIDE: {told}", told=told)
    return tr("OTHER PART OF THE BODY: {told}", told=told)


def _with_images(study: Study) -> tuple[Series, ...]:
    return tuple(one for one in study.series if any(image.rows > 0 for image in one.instances))

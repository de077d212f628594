"""What is known of the priors of a case, and which of them it could be compared with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from workstation.domain.anatomy import BodyRegion, anatomy_of, regions_in
from workstation.domain.errors import WorkstationError
from workstation.domain.hanging import PriorRelation, PriorStudy, is_like
from workstation.domain.known_prior import KnownPrior
from workstation.domain.linkable import shows_same_part
from workstation.domain.study import Patient, Study


@dataclass(frozen=True, slots=True)
class CasePriors:
    """
    What is known of the priors of a case.

    ``known`` are all studies of the person, newest first. ``ready`` are those that may hang beside the case
    without a question: certainly the same patient, earlier, comparable. ``failure`` says what could not be had.
    """

    known: tuple[PriorStudy, ...]
    ready: tuple[Study, ...] = ()
    ahead: tuple[Study, ...] = ()
    failure: WorkstationError | None = None
    largest_mm: Mapping[str, float] = field(default_factory=dict)
    """Of the newest signed prior of our own, by study: the mean diameter of its largest nodule"""
    told: Mapping[str, tuple[Patient, ...]] = field(default_factory=dict)
    """Whom the images name of those that were looked at, by study"""


def persons_in(study: Study) -> tuple[Patient, ...]:
    """Return everybody whom the objects of a study name."""
    return (study.patient, *study.also_of)


def to_compare(
    priors: CasePriors, study: Study, confirmed: Collection[str] = (), there: Mapping[str, Study] | None = None
) -> tuple[KnownPrior, ...]:
    """
    Return the earlier studies that this one could be compared with: the same person, kind of images and part.

    The part is certain where the structure was looked at, else it is what the description says; a description without
    a part says nothing, and a study of another kind (a radiograph before a CT) is no first one of its kind. What is of
    the same day or of none may be later: signed words call these studies earlier, so it is none of them.
    ``confirmed`` are the Study Instance UIDs of those that the reader said are of the same person, ``there`` the
    structures of priors that are at hand, by Study Instance UID: their series name a part where no description does.
    """
    ready = {one.study_instance_uid for one in priors.ready}
    structures = there or {}
    here = frozenset[BodyRegion]().union(*(anatomy_of(study, one).regions for one in study.series))
    return tuple(
        KnownPrior(
            one.study_instance_uid,
            one.study_date,
            one.modality,
            one.description,
            one.reported,
            priors.largest_mm.get(one.study_instance_uid),
        )
        for one in priors.known
        if _is_certainly_earlier(one, study)
        and (
            one.study_instance_uid in ready
            or (
                (one.relation is PriorRelation.SAME_PATIENT or one.study_instance_uid in confirmed)
                and is_like(study, one)
                and (
                    bool(regions_in(one.description) & here)
                    or (
                        one.study_instance_uid in structures
                        and shows_same_part(study, structures[one.study_instance_uid])
                    )
                )
            )
        )
    )


def _is_certainly_earlier(prior: PriorStudy, study: Study) -> bool:
    return bool(prior.study_date and study.study_date) and prior.study_date < study.study_date

"""What a reader draws and measures on a prior: evidence about that study, never a finding of the open one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workstation.domain.annotation import Annotation, AnnotationList
from workstation.domain.citation import CitedSeries, CitedStudy
from workstation.domain.study import Series, Study


@dataclass(frozen=True, slots=True)
class PriorMeasurements:
    """
    What was drawn on one prior, and the images of it that it was drawn on.

    ``study_date`` is ``YYYYMMDD`` or empty, ``modality`` that of the series measured first. The prior itself is not
    changed: this travels with the report that it was compared for. ValueError without a drawing, or without an image.
    """

    study_instance_uid: str
    study_date: str
    modality: str
    annotations: tuple[Annotation, ...]
    measured: tuple[CitedSeries, ...]

    def __post_init__(self) -> None:
        if not self.annotations or not self.measured:
            raise ValueError("measurements of a prior name what was drawn and on which images")

    @property
    def cited(self) -> CitedStudy:
        """Return the images as other evidence names them."""
        return CitedStudy(self.study_instance_uid, self.measured)


def measured_on(prior: Study, drawn: AnnotationList) -> PriorMeasurements | None:
    """
    Return what is drawn on a prior, None for nothing. ValueError for drawings of another study.

    A drawing that names no image was made in the whole series. What lies on no series of the prior is left out: no
    document could say what was measured.
    """
    if drawn.study_instance_uid != prior.study_instance_uid:
        raise ValueError("the drawings belong to another study")
    parts: dict[tuple[str, str], dict[str, None]] = {}
    kept, modality = [], ""
    for item in drawn.annotations:
        series = _series_of(prior, item)
        if series is None:
            continue
        kept.append(item)
        modality = modality or series.modality
        only = item.referenced_sop_instance_uid
        for one in series.instances:
            if only in {"", one.sop_instance_uid}:
                uids = parts.setdefault((series.series_instance_uid, one.sop_class_uid), {})
                uids[one.sop_instance_uid] = None
    if not kept:
        return None
    measured = tuple(CitedSeries(series, kind, tuple(uids)) for (series, kind), uids in parts.items())
    return PriorMeasurements(prior.study_instance_uid, prior.study_date, modality, tuple(kept), measured)


def fewer(known: PriorMeasurements, drawn: AnnotationList) -> PriorMeasurements | None:
    """Return what is left once drawings were taken away or worded anew, None for nothing; the images stay named."""
    return replace(known, annotations=drawn.annotations) if drawn.annotations else None


def with_prior(
    known: Iterable[PriorMeasurements], study_instance_uid: str, now: PriorMeasurements | None
) -> tuple[PriorMeasurements, ...]:
    """Return the measurements of all priors with those of one study exchanged; ``None`` takes them away."""
    others = [one for one in known if one.study_instance_uid != study_instance_uid]
    return (*others, now) if now is not None else tuple(others)


def _series_of(prior: Study, item: Annotation) -> Series | None:
    """Return the series of the image a drawing names, else the series it names; None where it is not of the prior."""
    for series in prior.series:
        if not item.referenced_sop_instance_uid:
            if series.series_instance_uid == item.series_instance_uid and series.instances:
                return series
        elif any(one.sop_instance_uid == item.referenced_sop_instance_uid for one in series.instances):
            return series
    return None

"""What a detector gave, as the undecided findings that are stored with the study."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from workstation.dicom.sr.common import uid_from
from workstation.domain.finding import Decision, Finding, FindingList, Mark
from workstation.domain.finding_class import meaning_of
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ModelOutput
from workstation.domain.ports import DetectionResult
from workstation.domain.study import Series, Study
from workstation.domain.volume import Volume


def findings_of(study: Study, series: Series, volume: Volume, result: DetectionResult) -> FindingList:
    """
    Return the marks worth keeping and what a classifier said of the series as a whole, in this order.

    All that a classifier said is kept: what it did not find at its threshold is told as such, never left out.
    Tracking UIDs follow from the model, the series and the mark: another run that gives the same mark, as after a
    worker's death, speaks of the same finding.
    """
    classes = result.algorithm.classes
    given = Counter[str]()

    def uid(label: str, *numbers: float) -> str:
        said = "|".join([series.series_instance_uid, label, *(f"{one:.2f}" for one in numbers)])
        given[said] += 1  # a model may give one mark twice
        return uid_from(study.study_instance_uid, "mark", result.algorithm.sha256, said, str(given[said]))

    marks = [
        Finding(
            uid(mark.label, *mark.centre_lps_mm, mark.diameter_mm),
            number,
            mark.centre_lps_mm,
            mark.diameter_mm,
            Decision.UNDECIDED,
            replace(mark, meaning=meaning_of(mark.label, classes)),
        )
        for number, mark in enumerate(_worth_keeping(result), start=1)
    ]
    said = result.study_findings if isinstance(result, ModelOutput) else ()
    place = ImagePlace.whole_series(series.series_instance_uid)
    whole = [
        Finding(
            uid(one.label),
            number,
            None,
            None,
            Decision.UNDECIDED,
            ImageMark(place, one.score, one.shown, one.label, one.out_of_ten, meaning_of(one.label, classes)),
            on_image=place,
        )
        for number, one in enumerate(sorted(said, key=lambda one: -one.score), start=len(marks) + 1)
    ]
    return FindingList(
        study_instance_uid=study.study_instance_uid,
        series_instance_uid=series.series_instance_uid,
        frame_of_reference_uid=volume.frame_of_reference_uid,
        algorithm=result.algorithm,
        findings=(*marks, *whole),
    )


def _worth_keeping(result: DetectionResult) -> tuple[Mark, ...]:
    """Return the shown marks, then those down to the most sensitive operating point, which a reader may ask for."""
    shown = [mark for mark in result.marks if mark.shown]
    scores = [score for _name, score in result.algorithm.operating_points]
    further = [mark for mark in result.marks if not mark.shown and scores and mark.score >= min(scores)]
    return (*shown, *further)

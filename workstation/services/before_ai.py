"""What of a study's objects a reader may see who looks before the AI is shown: the work of people."""

from __future__ import annotations

from dataclasses import replace

from workstation.dicom.objects.ai_objects import may_be_of_ai
from workstation.domain.study import Study
from workstation.services.foreign_objects_service import ForeignObject, ForeignObjects
from workstation.services.image_service import is_image_series


def before_ai(found: ForeignObjects) -> ForeignObjects:
    """
    Return the objects without those of an AI; what could not be read keeps its reason, not its description.

    Of this product's reports by a person, the reader's marks stay; the text, which names the AI's too, does not.
    """
    objects = tuple(_by_people(one) for one in found.objects if not one.is_of_ai)
    unread = tuple(
        replace(one, label=one.modality) if may_be_of_ai("", one.modality) else one for one in found.unread
    )  # fmt: skip
    return replace(found, objects=objects, unread=unread)


def _by_people(one: ForeignObject) -> ForeignObject:
    if one.source.is_own and one.names_algorithm:
        return replace(one, marks=one.marks_of_people, text="")
    return one


def undisclosed_series(study: Study, found: ForeignObjects | None = None) -> frozenset[str]:
    """Return the UIDs of the series that hold an AI's objects, or objects of which nobody can tell it yet."""
    of_people = {
        one.source.sop_instance_uid for one in (() if found is None else found.objects) if not one.is_of_ai
    }  # fmt: skip
    return frozenset(
        series.series_instance_uid
        for series in study.series
        if not is_image_series(series)
        and any(
            may_be_of_ai(one.sop_class_uid, series.modality) and one.sop_instance_uid not in of_people
            for one in series.instances
        )
    )

"""References to other documents by study, series and instance (PS3.3 C.17.2.1)."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from workstation.domain.citation import CitedStudy
from workstation.domain.workitem import OutputReference


def document_references(documents: Iterable[OutputReference]) -> DicomSequence:
    """Return Hierarchical SOP Instance References, an item for each study; empty for no document."""
    studies: dict[str, dict[str, dict[str, str]]] = {}
    for one in documents:
        series = studies.setdefault(one.study_instance_uid, {}).setdefault(one.series_instance_uid, {})
        series[one.sop_instance_uid] = one.sop_class_uid
    return DicomSequence([_study(uid, series) for uid, series in studies.items()])


def other_evidence(cited: Iterable[CitedStudy], study_instance_uid: str) -> DicomSequence:
    """
    Return Pertinent Other Evidence (0040,A385): what is cited of studies other than this one.

    An instance is evidence of the current procedure or of another, never of both (PS3.3 C.17.2.3).
    """
    return document_references(
        OutputReference(study.study_instance_uid, series.series_instance_uid, series.sop_class_uid, uid)
        for study in cited
        if study.study_instance_uid != study_instance_uid
        for series in study.series
        for uid in series.sop_instance_uids
    )


def _study(study_instance_uid: str, series: dict[str, dict[str, str]]) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = study_instance_uid
    item.ReferencedSeriesSequence = DicomSequence()
    for series_uid, instances in series.items():
        part = Dataset()
        part.SeriesInstanceUID = series_uid
        part.ReferencedSOPSequence = DicomSequence()
        for sop_instance_uid, sop_class_uid in instances.items():
            reference = Dataset()
            reference.ReferencedSOPClassUID = sop_class_uid
            reference.ReferencedSOPInstanceUID = sop_instance_uid
            part.ReferencedSOPSequence.append(reference)
        item.ReferencedSeriesSequence.append(part)
    return item

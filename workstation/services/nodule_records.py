"""The nodules that former reports of a person tell of, study by study; the images are not fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.objects.key_objects import KEY_OBJECT_SELECTION, rejected_by
from workstation.dicom.sr.common import MANUFACTURER, read_part10
from workstation.dicom.sr.measurement_report import MEASUREMENT_SERIES
from workstation.dicom.sr.nodule_reader import read_nodules
from workstation.domain.errors import DecodeError, HostileInput, SourceError, Unreachable
from workstation.domain.follow_up import SeenNodule, StudyDay
from workstation.domain.hanging import PriorStudy, day_of
from workstation.domain.nodule_history import StudyNodules
from workstation.domain.ports import CancelToken, RetrievePort
from workstation.domain.study import Patient, Study

STUDIES: Final = 40
"""How many earlier studies are looked into, the newest first."""
_DOCUMENTS: Final = 50
_SR: Final = "1.2.840.10008.5.1.4.1.1.88."
_UNDEFINED: Final = 0xFFFFFFFF
_UNREADABLE: Final = (HostileInput, DecodeError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a damaged document ends with, down to its last number."""


@dataclass(frozen=True, slots=True)
class NoduleRecords:
    """
    Studies with nodules on record, oldest first; ``unread`` names the days of studies that could not be read whole.

    Of an unread study nothing is told: what could be read may have been replaced by what could not.
    """

    studies: tuple[StudyNodules, ...] = ()
    unread: tuple[str, ...] = ()
    told: Mapping[str, tuple[Patient, ...]] = field(default_factory=dict, compare=False)
    """Whom the images name of the studies that were looked into, by study"""


@dataclass(frozen=True, slots=True)
class _Document:
    uid: str
    is_own: bool
    made: str
    nodules: tuple[SeenNodule, ...]


def read_nodule_records(
    retrieve: RetrievePort,
    priors: Sequence[PriorStudy],
    job: CancelToken,
    may_be_read: Callable[[PriorStudy, Study], bool] = lambda _prior, _there: True,
) -> NoduleRecords:
    """
    Read the measurement reports of earlier studies, in a job. Raises JobCancelled, Unreachable.

    A study without a date or without nodules is left out. What a rejection note names does not count, and of our
    own reports of one study the last one only: it replaces those before it. A study with a document that cannot be
    had or read is unread. Of a study that, by its images, may not be read nothing is fetched and nothing told.
    """
    found: list[StudyNodules] = []
    unread: list[str] = []
    for prior in priors[:STUDIES]:
        job.raise_if_cancelled()
        day = day_of(prior.study_date)
        if day is None:
            continue
        try:
            there = retrieve.study(prior.study_instance_uid)
            nodules = _of_study(retrieve, there, job) if may_be_read(prior, there) else ()
        except Unreachable:
            raise
        except (SourceError, *_UNREADABLE):
            unread.append(day.isoformat())
            continue
        if nodules:
            found.append(StudyNodules(StudyDay(prior.study_instance_uid, day), nodules))
    found.sort(key=lambda one: (one.day.on, one.day.study_instance_uid))
    return NoduleRecords(tuple(found), tuple(unread))


def _of_study(retrieve: RetrievePort, study: Study, job: CancelToken) -> tuple[SeenNodule, ...]:
    documents: list[_Document] = []
    rejected: set[str] = set()
    for part10 in _fetched(retrieve, study, job):
        ds = read_part10(part10)
        _require_whole(ds)
        if str(ds.get("SOPClassUID", "")) == KEY_OBJECT_SELECTION:
            rejected |= rejected_by(ds)
            continue
        try:
            nodules = read_nodules(part10)
        except DecodeError:
            if str(ds.get("SOPClassUID", "")).startswith(_SR):
                raise
            continue  # listed with an SR's modality only
        made = f"{ds.get('ContentDate') or ''}{ds.get('ContentTime') or ''}"
        own = str(ds.get("Manufacturer") or "") == MANUFACTURER and ds.get("SeriesNumber") == MEASUREMENT_SERIES
        if nodules or own:
            documents.append(_Document(str(ds.SOPInstanceUID), own, made, nodules))
    valid = sorted((one for one in documents if one.uid not in rejected), key=lambda one: one.made)
    last = [one for one in valid if one.is_own][-1:]
    kept = [one for one in valid if not one.is_own or one in last]
    return tuple({nodule.tracking_uid: nodule for one in kept for nodule in one.nodules}.values())


def _require_whole(ds: Dataset) -> None:
    """Raise HostileInput for a document that ends early: pydicom reads what is there without a word."""
    elements: list[object] = [ds.get_item(tag) for tag in ds.keys()]  # noqa: SIM118 - iterating a Dataset decodes it
    raw = [one for one in elements if isinstance(one, RawDataElement)]
    if "ContentSequence" not in ds or any(one.length not in {len(one.value or b""), _UNDEFINED} for one in raw):
        raise HostileInput(tr("This file is not a readable DICOM object"), detail="it ends early")


def _fetched(retrieve: RetrievePort, study: Study, job: CancelToken) -> Iterator[bytes]:
    listed = [(series, one) for series in study.series for one in series.instances]
    wanted = [
        (series, one) for series, one in listed
        if one.sop_class_uid.startswith(_SR) or (not one.sop_class_uid and series.modality in {"SR", "KO"})
    ]  # fmt: skip
    if len(wanted) > _DOCUMENTS:
        raise HostileInput(
            tr("Too many or too large objects: this one was not read"), detail=f"{len(wanted)} documents"
        )
    for series, one in wanted:
        job.raise_if_cancelled()
        yield retrieve.instance(study.study_instance_uid, series.series_instance_uid, one.sop_instance_uid)

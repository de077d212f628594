"""What other systems stored with a study: marks, outlines, key images, display states and documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.charset import decode_dataset
from workstation.dicom.objects.ai_objects import is_of_ai, names_algorithm
from workstation.dicom.objects.algorithm_names import algorithm_names
from workstation.dicom.objects.document_text import document_kind, encapsulated_document, read_sr_text
from workstation.dicom.objects.key_objects import KEY_OBJECT_SELECTION, read_key_objects
from workstation.dicom.objects.markup_text import cda_text, html_text
from workstation.dicom.objects.presentation import PresentationState, presentation_state
from workstation.dicom.objects.segment_outlines import SEGMENTATIONS, read_segment_outlines
from workstation.dicom.objects.structure_set import RT_STRUCTURE_SET, read_structure_set
from workstation.dicom.quiet import quiet
from workstation.dicom.scanner_charsets import told_charset
from workstation.dicom.sr.annotation_reader import read_drawn
from workstation.dicom.sr.common import MANUFACTURER, read_part10
from workstation.dicom.sr.nodule_reader import read_decided, read_marks, read_nodules
from workstation.dicom.sr.prior_report import speaks_of_another_study
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName
from workstation.domain.errors import DecodeError, HostileInput, Unreachable, WorkstationError
from workstation.domain.follow_up import SeenNodule
from workstation.domain.frames import FrameRef
from workstation.domain.key_image import KeyImageList
from workstation.domain.ports import CancelToken, RetrievePort
from workstation.domain.structures import StructureSet
from workstation.domain.study import Instance, Series, Study

MAXIMUM_OBJECTS: Final = 100
MAXIMUM_OBJECT_BYTES: Final = 128 << 20
MAXIMUM_BYTES: Final = 384 << 20
_PROBED: Final = 50
_HEAVY: Final = frozenset({0x30060039, 0x52009229, 0x52009230, 0x7FE00010, 0x00420011})
"""Contours, frames and documents, which tell nothing of where an object comes from."""
_SR: Final = "1.2.840.10008.5.1.4.1.1.88."
_DOCUMENTS: Final = "1.2.840.10008.5.1.4.1.1.104."
_STATES: Final = "1.2.840.10008.5.1.4.1.1.11."
_PDF: Final = "application/pdf"
_CDA: Final = frozenset({"text/xml", "application/xml", "application/hl7-cda"})
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


class ObjectKind(StrEnum):
    """What an object of another system is for the reader."""

    MARKS = "marks"
    STRUCTURES = "structures"
    SEGMENTS = "segments"
    KEY_IMAGES = "key_images"
    PRESENTATION = "presentation"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Whose work an object is; ``created`` is ``YYYYMMDDHHMMSS`` or shorter, all else as the object says it."""

    sop_instance_uid: str
    modality: str
    label: str = ""
    manufacturer: str = ""
    model: str = ""
    author: str = ""
    created: str = ""
    algorithms: tuple[str, ...] = ()
    """Name and version of each algorithm that it comes of"""
    is_own: bool = False
    """Made by this product: its marks may stand on the images as findings or measurements already."""


@dataclass(frozen=True, slots=True, eq=False)
class ForeignObject:
    """
    One readable object; only what its kind has is set. Read-only: nothing of it enters findings or report.

    ``nodules`` are those of a report that a person stands behind: what a later study is compared with.
    ``ai_marks`` are those that a device alone proposes; ``decided`` the tracking UIDs that a person decided on.
    ``is_proposal`` tells of segments that a device alone outlined; ``is_of_ai`` of any result no person stands behind.
    ``names_algorithm``: somewhere in a report an algorithm is identified.
    """

    study_instance_uid: str
    kind: ObjectKind
    source: Provenance
    marks: tuple[Annotation, ...] = ()
    outlines: StructureSet | None = None
    key_images: KeyImageList | None = None
    presentation: PresentationState | None = None
    text: str = ""
    pdf: bytes = b""
    nodules: tuple[SeenNodule, ...] = ()
    ai_marks: tuple[SeenNodule, ...] = ()
    decided: frozenset[str] = frozenset()
    is_proposal: bool = False
    is_of_ai: bool = False
    names_algorithm: bool = False
    undrawn: int = 0
    """How many shapes of a report are of kinds that are not drawn here"""
    hidden: int = 0
    """How many marks their maker says are not for presentation"""
    untold: int = 0
    """How many numbers of its marks are of kinds, or in units, that are not shown here"""
    missing_keys: int = 0
    """How many images that it marks are not among those of the study"""
    is_doubtful: bool = False
    """Some of its text may be in another character set than it says"""

    @property
    def marks_of_people(self) -> tuple[Annotation, ...]:
        """Return the marks without those that a model proposed and no person accepted, as far as the object tells."""
        if not self.source.is_own:
            return self.marks
        drawn = tuple(one for one in self.marks if not one.origin)
        known = {one.tracking_uid for one in drawn}
        return (*drawn, *(sphere_of(one) for one in self.nodules if one.tracking_uid not in known))


@dataclass(frozen=True, slots=True)
class UnreadObject:
    """An object that cannot be shown, and why."""

    sop_instance_uid: str
    label: str
    reason: str
    modality: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ForeignObjects:
    """All of one study; ``unread`` names what could not be read, nothing is left out silently."""

    study_instance_uid: str
    objects: tuple[ForeignObject, ...] = ()
    unread: tuple[UnreadObject, ...] = field(default=())

    @property
    def undecided_marks(self) -> tuple[SeenNodule, ...]:
        """Return the marks of devices that nobody decided on, each once: neither a record of it nor of none."""
        decided = {uid for one in self.objects for uid in one.decided}
        found = {mark.tracking_uid: mark for one in self.objects for mark in one.ai_marks}
        return tuple(mark for uid, mark in found.items() if uid not in decided)


def wanted(study: Study) -> tuple[tuple[Series, Instance], ...]:
    """Return the instances of a study that are no pictures but can be shown."""
    return tuple((series, one) for series in study.series for one in series.instances if _is_wanted(series, one))


def _is_wanted(series: Series, one: Instance) -> bool:
    if not one.sop_class_uid:
        return series.modality in {"SR", "KO", "RTSTRUCT", "SEG", "PR", "DOC"}
    return one.sop_class_uid.startswith((_SR, _DOCUMENTS, _STATES)) or (
        one.sop_class_uid in {RT_STRUCTURE_SET, *SEGMENTATIONS}
    )


@dataclass(frozen=True, slots=True)
class ReadForeignObjects:
    """Fetch and read the objects of a study, in a job; a broken one costs only itself."""

    retrieve: RetrievePort

    def __call__(self, study: Study, job: CancelToken) -> ForeignObjects:
        """Return what can be shown and what cannot. Raises JobCancelled, Unreachable."""
        found: list[ForeignObject] = []
        unread: list[UnreadObject] = []
        listed, size = wanted(study), 0
        for at, (series, one) in enumerate(listed):
            job.raise_if_cancelled()
            try:
                if at >= MAXIMUM_OBJECTS or size > MAXIMUM_BYTES:
                    raise _too_much()
                uids = study.study_instance_uid, series.series_instance_uid, one.sop_instance_uid
                part10 = self.retrieve.instance(*uids)
                size += len(part10)
                if len(part10) > MAXIMUM_OBJECT_BYTES:
                    raise _too_much()
                found.append(read_object(part10, study, told_charset(series.warnings)))
            except Unreachable:
                raise
            except WorkstationError as error:
                words = f"{series.modality} {series.description}".strip()
                unread.append(UnreadObject(one.sop_instance_uid, words, error.user_text, series.modality))
        return ForeignObjects(study.study_instance_uid, tuple(found), tuple(unread))


def read_object(part10: bytes, study: Study, charset: str = "") -> ForeignObject:
    """
    Read one object of a study by its SOP Class; ``charset`` is the one that a site's setting names, empty for none.

    Raises DecodeError: another study, another kind, or damaged. HostileInput: unreadable.
    """
    with quiet():
        ds = read_part10(part10)
        try:
            said = names_algorithm(ds)
            return replace(_read(ds, part10, study, charset), is_of_ai=is_of_ai(ds), names_algorithm=said)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError, OverflowError) as exc:
            raise HostileInput(
                tr("The object is damaged and cannot be shown"), detail=f"{type(exc).__name__}: {exc}"[:300]
            ) from exc


def _read(ds: Dataset, part10: bytes, study: Study, charset: str) -> ForeignObject:
    uid = study.study_instance_uid
    if str(ds.get("StudyInstanceUID", "")) != uid:
        raise DecodeError(tr("The object belongs to another study and is not shown"))
    kind, source = str(ds.get("SOPClassUID", "")), _provenance(ds)
    if kind == KEY_OBJECT_SELECTION:
        marked = read_key_objects(part10, study)
        words = read_sr_text(part10, charset)
        return ForeignObject(
            uid, ObjectKind.KEY_IMAGES, source, key_images=marked.keys, missing_keys=marked.missing, text=words.text,
            is_doubtful=words.is_doubtful,
        )  # fmt: skip
    if kind.startswith(_SR):
        drawn = read_drawn(part10)
        elsewhere = speaks_of_another_study(ds)
        marks = () if elsewhere else drawn.annotations.annotations
        purpose = ObjectKind.MARKS if marks else ObjectKind.DOCUMENT
        words = read_sr_text(part10, charset)
        return ForeignObject(
            uid, purpose, source, marks=marks, text=words.text, nodules=read_nodules(part10),
            ai_marks=read_marks(part10), decided=read_decided(part10), is_doubtful=words.is_doubtful,
            undrawn=0 if elsewhere else drawn.left_out, hidden=0 if elsewhere else drawn.hidden,
            untold=0 if elsewhere else drawn.untold,
        )  # fmt: skip
    if kind == RT_STRUCTURE_SET:
        return ForeignObject(uid, ObjectKind.STRUCTURES, source, outlines=read_structure_set(part10))
    if kind in SEGMENTATIONS:
        made = [str(one.get("SegmentAlgorithmType", "")) for one in ds.get("SegmentSequence") or ()]
        by_device = bool(made) and all(one == "AUTOMATIC" for one in made)
        outlines = read_segment_outlines(part10)
        return ForeignObject(uid, ObjectKind.SEGMENTS, source, outlines=outlines, is_proposal=by_device)
    if kind.startswith(_STATES):
        decode_dataset(ds)
        state = presentation_state(ds)
        _probe(state, study)
        return ForeignObject(uid, ObjectKind.PRESENTATION, source, presentation=state)
    if kind.startswith(_DOCUMENTS):
        return _document(part10, uid, source)
    raise DecodeError(tr("Objects of this kind are not shown"), detail=kind)


def count_of(marks: Iterable[Annotation]) -> int:
    """Return how many things marks speak of; those of one tracking UID speak of one."""
    return len({one.tracking_uid for one in marks})


def sphere_of(one: SeenNodule) -> Annotation:
    """Return a nodule of a record as a mark to be drawn."""
    x, y, z = one.centre_lps_mm
    return Annotation(
        uid=one.tracking_uid,
        tracking_uid=one.tracking_uid,
        kind=AnnotationKind.SPHERE,
        points_lps_mm=((x, y, z), (x + one.size_mm / 2, y, z)),
        frame_of_reference_uid=one.frame_of_reference_uid,
        measures=(Measure(MeasureName.DIAMETER, one.size_mm, "mm"),),
        created_at=datetime(1970, 1, 1, tzinfo=UTC),
        origin=one.tracking_uid,
    )


def _document(part10: bytes, uid: str, source: Provenance) -> ForeignObject:
    inside, mime = encapsulated_document(part10).rstrip(b"\0"), document_kind(part10)
    if not inside:
        raise DecodeError(tr("The object holds no document"))
    if mime == _PDF or inside.startswith(b"%PDF"):
        return ForeignObject(uid, ObjectKind.DOCUMENT, source, pdf=inside)
    if mime in _CDA:
        return ForeignObject(uid, ObjectKind.DOCUMENT, source, text=cda_text(inside))
    if mime in _HTML:
        return ForeignObject(uid, ObjectKind.DOCUMENT, source, text=html_text(inside.decode("utf-8", "replace")))
    raise DecodeError(tr("Documents of this kind are not shown"), detail=mime)


def _probe(state: PresentationState, study: Study) -> None:
    """Read the state for its images once, so that a damaged one is refused here and not while it is painted."""
    sizes = {one.sop_instance_uid: one for series in study.series for one in series.instances}
    here = [sizes[uid] for uid in state.images if uid in sizes]
    if not here:
        raise DecodeError(tr("The presentation state speaks of no image of this study"))
    for one in here[:_PROBED]:
        for number in range(1, min(one.number_of_frames, _PROBED) + 1):
            state.of(FrameRef(one.sop_instance_uid, number), max(one.rows, 1), max(one.columns, 1))


def _provenance(whole: Dataset) -> Provenance:
    ds = Dataset()
    for tag in whole.keys() - _HEAVY:
        ds[tag] = whole[tag]
    decode_dataset(ds)
    created = next(
        (
            f"{ds.get(date) or ''}{ds.get(time) or ''}"
            for date, time in (
                ("ContentDate", "ContentTime"),
                ("StructureSetDate", "StructureSetTime"),
                ("PresentationCreationDate", "PresentationCreationTime"),
                ("InstanceCreationDate", "InstanceCreationTime"),
                ("SeriesDate", "SeriesTime"),
            )
            if ds.get(date)
        ),
        "",
    )
    maker = _said(ds, "Manufacturer")
    return Provenance(
        sop_instance_uid=_said(ds, "SOPInstanceUID"),
        modality=_said(ds, "Modality"),
        label=next((words for words in _labels(ds) if words), ""),
        manufacturer=maker,
        model=_said(ds, "ManufacturerModelName"),
        author=next((words for words in _authors(ds) if words), ""),
        created=created[:14],
        algorithms=algorithm_names(ds),
        is_own=maker == MANUFACTURER,
    )


def _labels(ds: Dataset) -> Iterator[str]:
    for name in ("ContentLabel", "StructureSetLabel", "DocumentTitle"):
        yield _said(ds, name)
    for item in ds.get("ConceptNameCodeSequence") or ():
        yield _said(item, "CodeMeaning")
    yield _said(ds, "SeriesDescription")


def _authors(ds: Dataset) -> Iterator[str]:
    for name in ("ContentCreatorName", "OperatorsName"):
        yield _said(ds, name).replace("^", " ").strip()
    for item in ds.get("VerifyingObserverSequence") or ():
        yield _said(item, "VerifyingObserverName").replace("^", " ").strip()
    for item in ds.get("AuthorObserverSequence") or ():
        yield _said(item, "PersonName").replace("^", " ").strip()
    for item in ds.get("ContentSequence") or ():
        if item.get("ValueType") == "PNAME":
            yield _said(item, "PersonName").replace("^", " ").strip()


def _said(ds: Dataset, name: str) -> str:
    return str(ds.get(name) or "").strip()


def _too_much() -> HostileInput:
    return HostileInput(tr("Too many or too large objects: this one was not read"))

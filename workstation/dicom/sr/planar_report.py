"""
What a model said of single images (radiographs) as TID 1500: boxes on their images, findings without a place.

*Source:* PS3.16 TID 1500, 1410, 1501; PS3.3 C.18.6 (SCOORD).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from resources.translation import tr
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.algorithm_items import (
    algorithm_items,
    contributing_equipment,
    device_observer,
    tracking_items,
)
from workstation.dicom.sr.annotation_codes import SOURCE_OF_MEASUREMENT
from workstation.dicom.sr.common import (
    PERCENT,
    PRIVATE,
    UNITLESS,
    DocumentHead,
    code_dataset,
    coded,
    container,
    document,
    language_items,
    number,
    part10,
    uid_from,
)
from workstation.dicom.sr.measurement_report import AI_SESSION, DETECTION_SERIES, findings_procedure, sop_classes
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.model import ImageFindings, PlanarMark, StudyFinding
from workstation.domain.study import Study
from workstation.domain.template import Code

_PIXEL_CENTRE: Final = 0.5
"""SCOORD counts from the outer corner of the first pixel (PS3.3 C.18.6.1.1), models from its centre."""


def planar_sr(study: Study, algorithm: AlgorithmIdentity, images: Sequence[ImageFindings], *, at: datetime) -> bytes:
    """
    Return boxes and findings as Part 10 bytes: UNVERIFIED, one group for each.

    Nothing found gives a valid SR that says "without findings". Raises ValueError for an image outside
    the study, TemplateViolation for a research model.
    """
    if algorithm.research:
        raise TemplateViolation(
            tr("Marks of a research model cannot be written into a report or result."),
            hint=tr("Use a signed model, or mark the finding yourself."),
            detail=algorithm.name,
        )
    classes = sop_classes(study)
    groups: list[Dataset] = []
    for image in images:
        told: tuple[PlanarMark | StudyFinding, ...] = (*image.marks, *image.findings)
        for one in told:
            groups.append(_group(one, len(groups) + 1, image.sop_instance_uid, study, algorithm, classes))
    seen = {image.sop_instance_uid for image in images}
    used = [s for s in study.series if any(one.sop_instance_uid in seen for one in s.instances)]
    procedure = findings_procedure(study, used[0].series_instance_uid if used else "")
    children = [
        *language_items("zh"),
        *device_observer(algorithm),
        coded(code.PROCEDURE_REPORTED, procedure, relationship="HAS CONCEPT MOD"),
    ]
    children += [container(code.MEASUREMENTS, groups)] if groups else []
    said = code.WITH_FINDINGS if groups else code.WITHOUT_FINDINGS
    children.append(container(code.QUALITATIVE, [coded(code.SUMMARY, said)]))
    root = container(code.REPORT_TITLE, children, template="1500", relationship="")
    digest = hashlib.sha256(root.to_json().encode()).hexdigest()
    head = DocumentHead(
        sop_class_uid=code.COMPREHENSIVE_3D_SR,
        series_instance_uid=uid_from(study.study_instance_uid, "detections", algorithm.sha256),
        sop_instance_uid=uid_from(study.study_instance_uid, "detection", digest, at.isoformat()),
        series_number=DETECTION_SERIES,
        series_description=f"AI {algorithm.name} {algorithm.version}"[:64],
        at=at,
        description=study.description,
    )
    ds = document(head, study, used, root)
    ds.ContributingEquipmentSequence = DicomSequence([contributing_equipment(algorithm, at)])
    return part10(ds)


def _group(
    said: PlanarMark | StudyFinding,
    place: int,
    sop_instance_uid: str,
    study: Study,
    algorithm: AlgorithmIdentity,
    classes: Mapping[str, str],
) -> Dataset:
    tracking = uid_from(study.study_instance_uid, "planar", algorithm.sha256, sop_instance_uid, str(place))
    name = code.LABELS.get(said.label) or Code("LABEL", PRIVATE, said.label)
    items = [*tracking_items(AI_SESSION, str(place), tracking), coded(code.FINDING, name)]
    items += algorithm_items(algorithm)
    if isinstance(said, PlanarMark):
        items.append(_box(said.box_px, sop_instance_uid, classes))
    else:
        items.append(_image(sop_instance_uid, classes, "CONTAINS"))
    items.append(number(code.CERTAINTY, said.score * 100, PERCENT))
    if said.out_of_ten is not None:
        items.append(number(code.OUT_OF_TEN, said.out_of_ten, UNITLESS))
    items.append(coded(code.SHOWN, code.YES if said.shown else code.NO))
    return container(code.GROUP, items, template="1410" if isinstance(said, PlanarMark) else "1501")


def _box(box_px: tuple[float, float, float, float], sop_instance_uid: str, classes: Mapping[str, str]) -> Dataset:
    left, top, right, bottom = (value + _PIXEL_CENTRE for value in box_px)
    flat = Dataset()
    flat.RelationshipType = "CONTAINS"
    flat.ValueType = "SCOORD"
    flat.ConceptNameCodeSequence = DicomSequence([code_dataset(code.IMAGE_REGION)])
    flat.GraphicType = "POLYLINE"
    flat.GraphicData = [left, top, right, top, right, bottom, left, bottom, left, top]
    flat.ContentSequence = DicomSequence([_image(sop_instance_uid, classes, "SELECTED FROM")])
    return flat


def _image(sop_instance_uid: str, classes: Mapping[str, str], relationship: str) -> Dataset:
    if sop_instance_uid not in classes:
        raise ValueError("a mark lies on an image of its own study")
    reference = Dataset()
    reference.ReferencedSOPClassUID = classes[sop_instance_uid]
    reference.ReferencedSOPInstanceUID = sop_instance_uid
    image = Dataset()
    image.RelationshipType = relationship
    image.ValueType = "IMAGE"
    if relationship == "CONTAINS":
        image.ConceptNameCodeSequence = DicomSequence([code_dataset(SOURCE_OF_MEASUREMENT)])
    image.ReferencedSOPSequence = DicomSequence([reference])
    return image

"""
What a model said of single images (radiographs) as TID 1500: boxes on their images, findings without a place.

*Source:* PS3.16 TID 1500, 1410, 1501; PS3.3 C.18.6 (SCOORD).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

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
from workstation.dicom.sr.common import (
    PERCENT,
    UNITLESS,
    DocumentHead,
    coded,
    container,
    document,
    language_items,
    number,
    part10,
    uid_from,
)
from workstation.dicom.sr.finding_items import named_items
from workstation.dicom.sr.image_regions import place_item, template_of
from workstation.dicom.sr.measurement_report import (
    AI_SESSION,
    DETECTION_SERIES,
    findings_procedure,
    sop_classes,
)
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.finding_class import meaning_of
from workstation.domain.image_place import ImagePlace
from workstation.domain.model import ImageFindings, PlanarMark, StudyFinding
from workstation.domain.study import Study


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
    rank: int,
    sop_instance_uid: str,
    study: Study,
    algorithm: AlgorithmIdentity,
    classes: Mapping[str, str],
) -> Dataset:
    tracking = uid_from(study.study_instance_uid, "planar", algorithm.sha256, sop_instance_uid, str(rank))
    items = [
        *tracking_items(AI_SESSION, str(rank), tracking),
        *named_items(said.label, meaning_of(said.label, algorithm.classes)),
    ]
    items += algorithm_items(algorithm)
    place = ImagePlace(sop_instance_uid, box_px=said.box_px if isinstance(said, PlanarMark) else None)
    items.append(place_item(place, classes))
    items.append(number(code.CERTAINTY, said.score * 100, PERCENT))
    if said.out_of_ten is not None:
        items.append(number(code.OUT_OF_TEN, said.out_of_ten, UNITLESS))
    items.append(coded(code.SHOWN, code.YES if said.shown else code.NO))
    return container(code.GROUP, items, template=template_of(place))

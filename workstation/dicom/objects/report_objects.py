"""The DICOM objects of a report and of a pre-read behind their ports."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from pydicom.filereader import dcmread

from workstation.dicom.objects import (
    digital_signature,
    encapsulated,
    image_objects,
    lesion_segments,
    rejection_note,
    report_manifest,
)
from workstation.dicom.sr import measurement_report, planar_report, structured_report
from workstation.dicom.sr.common import uid_from
from workstation.domain.finding import AlgorithmIdentity, FindingList
from workstation.domain.model import ImageFindings, SegmentMask
from workstation.domain.ports import Clock, UnlockedSigner
from workstation.domain.report import Person, Report
from workstation.domain.signature import SignedArtefact
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.volume import Volume
from workstation.domain.workitem import OutputReference, WorklistRow

_UIDS: Final[list[str]] = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]


@dataclass(frozen=True, slots=True)
class DicomObjects:
    """
    Implements ReportObjects, DetectionObjects and PlanarObjects.

    Report objects take their times from the report, so that making them twice gives the same
    bytes; ``clock`` dates the pre-reads only.
    """

    clock: Clock

    def enhanced_sr(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> bytes:
        """Return the Enhanced SR (TID 2000). Raises TemplateViolation."""
        return structured_report.enhanced_sr(report, template, study, row)

    def measurement_sr(self, report: Report, study: Study) -> bytes:
        """Return the Comprehensive 3D SR (TID 1500) with the reader's decisions. Raises TemplateViolation."""
        return measurement_report.measurement_sr(report, study)

    def image_objects(self, report: Report, study: Study) -> dict[str, bytes]:
        """Return key images, displays and segmentations by file name. Raises TemplateViolation."""
        return image_objects.image_objects(report, study)

    def signed_sr(self, report: Report, part10: bytes, key: UnlockedSigner) -> bytes:
        """Return the SR with a digital signature of PS3.15 inside. Raises SignatureInvalid."""
        if report.signed_at is None:
            raise ValueError("what is signed has a time of signing")
        return digital_signature.signed_part10(
            part10,
            sign=key.sign_bytes,
            certificate=key.certificate,
            uid=uid_from(report.report_uid, "signature", report.signed_at.isoformat()),
            at=report.signed_at,
            purpose=digital_signature.VERIFICATION,
        )

    def encapsulated_pdf(self, report: Report, study: Study, pdf: bytes) -> bytes:
        """Return the Encapsulated PDF object. Raises TemplateViolation."""
        return encapsulated.encapsulated_pdf(report, study, pdf)

    def rejection_note(
        self, study: Study, rejected: tuple[OutputReference, ...], *, note: str, author: Person, language: str
    ) -> bytes:
        """Return the Key Object Selection that rejects signed objects. Raises TemplateViolation."""
        return rejection_note.rejection_note(
            study, rejected, note=note, author=author, language=language, at=self.clock.now()
        )

    def detection_sr(self, study: Study, findings: FindingList) -> bytes:
        """Return the detector's marks as Comprehensive 3D SR (TID 1500). Raises TemplateViolation."""
        return measurement_report.detection_sr(study, findings, at=self.clock.now())

    def detection_segmentations(
        self, findings: FindingList, masks: Sequence[SegmentMask], sources: Sequence[bytes], volume: Volume
    ) -> tuple[bytes, ...]:
        """Return the masks as Segmentations, a segment per mark. Raises TemplateViolation, NotAVolume."""
        return lesion_segments.lesion_segmentations(findings, masks, sources, volume, at=self.clock.now())

    def reference(self, part10: bytes) -> OutputReference:
        """Return the UIDs under which an object is stored."""
        ds = dcmread(BytesIO(part10), specific_tags=_UIDS)
        return OutputReference(
            str(ds.StudyInstanceUID), str(ds.SeriesInstanceUID), str(ds.SOPClassUID), str(ds.SOPInstanceUID)
        )

    def planar_sr(self, study: Study, algorithm: AlgorithmIdentity, images: Sequence[ImageFindings]) -> bytes:
        """Return what a model said of single images as SR (TID 1500). Raises TemplateViolation."""
        return planar_report.planar_sr(study, algorithm, images, at=self.clock.now())

    def manifest(self, report: Report, study: Study, objects: Mapping[str, bytes]) -> bytes:
        """Return ``manifest.json``: the digests of ``objects`` (by file name) for the PDF to carry."""
        return report_manifest.manifest(report, study, objects)

    def artefact(self, kind: str, part10: bytes) -> SignedArtefact:
        """Describe one object for delivery: its UIDs read from the file, and its SHA-256."""
        ds = dcmread(BytesIO(part10), specific_tags=_UIDS)
        return SignedArtefact(
            kind=kind,
            study_instance_uid=str(ds.StudyInstanceUID),
            series_instance_uid=str(ds.SeriesInstanceUID),
            sop_class_uid=str(ds.SOPClassUID),
            sop_instance_uid=str(ds.SOPInstanceUID),
            payload=part10,
            sha256=hashlib.sha256(part10).hexdigest(),
        )

"""The whole pre-read of a real study, from stored files to a stored SR, with the real model."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.registry import Registry
from models.engine.session import Provider
from tests.helpers.cases import FixedClock
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import InstanceVolumes
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.reader import read_detections
from workstation.domain.detection import AiWorkitem, DetectionSummary
from workstation.domain.finding import Decision
from workstation.domain.study import Study
from workstation.domain.workitem import Claim, OutputReference
from workstation.services.detection_service import DetectStudy, ModelsInUse

pytestmark = pytest.mark.accuracy


class _Hub:
    """Files of one study as a hub would hand them out; remembers what comes back."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._paths = {i.sop_instance_uid: i.path for series in study.series for i in series.instances}
        self.stored: list[bytes] = []
        self.completed: list[tuple[tuple[OutputReference, ...], DetectionSummary]] = []
        self.failed: list[str] = []

    def claim_next(self) -> AiWorkitem | None:
        return AiWorkitem(Claim("2.25.1", "2.25.2"), self._study.study_instance_uid)

    def progress(self, item: AiWorkitem, fraction: float, text: str = "") -> None:
        assert item.claim.ups_instance_uid == "2.25.1", text
        assert 0 <= fraction <= 1

    def complete(self, item: AiWorkitem, outputs: Sequence[OutputReference], summary: DetectionSummary) -> None:
        assert item.claim.transaction_uid == "2.25.2"
        self.completed.append((tuple(outputs), summary))

    def fail(self, item: AiWorkitem, reason: str) -> None:
        self.failed.append(f"{item.claim.ups_instance_uid}: {reason}")

    def release(self, item: AiWorkitem) -> None:
        raise AssertionError(item)

    def study(self, study_instance_uid: str) -> Study:
        assert study_instance_uid == self._study.study_instance_uid
        return self._study

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        path = self._paths[sop_instance_uid]
        assert path is not None, (study_instance_uid, series_instance_uid)
        return Path(path).read_bytes()

    def store(self, study_instance_uid: str, part10_files: Sequence[bytes]) -> list[OutputReference]:
        self.stored += part10_files
        return [OutputReference(study_instance_uid, "2.25.3", "1.2.840.10008.5.1.4.1.1.88.34", "2.25.4")]

    def missing(self, study_instance_uid: str, digests: dict[str, str]) -> set[str]:
        raise AssertionError((study_instance_uid, digests))


def test_lidc_0314_is_pre_read_into_one_unverified_sr_with_the_nodule(lidc_0314: Path) -> None:
    (study,) = scan(lidc_0314)
    hub = _Hub(study)
    detector = LungNoduleDetector(Registry().load(), Provider.CPU)
    work = DetectStudy(
        queue=hub,
        retrieve=hub,
        store=hub,
        volumes=InstanceVolumes(),
        in_use=lambda: ModelsInUse(detector),
        objects=DicomObjects(FixedClock()),
        stop=threading.Event(),
    )

    assert work()

    assert hub.failed == []
    ((outputs, summary),) = hub.completed
    assert (len(outputs), summary.finding_count, summary.algorithm.provider) == (1, 1, "cpu")
    assert (summary.algorithm.name, summary.algorithm.sha256) == (detector.identity.name, detector.identity.sha256)
    (sr,) = (pydicom.dcmread(io.BytesIO(data)) for data in hub.stored)
    assert (sr.Modality, sr.VerificationFlag) == ("SR", "UNVERIFIED")
    findings = read_detections(hub.stored[0]).findings
    drawn = _ellipsoids(sr)
    # the SR keeps every mark down to the sensitive point; one is shown, and it is the nodule
    assert len(drawn) == len(findings)
    assert np.linalg.norm(np.array(drawn[0]).reshape(6, 3).mean(axis=0) - (-57.0, 131.0, -520.5)) < 2.0
    assert {finding.decision for finding in findings} == {Decision.UNDECIDED}
    assert [finding.original.shown for finding in findings if finding.original] == [True] + [False] * (
        len(findings) - 1
    )
    assert findings[0].original is not None
    assert findings[0].original.score == pytest.approx(summary.top_score, abs=0.001)


def _ellipsoids(dataset: pydicom.Dataset) -> list[list[float]]:
    """Return the ends of the axes of each SCOORD3D ellipsoid of an SR, in the order of its groups."""
    return [
        [float(value) for value in item.GraphicData]
        for element in dataset.iterall()
        if element.VR == "SQ"
        for item in element.value
        if item.get("GraphicType") == "ELLIPSOID"
    ]

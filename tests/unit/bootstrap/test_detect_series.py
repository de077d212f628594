"""``lianyue detect`` reads what the worker would read, the next series where the best is refused, and says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from models.engine.detect_command import detect_path
from models.engine.detector import DetectionOutcome
from resources.translation import use_language
from tests.helpers.models import Job, refused
from workstation.bootstrap.detect import mark_series
from workstation.dicom.images.phantom import make_phantom_study
from workstation.dicom.images.source import scan
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.jobs import NoJob


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@dataclass
class _Detector:
    """Refuses the first series for each reason, in order."""

    reasons: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    @property
    def identity(self) -> AlgorithmIdentity:
        return AlgorithmIdentity("net", "1.0.0", "a" * 64)

    def detect(self, volume: Volume, job: JobContext) -> DetectionOutcome:
        job.progress(1.0)
        self.seen.append(volume.series_instance_uid)
        if self.reasons:
            raise InputOutsideIntendedUse(self.reasons.pop(0))
        return DetectionOutcome((), self.identity)


@pytest.fixture
def phantom(tmp_path: Path) -> Path:
    make_phantom_study(tmp_path, slices=34, size=64, nodules=0)
    return tmp_path


def _ct(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in sorted(files) if dcmread(path, stop_before_pixels=True).Modality == "CT"]


def _second_series(folder: Path) -> str:
    uid = generate_uid()
    for path in _ct(folder):
        dataset = dcmread(path)
        dataset.SeriesInstanceUID = uid
        dataset.SeriesNumber, dataset.SeriesDescription = 9, "soft"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.save_as(path.with_name(f"{path.stem}-2{path.suffix}"))
    return str(uid)


def _second_phase(folder: Path) -> None:
    for path in _ct(folder):
        dataset = dcmread(path)
        dataset.AcquisitionNumber = 1
        dataset.save_as(path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.AcquisitionNumber = 2
        dataset.save_as(path.with_name(f"{path.stem}-2{path.suffix}"))


def _first_series(folder: Path) -> str:
    (study,) = scan(folder, NoJob())
    return str(study.series[0].series_instance_uid)


def test_the_best_series_is_marked_in_silence(phantom: Path) -> None:
    detector = _Detector()
    uid, result = mark_series(phantom, detector, Job())

    assert isinstance(result, DetectionOutcome)
    assert detector.seen == [uid] == [_first_series(phantom)]
    assert (result.warnings, result.algorithm.doubts) == ((), ())


def test_a_refused_series_is_followed_by_the_next_and_the_refused_one_is_named(phantom: Path) -> None:
    best, second = _first_series(phantom), _second_series(phantom)
    detector = _Detector(["no lungs in view"])

    uid, result = mark_series(phantom, detector, Job())

    assert isinstance(result, DetectionOutcome)
    assert detector.seen == [best, second]
    assert uid == second
    (warning,) = result.warnings
    assert warning.code.startswith("second_choice:")
    assert warning.text.endswith("fits better, but the model refused it.")
    assert result.algorithm.doubts == (warning.code,)


def test_where_every_series_is_refused_the_reason_of_the_best_is_told(phantom: Path) -> None:
    _second_series(phantom)

    with refused(InputOutsideIntendedUse, "no lungs in view"):
        mark_series(phantom, _Detector(["no lungs in view", "too few slices"]), Job())


def test_of_two_phases_in_one_series_one_is_read_and_the_command_says_which(phantom: Path) -> None:
    _second_phase(phantom)
    detector = _Detector()

    answer = detect_path(
        phantom,
        None,
        "cpu",
        mark_series,
        Job(),
        make_detector=lambda bundle, provider: detector,  # noqa: ARG005
    )

    assert answer["warnings"] == [
        "Outside what the model was tested on: the series holds several phases, only “Time 1” was read."
    ]
    assert [answer["series_instance_uid"]] == detector.seen == [_first_series(phantom)]

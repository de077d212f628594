"""What a classifier says of a CT goes its whole way: run, stored as an SR, read back, explained in the patient."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.engine.installed import InstalledModels
from tests.helpers.bundles import mean_classifier, write_bundle
from tests.helpers.cases import NOON, FixedClock, study
from tests.helpers.models import Job
from workstation.bootstrap import models
from workstation.bootstrap.reading_ai import LocalOcclusion
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.dicom.sr.reader import read_detections
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ModelOutput
from workstation.domain.study import Series
from workstation.domain.volume import Volume
from workstation.services.detection_findings import findings_of

SERIES = "1.2.3.2"


class _NoImages:
    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        raise AssertionError("a volume is at hand: no image is fetched")


def ball() -> Volume:
    """Return a block of -1000 HU with a ball of 900 HU, 20 mm wide, round (20, 10, -10) LPS mm."""
    z, y, x = np.indices((40, 60, 80))
    matrix = np.diag([1.0, 1.0, 2.0, 1.0])
    matrix[:3, 3] = (-40.0, -30.0, -40.0)
    lps = np.stack([x - 40.0, y - 30.0, 2.0 * z - 40.0], -1)
    hu = np.where(((lps - np.array([20.0, 10.0, -10.0])) ** 2).sum(-1) < 100.0, 900, -1000)
    return Volume(hu.astype(np.int16), matrix, "1.2.5", SERIES)


def test_a_classifier_of_volumes_is_stored_read_back_and_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, described = mean_classifier()
    described["classes"][0]["label"] = "pneumonia"
    described["operating_points"][0]["score"] = 0.002
    write_bundle(tmp_path / "models" / described["id"], model, described)
    made = InstalledModels(tmp_path / "models", tmp_path / "keys", "cpu")
    monkeypatch.setattr(models, "installed_models", lambda: made)
    volume, series = ball(), Series(SERIES, "CT", 2, "", "CHEST", ())
    case = replace(study(), series=(series,))

    result = made.detector(described["id"]).detect(volume, Job())
    assert isinstance(result, ModelOutput)
    # who trusts this model is not the question here: a research model writes nothing
    trusted = replace(result, algorithm=replace(result.algorithm, research=False))
    found = findings_of(case, series, volume, trusted)
    again = read_detections(DicomObjects(FixedClock(NOON)).detection_sr(case, found))

    (finding,) = again.findings
    assert finding.on_image == ImagePlace.whole_series(SERIES)
    assert isinstance(finding.original, ImageMark)
    assert (finding.original.label, finding.original.shown) == ("pneumonia", True)
    assert finding.original.score == pytest.approx(trusted.study_findings[0].score, abs=1e-9)
    occluder, who = LocalOcclusion(_NoImages()), result.algorithm
    found_map = occluder.occlusion_in_space(who, volume, "pneumonia", Job())
    assert found_map is not None
    assert np.linalg.norm(np.subtract(found_map.strongest, (20, 10, -10))) < 12  # cubes of 16 mm
    assert occluder.occlusion_in_space(who, volume, "fracture", Job()) is None
    assert occluder.occlusion_in_space(replace(who, sha256="ab" * 32), volume, "pneumonia", Job()) is None

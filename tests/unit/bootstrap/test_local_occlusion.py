"""The classifier behind a finding is found by its weights and asked about the film as it is stored."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from models.engine.installed import InstalledModels
from models.engine.registry import Registry
from tests.helpers.bundles import mean_classifier, write_bundle
from tests.helpers.films import film_study
from tests.helpers.models import Job
from workstation.bootstrap import models
from workstation.bootstrap.reading_ai import LocalOcclusion
from workstation.domain.errors import JobCancelled
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.image_place import ImagePlace
from workstation.domain.model import OcclusionMap
from workstation.services.jobs import JobRunner, Pool

STUDY = film_study()
FRONT = ImagePlace("1.2.3.1.1")


@dataclass
class _Stored:
    data: bytes
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        self.asked.append((study_instance_uid, series_instance_uid, sop_instance_uid))
        return self.data


@pytest.fixture
def film(shared_data: Path) -> _Stored:
    return _Stored((shared_data / "dicom-zoo/highdicom/data/test_files/dx_image.dcm").read_bytes())


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, step: int = 32) -> AlgorithmIdentity:
    """Install a classifier of films whose score is the mean of the image."""
    model, described = mean_classifier(rank=4)
    described["applies_to"] = {"modality": "DX", "body_part": "CHEST"}
    described["classes"][0]["label"] = "effusion"
    described["output"]["occlusion"] = {"size": 32, "step": step, "fill": 0.0}
    write_bundle(tmp_path / "models" / described["id"], model, described)
    made = InstalledModels(tmp_path / "models", tmp_path / "keys", "cpu")
    monkeypatch.setattr(models, "installed_models", lambda: made)
    return made.registry.load(described["id"]).identity


def test_the_map_lies_on_the_stored_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: _Stored) -> None:
    model = installed(tmp_path, monkeypatch)

    found = LocalOcclusion(film).occlusion(model, STUDY, FRONT, "effusion", Job())

    assert found is not None
    assert film.asked == [("1.2.3", "1.2.3.1", "1.2.3.1.1")]
    # the film has 211 columns and 169 rows: 64 x 51 of the network's 64 x 64, so 3.297 stored pixels a step
    assert found.drop.shape == (2, 2)
    np.testing.assert_allclose(np.diag(found.ijk_to_lps)[:2], [105.5, 105.5], atol=0.01)
    assert found.drop.max() > 0


def test_a_model_that_is_not_here_or_knows_no_such_finding_gives_no_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: _Stored
) -> None:
    model, asked = installed(tmp_path, monkeypatch), LocalOcclusion(film)

    assert asked.occlusion(replace(model, sha256="ab" * 32), STUDY, FRONT, "effusion", Job()) is None
    assert asked.occlusion(model, STUDY, FRONT, "fracture", Job()) is None
    assert asked.occlusion(model, STUDY, ImagePlace("9.9"), "effusion", Job()) is None
    assert film.asked == []


def test_a_broken_bundle_beside_it_hides_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(tmp_path, monkeypatch)
    (tmp_path / "models" / "broken").mkdir()
    (tmp_path / "models" / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    registry = Registry((tmp_path / "models",), tmp_path / "keys")

    found = registry.with_weights(model.sha256, "classifier")

    assert found is not None
    assert found.identity == model
    assert registry.with_weights(model.sha256, "boxes_2d") is None


def test_a_map_that_is_not_wanted_any_more_ends_between_two_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: _Stored
) -> None:
    model = installed(tmp_path, monkeypatch, step=1)
    runner, under_way = JobRunner(), threading.Event()
    try:
        handle = runner.submit(
            Pool.CPU,
            lambda job: LocalOcclusion(film).occlusion(model, STUDY, FRONT, "effusion", job),
            on_progress=lambda share, _text: under_way.set() if share > 0 else None,
        )
        assert under_way.wait(60)
        handle.cancel()
        with pytest.raises(JobCancelled):
            handle.result(60)
    finally:
        runner.close()


def test_cancelling_leaves_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, film: _Stored) -> None:
    model = installed(tmp_path, monkeypatch)
    answers: list[OcclusionMap | None] = []

    with pytest.raises(JobCancelled):
        answers.append(LocalOcclusion(film).occlusion(model, STUDY, FRONT, "effusion", Job(cancel_after=3)))

    assert answers == []

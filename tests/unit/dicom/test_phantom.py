"""The phantom is a valid CT whose nodules are where it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.registry import Registry
from models.engine.session import Provider
from tests.helpers.jobs import RecordingJob
from workstation.dicom.images import bench_load
from workstation.dicom.images.phantom import PhantomTruth, make_phantom_study
from workstation.dicom.images.source import scan
from workstation.dicom.images.volumes import load_volume
from workstation.domain.geometry import distance_mm
from workstation.domain.volume import Volume


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> PhantomTruth:
    return make_phantom_study(tmp_path_factory.mktemp("phantom"))


@pytest.fixture(scope="module")
def volume(truth: PhantomTruth) -> Volume:
    return load_volume(truth.folder.iterdir())


def test_the_standard_judge_finds_no_error(truth: PhantomTruth) -> None:
    judge = Path(sys.executable).with_name("dciodvfy")
    for name in ("0001.dcm", "0060.dcm"):
        answer = subprocess.run([judge, truth.folder / name], capture_output=True, text=True, check=False)
        assert [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith("Error")] == []


def test_the_study_reads_without_a_doubt(truth: PhantomTruth) -> None:
    (study,) = scan(truth.folder)

    assert (study.patient.name, study.instance_count, study.warnings, study.series[0].warnings) == (
        "林晚晴",
        120,
        (),
        (),
    )
    assert (truth.study_instance_uid, truth.series_instance_uid) == (
        study.study_instance_uid,
        study.series[0].series_instance_uid,
    )


def test_nodules_are_soft_tissue_of_the_stated_size(truth: PhantomTruth, volume: Volume) -> None:
    """The volume above half density, as a sphere, has the stated diameter within 5 %."""
    for nodule in truth.nodules:
        grid = np.stack(np.meshgrid(*(np.arange(n) for n in volume.voxels.shape[::-1]), indexing="ij"), -1)
        corner = np.rint(volume.ijk_of(nodule.centre_lps_mm)).astype(int)
        x, y, z = (slice(max(0, c - 16), c + 16) for c in corner)
        lps = volume.lps_of(grid[x, y, z])
        near = np.linalg.norm(lps - nodule.centre_lps_mm, axis=-1) < nodule.diameter_mm / 2 + 3
        values = np.moveaxis(volume.voxels[z, y, x], (0, 1, 2), (2, 1, 0))[near]
        share = np.clip((values + 850.0) / 885, 0, 1).sum() * np.prod(volume.spacing_mm)

        assert nodule.diameter_mm == pytest.approx((6 * share / np.pi) ** (1 / 3), rel=0.05)


def test_the_detector_finds_every_nodule_of_the_phantom(truth: PhantomTruth, volume: Volume) -> None:
    marks = LungNoduleDetector(Registry().load(), Provider.CPU).detect(volume, RecordingJob()).marks
    first = [mark.centre_lps_mm for mark in marks[:5]]

    assert [min(distance_mm(n.centre_lps_mm, one) for one in first) < 3 for n in truth.nodules] == [True] * 3


def test_the_same_seed_makes_the_same_files(tmp_path: Path) -> None:
    first, again = (make_phantom_study(tmp_path / name, slices=3, size=64, nodules=0) for name in "ab")

    assert first.study_instance_uid == again.study_instance_uid
    assert [(tmp_path / "a" / f"000{n}.dcm").read_bytes() for n in (1, 2, 3)] == [
        (tmp_path / "b" / f"000{n}.dcm").read_bytes() for n in (1, 2, 3)
    ]


def test_more_nodules_than_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nodules"):
        make_phantom_study(tmp_path, nodules=7)


def test_the_load_benchmark_tells_its_ratios(truth: PhantomTruth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_load, "RUNS", 1)
    monkeypatch.setattr(bench_load, "SLICES", 5)
    given, own = bench_load.run(truth.folder), bench_load.run()

    assert (given["bench"], given["figures"]["files"], own["figures"]["files"]) == ("load", 120, 5)
    assert {"volume_over_cat", "scan_over_cat", "pydicom_over_cat"} == set(own["ratios"])
    assert min(own["ratios"].values()) > 0

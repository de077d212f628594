"""A real film goes through a real hub and worker: its boxes come back on its own image, ready to be decided."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models.engine.registry import read_bundle
from models.engine.runner import ModelRunner
from models.engine.session import Provider
from models.engine.trust import make_key, sign_bundle, trusted_keys
from tests.helpers.bundles import fixed_yolo
from worklist.hub.embedded import EmbeddedHub
from worklist.hub.settings import HubSettings
from workstation.bootstrap.adapters import Hub, connect, detection_worker
from workstation.bootstrap.demo import PASSWORD
from workstation.bootstrap.documents import hub_judges
from workstation.dicom.images.planar import planar_image
from workstation.dicom.images.source import scan
from workstation.dicom.objects.report_objects import DicomObjects
from workstation.domain.ports import JobContext
from workstation.domain.site import ReadingRequest
from workstation.domain.study import Study
from workstation.domain.volume import Volume
from workstation.domain.workitem import AiState, Priority, WorklistQuery, WorklistRow, WorklistTab
from workstation.services.detection_service import ModelsInUse
from workstation.services.image_detection import PreReadImages
from workstation.services.jobs import NoJob
from workstation.services.shadow_service import RunImageShadow
from workstation.services.study_service import StudyFindings
from workstation.services.uid import SystemClock
from workstation.storage.model_store import StoredRunFolder


@dataclass(frozen=True)
class _NoCt:
    """A worker without a CT to read; it must never be asked."""

    runner: ModelRunner

    @property
    def identity(self) -> object:
        return self.runner.identity

    def detect(self, volume: Volume, job: JobContext) -> object:
        raise AssertionError(f"a film is no volume: {volume} {job}")


def _in_use(runner: ModelRunner, *, films: bool = False) -> ModelsInUse:
    images = PreReadImages(runner, planar_image, DicomObjects(SystemClock())) if films else None
    return ModelsInUse(_NoCt(runner), images)  # type: ignore[arg-type]  # never asked for a volume


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[ModelRunner]:
    """A model of films that this hospital signed."""
    folder, keys = fixed_yolo(tmp_path / "model"), tmp_path / "keys"
    keys.mkdir()
    make_key(tmp_path / "key.pem", keys / "site.pub.pem")
    sign_bundle(folder, tmp_path / "key.pem")
    made = ModelRunner(read_bundle(folder, trusted_keys(keys)), Provider.CPU)
    yield made
    made.close()


def _sent(hub: Hub, folder: Path) -> Study:
    hub.session.sign_in("technician", PASSWORD)
    (study,) = scan(folder, NoJob())
    hub.sender.send(study, ReadingRequest(study.study_instance_uid, Priority.LOW, ""), NoJob(), lambda _progress: None)
    return study


def _row(hub: Hub) -> WorklistRow:
    (row,) = hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=10)).rows
    return row


def _film(shared_data: Path, folder: Path) -> Path:
    folder.mkdir()
    source = shared_data / "dicom-zoo/highdicom/data/test_files/dx_image.dcm"
    (folder / "film.dcm").symlink_to(source)
    return folder


def test_boxes_of_a_film_are_pre_read_stored_and_read_back_on_the_film(
    tmp_path: Path, shared_data: Path, runner: ModelRunner
) -> None:
    hub = EmbeddedHub(HubSettings(tmp_path / "hub", demo_users=True, films=("DX",)), judges=hub_judges())
    hub.start()
    try:
        with connect(hub.url) as at_site, connect(hub.url) as at_worker:
            study = _sent(at_site, _film(shared_data, tmp_path / "film"))
            assert _row(at_site).ai.state is AiState.QUEUED
            at_worker.session.sign_in("worker", PASSWORD)
            stop = threading.Event()
            loop = detection_worker(at_worker, lambda: _in_use(runner, films=True), poll_s=0.05)
            work = threading.Thread(target=loop, args=(stop,))
            work.start()
            while _row(at_site).ai.state in {AiState.QUEUED, AiState.RUNNING}:
                stop.wait(0.05)
            stop.set()
            work.join()
            assert (_row(at_site).ai.state, _row(at_site).ai.finding_count) == (AiState.DONE, 1)

            at_site.session.sign_out()
            at_site.session.sign_in("expert", PASSWORD)
            known = at_site.images.study(study.study_instance_uid)
            found = StudyFindings(at_site.images).findings(known)
    finally:
        hub.stop()

    (box,) = found.undecided
    (image,) = [one for series in known.series if series.modality == "DX" for one in series.instances]
    assert box.on_image is not None
    assert (box.on_image.sop_instance_uid, box.centre_lps_mm, box.diameter_mm) == (image.sop_instance_uid, None, None)
    # the network's box lies from 22.4 to 28.8 and 12.8 to 19.2 of 64; 211 columns and 169 rows fill 64 by 51 from row 6
    assert box.on_image.box_px == pytest.approx((73.35, 21.92, 94.45, 43.02), abs=0.01)
    assert (found.algorithm is not None and found.algorithm.sha256) == runner.identity.sha256


def test_a_model_on_trial_reads_the_film_over_the_hub_and_readers_see_nothing_of_it(
    tmp_path: Path, shared_data: Path, runner: ModelRunner
) -> None:
    runs = StoredRunFolder(tmp_path / "runs")
    shadow = RunImageShadow(lambda: runner, planar_image, runs, SystemClock())
    hub = EmbeddedHub(HubSettings(tmp_path / "hub", demo_users=True, films=("DX",)), judges=hub_judges())
    hub.start()
    try:
        with connect(hub.url) as at_site, connect(hub.url) as at_worker:
            study = _sent(at_site, _film(shared_data, tmp_path / "film"))
            at_worker.session.sign_in("worker", PASSWORD)
            stop = threading.Event()
            loop = detection_worker(at_worker, lambda: _in_use(runner), poll_s=0.05, image_shadow=shadow)
            work = threading.Thread(target=loop, args=(stop,))
            work.start()
            while not runs.runs(runner.identity.sha256):
                stop.wait(0.05)
            stop.set()
            work.join()
            assert _row(at_site).ai.state is AiState.FAILED  # as without the trial: a person reads it

            at_site.session.sign_out()
            at_site.session.sign_in("expert", PASSWORD)
            known = at_site.images.study(study.study_instance_uid)
            found = StudyFindings(at_site.images).findings(known)
    finally:
        hub.stop()

    (said,) = runs.runs(runner.identity.sha256)
    assert (found.findings, found.algorithm) == ((), None)
    assert [series.modality for series in known.series] == ["DX"]
    (box,) = [one for one in said.on_images if one.shown]
    assert box.place.box_px == pytest.approx((73.35, 21.92, 94.45, 43.02), abs=0.01)

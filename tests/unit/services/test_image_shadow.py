"""A second model looks at films after their pre-read: stored for comparison, shown to nobody, harming nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, NOON
from tests.helpers.detection import ITEM, Bench, Hub
from tests.unit.services.test_image_detection import WHO, Objects, _films, _Model, _read
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ModelOutput, PlanarImage, PlanarMark, StoredRun, StudyFinding
from workstation.domain.model_comparison import compare_runs
from workstation.domain.model_drift import drift_report
from workstation.domain.model_ports import ImageDetector
from workstation.domain.ports import JobContext
from workstation.services.detection_service import DetectStudy, ModelsInUse
from workstation.services.image_detection import PreReadImages
from workstation.services.shadow_service import RunImageShadow
from workstation.storage.model_store import StoredRunFolder

OTHER = replace(ALGORITHM, name="newer", sha256="cd" * 32, research=True)


@dataclass
class _Other:
    """A research model for films that marks the same place on the first and says less of it."""

    identity: AlgorithmIdentity = OTHER
    modalities: tuple[str, ...] = ("DX",)
    fault: Exception | None = None

    def detect_image(self, image: PlanarImage, job: JobContext) -> ModelOutput:
        job.progress(0.5)
        if self.fault is not None:
            raise self.fault
        near = PlanarMark((12.0, 22.0, 34.0, 44.0), 0.6, shown=True, label="nodule")
        far = replace(near, box_px=(60.0, 60.0, 80.0, 80.0))
        first = image.sop_instance_uid.endswith(".0")
        said = StudyFinding("effusion", 0.2 if first else 0.4, shown=False)
        return ModelOutput(OTHER, planar_marks=(near,) if first else (far,), study_findings=(said,))


@dataclass
class _Noon:
    def now(self) -> datetime:
        return NOON


def _work(
    hub: Hub, folder: Path, shadow: ImageDetector | None, active: ImageDetector | None = None
) -> tuple[DetectStudy, StoredRunFolder]:
    runs = StoredRunFolder(folder / "runs")
    after = RunImageShadow(lambda: shadow, _read, runs, _Noon())
    images = None if active is None else PreReadImages(active, _read, Objects(), clock_s=lambda: 3.0)
    bench = Bench(hub=hub)
    return replace(bench.work, in_use=lambda: ModelsInUse(bench.detector, images), image_shadow=after), runs


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_a_shadow_reads_the_same_films_and_nothing_of_it_is_stored_with_the_study(tmp_path: Path) -> None:
    hub = Hub(study_=_films(2))
    work, runs = _work(hub, tmp_path, _Other(), _Model())

    assert work()

    assert hub.stored == [b"planar SR"]  # the active model's alone
    assert [item for item, _, summary in hub.completed if summary.algorithm.name == "film"] == [ITEM]
    (shadowed,) = runs.runs("cd" * 32)
    assert [(one.place, one.label, one.score) for one in shadowed.on_images] == [
        (ImagePlace("1.2.3.1.0", box_px=(12.0, 22.0, 34.0, 44.0)), "nodule", 0.6),
        (ImagePlace("1.2.3.1.0"), "effusion", 0.2),
        (ImagePlace("1.2.3.1.1", box_px=(60.0, 60.0, 80.0, 80.0)), "nodule", 0.6),
        (ImagePlace("1.2.3.1.1"), "effusion", 0.4),
    ]
    assert [(one.label, one.score) for one in shadowed.statements] == [("effusion", 0.4)]
    (active,) = runs.runs(WHO.sha256)
    assert active.shown_scores == (0.8,)


def test_both_models_are_compared_by_box_and_by_what_they_say_of_the_study(tmp_path: Path) -> None:
    hub = Hub(study_=_films(2))
    work, runs = _work(hub, tmp_path, _Other(), _Model())
    work()

    (active,), (shadowed,) = runs.runs(WHO.sha256), runs.runs("cd" * 32)
    compared = compare_runs(active, shadowed)

    assert [(a.score, b.score) for a, b in compared.both] == [(0.8, 0.6)]
    assert compared.only_first == ()
    assert [one.place.box_px for one in compared.only_second if isinstance(one, ImageMark)] == [
        (60.0, 60.0, 80.0, 80.0)
    ]
    assert [(one.label, one.alike) for one in compared.said] == [("effusion", False)]


def test_a_model_for_films_is_tried_before_any_is_relied_on(tmp_path: Path) -> None:
    hub = Hub(study_=_films(1))
    work, runs = _work(hub, tmp_path, _Other())

    assert work()

    assert hub.failed == [(ITEM, "The study holds no CT series that the detector can read.")]
    assert (hub.stored, hub.completed) == ([], [])
    assert len(runs.runs("cd" * 32)) == 1


def test_films_are_watched_week_by_week_also_without_a_shadow(tmp_path: Path) -> None:
    work, runs = _work(Hub(study_=_films(2)), tmp_path, None, _Model())
    work()

    (week,) = drift_report(runs.runs(WHO.sha256), None).weeks
    assert (week.scans, week.marks_per_scan, week.median_score) == (1, 1.0, 0.8)


@pytest.mark.parametrize("fault", [InputOutsideIntendedUse("too dark"), BundleInvalid("gone")], ids=type)
def test_a_shadow_of_films_that_fails_harms_nothing(tmp_path: Path, fault: Exception) -> None:
    hub = Hub(study_=_films(1))
    work, runs = _work(hub, tmp_path, _Other(fault=fault), _Model())

    assert work()

    assert (len(hub.completed), hub.failed) == (1, [])
    assert runs.runs("cd" * 32) == ()


def test_a_shadow_of_films_ends_with_its_worker(tmp_path: Path) -> None:
    stop, runs = threading.Event(), StoredRunFolder(tmp_path / "runs")
    stop.set()
    shadow = RunImageShadow(_Other, _read, runs, _Noon())

    shadow(_films(1), None, lambda *_: b"film", stop)

    assert runs.runs("cd" * 32) == ()


def test_a_shadow_for_other_images_is_not_asked(tmp_path: Path) -> None:
    work, runs = _work(Hub(study_=_films(1, modality="CR")), tmp_path, _Other(), _Model())

    assert work()

    assert runs.runs("cd" * 32) == ()


def _run(*marks: ImageMark) -> StoredRun:
    return StoredRun("1.2.3", OTHER, (), NOON, on_images=marks)


def _mark(sop: str, box: tuple[float, float, float, float]) -> ImageMark:
    return ImageMark(ImagePlace(sop, box_px=box), 0.5, shown=True, label="nodule")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (_mark("1.9", (0.0, 0.0, 20.0, 20.0)), 1),
        (_mark("1.9", (6.0, 6.0, 14.0, 14.0)), 1),  # drawn closer round the same
        (_mark("1.9", (0.0, 0.0, 60.0, 60.0)), 0),  # its centre lies elsewhere
        (_mark("1.9", (30.0, 30.0, 40.0, 40.0)), 0),
        (_mark("1.8", (0.0, 0.0, 20.0, 20.0)), 0),  # another film
    ],
    ids=["equal", "closer", "larger beside", "elsewhere", "another film"],
)
def test_two_boxes_are_one_place_where_each_holds_the_others_centre(other: ImageMark, same: int) -> None:
    assert len(compare_runs(_run(_mark("1.9", (0.0, 0.0, 20.0, 20.0))), _run(other)).both) == same


def test_a_box_is_in_one_pair_the_nearest_first() -> None:
    first = _run(_mark("1.9", (0.0, 0.0, 20.0, 20.0)))
    second = _run(_mark("1.9", (4.0, 4.0, 24.0, 24.0)), _mark("1.9", (1.0, 1.0, 21.0, 21.0)))

    compared = compare_runs(first, second)

    assert [b for _, b in compared.both] == [_mark("1.9", (1.0, 1.0, 21.0, 21.0))]
    assert len(compared.only_second) == 1

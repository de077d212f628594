"""A study of films is pre-read, stored through the same door and completed; what cannot be read ends with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from resources.translation import use_language
from tests.helpers.cases import ALGORITHM, study
from tests.helpers.detection import ITEM, SR, Bench, Hub
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.domain.model import ImageFindings, ModelOutput, PlanarImage, PlanarMark, StudyFinding
from workstation.domain.ports import JobContext
from workstation.domain.study import Instance, Series, Study
from workstation.domain.volume import Volume
from workstation.services.detection_service import DetectStudy, ModelsInUse
from workstation.services.image_detection import PreReadImages, images_for

WHO = replace(ALGORITHM, name="film", seconds_s=0.5)
BOX = PlanarMark((10.0, 20.0, 30.0, 40.0), 0.8, shown=True, label="nodule", out_of_ten=7)
FAINT = replace(BOX, score=0.1, shown=False)


def _films(*counts: int, modality: str = "DX", frames: int = 1) -> Study:
    dx = "1.2.840.10008.5.1.4.1.1.1.1"

    def film(uid: str, number: int) -> Instance:
        return Instance(uid, dx, instance_number=number, rows=10, columns=10, number_of_frames=frames)

    series = tuple(
        Series(f"1.2.3.{s}", modality, s, "", "CHEST", tuple(film(f"1.2.3.{s}.{n}", n) for n in range(count)))
        for s, count in enumerate(counts, start=1)
    )
    return replace(study(), series=series)


@dataclass
class _Model:
    identity: AlgorithmIdentity = WHO
    modalities: tuple[str, ...] = ("DX", "CR")
    refuses: frozenset[str] = frozenset()

    def detect_image(self, image: PlanarImage, job: JobContext) -> ModelOutput:
        job.progress(0.5)
        if image.sop_instance_uid in self.refuses:
            raise InputOutsideIntendedUse("The model refuses this film.")
        if image.sop_instance_uid.endswith(".0"):
            finding = StudyFinding("effusion", 0.9, shown=True, out_of_ten=8)
            return ModelOutput(WHO, planar_marks=(BOX, FAINT), study_findings=(finding,), seconds={"network": 0.5})
        return ModelOutput(WHO, seconds={"network": 0.25, "load": 1.0})


@dataclass
class Objects:
    made: list[tuple[Study, AlgorithmIdentity, list[ImageFindings]]] = field(default_factory=list)

    def planar_sr(self, study: Study, algorithm: AlgorithmIdentity, images: Sequence[ImageFindings]) -> bytes:
        self.made.append((study, algorithm, list(images)))
        return b"planar SR"


def _read(data: bytes) -> PlanarImage:
    return PlanarImage(np.zeros((2, 2), np.float32), data.decode().split("|")[-1], Acquisition(modality="DX"))


def _worker(films: Study, model: _Model) -> tuple[DetectStudy, Hub, Objects]:
    bench, objects = Bench(hub=Hub(study_=films)), Objects()
    images = PreReadImages(model, _read, objects, clock_s=lambda: 3.0)
    return replace(bench.work, in_use=lambda: ModelsInUse(bench.detector, images)), bench.hub, objects


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def test_every_film_is_read_and_the_result_goes_through_the_same_door_with_its_provenance() -> None:
    films = _films(2, 1)
    work, hub, objects = _worker(films, _Model())

    assert work()

    ((item, outputs, summary),) = hub.completed
    assert (item, outputs, hub.stored) == (ITEM, (SR,), [b"planar SR"])
    ((of, algorithm, images),) = objects.made
    assert (of, algorithm.name, algorithm.seconds_s) == (films, "film", 1.5)
    assert [(i.sop_instance_uid, len(i.marks), len(i.findings)) for i in images] == [
        ("1.2.3.1.0", 2, 1), ("1.2.3.1.1", 0, 0), ("1.2.3.2.0", 2, 1),
    ]  # fmt: skip
    # a box and a finding on each of two films are shown; the best is the finding of 0.9
    assert (summary.series_instance_uid, summary.finding_count) == ("1.2.3.1", 4)
    assert (summary.top_score, summary.top_out_of_ten) == (0.9, 8)
    assert summary.seconds == {"load": 1.0, "network": 1.25, "total": 0.0}
    assert hub.failed == []


def test_films_without_a_finding_are_completed_too() -> None:
    films = _films(2)
    shown = replace(films, series=(replace(films.series[0], instances=films.series[0].instances[1:]),))
    work, hub, _ = _worker(shown, _Model())
    work()

    ((_, _, summary),) = hub.completed
    assert (summary.finding_count, summary.top_score, summary.top_out_of_ten) == (0, None, None)


def test_a_film_that_the_model_refuses_leaves_the_others() -> None:
    work, hub, objects = _worker(_films(2), _Model(refuses=frozenset({"1.2.3.1.0"})))
    work()

    assert [image.sop_instance_uid for image in objects.made[0][2]] == ["1.2.3.1.1"]
    assert len(hub.completed) == 1


def test_a_study_of_which_every_film_is_refused_fails_with_the_reason() -> None:
    work, hub, objects = _worker(_films(1), _Model(refuses=frozenset({"1.2.3.1.0"})))
    work()

    assert hub.failed == [(ITEM, "The model refuses this film.")]
    assert (hub.stored, objects.made) == ([], [])


def test_a_research_model_stores_nothing() -> None:
    work, hub, _ = _worker(_films(1), _Model(identity=replace(WHO, research=True)))
    work()

    assert hub.failed[0][1].startswith("A research model pre-reads no studies")
    assert hub.stored == []


@pytest.mark.parametrize("films", [_films(1, modality="US"), _films(1, frames=30)], ids=["other modality", "cine"])
def test_a_study_without_an_image_for_the_model_fails_as_before(films: Study) -> None:
    work, hub, _ = _worker(films, _Model())
    work()

    assert hub.failed == [(ITEM, "The study holds no CT series that the detector can read.")]


def test_a_ct_is_left_to_the_detector_of_volumes() -> None:
    bench, objects = Bench(), Objects()
    images = PreReadImages(_Model(modalities=("CT",)), _read, objects)
    work = replace(bench.work, in_use=lambda: ModelsInUse(bench.detector, images))

    assert work()
    assert (bench.hub.stored, objects.made) == ([b"SR"], [])


class _Classifier:
    identity = WHO

    def detect(self, volume: Volume, job: JobContext) -> ModelOutput:
        del volume
        job.progress(0.5)
        said = (StudyFinding("emphysema", 0.1, shown=False), StudyFinding("effusion", 0.9, shown=True, out_of_ten=8))
        return ModelOutput(WHO, study_findings=said)


def test_what_a_classifier_says_of_a_ct_is_stored_for_the_series_and_claims_no_place() -> None:
    bench = Bench()

    assert replace(bench.work, in_use=lambda: ModelsInUse(_Classifier()))()

    (found,) = bench.objects.made
    place = ImagePlace.whole_series("1.2.3.2")
    assert [one.original for one in found.findings] == [
        ImageMark(place, 0.9, shown=True, label="effusion", out_of_ten=8),
        ImageMark(place, 0.1, shown=False, label="emphysema"),
    ]
    assert [(one.number, one.centre_lps_mm, one.on_image) for one in found.findings] == [
        (1, None, place), (2, None, place),
    ]  # fmt: skip
    ((_item, _outputs, summary),) = bench.hub.completed
    assert (summary.finding_count, summary.top_score, summary.top_out_of_ten) == (1, 0.9, 8)
    assert bench.hub.stored == [b"SR"]


def test_nothing_to_read_is_said() -> None:
    job = _NoJob()
    with pytest.raises(InputOutsideIntendedUse) as caught:
        PreReadImages(_Model(), _read, Objects())(_films(1, modality="US"), lambda *_: b"", job)
    assert caught.value.user_text == "The study holds no image that the model can read."


class _NoJob:
    def progress(self, fraction: float, text: str = "") -> None:
        raise AssertionError((fraction, text))

    def raise_if_cancelled(self) -> None:
        raise AssertionError


def test_raw_films_are_not_read_beside_those_made_to_be_looked_at() -> None:
    """One lesion would be marked twice, and the raw values are not what a model was trained on."""
    both = _films(1, 1)
    raw, made = both.series
    raw = replace(raw, instances=tuple(replace(one, sop_class_uid=f"{one.sop_class_uid}.1") for one in raw.instances))

    assert [one.sop_instance_uid for _, one in images_for(_Model(), replace(both, series=(raw, made)))] == ["1.2.3.2.0"]
    assert [one.sop_instance_uid for _, one in images_for(_Model(), replace(both, series=(raw,)))] == ["1.2.3.1.0"]

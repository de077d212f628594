"""Where the product's best model cannot run, a smaller one marks and everybody is told; a refusal stays a refusal."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from models.engine.detect_command import detect_path, open_detector
from models.engine.detector import DetectionOutcome
from models.engine.memory import most_memory_mb
from models.engine.own_detector import OwnDetector, default_model
from models.engine.registry import Bundle, Registry
from resources.translation import use_language
from tests.helpers.models import XS, Job, marking, own_bundles, thorax
from workstation.domain.errors import (
    BundleInvalid,
    InputOutsideIntendedUse,
    JobCancelled,
    OutOfMemory,
    ProviderUnavailable,
)
from workstation.domain.finding import AlgorithmIdentity
from workstation.domain.outside_use import outside_use_words
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume

S = "lung-nodule-s"
INSTEAD = "“lung-nodule-s” could not run, the smaller “lung-nodule-xs” marks instead: "
SCAN = thorax(shape=(4, 4, 4))
NO_MEMORY = "There is not enough memory to run the detector."


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return own_bundles(tmp_path, S, XS)


@dataclass
class _Detector:
    identity: AlgorithmIdentity
    fault: Callable[[], None]
    fractions: tuple[float, ...] = (0.5, 1.0)
    closed: int = 0

    def detect(self, volume: Volume, job: JobContext) -> DetectionOutcome:
        assert volume.voxels.size
        job.progress(self.fractions[0])
        self.fault()
        for fraction in self.fractions[1:]:
            job.progress(fraction)
        return DetectionOutcome((), self.identity)

    def close(self) -> None:
        self.closed += 1


@dataclass
class _Machine:
    """Opens detectors that fail as each model is told to, and remembers them."""

    faults: dict[str, list[Exception | None]] = field(default_factory=dict)
    """By model, study by study; a study more than named goes well"""
    opened: list[_Detector] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    memory_mb: int | None = None

    def __call__(self, bundle: Bundle, provider: str) -> _Detector:
        assert provider == "cpu"
        left = self.faults.setdefault(bundle.manifest.id, [])

        def fault() -> None:
            error = left.pop(0) if left else None
            if error is not None:
                raise error

        self.opened.append(_Detector(bundle.identity, fault))
        return self.opened[-1]

    def detector(self, registry: Registry) -> OwnDetector:
        return OwnDetector(registry, "cpu", self, tell=self.told.append, memory_mb=lambda: self.memory_mb)

    @property
    def names(self) -> list[str]:
        return [one.identity.name for one in self.opened]


def _damage(registry: Registry, model_id: str) -> None:
    (registry.folders[0] / model_id / "model.onnx").write_bytes(b"")


def test_the_best_model_marks_in_silence_where_it_runs(registry: Registry) -> None:
    machine = _Machine()
    result = machine.detector(registry).detect(SCAN, Job())

    assert isinstance(result, DetectionOutcome)
    assert (result.algorithm.name, result.algorithm.doubts, result.warnings) == (S, (), ())
    assert (machine.names, machine.told) == ([S], [])


def test_where_only_the_small_model_came_with_the_product_it_marks_in_silence(tmp_path: Path) -> None:
    registry, machine = own_bundles(tmp_path, XS), _Machine()
    result = machine.detector(registry).detect(SCAN, Job())

    assert (result.algorithm.name, result.algorithm.doubts, machine.told) == (XS, (), [])
    assert registry.default == XS


def test_a_damaged_model_is_passed_over_and_worker_command_and_reader_are_told(registry: Registry) -> None:
    _damage(registry, S)
    machine = _Machine()
    detector = machine.detector(registry)
    notice = f"{INSTEAD}The model file “model.onnx” was altered."

    assert machine.told == [notice]  # before the first study
    assert detector.identity.name == XS
    for _study in range(2):
        result = detector.detect(SCAN, Job())
        assert isinstance(result, DetectionOutcome)
        assert [(one.code, one.text) for one in result.warnings] == [("smaller_model:damaged", notice)]
        assert (result.algorithm.name, result.algorithm.doubts) == (XS, ("smaller_model:damaged",))
    assert outside_use_words(result.algorithm.doubts) == (
        "Marked by the smaller of the product's models: the better one is damaged on the AI worker."
    )
    assert machine.told == [notice]  # once


@pytest.mark.parametrize("lost", ["manifest.json", "model.onnx", "LICENSE"])
def test_a_model_that_lost_a_file_is_damaged_not_absent(registry: Registry, lost: str) -> None:
    (registry.folders[0] / S / lost).unlink()
    machine = _Machine()

    assert machine.detector(registry).identity.name == XS
    assert len(machine.told) == 1


def test_a_network_that_does_not_open_here_is_passed_over_for_good(registry: Registry) -> None:
    machine = _Machine({S: [BundleInvalid("The network cannot be opened.")]})
    detector = machine.detector(registry)

    names = [detector.detect(SCAN, Job()).algorithm.name for _study in range(2)]

    assert (names, machine.names) == ([XS, XS], [S, XS])
    assert machine.opened[0].closed == 1
    assert machine.told == [f"{INSTEAD}The network cannot be opened."]


def test_a_study_too_large_for_the_memory_is_marked_by_the_small_model_and_the_next_by_the_best(
    registry: Registry,
) -> None:
    machine = _Machine({S: [OutOfMemory(NO_MEMORY), None]})
    detector = machine.detector(registry)

    large, small = detector.detect(SCAN, Job()).algorithm, detector.detect(SCAN, Job()).algorithm

    assert (large.name, large.doubts, small.name, small.doubts) == (XS, ("smaller_model:memory",), S, ())
    assert outside_use_words(large.doubts) == (
        "Marked by the smaller of the product's models: the memory of the AI worker did not suffice for the better one."
    )
    # the best gave its memory back before the small one ran, and the small one before the best ran again
    assert [(one.identity.name, one.closed) for one in machine.opened] == [(S, 1), (XS, 1)]
    assert machine.told == [f"{INSTEAD}{NO_MEMORY}"]


def test_what_filled_the_memory_is_gone_before_the_small_model_runs(registry: Registry) -> None:
    held: list[weakref.ref[np.ndarray]] = []
    alive: list[bool] = []

    def overfull() -> None:
        activations = np.zeros(8)
        held.append(weakref.ref(activations))
        raise OutOfMemory(NO_MEMORY)

    def make(bundle: Bundle, provider: str) -> _Detector:
        assert provider == "cpu"

        def look() -> None:
            gc.collect()
            alive.append(held[0]() is not None)

        return _Detector(bundle.identity, overfull if bundle.manifest.id == S else look)

    OwnDetector(registry, "cpu", make, memory_mb=lambda: None).detect(SCAN, Job())

    assert alive == [False]


@pytest.mark.parametrize(
    "fault",
    [
        InputOutsideIntendedUse("The detector refuses this series: no lungs in view."),
        JobCancelled(),
        ProviderUnavailable("CUDA is not available on this computer."),
        RuntimeError("a fault of ours"),
    ],
    ids=["head CT", "cancelled", "provider named", "bug"],
)
def test_a_refusal_a_cancellation_and_a_named_provider_are_asked_of_no_other_model(
    registry: Registry, fault: Exception
) -> None:
    machine = _Machine({S: [fault]})
    detector = machine.detector(registry)

    with pytest.raises(type(fault)):
        detector.detect(SCAN, Job())

    assert (machine.names, machine.told) == ([S], [])
    assert detector.detect(SCAN, Job()).algorithm.name == S


def test_where_no_model_has_memory_enough_the_study_fails_for_that_reason(registry: Registry) -> None:
    machine = _Machine({S: [OutOfMemory(NO_MEMORY)] * 2, XS: [OutOfMemory(NO_MEMORY)]})
    detector = machine.detector(registry)

    with pytest.raises(OutOfMemory, match="not enough memory"):
        detector.detect(SCAN, Job())

    assert detector.detect(SCAN, Job()).algorithm.name == XS  # it is tried anew


def test_where_every_model_is_damaged_the_fault_of_the_best_is_told(registry: Registry) -> None:
    _damage(registry, S)
    _damage(registry, XS)

    with pytest.raises(BundleInvalid, match="altered"):
        _Machine().detector(registry)


def test_a_damaged_small_model_hides_no_lack_of_memory(registry: Registry) -> None:
    _damage(registry, XS)
    machine = _Machine({S: [OutOfMemory(NO_MEMORY)]})
    detector = machine.detector(registry)

    with pytest.raises(OutOfMemory):
        detector.detect(SCAN, Job())
    assert detector.detect(SCAN, Job()).algorithm.name == S


def test_a_small_model_that_runs_out_of_memory_is_not_tried_twice(registry: Registry) -> None:
    _damage(registry, S)
    machine = _Machine({XS: [OutOfMemory(NO_MEMORY)]})
    detector = machine.detector(registry)

    with pytest.raises(OutOfMemory):
        detector.detect(SCAN, Job())

    assert machine.names == [XS]


@pytest.mark.parametrize(("memory_mb", "marks"), [(1199, XS), (1200, S), (None, S)])
def test_a_machine_with_less_memory_than_the_model_was_seen_to_take_does_not_begin_it(
    tmp_path: Path, memory_mb: int | None, marks: str
) -> None:
    registry, machine = own_bundles(tmp_path, S, XS, peak_mb=1200), _Machine(memory_mb=memory_mb)

    assert machine.detector(registry).detect(SCAN, Job()).algorithm.name == marks
    assert machine.names == [marks]
    assert default_model((S, XS), {S: 1200, XS: 1200}, memory_mb) == marks
    if marks == XS:
        assert machine.told == [f"{INSTEAD}It needs 1200 MB of memory, this machine has 1199 MB."]


def test_of_no_whole_model_none_is_the_default() -> None:
    assert default_model((S, XS), {}, 16_000) is None
    assert default_model((S, XS), {S: 1200}, 900) == S  # there is nothing smaller


def test_progress_never_goes_back_when_another_model_begins_anew(registry: Registry) -> None:
    machine = _Machine({S: [OutOfMemory(NO_MEMORY)]})
    detector = machine.detector(registry)
    machine.opened[0].fractions = (0.8, 1.0)

    detector.detect(SCAN, job := Job())

    assert job.fractions == [0.8, 0.8, 1.0]


def test_the_real_network_marks_in_the_place_of_a_damaged_one_and_the_command_says_so(registry: Registry) -> None:
    _damage(registry, S)

    def chest(_path: Path, _job: JobContext) -> Volume:
        return thorax(nodule_lps_mm=(-55.0, 10.0, -12.0))

    answer = detect_path(Path("series"), None, "cpu", marking(chest), Job(), registry=registry)

    assert answer["model"]["id"] == XS
    assert answer["marks"][0]["shown"]
    assert answer["marks"][0]["volume_mm3"] > 0  # measured as every mark
    assert [text for text in answer["warnings"] if "lung-nodule-s" in text] == [
        f"{INSTEAD}The model file “model.onnx” was altered."
    ]


def test_a_model_asked_for_by_name_is_used_or_refused_never_exchanged(registry: Registry) -> None:
    def nothing(_path: Path, _job: JobContext) -> Volume:
        raise AssertionError("a file was read")

    _damage(registry, S)
    with pytest.raises(BundleInvalid, match="altered"):
        detect_path(Path("series"), S, "cpu", marking(nothing), Job(), registry=registry)
    assert open_detector(registry.load(XS), "cpu").identity.name == XS


def test_the_memory_is_the_machines_or_what_its_container_is_allowed(tmp_path: Path) -> None:
    limited, endless = tmp_path / "memory.max", tmp_path / "endless"
    limited.write_text("536870912\n", encoding="ascii")
    endless.write_text("max\n", encoding="ascii")
    whole = most_memory_mb((endless, tmp_path / "absent"))

    assert whole is not None
    assert whole > 512
    assert most_memory_mb((limited, endless)) == 512


def test_a_machine_that_does_not_tell_its_memory_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr("os.sysconf", unknown)

    assert most_memory_mb((tmp_path / "absent",)) is None

"""A nodule is marked where it lies in the patient, however the scan was oriented; the unfit is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.bench_detect import STAGES, peak_mb, run
from models.engine import session
from models.engine.detector import LungNoduleDetector
from models.engine.lungs import find_lungs
from models.engine.preprocess import normalised, prepare
from models.engine.registry import Registry
from models.engine.session import Provider
from models.engine.tiling import slab_sizes
from resources.translation import use_language
from tests.helpers.models import AXIAL, XS, Job, refused, rotation, thorax
from workstation.domain.errors import InputOutsideIntendedUse, JobCancelled, OutOfMemory, ProviderUnavailable
from workstation.domain.volume import Volume

NODULE = (-55.0, 10.0, -12.0)  # right lung, a little behind and below the middle
SAGITTAL = np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]])


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


@pytest.fixture(scope="module")
def detector() -> LungNoduleDetector:
    return LungNoduleDetector(Registry().load(XS), Provider.CPU)


@pytest.mark.parametrize(
    ("directions", "shape"),
    [
        (AXIAL, (96, 156, 210)),
        (np.diag([-1.0, 1.0, -1.0]), (96, 156, 210)),  # columns and slices run the other way
        (rotation(20, 0), (96, 156, 210)),  # tilted head to feet
        (SAGITTAL, (136, 140, 156)),
    ],
    ids=["axial", "flipped", "oblique", "sagittal"],
)
def test_a_nodule_in_the_right_lung_is_marked_there_in_every_orientation(
    detector: LungNoduleDetector, directions: npt.NDArray[np.float64], shape: tuple[int, int, int]
) -> None:
    volume = thorax(directions=directions, shape=shape, nodule_lps_mm=NODULE, nodule_mm=14)

    first, *others = detector.detect(volume, Job()).marks

    assert np.linalg.norm(np.subtract(first.centre_lps_mm, NODULE)) < 2.0
    assert 12.0 < first.diameter_mm < 16.0
    assert first.shown
    assert first.out_of_ten == 9
    assert [mark for mark in others if mark.out_of_ten is None or mark.out_of_ten > 5] == []


def test_a_thorax_without_a_nodule_has_no_mark_that_is_said_to_be_likely(detector: LungNoduleDetector) -> None:
    assert [m for m in detector.detect(thorax(), Job()).marks if m.out_of_ten is None or m.out_of_ten > 5] == []


def test_the_result_names_model_provider_threshold_and_seconds(detector: LungNoduleDetector) -> None:
    volume = thorax(nodule_lps_mm=NODULE)

    result = detector.detect(volume, job := Job())

    assert (
        result.algorithm.name,
        result.algorithm.version,
        result.algorithm.provider,
        result.algorithm.threshold,
    ) == ("lung-nodule-xs", "0.4.0", "cpu", 0.343)
    assert {"load", "preprocess", "network", "postprocess", "total"} == set(result.seconds)
    parts = sum(seconds for name, seconds in result.seconds.items() if name != "total")
    assert result.seconds["total"] == pytest.approx(parts) == result.algorithm.seconds_s
    assert job.fractions == sorted(job.fractions)
    assert job.fractions[-1] == 1.0
    scores = [mark.score for mark in result.marks]
    assert scores == sorted(scores, reverse=True)
    assert [score >= 0.343 for score in scores] == [mark.shown for mark in result.marks]


def test_the_same_scan_gives_the_same_marks_again(detector: LungNoduleDetector) -> None:
    volume = thorax(nodule_lps_mm=NODULE)

    assert detector.detect(volume, Job()).marks == detector.detect(volume, Job()).marks


def test_fractional_hu_give_the_same_marks(detector: LungNoduleDetector) -> None:
    volume = thorax(nodule_lps_mm=NODULE)
    fractional = replace(volume, voxels=volume.voxels.astype(np.float32))

    whole, floating = (detector.detect(v, Job()).marks[0] for v in (volume, fractional))

    assert whole == floating


def test_a_cancelled_detection_stops_and_the_next_one_works(detector: LungNoduleDetector) -> None:
    volume = thorax(nodule_lps_mm=NODULE)

    with pytest.raises(JobCancelled):
        detector.detect(volume, Job(cancel_after=3))

    assert detector.detect(volume, Job()).marks[0].shown


def test_a_closed_detector_opens_again_when_needed() -> None:
    detector = LungNoduleDetector(Registry().load(XS), Provider.CPU, threads=1)
    detector.close()
    detector.detect(thorax(nodule_lps_mm=NODULE), Job())
    detector.close()

    assert detector.detect(thorax(nodule_lps_mm=NODULE), Job()).marks[0].shown


def test_a_provider_this_machine_lacks_is_refused() -> None:
    with refused(ProviderUnavailable, "OPENVINO is not available on this computer"):
        LungNoduleDetector(Registry().load(XS), Provider.OPENVINO).detect(thorax(), Job())


def _cut_by_a_circle(outside_hu: int) -> Volume:
    """A targeted reconstruction: what lies outside its circle of 80 mm is padding."""
    whole = thorax()
    hu = whole.voxels.copy()
    y, x = np.indices(hu.shape[1:])
    hu[:, np.hypot(y - hu.shape[1] / 2, x - hu.shape[2] / 2) * 1.3 > 80] = outside_hu
    return replace(whole, voxels=hu)


def _circle_within_a_lung() -> Volume:
    """A targeted reconstruction of one lung: a circle without any chest wall, and padding round it."""
    whole = _all_lung()
    hu = whole.voxels.copy()
    y, x = np.indices(hu.shape[1:])
    hu[:, np.hypot(y - hu.shape[1] / 2, x - hu.shape[2] / 2) * 1.3 > 45] = -2000
    return replace(whole, voxels=hu)


def _targeted() -> Volume:
    """The same as a square of 120 mm, open on both sides."""
    whole = thorax()
    return replace(whole, voxels=whole.voxels[:, 32:124, 59:151].copy())


def _without_lungs() -> Volume:
    volume = thorax()
    return replace(volume, voxels=np.where(volume.voxels == -850, 40, volume.voxels).astype(np.int16))


def _with_bowel_gas_only() -> Volume:
    volume = thorax()
    return replace(volume, voxels=np.where(volume.voxels == -850, -1000, volume.voxels).astype(np.int16))


def _on_foam(*, to_the_border: bool) -> Volume:
    """Return a body without lungs on a pad of 70 kg/m³, in the thin shell of a couch."""
    volume = _without_lungs()
    hu = volume.voxels.copy()
    last = 156 if to_the_border else 145
    pad = hu[:, 110:last, 20:190]
    pad[pad == -1000] = -930
    hu[:, last - 3 : last, 20:190] = 100
    return replace(volume, voxels=hu)


def _all_lung() -> Volume:
    """Return a field of view that lies within one lung, a few vessels in it."""
    volume = thorax()
    hu = np.full(volume.voxels.shape, -850, np.int16)
    hu[:, ::20, ::20] = 40
    return replace(volume, voxels=hu)


def _head() -> Volume:
    """Return a skull with brain, sinuses full of air and mastoid cells, in the thorax's grid."""
    volume = thorax()
    z, y, x = np.mgrid[: volume.voxels.shape[0], : volume.voxels.shape[1], : volume.voxels.shape[2]]
    z, y, x = (z - 48) * 2.0, (y - 78) * 1.3, (x - 105) * 1.3
    away = np.sqrt((z / 1.1) ** 2 + y**2 + (x / 0.85) ** 2)
    hu = np.where(away < 80, 35, -1000)
    hu = np.where((away >= 74) & (away < 80), 900, hu)
    for side in (-1, 1):
        hu = np.where((z + 40) ** 2 + (y + 45) ** 2 + (x - side * 20) ** 2 < 15**2, -1000, hu)
        hu = np.where((z + 45) ** 2 + (y - 25) ** 2 + (x - side * 50) ** 2 < 10**2, -700, hu)
    return replace(volume, voxels=hu.astype(np.int16))


@pytest.mark.parametrize(
    ("volume", "reason"),
    [
        (thorax(unit=""), "it is not a CT"),
        (thorax(shape=(31, 156, 210)), "31 slices, at least 32 are needed"),
        (thorax(spacing_mm=(1.3, 1.3, 5.0), shape=(40, 156, 210)), "slices are 5.0 mm apart, at most 3 mm are allowed"),
        (thorax(spacing_mm=(2.0, 2.0, 2.0), shape=(96, 100, 130)), "pixels of 2.00 mm are too large"),
        (_without_lungs(), "no lungs in view"),
        (_with_bowel_gas_only(), "no lungs in view"),
        (_head(), "no lungs in view"),
        (_on_foam(to_the_border=False), "no lungs in view"),
        (_on_foam(to_the_border=True), "no lungs in view"),
        (_all_lung(), "only a part of the lungs is in view"),
        (thorax(spacing_mm=(1.3, 1.3, 0.3), shape=(33, 156, 210)), "only a part of the lungs is in view"),
        (_cut_by_a_circle(-1000), "only a part of the lungs is in view"),
        (_cut_by_a_circle(-3024), "only a part of the lungs is in view"),
        (_circle_within_a_lung(), "only a part of the lungs is in view"),
        (_targeted(), "only a part of the lungs is in view"),
    ],
    ids=[
        "not CT",
        "few slices",
        "thick slices",
        "coarse pixels",
        "no lungs",
        "gas",
        "head",
        "foam",
        "foam that the field of view cuts",
        "a field within a lung",
        "a slice of a lung",
        "a circle in air",
        "a circle in padding",
        "a circle within a lung",
        "a square",
    ],
)
def test_what_the_model_was_not_measured_on_is_refused(
    detector: LungNoduleDetector, volume: Volume, reason: str
) -> None:
    with refused(InputOutsideIntendedUse, reason):
        detector.detect(volume, Job())


def test_the_networks_grid_is_1_mm_ascending_in_lps_and_holds_the_same_tissue() -> None:
    manifest = Registry().load(XS).manifest
    flipped = thorax(directions=np.diag([-1.0, -1.0, -1.0]), nodule_lps_mm=NODULE)

    prepared = prepare(flipped, manifest.applies_to, manifest.input)
    z, y, x = np.rint(np.subtract(NODULE, prepared.origin_lps_mm)).astype(int)[::-1]

    assert prepared.hu[z, y, x] == 40
    assert prepared.hu[z, y, x + 15] == -850
    assert prepared.spacing_mm == 1.0


def test_the_lungs_of_the_phantom_have_their_volume() -> None:
    lungs = find_lungs(thorax())

    assert lungs is not None
    # two ellipsoids of 42 x 60 x 75 mm: 2 * 4/3 pi abc = 1583 ml
    assert lungs.volume_ml == pytest.approx(1583, rel=0.02)
    left, air = lungs.distances_mm(np.array([[60.0, 0, 0], [0, 0, 300.0]]))
    assert left < -30
    assert air == np.inf


def test_lungs_cut_by_a_narrow_field_of_view_are_still_lungs() -> None:
    volume = thorax(spacing_mm=(0.9, 1.3, 2.0))  # 189 mm wide: both lungs are cut at their outer side

    assert find_lungs(volume) is not None


def test_values_are_scaled_and_padded_as_the_network_learned_them() -> None:
    spec = Registry().load(XS).manifest.input
    hu = np.array([[[-2000, -1000, -300, 400, 3000]]], np.int16)

    values = normalised(hu, spec)

    assert values.shape == (16, 16, 16)
    assert pytest.approx(values[0, 0, :6].tolist()) == [0.0, 0.0, 0.5, 1.0, 1.0, 1.0]
    assert values[15, 15, 15] == 1.0


def test_the_benchmark_reports_every_stage_and_the_memory(detector: LungNoduleDetector) -> None:
    figures = run(detector, thorax(nodule_lps_mm=NODULE), Job(), repeats=2)["figures"]

    assert {f"seconds_{stage}" for stage in STAGES} <= set(figures)
    assert min(figures["seconds_total"], figures["seconds_first"]) > 0
    assert figures["peak_mb"] > 100
    assert (figures["marks_shown"], figures["provider"], figures["megavoxels"]) == (1, "cpu", 3.1)


def test_a_benchmark_of_no_runs_is_a_mistake(detector: LungNoduleDetector) -> None:
    with pytest.raises(ValueError, match="repeats"):
        run(detector, thorax(), Job(), repeats=0)


def test_memory_is_unknown_where_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resource", None)

    assert peak_mb() is None


class _SmallMachine:
    """The real runtime on a machine that holds so many slices of 1 mm at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slices: int) -> None:
        self.given: list[int] = []
        real = session._create

        def create(*arguments: Any) -> Any:  # noqa: ANN401  ONNX Runtime ships no types
            network = real(*arguments)
            run = network.run

            class _Small:
                get_providers = network.get_providers

                def run(_self, names: list[str], feed: dict[str, npt.NDArray[np.float32]], options: object) -> Any:  # noqa: ANN401, N805  ditto
                    (image,) = feed.values()
                    self.given.append(image.shape[2])
                    if image.shape[2] > slices:
                        raise RuntimeError("failed to allocate memory for requested buffer")
                    return run(names, feed, options)

            return _Small()

        monkeypatch.setattr(session, "_create", create)


def test_where_memory_does_not_hold_the_whole_scan_smaller_slabs_give_the_same_marks(
    detector: LungNoduleDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = thorax(nodule_lps_mm=NODULE)
    whole = detector.detect(scan, Job()).marks
    small = _SmallMachine(monkeypatch, 112)

    in_slabs = LungNoduleDetector(Registry().load(XS), Provider.CPU).detect(scan, job := Job())

    # 176 slices at once were too many: 48 with a halo of 32 on either side, fewer at the ends
    assert small.given == [176, 80, 112, 112, 64]
    assert [mark.shown for mark in in_slabs.marks] == [mark.shown for mark in whole]
    first, same = whole[0], in_slabs.marks[0]
    assert np.linalg.norm(np.subtract(first.centre_lps_mm, same.centre_lps_mm)) < 0.1
    assert abs(first.score - same.score) < 0.01
    assert job.fractions == sorted(job.fractions)


def test_a_machine_that_holds_not_even_the_smallest_slab_says_so_and_works_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detector = LungNoduleDetector(Registry().load(XS), Provider.CPU)
    with monkeypatch.context() as here:
        _SmallMachine(here, 16)
        with refused(OutOfMemory, "There is not enough memory to run the detector."):
            detector.detect(thorax(nodule_lps_mm=NODULE), Job())

    assert detector.detect(thorax(nodule_lps_mm=NODULE), Job()).marks[0].shown


@pytest.mark.parametrize(
    ("slab", "whole", "sizes"),
    [(160, 300, (300, 160, 48)), (160, 224, (224, 48)), (160, 0, (160, 48)), (160, 96, (160, 48)), (16, 0, (16,))],
)
def test_slabs_get_smaller_where_memory_runs_out(slab: int, whole: int, sizes: tuple[int, ...]) -> None:
    assert slab_sizes(slab, halo=32, whole=whole, multiple=16) == sizes

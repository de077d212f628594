"""The second stage tells nodules from vessels by what lies at a mark, and learns only what is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.engine.lungs import LungMask
from models.engine.manifest import parse_manifest
from models.engine.manifest_kinds import second_stage_of
from models.engine.manifest_values import SecondStage
from models.engine.preprocess import Prepared
from models.engine.second_stage import FEATURES, features, rescored
from models.evaluation.froc import Nodule, Scored
from models.training.second_stage import Lesson, area, cross_validated, fit, install, lessons_of
from tests.helpers.models import copied_bundle
from workstation.domain.errors import BundleInvalid

MIDDLE = np.array([40.0, 40.0, 40.0])


def lung(dense: Callable[..., npt.NDArray[np.bool_]]) -> npt.NDArray[np.int16]:
    """Return 81³ voxels of 1 mm: lung of -860 HU with soft tissue of 40 HU where ``dense`` says, from the middle."""
    z, y, x = np.mgrid[:81, :81, :81] - 40.0
    return np.where(dense(z, y, x), 40, -860).astype(np.int16)


BALL = lung(lambda z, y, x: z**2 + y**2 + x**2 <= 25)
TUBE = lung(lambda z, y, x: y**2 + x**2 <= 9 + 0 * z)
LARGE = lung(lambda z, y, x: z**2 + y**2 + x**2 <= 225)


def test_a_ball_is_round_dense_and_stands_alone() -> None:
    found = features(BALL, MIDDLE, 10.0, 0.5)

    assert set(found) == set(FEATURES)
    assert (found["core_hu"], found["lung_hu"], found["contrast_hu"]) == (40.0, -860.0, 900.0)
    assert found["score"] == 0.0
    assert found["log_diameter"] == pytest.approx(np.log(10))
    assert found["elongation"] == pytest.approx(1.0, abs=0.01)
    assert found["blob"] == pytest.approx(1.0, abs=0.01)
    assert (found["shell_2"], found["dense_around"]) == (0.0, 0.0)


def test_a_vessel_is_long_curved_one_way_less_and_goes_on() -> None:
    found = features(TUBE, MIDDLE, 6.0, 0.5)

    assert found["tube"] == pytest.approx(1.0, abs=0.01)
    assert found["blob"] < 0.2
    assert found["elongation"] > 1.5
    assert found["shell_3"] > 0.05


def test_a_large_mass_is_measured_on_coarser_samples() -> None:
    found = features(LARGE, MIDDLE, 30.0, 0.5)

    assert found["fill"] > 0.99
    assert found["elongation"] == pytest.approx(1.0, abs=0.02)


def test_beyond_the_edge_of_the_scan_lies_air() -> None:
    found = features(BALL[40:], np.array([0.0, 40.0, 40.0]), 10.0, 0.5)

    assert 0.3 < found["fill"] < 0.7


def test_a_place_without_lung_around_is_measured_against_usual_lung() -> None:
    solid = np.full((60, 60, 60), 40, np.int16)

    assert features(solid, np.array([30.0, 30.0, 30.0]), 10.0, 0.5)["lung_hu"] == -850.0


def stage(**changes: Any) -> SecondStage:  # noqa: ANN401  values of several types
    given: dict[str, Any] = {
        "features": ("score", "blob"), "mean": (0.0, 0.0), "scale": (1.0, 1.0), "weight": (1.0, 1.0), "bias": -0.5,
        "clip": 3.0,
    }  # fmt: skip
    return SecondStage(**(given | changes))


def test_the_score_is_corrected_by_the_logistic_of_the_weighted_numbers() -> None:
    places, sizes, scores = np.array([MIDDLE, MIDDLE]), np.array([10.0, 10.0]), np.array([0.5, 0.9999])
    given = rescored(BALL, places, sizes, scores, stage())

    # score 0.5 has logit 0, a ball has blob 1: logistic(0.5); 0.9999 has logit 9.2, kept within 3: logistic(3.5)
    assert given == pytest.approx([0.6225, 0.9707], abs=0.002)


def test_no_candidate_needs_no_correction() -> None:
    assert rescored(BALL, np.zeros((0, 3)), np.zeros(0), np.zeros(0), stage()).shape == (0,)


def test_weights_that_do_not_match_their_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="every feature"):
        stage(weight=(1.0,))


def with_stage(raw: dict[str, Any], **changes: Any) -> bytes:  # noqa: ANN401  values of several types
    raw["post"]["second_stage"] = {
        "features": ["score"], "mean": [0], "scale": [1], "weight": [1], "bias": 0, "clip": 3,
    } | changes  # fmt: skip
    return json.dumps(raw).encode()


def test_a_manifest_may_name_only_numbers_that_the_engine_measures(tmp_path: Path) -> None:
    raw = json.loads((copied_bundle(tmp_path) / "manifest.json").read_text())

    read = parse_manifest(with_stage(raw)).post.second_stage
    assert read is not None
    assert read.features == ("score",)
    with pytest.raises(BundleInvalid):
        parse_manifest(with_stage(raw, features=["colour"]))
    with pytest.raises(BundleInvalid):
        parse_manifest(with_stage(raw, mean=[0, 0]))


def test_a_second_stage_on_another_grid_is_refused(tmp_path: Path) -> None:
    raw = json.loads((copied_bundle(tmp_path) / "manifest.json").read_text())
    raw["input"]["spacing_mm"] = 0.8

    with pytest.raises(BundleInvalid):
        parse_manifest(with_stage(raw))


def study(hu: npt.NDArray[np.int16]) -> Prepared:
    nothing = LungMask(np.zeros((1, 1, 1), np.float32), np.eye(4), 0.0, (0, 0, 0), (0, 0, 0))
    return Prepared(hu, np.zeros(3), 1.0, nothing)


def test_marks_near_what_is_unclear_calcified_or_seen_before_teach_nothing() -> None:
    hu = np.full((120, 60, 60), -860, np.int16)
    hu[98:103, 28:33, 28:33] = 500  # a granuloma
    seen: list[npt.NDArray[np.float64]] = []
    marks = [Scored((30.0, 30.0, z), 0.5, 6.0) for z in (10.0, 30.0, 36.0, 60.0, 100.0)]
    inserted, unclear = [Nodule((30.0, 30.0, 30.0), 6.0)], [Nodule((30.0, 30.0, 60.0), 6.0)]

    found = lessons_of("P", study(hu), marks, inserted, unclear, seen)
    again = lessons_of("P", study(hu), marks, inserted, unclear, seen)

    assert [(lesson.patient, lesson.true) for lesson in found] == [("P", False), ("P", True)]
    assert [lesson.true for lesson in again] == [True]


def lessons() -> list[Lesson]:
    """Return 60 marks of three lungs; truth follows the second number, the score only in part."""
    rng = np.random.default_rng(1)
    made = []
    for number in range(60):
        numbers = rng.normal(size=len(FEATURES))
        made.append(Lesson("PQR"[number % 3], numbers, bool(numbers[0] + 3 * numbers[1] > 0)))
    return made


def test_a_fit_finds_the_number_that_tells_nodules() -> None:
    made = lessons()
    fitted = fit(np.array([m.numbers for m in made]), np.array([float(m.true) for m in made]))

    assert int(np.argmax(np.abs(fitted.weight))) == 1
    assert cross_validated(made)["both"] > cross_validated(made)["network"]


def test_the_area_counts_ties_half() -> None:
    assert area(np.array([1.0, 2.0, 2.0]), np.array([0.0, 0.0, 1.0])) == 0.75


def test_what_was_fitted_is_written_with_what_it_was_fitted_on(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    install(folder, lessons(), {"sha256": "x", "inputs": []})

    manifest = parse_manifest((folder / "manifest.json").read_bytes())
    record = json.loads((folder / "eval" / "second-stage.json").read_text())
    assert manifest.post.second_stage is not None
    assert (manifest.post.min_score, manifest.post.second_stage.features) == (0.15, FEATURES)
    assert (record["lungs"], record["marks"], record["without"]) == (3, 60, {})


def test_each_development_lung_has_the_weights_that_the_others_gave(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    names = {"P": "LCTSC-S1-102", "Q": "QIN-LSC-0003", "R": "LCTSC-S1-101"}
    made = [Lesson(names[one.patient], one.numbers, one.true) for one in lessons()]
    install(folder, made, {"sha256": "x", "inputs": []})

    record = json.loads((folder / "eval" / "second-stage.json").read_text())
    others = [one for one in made if one.patient != "QIN-LSC-0003"]
    expected = fit(np.array([m.numbers for m in others]), np.array([float(m.true) for m in others]))
    assert sorted(record["without"]) == ["LCTSC-S1-102", "QIN-LSC-0003"]  # LCTSC-S1-101 is learned from by networks
    assert second_stage_of(record["without"]["QIN-LSC-0003"]) == expected

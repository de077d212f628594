"""One lesion gets one mark; two lesions with lung between them keep two, however near they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.engine.lungs import LungMask
from models.engine.one_lesion import least_between, one_a_lesion
from models.engine.preprocess import Prepared
from models.engine.registry import BUNDLES, read_bundle
from models.evaluation.froc import Nodule
from models.training import lungs_with_nodules, one_lesion
from models.training.lungs_with_nodules import Plan
from models.training.one_lesion import counts, install, run_of
from tests.helpers.models import copied_bundle, thorax
from workstation.domain.errors import BundleInvalid
from workstation.domain.finding import Mark

LUNG, TISSUE = -860, 40


def _two_balls(gap: int, radius: int = 6) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Return 41 x 41 x 81 voxels of 1 mm: two balls of tissue in lung, ``gap`` mm between their middles along x."""
    z, y, x = np.mgrid[:41, :41, :81]
    inside = [(z - 20) ** 2 + (y - 20) ** 2 + (x - at) ** 2 <= radius**2 for at in (30, 30 + gap)]
    return np.where(inside[0] | inside[1], TISSUE, LUNG).astype(np.int16)


def _places(*x: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[20.0, 20.0, at] for at in x])


def test_the_far_end_of_a_large_nodule_gets_no_mark_of_its_own() -> None:
    dumb_bell = _two_balls(gap=9)

    assert one_a_lesion(dumb_bell, _places(30, 39), np.array([12.0, 12.0]), -500) == [0]


def test_two_nodules_with_lung_between_them_keep_their_marks() -> None:
    # the network says 17 mm for balls of 12, so that their spheres overlap
    assert one_a_lesion(_two_balls(gap=16), _places(30, 46), np.array([17.0, 17.0]), -500) == [0, 1]


def test_marks_whose_spheres_do_not_meet_are_left_alone_even_within_tissue() -> None:
    wall = np.full((41, 41, 81), TISSUE, np.int16)

    assert one_a_lesion(wall, _places(10, 40), np.array([12.0, 12.0]), -500) == [0, 1]


def test_what_a_mark_that_went_had_near_it_is_judged_by_those_that_stayed() -> None:
    row = np.full((41, 41, 81), TISSUE, np.int16)

    # the second goes for the first; the third is too far from the first and stays
    assert one_a_lesion(row, _places(20, 29, 38), np.array([10.0, 10.0, 10.0]), -500) == [0, 2]


def test_the_way_between_is_read_where_it_is_least_dense() -> None:
    assert least_between(_two_balls(gap=16), *_places(30, 46)) == LUNG
    assert least_between(_two_balls(gap=9), *_places(30, 39)) > -200
    # no way out of the volume: the outermost voxels stand for what lies beyond
    assert least_between(_two_balls(gap=9), np.array([0.0, 0, 0]), np.array([0.0, 0, 80])) == LUNG


def _mark(x: float, score: float) -> Mark:
    return Mark((x, 20.0, 20.0), 12.0, score, shown=True, label="nodule")


def _study(hu: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Prepared:
    lungs = LungMask(np.zeros((1, 1, 1), np.float32), np.eye(4), 1.0, (0, 0, 0), (0, 0, 0))
    return Prepared(hu, np.zeros(3), 1.0, lungs)


def test_pairs_are_counted_by_what_is_known_of_them() -> None:
    far_end = run_of(
        [_mark(30, 0.9), _mark(39, 0.5), _mark(70, 0.01)], _study(_two_balls(9)), [Nodule((34.0, 20.0, 20.0), 20.0)], ()
    )
    two = run_of(
        [_mark(30, 0.9), _mark(48, 0.8)], _study(_two_balls(18)), [Nodule((30.0, 20.0, 20.0), 12.0)],
        [Nodule((48.0, 20.0, 20.0), 12.0)],
    )  # fmt: skip
    unknown = run_of([_mark(30, 0.9), _mark(39, 0.5)], _study(_two_balls(9)), (), ())

    found = counts([far_end, two, unknown])

    assert len(far_end["marks"]) == 2  # what is hardly a mark teaches nothing
    assert found["one_lesion"] == {"pairs": 1, "overlapping": 1, "joined": 1}
    assert found["two_lesions"] == {"pairs": 1, "overlapping": 0, "joined": 0}


def test_the_rule_goes_into_the_manifest_and_what_it_rests_on_beside_it(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    record = install(folder, [], {"files": []}, lungs=18)

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["post"]["one_lesion_hu"] == -500.0
    assert json.loads((folder / "eval" / "one-lesion.json").read_text(encoding="utf-8"))["lungs"] == 18
    assert record["runs"] == 0


@pytest.mark.parametrize("bound", [-2000, 100])
def test_a_bound_that_is_no_lung_is_refused(tmp_path: Path, bound: int) -> None:
    folder = copied_bundle(tmp_path, lambda manifest: manifest["post"].update(one_lesion_hu=bound))

    with pytest.raises(BundleInvalid) as caught:
        read_bundle(folder)

    assert str(caught.value.detail).startswith(f"post/one_lesion_hu: {bound} is ")


def test_learning_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodule = (-55.0, 10.0, -12.0)
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "LCTSC-S1-101.npz").touch()
    for name, stands_in in {
        "training_shapes": lambda _root: [],
        "read_cubes": lambda _data, *, held_back: [held_back] * 0,
        "read_known": lambda _data, _patient: [((0.0, 0.0, 0.0), 5.0, True)],
        "read_volume": lambda _path: thorax(nodule_lps_mm=nodule),
        "insert_round": lambda study, *_, **__: (study, (Nodule(nodule, 10.0),)),
    }.items():
        monkeypatch.setattr(lungs_with_nodules, name, stands_in)
    monkeypatch.setattr(one_lesion, "PLAN", Plan(rounds=1, per_round=1, seed=1))
    kept = tmp_path / "one-lesion.jsonl"
    bundle = read_bundle(BUNDLES / "lung-nodule-xs")

    first = one_lesion.collect(bundle, tmp_path, tmp_path, kept)
    lines = kept.read_text(encoding="utf-8").splitlines()
    again = one_lesion.collect(bundle, tmp_path, tmp_path, kept)

    assert [json.loads(line)["round"] for line in lines] == [-1, 0]
    assert kept.read_text(encoding="utf-8").splitlines() == lines
    assert [run["nodules"] for run in again] == [run["nodules"] for run in first] == [[], [[*nodule, 10.0]]]

"""No lung is judged by what learned from it, and the files of a bundle say what that was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.manifest_kinds import second_stage_of
from models.engine.registry import BUNDLES, Bundle, read_bundle
from models.evaluation import build_texts as texts
from models.evaluation.facts import Network, facts_of, network_of
from models.evaluation.goals import goals
from models.evaluation.unseen import judged_on
from models.training.lungs_with_nodules import Lungs, volumes_in
from models.training.sources import Leak
from tests.helpers.models import copied_bundle

XS = BUNDLES / "lung-nodule-xs"


def _index(*patients: str) -> dict[str, Any]:
    return {"sha256": "x", "inputs": [{"path": f"volumes/{name}.npz", "patients": [name]} for name in patients]}


def _bundle(folder: Path, network: dict[str, Any] | None, stage: dict[str, Any] | None = None) -> Bundle:
    """Return the shipped bundle with other records of what was learned from; they are read, not hashed, here."""
    copied = copied_bundle(folder)
    for name, record in (("data-index.json", network), ("second-stage.json", stage)):
        path = copied / "eval" / name
        path.unlink(missing_ok=True)
        if record is not None:
            path.write_text(json.dumps(record), encoding="utf-8")
    bundle = read_bundle(XS)
    return Bundle(copied, bundle.manifest, bundle.model, bundle.card, bundle.trust, bundle.golden)


def test_a_lung_that_the_network_learned_from_is_refused(tmp_path: Path) -> None:
    bundle = _bundle(tmp_path, _index("LCTSC-S1-101"))

    with pytest.raises(Leak, match="lung-nodule-xs learned from LCTSC-S1-101"):
        judged_on(bundle, "LCTSC-S1-101")
    assert judged_on(bundle, "LCTSC-S1-102") is bundle


def test_weights_without_a_data_index_are_judged_on_no_development_lung() -> None:
    shipped = read_bundle(XS)

    with pytest.raises(Leak, match="nobody can tell whether it learned from QIN-LSC-0003"):
        judged_on(shipped, "QIN-LSC-0003")
    assert judged_on(shipped, "LIDC-IDRI-0314") is shipped


def test_a_lung_that_the_second_stage_learned_from_is_judged_by_the_one_fitted_without_it(tmp_path: Path) -> None:
    without = {
        "features": ["score"], "mean": [0.0], "scale": [1.0], "weight": [2.0], "bias": 0.5, "clip": 3.0,
    }  # fmt: skip
    record = {"data": _index("LCTSC-S1-102", "QIN-LSC-0003"), "without": {"LCTSC-S1-102": without}}
    bundle = _bundle(tmp_path, _index("LCTSC-S1-101"), record)

    assert judged_on(bundle, "LCTSC-S1-102").manifest.post.second_stage == second_stage_of(without)
    assert judged_on(bundle, "LCTSC-S1-203") is bundle
    with pytest.raises(Leak, match="second stage of lung-nodule-xs learned from QIN-LSC-0003"):
        judged_on(bundle, "QIN-LSC-0003")


def test_training_lungs_and_development_lungs_are_two_parts_of_one_collection(tmp_path: Path) -> None:
    (tmp_path / "volumes").mkdir()
    for name in ("LCTSC-S1-101", "LCTSC-S1-102", "QIN-LSC-0049"):
        (tmp_path / "volumes" / f"{name}.npz").touch()

    found = {lungs: [path.stem for path in volumes_in(tmp_path, lungs)] for lungs in Lungs}

    assert found == {
        "all": ["LCTSC-S1-101", "LCTSC-S1-102", "QIN-LSC-0049"],
        "training": ["LCTSC-S1-101", "QIN-LSC-0049"],
        "development": ["LCTSC-S1-102"],
    }


def test_the_form_of_a_network_is_read_from_its_graph() -> None:
    # channels and blocks as `models.training.nets` builds them; the shipped file holds 5.5 MB of 4-byte weights
    assert network_of((XS / "model.onnx").read_bytes()) == Network((16, 32, 64, 96), (2, 2, 1), 32, 1_376_293)


@pytest.mark.parametrize("folder", sorted(BUNDLES.iterdir()), ids=lambda p: p.name)
def test_what_a_shipped_card_says_in_words_is_what_its_own_files_give(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    evaluation = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    facts = facts_of(folder)
    patients = list(evaluation["operating_points"]["balanced"]["realised"]["by_patient"])
    inserted_into = texts.tier_b_lungs(evaluation)

    assert evaluation["method"] == texts.method(facts)
    assert evaluation["tier_b_note"] == texts.tier_b_note(facts, inserted_into)
    assert evaluation["patches_note"] == texts.patches_note(facts)
    assert evaluation["operating_points_note"] == texts.operating_points_note(len(patients))
    assert evaluation["goals"] == goals(evaluation, facts.network.weights)
    assert manifest["evaluation"] == texts.evaluation_lines(evaluation)
    assert manifest["limits"] == texts.limits(evaluation, facts)
    method = manifest["calibration"]["method"]
    assert manifest["calibration"]["basis"] == texts.calibration_basis(len(patients), method)


@pytest.mark.parametrize("folder", sorted(BUNDLES.iterdir()), ids=lambda p: p.name)
def test_a_shipped_model_was_judged_on_no_lung_that_it_learned_from(folder: Path) -> None:
    bundle = read_bundle(folder)
    evaluation = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    patients = list(evaluation["operating_points"]["balanced"]["realised"]["by_patient"])

    assert len(patients) >= 3
    for patient in patients:
        assert np.isfinite(judged_on(bundle, patient).manifest.threshold)

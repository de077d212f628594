"""What tier B and C are made of: inserted nodules, readers' findings, boxes, and the card written from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.preprocess import Prepared, prepare
from models.engine.registry import check_bundle
from models.evaluation.build import main as build
from models.evaluation.card_text import card_text
from models.evaluation.froc import Nodule
from models.evaluation.inserted import insert_round
from models.evaluation.measure import Lung, Quiet, development_lungs, unseen_lungs
from models.evaluation.measure import main as measure
from models.evaluation.patches import real_patches
from models.evaluation.readers import findings_of
from models.training.hosts import INPUT, UNBOUNDED, Known, distance_map
from models.training.shapes import save_shapes
from models.training.sources import DEVELOPMENT, RESERVED
from tests.helpers.models import copied_bundle, thorax
from tests.helpers.training import cube, shape

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def study() -> Prepared:
    return prepare(thorax(), UNBOUNDED, INPUT)


def _round(study: Prepared, number: int, known: tuple[Known, ...] = ()) -> tuple[Prepared, list[Any]]:
    changed, nodules = insert_round(
        study, distance_map(study), [shape(4.0), shape(8.0), shape(15.0)], [cube(12.0)],
        known=known, slice_mm=2.0, noise_hu=10.0, count=4, seed=(1, number),
    )  # fmt: skip
    return changed, list(nodules)


def test_a_round_is_repeated_by_its_number_and_leaves_the_study_as_it_was(study: Prepared) -> None:
    before = study.hu.copy()
    (first, nodules), (again, same), (_, other) = (_round(study, n) for n in (1, 1, 2))

    assert np.array_equal(study.hu, before)
    assert np.array_equal(first.hu, again.hu)
    assert nodules == same
    assert nodules != other


def test_inserted_nodules_lie_in_the_lungs_where_the_image_changed(study: Prepared) -> None:
    changed, nodules = _round(study, 3)

    assert len(nodules) >= 2  # the phantom has no vessels to put any beside
    for nodule in nodules:
        x, y, z = np.rint(np.subtract(nodule.centre_lps_mm, study.origin_lps_mm)).astype(int)
        box = (slice(z - 1, z + 2), slice(y - 1, y + 2), slice(x - 1, x + 2))
        assert np.abs(changed.hu[box].astype(int) - study.hu[box]).max() > 50
        assert study.lungs.distances_mm(np.array([nodule.centre_lps_mm]))[0] < 3


def test_nothing_is_inserted_on_a_lesion_that_was_there(study: Prepared) -> None:
    z, y, x = (np.array(study.hu.shape) / 2).tolist()
    everywhere = (Known((z, y, x), 1000.0, is_lesion=True),)

    assert _round(study, 1, everywhere)[1] == []


def test_outlines_of_one_nodule_by_two_readers_are_one_finding() -> None:
    volume = thorax(shape=(20, 40, 40), spacing_mm=(1.0, 1.0, 2.0))

    def drawn(shift: float) -> dict[str, Any]:
        square = [[10 + shift, 10], [20 + shift, 10], [20 + shift, 20], [10 + shift, 20]]
        return {"contours": [{"inclusion": True, "z": z, "xy": square} for z in (-2.0, 0.0, 2.0)]}

    entry = {"pixel_spacing": 1.0, "annotations": [drawn(0), drawn(1), drawn(18)]}
    two, one = findings_of(entry, volume)

    assert (two.readers, one.readers) == (2, 1)
    x0, y0, _ = volume.lps_of([0, 0, 0])
    assert two.centre_lps_mm == pytest.approx((x0 + 15.5, y0 + 15.0, 0.0))
    # 10 x 10 mm over three slices 2 mm apart: 600 mm³ or, with drawn edges, up to 10.5 x 10.5 x 6
    assert 10.4 < two.diameter_mm < 10.9
    assert len(two.outlines) == 6


def test_every_lung_of_tier_b_is_of_a_patient_that_may_not_be_learned_from(shared_data: Path) -> None:
    lungs = unseen_lungs(shared_data)

    assert [lung.id for lung in lungs] == ["LIDC-IDRI-0314", "COVIDMD-normal001", "QIN-LSC-0028"]
    assert {lung.id for lung in lungs} <= RESERVED
    (nodule,) = lungs[0].nodules
    assert np.linalg.norm(np.subtract(nodule.centre_lps_mm, (-57.0, 131.0, -520.5))) < 2.0
    assert nodule.diameter_mm == pytest.approx(15.5, abs=0.8)


def test_development_lungs_are_not_those_that_are_reported(shared_data: Path) -> None:
    lungs = {lung.id: lung for lung in development_lungs(shared_data)}

    assert set(lungs) == DEVELOPMENT
    assert not DEVELOPMENT & RESERVED
    # the one lesion that was plain to the eye must be found, what was unclear counts neither way
    assert {name: (len(lung.nodules), len(lung.excluded)) for name, lung in lungs.items()} == {
        "COVIDMD-cap002": (0, 1), "LCTSC-S1-102": (0, 3), "LCTSC-S1-202": (0, 1), "LCTSC-S1-203": (0, 5),
        "QIN-LSC-0003": (1, 5),
    }  # fmt: skip
    assert lungs["QIN-LSC-0003"].nodules[0].diameter_mm == 18.1


def test_boxes_have_the_nodule_where_they_say(shared_data: Path) -> None:
    sets = real_patches(shared_data)

    assert [p.readers >= 3 for p in sets["unseen"]].count(True) == 3
    assert len(sets["unseen"]) == 7
    solid = next(p for p in sets["unseen"] if p.name == "LIDC-IDRI-0055_1")
    z, y, x = (round(c) for c in solid.centre_zyx)
    assert solid.hu[z - 2 : z + 3, y - 2 : y + 3, x - 2 : x + 3].max() > -300
    assert len([p for p in sets["kept_out"] if p.hu.shape == (51, 51, 51)]) == 14


def _data_folder(folder: Path) -> Path:
    """Write a data folder with one held-back cube and what the boxes need."""
    for name in ("train", "test"):
        (folder / name).mkdir(parents=True)
    held = cube(12.0)
    np.savez(
        folder / "train" / "nodule_cubes.npz",
        hu=held.hu[None],
        mask=np.packbits(held.mask.reshape(1, -1), axis=1),
        patient=np.array(["LIDC-IDRI-0022"]),
    )
    facts = [{"patient": "LIDC-IDRI-0022", "n_readers_marks": "4", "eq_diam_mm": "8.0"}]
    (folder / "train" / "nodule_cubes.json").write_text(json.dumps(facts), encoding="utf-8")
    box = np.full((64, 64, 20), -860, np.int16)
    for name in ("train/nodule_patches", "test/nodule_patches_lidc_0055"):
        entry = {"PatientID": "P", "NoduleID": "0", "NumAnnotations": "1", "Diameter": "8", "spacing_xyz_mm": [1, 1, 2]}
        np.savez(folder / f"{name}.npz", P_0=box)
        (folder / f"{name}.json").write_text(json.dumps([entry]), encoding="utf-8")
    return folder


def _network_alone(manifest: dict[str, Any]) -> None:
    del manifest["post"]["second_stage"]
    manifest["post"]["min_score"] = 0.02


def test_a_bundle_is_measured_and_finished_by_two_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _data_folder(tmp_path / "data")
    prepared = tmp_path / "train"
    prepared.mkdir()
    save_shapes(prepared / "shapes.npz", [shape(d, "LIDC-IDRI-0033") for d in (4.0, 8.0, 14.0)])
    place = (-55.0, 10.0, -12.0)
    lungs = [
        Lung("PHANTOM-1", thorax(nodule_lps_mm=place), (Nodule(place, 14.0),), ()),
        Lung("PHANTOM-2", thorax(spacing_mm=(1.3, 1.3, 2.5), shape=(80, 156, 210)), (), ()),
    ]
    monkeypatch.setattr("models.evaluation.measure.unseen_lungs", lambda _data: lungs)
    folder = copied_bundle(tmp_path, _network_alone)  # its many low marks are what a calibration needs
    out = tmp_path / "out"
    measure(["--data", str(data), "--prepared", str(prepared), "--out", str(out), "--rounds", "1", str(folder)])
    runtime = tmp_path / "runtime.json"
    runtime.write_text(json.dumps({"machine": "a machine", "figures": {"seconds": "3"}}), encoding="utf-8")
    cases = out / folder.name
    arguments = [
        str(folder),
        "--version",
        "9.0.0",
        "--cases",
        str(cases),
        "--data",
        str(data),
        "--runtime",
        str(runtime),
    ]
    build([*arguments, "--before", "the same", str(cases)])
    evaluation = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))

    assert evaluation["tier_b"] | {"at_operating_points": 0} == evaluation["tier_b_before"]["figures"] | {
        "at_operating_points": 0
    }
    first = evaluation["tier_c"]["per_scan"][0]
    assert (first["id"], first["nodules"][0]["rank"]) == ("PHANTOM-1", 1)
    assert sum(entry["of"] for entry in evaluation["patches"]) == 3
    assert check_bundle(folder).manifest.calibration is not None


def test_a_job_nobody_watches_goes_on() -> None:
    Quiet().progress(0.5, "half")
    Quiet().raise_if_cancelled()


@pytest.mark.parametrize("folder", sorted((ROOT / "models" / "bundles").iterdir()), ids=lambda p: p.name)
def test_the_card_of_each_shipped_model_is_the_one_its_figures_give(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    evaluation = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))

    assert card_text(manifest, evaluation) == (folder / "CARD.md").read_text(encoding="utf-8")

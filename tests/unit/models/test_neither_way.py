"""What counts neither way in a development lung: a plain tumour is no false mark, and teaches nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from models.evaluation.froc import Case, Nodule, Scored, judge
from models.training.lungs_with_nodules import Lungs, data_index
from models.training.neither_way import NEITHER_WAY, named_in, spheres_of
from models.training.prepare_data import read_known
from models.training.shapes import save_shapes
from models.training.sources import DEVELOPMENT, Leak
from tests.helpers.training import shape

TUMOUR = (204.2, 186.4, 85.9)


def _data(folder: Path, *lungs: str) -> Path:
    """Write a data folder in which nobody listed anything."""
    (folder / "volumes").mkdir(parents=True)
    for name in lungs:
        (folder / "volumes" / f"{name}.npz").write_bytes(b"a lung")
    for name in ("lesions.json", "curated.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    np.savez(
        folder / "nodule_cubes.npz",
        hu=np.zeros((1, 51, 51, 51), np.int16),
        mask=np.packbits(np.ones((1, 51, 51, 51), bool), axis=1),
        patient=np.array(["LIDC-IDRI-0003"]),
    )
    return folder


def test_two_tumours_and_two_dots_are_listed_and_none_of_them_must_be_found() -> None:
    # agreed in ADR 0065: 40 mm in LCTSC-S1-202, 28 mm in LCTSC-S1-203, two dots of 6 mm in QIN-LSC-0003
    assert named_in() == {"LCTSC-S1-202", "LCTSC-S1-203", "QIN-LSC-0003"}
    assert spheres_of("LCTSC-S1-202") == [(TUMOUR, 40.0, False)]
    assert [mm for _, mm, _ in spheres_of("LCTSC-S1-203")] == [28.0]
    assert [(mm, lesion) for _, mm, lesion in spheres_of("QIN-LSC-0003")] == [(6.0, False), (6.0, False)]
    assert spheres_of("LCTSC-S1-102") == []


def test_a_mark_in_a_listed_tumour_is_neither_hit_nor_false(tmp_path: Path) -> None:
    data = _data(tmp_path)
    listed = tuple(Nodule(tuple(c), mm) for c, mm, _ in read_known(data, "LCTSC-S1-202"))  # type: ignore[arg-type]  # three numbers
    inserted = Nodule((100.0, 100.0, 100.0), 8.0)
    marks = (
        Scored(TUMOUR, 0.99, 40.0),
        Scored((204.2, 186.4, 105.8), 0.98, 9.0),  # 19.9 mm from the centre
        Scored((204.2, 186.4, 106.0), 0.97, 9.0),  # 20.1 mm
        Scored((101.0, 100.0, 100.0), 0.5, 8.0),
    )

    scan = judge(Case("LCTSC-S1-202#0", (inserted,), listed, marks))

    assert scan.found == (0.5,)
    assert scan.false_marks == (0.97,)


def test_the_list_may_name_development_lungs_only(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps({"LCTSC-S1-202": {"ignore": []}, "LIDC-IDRI-0314": {"ignore": []}}), encoding="utf-8")

    with pytest.raises(Leak, match="no development lungs: LIDC-IDRI-0314"):
        spheres_of("LCTSC-S1-202", path)
    assert named_in(NEITHER_WAY) <= DEVELOPMENT


def test_what_rules_after_a_network_rest_on_names_the_list_where_it_spared_a_lung(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", "LCTSC-S1-101", "LCTSC-S1-102", "LCTSC-S1-202")
    save_shapes(tmp_path / "shapes.npz", [shape(patient="LIDC-IDRI-0003")])

    index = {lungs: data_index(data, tmp_path, lungs)["inputs"] for lungs in (Lungs.DEVELOPMENT, Lungs.TRAINING)}

    named = {lungs: [e for e in entries if e["path"] == "neither_way.json"] for lungs, entries in index.items()}
    assert [e["patients"] for e in named[Lungs.DEVELOPMENT]] == [["LCTSC-S1-202"]]
    assert named[Lungs.TRAINING] == []

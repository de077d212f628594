"""No reserved patient is learned from, and what was learned from can be told afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import jpeg_ls
import numpy as np
import pytest

from models.training.hosts import Known, grid_of, make_host, read_volume, save_host
from models.training.mining import Candidate, is_calcified, is_unknown
from models.training.mining import main as mine
from models.training.prepare_data import open_sources, prepare_data, read_cubes
from models.training.shapes import load_shapes, read_shapes, save_shapes
from models.training.sources import (
    DEVELOPMENT,
    RESERVED,
    Leak,
    index_as_json,
    index_entry,
    index_patients,
    is_held_back,
    refuse_leaks,
)
from tests.helpers.models import thorax
from tests.helpers.training import host, lidc_database, shape

ROOT = Path(__file__).resolve().parents[3]


def test_the_thirteen_reserved_patients_are_named() -> None:
    assert sorted(RESERVED) == [
        "C3N-00247", "COVIDMD-normal001", "COVIDMD-normal002", "LIDC-IDRI-0002", "LIDC-IDRI-0055", "LIDC-IDRI-0063",
        "LIDC-IDRI-0144", "LIDC-IDRI-0314", "LIDC-IDRI-0379", "LIDC-IDRI-0447", "QIN-LSC-0014", "QIN-LSC-0028",
        "QIN-LSC-0088",
    ]  # fmt: skip


@pytest.mark.parametrize("patient", sorted(RESERVED))
def test_a_reserved_patient_in_the_training_data_stops_the_run(patient: str) -> None:
    with pytest.raises(Leak, match=patient):
        refuse_leaks(["LIDC-IDRI-0001", patient])


def test_shapes_of_reserved_patients_are_not_even_read(tmp_path: Path) -> None:
    database = lidc_database(tmp_path / "lidc.sqlite", {1: "LIDC-IDRI-0001", 2: "LIDC-IDRI-0314", 3: "LIDC-IDRI-0447"})

    assert [s.patient for s in read_shapes(database)] == ["LIDC-IDRI-0001"]


def test_a_square_of_ten_millimetres_over_three_slices_has_its_volume_less_the_hole(tmp_path: Path) -> None:
    database = lidc_database(tmp_path / "lidc.sqlite", {1: "LIDC-IDRI-0001"})
    (found,) = read_shapes(database)

    # 10 x 10 mm over three slices of 2 mm are 600 mm³; a hole of 2 x 2 mm in one slice takes 8 (pixels at the
    # edge are drawn: up to a quarter of a millimetre more on each side)
    assert float(found.alpha.sum()) / 255 == pytest.approx(600, rel=0.06)
    assert found.hollow
    assert (found.texture, found.calcification, found.spiculation) == (5, 6, 1)


def test_stored_shapes_come_back_as_they_were(tmp_path: Path) -> None:
    shapes = [shape(6.0), shape(9.0, "LIDC-IDRI-0200")]
    save_shapes(tmp_path / "shapes.npz", shapes)
    back = load_shapes(tmp_path / "shapes.npz")

    assert [s.patient for s in back] == ["LIDC-IDRI-0100", "LIDC-IDRI-0200"]
    assert all(np.array_equal(a.alpha, b.alpha) for a, b in zip(shapes, back, strict=True))


def test_the_split_by_patient_never_moves() -> None:
    held = [n for n in range(1, 41) if is_held_back(f"LIDC-IDRI-{n:04d}")]

    assert held == [22, 33, 39]


def _data(folder: Path, *patients: str) -> Path:
    """Write a data folder with phantom lungs as JPEG-LS volumes and two cubes."""
    (folder / "volumes").mkdir(parents=True)
    volume = thorax(shape=(60, 100, 140), spacing_mm=(2.0, 2.0, 3.0))
    for patient in patients:
        slices = [jpeg_ls.encode((s.astype(np.int32) + 1024).astype(np.uint16)) for s in volume.voxels]
        ends = np.cumsum([0, *(len(s) for s in slices)])
        np.savez(
            folder / "volumes" / f"{patient}.npz",
            data=np.concatenate([np.frombuffer(bytes(s), np.uint8) for s in slices]),
            offsets=ends,
            shape=np.array(volume.voxels.shape),
            index_xyz_to_lps=volume.ijk_to_lps,
        )
    (folder / "lesions.json").write_text(
        json.dumps({patients[0]: [{"centre_lps_mm": [-60, 0, 0], "diameter_mm": 20}]}), encoding="utf-8"
    )
    (folder / "curated.json").write_text(
        json.dumps({patients[0]: {"promoted": [], "ignore": [{"centre_lps_mm": [60, 0, 0], "ignore_radius_mm": 9}]}}),
        encoding="utf-8",
    )
    mask = np.zeros((2, 51, 51, 51), bool)
    mask[:, 20:30, 20:30, 20:30] = True
    np.savez(
        folder / "nodule_cubes.npz",
        hu=np.full((2, 51, 51, 51), -800, np.int16),
        mask=np.packbits(mask.reshape(2, -1), axis=1),
        patient=np.array(["LIDC-IDRI-0003", "LIDC-IDRI-0010"]),
    )
    return folder


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    root = tmp_path / "train"
    root.mkdir()
    save_shapes(root / "shapes.npz", [shape(patient=f"LIDC-IDRI-{n:04d}") for n in (3, 10, 11, 12)])
    return root


def test_the_index_names_each_input_by_fingerprint_and_no_development_lung(tmp_path: Path, prepared: Path) -> None:
    development = min(DEVELOPMENT)
    data = _data(tmp_path / "data", "PHANTOM-1", development)
    index = prepare_data(data, prepared)

    assert [e["path"] for e in index["inputs"]] == [
        "curated.json", "lesions.json", "nodule_cubes.npz", "review.json", "shapes.npz", "volumes/PHANTOM-1.npz",
    ]  # fmt: skip
    assert all(len(e["sha256"]) == 64 and e["bytes"] > 0 for e in index["inputs"])
    assert development not in index_patients(index)
    assert index == prepare_data(data, prepared)  # nothing in it depends on the day


def test_the_sources_know_the_lesions_and_what_is_unclear_in_each_lung(tmp_path: Path, prepared: Path) -> None:
    data = _data(tmp_path / "data", "PHANTOM-1")
    prepare_data(data, prepared)
    (lung,) = open_sources(data, prepared).hosts

    assert [(k.is_lesion, k.diameter_mm) for k in lung.known] == [(True, 20.0), (False, 18.0)]
    z, y, x = lung.known[0].centre_zyx
    assert np.add(lung.origin_lps_mm, (x, y, z)).tolist() == pytest.approx([-60.0, 0.0, 0.0])
    assert lung.distance_mm[round(z), round(y), round(x)] < -30  # the middle of a lung 84 mm wide
    assert lung.slice_mm == pytest.approx(3.0)


def test_a_reserved_lung_among_the_volumes_stops_the_run(tmp_path: Path, prepared: Path) -> None:
    data = _data(tmp_path / "data", "QIN-LSC-0028")

    with pytest.raises(Leak, match="QIN-LSC-0028"):
        prepare_data(data, prepared)


def test_cubes_held_back_and_cubes_learned_from_are_of_different_patients(tmp_path: Path) -> None:
    data = _data(tmp_path / "data", "PHANTOM-1")
    learned = {c.patient for c in read_cubes(data, held_back=False)}
    kept = {c.patient for c in read_cubes(data, held_back=True)}

    assert {"LIDC-IDRI-0003", "LIDC-IDRI-0010"} == learned | kept
    assert not learned & kept


def test_an_index_entry_of_a_reserved_patient_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"a")

    with pytest.raises(Leak):
        index_entry(tmp_path / "a.npz", tmp_path, ["LIDC-IDRI-0063"])


def test_the_index_has_one_fingerprint_that_changes_with_any_input(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    entries = [index_entry(tmp_path / name, tmp_path, ["P"]) for name in "ab"]

    assert index_as_json(entries)["sha256"] == index_as_json(reversed(entries))["sha256"]
    assert index_as_json(entries)["sha256"] != index_as_json(entries[:1])["sha256"]
    # SHA-256 of the letter a, FIPS 180-2
    assert entries[0].sha256 == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"


@pytest.mark.parametrize("folder", sorted((ROOT / "models" / "bundles").iterdir()), ids=lambda p: p.name)
def test_a_shipped_model_learned_from_no_reserved_patient_or_says_that_nobody_can_tell(folder: Path) -> None:
    index = folder / "eval" / "data-index.json"
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else None

    if known is None:
        assert "no data index of this run was kept" in (folder / "CARD.md").read_text(encoding="utf-8")
    else:
        assert not index_patients(known) & RESERVED


def test_no_hard_negative_lies_in_a_known_lesion_or_what_is_unclear(shared_data: Path) -> None:
    train = shared_data / "train"
    review = json.loads((ROOT / "models/training/review.json").read_text("utf-8"))
    lesions, curated = (json.loads((train / name).read_text("utf-8")) for name in ("lesions.json", "curated.json"))
    checked = 0
    for patient, judged in review.items():
        assert patient not in RESERVED
        spheres = [(e["centre_lps_mm"], e["diameter_mm"] / 2) for e in lesions.get(patient, [])]
        for source in (curated.get(patient, {}), judged):
            spheres += [(e["centre_lps_mm"], e["diameter_mm"] / 2) for e in source.get("promoted", [])]
            spheres += [(e["centre_lps_mm"], e["ignore_radius_mm"]) for e in source.get("ignore", [])]
        for negative in judged["negative"]:
            for centre, radius in spheres:
                assert np.linalg.norm(np.subtract(negative["centre_lps_mm"], centre)) > radius
                checked += 1
    assert checked > 0


def test_what_is_known_or_calcified_is_never_offered_as_a_negative() -> None:
    lesion = Known((50.0, 50.0, 50.0), 10.0, is_lesion=True)
    unclear = Known((50.0, 80.0, 50.0), 20.0, is_lesion=False)
    lung = host(lesion, unclear)
    lung.hu[20:25, 20:25, 20:25] = 400

    assert not is_unknown(lung, Candidate((50.0, 50.0, 58.0), 6.0, 0.9))
    assert not is_unknown(lung, Candidate((50.0, 68.0, 50.0), 6.0, 0.9))
    assert is_unknown(lung, Candidate((30.0, 30.0, 30.0), 6.0, 0.9))
    assert is_calcified(lung, Candidate((22.0, 22.0, 22.0), 5.0, 0.9))
    assert not is_calcified(lung, Candidate((60.0, 60.0, 60.0), 5.0, 0.9))  # a vessel


def test_mining_lists_what_the_network_marks_in_each_lung_where_nothing_is_known(
    tmp_path: Path, prepared: Path
) -> None:
    data = _data(tmp_path / "data", "PHANTOM-1")
    volume = read_volume(data / "volumes" / "PHANTOM-1.npz")
    lung = make_host(volume, "PHANTOM-1")
    z, y, x = grid_of((-60.0, 40.0, 40.0), lung.origin_lps_mm)
    gap = np.sqrt(sum((np.arange(n).reshape(s) - c) ** 2 for n, c, s in zip(
        lung.hu.shape, (z, y, x), ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True)))  # fmt: skip
    lung.hu[gap < 6] = 40
    save_host(prepared / "hosts", lung)
    bundle = ROOT / "models" / "bundles" / "lung-nodule-xs"
    out = tmp_path / "found.json"
    mine([str(bundle / "model.onnx"), "--data", str(data), "--prepared", str(prepared), "--json", str(out)])
    (first, *_) = json.loads(out.read_text(encoding="utf-8"))["PHANTOM-1"]

    assert np.linalg.norm(np.subtract(first["centre_lps_mm"], (-60.0, 40.0, 40.0))) < 2.5
    assert 8 < first["ignore_radius_mm"] < 13  # 6 mm and 4 mm round it

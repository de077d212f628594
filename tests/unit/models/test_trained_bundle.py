"""A finished run becomes a bundle that says what it learned from and that nothing was measured yet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from models.engine.registry import BUNDLES, check_bundle, read_bundle
from models.engine.session import Provider
from models.evaluation.facts import facts_of
from models.evaluation.measure import Lung
from models.evaluation.times import against_monai, joined, runtime, timed
from models.training.bundle import main as assemble
from models.training.bundle import training_record, training_text
from models.training.sources import Leak
from tests.helpers.models import thorax

XS = BUNDLES / "lung-nodule-xs"
OPTIONS = {"size": "xs", "batch": 8, "rate": 0.003, "seed": 7, "device": "cpu", "steps": 20_000, "minutes": 76.0}


def _run(folder: Path, *, ended: bool = True, lung: str = "LCTSC-S1-101") -> Path:
    folder.mkdir()
    lines: list[dict[str, Any]] = [{"event": "start", "step": 0, **OPTIONS}]
    lines += [{"step": n, "spent_s": n, "heat": 1.0, "size": 0.2, "offset": 0.3} for n in range(50, 2050, 50)]
    lines += [{"event": "start", "step": 1900, **OPTIONS}]
    lines += [{"event": "end", "step": 12345, "spent_s": 4559}] if ended else []
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    inputs = {
        f"volumes/{lung}.npz": [lung], "nodule_cubes.npz": ["LIDC-IDRI-0001", "LIDC-IDRI-0003"],
        "shapes.npz": ["LIDC-IDRI-0001"],
    }  # fmt: skip
    entries = [{"path": path, "sha256": "0" * 64, "bytes": 1, "patients": names} for path, names in inputs.items()]
    index = {"sha256": "ab" * 32, "inputs": entries}
    (folder / "data-index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def _assembled(tmp_path: Path) -> Path:
    folder = tmp_path / "lung-nodule-new"
    assemble([str(_run(tmp_path / "run")), str(XS / "model.onnx"), str(folder), "--like", str(XS), "--version", "1.0.0",
              "--machine", "two cores", "--commit", "c0ffee"])  # fmt: skip
    return folder


def test_a_run_becomes_a_bundle_that_passes_the_gate_and_claims_nothing(tmp_path: Path) -> None:
    folder = _assembled(tmp_path)

    bundle = check_bundle(folder)
    assert (bundle.manifest.id, bundle.manifest.version) == ("lung-nodule-new", "1.0.0")
    assert (bundle.manifest.post.second_stage, bundle.manifest.post.one_lesion_hu) == (None, None)
    assert bundle.manifest.applies_to == read_bundle(XS).manifest.applies_to
    assert "Nothing was measured yet." in bundle.card
    assert "12 345 steps of 8 x 64³ in 76 minutes" in bundle.card
    assert "into 1 real lungs" in bundle.card
    assert ("ab" * 32) in bundle.card


def test_a_chinese_card_of_former_weights_does_not_stay_beside_new_ones(tmp_path: Path) -> None:
    (tmp_path / "lung-nodule-new").mkdir()
    shutil.copyfile(XS / "CARD.zh_CN.md", tmp_path / "lung-nodule-new" / "CARD.zh_CN.md")

    bundle = check_bundle(_assembled(tmp_path))

    assert bundle.card_in("zh_CN") == bundle.card
    assert not (bundle.folder / "CARD.zh_CN.md").exists()


def test_what_was_learned_from_is_kept_with_the_bundle(tmp_path: Path) -> None:
    folder = _assembled(tmp_path)

    facts = facts_of(folder)
    assert (facts.lungs, facts.real_nodules, facts.second_stage) == (1, 2, None)
    assert facts.learned_from == frozenset({"LCTSC-S1-101", "LIDC-IDRI-0001", "LIDC-IDRI-0003"})
    record = json.loads((folder / "eval" / "training.json").read_text(encoding="utf-8"))
    assert (record["seed"], record["starts"], record["steps"]) == (7, 2, 12345)
    assert [place["step"] for place in record["loss"]][:3] == [50, 150, 250]


def test_a_run_that_goes_on_or_learned_from_a_reserved_patient_becomes_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no end"):
        training_record(_run(tmp_path / "going", ended=False))
    with pytest.raises(Leak, match="QIN-LSC-0028"):
        training_record(_run(tmp_path / "leaked", lung="QIN-LSC-0028"))


def test_a_run_that_was_taken_up_again_is_no_bundle_before_it_ended_again(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "start", "step": 12345, **OPTIONS, "steps": 30_000, "minutes": 0.0}) + "\n")

    with pytest.raises(ValueError, match="has no end"):
        training_record(run)


def test_the_card_tells_that_the_rate_was_set_anew_for_a_longer_run(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    with (run / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "start", "step": 12345, **OPTIONS, "steps": 30_000, "minutes": 0.0}) + "\n")
        log.write(json.dumps({"event": "end", "step": 30_000, "spent_s": 9_000}) + "\n")

    record = training_record(run)

    # it was interrupted once at 1 900 with the same plan, which set nothing anew
    assert (record["starts"], [plan["from"] for plan in record["schedules"]]) == (3, [0, 12345])
    told = training_text(record, "two cores")
    assert "30 000 steps of 8 x 64³ in 150 minutes" in told
    assert "cosine to zero, from step 12 345 set anew for 30 000 steps, averaged" in told


def test_the_time_of_another_makers_network_is_told_as_it_was_measured() -> None:
    told = against_monai({
        "monai_parameters": 20_900_000, "voxels": 80 * 192 * 192, "ours_s": {"wall": 0.4, "processor": 0.58},
        "monai_s": {"wall": 14.0, "processor": 26.2}, "ratio_same_voxels": {"wall": 35.0, "processor": 45.2},
    })  # fmt: skip

    (line,) = told["figures"].items()
    assert line == (
        "MONAI's RetinaNet (20.9 million weights), processor time for 2.9 million voxels in one run",
        "26.2 s against 0.58 s",
    )
    assert told["monai_ratio"] == 45.2


def test_times_of_a_bundle_are_told_by_scan_and_provider() -> None:
    lung = Lung("PHANTOM-1", thorax(nodule_lps_mm=(-55.0, 10.0, -12.0)), (), ())

    (row,) = timed(read_bundle(XS), [lung], Provider.CPU, repeats=2)
    assert len(row["wall_s"]) == len(row["processor_s"]) == 2
    assert all(seconds > 0 for seconds in row["wall_s"])
    cpu = runtime(
        [row | {"wall_s": [2.04, 1.16], "processor_s": [3.0, 2.0], "peak_mb": 700}], Provider.CPU, "a machine"
    )
    faster = runtime([row | {"wall_s": [0.94], "processor_s": [1.5]}], Provider.OPENVINO, "")

    both = joined(cpu, faster)
    assert (both["wall_s"], both["openvino_s"], both["peak_mb"], both["machine"]) == (
        [1.2, 2.0], [0.9, 0.9], 700, "a machine",
    )  # fmt: skip
    assert both["figures"]["PHANTOM-1, decoded volume to marks, CPU provider"] == "1.2 to 2.0 s"
    assert both["figures"]["PHANTOM-1, decoded volume to marks, OpenVINO"] == "0.9 to 0.9 s"

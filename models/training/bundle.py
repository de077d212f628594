"""
From a finished run to a bundle that can be judged: ``python -m models.training.bundle RUN MODEL BUNDLE --like OTHER``.

Puts the exported weights, the run's data index and what its log says (``eval/training.json``) into the folder, with a
manifest modelled on another bundle's: whom it is for, input, output and classes are the same, rules after the
network (second stage, one lesion) are learned anew. Operating points and calibration are those of the other bundle,
and the card says that nothing was measured, until ``models.evaluation.build`` finishes the bundle.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, Final

from models.engine.manifest import CHINESE_CARD_NAME
from models.training.sources import index_patients, refuse_leaks

TITLES: Final = {
    "xs": {"en": "Lung nodule detector, extra small", "zh": "肺结节检测模型（超小型）"},
    "s": {"en": "Lung nodule detector, small", "zh": "肺结节检测模型（小型）"},
}
LEAST_SCORE: Final = 0.02
"""Peaks below this heat are no candidates; a second stage sets its own bound."""

_CURVE: Final = 20  # places of the loss curve that are kept
_NOTHING_YET: Final = {
    "set": {"en": "None yet", "zh": "尚无"},
    "figure": {"en": "nothing was measured", "zh": "尚未测量"},
}
_COPIED: Final = ("LICENSE",)


def training_record(run: Path) -> dict[str, Any]:
    """
    Return what a run was: options, steps, minutes, what it learned from, its loss over time.

    Raises ValueError for a run whose log does not end, Leak for one that learned from a reserved patient.
    """
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    events = [line for line in lines if "event" in line]
    if not events or events[-1]["event"] != "end":
        raise ValueError(f"the log of {run} has no end: the run goes on, or it broke off")
    starts = [line for line in events if line["event"] == "start"]
    losses = [line for line in lines if "event" not in line]
    kept = losses[:: max(1, len(losses) // _CURVE)]
    index = json.loads((run / "data-index.json").read_text(encoding="utf-8"))
    refuse_leaks(index_patients(index))
    inputs = {entry["path"]: entry["patients"] for entry in index["inputs"]}
    return {
        **{name: starts[0][name] for name in ("size", "batch", "rate", "seed", "device")},
        "starts": len(starts),
        "schedules": _schedules(starts),
        "steps": events[-1]["step"],
        "minutes": round(events[-1]["spent_s"] / 60),
        "lungs": sum(path.startswith("volumes/") for path in inputs),
        "real_nodules": len(inputs["nodule_cubes.npz"]),
        "shape_patients": len(inputs["shapes.npz"]),
        "data_index_sha256": index["sha256"],
        "loss": [{name: line[name] for name in ("step", "heat", "size", "offset")} for line in kept],
    }


def training_text(record: dict[str, Any], machine: str) -> str:
    """Return the run in a sentence, as the card has it."""
    steps = _spaced(record["steps"])
    return (
        f"From scratch on {machine}: {steps} steps of {record['batch']} x 64³ in {record['minutes']}"
        f" minutes, AdamW {record['rate']:g} with a cosine to zero{_later(record['schedules'])}, averaged weights"
        f" (EMA 0.998), one run with seed {record['seed']}. Outlines of nodules of {record['shape_patients']} LIDC-IDRI"
        f" patients and {record['real_nodules']} real nodules (cubes with their own texture) were inserted online, new"
        f" ones in every sample, into {record['lungs']} real lungs; five lungs of the same collections and one"
        f" LIDC-IDRI patient in five were kept out. eval/data-index.json names every input and its patients, sha256"
        f" {record['data_index_sha256']}; eval/training.json has the loss"
    )


def _schedules(starts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return from which step on the rate was set for how many steps and minutes (0: no bound)."""
    found: list[dict[str, Any]] = []
    for start in starts:
        planned = {name: start[name] for name in ("steps", "minutes")}
        if not found or planned != {name: found[-1][name] for name in planned}:
            found.append({"from": start["step"], **planned})
    return found


def _later(schedules: list[dict[str, Any]]) -> str:
    """Tell of a run that went on after its rate was set anew."""
    told = [f"from step {_spaced(one['from'])} set anew for {_spaced(one['steps'])} steps" for one in schedules[1:]]
    return f", {' and '.join(told)}" if told else ""


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def assemble(run: Path, weights: Path, folder: Path, like: Path, version: str, machine: str, commit: str) -> None:
    """Write the bundle; its folder's name is its id. Raises ValueError for a run that has not ended, and Leak."""
    record = training_record(run)
    manifest: dict[str, Any] = json.loads((like / "manifest.json").read_text(encoding="utf-8"))
    model = weights.read_bytes()
    (folder / "eval").mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model)
    for name in _COPIED:
        shutil.copyfile(like / name, folder / name)
    shutil.copyfile(run / "data-index.json", folder / "eval" / "data-index.json")
    (folder / "eval" / "training.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    manifest |= {
        "id": folder.name,
        "version": version,
        "title": TITLES[record["size"]],
        "source": {
            "training": training_text(record, machine),
            "data": manifest["source"]["data"],
            "commit": commit,
            "script": "models.training.train",
            "seed": record["seed"],
            "data_index_sha256": record["data_index_sha256"],
        },
        "evaluation": [_NOTHING_YET],
    }
    manifest["post"] = {
        name: value for name, value in manifest["post"].items() if name not in {"second_stage", "one_lesion_hu"}
    } | {"min_score": LEAST_SCORE}
    (folder / "CARD.md").write_text(_draft(manifest, hashlib.sha256(model).hexdigest()), encoding="utf-8")
    (folder / CHINESE_CARD_NAME).unlink(missing_ok=True)  # of a build before: about other weights
    listed = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in {"manifest.json", "golden.npz"})
    manifest["files"] = [_entry(path, folder) for path in listed]
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _draft(manifest: dict[str, Any], sha256: str) -> str:
    parts = [
        f"# {manifest['id']} {manifest['version']}", f"Weights: `model.onnx`, sha256 `{sha256}`",
        "## Intended use", manifest["intended_use"]["en"],
        "## Training data", manifest["source"]["training"], ", ".join(s["name"] for s in manifest["source"]["data"]),
        "## Figures", "Nothing was measured yet.",
        "## Limits", "Not to be used before it was measured.",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _entry(path: Path, folder: Path) -> dict[str, Any]:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path.relative_to(folder).as_posix(), "sha256": digest, "bytes": len(data)}


def main(arguments: list[str] | None = None) -> None:
    """Put a bundle together."""
    parser = argparse.ArgumentParser(prog="python -m models.training.bundle", description=__doc__)
    parser.add_argument("run", type=Path, help="the folder of a run that has ended, .train/NAME")
    parser.add_argument("weights", type=Path, help="what models.training.export wrote, with this id and version")
    parser.add_argument(
        "folder", type=Path, metavar="bundle", help="the folder to write; its name becomes the model's id"
    )
    parser.add_argument("--like", type=Path, required=True, help="the bundle that the manifest is modelled on")
    parser.add_argument("--version", required=True)
    parser.add_argument("--machine", required=True, help="what it was trained on, for the card")
    parser.add_argument("--commit", required=True, help="of the training code")
    assemble(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()

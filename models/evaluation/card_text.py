"""The model card's text, made from manifest and evaluation: figures are never typed."""

from __future__ import annotations

from typing import Any, Final

from models.evaluation.build_texts import false_marks
from models.evaluation.goals import false_marks_of

_POINTS: Final = ("sensitive", "balanced", "specific")
_STATUS: Final = (
    "Not clinically validated. Not a registered medical device. A second look for a radiologist who reads every image;"
    " never a first or only reader."
)
_INTERVALS: Final = (
    "Intervals are 95 % bootstrap intervals over 1 000 samples of scans. Every figure of one table was measured in one"
    " run on the same images."
)


def card_text(manifest: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Return CARD.md of a bundle from its raw manifest and its ``eval/evaluation.json``."""
    return "\n\n".join(card_parts(manifest, evaluation)) + "\n"


def card_parts(manifest: dict[str, Any], evaluation: dict[str, Any]) -> list[str]:
    """Return its blocks: headings, paragraphs, lists and tables, whose cells no other bar parts."""
    model = next(entry for entry in manifest["files"] if entry["path"] == "model.onnx")
    return [
        f"# {manifest['id']} {manifest['version']}",
        "Marks possible lung nodules on chest CT, each with a centre, a diameter and a score.",
        f"Weights: `model.onnx`, sha256 `{model['sha256']}`",
        _STATUS,
        "## Intended use",
        _sentence(manifest["intended_use"]["en"]),
        "\n".join(f"- {_sentence(entry['en'])}" for entry in manifest["contraindications"]),
        "## How it works",
        evaluation["method"],
        "## Training data",
        manifest["source"]["training"] + ".",
        _table(["source", "licence"], [[s["name"], s["licence"]] for s in manifest["source"]["data"]]),
        "## Figures",
        _INTERVALS,
        *_goals(evaluation.get("goals", [])),
        *_tier_b(evaluation),
        *_tier_c(evaluation),
        *_calibration(evaluation),
        *_runtime(evaluation["runtime"]),
        "## Limits",
        "\n".join(f"- {_sentence(entry['en'])}" for entry in manifest["limits"]),
    ]


def _goals(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    missed = [row["what"] for row in rows if not row["reached"]]
    told = f"Missed: {'; '.join(missed)}." if missed else "All were reached."
    table = [[row["what"], row["goal"], row["measured"], "yes" if row["reached"] else "**no**"] for row in rows]
    return ["### Goals without a GPU", told, _table(["what", "goal", "measured", "reached"], table)]


def _tier_b(evaluation: dict[str, Any]) -> list[str]:
    before, kept_out = evaluation.get("tier_b_before"), evaluation.get("tier_b_kept_out")
    figures = {manifest_name(evaluation): evaluation["tier_b"]}
    if before is not None:
        figures[before["name"]] = before["figures"]
    if kept_out is not None:
        figures[f"{manifest_name(evaluation)}, kept-out lungs"] = kept_out

    def row(what: str, figure: Any) -> list[str]:  # noqa: ANN401  a function from figures to text
        return [what, *(figure(one) for one in figures.values())]

    rows = [row("CPM", lambda f: _interval(f["cpm"]))]
    rows += [
        row(f"sensitivity at {false_marks(rate)} a scan", lambda f, rate=rate: f"{f['sensitivity_at'][rate]:.2f}")
        for rate in evaluation["tier_b"]["sensitivity_at"]
    ]
    rows += [
        row(f"at 1: {group}", lambda f, group=group: _group(f["groups_at_1"].get(group)))
        for group in evaluation["tier_b"]["groups_at_1"]
    ]
    rows.append(row("diameter: median ratio, log SD", lambda f: _diameter(f["diameter"])))
    count = f"{evaluation['tier_b']['nodules']} nodules in {evaluation['tier_b']['scans']} runs."
    return [
        "### B: inserted into real lungs that no weights have seen",
        f"{count} {evaluation['tier_b_note']}{_gain(evaluation)}",
        *([evaluation["kept_out_note"]] if kept_out is not None else []),
        _table(["", *figures], rows),
        *_kept_out_by_lung(evaluation),
    ]


def _gain(evaluation: dict[str, Any]) -> str:
    """Tell what was gained on the same images, paired by run."""
    if "tier_b_gain" not in evaluation:
        return ""
    gained = evaluation["tier_b_gain"]
    return (
        f" CPM against {evaluation['tier_b_before']['name']}, paired by run: {gained['value']:+.3f}"
        f" ({gained['low']:+.3f} to {gained['high']:+.3f})."
    )


def _kept_out_by_lung(evaluation: dict[str, Any]) -> list[str]:
    if "tier_b_kept_out_by_lung" not in evaluation:
        return []
    rows = [
        [lung, *(f"{rate:.2f}; {found} of {of}" for rate, found, of in (points[name] for name in _POINTS))]
        for lung, points in evaluation["tier_b_kept_out_by_lung"].items()
    ]
    spread = _interval(evaluation["tier_b_kept_out_over_patients"])
    told = (
        "The kept-out lungs at the points that ship: false marks a scan; nodules found. CPM with its interval over"
        f" lungs in place of runs: {spread}."
    )
    return [
        told,
        _table(["kept-out lung", *_POINTS], rows),
    ]


def _tier_c(evaluation: dict[str, Any]) -> list[str]:
    rows = _scans(evaluation["tier_c"]["per_scan"])
    patches = [
        [entry["set"], entry["readers"], *(f"{entry['found'][name]} of {entry['of']}" for name in _POINTS)]
        for entry in evaluation["patches"]
    ]
    points = [
        [name, f"{point['score']:.3f}", f"{point['realised']['false_marks_per_scan']:.2f}",
         ", ".join(f"{rate:.1f}" for rate in point["realised"]["by_patient"].values()),
         f"{point['realised']['found']} of {point['realised']['of']}"]
        for name, point in evaluation["operating_points"].items()
    ]  # fmt: skip
    return [
        "### Operating points",
        evaluation["operating_points_note"],
        _table(["point", "score", "false marks a scan", "by patient", "found"], points),
        "### C: real nodules of unseen patients",
        _how_counted(evaluation["tier_c"]["per_scan"]),
        _table(["scan", "nodule", *_POINTS], rows),
        *_kept_out(evaluation),
        "Boxes and cubes, found at each operating point (false marks are not counted there):",
        _table(["set", "readers", *_POINTS], patches),
        evaluation["patches_note"],
    ]


def _scans(scans: list[dict[str, Any]]) -> list[list[str]]:
    rows = []
    for scan in scans:
        for nodule in scan["nodules"] or [None]:
            found = "no nodule" if nodule is None else _real(nodule)
            rows.append([scan["id"], found, *(str(false_marks_of(scan)[name]) for name in _POINTS)])
    return rows


def _how_counted(scans: list[dict[str, Any]]) -> str:
    if all("at_others" in scan for scan in scans):
        return "Too few scans for a CPM. False marks at each operating point as the other lungs alone give it:"
    return "Too few scans for a CPM. False marks at each operating point:"


def _kept_out(evaluation: dict[str, Any]) -> list[str]:
    if "tier_c_kept_out" not in evaluation:
        return []
    told = (
        "The same of the kept-out lungs, whose nodules nobody outlined (“no nodule”: none that was plain to the eye);"
        " what is marked there may be disease:"
    )
    return [
        told,
        _table(["scan", "nodule", *_POINTS], _scans(evaluation["tier_c_kept_out"]["per_scan"])),
    ]


def _calibration(evaluation: dict[str, Any]) -> list[str]:
    stated = evaluation["calibration"]
    rows = [[f"{b['said']:.2f}", f"{b['observed']:.2f}", f"{b['weight']:.0f}"] for b in stated["reliability"]]
    error = (
        f"Expected calibration error of marks from the sensitive point upwards {_interval(stated['ece'])}; of all"
        f" marks, nearly all of which are low and said to be false, {_interval(evaluation['calibration_all'])}."
        + _other_ways(evaluation)
    )
    return [
        "### Calibration",
        f"{error} {evaluation['calibration_note']}",
        _table(["said", "true", "weight"], rows),
    ]


def _other_ways(evaluation: dict[str, Any]) -> str:
    told = ""
    if "ece_over_patients" in evaluation["calibration"]:
        told += f" With the interval over patients: {_interval(evaluation['calibration']['ece_over_patients'])}."
    if "calibration_kept_out" in evaluation:
        told += f" The calibration that ships on the kept-out lungs: {_interval(evaluation['calibration_kept_out'])}."
    for name in ("isotonic", "logistic"):
        if f"calibration_{name}" in evaluation:
            other = _interval(evaluation[f"calibration_{name}"])
            told += f" {name.capitalize()} regression from the sensitive point upwards: {other}."
    return told


def _runtime(runtime: dict[str, Any]) -> list[str]:
    rows = [[name, value] for name, value in runtime["figures"].items()]
    return ["### Time and memory", runtime["machine"], _table(["", ""], rows)]


def manifest_name(evaluation: dict[str, Any]) -> str:
    """Return the name of the model that was measured."""
    return f"{evaluation['model']['id']} {evaluation['model']['version']}"


def _real(nodule: dict[str, Any]) -> str:
    size = f"{nodule['diameter_mm']:g} mm"
    if nodule["rank"] is None:
        return f"{size}: missed"
    return f"{size}: rank {nodule['rank']}, score {nodule['score']:.2f}"


def _group(group: dict[str, Any] | None) -> str:
    if group is None:
        return "none"
    return f"{group['found']} of {group['of']}: {_interval(group)}"


def _diameter(figure: dict[str, Any] | None) -> str:
    return "none" if figure is None else f"{figure['median_ratio']:.2f}, {figure['log_sd']:.2f}"


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else text + "."


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])

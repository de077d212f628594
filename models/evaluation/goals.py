"""What was to be reached without a GPU, beside what was measured: reached or missed, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from models.evaluation.build_texts import SETS, word

_TIER_B: Final = {"solid >= 6 mm": 0.88, "ground glass": 0.40, "< 6 mm": 0.50}
_CPM: Final = 0.78
_BOXES: Final = 0.79
_RANK: Final = 3
_FALSE_MARKS: Final = 1.0
_LOG_SD: Final = 0.12
_ECE: Final = 0.05
_PEAK_MB: Final = 1200
_SMALL_WEIGHTS: Final = 2_000_000
_SECONDS_SMALL: Final = 2.5
_SECONDS: Final = 5.0
_SECONDS_OPENVINO: Final = 3.0
_FASTER: Final = 40.0
_Z: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure, what it should be, and whether it is."""

    what: str
    goal: str
    measured: str
    reached: bool


def goals(evaluation: dict[str, Any], weights: int) -> list[dict[str, Any]]:
    """
    Return every goal for which ``evaluation`` holds a figure, as rows of ``evaluation.json``.

    ``weights`` of the network: one up to two million has half the time of a larger one.
    """
    rows = [*_in_tier_b(evaluation["tier_b"]), *_in_scans(evaluation)]
    rows += _boxes(evaluation["patches"])
    sizes = evaluation.get("diameters")
    rows += [] if sizes is None else [_size(name, sizes[name]) for name in sizes]
    ece = evaluation["calibration"]["ece"]
    rows.append(_at_most("expected calibration error, tier B", _ECE, ece))
    rows += _runtime(evaluation["runtime"], _SECONDS_SMALL if weights <= _SMALL_WEIGHTS else _SECONDS)
    return [asdict(row) for row in rows]


def wilson(found: int, of: int) -> tuple[float, float]:
    """
    Return the 95 % interval of a share.

    *Source:* Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Raises ValueError for an empty set.
    """
    if of < 1:
        raise ValueError("a share needs at least one case")
    share, squared = found / of, _Z**2
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = _Z / (1 + squared / of) * math.sqrt(share * (1 - share) / of + squared / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _in_tier_b(tier: dict[str, Any]) -> list[Goal]:
    rows = [_at_least("tier B, CPM", _CPM, tier["cpm"])]
    for name, least in _TIER_B.items():
        group = tier["groups_at_1"].get(name)
        if group is not None:
            rows.append(_at_least(f"sensitivity at 1 false mark a scan: {name}", least, group, _count(group)))
    return rows


def false_marks_of(scan: dict[str, Any]) -> dict[str, int]:
    """
    Return the false marks of a whole scan by operating point, each read from other patients.

    Evaluations of before have those of the points that ship only.
    """
    counted: dict[str, int] = scan.get("at_others", scan)["false_marks"]
    return counted


def _in_scans(evaluation: dict[str, Any]) -> list[Goal]:
    scans = evaluation["tier_c"]["per_scan"]
    ranks = [nodule["rank"] for scan in scans for nodule in scan["nodules"]]
    near = all(rank is not None and rank <= _RANK for rank in ranks)
    named = ", ".join("missed" if rank is None else str(rank) for rank in ranks)
    false = [false_marks_of(scan)["balanced"] for scan in scans]
    on_others = evaluation["operating_points"]["balanced"]["realised"]
    rate, by_patient = on_others["false_marks_per_scan"], on_others["by_patient"].values()
    joint = on_others["joint_false_marks_per_scan"]
    others = word(len(by_patient) - 1)
    return [
        Goal("whole scans: rank of the nodules", f"<= {_RANK}", named, near),
        Goal(
            "whole scans: false marks a scan at the default point", f"<= {_FALSE_MARKS:g}",
            f"{sum(false) / len(false):.2f} ({', '.join(map(str, false))})", sum(false) <= _FALSE_MARKS * len(false),
        ),
        Goal(
            "tier B: false marks a scan at the default point, patients that it was not read from",
            f"<= {_FALSE_MARKS:g}", f"{rate:.2f} (by patient {min(by_patient):.2f} to {max(by_patient):.2f};"
            f" at the one score of the other {others} together {joint:.2f})",
            max(rate, joint) <= _FALSE_MARKS,
        ),
    ]  # fmt: skip


def _boxes(patches: Sequence[dict[str, Any]]) -> list[Goal]:
    mine = [entry for entry in patches if entry["readers"] == ">= 3" and entry["set"] != SETS["outline_known"]]
    found, of = sum(entry["found"]["balanced"] for entry in mine), sum(entry["of"] for entry in mine)
    if not of:
        return []
    low, high = wilson(found, of)
    figure = {"value": found / of, "low": low, "high": high}
    return [_at_least("real boxes and cubes, >= 3 readers, default point", _BOXES, figure, f"{found} of {of}: ")]


def _size(name: str, figures: dict[str, Any]) -> Goal:
    half = {"set": "half that set the constants", "other": "other half"}[name]
    count = f"{figures['outlined']} of {figures['of']}: "
    return _at_most(f"diameter against readers after outlining, log-SD, {half}", _LOG_SD, figures["log_sd"], count)


def _runtime(runtime: dict[str, Any], seconds: float) -> list[Goal]:
    rows = []
    if "peak_mb" in runtime:
        peak = runtime["peak_mb"]
        rows.append(Goal("peak memory", f"<= {_PEAK_MB} MB", f"{peak:.0f} MB", peak <= _PEAK_MB))
    if "wall_s" in runtime:
        low, high = runtime["wall_s"]
        what = "end to end from decoded volume, two cores (see below), wall time"
        rows.append(Goal(what, f"<= {seconds:g} s", f"{low:.1f} to {high:.1f} s", high <= seconds))
    if "openvino_s" in runtime:
        low, high = runtime["openvino_s"]
        what = "the same with OpenVINO"
        rows.append(Goal(what, f"<= {_SECONDS_OPENVINO:g} s", f"{low:.1f} to {high:.1f} s", high <= _SECONDS_OPENVINO))
    if "monai_ratio" in runtime:
        ratio = runtime["monai_ratio"]
        what = "MONAI's RetinaNet against this network, same voxels, processor time in one run"
        rows.append(Goal(what, f">= {_FASTER:g} times", f"{ratio:.0f} times", ratio >= _FASTER))
    return rows


def _at_least(what: str, least: float, figure: dict[str, float], count: str = "") -> Goal:
    return Goal(what, f">= {least:g}", count + _interval(figure), figure["value"] >= least)


def _at_most(what: str, most: float, figure: dict[str, float], count: str = "") -> Goal:
    return Goal(what, f"<= {most:g}", count + _interval(figure), figure["value"] <= most)


def _count(group: dict[str, Any]) -> str:
    return f"{group['found']} of {group['of']}: "


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"

"""A card says of every goal whether it was reached, with the interval, and hides none that was missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.evaluation.card_text import card_text
from models.evaluation.diameters import Sizes, size_figures, spread_interval
from models.evaluation.goals import goals, wilson

SMALL, LARGE = 1_400_000, 2_800_000
"""Weights of the two networks that the goals speak of."""


def _figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def _evaluation(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  values of several types
    return {
        "tier_b": {
            "cpm": _figure(0.8),
            "groups_at_1": {
                "solid >= 6 mm": {"found": 9, "of": 10, **_figure(0.9)},
                "ground glass": {"found": 3, "of": 10, **_figure(0.3)},
            },
        },
        "tier_c": {
            "per_scan": [
                {"nodules": [{"rank": 2}], "false_marks": {"balanced": 0}},
                {"nodules": [], "false_marks": {"balanced": 3}},
            ]
        },
        "patches": [
            {"set": "unseen", "readers": ">= 3", "found": {"balanced": 3}, "of": 3},
            {"set": "kept out", "readers": ">= 3", "found": {"balanced": 13}, "of": 15},
            {"set": "outline known", "readers": ">= 3", "found": {"balanced": 0}, "of": 7},
            {"set": "kept out", "readers": "1 or 2", "found": {"balanced": 0}, "of": 9},
        ],
        "operating_points": {
            "balanced": {
                "realised": {
                    "false_marks_per_scan": 0.9, "by_patient": {"P": 0.1, "Q": 1.7}, "joint_false_marks_per_scan": 1.2,
                }
            }
        },
        "calibration": {"ece": _figure(0.05)},
        "runtime": {"peak_mb": 900, "wall_s": [2.0, 2.6], "monai_ratio": 39.0},
        **changes,
    }  # fmt: skip


def _by_name(rows: list[dict[str, Any]]) -> dict[str, tuple[str, bool]]:
    return {row["what"].split(",")[0].split(":")[-1].strip(): (row["measured"], row["reached"]) for row in rows}


def test_each_goal_is_told_with_its_figure_and_whether_it_was_reached() -> None:
    rows = goals(_evaluation(), SMALL)

    assert [(row["what"].split(",")[0], row["reached"]) for row in rows] == [
        ("tier B", True),
        ("sensitivity at 1 false mark a scan: solid >= 6 mm", True),
        ("sensitivity at 1 false mark a scan: ground glass", False),
        ("whole scans: rank of the nodules", True),
        ("whole scans: false marks a scan at the default point", False),
        ("tier B: false marks a scan at the default point", False),
        ("real boxes and cubes", True),
        ("expected calibration error", True),
        ("peak memory", True),
        ("end to end from decoded volume", False),
        ("MONAI's RetinaNet against this network", False),
    ]
    assert rows[0]["measured"] == "0.800 (0.750 to 0.850)"
    assert rows[4]["measured"] == "1.50 (0, 3)"


def test_boxes_of_every_set_count_together_with_the_interval_of_a_share() -> None:
    rows = _by_name(goals(_evaluation(), SMALL))

    # 16 of 18 by Wilson's formula
    assert rows["real boxes and cubes"] == ("16 of 18: 0.889 (0.672 to 0.969)", True)


def test_a_larger_network_has_more_time_and_openvino_a_goal_of_its_own() -> None:
    runtime = {"wall_s": [2.0, 4.9], "openvino_s": [1.0, 3.1]}

    rows = {row["what"]: row for row in goals(_evaluation(runtime=runtime), LARGE)}

    cpu, openvino = (row for name, row in rows.items() if "wall time" in name or "OpenVINO" in name)
    assert (cpu["goal"], cpu["measured"], cpu["reached"]) == ("<= 5 s", "2.0 to 4.9 s", True)
    assert (openvino["goal"], openvino["measured"], openvino["reached"]) == ("<= 3 s", "1.0 to 3.1 s", False)


def test_a_missed_nodule_misses_the_rank() -> None:
    scans = {"per_scan": [{"nodules": [{"rank": None}, {"rank": 1}], "false_marks": {"balanced": 0}}]}
    rows = _by_name(goals(_evaluation(tier_c=scans), SMALL))

    assert rows["rank of the nodules"] == ("missed, 1", False)


def test_sizes_of_both_halves_are_goals_where_they_were_measured() -> None:
    figures = {"set": size_figures(Sizes((0.1, -0.1, 0.1, -0.1), 0)), "other": size_figures(Sizes((0.2, -0.2), 1))}
    rows = goals(_evaluation(diameters=figures, patches=[]), SMALL)

    sizes = [row for row in rows if row["what"].startswith("diameter")]
    assert [row["reached"] for row in sizes] == [True, False]
    assert sizes[0]["measured"].startswith("4 of 4: 0.100 (")
    assert sizes[1]["measured"].startswith("2 of 3: 0.200 (")


def test_a_spread_has_an_interval_that_holds_it_and_needs_two_nodules() -> None:
    logs = np.random.default_rng(1).normal(0, 0.1, 200).tolist()
    low, high = spread_interval(logs)

    assert low < 0.1 < high
    assert high - low < 0.03
    with pytest.raises(ValueError, match="two values"):
        spread_interval([0.1])


def test_a_share_of_nothing_has_no_interval() -> None:
    assert wilson(0, 10)[0] == 0.0
    assert wilson(0, 10)[1] == pytest.approx(0.2775, abs=1e-4)  # as tabulated for 0 of 10
    with pytest.raises(ValueError, match="at least one"):
        wilson(0, 0)


def test_the_card_names_first_what_was_missed(finished_card: str) -> None:
    assert "Missed: sensitivity at 1 false mark a scan: ground glass; whole scans: false marks" in finished_card
    assert "| tier B, CPM | >= 0.78 | 0.800 (0.750 to 0.850) | yes |" in finished_card
    assert "| peak memory | <= 1200 MB | 900 MB | yes |" in finished_card


@pytest.fixture
def finished_card() -> str:
    import json  # noqa: PLC0415  one test's tool

    from models.engine.registry import BUNDLES  # noqa: PLC0415  ditto

    folder = BUNDLES / "lung-nodule-xs"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    evaluation = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    return card_text(manifest, evaluation | {"goals": goals(_evaluation(), SMALL)})

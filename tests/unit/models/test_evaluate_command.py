"""``lianyue evaluate``: cases with reference annotations in, figures out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models.engine.manifest import Calibration, Text
from models.engine.registry import Bundle
from models.evaluation.cases import Reference, cases_as_json, read_cases
from models.evaluation.evaluate_command import evaluate_cases
from models.evaluation.froc import Case, Nodule, Outline, Scored, judge
from models.evaluation.summary import summarise
from tests.helpers.models import Job, refused, thorax
from workstation.cli import main
from workstation.domain.errors import HostileInput
from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.ports import DetectionResult, JobContext
from workstation.domain.volume import Volume

SQUARE = [[-5.0, -5.0], [5.0, -5.0], [5.0, 5.0], [-5.0, 5.0]]


def _nodule(x: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401  JSON
    return {"centre_lps_mm": [x, 0, 0], "diameter_mm": 10, **more}


def _mark(x: float, score: float) -> dict[str, Any]:
    return {"centre_lps_mm": [x, 0, 0], "score": score, "diameter_mm": 9}


def _write(folder: Path, *cases: dict[str, Any]) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return path


@dataclass
class _Result:
    marks: tuple[Mark, ...]
    algorithm: AlgorithmIdentity = field(default_factory=lambda: AlgorithmIdentity("a", "1", "0" * 64))
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class _Detector:
    """Marks the same place in every volume."""

    def detect(self, volume: Volume, job: JobContext) -> DetectionResult:
        job.progress(1.0)
        return _Result((Mark((1.0, 0.0, 0.0), 9.0, 0.9, shown=True, label="nodule"),))


def _evaluate(path: Path, **more: Any) -> dict[str, Any]:  # noqa: ANN401  handed on
    def unread(_path: Path, _job: JobContext) -> Volume:
        raise AssertionError("no series is read")

    return evaluate_cases(path, None, "cpu", more.pop("load_volume", unread), Job(), **more)


def test_readers_are_held_against_the_model_and_against_one_another(tmp_path: Path) -> None:
    yes, no = "accepted", "rejected"
    first = [_mark(x, score) for x, score in ((0, 0.99), (50, 0.98), (90, 0.01))]
    second = [_mark(x, score) for x, score in ((0, 0.97), (50, 0.02))]
    path = _write(
        tmp_path,
        {"id": "A", "nodules": [], "marks": first, "decisions": {"li": [yes, no, no], "wu": [yes, no, ""]}},
        {"id": "B", "nodules": [], "marks": second, "decisions": {"li": [yes, no], "wu": [no, no]}},
        {"id": "C", "nodules": [], "marks": [_mark(0, 0.5)]},
    )

    told = _evaluate(path)["agreement"]

    # the model shows marks 1, 2 and 4 of five: li agrees on four, 0.8 against 0.48 by chance
    assert told["readers"]["li"] == {"accepted": 2, "rejected": 3, "precision": 0.4, "kappa_with_model": 0.6154}
    assert told["readers"]["wu"]["precision"] == 0.25
    # of the four marks that both decided three alike, 0.75 against 0.5 by chance
    assert told["between_readers"] == [{"readers": ["li", "wu"], "marks": 4, "kappa": 0.5}]


def test_nothing_is_said_of_agreement_where_nobody_decided(tmp_path: Path) -> None:
    nobody = {"id": "A", "nodules": [_nodule(0)], "marks": [_mark(1, 0.9)], "decisions": {"li": [""]}}

    assert _evaluate(_write(tmp_path, nobody))["agreement"] is None


@pytest.mark.parametrize("said", [["accepted"], ["accepted", "perhaps"]])
def test_decisions_that_fit_no_marks_are_refused(tmp_path: Path, said: list[str]) -> None:
    marks = [_mark(1, 0.9), _mark(50, 0.6)]

    with refused(HostileInput, "Case 1 of the list is wrong"):
        read_cases(_write(tmp_path, {"id": "A", "nodules": [], "marks": marks, "decisions": {"li": said}}))


def test_cases_with_marks_are_judged_without_running_a_model(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        {"id": "A", "nodules": [_nodule(0, kind="solid", location="free")], "marks": [_mark(1, 0.9), _mark(50, 0.6)]},
        {"id": "B", "nodules": [_nodule(0, kind="solid")], "excluded": [_nodule(70)], "marks": [_mark(70, 0.8)]},
    )
    figures = _evaluate(path)["figures"]

    assert (figures["scans"], figures["nodules"], figures["false_marks"]) == (2, 2, 1)
    # one of two found, above every false mark
    assert figures["sensitivity_at"] == dict.fromkeys(["0.125", "0.25", "0.5", "1", "2", "4", "8"], 0.5)
    assert figures["cpm"]["value"] == 0.5
    assert figures["groups_at_1"]["type solid"] | {} == {"found": 1, "of": 2, "value": 0.5, "low": 0.0, "high": 1.0}
    assert figures["per_scan"][0]["nodules"] == [{"diameter_mm": 10.0, "score": 0.9, "rank": 1}]
    assert figures["per_scan"][1]["nodules"] == [{"diameter_mm": 10.0, "score": None, "rank": None}]


def test_a_folder_with_cases_runs_the_detector_on_each_series(tmp_path: Path) -> None:
    _write(tmp_path, {"id": "A", "nodules": [_nodule(0)], "series": "one"})
    read: list[Path] = []

    def load(path: Path, _job: JobContext) -> Volume:
        read.append(path)
        return thorax(shape=(4, 4, 4))

    def make(_bundle: Bundle, _provider: str) -> _Detector:
        return _Detector()

    result = _evaluate(tmp_path, load_volume=load, make_detector=make)

    assert read == [tmp_path / "one"]
    assert result["figures"]["cpm"]["value"] == 1.0
    assert result["model"]["id"].startswith("lung-nodule")


def test_readers_outlines_are_judged_too_where_every_nodule_has_some(tmp_path: Path) -> None:
    outline = {"z_mm": 0, "half_mm": 0.5, "points_xy_mm": [[-20, -3], [20, -3], [20, 3], [-20, 3]]}
    path = _write(tmp_path, {"id": "A", "nodules": [_nodule(0, outlines=[outline])], "marks": [_mark(15, 0.9)]})
    result = _evaluate(path)

    assert result["figures"]["cpm"]["value"] == 0.0
    assert result["inside_outlines"]["cpm"]["value"] == 1.0
    assert _evaluate(_write(tmp_path, {"id": "A", "nodules": [_nodule(0)], "marks": []}))["inside_outlines"] is None


def test_scans_without_any_nodule_have_false_marks_and_no_cpm(tmp_path: Path) -> None:
    figures = _evaluate(_write(tmp_path, {"id": "A", "nodules": [], "marks": [_mark(0, 0.99)]}))["figures"]

    assert "cpm" not in figures
    assert figures["false_marks"] == 1
    assert figures["few_scans"]


@pytest.mark.parametrize(
    "case",
    [
        {"id": "A", "nodules": []},
        {"id": "A", "nodules": [], "marks": [], "series": "x"},
        {"id": "A", "nodules": [{"centre_lps_mm": [0, 0], "diameter_mm": 4}], "marks": []},
        {"id": "A", "nodules": [{"centre_lps_mm": [0, 0, 0], "diameter_mm": 0}], "marks": []},
        {"id": "A", "nodules": [], "marks": [_mark(0, 1.5)]},
        {"id": "A", "nodules": [], "marks": [{"centre_lps_mm": [0, 0, "NaN"], "score": 0.5, "diameter_mm": 4}]},
        {"nodules": [], "marks": []},
        "A",
    ],
)
def test_a_wrong_case_is_refused_with_its_number(tmp_path: Path, case: Any) -> None:  # noqa: ANN401  hostile JSON
    path = _write(tmp_path, {"id": "ok", "nodules": [], "marks": []}, case)

    with refused(HostileInput, "Case 2 of the list is wrong"):
        read_cases(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cases": 4}', '{"cases": []}', "[" * 100_000])
def test_what_is_no_list_of_cases_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "cases.json").write_text(text, encoding="utf-8")

    with refused(HostileInput, "“cases.json” is not a list of cases"):
        read_cases(tmp_path)


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with refused(HostileInput, "“none.json” is not a list of cases"):
        read_cases(tmp_path / "none.json")


def test_written_cases_are_read_back(tmp_path: Path) -> None:
    outline = Outline(1.0, ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0)), 0.5)
    nodule = Nodule((1.0, 2.0, 3.0), 8.0, "solid", "pleura", (outline,))
    case = Reference("A", (nodule,), (Nodule((9.0, 9.0, 9.0), 4.0),), None, (Scored((1.0, 2.0, 3.0), 0.5, 7.0),))
    path = tmp_path / "a.json"
    path.write_text(json.dumps(cases_as_json([case])), encoding="utf-8")

    assert read_cases(path) == [case]


def test_calibration_is_judged_with_the_weight_of_true_marks() -> None:
    # said 0.5 for both marks; true counts 1/3: observed (1/3) / (4/3) = 0.25
    calibration = Calibration((0.0, 1.0), (0.5, 0.5), Text("a", "a"))
    marks = (Scored((0.0, 0.0, 0.0), 0.9, 10.0), Scored((50.0, 0.0, 0.0), 0.4, 10.0))
    scan = judge(Case("A", (Nodule((0.0, 0.0, 0.0), 10.0),), (), marks))
    figures = summarise([scan], operating_points={"balanced": 0.5}, calibration=calibration, true_weight=1 / 3)

    assert figures["calibration"]["ece"]["value"] == 0.25
    assert figures["at_operating_points"]["balanced"]["found"] == 1
    assert figures["at_operating_points"]["balanced"]["false_marks_per_scan"] == 0.0


def test_the_command_writes_figures_and_says_the_cpm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path, {"id": "A", "nodules": [_nodule(0)], "marks": [_mark(0, 0.9)]})
    out = tmp_path / "figures.json"

    assert main(["evaluate", str(path), "--json", str(out), "--language", "en"]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["figures"]["cpm"]["value"] == 1.0
    assert capsys.readouterr().out.splitlines() == [
        "1 scans, 1 nodules, CPM 1.000 (1.000 to 1.000)",
        "Under 50 scans: the interval is too wide to quote the CPM for real nodules.",
    ]


def test_the_command_says_what_is_wrong_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path), "--language", "en"]) == 2
    assert "is not a list of cases" in capsys.readouterr().err


def test_the_command_prints_figures_where_no_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _write(tmp_path, {"id": "A", "nodules": [], "marks": [_mark(0, 0.9)]})

    assert main(["evaluate", str(path), "--language", "en"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["false_marks"] == 1
    assert main(["evaluate", str(path), "--json", str(tmp_path / "f.json"), "--language", "en"]) == 0
    assert capsys.readouterr().out == "1 scans, 1 marks, no nodule\n"

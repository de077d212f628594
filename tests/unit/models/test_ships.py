"""New weights take the place of the old ones by a rule that was written down before they were judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.evaluation.cases import Reference, cases_as_json
from models.evaluation.froc import Nodule, Scored
from models.evaluation.ships import main


def _scan(patient: str, found: list[float], false: list[float]) -> Reference:
    nodules = tuple(Nodule((100.0 * n, 0.0, 0.0), 8.0) for n in range(len(found)))
    marks = [Scored((100.0 * n, 0.0, 1.0), score, 8.0) for n, score in enumerate(found) if score >= 0]
    marks += [Scored((0.0, 100.0 + 20 * n, 0.0), score, 6.0) for n, score in enumerate(false)]
    return Reference(f"{patient}#0", nodules, (), None, tuple(marks))


def _measured(folder: Path, test: list[Reference], development: list[Reference] | None = None) -> Path:
    folder.mkdir()
    for split, cases in (("test", test), ("development", development)):
        if cases is not None:
            (folder / f"tier-b-{split}.json").write_text(json.dumps(cases_as_json(cases)), encoding="utf-8")
    return folder


def _told(new: Path, old: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main([str(new), str(old)])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, told


FALSE = [0.5, 0.4]
OLD = [_scan("P", [0.9, 0.45], FALSE), _scan("Q", [0.9, 0.45], FALSE), _scan("R", [0.9, -1.0], [0.8, 0.7, 0.6])]
BETTER = [_scan(patient, [0.9, 0.8], [0.2, 0.1]) for patient in ("P", "Q", "R")]
KEPT_OUT = [_scan("D", [0.9], FALSE), _scan("E", [0.9], FALSE)]


def test_better_on_the_test_patients_and_four_false_marks_on_every_lung_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new, old = _measured(tmp_path / "new", BETTER, KEPT_OUT), _measured(tmp_path / "old", OLD)

    code, told = _told(new, old, capsys)

    assert (code, told["ships"]) == (0, True)
    assert told["holds"] == {"cpm": True, "default_point": True, "sensitive_point": True}
    # four false marks a scan are allowed and no lung has more than two
    sensitive = told["sensitive_point_leaving_one_lung_out"]
    assert sensitive["false_marks_per_scan"] == 2.0
    assert sensitive["by_patient"] == {"P": 2.0, "Q": 2.0, "R": 2.0, "D": 2.0, "E": 2.0}
    # counted on the test patients alone, however many lungs give the point: D and E with one other allow three of
    # .5 .5 .4 .4: a test patient is judged at 0.401. Of the old ones R alone gives P and Q 0.701, P alone gives R 0.401
    new_point, old_point = told["default_point_on_test_patients"]
    assert new_point["by_patient"] == {"P": 0.0, "Q": 0.0, "R": 0.0}
    assert old_point["by_patient"] == {"P": 0.0, "Q": 0.0, "R": 3.0}


def test_a_sensitive_point_that_does_not_carry_over_to_a_lung_left_out_does_not_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = [_scan("D", [0.9], [0.65] + [0.3] * 25), _scan("E", [0.9], FALSE)]
    new, old = _measured(tmp_path / "new", BETTER, full), _measured(tmp_path / "old", OLD)

    code, told = _told(new, old, capsys)

    # three others have six false marks at most, where twelve are allowed: every mark of D counts. With D twelve of its
    # 25 at 0.3 are too many, so the other lungs are judged at 0.301, above which only E has two: 28 / 5
    sensitive = told["sensitive_point_leaving_one_lung_out"]
    assert sensitive["by_patient"] == {"P": 0.0, "Q": 0.0, "R": 0.0, "D": 26.0, "E": 2.0}
    assert sensitive["false_marks_per_scan"] == 5.6
    assert told["holds"] == {"cpm": True, "default_point": True, "sensitive_point": False}
    assert (code, told["ships"]) == (1, False)


def test_what_finds_no_more_or_marks_more_falsely_does_not_ship(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = _measured(tmp_path / "same", OLD, KEPT_OUT)
    old = _measured(tmp_path / "old", OLD)

    code, told = _told(same, old, capsys)

    assert told["difference"]["value"] == 0.0
    assert not told["holds"]["cpm"]
    assert code == 1


def test_figures_of_different_images_are_not_compared(tmp_path: Path) -> None:
    new, old = _measured(tmp_path / "new", BETTER, KEPT_OUT), _measured(tmp_path / "old", OLD[::-1])

    with pytest.raises(ValueError, match="same images"):
        main([str(new), str(old)])

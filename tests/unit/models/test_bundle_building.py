"""A bundle is finished from measured cases; nothing on its card is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine.manifest import Text
from models.engine.registry import check_bundle
from models.evaluation import build_texts as texts
from models.evaluation.build import (
    by_what_is_known,
    evaluation_of,
    finish,
    golden_input,
    judged,
    main,
    patch_figures,
    patch_scores,
)  # fmt: skip
from models.evaluation.card_text import card_text
from models.evaluation.cases import Reference, cases_as_json
from models.evaluation.earned import main as earned
from models.evaluation.facts import Facts, Network, Stage, facts_of
from models.evaluation.froc import Case, Judged, Nodule, Scored, false_marks_above, gain, judge
from models.evaluation.operating_points import (
    by_patient,
    calibration,
    cross_calibrated,
    over_patients,
    points,
    realised,
    shipped_points,
)
from models.evaluation.patches import Patch
from tests.helpers.models import copied_bundle
from tests.helpers.training import ball


def _scan(name: str, false: list[float], found: list[float]) -> Reference:
    nodules = tuple(Nodule((100.0 * n, 0.0, 0.0), 8.0, "solid", "free") for n in range(len(found)))
    marks = [Scored((100.0 * n, 0.0, 1.0), score, 8.0) for n, score in enumerate(found) if score >= 0]
    marks += [Scored((0.0, 100.0 + 20 * n, 0.0), score, 6.0) for n, score in enumerate(false)]
    return Reference(name, nodules, (), None, tuple(marks))


SCANS = [
    _scan("P#0", [0.5, 0.3, 0.1], [0.9, 0.8]),
    _scan("P#1", [0.4, 0.2, 0.1], [0.7, -1.0]),
    _scan("Q#0", [0.65, 0.6, 0.1], [0.95, 0.55]),
    _scan("Q#1", [0.35, 0.25, 0.15], [0.85, 0.05]),
]


def _judged() -> list[Judged]:
    return [judge(Case(c.id, c.nodules, c.excluded, c.marks or ())) for c in SCANS]


def test_a_point_allows_its_false_marks_over_all_scans() -> None:
    # 12 false marks in 4 scans: at 1 a scan 4 are allowed, the fifth is 0.35; at 0.25 one, the second is 0.6
    found = points(_judged())

    assert found == {"sensitive": 0.0, "balanced": 0.351, "specific": 0.601}


def test_the_most_careful_of_the_scores_ships() -> None:
    # from Q's scans 0.351, 0.651 - one allowed in two scans at 0.25 would be half a mark, so none - and from P's 0.301
    assert shipped_points(by_patient(_judged())) == {"sensitive": 0.0, "balanced": 0.351, "specific": 0.651}


def test_a_patient_is_judged_at_the_score_of_the_others() -> None:
    given = realised(by_patient(_judged()))["balanced"]

    # P by Q's score (2 allowed of .65 .6 .35: 0.351): false .5 .4 -> 1 a scan; Q by P's (0.301): .65 .6 .35 -> 1.5
    assert given["by_patient"] == {"P": 1.0, "Q": 1.5}
    assert given["false_marks_per_scan"] == 1.25
    assert given["joint_false_marks_per_scan"] == 1.25
    assert (given["found"], given["of"]) == (6, 8)


def test_the_rule_that_ships_is_judged_on_the_patient_left_out() -> None:
    scans = [_scan("P#0", [0.2, 0.1], []), _scan("Q#0", [0.9, 0.8], []), _scan("R#0", [0.7, 0.6, 0.5], [0.95])]
    given = realised(by_patient([judge(Case(c.id, c.nodules, (), c.marks or ())) for c in scans]))["balanced"]

    # alone P allows from 0.101, Q from 0.801, R from 0.601. P and Q by the higher of the others: 0.801 and 0.601;
    # R by 0.801. Read together: P by 0.701 (2 in Q and R), Q by 0.501, R by 0.201 (2 allowed in P and Q: .9 .8)
    assert given["by_patient"] == {"P": 0.0, "Q": 2.0, "R": 0.0}
    assert given["false_marks_per_scan"] == pytest.approx(0.667)
    assert given["joint_false_marks_per_scan"] == pytest.approx(5 / 3, abs=1e-3)


def test_calibration_never_promises_certainty_from_a_few_patients() -> None:
    fitted = calibration(by_patient(_judged()), 0.5, Text("a", "b"), "isotonic")

    # two patients of two scans: a true mark weighs 0.25. The true mark of 0.05 lies below ten false ones of 0.5 each
    # (0.1 to 0.5) and half a false mark is added: 0.25 / (0.25 + 5 + 0.5)
    assert (fitted.score[0], fitted.probability[0]) == (0.05, 0.0435)
    # 0.7 to 0.95: five true marks, none false, half a false mark added: 1.25 / 1.75
    assert (fitted.score[-1], fitted.probability[-1]) == (0.95, 0.7143)


def test_calibration_is_judged_by_what_other_patients_taught() -> None:
    scans = [_scan("P#0", [0.3, 0.1], [0.9]), _scan("Q#0", [0.3, 0.1], [0.9])]
    honest = cross_calibrated(
        by_patient([judge(Case(c.id, c.nodules, (), c.marks or ())) for c in scans]), 1.0, least=0.2, method="isotonic"
    )

    # told 1 / (1 + 0.5) for the true marks and 0 for the false ones: (1/3 + 1/3 + 0 + 0) / 4
    assert honest["ece"]["value"] == pytest.approx(1 / 6, abs=1e-4)
    assert sum(b["weight"] for b in honest["reliability"]) == 4.0  # the marks of 0.1 are never shown
    # Q teaches P 0 at 0.3 and 2/3 at 0.9, where the truth is 1 and 0; P teaches Q 1 / 2.5 = 0.4 for both, of which one
    # is true: (1 + 2/3 + 2 * 0.1) / 4
    scans = [_scan("P#0", [0.9], [0.3]), _scan("Q#0", [0.3], [0.9])]
    wrong = cross_calibrated(
        by_patient([judge(Case(c.id, c.nodules, (), c.marks or ())) for c in scans]), 1.0, least=0.0, method="isotonic"
    )
    assert wrong["ece"]["value"] == pytest.approx((1 + 2 / 3 + 0.2) / 4, abs=1e-4)


def test_an_interval_over_patients_keeps_the_scans_of_each_together() -> None:
    scans = [_scan(f"P#{n}", [0.9], []) for n in range(8)] + [_scan(f"Q#{n}", [], []) for n in range(8)]
    judged = [judge(Case(c.id, c.nodules, (), c.marks or ())) for c in scans]

    found = over_patients(by_patient(judged), lambda sample: false_marks_above(sample, 0.5))

    # two patients of 1 and 0 marks a scan: drawn twice they give 0, 1/2 or 1, however many scans each has
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_what_is_gained_is_read_from_the_same_images_only() -> None:
    scans = _judged()
    fewer = [judge(Case(c.id, c.nodules, (), ())) for c in SCANS]

    assert gain(scans, scans).value == 0.0
    assert gain(scans, fewer).value > 0.2
    with pytest.raises(ValueError, match="same images"):
        gain(scans, scans[::-1])


def test_boxes_are_counted_by_set_and_readers() -> None:
    scores = [
        {"set": "unseen", "readers": 4, "score": 0.5},
        {"set": "unseen", "readers": 3, "score": 0.2},
        {"set": "unseen", "readers": 1, "score": 0.9},
    ]
    many, few = patch_figures(scores, {"balanced": 0.4})

    assert (many["readers"], many["found"], many["of"]) == (">= 3", {"balanced": 1}, 2)
    assert (few["readers"], few["found"], few["of"]) == ("1 or 2", {"balanced": 1}, 1)


def test_the_golden_crop_is_a_phantom_in_the_networks_range() -> None:
    value = golden_input()

    assert value.shape == (1, 1, 48, 64, 64)
    assert value.dtype == np.float32
    assert float(value.min()) >= 0
    assert float(value.max()) <= 1


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    folder = copied_bundle(tmp_path)
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "tier-b-test.json").write_text(json.dumps(cases_as_json(SCANS)), encoding="utf-8")
    real = [_scan("R-1", [0.5], [0.9]), _scan("R-2", [], []), _scan("R-3", [0.1], [-1.0])]
    (cases / "tier-c-test.json").write_text(json.dumps(cases_as_json(real)), encoding="utf-8")
    boxes = [{"set": "unseen", "readers": 4, "score": 0.7}]
    runtime = {"machine": "two cores", "figures": {"end to end": "3.0 s"}}
    evaluation, changes = evaluation_of(cases, ("old 0.1", cases), boxes, runtime, facts_of(folder))
    finish(folder, evaluation, changes)
    return folder, evaluation


def test_a_finished_bundle_passes_the_whole_gate(finished: tuple[Path, dict[str, Any]]) -> None:
    bundle = check_bundle(finished[0])

    assert [p.name for p in bundle.manifest.operating_points] == ["sensitive", "balanced", "specific"]
    assert bundle.manifest.threshold == 0.351
    assert bundle.manifest.calibration is not None
    assert bundle.golden is not None


def test_the_card_gives_the_figures_of_the_evaluation(finished: tuple[Path, dict[str, Any]]) -> None:
    folder, evaluation = finished
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))

    assert card == card_text(manifest, evaluation)
    assert "| R-1 | 8 mm: rank 1, score 0.90 | 1 | 1 | 0 |" in card
    assert "| R-2 | no nodule | 0 | 0 | 0 |" in card
    assert "| R-3 | 8 mm: missed | 1 | 0 | 0 |" in card
    assert "| LIDC-IDRI-0055, unseen | >= 3 | 1 of 1 | 1 of 1 | 1 of 1 |" in card
    assert "| balanced | 0.351 | 1.25 | 1.0, 1.5 | 6 of 8 |" in card
    assert "| end to end | 3.0 s |" in card
    assert f"CPM | {evaluation['tier_b']['cpm']['value']:.3f}" in card


def test_finishing_twice_changes_nothing(finished: tuple[Path, dict[str, Any]]) -> None:
    folder, evaluation = finished
    before = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    changes = {"operating_points": manifest["operating_points"], "calibration": manifest["calibration"]}
    finish(folder, evaluation, changes)

    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_the_version_and_the_time_on_the_card_are_set_by_the_build_and_never_go_back(
    finished: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder, evaluation = finished
    now = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"]
    faster = {"machine": "four cores", "figures": {"end to end": "1.5 s"}, "peak_mb": 901}
    (tmp_path / "runtime.json").write_text(json.dumps(faster), encoding="utf-8")

    main([str(folder), "--version", "12.0.0", "--runtime", str(tmp_path / "runtime.json")])

    bundle = check_bundle(folder)
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    told = json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))
    assert (bundle.manifest.version, bundle.identity.version, told["model"]["version"]) == ("12.0.0",) * 3
    assert card.startswith("# lung-nodule-xs 12.0.0")
    assert "| end to end | 1.5 s |" in card
    assert bundle.manifest.peak_mb == 1000  # never less than was measured: it is held against the memory that is free
    assert told["tier_b"] == evaluation["tier_b"]  # nothing else was judged anew
    for wrong in (now, "12.0", "v13"):
        with pytest.raises(ValueError, match=r"not below 12\.0\.0"):
            finish(folder, told, {}, wrong)


def test_a_box_is_scored_by_the_best_mark_near_its_nodule(tmp_path: Path) -> None:
    bundle = check_bundle(copied_bundle(tmp_path))
    hu = np.full((48, 64, 64), -860, np.int16)
    solid = ball(14.0) > 0.5
    low = [(n - m) // 2 for n, m in zip(hu.shape, solid.shape, strict=True)]
    box = tuple(slice(a, a + n) for a, n in zip(low, solid.shape, strict=True))
    hu[box][solid] = 40
    centre = tuple(a + (n - 1) / 2 for a, n in zip(low, solid.shape, strict=True))
    here = Patch("a", hu, (centre[0], centre[1], centre[2]), 14.0, 4)
    elsewhere = Patch("b", hu, (8.0, 8.0, 8.0), 6.0, 1)
    near, far = patch_scores({"unseen": [here, elsewhere]}, bundle.model, bundle.manifest)

    assert near["score"] > 0.4
    assert far["score"] == 0.0


S = Network((24, 48, 96, 128), (2, 2, 1), 48, 2_818_181)
NEW = Facts(S, 13, 54, frozenset({"LIDC-IDRI-0818"}), None, one_lesion=True)


def _with_development(cases: Path) -> None:
    """Write cases of two test patients and three development lungs, on which isotonic regression errs least."""
    cases.mkdir()
    names = ["LCTSC-S1-102", "LCTSC-S1-202", "QIN-LSC-0003"]
    kept = [
        _scan(f"{name}#{n}", [0.45 - 0.01 * k, 0.3, 0.2, 0.1], [0.9 - 0.01 * k, 0.8, 0.55])
        for k, name in enumerate(names)
        for n in range(4)
    ]
    for split, scans in (("test", SCANS), ("development", kept)):
        (cases / f"tier-b-{split}.json").write_text(json.dumps(cases_as_json(scans)), encoding="utf-8")
    real = {"test": [_scan("R-1", [0.5], [0.9])], "development": [_scan("QIN-LSC-0003", [0.95], [0.9])]}
    for split, scans in real.items():
        (cases / f"tier-c-{split}.json").write_text(json.dumps(cases_as_json(scans)), encoding="utf-8")


def test_development_lungs_are_told_beside_the_test_patients_and_choose_the_way_from_score_to_chance(
    tmp_path: Path,
) -> None:
    cases = tmp_path / "cases"
    _with_development(cases)
    boxes = [{"set": "outline_known", "readers": 4, "score": 0.7}]

    told, changes = evaluation_of(cases, ("xs 0.4", cases), boxes, {"machine": "m", "figures": {}}, NEW)

    assert (told["tier_b"]["scans"], told["tier_b_kept_out"]["scans"]) == (4, 12)
    assert told["tier_b_before"]["figures"]["nodules"] == told["tier_b"]["nodules"] == 8
    assert told["tier_b_gain"]["value"] == 0.0
    # nobody outlined what is in the development lungs: no operating point is read from them
    assert list(told["operating_points"]["balanced"]["realised"]["by_patient"]) == ["P", "Q"]
    assert changes["operating_points"][1]["score"] == 0.351
    # of .45 .3 .2 .1 and of .9 .8 .55 in each run, 0.351 shows one false mark and all three nodules
    assert told["tier_b_kept_out_by_lung"]["LCTSC-S1-102"]["balanced"] == [1.0, 12, 12]
    assert told["tier_c_kept_out"]["per_scan"][0]["nodules"][0]["rank"] == 2
    # the marks of the development lungs are told apart better by steps than by a line
    assert changes["calibration"]["method"] == told["calibration"]["method"] == "isotonic"
    assert "calibration_logistic" in told
    assert "the test patients had no say" in told["calibration_note"]
    assert "second stage" not in told["method"]
    assert "channels 24-48-96-128" in told["method"]
    assert "2.8 million" in told["method"]


def test_a_whole_scan_is_counted_at_points_that_were_read_from_other_patients(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    _with_development(cases)

    told, _ = evaluation_of(cases, None, [], {"machine": "m", "figures": {}}, NEW, pooled=True)

    kept = judged(cases / "tier-b-development.json")
    others = [scan for scan in kept if not scan.case.id.startswith("QIN-LSC-0003")]
    (scan,) = told["tier_c_kept_out"]["per_scan"]
    own = scan["at_others"]
    assert own["scores"] == shipped_points(by_patient(judged(cases / "tier-b-test.json") + others))
    assert own["scores"] != {name: point["score"] for name, point in told["operating_points"].items()}
    # one false mark of 0.95, above every point
    assert own["false_marks"] == {"sensitive": 1, "balanced": 1, "specific": 1}
    # nothing was read from a patient that tier B has not
    assert told["tier_c"]["per_scan"][0]["at_others"]["scores"] == {
        name: point["score"] for name, point in told["operating_points"].items()
    }


def test_no_cpm_is_told_of_a_handful_of_real_scans(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    _with_development(cases)

    told, _ = evaluation_of(cases, None, [], {"machine": "m", "figures": {}}, NEW)

    assert {"cpm", "sensitivity_at", "sensitivity_interval_at"} & told["tier_c"].keys() == set()
    assert {"cpm", "sensitivity_at", "sensitivity_interval_at"} <= told["tier_b"].keys()


def test_points_and_calibration_of_all_lungs_are_read_from_test_patients_and_development_lungs_together(
    tmp_path: Path,
) -> None:
    cases = tmp_path / "cases"
    _with_development(cases)
    folder = copied_bundle(tmp_path)

    told, changes = evaluation_of(cases, ("xs 0.4", cases), [], {"machine": "m", "figures": {}}, NEW, pooled=True)
    finish(folder, told, changes)

    assert list(told["operating_points"]["balanced"]["realised"]["by_patient"]) == [
        "P", "Q", "LCTSC-S1-102", "LCTSC-S1-202", "QIN-LSC-0003",
    ]  # fmt: skip
    # with P left out 14 scans allow 14 false marks: .65 .6, .45 .44 .43 .42 three times each, then one .35: the highest
    # score that any of them gives ships
    assert changes["operating_points"][1]["score"] == 0.351
    assert changes["calibration"]["basis"]["en"].endswith("into five unseen lungs, weighted to one nodule a scan")
    # tier B stays what was inserted into the test patients, beside the weights before
    assert (told["tier_b"]["scans"], told["tier_b_lungs"]) == (4, ["P", "Q"])
    assert told["tier_b_gain"]["value"] == 0.0
    assert "calibration_kept_out" not in told  # it would judge lungs that it was fitted on
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "8 nodules in 4 runs. The lungs are those of P and Q." in card
    assert "Points and calibration are read from these lungs and the test patients together." in card
    assert "LCTSC-S1-202 40 mm; QIN-LSC-0003 6 and 6 mm" in card
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["evaluation"][0]["set"]["en"] == "8 nodules inserted into two unseen real lungs"
    assert manifest["limits"][2]["en"] == "Operating points and calibration rest on five lungs"


def test_points_of_all_lungs_need_the_development_lungs(finished: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no development lungs"):
        evaluation_of(tmp_path / "cases", None, [], {"machine": "m", "figures": {}}, facts_of(finished[0]), pooled=True)


def test_the_card_tells_each_kept_out_lung_by_name_and_what_they_cannot_show(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    _with_development(cases)
    boxes = [{"set": "outline_known", "readers": 4, "score": 0.7}]
    folder = copied_bundle(tmp_path)
    told, changes = evaluation_of(cases, ("xs 0.4", cases), boxes, {"machine": "m", "figures": {}}, NEW)
    finish(folder, told, changes)

    card = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "| LCTSC-S1-202 |" in card
    assert "CPM against xs 0.4, paired by run: +0.000" in card
    assert "these figures are lower bounds" in card
    assert "| outline known | >= 3 | 1 of 1 |" in card
    assert "| QIN-LSC-0003 | 8 mm: rank 2, score 0.90 |" in card


def test_a_second_stage_of_new_lungs_is_told_apart_from_one_of_lungs_that_the_network_knew() -> None:
    new = texts.method(Facts(NEW.network, 13, 54, NEW.learned_from, Stage(5, new_to_network=True), one_lesion=True))

    assert "marks in five lungs where the network had never been" in new
    assert "what the other four gave" in new


def test_boxes_of_patients_whose_outlines_were_learned_from_are_set_apart() -> None:
    hu = np.zeros((4, 4, 4), np.int16)
    known, new = (Patch(f"{name}_0", hu, (1, 1, 1), 8.0, 3) for name in ("LIDC-IDRI-0818", "LIDC-IDRI-0626"))

    sets = by_what_is_known({"unseen": [], "kept_out": [known, new]}, NEW)

    assert {name: [p.name for p in boxes] for name, boxes in sets.items()} == {
        "unseen": [], "kept_out": ["LIDC-IDRI-0626_0"], "outline_known": ["LIDC-IDRI-0818_0"],
    }  # fmt: skip


def test_a_change_earns_its_place_by_one_hundredth_of_cpm_without_losing_a_rank(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    better, plain = tmp_path / "better", tmp_path / "plain"
    for folder, found in ((better, 0.9), (plain, -1.0)):
        folder.mkdir()
        scans = {"b": [_scan("P#0", [0.5], [0.8, found])], "c": [_scan("P", [0.5], [0.9])]}
        for tier, cases in scans.items():
            (folder / f"tier-{tier}-development.json").write_text(json.dumps(cases_as_json(cases)), encoding="utf-8")

    assert earned([str(better), str(plain)]) == 0
    assert json.loads(capsys.readouterr().out)["cpm"] == [1.0, 0.5]
    assert earned([str(plain), str(better)]) == 1
    lost = cases_as_json([_scan("P", [0.95], [0.9])])
    (better / "tier-c-development.json").write_text(json.dumps(lost), encoding="utf-8")
    assert earned([str(better), str(plain)]) == 1

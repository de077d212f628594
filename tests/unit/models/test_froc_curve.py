"""The curve on the model page is that of the bundle's own evaluation, or none."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.engine.installed import EVALUATION_NAME, InstalledModels, _drift_limits, _froc
from models.engine.registry import BUNDLES, read_bundle
from resources.translation import use_language
from workstation.domain.model import CurvePoint, DriftLimits, FrocCurve


def test_the_shipped_models_show_the_curve_that_their_evaluation_states(tmp_path: Path) -> None:
    for card in InstalledModels(tmp_path).cards():
        stated = json.loads((BUNDLES / card.model_id / EVALUATION_NAME).read_bytes())["tier_b"]
        assert card.froc is not None
        assert {f"{x:g}": y for x, y in card.froc.points} == stated["sensitivity_at"]
        assert (card.froc.scans, card.froc.nodules) == (stated["scans"], stated["nodules"])
        reached = {"lung-nodule-s": (0.633, 148), "lung-nodule-xs": (0.633, 146)}[card.model_id]
        assert card.froc.at == CurvePoint("balanced", reached[0], reached[1] / 175)
        assert card.froc.lungs == 3  # LIDC-IDRI-0314, COVIDMD-normal001 and QIN-LSC-0028


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"tier_b": {"sensitivity_at": {"1": 2}, "scans": 1, "nodules": 1}}', '{"tier_b": 1}']
)
def test_an_evaluation_of_another_make_gives_no_curve(tmp_path: Path, text: str) -> None:
    (tmp_path / "evaluation.json").write_text(text, encoding="utf-8")
    assert _froc(tmp_path / "evaluation.json", "balanced") is None
    assert _froc(tmp_path / "missing.json", "balanced") is None


def test_a_curve_has_the_band_and_the_patients_of_its_evaluation(tmp_path: Path) -> None:
    tier = {"sensitivity_at": {"8": 0.9, "0.125": 0.5}, "scans": 30, "nodules": 175}
    tier["sensitivity_interval_at"] = {"0.125": [0.4, 0.6], "8": [0.85, 0.95]}
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({"tier_b": tier, "tier_b_lungs": ["P", "Q"]}), encoding="utf-8")

    assert _froc(path, "balanced") == FrocCurve(((0.125, 0.5), (8.0, 0.9)), 30, 175, 2, ((0.4, 0.6), (0.85, 0.95)))
    tier["sensitivity_interval_at"] = {"8": [0.85, 0.95]}
    path.write_text(json.dumps({"tier_b": tier}), encoding="utf-8")
    assert _froc(path, "balanced") is None


def test_a_band_holds_an_interval_for_every_point() -> None:
    for band in (((0.4, 0.6),), ((0.6, 0.4), (0.8, 0.9)), ((0.4, 0.6), (0.8, 1.1))):
        with pytest.raises(ValueError, match="interval"):
            FrocCurve(((1.0, 0.5), (2.0, 0.9)), 3, 10, band=band)


def test_a_point_of_another_make_is_told_apart_from_a_curve_that_has_none(tmp_path: Path) -> None:
    tier = {"sensitivity_at": {"1": 0.9}, "scans": 30, "nodules": 10}
    path = tmp_path / "evaluation.json"
    for points, wanted in (
        ({"balanced": {"false_marks_per_scan": 0.5, "found": 8, "of": 10}}, CurvePoint("balanced", 0.5, 0.8)),
        ({"other": {}}, None),
    ):
        path.write_text(json.dumps({"tier_b": {**tier, "at_operating_points": points}}), encoding="utf-8")
        curve = _froc(path, "balanced")
        assert curve is not None
        assert curve.at == wanted
    path.write_text(
        json.dumps({"tier_b": {**tier, "at_operating_points": {"balanced": {"found": 1, "of": 0}}}}), encoding="utf-8"
    )
    assert _froc(path, "balanced") is None


@pytest.mark.parametrize(("false_marks", "share"), [(-0.1, 0.5), (1.0, 1.1), (1.0, -0.1)])
def test_a_point_of_a_curve_has_a_share_and_no_negative_false_marks(false_marks: float, share: float) -> None:
    with pytest.raises(ValueError, match="sensitivity"):
        CurvePoint("balanced", false_marks, share)


def test_a_curve_rises_in_false_marks() -> None:
    with pytest.raises(ValueError, match="rising"):
        FrocCurve(((2.0, 0.5), (1.0, 0.4)), 3, 10)
    with pytest.raises(ValueError, match="above 0"):
        FrocCurve((), 3, 10)


def test_a_card_carries_the_limits_that_its_evaluation_gave_for_the_weekly_watch(tmp_path: Path) -> None:
    cards = {card.model_id: card for card in InstalledModels(tmp_path / "none").cards()}

    for name, card in cards.items():
        point = json.loads((BUNDLES / name / EVALUATION_NAME).read_text(encoding="utf-8"))["operating_points"]
        rates = point["balanced"]["realised"]["by_patient"].values()
        assert card.drift_limits == DriftLimits(min(rates), max(rates) + 1)  # and a nodule a scan
    assert cards["lung-nodule-xs"].drift_limits == DriftLimits(0.1, 3.5)


def test_a_bundle_whose_evaluation_says_nothing_of_it_has_no_limits(tmp_path: Path) -> None:
    bundle = read_bundle(BUNDLES / "lung-nodule-xs")

    assert _drift_limits(replace(bundle, folder=tmp_path)) is None


def test_a_chinese_reader_is_told_in_chinese_whom_the_model_is_not_for(tmp_path: Path) -> None:
    use_language("zh_CN")
    cards = InstalledModels(tmp_path).cards()

    assert "lung-nodule-xs" in {card.model_id for card in cards}
    for card in cards:
        assert card.contraindications == ("不得作为首读或唯一阅片者", "不适用于儿童", "不适用于层间距大于3 mm的图像")
        assert card.intended_use.startswith("供放射科医师在成人胸部CT阅片中复核参考")
        assert "未经临床验证。非注册医疗器械。" in card.card

"""Who reads Chinese reads the same card: every figure in its place, and nothing left in English but names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.engine.installed import model_card
from models.engine.registry import BUNDLES, check_bundle, read_bundle
from models.engine.session import Provider
from models.engine.trust import make_key, sign_bundle
from models.evaluation import build_texts as texts
from models.evaluation.card_chinese import OWN_WORDS, chinese_card, in_chinese
from models.evaluation.card_text import card_text
from models.evaluation.cards import main, renew_cards
from models.evaluation.facts import Facts, Network, Stage
from models.evaluation.goals import goals
from models.evaluation.times import against_monai, joined, runtime
from models.training.bundle import training_text
from resources.translation import use_language
from tests.helpers.models import XS, copied_bundle, refused
from workstation.domain.errors import BundleInvalid

CHINESE = "CARD.zh_CN.md"
_ENGLISH_WORDS = re.compile(r"(?:\b[a-z]{2,}\b[ ,;:]+){2}[a-z]{2,}\b")  # three in a row make a phrase
_NETWORK = Network((24, 48, 96, 128), (2, 2, 1), 48, 2_818_181)
_KEPT_OUT = ["COVIDMD-cap002", "LCTSC-S1-102", "LCTSC-S1-202", "LCTSC-S1-203", "QIN-LSC-0003"]
_RECORD = {
    "steps": 30_000, "batch": 8, "minutes": 209, "rate": 0.003, "seed": 20261122, "shape_patients": 705,
    "real_nodules": 54, "lungs": 13, "data_index_sha256": "18bf9e6e" * 8,
    "schedules": [{"from": 1, "steps": 1}, {"from": 14_357, "steps": 36_000}, {"from": 16_293, "steps": 30_000}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("zh_CN")


def _figures(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest, json.loads((folder / "eval" / "evaluation.json").read_text(encoding="utf-8"))


def _without_chinese(folder: Path) -> Path:
    """Return a copy of the small bundle as it was made before there was a Chinese card."""

    def forget(manifest: dict[str, Any]) -> None:
        manifest["files"] = [entry for entry in manifest["files"] if entry["path"] != CHINESE]

    copied = copied_bundle(folder, forget)
    (copied / CHINESE).unlink()
    return copied


@pytest.mark.parametrize("folder", sorted(BUNDLES.iterdir()), ids=lambda p: p.name)
def test_the_chinese_card_of_each_shipped_model_gives_every_figure_of_the_english_one_in_its_place(
    folder: Path,
) -> None:
    stored, english = ((folder / name).read_text(encoding="utf-8") for name in (CHINESE, "CARD.md"))

    assert stored == chinese_card(*_read(folder))
    assert _figures(stored) == _figures(english)
    assert len(_figures(stored)) > 300


@pytest.mark.parametrize("folder", sorted(BUNDLES.iterdir()), ids=lambda p: p.name)
def test_no_english_sentence_is_left_in_the_chinese_card_of_a_shipped_model(folder: Path) -> None:
    lines = (folder / CHINESE).read_text(encoding="utf-8").splitlines()

    left = [line for line in lines if _ENGLISH_WORDS.search(line) and not line.startswith(OWN_WORDS)]
    assert left == []


def test_the_chinese_card_says_what_was_missed_and_where_the_model_is_weak() -> None:
    card = (BUNDLES / XS / CHINESE).read_text(encoding="utf-8")

    assert "未达到：B层：默认工作点每例假阳性数（未用于选定阈值的患者）；期望校准误差，B层。" in card
    assert "| 每例1个假阳性时的敏感度：磨玻璃 | ≥ 0.4 | 14/25：0.560（0.385–0.774） | 是 |" in card
    assert "| 期望校准误差，B层 | ≤ 0.05 | 0.059（0.046–0.080） | **否** |" in card
    assert "| 平衡 | 0.343 | 0.97 | 0.1, 2.5, 0.3 | 146/175 |" in card
    assert "| COVIDMD-normal001 | 无结节 | 3 | 3 | 1 |" in card
    assert "未经临床验证。非注册医疗器械。" in card
    assert OWN_WORDS not in card


def _facts(learned_from: frozenset[str] | None, stage: Stage | None) -> Facts:
    return Facts(_NETWORK, 13, 54, learned_from, stage, one_lesion=True)


def _said() -> list[str]:
    known, new = _facts(None, Stage(18, new_to_network=False)), _facts(frozenset(), Stage(5, new_to_network=True))
    errors = {"isotonic": 0.19, "logistic": 0.139}
    return [
        *(texts.method(facts) for facts in (known, new, _facts(None, None))),
        *(texts.tier_b_note(facts, ["LIDC-IDRI-0314", "QIN-LSC-0028"]) for facts in (known, new)),
        *(texts.patches_note(facts) for facts in (known, new)),
        *(texts.kept_out_note(lungs, pooled=p) for lungs in (_KEPT_OUT, _KEPT_OUT[:1]) for p in (True, False)),
        texts.kept_out_note(_KEPT_OUT, pooled=True, staged=False),
        *(texts.operating_points_note(lungs) for lungs in (3, 8)),
        *(texts.calibration_note(8, way, e) for way in ("logistic", "isotonic")
          for e in (errors, dict(reversed(errors.items())))),
        texts.calibration_note(3, "logistic", {}),
        training_text(_RECORD, "two CPU cores") + ".",
        training_text(_RECORD | {"schedules": _RECORD["schedules"][:1]}, "a machine of its own") + ".",  # type: ignore[index]  # a list
        *texts.SETS.values(),
        *_timed()["figures"],
        *_timed()["figures"].values(),
    ]  # fmt: skip


def _timed() -> dict[str, Any]:
    rows = [
        {"id": name, "wall_s": [1.2, 1.5], "processor_s": [1.9, 2.4], "peak_mb": 904}
        for name in ("LIDC-IDRI-0314", "B-1")
    ]
    monai = {
        "monai_parameters": 20_900_000, "voxels": 2_900_000, "monai_s": {"processor": 26.2},
        "ours_s": {"processor": 0.58}, "ratio_same_voxels": {"processor": 44.9},
    }  # fmt: skip
    both = joined(runtime(rows, Provider.CPU, "m"), runtime(rows, Provider.OPENVINO, ""))
    return joined(both, against_monai(monai))


@pytest.mark.parametrize("said", _said())
def test_whatever_the_generator_says_has_its_chinese_with_the_same_figures(said: str) -> None:
    chinese = in_chinese(said)

    assert chinese is not None, said
    assert _figures(chinese) == _figures(said)
    assert not _ENGLISH_WORDS.search(chinese.replace("a machine of its own", ""))


def test_a_number_of_lungs_in_words_is_the_same_number_in_chinese() -> None:
    said = in_chinese(texts.operating_points_note(8)) or ""

    assert "八例肺部中的每一例，均按规则由其余七例得出的分值评判" in said


def test_a_card_with_everything_that_can_be_measured_has_nothing_left_in_english() -> None:
    manifest, evaluation = _read(BUNDLES / XS)
    figure = {"value": 0.003, "low": -0.01, "high": 0.02}
    point = {name: [4.25, 15, 20] for name in ("sensitive", "balanced", "specific")}
    missed = json.loads(json.dumps(evaluation["tier_c"]))
    missed["per_scan"][0]["nodules"][0] |= {"rank": None, "score": None}
    whole = evaluation | {
        "tier_b_gain": figure, "kept_out_note": texts.kept_out_note(_KEPT_OUT, pooled=True),
        "tier_b_kept_out": evaluation["tier_b"] | {"diameter": None, "groups_at_1": {}}, "tier_c": missed,
        "tier_b_kept_out_by_lung": dict.fromkeys(_KEPT_OUT, point), "tier_b_kept_out_over_patients": figure,
        "tier_c_kept_out": evaluation["tier_c"], "calibration_kept_out": figure, "calibration_logistic": figure,
        "calibration": evaluation["calibration"] | {"ece_over_patients": figure},
        "runtime": evaluation["runtime"] | _timed() | {"machine": evaluation["runtime"]["machine"]},
    }  # fmt: skip
    whole["goals"] = goals(whole, 2_818_181)

    english, chinese = card_text(manifest, whole), chinese_card(manifest, whole)

    assert OWN_WORDS not in chinese
    assert [line for line in chinese.splitlines() if _ENGLISH_WORDS.search(line)] == []
    assert _figures(chinese) == _figures(english)
    assert "与lung-nodule-xs 0.3.0相比的CPM差值（按轮配对）：+0.003（-0.010至+0.020）。" in chinese
    assert "| LIDC-IDRI-0314 | 16.3 mm：漏检 |" in chinese
    assert "完整扫描：结节排名 | ≤ 3 | 漏检, 1 | **否** |" in chinese


def test_a_makers_own_words_stand_as_they_are_and_are_marked_as_theirs() -> None:
    manifest, evaluation = _read(BUNDLES / XS)
    evaluation["runtime"]["machine"] = "On my desk. In every run the lungs are searched anew."

    card = chinese_card(manifest, evaluation)

    assert "\n\n（制作者英文原文）On my desk. In every run the lungs are searched anew.\n\n" in card


def test_who_reads_chinese_is_shown_the_chinese_card_and_others_the_english_one() -> None:
    bundle = read_bundle(BUNDLES / XS)

    assert "## Limits" in model_card(XS, bundle).card
    use_language("zh_CN")
    assert "## 局限性" in model_card(XS, bundle).card


def test_a_bundle_without_a_chinese_card_is_valid_and_shows_the_english_one(tmp_path: Path) -> None:
    bundle = check_bundle(_without_chinese(tmp_path))

    use_language("zh_CN")
    assert model_card(XS, bundle).card == bundle.card
    assert "## Limits" in bundle.card


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("# lung-nodule-xs 0.4.0", "# lung-nodule-xs 0.5.0", "about another model or version"),
        ("498a8656", "00000000", "about other weights"),
        ("## 局限性", "## 优势", "says nothing about: 局限性"),
        ("COVID-CT-MD", "公开数据", "says nothing about: COVID-CT-MD"),
    ],
)
def test_a_chinese_card_that_conceals_what_the_english_one_tells_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    data = (BUNDLES / XS / CHINESE).read_text(encoding="utf-8").replace(old, new).encode()

    def change(manifest: dict[str, Any]) -> None:
        for entry in manifest["files"]:
            if entry["path"] == CHINESE:
                entry |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    folder = copied_bundle(tmp_path, change)
    (folder / CHINESE).write_bytes(data)

    with refused(BundleInvalid, reason):
        read_bundle(folder)


def test_a_chinese_card_that_was_altered_is_refused(tmp_path: Path) -> None:
    folder = copied_bundle(tmp_path)
    (folder / CHINESE).write_text("nothing", encoding="utf-8")

    with refused(BundleInvalid, "“CARD.zh_CN.md” was altered"):
        read_bundle(folder)


def test_a_bundle_that_was_built_before_gets_its_chinese_card_and_keeps_weights_and_figures(tmp_path: Path) -> None:
    folder = _without_chinese(tmp_path)
    before = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    main([str(folder)])

    after = {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert {name for name in after if after[name] != before.get(name)} == {CHINESE, "manifest.json"}
    assert after[CHINESE] == (BUNDLES / XS / CHINESE).read_bytes()
    assert check_bundle(folder).card_in("zh_CN") == after[CHINESE].decode()


def test_cards_are_not_written_into_a_bundle_that_is_damaged_or_signed(tmp_path: Path) -> None:
    damaged = _without_chinese(tmp_path / "a")
    (damaged / "LICENSE").write_text("mine", encoding="utf-8")
    with refused(BundleInvalid, "“LICENSE” was altered"):
        renew_cards(damaged)

    signed = _without_chinese(tmp_path / "b")
    make_key(tmp_path / "private.pem", tmp_path / "public.pem")
    sign_bundle(signed, tmp_path / "private.pem")
    with pytest.raises(ValueError, match="is signed"):
        renew_cards(signed)
    assert not (signed / CHINESE).exists()


def test_one_false_mark_is_one_and_others_are_several() -> None:
    realised = {"false_marks_per_scan": 0.967, "found": 146, "of": 175}

    told = {name: texts.point_basis(name, realised)["en"] for name in ("sensitive", "balanced", "specific")}

    assert told["balanced"].startswith("1 false mark a scan in tier B; ")
    assert told["sensitive"].startswith("4 false marks a scan in tier B; ")
    assert told["specific"].startswith("0.25 false marks a scan in tier B; ")

"""Whom a model is for: refused or warned of exactly as its manifest says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.engine.detector import LungNoduleDetector
from models.engine.intended_use import check_intended_use
from models.engine.manifest import parse_manifest
from models.engine.manifest_values import AppliesTo
from models.engine.registry import BUNDLES, Registry
from models.engine.session import Provider
from resources.translation import use_language
from tests.helpers.models import XS, Job, refused, thorax
from workstation.domain.acquisition import Acquisition
from workstation.domain.errors import BundleInvalid, InputOutsideIntendedUse
from workstation.domain.outside_use import doubt, outside_use_words
from workstation.domain.volume import Volume

ADULTS = {"min": 18, "max": 120, "otherwise": "refuse", "unknown": "warn"}
PLAIN = {"accepted": ["none"], "otherwise": "warn", "unknown": "run"}
KERNELS = {"accepted": ["B70", "lung"], "otherwise": "warn", "unknown": "warn"}
PARTS = {"accepted": ["CHEST", "THORAX"], "otherwise": "refuse", "unknown": "run"}


def _applies_to(**rules: Any) -> AppliesTo:  # noqa: ANN401  JSON
    import json  # noqa: PLC0415  only here

    raw = json.loads((BUNDLES / "lung-nodule-xs" / "manifest.json").read_text(encoding="utf-8"))
    raw["applies_to"] = {
        **{key: raw["applies_to"][key] for key in ("modality", "body_part", "min_slices", "max_slice_mm")},
        "max_pixel_mm": 1.5,
        "min_lung_ml": 300,
        **rules,
    }
    return parse_manifest(json.dumps(raw).encode()).applies_to


def _chest(**facts: Any) -> Volume:  # noqa: ANN401  the fields of Acquisition
    return replace(thorax(shape=(40, 16, 16)), acquisition=Acquisition(modality="CT", **facts))


@pytest.mark.parametrize(
    ("rules", "facts", "reason"),
    [
        ({"age_years": ADULTS}, {"age_years": 9.5}, "the patient is 9 years old, it is for 18 to 120 years"),
        ({"phantom": "refuse"}, {"phantom": True}, "the object is a phantom"),
        ({"contrast": {**PLAIN, "otherwise": "refuse"}}, {"contrast": True}, "contrast medium was given"),
        ({"body_parts": PARTS}, {"body_part": "HEAD"}, "the body part HEAD"),
        ({"age_years": {**ADULTS, "unknown": "refuse"}}, {}, "the age of the patient is unknown"),
    ],
)
def test_what_the_manifest_refuses_is_refused_with_the_reason(
    rules: dict[str, Any], facts: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputOutsideIntendedUse) as caught:
        check_intended_use(_chest(**facts), _applies_to(**rules))

    assert caught.value.user_text == f"The model refuses this series: {reason}."
    assert caught.value.hint


@pytest.mark.parametrize(
    ("rules", "facts", "reason"),
    [
        ({"age_years": ADULTS}, {}, "the age of the patient is unknown"),
        ({"phantom": "warn"}, {"phantom": True}, "the object is a phantom"),
        ({"contrast": PLAIN}, {"contrast": True}, "contrast medium was given"),
        (
            {"contrast": {"accepted": ["enhanced"], "otherwise": "warn"}},
            {"contrast": False},
            "no contrast medium was given",
        ),
        ({"contrast": {**PLAIN, "unknown": "warn"}}, {}, "it is unknown whether contrast medium was given"),
        ({"kernels": KERNELS}, {"kernel": "B30f"}, "the kernel B30f"),
        ({"kernels": KERNELS}, {}, "kernel or body part is not stated"),
    ],
)
def test_what_the_manifest_warns_of_runs_with_the_warning(
    rules: dict[str, Any], facts: dict[str, Any], reason: str
) -> None:
    (warning,) = check_intended_use(_chest(**facts), _applies_to(**rules))

    assert warning.text == f"Outside what the model was tested on: {reason}."


@pytest.mark.parametrize(
    ("rules", "facts"),
    [
        ({"age_years": ADULTS}, {"age_years": 18.0}),
        ({"contrast": PLAIN}, {"contrast": False}),
        ({"contrast": PLAIN}, {}),
        ({"kernels": KERNELS}, {"kernel": "b70f"}),
        ({"kernels": KERNELS}, {"kernel": "LUNG"}),
        ({"body_parts": PARTS}, {"body_part": "CHEST_ABDOMEN"}),
        ({"body_parts": PARTS}, {}),
        ({"phantom": "run"}, {"phantom": True}),
        ({}, {"phantom": True, "age_years": 3.0, "contrast": True, "kernel": "x", "body_part": "HEAD"}),
    ],
)
def test_what_the_manifest_accepts_or_says_nothing_of_runs_in_silence(
    rules: dict[str, Any], facts: dict[str, Any]
) -> None:
    assert check_intended_use(_chest(**facts), _applies_to(**rules)) == ()


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("phantom", "the object is a phantom", "扫描对象为体模"),
        ("contrast", "contrast medium was given", "已使用对比剂"),
        ("contrast:none", "no contrast medium was given", "未使用对比剂"),
        ("age", "the age of the patient is unknown", "患者年龄未知"),
        (
            "phase:Time 1",
            "the series holds several phases, only “Time 1” was read",
            "该序列含多个期相，仅分析了“Time 1”",
        ),
        ("gap_mm:0.8", "slices leave gaps of 0.8 mm between them", "层与层之间有 0.8 mm 间隙"),
        ("kernel:B80f", "the kernel B80f", "重建核为B80f"),
        ("of_a_later_version:7", "of_a_later_version:7", "of_a_later_version:7"),
    ],
)
def test_a_doubt_is_told_in_the_language_of_who_reads_it(code: str, english: str, chinese: str) -> None:
    assert outside_use_words([code]) == f"Outside what the model was tested on: {english}."
    use_language("zh_CN")
    assert outside_use_words([code]) == f"超出模型的测试范围：{chinese}。"
    use_language("en")


def test_a_header_cannot_put_words_into_a_doubt() -> None:
    assert doubt("kernel", " B30f; sha256=0,phantom " + "x" * 99) == "kernel:B30f_ sha256_0_phantom xxxxxxxxx"
    assert doubt("kernel", " ; ") == "kernel:_"


def test_what_lay_outside_the_tested_use_goes_with_the_result() -> None:
    scan = replace(thorax(nodule_lps_mm=(-55.0, 10.0, -12.0)), acquisition=Acquisition(modality="CT", contrast=True))

    found = LungNoduleDetector(Registry().load(XS), Provider.CPU).detect(scan, Job())

    assert found.algorithm.doubts == ("age", "contrast")


def _sliced(apart_mm: float, slice_mm: float | None) -> Volume:
    """A chest of slices of 1 mm in plane, so far apart and so thick."""
    chest = _chest(slice_mm=slice_mm)
    return replace(chest, ijk_to_lps=np.diag([1.0, 1.0, apart_mm, 1.0]))


@pytest.mark.parametrize("slice_mm", [1.0, 1.5])
def test_slices_that_leave_half_of_the_patient_unseen_are_refused(slice_mm: float) -> None:
    with pytest.raises(InputOutsideIntendedUse) as caught:
        check_intended_use(_sliced(3.0, slice_mm), _applies_to())

    assert caught.value.user_text == (
        f"The detector refuses this series: slices are {slice_mm:g} mm thick and 3.0 mm apart, "
        "what lies between them was not scanned."
    )
    assert "without gaps" in (caught.value.hint or "")


def test_a_gap_of_half_is_refused_also_where_its_number_is_rounded() -> None:
    with pytest.raises(InputOutsideIntendedUse) as caught:
        check_intended_use(_sliced(1.9999999999999996, 1.0), _applies_to())

    assert "1 mm thick and 2.0 mm apart" in caught.value.user_text


def test_smaller_gaps_between_slices_run_with_the_warning() -> None:
    (warning,) = check_intended_use(_sliced(3.0, 2.0), _applies_to())

    assert warning.code == "gap_mm:1.0"
    assert warning.text == "Outside what the model was tested on: slices leave gaps of 1.0 mm between them."


@pytest.mark.parametrize(("apart_mm", "slice_mm"), [(1.0, 1.0), (0.7, 1.25), (0.625, 0.6), (3.0, None)])
def test_slices_that_touch_or_overlap_or_do_not_tell_run_in_silence(apart_mm: float, slice_mm: float | None) -> None:
    assert check_intended_use(_sliced(apart_mm, slice_mm), _applies_to()) == ()


@pytest.mark.parametrize(("apart_mm", "slice_mm"), [(2.0, 8.0), (2.5, 5.0), (1.0, 10.0)])
def test_thick_slices_are_refused_however_close_they_lie(apart_mm: float, slice_mm: float) -> None:
    with pytest.raises(InputOutsideIntendedUse) as caught:
        check_intended_use(_sliced(apart_mm, slice_mm), _applies_to())

    assert caught.value.user_text == (
        f"The detector refuses this series: slices are {slice_mm:g} mm thick, at most 3 mm are allowed."
    )


def test_gaps_of_an_mr_are_its_protocol() -> None:
    mr = replace(_sliced(3.0, 1.0), unit="", acquisition=Acquisition(modality="MR", slice_mm=1.0))

    assert check_intended_use(mr, replace(_applies_to(), modality=("MR",))) == ()


def test_several_doubts_are_all_told() -> None:
    warnings = check_intended_use(
        _chest(phantom=True, contrast=True), _applies_to(phantom="warn", contrast=PLAIN, age_years=ADULTS)
    )

    assert [warning.code for warning in warnings] == ["phantom", "age", "contrast"]


@pytest.mark.parametrize(("modality", "unit"), [("PT", "BQML"), ("MR", ""), ("CT", "US")])
def test_another_modality_is_refused(modality: str, unit: str) -> None:
    volume = replace(_chest(), unit=unit, acquisition=Acquisition(modality=modality))

    with refused(InputOutsideIntendedUse, "it is not a CT"):
        check_intended_use(volume, _applies_to())


def test_a_pet_whose_values_pretend_to_be_hu_is_refused() -> None:
    with refused(InputOutsideIntendedUse, "it is not a CT"):
        check_intended_use(replace(_chest(), acquisition=Acquisition(modality="PT")), _applies_to())


def test_a_model_for_two_modalities_names_both() -> None:
    both = replace(_applies_to(), modality=("CT", "MR"))

    with refused(InputOutsideIntendedUse, "it is not CT/MR"):
        check_intended_use(replace(_chest(), acquisition=Acquisition(modality="PT")), both)


def test_an_age_rule_the_wrong_way_round_is_no_manifest() -> None:
    with refused(BundleInvalid, "contradicts itself"):
        _applies_to(age_years={**ADULTS, "min": 90, "max": 18})

"""A category whose findings changed says what changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from workstation.domain.categories.basis import basis_of
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.services.category_age import changed_words, label_of
from workstation.services.category_forms import LesionInput, classify, lesions_of


def nodule(number: int, size_mm: float, kind: NoduleType = NoduleType.SOLID) -> Finding:
    centre = (0.0, 0.0, 30.0 * number)
    return Finding(f"2.25.{number}", number, centre, size_mm, Decision.ADDED, nodule_type=kind)


def boxed(number: int, label: str) -> Finding:
    place = ImagePlace("1.2.3", 1, (1.0, 1.0, 9.0, 9.0))
    mark = ImageMark(place, 0.9, shown=True, label=label)
    return Finding(f"2.25.{number}", number, None, None, Decision.ACCEPTED, mark, on_image=place)


def lung_rads(*findings: Finding) -> AssignedCategory:
    judged = {"change": "baseline", "suspicious": "no"}
    lesions = [
        LesionInput(one.kind, {**one.values, **judged, **({"suspicious": "yes"} if at == 1 else {})})
        for at, one in enumerate(lesions_of(Scheme.LUNG_RADS, findings))
    ]
    result = classify(Scheme.LUNG_RADS, {"other_significant": "no"}, lesions)
    basis = basis_of(Scheme.LUNG_RADS, findings)
    return AssignedCategory(result, result.label, "r", "m", "expert", cases.NOON, basis=basis)


BEFORE = (nodule(1, 7.0), nodule(2, 5.0), nodule(3, 4.0))
AFTER = (nodule(1, 16.2), nodule(2, 5.0), nodule(4, 6.1, NoduleType.GROUND_GLASS))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "zh_CN",
            [
                "1 号由实性结节 7.0 mm变为实性结节 16.2 mm",
                "3 号（实性结节 4.0 mm）已不在报告中",
                "新增 4 号（磨玻璃结节 6.1 mm）",
            ],
        ),
        (
            "en",
            [
                "no. 1 was solid nodule 7.0 mm, now solid nodule 16.2 mm",
                "no. 3 (solid nodule 4.0 mm) is no longer in the report",
                "no. 4 (ground-glass nodule 6.1 mm) is new",
            ],
        ),
    ],
)
def test_what_changed_is_told_in_words(language: str, expected: list[str]) -> None:
    category = lung_rads(*BEFORE)

    assert changed_words(category, BEFORE, language) == ""
    assert changed_words(category, AFTER, language) == ("；" if language == "zh_CN" else "; ").join(expected)
    assert changed_words(replace(category, basis=None), AFTER, language) == ""


def test_a_film_is_named_by_what_was_seen() -> None:
    result = classify(
        Scheme.BI_RADS, {"purpose": "screening", "density": "b", "needs_more": "no"}, [LesionInput("finding", {
            "side": "left", "descriptor": "spiculated_mass"})]
    )  # fmt: skip
    seen = AssignedCategory(result, "0", "r", "m", "x", cases.NOON, basis=basis_of(Scheme.BI_RADS, (boxed(1, "mass"),)))

    assert changed_words(seen, (boxed(2, "mass"),), "zh_CN") == "1 号（肿块）已不在报告中；新增 2 号（肿块）"
    assert label_of(seen, "en") == "BI-RADS 0"

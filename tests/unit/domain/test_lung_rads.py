"""Lung-RADS v2022, row by row. Source: ACR table of November 2022 (CDE set RDES267) and CLINICAL tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.categories import rule_text
from workstation.domain.categories.lung_rads import (
    CATEGORIES,
    AirwayNodule,
    AtypicalCyst,
    Benign,
    Change,
    CystChange,
    CystForm,
    Incomplete,
    Lesion,
    LungKind,
    LungNodule,
    LungRadsExam,
    change_of,
    lung_rads,
)
from workstation.domain.categories.values import Unclassifiable, mean_diameter_mm

SOLID, PART, GGN = LungKind.SOLID, LungKind.PART_SOLID, LungKind.GROUND_GLASS
BASE, NEW, STABLE, SMALLER = Change.BASELINE, Change.NEW, Change.STABLE, Change.SMALLER
GROWING, SLOW = Change.GROWING, Change.SLOWLY_GROWING


def exam(*lesions: Lesion, incomplete: Incomplete | None = None, significant: bool = False) -> LungRadsExam:
    return LungRadsExam(lesions=lesions, incomplete=incomplete, other_significant=significant)


def nodule(
    kind: LungKind, change: Change, size: float | None, solid: float | None = None, **more: object
) -> LungNodule:
    made = LungNodule(kind=kind, change=change, mean_diameter_mm=size, suspicious=False, solid_diameter_mm=solid)
    return replace(made, **more)  # type: ignore[arg-type]  # the names are those of the dataclass


def category(*lesions: Lesion) -> str:
    result = lung_rads(exam(*lesions))
    assert rule_text("lung-rads", result.rule, "zh_CN")  # a rule without words would be found at the bedside
    return result.category


@pytest.mark.parametrize(
    ("kind", "change", "size", "solid", "expected"),
    [
        (SOLID, BASE, 5.9, None, "2"),
        (SOLID, BASE, 6.0, None, "3"),
        (SOLID, BASE, 7.9, None, "3"),
        (SOLID, BASE, 8.0, None, "4A"),
        (SOLID, BASE, 14.9, None, "4A"),
        (SOLID, BASE, 15.0, None, "4B"),
        (SOLID, NEW, 3.9, None, "2"),
        (SOLID, NEW, 4.0, None, "3"),
        (SOLID, NEW, 5.9, None, "3"),
        (SOLID, NEW, 6.0, None, "4A"),
        (SOLID, NEW, 8.0, None, "4B"),
        (SOLID, GROWING, 7.9, None, "4A"),
        (SOLID, GROWING, 8.0, None, "4B"),
        (SOLID, SLOW, 5.0, None, "4B"),
        (SOLID, STABLE, 7.0, None, "3"),
        (PART, BASE, 5.9, None, "2"),
        (PART, BASE, 6.0, 5.9, "3"),
        (PART, BASE, 9.0, 6.0, "4A"),
        (PART, BASE, 9.0, 8.0, "4B"),
        (PART, NEW, 5.9, 3.9, "3"),
        (PART, NEW, 5.9, 4.0, "4B"),
        (PART, NEW, 6.0, 3.9, "4A"),
        (PART, NEW, 9.0, 4.0, "4B"),
        (PART, GROWING, 9.0, 3.9, "4A"),
        (PART, GROWING, 5.0, 3.0, "4A"),
        (PART, GROWING, 9.0, 4.0, "4B"),
        (PART, SLOW, 9.0, 3.0, "4B"),
        (GGN, BASE, 29.9, None, "2"),
        (GGN, GROWING, 29.9, None, "2"),
        (GGN, NEW, 29.9, None, "2"),
        (GGN, BASE, 30.0, None, "3"),
        (GGN, NEW, 30.0, None, "3"),
        (GGN, GROWING, 31.0, None, "3"),
    ],
)
def test_every_row_of_the_nodule_table(
    kind: LungKind, change: Change, size: float, solid: float | None, expected: str
) -> None:
    assert expected == category(nodule(kind, change, size, solid))


def test_no_nodule_is_category_1() -> None:
    result = lung_rads(exam())

    assert (result.category, result.rule, result.management, result.version) == ("1", "none", "1", "v2022")


def test_s_is_a_modifier_beside_the_category_and_never_a_category() -> None:
    """Known mistake of other programs: S shown as the category, which hides a 4B."""
    result = lung_rads(exam(nodule(SOLID, BASE, 16.0), significant=True))

    assert result.category == "4B"
    assert result.modifiers == ("S",)
    assert result.label == "4B S"
    assert "S" not in CATEGORIES


@pytest.mark.parametrize(
    ("now", "prior", "months", "expected"),
    [
        (7.6, 6.0, 12, GROWING),
        (7.5, 6.0, 12, STABLE),
        (7.6, 6.0, 3, GROWING),
        (7.6, 6.0, 24, SLOW),
        (9.1, 6.0, 24, GROWING),
        (4.4, 6.0, 12, SMALLER),
        (4.5, 6.0, 12, STABLE),
    ],
)
def test_growth_is_more_than_one_and_a_half_millimetres_within_twelve_months(
    now: float, prior: float, months: float, expected: Change
) -> None:
    """Known mistake: 1.6 mm over two years called growth."""
    assert expected == change_of(now, prior, months)


def test_a_growth_that_the_sizes_contradict_gets_no_category() -> None:
    followed = nodule(SOLID, GROWING, 7.6, prior_mean_diameter_mm=6.0, months_since_prior=24)

    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(followed))
    assert category(replace(followed, change=SLOW)) == "4B"
    assert category(replace(followed, months_since_prior=12)) == "4A"


@pytest.mark.parametrize("change", [STABLE, SMALLER, NEW, BASE])
def test_a_nodule_that_grew_is_not_called_stable_or_new(change: Change) -> None:
    grown = nodule(SOLID, change, 9.0, prior_mean_diameter_mm=6.0, months_since_prior=12)

    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(grown))


def test_the_limits_of_a_new_or_growing_part_solid_nodule_are_those_of_its_solid_part() -> None:
    """Known mistake: only the baseline limits of 6 and 8 mm implemented."""
    assert category(nodule(PART, NEW, 12.0, 4.0)) == "4B"
    assert category(nodule(PART, GROWING, 12.0, 3.9)) == "4A"
    assert category(nodule(PART, BASE, 12.0, 4.0)) == "3"


@pytest.mark.parametrize("change", [STABLE, SMALLER, SLOW])
def test_a_ground_glass_nodule_of_30_mm_that_is_stable_is_category_2(change: Change) -> None:
    """Known mistake: every ground-glass nodule from 30 mm on called 3."""
    assert category(nodule(GGN, change, 34.0)) == "2"


@pytest.mark.parametrize(
    ("why", "management"),
    [
        (Incomplete.PRIOR_AWAITED, "0.prior_awaited"),
        (Incomplete.NOT_EVALUABLE, "0.not_evaluable"),
        (Incomplete.INFLAMMATORY, "0.inflammatory"),
    ],
)
def test_category_0_has_three_reasons_with_what_to_do_about_each(why: Incomplete, management: str) -> None:
    """Known mistake: only the awaited prior implemented."""
    result = lung_rads(exam(nodule(SOLID, NEW, 9.0), incomplete=why))

    assert ("0", management) == (result.category, result.management)


def test_nothing_that_was_not_judged_is_taken_for_harmless() -> None:
    """Known mistake: forms that begin with "stable" or "not suspicious"."""
    with pytest.raises(TypeError):
        LungNodule()  # type: ignore[call-arg]  # that is the point
    with pytest.raises(TypeError):
        LungNodule(kind=SOLID, mean_diameter_mm=5.0, suspicious=False)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        LungNodule(kind=SOLID, change=BASE, mean_diameter_mm=5.0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        LungRadsExam(lesions=())  # type: ignore[call-arg]


@pytest.mark.parametrize("size", [None, 0.0, -3.0, float("nan"), 4000.0])
def test_an_impossible_size_gets_no_category(size: float | None) -> None:
    with pytest.raises(Unclassifiable, match="mean_diameter_mm"):
        lung_rads(exam(nodule(SOLID, BASE, size)))


@pytest.mark.parametrize("solid", [None, 12.5])
def test_a_part_solid_nodule_needs_a_solid_part_that_fits_into_it(solid: float | None) -> None:
    with pytest.raises(Unclassifiable, match="solid_diameter_mm"):
        lung_rads(exam(nodule(PART, BASE, 12.0, solid)))


def test_sizes_are_rounded_to_a_tenth_before_they_are_compared() -> None:
    assert mean_diameter_mm(6.0, 5.9) == 6.0
    assert mean_diameter_mm(6.04, 5.1) == 5.6
    assert category(nodule(SOLID, BASE, 5.95)) == "3"
    assert category(nodule(SOLID, BASE, 5.94)) == "2"


@pytest.mark.parametrize(("long_axis", "short_axis"), [(5.0, 6.0), (5.0, 0.0), (0.0, 0.0)])
def test_axes_that_cannot_be_have_no_mean(long_axis: float, short_axis: float) -> None:
    with pytest.raises(ValueError, match="axes"):
        mean_diameter_mm(long_axis, short_axis)


@pytest.mark.parametrize("benign", [Benign.CALCIFICATION, Benign.FAT])
def test_benign_calcification_and_fat_are_category_1_at_any_size(benign: Benign) -> None:
    assert category(nodule(SOLID, BASE, 20.0, benign=benign)) == "1"


def test_a_nodule_proven_benign_is_category_2() -> None:
    assert category(nodule(SOLID, STABLE, 16.0, benign=Benign.PROVEN, prior_category="4B")) == "2"


@pytest.mark.parametrize(
    ("change", "size", "expected"),
    [(BASE, 9.9, "2"), (NEW, 9.9, "2"), (BASE, 10.0, "4A"), (GROWING, 9.0, "4B"), (SLOW, 7.0, "4B")],
)
def test_a_smooth_juxtapleural_nodule_below_10_mm_is_category_2_unless_it_grows(
    change: Change, size: float, expected: str
) -> None:
    assert expected == category(nodule(SOLID, change, size, juxtapleural=True))


def test_a_juxtapleural_nodule_is_solid() -> None:
    with pytest.raises(Unclassifiable, match="juxtapleural"):
        lung_rads(exam(nodule(GGN, BASE, 8.0, juxtapleural=True)))


@pytest.mark.parametrize(
    ("prior", "months", "size", "expected"),
    [
        ("3", 6.0, 7.0, "2"),
        ("3", 5.5, 7.0, "2"),
        ("3", 3.0, 7.0, "3"),
        ("4A", 3.0, 9.0, "3"),
        ("4A", 2.0, 9.0, "4A"),
        ("4B", 12.0, 16.0, "4B"),
        ("4X", 12.0, 16.0, "4B"),
        ("2", 12.0, 7.0, "2"),
    ],
)
def test_what_stays_stable_steps_down_after_its_interval_only(
    prior: str, months: float, size: float, expected: str
) -> None:
    followed = nodule(SOLID, STABLE, size, prior_category=prior, prior_mean_diameter_mm=size, months_since_prior=months)

    assert expected == category(followed)


def test_a_stable_nodule_that_crossed_a_size_limit_is_judged_by_its_size() -> None:
    crossed = nodule(SOLID, STABLE, 6.1, prior_category="2", prior_mean_diameter_mm=5.8, months_since_prior=12)

    assert category(crossed) == "3"


def test_a_part_solid_nodule_whose_solid_part_crossed_a_limit_is_judged_by_it() -> None:
    """12 mm with a solid part of 5.0, then 6.4 mm: a 3 that became a 4A, though no part grew by more than 1.5 mm."""
    crossed = nodule(
        PART, STABLE, 12.0, 6.4,
        prior_category="3", prior_mean_diameter_mm=12.0, prior_solid_diameter_mm=5.0, months_since_prior=6,
    )  # fmt: skip

    assert category(crossed) == "4A"
    assert category(replace(crossed, solid_diameter_mm=5.2)) == "2"
    with pytest.raises(Unclassifiable, match="change"):  # 5 to 9 mm is growth whatever the reader calls it
        lung_rads(exam(replace(crossed, solid_diameter_mm=9.0)))
    with pytest.raises(Unclassifiable, match="prior_solid_diameter_mm"):
        lung_rads(exam(replace(crossed, prior_solid_diameter_mm=None)))
    with pytest.raises(Unclassifiable, match="prior_solid_diameter_mm"):
        lung_rads(exam(replace(crossed, solid_diameter_mm=None, prior_solid_diameter_mm=13.0)))
    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(replace(crossed, change=NEW)))


@pytest.mark.parametrize(("prior", "size"), [("2", 20.0), ("3", 15.0), ("4A", 15.0), ("1", 14.0)])
def test_a_prior_category_that_its_own_size_contradicts_never_steps_a_nodule_down(prior: str, size: float) -> None:
    followed = nodule(SOLID, STABLE, size, prior_category=prior, prior_mean_diameter_mm=size, months_since_prior=12)

    with pytest.raises(Unclassifiable, match="prior_category"):
        lung_rads(exam(followed))


@pytest.mark.parametrize(("kind", "sizes"), [(GGN, (32.0, 28.0)), (SOLID, (7.6, 5.9))])
def test_fast_growth_is_not_called_slow(kind: LungKind, sizes: tuple[float, float]) -> None:
    followed = nodule(kind, SLOW, sizes[0], prior_mean_diameter_mm=sizes[1], months_since_prior=6)

    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(followed))


@pytest.mark.parametrize("change", [GROWING, SLOW])
def test_a_growing_subsegmental_airway_nodule_stands_in_no_row_and_gets_no_2(change: Change) -> None:
    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(AirwayNodule(proximal=False, change=change, suspicious=False)))


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"prior_category": "5"}, "prior_category"),
        ({"prior_mean_diameter_mm": None}, "prior_mean_diameter_mm"),
        ({"months_since_prior": None}, "months_since_prior"),
        ({"months_since_prior": 0.0}, "months_since_prior"),
    ],
)
def test_stepping_down_needs_to_know_the_prior(changes: dict[str, object], missing: str) -> None:
    followed = nodule(SOLID, STABLE, 7.0, prior_category="3", prior_mean_diameter_mm=7.0, months_since_prior=6.0)

    with pytest.raises(Unclassifiable, match=missing):
        lung_rads(exam(replace(followed, **changes)))  # type: ignore[arg-type]  # names of the dataclass


@pytest.mark.parametrize(
    ("proximal", "change", "expected"),
    [
        (False, NEW, "2"),
        (True, BASE, "4A"),
        (True, NEW, "4A"),
        (True, STABLE, "4B"),
        (True, GROWING, "4B"),
    ],
)
def test_a_persistent_proximal_airway_nodule_rises_and_never_steps_down(
    proximal: bool,  # noqa: FBT001 - a row of a table
    change: Change,
    expected: str,
) -> None:
    assert expected == category(AirwayNodule(proximal=proximal, change=change, suspicious=False))


def test_a_proximal_airway_nodule_that_shrank_stands_in_no_row() -> None:
    with pytest.raises(Unclassifiable, match="change"):
        lung_rads(exam(AirwayNodule(proximal=True, change=SMALLER, suspicious=False)))


@pytest.mark.parametrize(
    ("change", "size", "before"), [(STABLE, 32.0, 32.0), (SMALLER, 20.0, 31.0), (SMALLER, 30.0, 34.0)]
)
def test_a_ground_glass_nodule_that_did_not_grow_is_a_2_at_once(change: Change, size: float, before: float) -> None:
    """Lung-RADS v2022, category 2: ground glass below 30 mm, or of 30 mm and more where it is stable."""
    followed = nodule(GGN, change, size, prior_category="3", prior_mean_diameter_mm=before, months_since_prior=4.0)

    assert category(followed) == "2"


THICK, MULTI = CystForm.THICK_WALLED, CystForm.MULTILOCULAR


@pytest.mark.parametrize(
    ("form", "change", "expected"),
    [
        (THICK, CystChange.BASELINE, "4A"),
        (MULTI, CystChange.BASELINE, "4A"),
        (THICK, CystChange.CYST_GROWING, "3"),
        (MULTI, CystChange.CYST_GROWING, "4B"),
        (THICK, CystChange.WALL_GROWING, "4B"),
        (MULTI, CystChange.BECAME_MULTILOCULAR, "4A"),
        (MULTI, CystChange.DENSER, "4B"),
        (THICK, CystChange.STABLE, "4A"),
    ],
)
def test_every_row_of_the_atypical_cysts(form: CystForm, change: CystChange, expected: str) -> None:
    assert expected == category(AtypicalCyst(form=form, change=change, suspicious=False))


def test_a_stable_cyst_steps_down_after_three_months() -> None:
    cyst = AtypicalCyst(
        form=THICK, change=CystChange.STABLE, suspicious=False, prior_category="4A", months_since_prior=3.0
    )

    assert category(cyst) == "3"
    with pytest.raises(Unclassifiable, match="prior_category"):
        lung_rads(exam(replace(cyst, prior_category="4")))


@pytest.mark.parametrize(("size", "expected"), [(5.0, "2"), (7.0, "4X"), (9.0, "4X"), (16.0, "4X")])
def test_suspicious_features_make_a_3_or_4_a_4x_and_leave_a_2(size: float, expected: str) -> None:
    assert expected == category(nodule(SOLID, BASE, size, suspicious=True))


def test_the_most_suspicious_lesion_decides_and_every_input_is_kept() -> None:
    result = lung_rads(exam(nodule(SOLID, BASE, 5.0), nodule(PART, NEW, 9.0, 4.0)))

    assert (result.category, result.rule) == ("4B", "part_solid_changing_ge_4")
    assert ("lesion_1.mean_diameter_mm", "5") in result.inputs
    assert ("lesion_2.solid_diameter_mm", "4") in result.inputs
    assert ("lesion_2.suspicious", "no") in result.inputs
    assert ("other_significant", "no") in result.inputs

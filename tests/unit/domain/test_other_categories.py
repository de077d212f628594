"""C-Lung-RADS, Fleischner 2017, PI-RADS v2.1 and BI-RADS, row by row from their published tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resources.categories import category_name, management_text, rule_text, scheme_title, tables
from workstation.domain.categories import bi_rads as bi
from workstation.domain.categories import c_lung_rads as cn
from workstation.domain.categories import fleischner as fl
from workstation.domain.categories import pi_rads as pi
from workstation.domain.categories.lung_rads import CATEGORIES as LUNG_CATEGORIES
from workstation.domain.categories.lung_rads import LungKind, LungRadsExam, lung_rads
from workstation.domain.categories.values import AssignedCategory, CategoryResult, Unclassifiable, inputs_of

SOLID, PART, GGN = LungKind.SOLID, LungKind.PART_SOLID, LungKind.GROUND_GLASS


@pytest.mark.parametrize(
    ("kind", "size", "solid", "expected"),
    [
        (SOLID, 5.9, None, "1"),
        (SOLID, 6.0, None, "2"),
        (SOLID, 9.9, None, "2"),
        (SOLID, 10.0, None, "3"),
        (SOLID, 17.9, None, "3"),
        (SOLID, 18.0, None, "4"),
        (PART, 5.9, None, "1"),
        (PART, 6.0, 5.9, "2"),
        (PART, 12.0, 6.0, "3"),
        (PART, 12.0, 9.9, "3"),
        (PART, 12.0, 10.0, "4"),
        (GGN, 5.9, None, "1"),
        (GGN, 6.0, None, "2"),
        (GGN, 19.9, None, "2"),
        (GGN, 20.0, None, "3"),
    ],
)
def test_every_row_of_the_chinese_table(kind: LungKind, size: float, solid: float | None, expected: str) -> None:
    nodule = cn.ChineseNodule(kind=kind, mean_diameter_mm=size, solid_diameter_mm=solid)

    result = cn.c_lung_rads(cn.ChineseExam(nodules=(nodule,)))

    assert rule_text("c-lung-rads", result.rule, "en")
    assert expected == result.category


@pytest.mark.parametrize(
    ("size", "malignancy", "expected"), [(7.0, 0.49, "2"), (7.0, 0.5, "4"), (12.0, 0.9, "4"), (4.0, 0.9, "1")]
)
def test_a_probable_cancer_of_category_2_or_3_goes_to_4(size: float, malignancy: float, expected: str) -> None:
    nodule = cn.ChineseNodule(kind=SOLID, mean_diameter_mm=size, malignancy=malignancy)

    assert expected == cn.c_lung_rads(cn.ChineseExam(nodules=(nodule,))).category


def test_calcification_and_no_nodule_are_category_0_of_the_chinese_table() -> None:
    calcified = cn.ChineseNodule(kind=SOLID, mean_diameter_mm=12.0, calcified=True)

    assert cn.c_lung_rads(cn.ChineseExam(nodules=(calcified,))).category == "0"
    assert cn.c_lung_rads(cn.ChineseExam(nodules=())).category == "0"


@pytest.mark.parametrize(
    ("nodule", "missing"),
    [
        (cn.ChineseNodule(kind=SOLID, mean_diameter_mm=None), "mean_diameter_mm"),
        (cn.ChineseNodule(kind=PART, mean_diameter_mm=8.0), "solid_diameter_mm"),
        (cn.ChineseNodule(kind=PART, mean_diameter_mm=8.0, solid_diameter_mm=9.0), "solid_diameter_mm"),
        (cn.ChineseNodule(kind=SOLID, mean_diameter_mm=8.0, malignancy=1.2), "malignancy"),
    ],
)
def test_the_chinese_table_refuses_what_is_missing_or_impossible(nodule: cn.ChineseNodule, missing: str) -> None:
    with pytest.raises(Unclassifiable, match=missing):
        cn.c_lung_rads(cn.ChineseExam(nodules=(nodule,)))


def incidental(kind: LungKind, **more: object) -> fl.IncidentalNodule:
    made = fl.IncidentalNodule(
        kind=kind,
        multiple=False,
        risk=fl.Risk.LOW,
        age_years=50,
        known_cancer=False,
        immunosuppressed=False,
        screening=False,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # the names are those of the dataclass


@pytest.mark.parametrize(
    ("kind", "multiple", "risk", "size", "solid", "expected"),
    [
        (SOLID, False, "low", 5.0, None, "none"),
        (SOLID, False, "high", 5.0, None, "optional_12"),
        (SOLID, False, "low", 6.0, None, "6_12"),
        (SOLID, False, "high", 8.0, None, "6_12"),
        (SOLID, False, "low", 9.0, None, "3_pet_biopsy"),
        (SOLID, False, "high", 9.0, None, "3_pet_biopsy"),
        (SOLID, True, "low", 5.0, None, "none"),
        (SOLID, True, "high", 5.0, None, "optional_12"),
        (SOLID, True, "low", 7.0, None, "3_6"),
        (SOLID, True, "high", 9.0, None, "3_6"),
        (GGN, False, "low", 5.0, None, "none"),
        (GGN, False, "high", 6.0, None, "6_12_subsolid"),
        (GGN, False, "high", 12.0, None, "6_12_subsolid"),
        (PART, False, "low", 5.0, None, "none"),
        (PART, False, "low", 8.0, 5.0, "3_6_part_solid"),
        (PART, False, "low", 8.0, 6.0, "3_6_part_solid"),
        (GGN, True, "low", 5.0, None, "3_6_subsolid"),
        (PART, True, "low", 9.0, None, "3_6_subsolid"),
    ],
)
def test_every_cell_of_fleischner(
    kind: LungKind,
    multiple: bool,  # noqa: FBT001 - a row of a table
    risk: str,
    size: float,
    solid: float | None,
    expected: str,
) -> None:
    nodule = incidental(kind, multiple=multiple, risk=fl.Risk(risk), mean_diameter_mm=size, solid_diameter_mm=solid)

    result = fl.fleischner(nodule)

    assert rule_text("fleischner", result.rule, "zh_CN")
    assert management_text("fleischner", result.management, "en")
    assert expected == result.category


@pytest.mark.parametrize(("size", "expected"), [(5.4, "none"), (5.5, "6_12"), (8.4, "6_12"), (8.5, "3_pet_biopsy")])
def test_fleischner_compares_whole_millimetres(size: float, expected: str) -> None:
    assert expected == fl.fleischner(incidental(SOLID, mean_diameter_mm=size)).category


@pytest.mark.parametrize(
    ("volume", "expected"), [(99.9, "none"), (100.0, "6_12"), (250.0, "6_12"), (250.1, "3_pet_biopsy")]
)
def test_a_measured_volume_decides_over_the_diameter(volume: float, expected: str) -> None:
    assert expected == fl.fleischner(incidental(SOLID, volume_mm3=volume, mean_diameter_mm=7.0)).category
    assert expected == fl.fleischner(incidental(SOLID, volume_mm3=volume)).category


def test_a_solid_part_from_6_mm_on_is_told_apart() -> None:
    small = incidental(PART, mean_diameter_mm=9.0, solid_diameter_mm=5.4)

    assert fl.fleischner(small).management == "part_solid_lt_6_solid"
    assert fl.fleischner(replace(small, solid_diameter_mm=6.0)).management == "part_solid_ge_6_solid"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age_years": 34}, "age_years"),
        ({"age_years": None}, "age_years"),
        ({"known_cancer": True}, "known_cancer"),
        ({"immunosuppressed": True}, "immunosuppressed"),
        ({"screening": True}, "screening"),
        ({"mean_diameter_mm": None}, "mean_diameter_mm"),
        ({"volume_mm3": 0.0}, "volume_mm3"),
    ],
)
def test_fleischner_is_refused_for_whom_it_is_not_made(change: dict[str, object], reason: str) -> None:
    with pytest.raises(Unclassifiable, match=reason):
        fl.fleischner(replace(incidental(SOLID, mean_diameter_mm=7.0), **change))  # type: ignore[arg-type]


def test_sizes_that_contradict_each_other_get_no_recommendation() -> None:
    """A sphere of 9 mm has 382 mm³: 90 beside it is a slip that would have said "no follow-up"."""
    with pytest.raises(Unclassifiable, match="volume_mm3"):
        fl.fleischner(incidental(SOLID, mean_diameter_mm=9.0, volume_mm3=90.0))
    with pytest.raises(Unclassifiable, match="solid_diameter_mm"):
        fl.fleischner(incidental(PART, mean_diameter_mm=7.0, solid_diameter_mm=9.0))


PZ, TZ = pi.Zone.PERIPHERAL, pi.Zone.TRANSITION
PLUS, MINUS, NO_DCE = pi.Contrast.POSITIVE, pi.Contrast.NEGATIVE, pi.Contrast.NOT_DONE


@pytest.mark.parametrize(
    ("zone", "t2", "dwi", "contrast", "expected"),
    [
        (PZ, 5, 1, PLUS, "1"),
        (PZ, 5, 2, PLUS, "2"),
        (PZ, 1, 3, MINUS, "3"),
        (PZ, 1, 3, NO_DCE, "3"),
        (PZ, 1, 3, PLUS, "4"),
        (PZ, 1, 4, MINUS, "4"),
        (PZ, 1, 5, MINUS, "5"),
        (PZ, 3, None, MINUS, "3"),
        (PZ, 3, None, PLUS, "4"),
        (PZ, 5, None, MINUS, "5"),
        (TZ, 1, 5, PLUS, "1"),
        (TZ, 2, 3, PLUS, "2"),
        (TZ, 2, 4, MINUS, "3"),
        (TZ, 2, 5, MINUS, "3"),
        (TZ, 3, 4, PLUS, "3"),
        (TZ, 3, 5, MINUS, "4"),
        (TZ, 4, 1, MINUS, "4"),
        (TZ, 5, 1, MINUS, "5"),
        (TZ, 3, None, PLUS, "3"),
    ],
)
def test_every_row_of_pi_rads(zone: pi.Zone, t2: int, dwi: int | None, contrast: pi.Contrast, expected: str) -> None:
    """Known mistakes: T2 deciding in the peripheral zone; a transition 3 raised from diffusion 4, or by contrast."""
    lesion = pi.ProstateLesion(zone=zone, t2=t2, dwi=dwi, contrast=contrast)

    result = pi.pi_rads(pi.ProstateExam(lesions=(lesion,)))

    assert rule_text("pi-rads", result.rule, "zh_CN")
    assert expected == result.category


@pytest.mark.parametrize("zone", [PZ, TZ])
def test_a_prostate_without_diffusion_and_without_contrast_has_no_category(zone: pi.Zone) -> None:
    """PI-RADS v2.1: the examination is then limited to staging."""
    lesion = pi.ProstateLesion(zone=zone, t2=5, dwi=None, contrast=NO_DCE)

    with pytest.raises(Unclassifiable, match="contrast"):
        pi.pi_rads(pi.ProstateExam(lesions=(lesion,)))


def test_the_highest_prostate_lesion_decides_and_none_is_1() -> None:
    low = pi.ProstateLesion(zone=PZ, t2=2, dwi=2, contrast=MINUS)
    high = pi.ProstateLesion(zone=TZ, t2=4, dwi=4, contrast=MINUS)

    assert pi.pi_rads(pi.ProstateExam(lesions=(low, high))).category == "4"
    assert pi.pi_rads(pi.ProstateExam(lesions=())).category == "1"


@pytest.mark.parametrize(("t2", "dwi", "reason"), [(0, 3, "t2"), (6, 3, "t2"), (3, 0, "dwi"), (3, 6, "dwi")])
def test_a_score_outside_1_to_5_is_refused(t2: int, dwi: int, reason: str) -> None:
    lesion = pi.ProstateLesion(zone=PZ, t2=t2, dwi=dwi, contrast=MINUS)

    with pytest.raises(Unclassifiable, match=reason):
        pi.pi_rads(pi.ProstateExam(lesions=(lesion,)))


def mammogram(*descriptors: bi.Descriptor, screening: bool = False, needs_more: bool = False) -> bi.Mammogram:
    return bi.Mammogram(
        purpose=bi.Purpose.SCREENING if screening else bi.Purpose.DIAGNOSTIC,
        density=bi.Density.C,
        needs_more=needs_more,
        findings=tuple(bi.BreastFinding(side=bi.BreastSide.LEFT, descriptor=one) for one in descriptors),
    )


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        ("benign_calcification", "2"),
        ("fat_containing", "2"),
        ("punctate_group", "3"),
        ("circumscribed_mass", "3"),
        ("focal_asymmetry", "3"),
        ("partly_circumscribed_mass", "4A"),
        ("amorphous_calcification", "4B"),
        ("coarse_heterogeneous_calcification", "4B"),
        ("fine_pleomorphic_calcification", "4B"),
        ("fine_linear_calcification", "4C"),
        ("spiculated_mass", "5"),
        ("proven_cancer", "6"),
    ],
)
def test_a_described_finding_has_its_assessment(descriptor: str, expected: str) -> None:
    assert expected == bi.bi_rads(mammogram(bi.Descriptor(descriptor))).category


def test_a_screening_recalls_and_never_says_3() -> None:
    result = bi.bi_rads(mammogram(bi.Descriptor.CIRCUMSCRIBED_MASS, screening=True))

    assert (result.category, result.rule) == ("0", "recalled")
    assert bi.bi_rads(mammogram(bi.Descriptor.FAT_CONTAINING, screening=True)).category == "2"


def test_a_proven_cancer_hides_neither_another_suspicious_finding_nor_an_open_question() -> None:
    known, other = bi.Descriptor.PROVEN_CANCER, bi.Descriptor.AMORPHOUS_CALCIFICATION

    assert bi.bi_rads(mammogram(known, other)).category == "4B"
    assert bi.bi_rads(mammogram(known, needs_more=True)).category == "0"
    assert bi.bi_rads(mammogram(known, bi.Descriptor.CIRCUMSCRIBED_MASS)).category == "6"


def test_density_is_asked_for_and_never_decides() -> None:
    quiet = mammogram()

    assert [bi.bi_rads(replace(quiet, density=d)).category for d in (bi.Density.A, bi.Density.D)] == ["1", "1"]
    with pytest.raises(Unclassifiable, match="density"):
        bi.bi_rads(replace(quiet, density=None))


def test_every_category_has_words_for_what_to_do_in_both_languages() -> None:
    expected = {
        "lung-rads": {*LUNG_CATEGORIES[1:], "0.prior_awaited", "0.not_evaluable", "0.inflammatory"},
        "c-lung-rads": set(cn.CATEGORIES),
        "bi-rads": set(bi.CATEGORIES),
        "pi-rads": set(pi.CATEGORIES),
    }

    assert expected == {scheme: set(tables()[scheme]["managements"]) for scheme in expected}
    assert set(fl.CATEGORIES) == set(tables()["fleischner"]["categories"])
    for table in tables().values():
        for part in ("rules", "managements", "categories"):
            assert [key for key, text in table[part].items() if not text["zh"].strip() or not text["en"].strip()] == []


def test_every_descriptor_has_an_assessment_and_words() -> None:
    assert {one.value for one in bi.Descriptor} <= set(tables()["bi-rads"]["rules"])
    assert set(bi.ASSESSMENTS) == set(bi.Descriptor)


def test_a_category_is_told_in_the_language_of_the_report() -> None:
    assert rule_text("lung-rads", "solid_6_8", "zh_CN") == "实性结节 6–< 8 mm"
    assert management_text("lung-rads", "3", "en") == "LDCT in 6 months."
    assert scheme_title("lung-rads", "v2022", "zh_CN") == "Lung-RADS v2022"
    assert category_name("fleischner", "6_12", "zh_CN") == "6–12 个月 CT"
    assert category_name("lung-rads", "4A", "en") == "4A"


def result() -> CategoryResult:
    return lung_rads(LungRadsExam(lesions=(), incomplete=None, other_significant=False))


def assigned(chosen: str, reason: str = "") -> AssignedCategory:
    at = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    return AssignedCategory(result(), chosen, "no lung nodule", "Annual screening", "expert", at, reason)


def test_another_category_than_that_of_the_table_needs_a_reason() -> None:
    assert not assigned("1").differs
    assert assigned("3", "Prior shows a nodule").differs
    with pytest.raises(ValueError, match="reason"):
        assigned("3")
    with pytest.raises(ValueError, match="chosen"):
        assigned(" ")


def test_inputs_are_kept_as_they_were_typed() -> None:
    exam = mammogram(bi.Descriptor.SPICULATED_MASS)

    assert inputs_of(exam) == (
        ("purpose", "diagnostic"),
        ("density", "c"),
        ("needs_more", "no"),
        ("finding_1.side", "left"),
        ("finding_1.descriptor", "spiculated_mass"),
    )

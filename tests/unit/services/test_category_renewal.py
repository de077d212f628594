"""The form of an aged category keeps no size that its finding no longer has, and tells what it could not renew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.films import film_study
from tests.unit.services.test_breast_lesions import described
from tests.unit.services.test_category_age import boxed, nodule
from workstation.domain.categories.basis import basis_of
from workstation.domain.categories.values import AssignedCategory, Scheme, Unclassifiable
from workstation.domain.finding import Decision, Finding, NoduleType
from workstation.services.breast_lesions import breast_lesions
from workstation.services.category_forms import LesionInput, classify, form_of, former_lesions, lesions_of
from workstation.services.category_renewal import renewal, renewal_words

STUDY = cases.study()
JUDGED = {"change": "baseline", "suspicious": "no"}
INCIDENTAL = {
    "kind": "solid", "multiple": "no", "risk": "high", "age_years": "60", "known_cancer": "no",
    "immunosuppressed": "no", "screening": "no", "mean_diameter_mm": "7",
}  # fmt: skip


def assigned(
    scheme: Scheme,
    exam: Mapping[str, str],
    lesions: Sequence[LesionInput],
    findings: Sequence[Finding],
    *,
    keeps_keys: bool = True,
) -> AssignedCategory:
    result = classify(scheme, exam, lesions)
    keys = tuple(one.finding for one in lesions) if keeps_keys else ()
    basis = basis_of(scheme, findings)
    return AssignedCategory(result, result.label, "r", "m", "expert", cases.NOON, basis=basis, lesions=keys)


def lung_rads(*findings: Finding, more: Sequence[Mapping[str, str]] = (), keeps_keys: bool = True) -> AssignedCategory:
    """Return the category of findings; ``more`` is what the reader typed for each, beyond what it says."""
    typed = [*more, *({} for _ in findings)]
    lesions = [
        replace(one, values={**one.values, **JUDGED, **typed[at]})
        for at, one in enumerate(lesions_of(Scheme.LUNG_RADS, findings))
    ]
    return assigned(Scheme.LUNG_RADS, {"other_significant": "no"}, lesions, findings, keeps_keys=keeps_keys)


def fleischner(*findings: Finding, **typed: str) -> AssignedCategory:
    return assigned(Scheme.FLEISCHNER, {**INCIDENTAL, **typed}, (), findings)


def given(category: AssignedCategory, *reported: Finding) -> str:
    """Return the category that the form gives before anything is typed, or the input it asks for."""
    inputs, scheme = dict(renewal(category, reported, STUDY).inputs), category.result.scheme
    exam = {name: value for name, value in inputs.items() if "." not in name}
    try:
        return classify(scheme, exam, former_lesions(form_of(scheme), inputs)).label
    except Unclassifiable as exc:
        return f"asks for {exc.reason}"


def by_volume(number: int, size_mm: float) -> Finding:
    mark = replace(cases.mark(), diameter_mm=size_mm)
    return Finding(f"2.25.{number}", number, mark.centre_lps_mm, size_mm, Decision.ACCEPTED, mark)


BEFORE = (nodule(1, 7.0), nodule(2, 5.0), nodule(3, 4.0))
AFTER = (nodule(1, 16.2), nodule(2, 5.0), nodule(4, 6.1, NoduleType.GROUND_GLASS))


@pytest.mark.parametrize("keeps_keys", [True, False])
def test_the_form_begins_with_the_sizes_of_now_and_keeps_what_was_judged(*, keeps_keys: bool) -> None:
    category = lung_rads(*BEFORE, more=[{}, {"suspicious": "yes"}], keeps_keys=keeps_keys)
    made = renewal(category, AFTER, STUDY)
    inputs = dict(made.inputs)

    assert inputs["lesion_1.mean_diameter_mm"] == "16.2"
    assert (inputs["lesion_2.mean_diameter_mm"], inputs["lesion_2.suspicious"]) == ("5", "yes")
    assert (inputs["lesion_3.mean_diameter_mm"], inputs["lesion_3.kind"]) == ("6.1", "ground_glass")
    assert "lesion_3.suspicious" not in inputs  # nobody has judged the new one
    assert "lesion_4.mean_diameter_mm" not in inputs
    assert (made.renewed, made.unsure) == ((1, 3, 4), ())


@pytest.mark.parametrize("keeps_keys", [True, False])
@pytest.mark.parametrize("grown", [1, 2])
def test_of_two_nodules_of_one_size_the_one_that_grew_is_renewed(grown: int, *, keeps_keys: bool) -> None:
    category = lung_rads(nodule(1, 5.0), nodule(2, 5.0), keeps_keys=keeps_keys)
    reported = tuple(nodule(number, 16.0 if number == grown else 5.0) for number in (1, 2))

    assert category.chosen == "2"
    assert dict(renewal(category, reported, STUDY).inputs)[f"lesion_{grown}.mean_diameter_mm"] == "16.0"
    assert given(category, *reported) == "4B"


def test_two_findings_that_change_sizes_are_not_mixed_up() -> None:
    category = lung_rads(nodule(1, 5.0), nodule(2, 8.0), more=[{"suspicious": "yes"}], keeps_keys=False)
    inputs = dict(renewal(category, (nodule(1, 8.0), nodule(2, 5.0)), STUDY).inputs)

    assert (inputs["lesion_1.mean_diameter_mm"], inputs["lesion_1.suspicious"]) == ("8.0", "yes")
    assert (inputs["lesion_2.mean_diameter_mm"], inputs["lesion_2.suspicious"]) == ("5.0", "no")


def test_where_nobody_knows_whose_the_lesions_are_their_sizes_are_asked_for_and_the_form_says_so() -> None:
    typed = [{"mean_diameter_mm": "5"}, {"mean_diameter_mm": "5"}]
    category = lung_rads(nodule(1, 7.0), nodule(2, 5.0), more=typed, keeps_keys=False)
    reported = (nodule(1, 7.0), nodule(2, 16.0))

    assert given(category, *reported) == "asks for mean_diameter_mm"
    assert renewal(category, reported, STUDY).unsure == (2,)
    assert renewal_words(category, reported, STUDY, "en") == (
        "The findings changed since: no. 2 was solid nodule 5.0 mm, now solid nodule 16.0 mm.\n"
        "Not renewed: no. 2 - check the lesions and their sizes."
    )
    assert renewal_words(category, reported, STUDY, "zh_CN") == (
        "所见此后有改动：2 号由实性结节 5.0 mm变为实性结节 16.0 mm。\n未更新：2 号，请核对病灶及其大小。"
    )
    assert renewal_words(category, (nodule(1, 7.0), nodule(2, 5.0)), STUDY, "zh_CN") == ""


def test_what_was_renewed_is_told_by_number() -> None:
    assert renewal_words(
        lung_rads(nodule(1, 5.0), nodule(2, 5.0)), (nodule(1, 9.0), nodule(2, 6.0)), STUDY, "zh_CN"
    ) == (
        "所见此后有改动：1 号由实性结节 5.0 mm变为实性结节 9.0 mm；2 号由实性结节 5.0 mm变为实性结节 6.0 mm。\n"
        "表中已更新：1、2 号；空白项请重新填写。"
    )


@pytest.mark.parametrize(("keeps_keys", "told"), [(True, ((2,), ())), (False, ((), (2,)))])
def test_the_mean_typed_for_a_nodule_sized_by_volume_does_not_outlive_it(
    told: tuple[tuple[int, ...], ...], *, keeps_keys: bool
) -> None:
    typed = [{"kind": "solid", "mean_diameter_mm": size} for size in ("4", "5.5")]
    category = lung_rads(by_volume(1, 4.3), by_volume(2, 6.1), more=typed, keeps_keys=keeps_keys)
    reported = (by_volume(1, 4.3), by_volume(2, 12.0))
    made = renewal(category, reported, STUDY)

    assert given(category, *reported) == "asks for mean_diameter_mm"
    assert (made.renewed, made.unsure) == told
    assert ("lesion_1.mean_diameter_mm" in dict(made.inputs)) is keeps_keys


def test_one_lesion_of_one_finding_is_its_own_whatever_was_typed() -> None:
    category = lung_rads(by_volume(1, 6.1), more=[{"kind": "solid", "mean_diameter_mm": "5.5"}], keeps_keys=False)

    assert given(category, nodule(1, 16.0)) == "4B"


def test_the_solid_part_of_a_part_solid_nodule_that_grew_is_asked_for() -> None:
    category = lung_rads(nodule(1, 9.0, NoduleType.PART_SOLID), more=[{"solid_diameter_mm": "4"}])

    assert category.chosen == "3"
    assert given(category, nodule(1, 18.0, NoduleType.PART_SOLID)) == "asks for solid_diameter_mm"


def test_a_nodule_that_became_calcified_is_no_longer_solid_in_the_form() -> None:
    assert given(lung_rads(nodule(1, 9.0)), nodule(1, 9.0, NoduleType.CALCIFIED)) == "asks for kind"


def test_a_nodule_that_is_no_longer_calcified_is_no_longer_benign() -> None:
    category = lung_rads(nodule(1, 16.0, NoduleType.CALCIFIED), more=[{"kind": "solid", "benign": "calcification"}])

    assert category.chosen == "1"
    assert given(category, nodule(1, 16.0)) == "4B"


def test_stable_is_judged_again_where_the_size_is_another() -> None:
    category = lung_rads(nodule(1, 7.0), more=[{"change": "stable"}])

    assert given(category, nodule(1, 9.0)) == "asks for change"


def test_a_lesion_that_the_reader_took_out_of_the_form_is_not_renewed_and_that_is_told() -> None:
    both = (nodule(1, 7.0), nodule(2, 5.0))
    alone = lung_rads(both[0])
    category = replace(alone, basis=basis_of(Scheme.LUNG_RADS, both))

    made = renewal(category, (both[0], nodule(2, 16.0)), STUDY)
    assert (made.renewed, made.unsure) == ((), (2,))


def test_lesions_of_no_finding_stay_as_they_are() -> None:
    airway = LesionInput("airway", {"proximal": "yes", "change": "new", "suspicious": "no"})
    seen = nodule(1, 7.0)
    (lesion,) = lesions_of(Scheme.LUNG_RADS, (seen,))
    lesions = [airway, replace(lesion, values={**lesion.values, **JUDGED})]
    category = assigned(Scheme.LUNG_RADS, {"other_significant": "no"}, lesions, (seen,))
    inputs = dict(renewal(category, (nodule(1, 16.0),), STUDY).inputs)

    assert (inputs["lesion_1.proximal"], inputs["lesion_2.mean_diameter_mm"]) == ("yes", "16.0")
    assert [one.kind for one in former_lesions(form_of(Scheme.LUNG_RADS), inputs)] == ["airway", "nodule"]
    assert [one.finding for one in former_lesions(form_of(Scheme.LUNG_RADS), inputs)] == ["", "2.25.1"]


def test_the_first_nodule_of_an_empty_category_comes_into_the_form() -> None:
    assert dict(renewal(lung_rads(), (nodule(1, 7.0),), STUDY).inputs)["lesion_1.mean_diameter_mm"] == "7.0"


def test_a_finding_on_a_film_leaves_the_lesions_and_is_told() -> None:
    exam = {"purpose": "screening", "density": "b", "needs_more": "no"}
    lesion = LesionInput("finding", {"side": "left", "descriptor": "spiculated_mass"})
    category = assigned(Scheme.BI_RADS, exam, [lesion], (boxed(1, "mass"),))
    made = renewal(category, (boxed(2, "mass"),), STUDY)

    assert made.inputs == category.result.inputs
    assert (made.renewed, made.unsure) == ((), (1, 2))


BREAST = {"purpose": "diagnostic", "density": "b", "needs_more": "no"}
FILMS = film_study(("R", "MLO"), ("L", "CC"), ("", "CC"))


def mammogram(*seen: Finding) -> AssignedCategory:
    """Return the assessment that the form gives for described findings, with the lesions that are theirs."""
    return assigned(Scheme.BI_RADS, BREAST, breast_lesions(seen, FILMS), seen)


def test_a_lesion_of_the_breast_follows_what_its_finding_is_described_as() -> None:
    round_mass = described(margin="circumscribed", shape="round")
    category = mammogram(round_mass)
    assert category.chosen == "3"
    spiculated = described(margin="spiculated", shape="irregular")
    made = renewal(category, (spiculated,), FILMS)

    assert dict(made.inputs)["finding_1.descriptor"] == "spiculated_mass"
    assert (made.renewed, made.unsure) == ((1,), ())
    assert renewal_words(category, (spiculated,), FILMS, "en") == (
        "The findings changed since: no. 1 (mass) is described otherwise.\n"
        "Brought up to date here: no. 1; give anew what is empty."
    )
    assert renewal_words(category, (round_mass,), FILMS, "en") == ""


def test_what_a_finding_of_the_breast_no_longer_says_is_asked_for_and_its_side_stays() -> None:
    """A circumscribed mass of irregular shape is no entry of the table."""
    lesion = LesionInput("finding", {"side": "left", "descriptor": "circumscribed_mass"}, "2.25.7")
    category = assigned(Scheme.BI_RADS, BREAST, [lesion], (described(margin="circumscribed", shape="round"),))
    inputs = dict(renewal(category, (described(margin="circumscribed", shape="irregular"),), FILMS).inputs)
    assert "finding_1.descriptor" not in inputs
    assert inputs["finding_1.side"] == "right"


def test_a_new_finding_of_the_breast_comes_into_the_form_and_one_that_went_leaves_it() -> None:
    first = described(margin="circumscribed", shape="round")
    second = replace(described(image="1.2.3.2.1", margin="spiculated"), tracking_uid="2.25.9", number=2)
    both = renewal(mammogram(first), (first, second), FILMS)
    inputs = dict(both.inputs)
    assert (inputs["finding_2.side"], inputs["finding_2.descriptor"]) == ("left", "spiculated_mass")
    assert (both.renewed, both.unsure) == ((2,), ())

    left = renewal(mammogram(first, second), (second,), FILMS)
    assert "finding_1.descriptor" not in dict(left.inputs)
    assert dict(left.inputs)["finding_2.descriptor"] == "spiculated_mass"


def test_a_category_from_before_descriptions_were_kept_is_not_called_old_for_that() -> None:
    seen = described(margin="spiculated")
    category = mammogram(seen)
    assert category.basis is not None
    before = replace(category, basis=tuple(replace(one, described=None) for one in category.basis))
    assert renewal_words(before, (seen,), FILMS, "en") == ""


def test_the_lesions_of_a_prostate_are_of_no_finding_and_are_told_as_not_renewed() -> None:
    lesion = LesionInput("lesion", {"zone": "peripheral", "t2": "3", "dwi": "4", "contrast": "negative"})
    category = assigned(Scheme.PI_RADS, {}, [lesion], (nodule(1, 7.0),))
    made = renewal(category, (nodule(1, 16.0),), STUDY)
    assert made.inputs == category.result.inputs
    assert (made.renewed, made.unsure) == ((), (1,))


def test_the_one_nodule_of_fleischner_is_renewed_or_asked_for_again() -> None:
    category = fleischner(nodule(1, 7.0))

    assert category.chosen == "6_12"
    assert given(category, nodule(1, 9.3)) == "3_pet_biopsy"
    assert given(category) == "asks for mean_diameter_mm"


def test_a_volume_of_before_no_longer_decides_for_fleischner() -> None:
    category = fleischner(nodule(1, 7.0), volume_mm3="180")

    assert category.chosen == "6_12"
    assert given(category, nodule(1, 16.0)) == "3_pet_biopsy"


@pytest.mark.parametrize("first", [7.0, 7.4])
def test_another_nodule_that_may_be_the_larger_one_now_asks_for_the_size_of_fleischner(first: float) -> None:
    category = fleischner(nodule(1, 7.0), nodule(2, 4.0))
    grown = (nodule(1, first), nodule(2, 16.0))

    assert given(category, *grown) == "asks for mean_diameter_mm"
    assert 2 in renewal(category, grown, STUDY).unsure
    assert given(fleischner(nodule(1, 7.0)), *grown) == "asks for mean_diameter_mm"

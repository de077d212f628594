"""What a template asks for each finding follows from the evidence, and stays what the reader said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.helpers import cases
from workstation.domain.finding import Decision, Finding, FindingList, NoduleType, RejectReason
from workstation.domain.finding_traits import asked, contradicted, each_of, refreshed, traits_of, with_option
from workstation.domain.image_place import ImagePlace
from workstation.domain.observation import FollowUp, NoduleObservation
from workstation.domain.template import TemplateField
from workstation.exchange.templates.library import TemplateLibrary

LUNG = each_of(TemplateLibrary().get("ct-chest-nodule"))
BREAST = each_of(TemplateLibrary().get("mg-breast"))


def nodule(kind: NoduleType = NoduleType.SOLID) -> Finding:
    return replace(cases.ai_finding(1).accepted(by="expert", at=cases.NOON), nodule_type=kind)


def followed(before_mm: float, now_mm: float) -> Finding:
    def seen(uid: str, day: date, size: float) -> NoduleObservation:
        return NoduleObservation(uid, day, (-57.0, 131.0, -520.5), size)

    return nodule().followed(
        FollowUp(
            "1.2.9", seen("2.25.9", date(2025, 11, 20), before_mm), seen("2.25.1001", date(2026, 11, 20), now_mm),
            own_tracking_uid="2.25.1001",
        ),
        tracking_uid="2.25.9",
    )  # fmt: skip


def mass(label: str = "mass") -> Finding:
    place = ImagePlace("1.2.3.2.1", box_px=(10.0, 10.0, 30.0, 30.0))
    return Finding("2.25.7", 1, None, None, Decision.ADDED, on_image=place, label=label)


def known(finding: Finding, items: tuple[TemplateField, ...] = LUNG) -> Finding:
    return refreshed(FindingList("1.2.3", findings=(finding,)), items).findings[0]


def say(finding: Finding, key: str, option: str, items: tuple[TemplateField, ...] = LUNG) -> Finding:
    item = next(one for one in items if one.key == key)
    return known(with_option(finding, item, option, by="expert", at=cases.NOON), items)


@pytest.mark.parametrize(
    ("before", "now", "expected"), [(6.0, 9.0, "growing"), (9.0, 6.0, "smaller"), (6.0, 6.4, "stable")]
)
def test_the_change_follows_from_the_prior_that_the_reader_confirmed(before: float, now: float, expected: str) -> None:
    finding = known(followed(before, now))
    assert traits_of(finding) == {"composition": "solid", "change": expected}
    assert [one.derived for one in finding.traits] == [True, True]
    assert traits_of(known(finding.parted())) == {"composition": "solid"}


def test_what_the_reader_said_stands_against_what_would_follow_until_it_is_taken_away() -> None:
    said = say(followed(6.0, 9.0), "change", "new")
    assert traits_of(said)["change"] == "new"
    assert traits_of(say(said, "change", ""))["change"] == "growing"
    assert {one.key for one in said.traits if not one.derived} == {"change"}


def test_composition_is_the_type_of_the_nodule_and_its_original_stays() -> None:
    said = say(nodule(), "composition", "ground_glass")
    assert (said.nodule_type, traits_of(said)) == (NoduleType.GROUND_GLASS, {"composition": "ground_glass"})
    assert say(said, "composition", "").nodule_type is NoduleType.UNSPECIFIED
    assert said.original == cases.ai_finding(1).original


def test_a_finding_that_does_not_count_is_asked_nothing_new() -> None:
    rejected = say(nodule(), "margin", "smooth").rejected(RejectReason.VESSEL, by="expert", at=cases.NOON)
    assert known(rejected) == rejected
    assert known(cases.ai_finding(1)).traits == ()


def test_a_mass_that_becomes_calcifications_loses_its_shape() -> None:
    said = say(say(known(mass(), BREAST), "shape", "irregular", BREAST), "margin", "spiculated", BREAST)
    assert traits_of(said) == {"kind": "mass", "shape": "irregular", "margin": "spiculated"}
    assert [one.key for one in asked(BREAST, said)] == ["kind", "shape", "margin", "density", "change"]
    now = say(said, "kind", "calcifications", BREAST)
    assert traits_of(now) == {"kind": "calcifications"}
    assert [one.key for one in asked(BREAST, now)] == ["kind", "morphology", "distribution", "change"]


def test_a_name_of_a_model_is_a_kind_where_the_template_has_it() -> None:
    assert traits_of(known(mass("Architectural distortion"), BREAST)) == {"kind": "architectural_distortion"}
    assert traits_of(known(mass("abnormality"), BREAST)) == {}
    assert traits_of(known(mass(), LUNG)) == {}  # what lies on a film has no type of a nodule


def test_answers_of_another_template_stay_and_a_template_that_asks_nothing_changes_nothing() -> None:
    said = say(nodule(), "margin", "smooth")
    assert "margin" in traits_of(known(said, (LUNG[0],)))
    findings = FindingList("1.2.3", findings=(said,))
    assert refreshed(findings, ()) is findings


def test_an_unknown_option_and_a_field_without_a_concept_are_mistakes() -> None:
    with pytest.raises(KeyError):
        say(nodule(), "margin", "golden")
    with pytest.raises(ValueError, match="concept"):
        with_option(nodule(), replace(LUNG[1], concept=None), "smooth", by="expert", at=cases.NOON)


def test_a_mark_that_confirms_a_finding_takes_over_what_was_said_of_it() -> None:
    own = replace(nodule(), original=None, decision=Decision.ADDED, tracking_uid="2.25.5")
    own = say(own, "margin", "spiculated")
    assert traits_of(cases.ai_finding(1).confirming(own, by="expert", at=cases.NOON))["margin"] == "spiculated"


@pytest.mark.parametrize("said", ["baseline", "new", "stable", "smaller"])
def test_a_change_told_before_the_prior_was_confirmed_contradicts_the_growth_found_then(said: str) -> None:
    before = say(nodule(), "change", said)
    grown = replace(followed(6.0, 9.0), traits=before.traits)
    found = contradicted(LUNG, known(grown))

    assert found is not None
    assert [one.option for one in found] == [said, "growing"]
    assert contradicted(LUNG, before) is None
    assert contradicted(LUNG, known(grown.parted())) is None


def test_a_change_that_follows_from_the_prior_or_is_not_asked_contradicts_nothing() -> None:
    assert contradicted(LUNG, say(followed(6.0, 9.0), "change", "growing")) is None
    assert contradicted(LUNG, known(followed(6.0, 9.0))) is None
    assert contradicted((), say(followed(6.0, 9.0), "change", "new")) is None

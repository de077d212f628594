"""What the numbers of a template mean outside: quantity, site, exact value, UCUM unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from workstation.dicom.sr.template_numbers import chosen, field_concept, number_items, template_number
from workstation.domain.template import Code
from workstation.exchange.templates.library import TemplateLibrary

PET = TemplateLibrary().get("petct")


@pytest.mark.parametrize("typed", ["", "much", "nan", "inf"])
def test_what_is_no_finite_number_is_left_to_the_words(typed: str) -> None:
    report = cases.report(values={"suvmax": typed})

    assert template_number(PET.field("suvmax"), report) is None
    assert number_items(PET.field("suvmax"), report) == []


def test_a_quantity_has_its_site_and_derivation_and_any_other_number_a_concept_of_its_own() -> None:
    report = cases.report(values={"liver_suv": "2.13", "glucose": "5.6", "uptake_min": "60"})
    found = {key: template_number(PET.field(key), report) for key in ("liver_suv", "glucose", "uptake_min")}
    liver, glucose, uptake = found["liver_suv"], found["glucose"], found["uptake_min"]

    assert liver is not None
    assert glucose is not None
    assert uptake is not None
    assert (liver.concept.value, liver.value, liver.unit) == ("126400", 2.13, Code("g/ml", "UCUM", "g/ml"))
    assert liver.site == Code("10200004", "SCT", "Liver")
    assert [value.value for _name, value in liver.modifiers] == ["373098007", "10200004"]
    assert (glucose.concept.scheme, glucose.concept.meaning, glucose.site) == ("99LIANYUE", "Blood glucose", None)
    assert glucose.concept.value != uptake.concept.value
    assert len(glucose.concept.value) <= 16  # a Code Value is an SH


def test_a_site_s_own_concept_of_a_field_is_kept() -> None:
    own = replace(PET.field("glucose"), concept=Code("2339-0", "LN", "Glucose [Mass/volume] in Blood"))

    assert field_concept(own, "petct") == Code("2339-0", "LN", "Glucose [Mass/volume] in Blood")
    assert chosen(PET.field("critical_sign"), cases.report(values={"critical_sign": "?"})) is None

"""The tracer of a PET report comes from the images, and asks for the glucose where it is FDG."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydicom.dataset import Dataset

from tests.helpers import cases
from tests.helpers.cases import report
from tests.helpers.pet import pet_header
from workstation.dicom.header import header_from_json, header_of
from workstation.dicom.images.assemble import studies_of
from workstation.domain.report import BlockerKind, signing_blockers
from workstation.domain.study import Study
from workstation.domain.template import Code, FieldType, ReportTemplate
from workstation.domain.tracer import prefilled, tracer_of
from workstation.domain.workitem import Claim
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.reading_session import OpenedCase, ReadingSession

CLAIM = Claim("2.25.8", "2.25.99")


def petct() -> ReportTemplate:
    return TemplateLibrary().get("petct")


def study(code: tuple[str, str, str] | None, words: str = "", *, tracers: int = 1) -> Study:
    dataset = pet_header(StudyInstanceUID=cases.study().study_instance_uid, Modality="PT")
    tracer = dataset.RadiopharmaceuticalInformationSequence[0]
    tracer.Radiopharmaceutical = words
    if code is not None:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
        tracer.RadiopharmaceuticalCodeSequence = [item]
    dataset.RadiopharmaceuticalInformationSequence = [tracer] * tracers
    direct, sent = (studies_of([one])[0] for one in (header_of(dataset), header_from_json(dataset.to_json_dict())))
    assert tracer_of(direct) == tracer_of(sent)
    return sent


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (("35321007", "SCT", "Fluorodeoxyglucose F^18^"), "", {"tracer": "fdg"}),
        (("C-B1031", "SRT", "Fluorodeoxyglucose F^18^"), "", {"tracer": "fdg"}),
        (("C-B1031", "SNM3", ""), "", {"tracer": "fdg"}),
        (("126758", "DCM", "PSMA-1007 F^18^"), "", {"tracer": "psma_1007"}),
        (("4711", "99SITE", "Our own FDG"), "", {"tracer": "fdg"}),
        (None, "18F-FDG", {"tracer": "fdg"}),
        (None, "FDG -- fluorodeoxyglucose", {"tracer": "fdg"}),
        (None, "68Ga-FAPI-04", {"tracer": "fapi"}),
        (None, "Ga-68 PSMA", {}),  # which one is not said
        (None, "FDG + NaF", {}),
        (None, "", {}),
    ],
)
def test_the_tracer_of_the_images_is_chosen_in_the_report(
    code: tuple[str, str, str] | None, words: str, expected: dict[str, str]
) -> None:
    assert prefilled(petct(), study(code, words)) == expected


def test_two_tracers_of_one_study_choose_none() -> None:
    assert prefilled(petct(), study(None, "FDG", tracers=2)) == {}
    one, other = study(None, "FDG"), study(None, "NaF")
    assert tracer_of(replace(one, series=(*one.series, *other.series))) is None
    assert tracer_of(one) == Code("", "", "FDG")


def test_a_template_without_the_field_or_with_another_kind_of_it_takes_nothing() -> None:
    fdg = study(None, "FDG")
    assert prefilled(TemplateLibrary().get("ct-chest"), fdg) == {}
    template = petct()
    first = template.sections[1]
    asked = tuple(replace(one, type=FieldType.TEXT, choices=()) if one.key == "tracer" else one for one in first.fields)
    template = replace(template, sections=(template.sections[0], replace(first, fields=asked), *template.sections[2:]))
    assert prefilled(template, fdg) == {}


@pytest.mark.parametrize(("tracer", "asks"), [("fdg", True), ("psma_11", False), ("other", False), ("", False)])
def test_glucose_is_asked_for_where_the_tracer_is_fdg(tracer: str, *, asks: bool) -> None:
    made = replace(report(), template_id="petct", values={"tracer": tracer})
    empty = [one.target for one in signing_blockers(made, petct()) if one.kind is BlockerKind.EMPTY_FIELD]
    assert ("glucose" in empty, "tracer" in empty) == (asks, not tracer)


@pytest.mark.parametrize(("values", "expected"), [({}, "fdg"), ({"tracer": "other"}, "other")])
def test_who_changes_to_the_pet_template_finds_the_tracer_there_unless_it_was_chosen(
    values: dict[str, str], expected: str
) -> None:
    case = OpenedCase(cases.row(), study(None, "FDG"), cases.template(), replace(report(), values=values), CLAIM)
    opened = ReadingSession(case, cases.READER, clock=cases.FixedClock(), new_uid=cases.Uids())
    opened.choose_template(petct())
    assert opened.report.values == {"tracer": expected}

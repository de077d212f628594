"""
Fault F18 to its end: names and texts in every character set, from the scanner's bytes to HL7 and FHIR.

What is stored at the hub is read by the hub's own reader. At the end stand the characters that the scanner meant, or
an explicit refusal: a name in wrong characters would overwrite the right one at the site.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from tests.helpers.charsets import MISLABELLED, SOURCES, Source, written
from tests.helpers.consignments import HL7, PDF_BYTES, consigned, small_study, template_of
from tests.helpers.full_reports import final_report
from worklist.hub.instance_json import dataset_to_json, read_header, text_of
from workstation.dicom.garbled import is_garbled, readable_name
from workstation.domain.dispatch import Charset, Consignment, PatientFacts, RouteKind
from workstation.domain.errors import Undeliverable
from workstation.exchange.routes.fhir import transaction
from workstation.exchange.routes.hl7v2 import oru_r01
from workstation.exchange.routes.report_body import report_body

RARE = "UTF-8 with rare characters"
KNOWN = {name: source for name, source in SOURCES.items() if source.assumed is None}
"""Sources whose label is true."""
UNKNOWN = {**MISLABELLED, **{name: one for name, one in SOURCES.items() if one.assumed and one.label != "GB18030"}}
"""Sources whose label is not; the hub has their bytes and nothing else to go by."""


def stored(source: Source) -> Consignment:
    """Return a signed report of a study as the hub indexed it; its words name the examination as it reads it."""
    attributes, _doubts = dataset_to_json(read_header(written(source)), "x/bulkdata/")
    exam = text_of(attributes, "00081030")
    report = final_report(small_study())
    report = replace(report, values={**report.values, "impression": source.exam})
    made = consigned(report)
    patient = PatientFacts(
        text_of(attributes, "00100020"), text_of(attributes, "00100010"), text_of(attributes, "00100040"),
        text_of(attributes, "00100030"),
    )  # fmt: skip
    return replace(made, patient=patient, study=replace(made.study, description=exam))


def message(consignment: Consignment, charset: Charset) -> str:
    """Return the message as a receiver reads it that believes MSH-18."""
    route = replace(HL7, charset=charset)
    sent = oru_r01(consignment, route, report_body(consignment, template_of), PDF_BYTES)
    declared = sent.split(b"\r", 1)[0].split(b"|")[17].decode("ascii")
    return sent.decode({"UNICODE UTF-8": "utf-8", "GB 18030-2000": "gb18030", "GBK": "gbk"}[declared])


def names_in(text: str) -> list[str]:
    """Return the names of PID-5 as ``family^given``, with the type of each name."""
    (pid,) = [line.split("|") for line in text.split("\r") if line.startswith("PID")]
    return [f"{parts[0]}^{parts[1]} {parts[6]}" for parts in (one.split("^") for one in pid[5].split("~"))]


def bundle(consignment: Consignment) -> dict[str, Any]:
    """Return the transaction as it comes out of its bytes."""
    route = replace(HL7, kind=RouteKind.FHIR, address="http://127.0.0.1:9/r4")
    made = transaction(consignment, route, report_body(consignment, template_of), PDF_BYTES)
    content: dict[str, Any] = json.loads(json.dumps(made).encode())
    assert Bundle.model_validate(content) is not None
    return content


def resource(told: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e["resource"] for e in told["entry"] if e["resource"]["resourceType"] == kind)
    return found


@pytest.mark.parametrize("charset", list(Charset))
@pytest.mark.parametrize("name", KNOWN)
def test_what_the_scanner_wrote_stands_in_the_message_or_the_route_refuses_it(name: str, charset: Charset) -> None:
    source = KNOWN[name]
    lost = [char for char in source.name if not fits(char, charset)]
    if lost:
        with pytest.raises(Undeliverable) as refused:
            message(stored(source), charset)
        assert all(f"U+{ord(char):04X}" in str(refused.value) for char in lost)
        return
    text = message(stored(source), charset)

    assert names_in(text) == [f"{group} L" for group in source.name.split("=")]
    assert source.exam in text
    assert "?" not in text


def fits(char: str, charset: Charset) -> bool:
    try:
        return char.encode(charset.value).decode(charset.value) == char
    except UnicodeEncodeError:
        return False


def test_the_matrix_holds_a_name_that_a_route_must_refuse() -> None:
    assert [char for char in KNOWN[RARE].name if not fits(char, Charset.GBK)] == ["䶮", "𠮷", "㐂"]


@pytest.mark.parametrize("name", KNOWN)
def test_what_the_scanner_wrote_stands_in_fhir(name: str) -> None:
    source = KNOWN[name]
    told = bundle(stored(source))

    patient = resource(told, "Patient")
    assert [f"{one['family']}^{''.join(one['given'])}" for one in patient["name"]] == source.name.split("=")
    assert resource(told, "ImagingStudy")["description"] == source.exam
    assert resource(told, "DiagnosticReport")["conclusion"] == source.exam


@pytest.mark.parametrize("charset", list(Charset))
@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_in_wrong_characters_is_refused_in_the_message_and_the_patient_id_tells_whose_it_is(
    name: str, charset: Charset
) -> None:
    source = UNKNOWN[name]
    text = message(stored(source), charset)
    latin = [group for group in source.name.split("=") if group.isascii()]

    assert names_in(text) == [f"{group} L" for group in latin] or (not latin and names_in(text) == ["^ U"])
    assert "|P1^^^^PI|" in text
    assert source.exam in text, "the words of the report are its reader's, and stay"


@pytest.mark.parametrize("source", [KNOWN[RARE], UNKNOWN["GBK without label"]])
def test_an_outside_parser_takes_a_message_with_the_name_and_one_without(source: Source) -> None:
    text = message(stored(source), Charset.UTF_8)

    assert Validator.validate(parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)) is True


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_name_in_wrong_characters_is_said_to_be_missing_in_fhir(name: str) -> None:
    source = UNKNOWN[name]
    told = bundle(stored(source))
    latin = [group for group in source.name.split("=") if group.isascii()]
    (given,) = resource(told, "Patient")["name"]

    if latin:
        assert f"{given['family']}^{''.join(given['given'])}" == latin[0]
    else:
        assert given["extension"][0]["valueCode"] == "error"
        assert "family" not in given
    assert resource(told, "Patient")["identifier"][0]["value"] == "P1"
    assert "description" not in resource(told, "ImagingStudy")
    assert resource(told, "DiagnosticReport")["conclusion"] == source.exam


def test_a_report_that_neither_a_name_nor_an_id_says_whose_it_is_goes_nowhere() -> None:
    nameless = stored(UNKNOWN["GBK under Latin 1"])
    nameless = replace(nameless, patient=replace(nameless.patient, patient_id=" "))
    for send in (lambda: message(nameless, Charset.UTF_8), lambda: bundle(nameless)):
        with pytest.raises(Undeliverable, match="name garbled"):
            send()


@pytest.mark.parametrize(
    "name",
    [
        "Müller^Jörg",
        "Pääbo^Svante",
        "João^Ñuñez",
        "Öz^Ayşe",
        "Øre^Åse",
        "Čech^Jiří",
        "O’Neil^Zoë",
        "王^小东",
        "",
    ],
)
def test_a_name_with_accents_is_never_taken_for_wrong_characters(name: str) -> None:
    assert (is_garbled(name), readable_name(name)) == (False, name)


@pytest.mark.parametrize(
    ("meant", "codec"),
    [
        ("王^小东", "gbk"),
        ("朱^镕基", "gbk"),
        ("欧阳^娜娜", "gb2312"),
        ("李", "utf-8"),
        ("胸部 CT", "gbk"),
        ("张^玲", "gbk"),  # “ÕÅ” and “Áá”: shaped like capitals and a Latin name
        ("李^昆", "gbk"),
    ],
)
def test_chinese_read_as_latin_1_is_told_by_its_characters_alone(meant: str, codec: str) -> None:
    assert is_garbled(meant.encode(codec).decode("latin-1"))
    assert readable_name("Li^A=" + meant.encode(codec).decode("latin-1")) == "Li^A"

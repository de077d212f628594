"""
Fault F18, scanners that mislabel: a site's setting says what their text really is.

Through the real hub: the bytes stay, the name becomes the one that the scanner meant, and everybody is told.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.helpers.charsets import MISLABELLED, SOURCES, written
from tests.helpers.dicom_bytes import STUDY
from tests.helpers.hub import HubBed, expect
from worklist.hub.audit import audit_events
from worklist.hub.instance_json import dataset_to_json, read_header, text_of
from workstation.dicom.images.assemble import study_from_json
from workstation.dicom.scanner_charsets import parse_scanner_charsets, read_as
from workstation.domain.errors import TemplateViolation
from workstation.domain.scanner_charset import CharsetRule

SITE = "清水镇中心卫生院"
WRONG = {**MISLABELLED, **{name: one for name, one in SOURCES.items() if one.assumed and one.label != "GB18030"}}
CODECS = {"gbk": "GB18030", "utf-8": "ISO_IR 192"}


WRONGLY = "GBK under Latin 1"


def rule(charset: str, institution: str = SITE) -> CharsetRule:
    return CharsetRule(charset, institution=institution, by="qingshui r1")


@pytest.mark.parametrize("name", WRONG)
def test_with_the_setting_the_same_characters_stand_at_the_end_and_the_reader_is_told(name: str) -> None:
    source = WRONG[name]
    raw = written(source)
    attributes, doubts = dataset_to_json(read_header(raw), "x/bulkdata/", [rule(CODECS[source.codec])])
    study = study_from_json([attributes])

    assert text_of(attributes, "00100010") == source.name
    assert (study.institution, study.description) == (source.site, source.exam)
    assert doubts == []
    assert [one.text for one in study.warnings if one.code == "charset_setting"] == [
        f"Read as {CODECS[source.codec]} by the site's setting"
    ]
    assert read_as(attributes) == f"{CODECS[source.codec]} qingshui r1"
    assert raw == written(source), "the file is what it was"


@pytest.mark.parametrize(
    "name", ["UTF-8", "UTF-8 with rare characters", "GB18030", "ISO 2022 IR 58", "GB2312 as label"]
)
@pytest.mark.parametrize("charset", ["GB18030", "ISO_IR 192"])
def test_a_label_that_fits_the_bytes_is_believed_whatever_the_setting_says(name: str, charset: str) -> None:
    source = SOURCES[name]
    attributes, _doubts = dataset_to_json(read_header(written(source)), "x/bulkdata/", [rule(charset)])
    assert text_of(attributes, "00100010") == source.name
    assert read_as(attributes) == ""


@pytest.mark.parametrize("name", [name for name, one in MISLABELLED.items() if one.codec == "gbk"])
def test_a_setting_that_does_not_fit_the_bytes_is_not_forced_on_them(name: str) -> None:
    """UTF-8 for a scanner that writes GBK: the label is read, and doubted aloud as without a setting."""
    source = MISLABELLED[name]
    unset, doubted = dataset_to_json(read_header(written(source)), "x/bulkdata/")
    attributes, doubts = dataset_to_json(read_header(written(source)), "x/bulkdata/", [rule("ISO_IR 192")])
    assert text_of(attributes, "00100010") == text_of(unset, "00100010")
    assert {one.code for one in doubts} == {one.code for one in doubted} == {"charset"}


def test_another_scanner_is_not_meant() -> None:
    source = MISLABELLED["GBK under Latin 1"]
    for other in (rule("GB18030", "人民医院"), CharsetRule("GB18030", institution=SITE, station_name="CT02")):
        attributes, doubts = dataset_to_json(read_header(written(source)), "x/bulkdata/", [other])
        assert text_of(attributes, "00100010") != source.name
        assert read_as(attributes) == ""
        assert doubts


def test_a_file_of_plain_ascii_says_nothing_of_a_setting() -> None:
    source = replace(SOURCES["UTF-8"], label="", codec="ascii", name="Wang^XiaoDong", site="QINGSHUI", exam="CHEST")
    attributes, _doubts = dataset_to_json(read_header(written(source)), "x/bulkdata/", [rule("GB18030", "Qingshui")])
    assert read_as(attributes) == ""


def test_every_criterion_that_is_filled_has_to_be_met() -> None:
    both = CharsetRule("GB18030", manufacturer="NEUSOFT", station_name="CT01")
    assert both.meets(["Neusoft "], ["ct01"], [""])
    assert not both.meets(["Neusoft"], ["ct02"], [""])
    with pytest.raises(ValueError, match="names the scanner"):
        CharsetRule("GB18030")


@pytest.mark.parametrize("content", ["", "[]", '{"rules": [{"charset": "GB18030"}]}',
                                     '{"rules": [{"charset": "Big5", "station_name": "A"}]}'])  # fmt: skip
def test_rules_that_are_none_are_refused(content: str) -> None:
    with pytest.raises(TemplateViolation):
        parse_scanner_charsets(content, "charsets")


def test_through_the_hub_the_name_is_right_the_bytes_stay_and_the_audit_trail_tells(hub: HubBed) -> None:
    study = "1.2.4.37"
    rules = {"rules": [{"institution": SITE, "charset": "GB18030"}]}
    where = "/api/documents/scanner_charsets/charsets"
    admin = hub.as_("admin")
    found = admin.get(where, params={"site": "qingshui"})
    named = {"If-Match": found.headers["etag"]} if found.status_code == 200 else {"If-None-Match": "*"}
    expect(200, admin.put(where, params={"site": "qingshui"}, json={"content": json.dumps(rules)}, headers=named))
    raw = written(MISLABELLED[WRONGLY]).replace(STUDY.encode(), study.encode())
    expect(200, hub.store("technician", study, [raw]))
    metadata = expect(
        200, hub.as_("expert").get(f"/dicom-web/studies/{study}/metadata", headers={"Accept": "application/dicom+json"})
    ).json()

    stored = hub.as_("expert").get(
        f"/dicom-web/studies/{study}",
        headers={"Accept": "multipart/related; type=application/dicom; transfer-syntax=*"},
    )
    assert raw in expect(200, stored).content, "what was sent is what is kept"
    assert study_from_json(metadata).patient.name == "王小东"
    assert read_as(metadata[0]).startswith("GB18030 qingshui r")
    listed = expect(200, hub.as_("expert").get("/dicom-web/studies", params={"StudyInstanceUID": study})).json()
    assert listed[0]["00100010"]["Value"][0]["Alphabetic"] == "王^小东"
    events = audit_events.c
    with hub.context.read() as connection:
        details = connection.execute(select(events.detail).where(events.subject_uid == study)).scalars().all()
    assert any("text read as GB18030 qingshui r" in one for one in details)

"""Report templates: valid, coded, and chosen well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.sr._concepts_dict import concepts

from resources.templates import template_paths
from workstation.dicom import sr_codes, sr_common
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import Code, FieldType
from workstation.exchange.templates import TemplateLibrary, load_template

SOURCED = {  # absent from pydicom's dictionaries; checked by hand where named
    ("UMLS", "C0034375"): "PS3.16 TID 1500 row 12, as DCMTK and highdicom write it",
    ("NCIt", "C67447"): "PS3.16 TID 1501 row 1b, as DCMTK and highdicom write it",
    ("RFC5646", "zh"): "RFC 5646 and the IANA language subtag registry; CID 5000",
    ("RFC5646", "en"): "RFC 5646 and the IANA language subtag registry; CID 5000",
    ("ISO3166_1", "CN"): "ISO 3166-1; CID 5001",
    ("ISO3166_1", "US"): "ISO 3166-1; CID 5001",
}


def codes_in(value: object) -> Iterator[Code]:
    if isinstance(value, Code):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from codes_in(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from codes_in(part)


def every_code() -> set[Code]:
    found = {code for module in (sr_codes, sr_common) for code in codes_in(list(vars(module).values()))}
    for template in TemplateLibrary().all():
        found |= {template.title_code, template.procedure, *(section.heading for section in template.sections)}
        for item in template.fields:
            found |= set(codes_in([item.concept, *(choice.code for choice in item.choices)]))
    return found


@pytest.mark.parametrize("code", sorted(every_code(), key=str), ids=str)
def test_every_code_is_in_a_dictionary_or_has_a_named_source(code: Code) -> None:
    scheme: dict[str, Any] = concepts.get(code.scheme, {})
    listed = any(code.value in entries for entries in scheme.values())
    assert listed or code.scheme == sr_common.PRIVATE or (code.scheme, code.value) in SOURCED or code.scheme == "UCUM"


def test_the_chest_ct_template_asks_for_what_a_report_needs() -> None:
    template = TemplateLibrary().get("ct-chest")

    required = [item.key for item in template.fields if item.required]
    assert required == ["technique", "comparison", "lungs", "airways_pleura", "mediastinum", "impression"]
    assert [item.type for item in template.fields if item.key == "nodules"] == [FieldType.FINDINGS]


@pytest.mark.parametrize(
    ("modality", "description", "expected"),
    [
        ("CT", "胸部低剂量 LDCT 平扫", "ct-chest"),
        ("CT", "CHEST W/O CONTRAST", "ct-chest"),
        ("CT", "头颅平扫", "general"),
        ("MR", "胸部", "general"),
        ("", "", "general"),
    ],
)
def test_a_study_gets_the_template_of_its_body_part(modality: str, description: str, expected: str) -> None:
    assert expected == TemplateLibrary().for_study(modality, description).template_id


def test_an_unknown_template_is_named_to_the_reader() -> None:
    with pytest.raises(TemplateViolation, match="hip-mr"):
        TemplateLibrary().get("hip-mr")


def _spoiled(change: str) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(
        next(p for p in template_paths() if p.stem == "ct-chest").read_text(encoding="utf-8")
    )
    number = next(f for s in raw["sections"] for f in s["fields"] if f["type"] == "number")
    if change == "no impression label":
        del raw["sections"][0]["label"]["zh"]
    elif change == "number without unit":
        del number["unit"]
    elif change == "bounds crossed":
        number["minimum"] = 20000
    elif change == "same key twice":
        raw["sections"][0]["fields"].append(raw["sections"][0]["fields"][0])
    elif change == "unknown property":
        raw["script"] = "x"
    return raw


@pytest.mark.parametrize(
    "change", ["no impression label", "number without unit", "bounds crossed", "same key twice", "unknown property"]
)
def test_a_template_with_a_mistake_is_not_loaded(tmp_path: Path, change: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(_spoiled(change)), encoding="utf-8")

    with pytest.raises(TemplateViolation) as caught:
        load_template(path)

    assert "bad.json" in caught.value.user_text


def test_a_template_that_is_not_json_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{", encoding="utf-8")

    with pytest.raises(TemplateViolation):
        TemplateLibrary([path]).all()

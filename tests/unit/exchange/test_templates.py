"""Report templates: valid, coded, and chosen well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom.sr._concepts_dict import concepts

from resources.templates import template_paths
from workstation.dicom.sr import codes as sr_codes
from workstation.dicom.sr import common as sr_common
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding_traits import each_of
from workstation.domain.template import Code, FieldType
from workstation.domain.template_match import further
from workstation.exchange.templates.library import TemplateLibrary, load_template
from workstation.exchange.templates.shared_library import SharedTemplates

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
        for item in (*template.fields, *each_of(template)):
            found |= set(codes_in([item.concept, *(choice.code for choice in item.choices)]))
            found |= {item.critical.level} if item.critical is not None else set()
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
        ("CT", "肺结节低剂量筛查", "ct-chest-nodule"),
        ("CT", "头颅平扫", "ct-head"),
        ("CT", "胰头增强", "ct-abdomen"),
        ("CT", "股骨头平扫", "general"),
        ("CT", "胸椎平扫", "ct-spine"),
        ("CT", "胸部及胸椎平扫", "ct-chest"),
        ("MR", "腰椎间盘平扫", "mr-spine"),
        ("MR", "THORACIC SPINE", "mr-spine"),
        ("DX", "胸部正位", "dx-chest"),
        ("CR", "CHEST PA", "dx-chest"),
        ("DX", "胸椎正侧位", "general"),
        ("DX", "胸腰段正侧位", "general"),
        ("CR", "胸部及胸椎正侧位", "dx-chest"),
        ("MG", "", "mg-breast"),
        ("MR", "颅脑平扫", "mr-brain"),
        ("MR", "前列腺多参数", "mr-prostate"),
        ("US", "腹部超声", "us-abdomen"),
        ("PT", "FDG", "petct"),
        ("MR", "胸部", "general"),
        ("", "", "general"),
    ],
)
def test_a_study_gets_the_template_of_its_body_part(modality: str, description: str, expected: str) -> None:
    assert expected == TemplateLibrary().for_study(modality, description).template_id
    assert expected == SharedTemplates((), TemplateLibrary()).for_study(modality, description).template_id


KINDS = {
    "ct-chest-nodule",
    "ct-chest",
    "ct-head",
    "ct-abdomen",
    "dx-chest",
    "mg-breast",
    "mr-brain",
    "mr-prostate",
    "us-abdomen",
    "petct",
    "critical-addendum",
    "ct-spine",
    "mr-spine",
}
UNITS = {"mm", "mL", "%", "1", "mGy", "mGy.cm", "MBq", "mmol/L", "min", "ng/mL", "g/ml"}
"""UCUM units that the templates may ask for."""


def test_there_is_a_template_for_each_kind_of_report_and_for_everything_else() -> None:
    assert {one.template_id for one in TemplateLibrary().all()} == {*KINDS, "general"}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_template_has_an_impression_and_numbers_with_unit_and_range(name: str) -> None:
    template = TemplateLibrary().get(name)

    assert template.field("impression").required
    for item in template.fields:
        if item.type is FieldType.NUMBER:
            assert item.unit in UNITS
            assert item.minimum is not None
            assert item.maximum is not None


def test_breast_and_prostate_reports_need_a_category() -> None:
    needing = {one.template_id for one in TemplateLibrary().all() if one.category_required}

    assert needing == {"mg-breast", "mr-prostate"}


def test_a_field_is_required_when_another_says_so() -> None:
    template = TemplateLibrary().get("ct-chest-nodule")
    solid = template.field("solid_part_mm")

    assert [solid.is_required({"dominant_type": kind}) for kind in ("part_solid", "solid", "")] == [True, False, False]


def test_a_pet_asks_for_the_uptake_of_a_liver_only_where_the_liver_was_scanned_and_can_serve() -> None:
    template = TemplateLibrary().get("petct")
    liver, blood = template.field("liver_suv"), template.field("blood_pool_suv")
    told = [{"liver_reference": one} for one in ("in_view", "out_of_view", "diseased")]

    assert template.field("liver_reference").required
    assert [liver.is_required(one) for one in told] == [True, False, False]
    assert [blood.is_required(one) for one in told] == [False, False, True]
    (denied,) = [one.denies for one in template.field("liver_reference").choices if one.key == "out_of_view"]
    assert denied == ("liver_suv",)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("ct-head", {"haemorrhage": "subdural"}, ["haemorrhage"]),
        ("ct-head", {"haemorrhage": "none", "midline_shift_mm": "9.9"}, []),
        ("ct-head", {"midline_shift_mm": "10"}, ["midline_shift_mm"]),
        ("ct-head", {"midline_shift_mm": "much"}, []),
        ("ct-abdomen", {"free_air": "yes", "organ_rupture": "yes"}, ["free_air", "organ_rupture"]),
        ("dx-chest", {"tension": "yes"}, ["tension"]),
        ("mr-brain", {"diffusion": "brainstem"}, ["diffusion"]),
        ("ct-chest", {"critical_sign": "pulmonary_embolism"}, ["critical_sign"]),
        ("ct-chest", {"critical_sign": "none"}, []),
        ("ct-chest-nodule", {"critical_sign": "tension_pneumothorax"}, ["critical_sign"]),
        ("petct", {"critical_sign": "cord_compression"}, ["critical_sign"]),
        ("us-abdomen", {"critical_sign": "organ_rupture"}, ["critical_sign"]),
        ("ct-abdomen", {"critical_sign": "strangulated_obstruction"}, ["critical_sign"]),
        ("dx-chest", {"critical_sign": "free_air"}, ["critical_sign"]),
        ("mr-spine", {"critical_sign": "cord_compression"}, ["critical_sign"]),
        ("ct-spine", {"critical_sign": "none"}, []),
    ],
)
def test_a_template_suggests_its_critical_values(name: str, values: dict[str, str], expected: list[str]) -> None:
    assert [item.key for item in TemplateLibrary().get(name).critical(values)] == expected


def test_an_unknown_template_is_named_to_the_reader() -> None:
    with pytest.raises(TemplateViolation, match="hip-mr"):
        TemplateLibrary().get("hip-mr")


def _contradict(raw: dict[str, Any], number: dict[str, Any], change: str) -> None:
    if change == "required by nothing":
        number["required_if"] = {"field": "technique", "is": ["yes"]}
    elif change == "critical without words":
        number["critical"] = {"at_least": 5, "level": raw["procedure"]}
    elif change == "critical by a choice of a number":
        number["critical"] = {"is": ["x"], "level": raw["procedure"], "text": raw["title"]}
    elif change == "critical by an unknown choice":
        chosen = next(f for s in raw["sections"] for f in s["fields"] if f["type"] == "choice")
        chosen["critical"] = {"is": ["x"], "level": raw["procedure"], "text": raw["title"]}
    elif change == "a choice against nothing":
        chosen = next(f for s in raw["sections"] for f in s["fields"] if f["type"] == "choice")
        chosen["choices"][0]["denies"] = [chosen["key"]]
    elif change == "category from nowhere":
        del raw["categories"]
        raw["category_required"] = True


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
    else:
        _contradict(raw, number, change)
    return raw


@pytest.mark.parametrize(
    "change",
    [
        "no impression label",
        "number without unit",
        "bounds crossed",
        "same key twice",
        "unknown property",
        "required by nothing",
        "critical without words",
        "critical by a choice of a number",
        "critical by an unknown choice",
        "a choice against nothing",
        "category from nowhere",
    ],
)
def test_a_template_with_a_mistake_is_not_loaded(tmp_path: Path, change: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(_spoiled(change)), encoding="utf-8")

    with pytest.raises(TemplateViolation) as caught:
        load_template(path)

    assert "bad.json" in caught.value.user_text


def test_a_template_that_is_not_json_or_not_there_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{", encoding="utf-8")

    for one in (path, tmp_path / "none.json"):
        with pytest.raises(TemplateViolation, match=one.name):
            TemplateLibrary([one]).all()


@pytest.mark.parametrize(
    ("modality", "description", "expected"),
    [
        ("CT", "胸部+上腹部CT", ["ct-chest"]),
        ("CT", "CHEST ABDOMEN PELVIS", ["ct-chest"]),
        ("CT", "头颅+颈椎", ["ct-spine"]),
        ("CT", "头颅、胸部、全腹部", ["ct-chest", "ct-head"]),
        ("CT", "胸部CT平扫", []),
        ("CT", "肺结节低剂量筛查", []),  # a template of the chest, only a narrower one
        ("CT", "胸椎平扫", []),
        ("DX", "胸部及胸椎正侧位", []),
        ("MG", "双乳及胸部", []),
        ("", "", []),
    ],
)
def test_a_template_of_a_part_that_was_examined_too_is_offered(
    modality: str, description: str, expected: list[str]
) -> None:
    library = TemplateLibrary()
    chosen = library.for_study(modality, description)
    found = [one.template_id for one in further(library.all(), chosen, modality, description)]
    assert sorted(found) == expected

"""What a person who edits a template is told, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resources.templates import template_paths
from workstation.bootstrap.documents import hub_judges
from workstation.bootstrap.site_templates import SiteTemplates
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import DocumentKind
from workstation.domain.template_draft import MISSING, Draft, Place, changed, clone
from workstation.exchange.templates.library import parse_template
from workstation.exchange.templates.problems import template_problems

FIELD = ("sections", 0, "fields", 0)


def draft(name: str = "ct-head") -> Draft:
    path = next(path for path in template_paths() if path.stem == name)
    loaded: Draft = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def choice_at(of: Draft) -> Place:
    return next(
        ("sections", s, "fields", f)
        for s, section in enumerate(of["sections"])
        for f, item in enumerate(section["fields"])
        if item["type"] == "choice" and "critical" in item
    )


def test_no_shipped_template_has_a_problem() -> None:
    for path in template_paths():
        assert template_problems(json.loads(path.read_text(encoding="utf-8"))) == (), path.name


@pytest.mark.parametrize(
    ("place", "value", "where", "words"),
    [
        (("title", "zh"), "", ("title", "zh"), "This is empty"),
        (("version",), "3", ("version",), "“3” is not written as it has to be"),
        (("title", "en"), MISSING, ("title",), "Something is missing here: en"),
        ((*FIELD, "type"), "picture", (*FIELD, "type"), "“picture” is not one of what is allowed"),
        ((*FIELD, "required"), "yes", (*FIELD, "required"), "This is not of the right kind"),
        ((*FIELD, "colour"), "red", FIELD, "Something stands here that does not belong here"),
        ((*FIELD, "unit"), "mm", FIELD, "This does not fit the type of the field"),
        (("sections",), [], ("sections",), "There are too few entries here"),
        ((*FIELD, "concept", "meaning"), "x" * 65, (*FIELD, "concept", "meaning"), "This is too long"),
    ],
)
def test_each_fault_of_form_is_said_where_it_is(place: Place, value: object, where: Place, words: str) -> None:
    assert (where, words) in [(one.place, one.text) for one in template_problems(changed(draft(), place, value))]


def test_each_fault_of_sense_is_said_where_it_is() -> None:
    plain = draft()
    place = choice_at(plain)
    first = plain["sections"][0]["fields"][0]["key"]
    wrong = changed(plain, (*place, "key"), first)
    wrong = changed(wrong, (*place, "critical", "is"), ["no_such_option"])
    wrong = changed(
        wrong, (*place, "choices", 1, "key"), wrong["sections"][place[1]]["fields"][place[3]]["choices"][0]["key"]
    )
    wrong = changed(wrong, (*FIELD, "required_if"), {"field": "no_such_field", "is": ["x"]})
    wrong = changed(wrong, (*place, "choices", 0, "denies"), ["no_such_field"])
    wrong = changed(wrong, ("category_required",), True)
    said = [one.text for one in template_problems(wrong)]
    assert any("as well" in text for text in said)
    for words in (
        "Two options have the same key",
        "The condition names a field or an option that is not here",
        "The critical value names an option that is not here",
        "The option names a field that is not here",
        "A category is required and none is offered",
    ):
        assert words in said


def test_limits_the_wrong_way_round_are_said() -> None:
    plain = draft()
    place = next(
        ("sections", s, "fields", f)
        for s, section in enumerate(plain["sections"])
        for f, item in enumerate(section["fields"])
        if item["type"] == "number"
    )
    (problem,) = template_problems(changed(plain, (*place, "minimum"), 1e9))
    assert (problem.place, problem.text) == ((*place, "minimum"), "The least value lies above the greatest")


def test_a_site_version_stands_before_the_shipped_one_and_the_former_is_kept(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    shipped = store.load("ct-head")
    with pytest.raises(TemplateViolation, match="in use already"):
        store.save(shipped)
    first = {**shipped, "version": "90.0.0", "title": {"zh": "本院头颅", "en": "Our head"}}
    store.save(first)
    store.save({**first, "version": "90.1.0"})
    entry = next(one for one in store.entries() if one.template_id == "ct-head")
    assert (entry.own, entry.version, entry.title.zh) == (True, "90.1.0", "本院头颅")
    assert sorted(path.name for path in store.folder.rglob("*.json")) == ["ct-head-90.0.0.json", "ct-head.json"]
    assert store.load("ct-head")["version"] == "90.1.0"
    assert draft() == shipped


def test_a_copy_is_kept_beside_what_it_was_made_of(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    store.save(clone(store.load("ct-head"), []))
    assert {"ct-head", "ct-head-copy"} <= {one.template_id for one in store.entries()}


def test_templates_go_out_and_come_in_as_json_and_as_mrrt(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    plain = store.load("ct-head")
    store.write(plain, tmp_path / "out.json", "zh_CN")
    assert store.read(tmp_path / "out.json") == plain
    store.write(plain, tmp_path / "out.html", "zh_CN")
    back = store.read(tmp_path / "out.html")
    assert store.problems(back) == ()
    assert store.parse(back).title.zh == plain["title"]["zh"]


def test_files_that_are_no_template_are_refused(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    (tmp_path / "script.html").write_text("<html><body onload='x()'></body></html>", encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "large.json").write_bytes(b" " * ((4 << 20) + 1))
    for name in ("script.html", "broken.json", "large.json", "missing.json"):
        with pytest.raises(TemplateViolation):
            store.read(tmp_path / name)
    with pytest.raises(TemplateViolation):
        store.load("no-such-template")
    store.folder.mkdir()
    (store.folder / "broken.json").write_text("{", encoding="utf-8")
    with pytest.raises(TemplateViolation):
        store.load("ct-head")


CODE = {"value": "RID5741", "scheme": "RADLEX", "meaning": "solid"}


@pytest.mark.parametrize(
    ("part", "code", "words"),
    [
        (("concept",), {"value": "121999", "scheme": "DCM", "meaning": "Finding"}, "has the code 121999 (DCM)"),
        (("concept",), CODE, "no dictionary here has the code RID5741 (RADLEX)"),
        (("concept",), {"value": "36118008", "scheme": "SCT", "meaning": "Pleural effusion"},
         "36118008 (SCT) means “Pneumothorax”, not “Pleural effusion”"),
        (("concept",), {**CODE, "scheme": "MINE"}, "no dictionary here has the code RID5741 (MINE)"),
        (("critical", "level"), {**CODE, "value": "RID1"}, "no dictionary here has the code RID1 (RADLEX)"),
        (("choices", 0, "code"), CODE, "no dictionary here has the code RID5741 (RADLEX)"),
    ],
)  # fmt: skip
def test_a_code_that_no_dictionary_has_is_told_with_its_field(part: Place, code: dict[str, str], words: str) -> None:
    plain = draft()
    place = choice_at(plain)
    (problem,) = template_problems(changed(plain, (*place, *part), code))
    assert problem.place == (*place, *part)
    assert "Intracranial haemorrhage" in problem.text
    assert words in problem.text


@pytest.mark.parametrize(
    "code",
    [
        {**CODE, "source": "radlex.org, looked up 2026-11-22"},
        {"value": "SOLID", "scheme": "99OURS", "meaning": "Solid"},
        {"value": "36118008", "scheme": "SCT", "meaning": "气胸"},
    ],
)
def test_a_code_with_its_source_or_of_a_private_scheme_stands(code: dict[str, str]) -> None:
    plain = draft()
    wanted = changed(plain, (*choice_at(plain), "concept"), code)
    assert template_problems(wanted) == ()
    assert "radlex.org" not in str(parse_template(json.dumps(wanted), "own").fields)


def test_title_heading_procedure_and_unit_are_looked_up_too() -> None:
    plain = draft()
    wrong = plain
    for place in (("title_code",), ("procedure",), ("sections", 0, "heading")):
        wrong = changed(wrong, place, CODE)
    number = next(("sections", s, "fields", f) for s, section in enumerate(plain["sections"])
                  for f, item in enumerate(section["fields"]) if item["type"] == "number")  # fmt: skip
    wrong = changed(wrong, (*number, "unit"), "毫 米")
    found = template_problems(wrong)
    assert [one.place[-1] for one in found] == ["title_code", "procedure", "heading", "unit"]
    assert "“毫 米” is no unit of UCUM" in found[-1].text


def test_a_template_with_unknown_codes_is_not_kept_and_not_brought_in(tmp_path: Path) -> None:
    store = SiteTemplates(tmp_path)
    plain = clone(store.load("ct-head"), [])
    wrong = changed(plain, (*choice_at(plain), "concept"), CODE)
    with pytest.raises(TemplateViolation) as caught:
        store.save(wrong)
    assert "RID5741 (RADLEX)" in caught.value.hint
    with pytest.raises(TemplateViolation):
        hub_judges()[DocumentKind.TEMPLATE](json.dumps(wrong))
    assert hub_judges()[DocumentKind.TEMPLATE](json.dumps(plain)).name == "ct-head-copy"


def fields_for_each(of: Draft) -> Place:
    return next(
        ("sections", s, "fields", f, "each")
        for s, section in enumerate(of["sections"])
        for f, item in enumerate(section["fields"])
        if "each" in item
    )


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ((2, "key"), "margin", "Another field has the key “margin” as well"),
        ((1, "choices", 1, "key"), "smooth", "Two options have the same key"),
        ((0, "only_if"), {"field": "margin", "is": ["smooth"]}, "The condition names a field or an option"),
        ((0, "choices", 0, "key"), "golden", "An option is no type of a nodule"),
        ((1, "concept"), CODE, "Margin: no dictionary here has the code RID5741 (RADLEX)"),
        ((1, "choices", 0, "code"), CODE, "Margin · Smooth: no dictionary here has the code"),
        ((1, "type"), "text", "This does not fit the type of the field"),
    ],
)
def test_each_fault_of_what_is_asked_for_each_finding_is_said(place: Place, value: object, words: str) -> None:
    plain = draft("ct-chest-nodule")
    each = fields_for_each(plain)
    wrong = changed(plain, (*each, *place), value)
    assert [one.text[: len(words)] for one in template_problems(wrong)] == [words]
    if "RADLEX" not in words and "dictionary" not in words:
        with pytest.raises(TemplateViolation):
            parse_template(json.dumps(wrong), "own")


def test_fields_for_each_finding_need_the_second_form_of_templates_and_a_table() -> None:
    plain = draft("ct-chest-nodule")
    place = fields_for_each(plain)
    assert template_problems(changed(plain, ("schema",), 1)) != ()
    other = changed(plain, (*place[:3], 1, "each"), plain["sections"][place[1]]["fields"][place[3]]["each"])
    assert template_problems(other) != ()
    assert template_problems(changed(plain, ("schema",), 3)) != ()
    without = changed(plain, place, MISSING)
    assert template_problems(changed(without, ("schema",), 1)) == ()

"""MRRT: what is asked for each finding leaves and comes back, and what the file cannot say is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from resources.templates import template_paths
from resources.translation import ENGLISH, use_language
from workstation.domain.errors import TemplateViolation
from workstation.domain.template import ReportTemplate, TemplateField, Text
from workstation.exchange.templates.library import TemplateLibrary, parse_template
from workstation.exchange.templates.mrrt import import_mrrt, mrrt_to_json
from workstation.exchange.templates.mrrt_each import sources_of
from workstation.exchange.templates.mrrt_export import export_mrrt
from workstation.exchange.templates.mrrt_losses import mrrt_losses
from workstation.exchange.templates.problems import template_problems

ALL = TemplateLibrary().all()
ASKING = [one for one in ALL if any(item.each for item in one.fields)]


def one_language(item: TemplateField, language: str) -> TemplateField:
    def text(words: Text) -> Text:
        return Text(words.get(language), words.get(language))

    choices = tuple(replace(choice, label=text(choice.label)) for choice in item.choices)
    return replace(item, label=text(item.label), choices=choices)


@pytest.mark.parametrize("template", ASKING, ids=lambda one: one.template_id)
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_what_is_asked_for_each_finding_comes_back_with_its_codes_and_conditions(
    template: ReportTemplate, language: str
) -> None:
    back = import_mrrt(export_mrrt(template, language).encode(), "x.html")
    for item in template.fields:
        if item.each:
            assert back.field(item.key).type is item.type
            assert back.field(item.key).concept == item.concept
            assert back.field(item.key).each == tuple(one_language(one, language) for one in item.each)


def test_tables_of_findings_that_ask_nothing_come_back_as_well() -> None:
    template = TemplateLibrary().get("ct-chest-nodule")
    tables = [item.key for item in template.fields if item.type == "findings"]
    back = import_mrrt(export_mrrt(template, "en").encode(), "x.html")
    assert tables
    assert [item.key for item in back.fields] == [item.key for item in template.fields]


def test_a_reader_that_knows_nothing_of_us_sees_plain_lists_under_the_name_of_the_table() -> None:
    page = export_mrrt(TemplateLibrary().get("mg-breast"), "en")
    bare = page.replace("data-lianyue-", "data-other-")
    kind = next(item for item in import_mrrt(bare.encode(), "x.html").fields if item.label.en == "Kind")
    assert [choice.label.en for choice in kind.choices][:2] == ["Mass", "Calcifications"]
    assert "<p>To be answered for each finding.</p>" in page


@pytest.mark.parametrize("path", template_paths(), ids=lambda path: path.stem)
def test_a_template_that_comes_back_can_be_used_because_its_codes_keep_where_they_were_looked_up(path: object) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    template = parse_template(json.dumps(raw), "x")
    back = json.loads(mrrt_to_json(export_mrrt(template, "en", sources_of(raw)).encode(), "x.html"))
    assert template_problems(back) == ()
    assert sources_of(back) == sources_of(raw)


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ('<input type="text" id="t" name="Size">', "“Size” is asked for each finding"),
        ('<input type="radio" name="side" value="l">', "“side” is asked for each finding"),
        ('<textarea id="words"></textarea>', "“words” is asked for each finding"),
    ],
)
def test_what_cannot_be_asked_for_each_finding_is_refused_by_its_name(control: str, words: str) -> None:
    use_language(ENGLISH)
    page = f'<section><fieldset id="f" data-lianyue-type="findings"><legend>F</legend>{control}</fieldset></section>'
    with pytest.raises(TemplateViolation) as caught:
        import_mrrt(page.encode(), "x.html")
    assert words in caught.value.hint


def test_active_content_among_the_questions_is_refused_whole() -> None:
    page = export_mrrt(TemplateLibrary().get("mg-breast"), "en")
    for evil in ('<option onclick="x()">', '<script>x()</script><option id="a">', '<option id="javascript:x()">'):
        with pytest.raises(TemplateViolation):
            import_mrrt(page.replace("<option ", f"{evil}<option ", 1).encode(), "x.html")


def test_a_condition_that_names_nothing_keeps_the_template_out() -> None:
    page = export_mrrt(TemplateLibrary().get("mg-breast"), "en")
    with pytest.raises(TemplateViolation):
        import_mrrt(page.replace('data-lianyue-if="kind"', 'data-lianyue-if="nothing"', 1).encode(), "x.html")


@pytest.mark.parametrize("told", ["", "[", "[1]", '{"SCT 1": 7}', '{"SCT 1": ""}'])
def test_sources_that_cannot_be_understood_tell_nothing(told: str) -> None:
    page = f'<meta name="lianyue.sources" content=\'{told}\'><section><input type="text" id="t"></section>'
    assert sources_of(json.loads(mrrt_to_json(page.encode(), "x.html"))) == {}


def test_what_the_file_does_not_say_is_named_with_its_fields() -> None:
    use_language(ENGLISH)
    lost = mrrt_losses(TemplateLibrary().get("mg-breast"), "en")
    assert lost[0] == "the Chinese words"
    assert any(one.startswith("for other readers, that questions are asked for each finding: ") for one in lost)
    assert any("BI-RADS" in one for one in lost)
    assert mrrt_losses(TemplateLibrary().get("general"), "zh_CN")[0] == "the English words"

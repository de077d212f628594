"""MRRT: templates leave and come back, and nothing that acts comes in."""

from __future__ import annotations

import pytest

from workstation.domain.errors import TemplateViolation
from workstation.domain.template import FieldType, ReportTemplate
from workstation.exchange.templates.library import TemplateLibrary
from workstation.exchange.templates.mrrt import DEEPEST, LARGEST, MOST_FIELDS, import_mrrt
from workstation.exchange.templates.mrrt_export import export_mrrt

ALL = TemplateLibrary().all()
OTHER = """<!DOCTYPE html><html><head><title>Chest XR</title>
<meta name="dcterms.identifier" content="http://example.org/XR 1"/>
<script type="text/xml"><template_attributes><coded_content>
<entry ORIGTXT="T1"><term><code meaning="Lung" value="39607008" scheme="SCT"/></term></entry><entry/>
</coded_content></template_attributes></script></head><body>
<section data-section-name="Findings"><p><label for="T1">Lungs</label>
<textarea id="T1" required>Clear.</textarea></p>
<p><input type="checkbox" id="2nd" name="Devices"><br><input type="number" name="CTR" min="20" max="90"></p></section>
<section><header>Conclusion</header><select id="T1"><option value="1">One<option value="1">Two</option></select>
</section></body></html>"""


def shape(template: ReportTemplate) -> list[tuple[object, ...]]:
    return [
        (item.key, item.type, item.required, item.unit, item.minimum, item.maximum, item.concept, item.multiline)
        for item in template.fields
        if item.type is not FieldType.FINDINGS
    ]


@pytest.mark.parametrize("template", ALL, ids=lambda one: one.template_id)
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_template_comes_back_as_it_left(template: ReportTemplate, language: str) -> None:
    back = import_mrrt(export_mrrt(template, language).encode(), "x.html")

    assert (back.template_id, back.version, back.title_code) == (
        template.template_id,
        template.version,
        template.title_code,
    )
    assert (back.modalities, back.body_parts) == (template.modalities, template.body_parts)
    assert shape(back) == shape(template)
    for item in back.fields:
        former = template.field(item.key)
        assert item.label.get(language) == former.label.get(language)
        assert [(c.key, c.label.get(language), c.code) for c in item.choices] == [
            (c.key, c.label.get(language), c.code) for c in former.choices
        ]


def test_a_template_of_somebody_else_is_read_with_its_codes_and_phrases() -> None:
    template = import_mrrt(OTHER.encode(), "other.html")

    assert template.template_id == "http-example-org-xr-1"
    assert [(s.heading.value, s.label.en) for s in template.sections] == [
        ("59776-5", "Findings"),
        ("19005-8", "Conclusion"),
    ]
    lungs, devices, ratio, choice = template.fields
    assert (lungs.key, lungs.required, lungs.multiline) == ("t1", True, True)
    assert lungs.concept is not None
    assert lungs.concept.value == "39607008"
    assert lungs.normal_phrase is not None
    assert (lungs.label.en, lungs.normal_phrase.en) == ("Lungs", "Clear.")
    assert [one.key for one in devices.choices] == ["no", "yes"]
    assert (ratio.minimum, ratio.maximum, ratio.unit) == (20, 90, "1")
    assert [one.key for one in choice.choices] == ["option_1", "option_2"]
    assert choice.key == "t1_2"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<script type="text/javascript">x()</script>',
        '<img src="x">',
        "<iframe></iframe>",
        "<object></object>",
        "<embed>",
        "<svg></svg>",
        '<link rel="stylesheet">',
        "<style>p{}</style>",
        '<form action="/x"></form>',
        '<p onclick="x()">a</p>',
        '<p ONMOUSEOVER="x()">a</p>',
        '<p style="background:url(x)">a</p>',
        '<input type="image">',
        '<input type="file">',
        '<input type="text" value=" javascript:x()">',
        '<meta http-equiv="refresh" content="0">',
        '<a href="https://example.org">a</a>',
        '<option value="data:text/html,x">a</option>',
    ],
)
def test_active_content_is_refused_whole(evil: str) -> None:
    content = OTHER.replace("<body>", f"<body>{evil}").encode()

    with pytest.raises(TemplateViolation, match=r"evil\.html"):
        import_mrrt(content, "evil.html")


@pytest.mark.parametrize(
    ("evil", "what"),
    [
        ('<img src="x">', "<img>"),
        ("<iframe></iframe>", "<iframe>"),
        ('<p onclick="x()">a</p>', "<p onclick=…>"),
        ('<input type="file">', '<input type="file">'),
        ("<blink>a</blink>", "<blink>"),
    ],
)
def test_the_reader_is_told_what_a_refused_template_holds(evil: str, what: str) -> None:
    with pytest.raises(TemplateViolation) as told:
        import_mrrt(OTHER.replace("<body>", f"<body>{evil}").encode(), "evil.html")
    assert told.value.hint == f"It holds {what}; only what neither acts nor fetches is taken in."


def test_what_only_marks_words_loses_none_of_them_and_groups_of_options_keep_their_side() -> None:
    content = """<section><header><h5>Kidneys <small>both</small></h5></header>
        <label for="n">Count 10<sup>3</sup> of H<sub>2</sub>O, <b>left</b></label><input type="text" id="n">
        <label for="c">Cyst</label><select id="c"><optgroup label="Left"><option>upper <i>pole</i></option>
        <option value="lower">lower</option></optgroup><optgroup label="Right"><option value="lower"></option>
        <option value=""></option></optgroup><option>none</option></select></section>"""
    template = import_mrrt(content.encode(), "kidneys.html")

    assert template.sections[0].label.en == "Kidneys both"
    count, cyst = template.fields
    assert count.label.en == "Count 10³ of H₂O, left"
    assert [one.label.en for one in cyst.choices] == ["Left: upper pole", "Left: lower", "Right: lower", "none"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"<html></html>",
        b"x" * (LARGEST + 1),
        b"<section>" + b"<div>" * (DEEPEST + 1),
        b'<section><input type="text">' * (MOST_FIELDS + 1),
        b'<section><input type="number" min="low">',
        b'<script type="text/xml"><a></script><section><input>',
        b'<script type="text/xml"><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a></script><section><input>',
        b'<section><input type="number" min="9" max="3">',
    ],
    ids=["empty", "no text", "no field", "large", "deep", "many", "no number", "bad xml", "entities", "crossed"],
)
def test_what_is_no_template_is_refused(content: bytes) -> None:
    with pytest.raises(TemplateViolation):
        import_mrrt(content, "bad.html")


def test_a_document_without_sections_or_title_is_named_after_its_file() -> None:
    template = import_mrrt(b'</p><p><input name="9 lungs"/><div/><textarea></textarea>', "9.html")

    assert (template.template_id, template.title.en) == ("mrrt-9-html", "9.html")
    assert [item.key for item in template.fields] == ["f_9_lungs", "field"]


SIDE = """<section data-section-name="Findings"><fieldset><legend>Side of the effusion</legend>
<input type="radio" name="side" id="s1" value="left" required><label for="s1">Left</label>
<label><input type="radio" name="side" id="s2" value="right"> Right</label>
<input type="radio" name="side" value="both"></fieldset>
<label>Drain in place <input type="checkbox" id="drain"></label>
<select id="size" name="Size"><option value=""></option><option value="small">Small</option><option>Large</option>
</select></section>"""
CODED = """<script type="text/xml"><template_attributes><coded_content>
<entry ORIGTXT="s1"><term><code meaning="Left" value="7771000" scheme="SCT"/></term></entry>
<entry ORIGTXT="side"><term><code meaning="Laterality" value="272741003" scheme="SCT"/></term></entry>
</coded_content></template_attributes></script>"""


def test_radio_buttons_of_one_name_are_one_choice_with_their_codes() -> None:
    side, drain, size = import_mrrt((CODED + SIDE).encode(), "side.html").fields

    assert (side.key, side.label.en, side.type, side.required) == (
        "side", "Side of the effusion", FieldType.CHOICE, True
    )  # fmt: skip
    assert side.concept is not None
    assert side.concept.value == "272741003"
    assert [(one.key, one.label.en, one.code.value if one.code else "") for one in side.choices] == [
        ("left", "Left", "7771000"),
        ("right", "Right", ""),
        ("both", "both", ""),
    ]
    assert (drain.label.en, [one.key for one in drain.choices]) == ("Drain in place", ["no", "yes"])
    assert [one.label.en for one in size.choices] == ["Small", "Large"]  # an empty entry is no option


def test_a_choice_of_radio_buttons_leaves_and_comes_back_as_the_same_choice() -> None:
    first = import_mrrt((CODED + SIDE).encode(), "side.html")
    back = import_mrrt(export_mrrt(first, "en").encode(), "side.html")
    assert [back.field(key) for key in ("side", "size")] == [first.field(key) for key in ("side", "size")]


@pytest.mark.parametrize(
    ("control", "words"),
    [
        ('<select id="x" name="Lobes" multiple><option>A<option>B</select>', "“Lobes” lets several options be chosen"),
        ('<select id="x" multiple="multiple"><option>A<option>B</select>', "“x” lets several options be chosen"),
        ('<input type="checkbox" name="signs" value="a"><input type="checkbox" name="signs" value="b">',
         "The check boxes “signs” let several options be chosen"),
        ('<label>Left <input type="radio"></label>', "The radio button “Left” belongs to no group"),
        ('<input type="radio">', "The radio button “?” belongs to no group"),
        ('<input type="radio" name="one" value="a">', "“one” is a choice with one option only"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_refused_by_its_name(control: str, words: str) -> None:
    with pytest.raises(TemplateViolation) as caught:
        import_mrrt(f"<section>{control}</section>".encode(), "several.html")
    assert words in caught.value.hint
    assert "several.html" in caught.value.user_text


def test_one_group_may_stand_in_two_places_and_legends_end_with_their_fieldset() -> None:
    content = """<section data-section-name="A"><fieldset><legend>Outer</legend><fieldset><input type="radio" name="q"
    value="a"></fieldset></fieldset></fieldset></section><section data-section-name="B">
    <input type="radio" name="q" value="b" data-field-completion-action="ALERT"><input type="text" id="t"></section>"""
    template = import_mrrt(content.encode(), "two.html")
    assert [(one.key, one.label.en, one.required) for one in template.fields] == [
        ("q", "Outer", True), ("t", "t", False)
    ]  # fmt: skip

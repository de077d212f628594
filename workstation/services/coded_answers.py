"""What a report says in coded fields, for the norm gate to hold against its findings, categories and texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from resources.categories import input_name, input_value
from workstation.domain.categories import bi_rads
from workstation.domain.categories.values import AssignedCategory, Scheme, mean_of_axes_mm
from workstation.domain.finding_traits import contradicted
from workstation.domain.norm.values import NormDenial, NormSide
from workstation.domain.report import Report
from workstation.domain.template import ReportTemplate, TemplateField, Text
from workstation.services.category_age import label_of

_NUMBER: Final = Text("{number} 号", "No. {number}")
_LONG: Final = "dominant_long_mm"
_SHORT: Final = "dominant_short_mm"
_SCORES: Final = frozenset({"t2_score", "dwi_score"})
_INPUTS: Final = {
    "zone": "zone",
    "t2_score": "t2",
    "dwi_score": "dwi",
    "dce": "contrast",
    "dominant_type": "kind",
    _LONG: "mean_diameter_mm",
    "solid_part_mm": "solid_diameter_mm",
}
"""Fields that ask what a table asks too, by the input of the table"""
_DIFFUSION: Final = "dwi"
_DIFFUSION_QUALITY: Final = "dwi_quality"
_ADEQUATE: Final = "adequate"
_NO_DIFFUSION: Final = Text("未按 DWI 评分", "scored without diffusion")
_WITH_DIFFUSION: Final = Text("DWI {scores} 分", "diffusion scored {scores}")
_CALCIFIED: Final = "calcified"
"""A type of the dominant nodule that the tables tell apart from its attenuation"""
_ROUNDED_MM: Final = 0.5
_SIDES: Final = {"right_category": "right", "left_category": "left"}
"""Fields that hold a category of their side, with options such as ``c4a``"""
_ABSENT: Final = "absent"


def contradictions(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield what the reader answered for a finding although the prior that was confirmed for it says otherwise."""
    language = report.language
    for item in template.fields:
        for finding in report.findings.reported if item.each else ():
            found = contradicted(item.each, finding)
            if found is not None:
                said, follows = found
                number = _NUMBER.get(language).format(number=finding.number)
                quote = f"{number} {said.label.get(language)} {said.value.get(language)}"
                yield NormDenial(item.key, quote, follows.value.get(language))


def other_inputs(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield what a field says of the lesion otherwise than every lesion that a category was computed from."""
    asked = {item.key: item for item in template.fields}
    for category in report.categories:
        computed: dict[str, list[str]] = {}
        for name, value in category.result.inputs:
            computed.setdefault(name.rpartition(".")[2], []).append(value)
        for key, name in _INPUTS.items():
            said, known = _said(report, key), computed.get(name, [])
            if key in asked and said and known and not any(_is_same(said, one) for one in known):
                yield _denial(report, asked[key], name, said, category, known)
        if category.result.scheme is Scheme.PI_RADS:
            yield from _diffusion(report, asked, category, computed.get(_DIFFUSION, []))


def _diffusion(
    report: Report, asked: Mapping[str, TemplateField], category: AssignedCategory, scores: Sequence[str]
) -> Iterator[NormDenial]:
    """
    Yield what the fields say of diffusion where the form of PI-RADS says otherwise.

    A lesion without a score says that its diffusion was not adequate, which decides by T2 instead.
    """
    words, table = report.language, label_of(category, report.language)
    has_lesion = any("." in name for name, _value in category.result.inputs)
    quality = report.values.get(_DIFFUSION_QUALITY, "").strip()
    if has_lesion and not scores:
        filled = ("dwi_score",) if _said(report, "dwi_score") else ()
        for key in (*filled, *((_DIFFUSION_QUALITY,) if quality == _ADEQUATE else ())):
            if key in asked:
                yield NormDenial(key, _answer(report, asked[key]), f"{table}: {_NO_DIFFUSION.get(words)}")
    elif scores and quality and quality != _ADEQUATE and _DIFFUSION_QUALITY in asked:
        said = _WITH_DIFFUSION.get(words).format(scores=("、" if words.startswith("zh") else ", ").join(scores))
        yield NormDenial(_DIFFUSION_QUALITY, _answer(report, asked[_DIFFUSION_QUALITY]), f"{table}: {said}")


def _said(report: Report, key: str) -> str:
    """Return a field as the tables take it: a score as its number, the dominant nodule by the mean of its axes."""
    said = report.values.get(key, "").strip()
    if key == _LONG:
        long_mm, short_mm = _number(said), _number(report.values.get(_SHORT, ""))
        return f"{mean_of_axes_mm(long_mm, short_mm):.1f}" if long_mm is not None and short_mm is not None else ""
    if said == _CALCIFIED:
        return ""
    return said.removeprefix("s") if key in _SCORES else said


def _is_same(said: str, computed: str) -> bool:
    """Tell whether two inputs are the same; tables may take whole millimetres."""
    here, there = _number(said), _number(computed)
    return said == computed if here is None or there is None else abs(here - there) <= _ROUNDED_MM


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _denial(
    report: Report, item: TemplateField, name: str, said: str, category: AssignedCategory, known: Sequence[str]
) -> NormDenial:
    words = report.language
    quote = _answer(report, item) or said
    quote = f"{input_name(name, words)} {quote}" if item.key == _LONG else quote
    between = "、" if words.startswith("zh") else ", "
    against = between.join(dict.fromkeys(input_value(one, words) for one in known))
    return NormDenial(item.key, quote, f"{label_of(category, words)}: {against}")


def _answer(report: Report, item: TemplateField) -> str:
    """Return the option that was chosen in the words of the report, empty for none."""
    chosen = report.values.get(item.key, "").strip()
    return next((one.label.get(report.language) for one in item.choices if one.key == chosen), "")


def sides_of(report: Report, template: ReportTemplate) -> Iterator[NormSide]:
    """Yield the BI-RADS that was chosen for each breast; a side that is not filled yet is left out."""
    if Scheme.BI_RADS not in template.categories:
        return
    for item in template.fields:
        chosen = report.values.get(item.key, "").strip()
        value = chosen.removeprefix("c").upper()
        if item.key in _SIDES and (value in bi_rads.CATEGORIES or chosen == _ABSENT):
            label = f"{item.label.get(report.language)} {value}"
            yield NormSide(item.key, _SIDES[item.key], Scheme.BI_RADS, "" if chosen == _ABSENT else value, label)

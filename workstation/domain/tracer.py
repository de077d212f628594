"""What a new report says of the tracer because the images say it."""

from __future__ import annotations

import re
from typing import Final

from workstation.domain.study import Study
from workstation.domain.template import Code, FieldType, ReportTemplate, TemplateField

FIELD: Final = "tracer"
"""Key of the field of the tracer in templates"""
_ALSO: Final = {
    "35321007": ("FDG", "FLUORODEOXYGLUCOSE", "FLUDEOXYGLUCOSE", "脱氧葡萄糖"),
    "129501009": ("NAF", "SODIUMFLUORIDE", "氟化钠"),
}
"""How headers write tracers in words, by the code of the option, without spaces and signs."""


def tracer_of(study: Study) -> Code | None:
    """Return the one tracer that the images name; None without one and where they name several."""
    named = {one.technique.tracer for series in study.series for one in series.instances}
    tracers = named - {None}
    return tracers.pop() if len(tracers) == 1 else None


def prefilled(template: ReportTemplate, study: Study) -> dict[str, str]:
    """Return the values that the images give for fields of a template; what they leave in doubt stays open."""
    item = next((one for one in template.fields if one.key == FIELD and one.type is FieldType.CHOICE), None)
    tracer = tracer_of(study)
    chosen = None if item is None or tracer is None else _option(item, tracer)
    return {FIELD: chosen} if chosen is not None else {}


def _option(item: TemplateField, tracer: Code) -> str | None:
    for choice in item.choices:
        if choice.code is not None and (choice.code.scheme, choice.code.value) == (tracer.scheme, tracer.value):
            return choice.key
    said = _plain(tracer.meaning)
    found = [
        choice.key
        for choice in item.choices
        for words in {
            _plain(choice.label.en.partition(" (")[0]),
            *_ALSO.get(choice.code.value if choice.code is not None else "", ()),
        }
        if words in said
    ]
    keys = dict.fromkeys(found)
    return next(iter(keys)) if len(keys) == 1 else None


def _plain(words: str) -> str:
    return re.sub(r"[\W_]+", "", words.upper())

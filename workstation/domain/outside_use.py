"""
What of a series lies outside what a model was tested on: short codes that travel with the result, and their words.

A code is a name, with a value after a colon where there is one: ``phantom``, ``age:17``, ``age`` (unknown),
``contrast`` (given), ``contrast:none``, ``contrast:unknown``, ``kernel:B80f``, ``body_part:HEAD``,
``gap_mm:0.8``, ``second_choice:4 Lung 1.25`` (the refused series that would have been read first).
``smaller_model:memory`` or ``:damaged`` says why the product's better model did not mark,
``unit:furlong`` and ``no_size`` say what of a result could not be read, ``no_segmentation`` (of all marks) and
``no_segmentation:part`` what could not be stored.
Codes instead of sentences, because who reads the result need not speak the language of the machine that made it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from resources.translation import tr

_UNFIT: Final = re.compile(r"[^\w.+/\- ]")
_LONGEST: Final = 32


def doubt(name: str, value: str = "") -> str:
    """Return the code; the value of a header keeps 32 characters, none of which ends a list or a field."""
    kept = _UNFIT.sub("_", value.strip())[:_LONGEST]
    return f"{name}:{kept}" if kept else name


def doubt_words(code: str) -> str:
    """Return what is doubted, in the language in use; a code of another version stands for itself."""
    name, _, value = code.partition(":")
    if not value:
        return _PLAIN[name]() if name in _PLAIN else code
    if name == "contrast":
        given = {
            "none": tr("no contrast medium was given"),
            "unknown": tr("it is unknown whether contrast medium was given"),
        }
        return given.get(value, code)
    valued = {
        "age": tr("the patient is {age} years old", age=value),
        "kernel": tr("the kernel {value}", value=value),
        "body_part": tr("the body part {value}", value=value),
        "second_choice": tr("the series “{series}” fits better, but the model refused it", series=value),
        "phase": tr("the series holds several phases, only “{phase}” was read", phase=value),
        "gap_mm": tr("slices leave gaps of {gap} mm between them", gap=value),
    }
    return valued.get(name, code)


def outside_use_words(doubts: Iterable[str]) -> str:
    """Return one sentence for each doubt, a line each; empty without one."""
    return "\n".join(_sentence(code) for code in doubts)


def _sentence(code: str) -> str:
    name, _, value = code.partition(":")
    if code in _SMALLER:
        return _SMALLER[code]()
    if name == "unit":
        return tr(
            "The AI result gives numbers in the unit “{unit}”, which is not known here: they are not shown.", unit=value
        )
    if name == "no_size":
        return tr("The AI result gives no size for some marks: 5 mm is how large they are drawn, not measured.")
    if code == "no_segmentation:part":
        return tr(
            "The outlines of some AI marks could not be stored with the study; the marks themselves are complete."
        )
    if name == "no_segmentation":
        return tr("The outlines of the AI marks could not be stored with the study; the marks themselves are complete.")
    return tr("Outside what the model was tested on: {reason}.", reason=doubt_words(code))


_PLAIN: Final = {
    "phantom": lambda: tr("the object is a phantom"),
    "age": lambda: tr("the age of the patient is unknown"),
    "contrast": lambda: tr("contrast medium was given"),
    "kernel": lambda: tr("kernel or body part is not stated"),
    "body_part": lambda: tr("kernel or body part is not stated"),
}

_SMALLER: Final = {
    "smaller_model:memory": lambda: tr(
        "Marked by the smaller of the product's models: the memory of the AI worker did not suffice for the better one."
    ),
    "smaller_model:damaged": lambda: tr(
        "Marked by the smaller of the product's models: the better one is damaged on the AI worker."
    ),
}

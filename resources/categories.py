"""The words of the reporting categories: rule, recommendation and name of each category in both languages."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parent / "category_rules.json"
_INPUTS: Final = Path(__file__).parent / "category_inputs.json"


@cache
def tables() -> dict[str, Any]:
    """Return everything that is written about the categories, by scheme."""
    loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def rule_text(scheme: str, rule: str, language: str) -> str:
    """Return the rule that decided, in words. KeyError for an unknown one."""
    return _in(tables()[scheme]["rules"][rule], language)


def management_text(scheme: str, management: str, language: str) -> str:
    """Return the recommendation in words. KeyError for an unknown one."""
    return _in(tables()[scheme]["managements"][management], language)


def category_name(scheme: str, category: str, language: str) -> str:
    """Return what a category is called: most are their own name, a recommendation has words."""
    named = tables()[scheme]["categories"].get(category)
    return category if named is None else _in(named, language)


def scheme_name(scheme: str, language: str) -> str:
    """Return the name of a table, for example "Lung-RADS"."""
    return _in(tables()[scheme]["name"], language)


def scheme_title(scheme: str, version: str, language: str) -> str:
    """Return the name of a table with its version, for example "Lung-RADS v2022"."""
    return f"{scheme_name(scheme, language)} {version}"


def input_name(name: str, language: str) -> str:
    """Return what an input is called; "lesion_2.kind" becomes "lesion 2 type"."""
    lesion, dot, field = name.rpartition(".")
    words = _in(_input_words()["inputs"][field], language)
    if not dot:
        return words
    kind, _, number = lesion.partition("_")
    return f"{_in(_input_words()['inputs'][kind], language)} {number} {words}"


def input_value(value: str, language: str) -> str:
    """Return an input in words; numbers and categories are their own words."""
    named = _input_words()["values"].get(value)
    return value if named is None else _in(named, language)


@cache
def _input_words() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_INPUTS.read_text(encoding="utf-8"))
    return loaded


def _in(text: dict[str, str], language: str) -> str:
    return text["zh" if language.startswith("zh") else "en"]

"""
The codes of a template looked up in the dictionaries at hand, told by field and code where they are not there.

What a dictionary here does not have may exist: whoever writes it names in ``source`` where it was looked up.
*Source:* pydicom's dictionaries of PS3.16; schemes that begin with 99 are private (PS3.16 section 8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, cast

from pydicom.sr._concepts_dict import concepts

from resources.translation import language, tr
from workstation.domain.template_draft import Draft, Place, TemplateProblem

_PRIVATE: Final = "99"
_PARTS: Final = ("title_code", "procedure")
_UCUM: Final = re.compile(r"[!-~]+")


def code_problems(draft: Draft) -> Iterator[TemplateProblem]:
    """Tell every code of a well-formed draft that no dictionary has, or that means something else there."""
    title = _words(draft["title"])
    for part in _PARTS:
        yield from _of_code((part,), draft[part], title)
    for s, section in enumerate(draft["sections"]):
        place: Place = ("sections", s)
        yield from _of_code((*place, "heading"), section["heading"], _words(section["label"]))
        for f, item in enumerate(section["fields"]):
            yield from _of_field((*place, "fields", f), item)


def _of_field(place: Place, item: dict[str, Any]) -> Iterator[TemplateProblem]:
    name = _words(item["label"])
    yield from _of_code((*place, "concept"), item["concept"], name)
    for at, choice in enumerate(item.get("choices", ())):
        if "code" in choice:
            yield from _of_code((*place, "choices", at, "code"), choice["code"], f"{name} · {_words(choice['label'])}")
    if "critical" in item:
        yield from _of_code((*place, "critical", "level"), item["critical"]["level"], name)
    for at, each in enumerate(item.get("each", ())):
        yield from _of_field((*place, "each", at), each)
    if not _UCUM.fullmatch(item.get("unit", "1")):
        yield TemplateProblem(
            (*place, "unit"), tr("{field}: “{unit}” is no unit of UCUM", field=name, unit=item["unit"])
        )


def _of_code(place: Place, code: dict[str, str], field: str) -> Iterator[TemplateProblem]:
    value, scheme, meaning = code["value"], code["scheme"], code["meaning"]
    if scheme.startswith(_PRIVATE):
        return
    known = _meanings(scheme).get(value, frozenset())
    if known and not any(_alike(meaning, one) for one in known):
        yield TemplateProblem(
            place,
            tr("{field}: {code} means “{known}”, not “{meaning}”", field=field, code=f"{value} ({scheme})",
               known=min(known, key=len), meaning=meaning),
        )  # fmt: skip
    elif not known and not code.get("source", "").strip():
        yield TemplateProblem(
            place,
            tr("{field}: no dictionary here has the code {code}. Correct it, or name where you looked it up.",
               field=field, code=f"{value} ({scheme})"),
        )  # fmt: skip


def _alike(said: str, known: str) -> bool:
    """Tell whether two meanings may be one: they share a word, or are not in the same script."""
    return not said.isascii() or said.casefold() == known.casefold() or bool(_word_set(said) & _word_set(known))


def _word_set(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}|\d+", text.lower()))


def _words(text: dict[str, str]) -> str:
    return text["zh" if language().startswith("zh") else "en"]


@cache
def _meanings(scheme: str) -> dict[str, frozenset[str]]:
    keywords = cast("dict[str, dict[str, tuple[str, list[int]]]]", concepts.get(scheme, {}))
    found: dict[str, set[str]] = {}
    for by_code in keywords.values():
        for code, (meaning, *_rest) in by_code.items():
            found.setdefault(code, set()).add(meaning)
    return {code: frozenset(meanings) for code, meanings in found.items()}

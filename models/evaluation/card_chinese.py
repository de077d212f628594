"""
The model card in Chinese, from the same manifest and evaluation as the English one.

Each block, list item and cell of the English card is looked up in ``card_phrases.json``, pairs of what the generator
says in English and Chinese: what ``card_text``, ``build_texts``, ``goals``, ``times`` and ``training.bundle`` write, or
wrote into a bundle that ships. Texts that a manifest has in both languages are taken from there. A text that neither
knows is a maker's own: it stands as it is, marked as such. No figure is computed or typed here, and the ``{places}`` of
a pair keep their order, so both cards give the same figures in the same order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from models.evaluation.build_texts import number_in_chinese
from models.evaluation.card_text import card_parts

OWN_WORDS: Final = "（制作者英文原文）"
"""Stands before what nobody said in Chinese"""

_NUMBER: Final = r"[+-]?\d{1,3}(?: \d{3})+|[+-]?\d+(?:\.\d+)?"
_NAME: Final = r"[A-Za-z0-9_.-]+(?: \d+(?:\.\d+)+)?"
_PLACES: Final = {
    "n": _NUMBER,
    "x": _NAME,
    "i": rf"(?:{_NUMBER}) \((?:{_NUMBER}) to (?:{_NUMBER})\)",
    "q": r"\d[\d.]*(?:(?:, | to )\d[\d.]*)*",
    "r": r"(?:missed|\d+)(?:, (?:missed|\d+))*",
    "w": r"[a-z]+|\d+",
    "p": r"[A-Za-z0-9_.,;() -]+?",
    "t": r".+?",
    "v": r".+?",
    "l": r".+?",
}
"""
By the first letter of a place, what may stand there: a number, a name, a figure with its interval, numbers and ranges,
ranks, a number in words, names with sizes, another phrase, one or the maker's own words, several parted by semicolons
"""

_PLACE: Final = re.compile(r"\{(([a-z])\d*)\}")
_WORDLESS: Final = re.compile(rf"[^A-Za-z]*|[A-Za-z0-9_.-]*\d[A-Za-z0-9_.-]*|{_NAME} \d+(?:\.\d+)+")
_AFTER: Final = {"sentences": r"(?: |$)", "cells": "$"}
_PHRASES: Final = Path(__file__).with_name("card_phrases.json")


def chinese_card(manifest: dict[str, Any], evaluation: dict[str, Any]) -> str:
    """Return the Chinese card of a bundle from its raw manifest and its ``eval/evaluation.json``."""
    texts = [manifest["intended_use"], *manifest["contraindications"], *manifest["limits"]]
    known = {_whole(text["en"], "."): _whole(text["zh"], "。") for text in texts}
    known |= {source["name"]: source["name"] for source in manifest["source"]["data"]}
    return "\n\n".join(_block(part, known) for part in card_parts(manifest, evaluation)) + "\n"


def in_chinese(text: str) -> str | None:
    """Return what the generator says in English (sentences, or a cell) in Chinese; None for a maker's own words."""
    said = next(_cells(text), None)
    if said is None:
        said = text if _WORDLESS.fullmatch(text) else _sentences(text)
    return said


def _block(part: str, known: dict[str, str]) -> str:
    def say(text: str) -> str:
        said = known.get(text) or in_chinese(text)
        return OWN_WORDS + text if said is None else said

    if part.startswith("# "):
        return part  # id and version
    if part.startswith("#"):
        level, _, title = part.partition(" ")
        return f"{level} {dict(_phrases()['headings']).get(title, title)}"
    if part.startswith("- "):
        return "\n".join(f"- {say(line.removeprefix('- '))}" for line in part.splitlines())
    if part.startswith("|"):
        return "\n".join(_row(line, say) for line in part.splitlines())
    return say(part)


def _row(line: str, say: Callable[[str], str]) -> str:
    if line.startswith("|---"):
        return line
    cells = line.removeprefix("| ").removesuffix(" |").split(" | ")
    return "| " + " | ".join(say(cell) for cell in cells) + " |"


def _sentences(text: str) -> str | None:
    """Return one known sentence after the other, None where one is not known."""
    if not text:
        return ""
    for pattern, chinese in _patterns("sentences"):
        match = pattern.match(text)
        if match is not None:
            said, rest = _filled(chinese, match), _sentences(text[match.end() :])
            if said is not None and rest is not None:
                return said + rest
    return None


def _cells(text: str) -> Iterator[str]:
    for pattern, chinese in _patterns("cells"):
        match = pattern.match(text)
        said = None if match is None else _filled(chinese, match)
        if said is not None:
            yield said


@cache
def _phrases() -> dict[str, list[tuple[str, str]]]:
    stored = json.loads(_PHRASES.read_text(encoding="utf-8"))
    return {kind: [(english, chinese) for english, chinese in pairs] for kind, pairs in stored.items()}


@cache
def _patterns(kind: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_pattern(english) + _AFTER[kind]), chinese) for english, chinese in _phrases()[kind])


def _pattern(english: str) -> str:
    parts, at = [], 0
    for place in _PLACE.finditer(english):
        parts += [re.escape(english[at : place.start()]), f"(?P<{place[1]}>{_PLACES[place[2]]})"]
        at = place.end()
    return "".join(parts) + re.escape(english[at:])


def _filled(chinese: str, match: re.Match[str]) -> str | None:
    said = {name: _in_place(name[0], text) for name, text in match.groupdict().items()}
    whole = {name: text for name, text in said.items() if text is not None}
    return chinese.format(**whole) if len(whole) == len(said) else None


def _in_place(kind: str, text: str) -> str | None:
    if kind in "tv":
        said = in_chinese(text)
        return text if said is None and kind == "v" else said
    if kind == "l":
        items = [in_chinese(item) for item in text.split("; ")]
        return None if None in items else "；".join(item for item in items if item is not None)
    return _FIGURES[kind](text)


def _interval(text: str) -> str:
    value, low, high = re.findall(_NUMBER, text)
    return f"{value}（{low}至{high}）" if value[0] in "+-" else f"{value}（{low}–{high}）"


def _names(text: str) -> str:
    text = re.sub(r" \((\d+) mm slices\)", r"（层距\1 mm）", text)
    text = re.sub(r" \((\d+) mm\)", r"（\1 mm）", text)
    return text.replace(", ", "、").replace("; ", "；").replace(" and ", "和")


_FIGURES: Final[dict[str, Callable[[str], str]]] = {
    "n": str,
    "x": str,
    "i": _interval,
    "q": lambda text: text.replace(" to ", "–"),
    "r": lambda text: text.replace("missed", "漏检"),
    "w": number_in_chinese,
    "p": _names,
}


def _whole(text: str, stop: str) -> str:
    return text if text.endswith(stop) else text + stop

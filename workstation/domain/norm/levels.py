"""
The numbered bones that a text names: vertebrae, discs, ribs, rays of hand and foot, however they are written.

A level is a text, "L4", "L4/5", "rib 5", "metacarpal 3"; a disc is one level and not its two vertebrae, for L5/S1 is
not L4/5. Patterns stand in the terms of the language; which letters and numerals there are, stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from workstation.domain.norm.weightings import without_weightings

VERTEBRA: Final = "vertebra"
_LETTERS: Final = {"颈": "C", "胸": "T", "腰": "L", "骶": "S"}
_ORDER: Final = "CTLS"
_LAST: Final = {"C": 7, "T": 12, "L": 5, "S": 5}
"""How many vertebrae of each kind there are; the disc below the last is named by the first of the next."""
_TENS: Final = {"十": 10, "十一": 11, "十二": 12}
_IDEOGRAPHS: Final = "零一二三四五六七八九"
_NUMBER: Final = r"(?:\d{1,2}|十[一二]?|[一二三四五六七八九])"
_NO_MORE: Final = r"(?!\s*(?:mm|cm|毫米|厘米|个|枚|根|处|次|年|月|天|岁|级|期|度|[%％]|\.\d|\d))(?![A-Za-z]{2})"
_FIRST: Final = re.compile(
    rf"(?:(?<![A-Za-z\d])(?P<latin>[CTLS])|(?P<word>[颈胸腰骶])椎?)\s*(?P<number>{_NUMBER})"
    r"(?!\s*(?:神经|nerve|root))" + _NO_MORE,
    re.IGNORECASE,
)
_NEXT: Final = re.compile(
    r"\s*(?P<join>[/／\-－—~～至、,，及和与]|\bto\b|\band\b)\s*"
    rf"(?:(?P<latin>[CTLS])|(?P<word>[颈胸腰骶])椎?)?\s*(?P<number>{_NUMBER})" + _NO_MORE,
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    rf"第\s*(?P<list>{_NUMBER}(?:\s*[、,，\-－~～至及和]\s*(?:第\s*)?{_NUMBER})*)\s*(?P<word>[颈胸腰骶])椎",
    re.IGNORECASE,
)
_RAYS: Final = re.compile(
    rf"(?:第|(?<=[左右])侧?|(?<=[左右]侧))\s*(?P<list>{_NUMBER}(?:\s*[、,，\-－~～至及和]\s*(?:第\s*)?{_NUMBER})*)\s*"
    r"(?P<part>[前后侧]?肋|掌骨|掌指|跖骨|跖趾|近节指|中节指|远节指|末节指|近节趾|中节趾|远节趾|末节趾|指(?!肠|征|数)|趾)"
)
_PARTS: Final = {"肋": "rib", "掌骨": "metacarpal", "跖骨": "metatarsal", "掌指": "knuckle", "跖趾": "toe joint"}
_NAMED_RAYS: Final = (
    ("finger 1", re.compile("拇指")),
    ("finger 2", re.compile("示指|食指")),
    ("finger 3", re.compile("(?<!其)中指(?!出|示|标|数)")),
    ("finger 4", re.compile("环指|无名指")),
    ("finger 5", re.compile("(?<!大)小指")),
    ("toe 1", re.compile("[拇踇姆]趾|大脚趾")),
    ("toe 5", re.compile("小趾")),
)
_ENGLISH_RIBS: Final = re.compile(
    r"\b(\d{1,2}(?:st|nd|rd|th)(?:\s*(?:,|and|to|through|-)\s*\d{1,2}(?:st|nd|rd|th))*) ribs?\b", re.IGNORECASE
)
_LISTED: Final = re.compile(rf"{_NUMBER}|[-－~～至]|\bto\b|\bthrough\b", re.IGNORECASE)
_DISC: Final = re.compile("间盘|椎间隙|间隙|突出|膨出|脱出|disc|disk|interspace", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[。；;，,\n](?!\s*(?:\d|[CTLS颈胸腰骶第]))")
_LIVER: Final = re.compile("肝|肺|liver|hepatic|lung|segment|段", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Vertebra:
    letter: str
    number: int
    join: str = ""


def levels_in(text: str) -> frozenset[str]:
    """Return every level that a text names, ranges and lists taken apart."""
    found: set[str] = set()
    for clause in _CLAUSE.split(without_weightings(text)):
        is_disc, is_segment = _DISC.search(clause) is not None, _LIVER.search(clause) is not None
        for group in _groups(clause):
            found |= _taken_apart(group, is_disc=is_disc, is_segment=is_segment)
        for match in _NUMBERED.finditer(clause):
            found |= {f"{_LETTERS[match['word']]}{number}" for number in _listed(match["list"])}
        for match in _RAYS.finditer(clause):
            found |= {f"{_part(match['part'])} {number}" for number in _listed(match["list"])}
        found |= {name for name, pattern in _NAMED_RAYS if pattern.search(clause)}
        for listed in _ENGLISH_RIBS.findall(clause):
            found |= {f"rib {number}" for number in _listed(listed)}
    return frozenset(found)


def kind_of(level: str) -> str:
    """Return what kind of level it is: only levels of one kind can contradict each other."""
    if "/" in level:
        return "disc"
    word = level.split(" ", maxsplit=1)[0]
    return word if word != level else "vertebra"


def vertebrae_of(level: str) -> frozenset[str]:
    """Return the two vertebrae of a disc, nothing for any other level."""
    upper, slash, lower = level.partition("/")
    if not slash:
        return frozenset()
    return frozenset({upper, lower if lower[0].isalpha() else upper[0] + lower})


def _groups(clause: str) -> Iterator[list[_Vertebra]]:
    """Yield the runs of vertebrae that are written together, as "L3/4、4/5" is."""
    at = 0
    while (first := _FIRST.search(clause, at)) is not None:
        letter = _letter(first)
        group, at = [_Vertebra(letter, _number(first["number"]))], first.end()
        while (following := _NEXT.match(clause, at)) is not None:
            named = _letter(following)
            if following["join"] in {",", "，"} and not named:
                break
            letter = named or letter
            group.append(_Vertebra(letter, _number(following["number"]), following["join"]))
            at = following.end()
        yield group


def _taken_apart(group: list[_Vertebra], *, is_disc: bool, is_segment: bool) -> set[str]:
    found: set[str] = set()
    at = 0
    while at < len(group):
        here = group[at]
        after = group[at + 1] if at + 1 < len(group) else None
        if after is not None and after.join in {"/", "／"}:
            found.add(_disc(here, after))
            at += 2
            continue
        if after is not None and after.join.lower() in {"-", "－", "—", "~", "～", "至", "to"}:
            run = _run(here, after)
            found |= _discs_of(run) if is_disc else {_name(one, is_segment=is_segment) for one in run}
            at += 2
            continue
        found.add(_name(here, is_segment=is_segment))
        at += 1
    return found


def _name(one: _Vertebra, *, is_segment: bool) -> str:
    """Return a vertebra; "S6" beside a liver or a lung is a segment."""
    if one.letter == "S" and (is_segment or one.number > _LAST["S"]):
        return f"segment {one.number}"
    return f"{one.letter}{one.number}"


def _disc(upper: _Vertebra, lower: _Vertebra) -> str:
    letter = lower.letter
    if letter == upper.letter and upper.number == _LAST.get(letter) and lower.number == 1:
        letter = _ORDER[_ORDER.index(letter) + 1] if letter != _ORDER[-1] else letter  # "L5/1" means L5/S1
    same = letter == upper.letter
    return f"{upper.letter}{upper.number}/{'' if same else letter}{lower.number}"


def _run(first: _Vertebra, last: _Vertebra) -> list[_Vertebra]:
    """Return the vertebrae from one to another; only the two where that is no run downwards."""
    all_of_them = [_Vertebra(letter, number) for letter in _ORDER for number in range(1, _LAST[letter] + 1)]
    ends = [_Vertebra(first.letter, first.number), _Vertebra(last.letter, last.number)]
    if not all(end in all_of_them for end in ends):
        return ends
    begin, end = (all_of_them.index(one) for one in ends)
    return all_of_them[begin : end + 1] if begin <= end else ends


def _discs_of(run: list[_Vertebra]) -> set[str]:
    return {_disc(upper, lower) for upper, lower in pairwise(run)}


def _letter(match: re.Match[str]) -> str:
    return match["latin"].upper() if match["latin"] else _LETTERS.get(match["word"] or "", "")


def _number(text: str) -> int:
    if text in _TENS:
        return _TENS[text]
    return _IDEOGRAPHS.index(text) if text in _IDEOGRAPHS else int(text)


def _part(word: str) -> str:
    if word in _PARTS:
        return _PARTS[word]
    if word.endswith("肋"):
        return "rib"
    return "finger" if word.endswith("指") else "toe"


def _listed(text: str) -> set[int]:
    """Return the numbers of a list such as "2, 5-7"."""
    found: set[int] = set()
    last, to = 0, False
    for token in _LISTED.findall(text):
        if re.fullmatch(_NUMBER, token):
            number = _number(token)
            found |= set(range(last, number + 1)) if to else {number}
            last, to = number, False
        else:
            to = True
    return found

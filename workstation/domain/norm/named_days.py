"""
The days that a text names, however people write them: 2025-03-12, 12.03.2025, 12 March 2025, 二〇二五年三月.

Which of two numbers is the day nobody can tell of 03/12/2025: such a day has two readings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Final

Day = tuple[int, int, int]
"""Year, month and day; day 0 where the month is told only"""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS: Final = MappingProxyType(
    {char: at for at, char in enumerate("〇一二三四五六七八九")} | dict.fromkeys("零○Oo", 0)
)
_TENS: Final = MappingProxyType({"廿": "二十", "卅": "三十"})
_PLAIN: Final = str.maketrans("０１２３４５６７８９．／－–—‐‑\u3000\u00a0", "0123456789./-----  ")
_YEAR: Final = r"(?:19|20)\d\d"
_NAME: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
_ST: Final = r"(?:st|nd|rd|th)?"
_HAN: Final = "〇零○一二三四五六七八九"
_HAN_NUMBER: Final = r"\d{1,2}|[一二三四五六七八九十廿卅]{1,3}"
_GAP: Final = r"[^\S\n]*"
_NO_UNIT: Final = (
    rf"(?!{_GAP}(?:[mc]m(?![a-z])|毫米|厘米|排|层|次|个|枚|处|例|岁|[-~～x×*]{_GAP}\d+(?:\.\d+)?{_GAP}[mc]?m))"
)
"""What makes a number a size or a count: 2025年12月5mm, 2019年5次"""
_ALONE: Final = rf"(?!\d){_NO_UNIT}"
_DAY_OF_MONTH: Final = rf"(?P<c>{_HAN_NUMBER})(?!\d)(?:(?={_GAP}[日号])|(?!{_GAP}\.){_NO_UNIT})"
_VERB: Final = r"(?<![-./])may(?![a-z])(?!\.?[\s./-]*\d{1,2}(?!\d))"
"""Since 2024 may be a granuloma"""
_FORMS: Final = tuple(
    (re.compile(form, re.IGNORECASE | re.ASCII), orders.split(), is_sure)
    for form, orders, is_sure in (
        # groups a, b, c and in which orders they may be year, month and day; whether it surely is a day
        (
            rf"(?<!\d)(?P<a>{_YEAR}){_GAP}[-./年]{_GAP}(?P<b>\d{{1,2}}){_ALONE}(?:{_GAP}[-./]{_GAP}(?P<c>\d{{1,2}}){_ALONE})?",
            "abc",
            True,
        ),
        (rf"(?<!\d)(?P<a>{_YEAR})。(?P<b>\d{{1,2}})。(?P<c>\d{{1,2}})(?!\d)", "abc", True),
        (rf"(?<!\d)(?P<a>{_YEAR})(?P<b>\d\d)(?P<c>\d\d)(?!\d)", "abc", True),
        (
            rf"(?P<a>[{_HAN}Oo]{{4}}|(?<!\d){_YEAR}){_GAP}[-./年]{_GAP}(?P<b>{_HAN_NUMBER}){_GAP}月(?:{_GAP}{_DAY_OF_MONTH})?",
            "abc",
            True,
        ),
        (rf"(?<![\d./-])(?P<a>\d{{1,2}})\s?[./-]\s?(?P<b>\d{{1,2}})\s?[./-]\s?(?P<c>{_YEAR})(?!\d)", "cba cab", True),
        (rf"(?<![\d./-])(?P<b>\d{{1,2}})\s?[./-]\s?(?P<a>{_YEAR})(?P<c>)(?!\d)", "abc", True),
        (
            rf"(?<![a-z\d])(?:(?P<c>\d{{1,2}}){_ST}[\s./-]*(?:of\s+)?)?(?P<b>{_NAME})[\s,./-]*(?:of\s+)?(?P<a>{_YEAR})(?!\d)",
            "abc",
            True,
        ),
        (rf"(?<![a-z\d])(?P<b>{_NAME})\s*(?P<c>\d{{1,2}}){_ST}[\s,./-]+(?P<a>{_YEAR})(?!\d)", "abc", True),
        (
            rf"(?<!\d)(?P<a>{_YEAR})[\s,./-]*(?!{_VERB})(?P<b>{_NAME})(?:[\s./-]*(?P<c>\d{{1,2}}){_ST}(?!\d))?",
            "abc",
            True,
        ),
        # 12.03.25 may be something else
        (r"(?<![\d./-])(?P<a>\d\d?)([./-])(?P<b>\d\d?)\2(?P<c>\d\d)(?![\d/-]|\.\d)", "cba cab", False),
        (r"(?<![\d./-])(?P<a>\d\d)([./-])(?P<b>\d\d?)\2(?P<c>\d\d?)(?![\d/-]|\.\d)", "abc", False),
        (r"(?<!\d)(?P<a>\d\d)年(?P<b>\d{1,2})月(?:(?P<c>\d{1,2})[日号])?", "abc", False),
        (rf"(?<![a-z\d])(?P<c>\d{{1,2}})[ ./-]?(?P<b>{_NAME})[ ./'-]?(?P<a>\d\d)(?![\d:]){_NO_UNIT}", "abc", False),
        (rf"(?<![a-z\d.-])(?P<b>{_NAME})[-'](?P<a>\d\d)(?P<c>)(?![\d:])", "abc", False),
    )
)
_YEARLESS: Final = tuple(
    (re.compile(form, re.IGNORECASE | re.ASCII), orders.split())
    for form, orders in (
        (rf"(?<!\d)(?P<b>{_HAN_NUMBER}){_GAP}月{_GAP}(?P<c>{_HAN_NUMBER})[日号]", "bc"),
        (rf"[去今本]年{_GAP}(?P<b>{_HAN_NUMBER})月(?!{_GAP}(?:{_HAN_NUMBER})[日号])(?P<c>)", "bc"),
        (rf"(?<![\d./-])(?P<b>\d{{1,2}})/(?P<c>\d{{1,2}})(?![\d/%-]|\.\d){_NO_UNIT}", "bc cb"),
        (rf"(?<![a-z\d])(?P<b>{_NAME})[ -]?(?P<c>\d{{1,2}}){_ST}(?![\d:]){_NO_UNIT}", "bc"),
        (rf"(?<![a-z\d])(?P<c>\d{{1,2}}){_ST}[ -]?(?:of )?(?P<b>{_NAME})", "bc"),
    )
)


@dataclass(frozen=True, slots=True)
class NamedDay:
    """
    A day or month that stands at ``start`` to ``end`` of a text, and what it may mean.

    ``readings`` are empty where no calendar has it; not ``is_sure`` where the year has two digits only.
    """

    start: int
    end: int
    readings: frozenset[Day]
    is_sure: bool = True

    def is_one_of(self, days: set[Day]) -> bool:
        """Tell whether it may be one of these days, or the month of one."""
        return any(
            reading == day or (reading[2] == 0 and reading[:2] == day[:2]) for reading in self.readings for day in days
        )


def named_days(words: str) -> tuple[NamedDay, ...]:
    """Return the days that a text names, in their order; what one form reads no other one reads again."""
    plain = words.translate(_PLAIN)
    found = sorted(
        chain.from_iterable(_in_form(plain, *form) for form in _FORMS), key=lambda one: (one.start, -one.end)
    )
    kept: list[NamedDay] = []
    for one in found:
        if kept and (one.start, one.end) == (kept[-1].start, kept[-1].end):
            kept[-1] = NamedDay(one.start, one.end, kept[-1].readings | one.readings, kept[-1].is_sure)
        elif not kept or one.start >= kept[-1].end:
            kept.append(one)
    return tuple(kept)


def days_without_year(words: str) -> frozenset[tuple[int, int]]:
    """
    Return the months and days that a text names without saying the year: 12月8日, 12/8; day 0 for 去年12月.

    What is written so may well be something else: it serves to recognise a day that is known, not to find one.
    """
    plain = list(words.translate(_PLAIN))
    for one in named_days(words):
        plain[one.start : one.end] = "-" * (one.end - one.start)
    left = "".join(plain)
    readings = {
        _day(0, *(_number(match[group] or "0") for group in order))
        for form, orders in _YEARLESS
        for match in form.finditer(left)
        for order in orders
    }
    return frozenset(one[1:] for one in readings if one is not None)


def _in_form(words: str, form: re.Pattern[str], orders: list[str], is_sure: bool) -> Iterator[NamedDay]:  # noqa: FBT001 - a column of _FORMS
    for match in form.finditer(words):
        readings = {_day(*(_number(match[group] or "0") for group in order)) for order in orders}
        yield NamedDay(match.start(), match.end(), frozenset(one for one in readings if one is not None), is_sure)


def _day(year: int, month: int, day: int) -> Day | None:
    is_day = 1 <= month <= len(_MONTHS) and day <= 31
    return (year + 2000 if year < 100 else year, month, day) if is_day else None


def _number(said: str) -> int:
    """Return a number of digits, ideographs or the name of a month."""
    if said.isdecimal():
        return int(said)
    if said[:3].lower() in _MONTHS:
        return _MONTHS.index(said[:3].lower()) + 1
    for short, long in _TENS.items():
        said = said.replace(short, long)
    if "十" not in said:
        return int("".join(str(_DIGITS[char]) for char in said))
    tens, ones = said.split("十", 1)
    return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)

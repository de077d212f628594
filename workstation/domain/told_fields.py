"""
What a modality wrote of patient and study, in the standard's form, or nothing: never a guess, never a cut identity.

A form of another kind that says the same is turned into the standard's: dates and times of ACR-NEMA and ISO 8601,
the sex in small letters or as its word. Whatever says something else, or nothing, is no value. *Source:* PS3.5 6.2.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_DATE: Final = re.compile(r"(\d{4})([.\-/]?)(\d{2})\2(\d{2})", re.ASCII)
_TIME: Final = re.compile(r"(\d{2})(?:(:?)([0-5]\d)(?:\2([0-5]\d|60)(\.\d+)?)?)?", re.ASCII)
_SEX: Final = {"M": "M", "F": "F", "O": "O", "MALE": "M", "FEMALE": "F", "OTHER": "O", "男": "M", "女": "F"}
_NO_IDENTIFIER: Final = re.compile(r"[\\\x00-\x1f\x7f-\x9f]")
_LONGEST_ID: Final = 64
_LONGEST_NUMBER: Final = 16


def told_date(value: str) -> str:
    """Return a date as ``YYYYMMDD`` (DA), empty for what is no day of the calendar."""
    matched = _DATE.fullmatch(value.strip())
    if matched is None:
        return ""
    try:
        return date(int(matched[1]), int(matched[3]), int(matched[4])).strftime("%Y%m%d").rjust(8, "0")
    except ValueError:
        return ""


def day_words(value: str) -> str:
    """Return the day that a date, or a date and time, begins with as ``2026-11-21``; empty for none."""
    day = told_date(value.strip()[:8])
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ""


def told_time(value: str) -> str:
    """Return a time as ``HH``, ``HHMM`` or ``HHMMSS``, then with its fraction (TM); empty for no time of day."""
    matched = _TIME.fullmatch(value.strip())
    if matched is None or int(matched[1]) > 23:
        return ""
    return "".join(part for part in (matched[1], matched[3], matched[4], (matched[5] or "")[:7]) if part)


def told_sex(value: str) -> str:
    """Return ``M``, ``F`` or ``O``, empty for anything that does not say one of them."""
    return _SEX.get(value.strip().upper(), "")


def is_storable_id(value: str) -> bool:
    """Tell whether a Patient ID (LO) is one value of at most 64 characters. It is never cut: that is someone else."""
    return len(value.strip()) <= _LONGEST_ID and _NO_IDENTIFIER.search(value.strip()) is None


def told_number(value: str) -> str:
    """Return an Accession Number or Study ID (SH), empty where it has over 16 characters: cut it is another one."""
    plain = value.strip()
    return "" if len(plain) > _LONGEST_NUMBER or _NO_IDENTIFIER.search(plain) else plain

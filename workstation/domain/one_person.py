"""
Whether two studies may be of one person: what they say of the patient is held against one another, once for all.

A Patient ID alone proves nobody: it is typed anew, mistyped and given out again. What is empty contradicts nothing.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from workstation.domain.study import Patient

_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_CUT_BYTES: Final = 16
"""Registers cut names at 16 bytes (SH, PS3.5 6.2): of a shorter name, more letters make another one."""
_WHOLE_DATE: Final = 8


class Contradiction(StrEnum):
    """What two studies say otherwise of their patient."""

    PATIENT_ID = "patient_id"
    NAME = "name"
    BIRTH_DATE = "birth_date"
    SEX = "sex"


def contradictions(one: Patient, other: Patient) -> tuple[Contradiction, ...]:
    """
    Return what contradicts that two patients are one, in the order in which people are told by it; empty for nothing.

    A birth date that is a year or a month alone agrees with every day of it. Sex is told by M and F only. A name that
    is not the same is written otherwise where ID, birth date and sex are all there and agree, or where ID and birth
    date do and one name is in Latin letters, the other in Chinese: letters say nothing against characters.
    """
    same_id = bool(one.patient_id.strip()) and one.patient_id.strip() == other.patient_id.strip()
    found = []
    if not same_id and one.patient_id.strip() and other.patient_id.strip():
        found.append(Contradiction.PATIENT_ID)
    if has_other_name(one, other) and not (same_id and _is_written_otherwise(one, other)):
        found.append(Contradiction.NAME)
    if not (one.birth_date.startswith(other.birth_date) or other.birth_date.startswith(one.birth_date)):
        found.append(Contradiction.BIRTH_DATE)
    if {one.sex, other.sex} == {"M", "F"}:
        found.append(Contradiction.SEX)
    return tuple(found)


def is_one_person(one: Patient, other: Patient) -> bool:
    """Tell whether nothing of two patients contradicts that they are one; what is empty contradicts nothing."""
    return not contradictions(one, other)


def has_other_name(one: Patient, other: Patient) -> bool:
    """Tell whether both have a name and none of its writings (Latin, Chinese, phonetic) is the other's."""
    mine, theirs = _writings(one), _writings(other)
    return bool(mine and theirs) and not any(_is_same_name(name, there) for name in mine for there in theirs)


def is_in_other_letters(one: Patient, other: Patient) -> bool:
    """Tell whether two names cannot be compared: all writings of one are Chinese, all of the other are not."""
    mine, theirs = ({_is_chinese(name) for name in _writings(each)} for each in (one, other))
    return bool(mine and theirs) and not mine & theirs


def _is_written_otherwise(one: Patient, other: Patient) -> bool:
    is_born_alike = len(one.birth_date) == _WHOLE_DATE and one.birth_date == other.birth_date
    is_same_sex = bool(one.sex) and one.sex == other.sex
    return is_born_alike and (is_same_sex or is_in_other_letters(one, other))


def _writings(patient: Patient) -> set[tuple[str, ...]]:
    """Return a name's writings as their words, without carets, width and case; scanners fill different groups."""
    written = f"{patient.name}={patient.recorded_name}"
    names = (unicodedata.normalize("NFKC", part).casefold() for part in written.split("="))
    return {words for name in names if (words := tuple(word for word in _BETWEEN_WORDS.split(name) if word))}


def _is_same_name(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if sorted(one) == sorted(other):
        return True
    short, long = sorted(("".join(one), "".join(other)), key=len)
    return short == long or (long.startswith(short) and len(short.encode("gb18030", "replace")) >= _CUT_BYTES)


def _is_chinese(name: tuple[str, ...]) -> bool:
    return any("\u3400" <= char <= "\u9fff" or char > "\U00020000" for word in name for char in word)

"""Patient and examination in one line, as every page says it."""

from __future__ import annotations

from datetime import date
from typing import Final
from unicodedata import bidirectional

from resources.translation import tr
from workstation.domain.workitem import WorklistRow

_LEFTWARD: Final = frozenset({"R", "AL"})
"""Bidirectional classes of letters that are written from right to left"""
_ISOLATE, _END = "\u2068", "\u2069"


def sex_word(sex: str) -> str:
    """Return the word for the DICOM sex code."""
    return {"M": tr("male"), "F": tr("female"), "O": tr("other sex")}.get(sex, "")


def age_in_years(birth_date: str, on: date) -> int | None:
    """Return completed years from ``YYYYMMDD`` to a day, None when the date is absent or unusable."""
    try:
        born = date(int(birth_date[:4]), int(birth_date[4:6]), int(birth_date[6:8]))
    except ValueError:
        return None
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return years if 0 <= years < 150 else None


def age_word(birth_date: str, on: date) -> str:
    """Return the age with its unit, empty when unknown."""
    years = age_in_years(birth_date, on)
    return "" if years is None else tr("{years} y", years=years)


def name_or_placeholder(name: str) -> str:
    """Return the name, or words that say that the sender gave none: a blank place looks like an error."""
    return isolated(name.strip()) or tr("No name")


def isolated(name: str) -> str:
    """
    Return a name that takes its own direction and leaves that of the line around it alone.

    Without it, one of Arabic or Hebrew letters turns the whole line round, and the digits of an ID behind it are
    read before it. Other names stay as they are. Source: Unicode UAX #9, 2.7 (FIRST STRONG ISOLATE).
    """
    if any(bidirectional(char) in _LEFTWARD for char in name):
        return f"{_ISOLATE}{name}{_END}"
    return name


def patient_identity(row: WorklistRow) -> str:
    """Return name, sex, age and ID: who it is, and nothing else."""
    on = (row.studied or row.arrived).astimezone().date()
    parts = (name_or_placeholder(row.patient_name), sex_word(row.sex), age_word(row.birth_date, on), row.patient_id)
    return " · ".join(part for part in parts if part)


def case_words(row: WorklistRow) -> str:
    """Return who it is and which study, with its day: what a dialog stands under that cannot be taken back."""
    return " · ".join(part for part in (patient_identity(row), row.description, exam_day(row)) if part)


def exam_day(row: WorklistRow) -> str:
    """Return the day of the examination on this machine's clock as ``YYYY-MM-DD``, empty where nobody told it."""
    return row.studied.astimezone().strftime("%Y-%m-%d") if row.studied is not None else ""


def exam_words(row: WorklistRow) -> str:
    """Return what was examined, on which day and under which number; an unknown day is said, for it is looked for."""
    day = exam_day(row) or tr("day of the exam unknown")
    return " · ".join(part for part in (row.description, day, row.accession_number) if part)


def patient_line(row: WorklistRow, *, with_name: bool = True) -> str:
    """Return name, sex, age, ID, examination and sender, absent parts left out."""
    on = (row.studied or row.arrived).astimezone().date()
    parts = (
        name_or_placeholder(row.patient_name) if with_name else "",
        sex_word(row.sex),
        age_word(row.birth_date, on),
        row.patient_id,
        row.description,
        row.site_name,
    )
    return " · ".join(part for part in parts if part)

"""How the worklist says states, priorities and times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from resources.translation import ENGLISH, language, tr, trn
from workstation.domain.workitem import AiState, Priority, ReadingState, WorklistRow
from workstation.ui.patient_words import age_word, sex_word
from workstation.ui.widgets.worklist_columns import Column

STOPPED: Final = frozenset({ReadingState.FINAL, ReadingState.ACKNOWLEDGED, ReadingState.CANCELLED})
"""States in which nobody waits any more."""

STATE_LOOK: Final = {  # state: (chip kind, icon)
    ReadingState.RECEIVING: ("neutral", "download-2"),
    ReadingState.AI_RUNNING: ("ai", "robot"),
    ReadingState.AI_FAILED: ("acc", "inbox"),
    ReadingState.PRECHECK: ("neutral", "user-search"),
    ReadingState.READY: ("acc", "inbox"),
    ReadingState.READING: ("info", "eye"),
    ReadingState.PRELIMINARY: ("warn", "time"),
    ReadingState.RETURNED: ("bad", "arrow-go-back"),
    ReadingState.FINAL: ("ok", "check"),
    ReadingState.ACKNOWLEDGED: ("ok", "check-double"),
    ReadingState.CANCELLED: ("neutral", "close"),
}
GRADE_TINT: Final = {"甲": "ok", "乙": "warn", "丙": "bad", "A": "ok", "B": "warn", "C": "bad", "D": "bad"}
_LATIN_GRADE: Final = {"甲": "A", "乙": "B", "丙": "C"}
_CHINESE_GRADE: Final = {"A": "甲", "B": "乙", "C": "丙", "D": "废"}


def state_word(state: ReadingState) -> str:
    """Return the word of a state; a failed pre-read leaves the case to read."""
    return {
        ReadingState.RECEIVING: tr("Receiving"),
        ReadingState.AI_RUNNING: tr("AI pre-read"),
        ReadingState.AI_FAILED: tr("To read"),
        ReadingState.PRECHECK: tr("Technician check"),
        ReadingState.READY: tr("To read"),
        ReadingState.READING: tr("Reading"),
        ReadingState.PRELIMINARY: tr("To review"),
        ReadingState.RETURNED: tr("Returned"),
        ReadingState.FINAL: tr("Signed"),
        ReadingState.ACKNOWLEDGED: tr("Acknowledged"),
        ReadingState.CANCELLED: tr("Cancelled"),
    }[state]


def priority_word(priority: Priority) -> str:
    """Return the word of a priority."""
    return {Priority.HIGH: tr("STAT"), Priority.MEDIUM: tr("Urgent"), Priority.LOW: tr("Routine")}[priority]


def grade_word(grade: str) -> str:
    """Return the image grade in the language: 甲乙丙 or A B C."""
    return (_LATIN_GRADE if language() == ENGLISH else _CHINESE_GRADE).get(grade, grade)


class Scanned(Protocol):
    """A study in a list: its DICOM modality, and CT or MR where it lies beneath a PET."""

    @property
    def modality(self) -> str:
        """Return the code of PS3.3 C.7.3.1.1.1."""

    @property
    def beneath(self) -> str:
        """Return what was scanned with a PET, empty for a study of another kind."""


def modality_word(row: Scanned) -> str:
    """Return what was scanned: PET-CT and PET-MR by their names, all else by its DICOM code."""
    return f"PET-{row.beneath}" if row.beneath else row.modality


def sex_age(row: WorklistRow, *, short: bool = False) -> str:
    """Return sex and age; ``short`` says the sex in one letter where its word is long."""
    on = (row.studied or row.arrived).astimezone().date()
    is_letter = short and language() == ENGLISH and row.sex in {"M", "F", "O"}
    sex = row.sex if is_letter else sex_word(row.sex)
    return " ".join(part for part in (sex, age_word(row.birth_date, on)) if part)


def month_day_time(when: datetime | None) -> str:
    """Return ``11-21 19:12`` in local time, a dash when unknown."""
    return f"{when.astimezone():%m-%d %H:%M}" if when is not None else "—"


def study_time(row: WorklistRow) -> str:
    """Return when the images were taken; with the year, and without the hour, where it was not the year they came."""
    taken = row.studied
    if taken is not None and taken.year != row.arrived.year:
        return f"{taken.astimezone():%Y-%m-%d}"
    return month_day_time(taken)


def study_day(row: WorklistRow) -> str:
    """Return the day when the images were taken, with the year where it was not the year they came; empty for none."""
    taken = row.studied
    if taken is None:
        return ""
    local = taken.astimezone()
    return f"{local:%m-%d}" if taken.year == row.arrived.year else f"{local:%Y-%m-%d}"


def clock_time(when: datetime) -> str:
    """Return ``19:12`` in local time."""
    return f"{when.astimezone():%H:%M}"


def birth_day(birth_date: str) -> str:
    """Return ``1968-03-14`` of ``19680314``, the text itself when it is something else."""
    if len(birth_date) == 8 and birth_date.isdigit():
        return f"{birth_date[:4]}-{birth_date[4:6]}-{birth_date[6:]}"
    return birth_date


def ai_word(row: WorklistRow) -> str:
    """Return the AI cell in words; ``ten ticks`` stand for the "x of 10" beside it."""
    ai = row.ai
    if ai.state is AiState.NOT_APPLICABLE:
        return tr("— not applicable")
    if ai.state is AiState.QUEUED:
        place = ai.queue_position
        return tr("Queued, place {place}", place=place) if place is not None else tr("Queued")
    if ai.state is AiState.RUNNING:
        return tr("Running {percent} %", percent=round(ai.progress * 100))
    if ai.state is AiState.FAILED:
        return tr("Failed · can retry")
    if not ai.tells_marks:
        return tr("Done · read first") if ai.withheld else tr("No finding")
    count = marks_word(ai.finding_count)
    return f"{count} · {top_word(row)}" if ai.top_out_of_ten is not None else count


def marks_word(count: int) -> str:
    """Return the number of AI marks."""
    return trn("{count} mark", "{count} marks", count)


def top_word(row: WorklistRow) -> str:
    """Return the best mark as "x of 10", empty without calibration."""
    top = row.ai.top_out_of_ten
    return "" if top is None else tr("top {top}/10", top=top)


def held_by_other(row: WorklistRow, user_id: str) -> bool:
    """Tell whether another person holds the lock of a case that is being read."""
    return row.state is ReadingState.READING and bool(row.reader_id) and row.reader_id != user_id


def images_word(row: WorklistRow) -> str:
    """Return the number of images, or ``n/N`` while some are still missing."""
    if row.images_received < row.images_expected:
        return f"{row.images_received}/{row.images_expected}"
    return str(row.images_received)


CELLS: Final[dict[Column, Callable[[WorklistRow], str]]] = {
    Column.PRIORITY: lambda row: priority_word(row.priority),
    Column.STATE: lambda row: state_word(row.state),
    Column.AI: ai_word,
    Column.PATIENT: lambda row: row.patient_name,
    Column.SEX_AGE: sex_age,
    Column.PATIENT_ID: lambda row: row.patient_id,
    Column.MODALITY: modality_word,
    Column.DESCRIPTION: lambda row: row.description,
    Column.SITE: lambda row: row.site_name,
    Column.STUDIED: study_time,
    Column.ARRIVED: lambda row: clock_time(row.arrived),
    Column.IMAGES: images_word,
    Column.READER: lambda row: row.reader_name,
    Column.PRIORS: lambda row: str(row.prior_count) if row.prior_count else "—",
    Column.GRADE: lambda row: grade_word(row.quality_grade) or "—",
    Column.CRITICAL: lambda row: tr("Critical") if row.critical else "",
}
"""Every cell in words but the time left, which needs the clock."""

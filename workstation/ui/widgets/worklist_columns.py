"""The worklist's columns: titles, widths, order of hiding and of sorting (DESIGN 4.6)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from resources.translation import tr
from workstation.domain.workitem import Priority, WorklistRow


class Column(StrEnum):
    """Every column, in the default order."""

    PRIORITY = "priority"
    TIME_LEFT = "time_left"
    STATE = "state"
    AI = "ai"
    PATIENT = "patient"
    SEX_AGE = "sex_age"
    PATIENT_ID = "patient_id"
    MODALITY = "modality"
    DESCRIPTION = "description"
    SITE = "site"
    STUDIED = "studied"
    ARRIVED = "arrived"
    IMAGES = "images"
    READER = "reader"
    PRIORS = "priors"
    GRADE = "grade"
    CRITICAL = "critical"


COLUMNS: Final = tuple(Column)
INDEX: Final = {column: at for at, column in enumerate(COLUMNS)}

WIDTHS: Final = {
    Column.PRIORITY: 92,
    Column.TIME_LEFT: 112,
    Column.STATE: 104,
    Column.AI: 184,
    Column.PATIENT: 112,
    Column.SEX_AGE: 80,
    Column.PATIENT_ID: 104,
    Column.MODALITY: 60,
    Column.DESCRIPTION: 200,
    Column.SITE: 150,
    Column.STUDIED: 108,
    Column.ARRIVED: 60,
    Column.IMAGES: 72,
    Column.READER: 104,
    Column.PRIORS: 52,
    Column.GRADE: 52,
    Column.CRITICAL: 76,
}
NEVER_HIDDEN: Final = frozenset(
    {
        Column.PRIORITY,
        Column.TIME_LEFT,
        Column.STATE,
        Column.AI,
        Column.PATIENT,
        Column.DESCRIPTION,
        Column.GRADE,
        Column.CRITICAL,
    }
)
_JOINED_PATIENT: Final = 152  # name with sex and age in one cell
_LATIN_NAME: Final = {Column.PATIENT: (_JOINED_PATIENT, 172)}
_MODALITY: Final = (60, 72)
"""A code, and the frame round "PET-CT\""""
_SHORT_SITE: Final = 104
_SHORT_DESCRIPTION: Final = 120
_READABLE_DESCRIPTION: Final = 150
_EASY_DESCRIPTION: Final = 168  # what is beyond goes to a shortened site or a long name first
_TINY_DESCRIPTION: Final = 80
_SQUEEZED: Final = {
    Column.PRIORITY: 90,
    Column.TIME_LEFT: 104,
    Column.STATE: 134,
    Column.AI: 164,
    Column.PATIENT: 136,
    Column.DESCRIPTION: 64,
}
"""At 1366 x 768 and 150 %: rather cut a word (the tooltip has it) than push "critical" out of sight."""
_EASED: Final = {Column.STATE: 144, Column.AI: 184}
"""What English states and pre-reads need at least: in a narrow list the hospital gets the rest"""
_WIDE_LATIN: Final = {
    Column.PRIORITY: 6,
    Column.STATE: 50,
    Column.AI: 26,
    Column.SEX_AGE: 16,
    Column.MODALITY: 12,
    Column.READER: 20,
    Column.CRITICAL: 12,
}


_NARROWEST: Final = 32
_WIDEST: Final = 600


def widths_of(kept: Collection[str]) -> dict[Column, int]:
    """Read widths that were kept as ``name=pixels``; what is none is left out."""
    found = {}
    for entry in kept:
        name, _, pixels = entry.partition("=")
        if name in set(Column) and pixels.isdecimal():
            found[Column(name)] = dragged(int(pixels))
    return found


def kept_widths(widths: Mapping[Column, int]) -> tuple[str, ...]:
    """Return widths as ``name=pixels``, in the order of the columns."""
    return tuple(f"{column.value}={widths[column]}" for column in COLUMNS if column in widths)


def dragged(pixels: int) -> int:
    """Return the width that a column takes when it is dragged to one: never nothing, never the whole window."""
    return min(max(pixels, _NARROWEST), _WIDEST)


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Which columns are shown how wide; the description takes what is left."""

    widths: dict[Column, int]
    joined: bool
    """Sex and age stand beside the name because their own column is hidden."""
    dated: bool = False
    """The day of the study stands at the end of the description because its own column does not fit."""

    def shows(self, column: Column) -> bool:
        """Tell whether a column is shown."""
        return column in self.widths


def plan_columns(
    width: int, hidden: Collection[str] = (), *, latin: bool = False, own: Mapping[Column, int] | None = None
) -> ColumnPlan:
    """
    Return the columns that fit into ``width`` logical pixels.

    Columns go in the order of DESIGN 4.6; what must never be hidden stays and the description
    shrinks to 120 at last. ``latin`` widens the columns whose words are longer in English; ``own``
    are widths that the person dragged, which hold as long as everything fits.
    """
    widths = {
        column: WIDTHS[column] + (_WIDE_LATIN.get(column, 0) if latin else 0)
        for column in COLUMNS
        if column in NEVER_HIDDEN or column.value not in hidden
    }

    def too_wide() -> bool:
        return sum(widths.values()) > width

    joined = Column.SEX_AGE not in widths
    for step in (
        Column.ARRIVED,
        Column.SEX_AGE,
        Column.PATIENT_ID,
        Column.PRIORS,
        Column.STUDIED,
        Column.SITE,
        Column.IMAGES,  # a number that the preview has too, before words are cut
        Column.DESCRIPTION,
        Column.MODALITY,
        Column.READER,
    ):
        if not too_wide():
            break
        if step is Column.SITE and Column.SITE in widths:
            widths[Column.SITE] = _SHORT_SITE
        elif step is Column.DESCRIPTION:
            widths[Column.DESCRIPTION] = _READABLE_DESCRIPTION
            if too_wide():  # one column that can be read is worth more than two cut ones
                widths.pop(Column.SITE, None)
            widths[Column.DESCRIPTION] = _SHORT_DESCRIPTION
        else:
            _drop(widths, step)
            if step is Column.SEX_AGE:
                joined = True
                widths[Column.PATIENT] = _JOINED_PATIENT
    if joined:
        widths[Column.PATIENT] = _JOINED_PATIENT
    _ease(widths)
    widths |= {column: each for column, each in (own or {}).items() if column in widths}
    _squeeze(widths, width)
    rest = sum(each for column, each in widths.items() if column is not Column.DESCRIPTION)
    if own and rest + min(widths[Column.DESCRIPTION], _SHORT_DESCRIPTION) > width:
        return plan_columns(width, hidden, latin=latin)
    wishes = {
        Column.SITE: (_SHORT_SITE, WIDTHS[Column.SITE]),
        **(_LATIN_NAME if latin else {}),
        Column.MODALITY: _MODALITY,
    }
    rest += _lengthen(widths, width - rest, {one: each for one, each in wishes.items() if one not in (own or {})})
    widths[Column.DESCRIPTION] = max(min(widths[Column.DESCRIPTION], _SHORT_DESCRIPTION), width - rest)
    is_dated = Column.STUDIED not in widths and Column.STUDIED.value not in hidden
    return ColumnPlan(widths, joined, is_dated)


def _drop(widths: dict[Column, int], step: Column) -> None:
    """Hide a column; with the time goes the count: days tell two studies of one patient apart, counts do not."""
    if widths.pop(step, None) is not None and step is Column.STUDIED:
        widths.pop(Column.IMAGES, None)


def _ease(widths: dict[Column, int]) -> None:
    """Take what words do not need from states and pre-reads where the hospital stands at its short width."""
    if widths.get(Column.SITE) == _SHORT_SITE:
        widths |= {column: min(widths[column], enough) for column, enough in _EASED.items()}


def _lengthen(widths: dict[Column, int], room: int, wishes: Mapping[Column, tuple[int, int]]) -> int:
    """Give columns that stand at their short width what the description, with ``room``, can spare; return how much."""
    given = 0
    for column, (short, whole) in wishes.items():
        if widths.get(column) == short:
            spare = min(max(room - given - _EASY_DESCRIPTION, 0), whole - short)
            widths[column] += spare
            given += spare
    return given


def _squeeze(widths: dict[Column, int], width: int) -> None:
    """Narrow what must stay, in two steps, where hiding was not enough."""
    if sum(widths.values()) > width:
        widths[Column.DESCRIPTION] = _TINY_DESCRIPTION
    if sum(widths.values()) > width:
        widths |= {column: min(widths[column], narrow) for column, narrow in _SQUEEZED.items()}


def title(column: Column) -> str:
    """Return the header of a column."""
    return {
        Column.PRIORITY: tr("Priority"),
        Column.TIME_LEFT: tr("Time left"),
        Column.STATE: tr("State"),
        Column.AI: tr("AI pre-read"),
        Column.PATIENT: tr("Patient"),
        Column.SEX_AGE: tr("Sex, age"),
        Column.PATIENT_ID: tr("Patient ID"),
        Column.MODALITY: tr("Modality"),
        Column.DESCRIPTION: tr("Body part / description"),
        Column.SITE: tr("Requesting site"),
        Column.STUDIED: tr("Examined"),
        Column.ARRIVED: tr("Arrived"),
        Column.IMAGES: tr("Instances"),
        Column.READER: tr("Reader"),
        Column.PRIORS: tr("Priors"),
        Column.GRADE: tr("QC"),
        Column.CRITICAL: tr("Critical"),
    }[column]


_RANK: Final = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


_KEYS: Final[dict[Column, Callable[[WorklistRow], Any]]] = {
    Column.PRIORITY: lambda r: _RANK[r.priority],
    # time left means STAT first, then the least time left, which is the list's own order
    Column.TIME_LEFT: lambda r: r.priority is not Priority.HIGH,
    Column.STATE: lambda r: r.state.value,
    # who may not see what was found cannot sort by it either
    Column.AI: lambda r: (
        (0, 0, r.ai.state.value)
        if r.ai.withheld
        else (-(r.ai.top_out_of_ten or 0), -r.ai.finding_count, r.ai.state.value)
    ),
    Column.PATIENT: lambda r: r.pinyin_initials.casefold() or r.patient_name.casefold(),
    Column.SEX_AGE: lambda r: (r.birth_date or "9", r.sex),
    Column.PATIENT_ID: lambda r: r.patient_id,
    Column.MODALITY: lambda r: r.modality,
    Column.DESCRIPTION: lambda r: r.description,
    Column.SITE: lambda r: r.site_name,
    Column.STUDIED: lambda r: r.studied or _NEVER,
    Column.ARRIVED: lambda r: r.arrived,
    Column.IMAGES: lambda r: r.images_received,
    Column.READER: lambda r: r.reader_name,
    Column.PRIORS: lambda r: r.prior_count,
    Column.GRADE: lambda r: r.quality_grade or "Z",
    Column.CRITICAL: lambda r: not r.critical,
}


@dataclass(frozen=True, slots=True)
class Order:
    """By which column the list is sorted."""

    column: Column = Column.TIME_LEFT
    descending: bool = False

    def clicked(self, column: Column) -> Order:
        """Return the order after a click on a header."""
        return Order(column, descending=column is self.column and not self.descending)

    def sorted(self, by_urgency: Sequence[WorklistRow]) -> list[WorklistRow]:
        """
        Return the cases in this order; ties keep the order of urgency, or turn it round when descending.

        The cases must come by urgency (``worklist_cases.by_urgency``): sorting by one short key is
        ten times faster than by key, due time and UID.
        """
        rows = reversed(by_urgency) if self.descending else by_urgency
        return sorted(rows, key=_KEYS[self.column], reverse=self.descending)

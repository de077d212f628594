"""The periods that figures are asked for, in the calendar of this machine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from resources.translation import tr


class Period(StrEnum):
    """What a person chooses."""

    WEEK = "week"
    DAYS_30 = "days_30"
    DAYS_90 = "days_90"
    MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    LAST_YEAR = "last_year"


def period_words(period: Period) -> str:
    """Return the name of a period."""
    return {
        Period.WEEK: tr("Last 7 days"),
        Period.DAYS_30: tr("Last 30 days"),
        Period.DAYS_90: tr("Last 90 days"),
        Period.MONTH: tr("This month"),
        Period.LAST_MONTH: tr("Last month"),
        Period.YEAR: tr("This year"),
        Period.LAST_YEAR: tr("Last year"),
    }[period]


def days_of(period: Period, today: date) -> tuple[date, date]:
    """Return the first day of a period and the day after its last; running periods end with today."""
    tomorrow, month = today + timedelta(days=1), today.replace(day=1)
    year = today.replace(month=1, day=1)
    return {
        Period.WEEK: (tomorrow - timedelta(days=7), tomorrow),
        Period.DAYS_30: (tomorrow - timedelta(days=30), tomorrow),
        Period.DAYS_90: (tomorrow - timedelta(days=90), tomorrow),
        Period.MONTH: (month, tomorrow),
        Period.LAST_MONTH: ((month - timedelta(days=1)).replace(day=1), month),
        Period.YEAR: (year, tomorrow),
        Period.LAST_YEAR: (year.replace(year=year.year - 1), year),
    }[period]


def midnight(day: date) -> datetime:
    """Return when a day begins at this machine, in UTC."""
    return datetime(day.year, day.month, day.day).astimezone().astimezone(UTC)

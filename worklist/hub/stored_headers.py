"""What a header says that a case does not keep: columns for queries of cases, empty where nothing of it is stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Label, Row, func, select

from worklist.hub.instance_tables import dicom_studies
from worklist.hub.tables import cases
from workstation.domain.told_fields import told_date


def recorded_name() -> Label[str]:
    """Return the column ``recorded_name``: Patient's Name (0010,0010) with all its groups."""
    return _of_study(dicom_studies.c.patient_name).label("recorded_name")


def study_date() -> Label[str]:
    """Return the column ``study_date``: Study Date (0008,0020) as written, which ``day_of`` reads."""
    return _of_study(dicom_studies.c.study_date).label("study_date")


def day_of(row: Row[Any]) -> str:
    """
    Return the day of a study by its sender's calendar as ``YYYYMMDD``, empty for none.

    It is what Study Date says: ``studied`` is a moment, in UTC the morning of a day in China belongs to the day before.
    """
    return told_date(row.study_date) or told_date(row.study_date[:8])


def local_day(row: Row[Any], studied: datetime) -> date:
    """Return the day of a study, of the moment ``studied`` at the hub's own place where no header tells it."""
    told = day_of(row)
    return date.fromisoformat(told) if told else studied.astimezone().date()


def _of_study(column: Column[str]) -> ColumnElement[str]:
    stored = select(column).where(dicom_studies.c.study_instance_uid == cases.c.study_instance_uid)
    return func.coalesce(stored.correlate(cases).scalar_subquery(), "")

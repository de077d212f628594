"""What a PET was scanned with: lists name a study by both, PET-CT or PET-MR, and find it by either."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Label, and_, func, or_, select

from worklist.hub.instance_tables import dicom_series
from worklist.hub.instances import PET
from worklist.hub.tables import cases

_WITH_A_PET: Final = ("CT", "MR")


def beneath() -> Label[str]:
    """Return the column ``beneath`` of a query of cases: CT, else MR, where it lies beneath a PET; else empty."""
    return _beneath().label("beneath")


def of_modality(modality: str) -> ColumnElement[bool]:
    """Return the condition for cases of a modality; a PET-CT is one of both."""
    named = cases.c.modality == modality
    return or_(named, and_(cases.c.modality == PET, _beneath() == modality)) if modality in _WITH_A_PET else named


def _beneath() -> ColumnElement[str]:
    series = select(func.min(dicom_series.c.modality)).where(  # of both the CT: it comes first in the alphabet
        dicom_series.c.study_instance_uid == cases.c.study_instance_uid,
        dicom_series.c.modality.in_(_WITH_A_PET),
        cases.c.modality == PET,
    )
    return func.coalesce(series.correlate(cases).scalar_subquery(), "")

"""An earlier study of the same patient and part of the body that was known to the case while its report was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPrior:
    """
    What a list tells of it; ``study_date`` is ``YYYYMMDD`` or empty, ``is_reported`` whether a signed report exists.

    Known does not mean compared: what was compared, findings and measurements tell.
    """

    study_instance_uid: str
    study_date: str
    modality: str
    description: str
    is_reported: bool = False
    largest_mm: float | None = None
    """Mean diameter of the largest nodule that its signed report tells of, None where none was read"""

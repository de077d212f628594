"""The next series where a model refuses the first, and what a reader must be told of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from workstation.domain.errors import InputOutsideIntendedUse
from workstation.domain.outside_use import doubt
from workstation.domain.study import Series, Study
from workstation.services.series_choice import phase_of

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The series that was read, what came of it, and as doubts that it is one of several."""

    series: Series
    result: T
    doubts: tuple[str, ...]


def first_accepted(study: Study, chosen: Sequence[Series], read: Callable[[int, Series], T]) -> Accepted[T]:
    """
    Read the first series that the model was made for; ``read`` is given its number and itself.

    Raises the first refusal where every one is refused: it is about the series that fits best.
    """
    refused: InputOutsideIntendedUse | None = None
    for number, series in enumerate(chosen):
        try:
            result = read(number, series)
        except InputOutsideIntendedUse as exc:
            _log.info("series %s is refused: %s", series.series_instance_uid, exc)
            refused = refused or exc.with_traceback(None)  # its frames hold the volume
            continue
        phase = phase_of(study, series)
        doubts = (doubt("phase", phase),) if phase else ()  # a nodule may be seen in another one only
        if refused is not None:  # a reader must not take it for the series that he would have chosen
            doubts = (*doubts, doubt("second_choice", _named(chosen[0])))
        return Accepted(series, result, doubts)
    if refused is None:
        raise AssertionError("there is a series to read")
    raise refused


def _named(series: Series) -> str:
    """Return how a reader finds a series in the list."""
    number = "" if series.series_number is None else str(series.series_number)
    return f"{number} {series.description}".strip() or series.series_instance_uid

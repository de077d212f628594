"""
The number of a NUM item in the unit that we show: other makers write centimetres, millilitres and shares of one.

A number without a unit, or in one that is not known here, is none: 1.2 could be anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr.annotation_codes import unit_of

_SHARES: Final = {"%": ("%", 1.0), "1": ("%", 100.0)}
"""UCUM: 1 % is 0.01 of the unity"""


def measured_value(item: Dataset, unit: str) -> float | None:
    """
    Return a finite number in ``mm``, ``mm2``, ``mm3``, ``HU``, ``%`` or ``1``; None where there is none to show.

    Raises ValueError where the number itself cannot be read.
    """
    measured = next(iter(item.get("MeasuredValueSequence") or ()), None)
    if measured is None:
        return None
    exact = measured.get("FloatingPointValue")
    stated = measured.get("NumericValue") if exact is None else exact
    known = _known(_unit(measured), unit)
    if stated is None or known is None or known[0] != unit:
        return None
    value = float(stated) * known[1]
    return value if math.isfinite(value) else None


def unknown_units(items: Iterable[Dataset]) -> Iterator[str]:
    """Yield the units of numbers that nobody here can read, ``-`` for a number without a unit; their children's too."""
    for item in items:
        for measured in item.get("MeasuredValueSequence") or ():
            unit = _unit(measured)
            if unit not in _SHARES and unit_of(unit) is None:
                yield unit or "-"
        yield from unknown_units(item.get("ContentSequence") or ())


def _known(ucum: str, unit: str) -> tuple[str, float] | None:
    return _SHARES.get(ucum) if unit == "%" else unit_of(ucum)


def _unit(measured: Dataset) -> str:
    units = next(iter(measured.get("MeasurementUnitsCodeSequence") or ()), Dataset())
    return code_value(units)

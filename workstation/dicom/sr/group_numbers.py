"""
The numbers of a measurement group: lengths, areas, and the statistics of the values inside.

Statistics come as one concept with derivations (PS3.16 TID 1419) or, from dcmjs and what is built on it, with the
derivation as the concept. What cannot be shown is counted, never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import METHOD, PIXEL_COUNT, measure_name, threshold_of, unit_of
from workstation.domain.annotation import Measure, MeasureName, Statistics

_DERIVED: Final = MappingProxyType(
    {
        code.MEAN.value: MeasureName.MEAN,
        code.STANDARD_DEVIATION.value: MeasureName.DEVIATION,
        code.MINIMUM.value: MeasureName.MINIMUM,
        code.MAXIMUM.value: MeasureName.MAXIMUM,
    }
)
_OF_SHAPES: Final = frozenset({"mm", "mm2", "mm3", "px", "px2", "deg"})
"""Units that no pixel value has: a mean of them is one of several lengths or areas"""
_Value = tuple[float, str]


@dataclass(frozen=True, slots=True)
class GroupNumbers:
    """
    What another system's group tells; ``statistics`` where it tells all four, else those it tells are ``measures``.

    ``unread`` counts the numbers of kinds or in units that are not shown here.
    """

    measures: tuple[Measure, ...]
    statistics: Statistics | None
    unread: int


def numbers_of(group: Dataset) -> GroupNumbers:
    """Return the numbers of another system's group."""
    by_quantity: dict[str, dict[MeasureName, _Value]] = {}
    measures: list[Measure] = []
    count, unread = 1, 0
    for item in _numeric(group):
        quantity, name = _derived(item)
        value, measure = _number(item), _measure(item)
        told = by_quantity.setdefault(quantity, {})
        if name is not None and value is not None and _joins(told, name, value[1]):
            told[name] = value
        elif name is None and measure is not None:
            measures.append(measure)
        elif _concept(item) == PIXEL_COUNT.value and value is not None:
            count = max(1, round(value[0]))
        else:
            unread += 1
    chosen = max(by_quantity.values(), key=len, default={})
    unread += sum(len(told) for told in by_quantity.values() if told is not chosen)
    if len(chosen) < len(_DERIVED):
        partly = (Measure(name, *chosen[name]) for name in _DERIVED.values() if name in chosen)
        return GroupNumbers((*measures, *partly), None, unread)
    mean, deviation, least, most = (chosen[name][0] for name in _DERIVED.values())
    unit = chosen[MeasureName.MEAN][1]
    return GroupNumbers(tuple(measures), Statistics(mean, deviation, least, most, count, unit), unread)


def _joins(told: Mapping[MeasureName, _Value], name: MeasureName, unit: str) -> bool:
    """Tell whether a statistic is one of pixel values, the first of its name, and in the unit of those before it."""
    return unit not in _OF_SHAPES and name not in told and all(unit == other for _, other in told.values())


def measures_of(group: Dataset) -> Iterator[Measure]:
    """Return the numbers of a group that are known by name here."""
    for item in _numeric(group):
        measure = _measure(item)
        if measure is not None:
            yield measure


def _derived(item: Dataset) -> tuple[str, MeasureName | None]:
    """Return of which quantity a number is a statistic, and which; None for a number that is none."""
    how, concept = _modified_by(item, code.DERIVATION.value), _concept(item)
    if how:
        return concept, _DERIVED.get(how)
    return "", _DERIVED.get(concept)


def _measure(item: Dataset) -> Measure | None:
    name = measure_name(_concept(item), _modified_by(item, code.DERIVATION.value))
    value = _number(item, name)
    if name is None or value is None:
        return None
    return Measure(name, *value, threshold_of(_modified_by(item, METHOD.value)))


def _number(item: Dataset, name: MeasureName | None = None) -> _Value | None:
    measured = next(iter(item.get("MeasuredValueSequence") or ()), None)
    if measured is None:
        return None
    exact = measured.get("FloatingPointValue")
    units = next(iter(measured.get("MeasurementUnitsCodeSequence") or ()), Dataset())
    known = unit_of(code_value(units), name)
    try:
        value = float(measured.NumericValue if exact is None else exact)
    except (AttributeError, TypeError, ValueError):
        return None
    if not math.isfinite(value) or known is None:
        return None
    return value * known[1], known[0]


def _modified_by(item: Dataset, concept: str) -> str:
    for child in item.get("ContentSequence") or ():
        if _concept(child) == concept:
            return code_value(next(iter(child.get("ConceptCodeSequence") or ()), Dataset()))
    return ""


def _numeric(group: Dataset) -> Iterator[Dataset]:
    return (item for item in group.get("ContentSequence") or () if item.get("ValueType") == "NUM")


def _concept(item: Dataset) -> str:
    return code_value(next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset()))

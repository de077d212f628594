"""Nodules of a known collection that are most like a measured one, by measured features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workstation.domain.finding import NoduleType
from workstation.domain.nodule import NoduleMeasurement

_SIZE_WEIGHT: Final = 3.0
_SHAPE_WEIGHT: Final = 2.0
_TYPE_WEIGHT: Final = 1.5
_TEXTURE: Final = {
    NoduleType.GROUND_GLASS: 1.0,
    NoduleType.PART_SOLID: 3.0,
    NoduleType.SOLID: 5.0,
    NoduleType.CALCIFIED: 5.0,
}
_PREFIX: Final = "LIDC-IDRI-"
_NO_CALCIUM: Final = 6.0


@dataclass(frozen=True, slots=True)
class KnownNodule:
    """
    A nodule of LIDC-IDRI as at least three readers described it; ratings are means.

    ``texture`` runs from 1 (ground glass) to 5 (solid), ``calcification`` from 1 to 6 (none),
    ``malignancy`` from 1 to 5: readers' opinion, not pathology. ``number`` counts the nodules of
    the patient by falling volume.
    """

    patient_id: str
    number: int
    readers: int
    equivalent_diameter_mm: float
    long_axis_mm: float
    short_axis_mm: float
    centre_z_mm: float
    texture: float
    calcification: float
    sphericity: float
    margin: float
    lobulation: float
    spiculation: float
    subtlety: float
    malignancy: float


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A known nodule and how far it is in feature space; 0 is the same."""

    nodule: KnownNodule
    distance: float


def known_nodules(table: Mapping[str, Any]) -> tuple[KnownNodule, ...]:
    """Return the nodules of a table as ``resources.lidc`` gives it. ValueError for other columns."""
    columns = list(table["columns"])
    wanted = ["patient", "number", "readers", *list(KnownNodule.__dataclass_fields__)[3:]]
    if columns != wanted:
        raise ValueError(f"unexpected columns {columns}")
    return tuple(
        KnownNodule(f"{_PREFIX}{int(row[0]):04d}", int(row[1]), int(row[2]), *(float(value) for value in row[3:]))
        for row in table["nodules"]
    )


def look_alikes(measured: NoduleMeasurement, known: Sequence[KnownNodule], *, count: int = 5) -> tuple[LookAlike, ...]:
    """Return the nearest known nodules by size, axis ratio, texture and calcification, nearest first."""
    found = [LookAlike(nodule, _distance(measured, nodule)) for nodule in known]
    found.sort(key=lambda item: (item.distance, item.nodule.patient_id, item.nodule.number))
    return tuple(found[:count])


def _distance(measured: NoduleMeasurement, nodule: KnownNodule) -> float:
    size = math.log(measured.equivalent_diameter_mm / nodule.equivalent_diameter_mm)
    ratio = measured.axial.short.length_mm / measured.axial.long.length_mm
    shape = ratio - nodule.short_axis_mm / nodule.long_axis_mm
    texture = (_TEXTURE.get(measured.nodule_type, nodule.texture) - nodule.texture) / 4
    calcified = measured.nodule_type is NoduleType.CALCIFIED
    calcium = float(calcified) - (_NO_CALCIUM - nodule.calcification) / 5
    parts = (_SIZE_WEIGHT * size, _SHAPE_WEIGHT * shape, _TYPE_WEIGHT * texture, _TYPE_WEIGHT * calcium)
    return math.sqrt(sum(part * part for part in parts))

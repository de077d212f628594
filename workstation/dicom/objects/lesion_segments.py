"""
The masks of a model as one segment per mark of the SR, under its tracking UID and identifier.

*Source:* PS3.3 A.51, C.8.20.2; IHE AI Results: what speaks of one lesion shares its tracking UID.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK

from workstation.dicom.objects.segmentation import SegmentName, write_lesions
from workstation.dicom.sr import codes
from workstation.dicom.sr.finding_items import finding_code
from workstation.domain.finding import Finding, FindingList, Lobe
from workstation.domain.model import SegmentMask
from workstation.domain.volume import Volume

_itk: Any = SimpleITK  # its stubs are partial
_LANGUAGE: Final = "zh"
"""The language of what a worker stores"""


def lesion_segmentations(
    findings: FindingList, masks: Sequence[SegmentMask], sources: Sequence[bytes], volume: Volume, *, at: datetime
) -> tuple[bytes, ...]:
    """
    Return one SEG per class as Part 10 bytes, none where no mark of the list has a voxel.

    A piece of a mask belongs to the nearest mark of its label, at most the mark's radius and one voxel away; a piece
    that no mark speaks of (too small, or below every operating point) is left out. ``sources`` are the Part 10 files
    of the volume's slices. Raises ValueError without an algorithm, TemplateViolation for a research model,
    NotAVolume when the files are not the slices of the volume.
    """
    if findings.algorithm is None:
        raise ValueError("a detection result names its algorithm")
    stored: list[bytes] = []
    for mask in masks:
        marked = [one for one in findings.findings if one.mark is not None and one.mark.label == mask.label]
        lesions, found = _lesions(mask, marked, volume)
        if found:
            names = [_name(one) for one in found]
            number = len(stored) + 1
            stored.append(write_lesions(lesions, names, sources, volume, findings.algorithm, at=at, number=number))
    return tuple(stored)


def _lesions(
    mask: SegmentMask, marked: Sequence[Finding], volume: Volume
) -> tuple[npt.NDArray[np.uint16], tuple[Finding, ...]]:
    """Return which voxel belongs to which finding, counted from 1, and the findings that have any."""
    lesions = np.zeros(mask.voxels.shape, np.uint16)
    box = _box(mask.voxels)
    if box is None or not marked:
        return lesions, ()
    pieces = _itk.ConnectedComponent(_itk.GetImageFromArray(mask.voxels[box].astype(np.uint8)), True)
    shape = _itk.LabelShapeStatisticsImageFilter()
    shape.Execute(pieces)
    labels = shape.GetLabels()
    owner = np.zeros(max(labels) + 1, np.intp)
    for label in labels:
        ijk = [float(at) + part.start for at, part in zip(shape.GetCentroid(label), reversed(box), strict=True)]
        owner[label] = _owner(tuple(volume.lps_of(ijk).tolist()), marked, volume)
    present = [number for number in range(1, len(marked) + 1) if (owner == number).any()]
    renumbered = np.zeros(len(marked) + 1, np.uint16)
    renumbered[present] = np.arange(1, len(present) + 1)
    lesions[box] = renumbered[owner][_itk.GetArrayFromImage(pieces)]
    return lesions, tuple(marked[number - 1] for number in present)


def _owner(centre: tuple[float, ...], marked: Sequence[Finding], volume: Volume) -> int:
    """Return the number of the nearest mark that reaches the centre of a piece, 0 where none does."""
    nearest, at_mm = 0, math.inf
    for number, one in enumerate(marked, start=1):
        if one.mark is None:
            continue
        away = math.dist(centre, one.mark.centre_lps_mm)
        if away <= one.mark.diameter_mm / 2 + math.hypot(*volume.spacing_mm) and away < at_mm:
            nearest, at_mm = number, away
    return nearest


def _box(voxels: npt.NDArray[np.bool_]) -> tuple[slice, slice, slice] | None:
    """Return the smallest block that holds every voxel, None without one."""
    found = []
    for axis in range(3):
        where = np.flatnonzero(voxels.any(axis=tuple(other for other in range(3) if other != axis)))
        if not len(where):
            return None
        found.append(slice(int(where[0]), int(where[-1]) + 1))
    return found[0], found[1], found[2]


def _name(one: Finding) -> SegmentName:
    mark = one.mark
    if mark is None:
        raise AssertionError("a lesion is a mark in the patient")
    lobe = Lobe.UNSPECIFIED if mark.evidence is None else mark.evidence.lobe
    return SegmentName(
        f"{one.number} {one.name(_LANGUAGE)}",
        finding_code(mark.label, mark.meaning),
        one.tracking_uid,
        str(one.number),
        None if lobe is Lobe.UNSPECIFIED else codes.SITES[lobe][0],
    )

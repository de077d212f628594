"""
What one frame says about its display: transforms, windows, padding, shutter, unit.

Enhanced objects say it in functional groups, per frame before shared; all others at the top.
Source: PS3.3 C.7.6.16.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from workstation.dicom.images.lookup import LookupTable, lookup_table
from workstation.dicom.pixel_size import aspect_of

_GROUPS: Final = (
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "FrameDisplayShutterSequence",
    "PixelMeasuresSequence",
    "FrameAnatomySequence",
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "USImageDescriptionSequence",
)
_CT_IMAGES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
"""CT Image, Enhanced CT Image and Legacy Converted Enhanced CT Image Storage"""


@dataclass(frozen=True, slots=True)
class VoiWindow:
    """One window of the VOI list, in modality values. Source: PS3.3 C.11.2."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""


def functional_groups(dataset: Dataset, frame: int) -> Mapping[str, Dataset]:
    """Return the first items of a frame's functional groups (frame from 0); per frame wins over shared."""
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    found: dict[str, Dataset] = {}
    for groups in [*(dataset.get("SharedFunctionalGroupsSequence") or [])[:1], *per_frame[frame : frame + 1]]:
        for name in _GROUPS:
            items = groups.get(name)
            if items:
                found[name] = items[0]
    return found


def frame_aspect(dataset: Dataset, groups: Mapping[str, Dataset]) -> float:
    """Return pixel height over width on a frame with these functional groups: its own, else that of the object."""
    measures = groups.get("PixelMeasuresSequence", dataset)
    return aspect_of(measures if measures.get("PixelSpacing") else dataset)


def declared_unit(dataset: Dataset, transform: Dataset) -> str:
    """Return the type of a Modality LUT, which takes the place of slope and intercept, or else their Rescale Type."""
    table = next(iter(dataset.get("ModalityLUTSequence") or ()), transform)
    return str((transform.get("RescaleType") if table is transform else table.get("ModalityLUTType")) or "")


def unit_of(dataset: Dataset, transform: Dataset) -> str:
    """Return the unit of the values after the modality transform, empty when they have none."""
    return unit_named(
        declared_unit(dataset, transform) or str(dataset.get("Units", "") or ""),
        str(dataset.get("Modality", "")),
        str(dataset.get("SOPClassUID", "")),
        is_rescaled=transform.get("RescaleIntercept") is not None,
    )


def unit_named(declared: str, modality: str, sop_class_uid: str, *, is_rescaled: bool) -> str:
    """
    Return the unit behind a Rescale Type (or Units), empty when the values have none; one rule for stack and volume.

    Values that name no unit are Hounsfield units in a CT image that was rescaled: it has them by definition
    (PS3.3 C.8.2.1.1.2) unless it is localised otherwise. A screen that was captured beside a CT, or values that
    nobody rescaled, are bare numbers.
    """
    if declared in {"US", "NONE"}:
        return ""  # "unspecified", not a unit
    if declared == "OD":
        return "mOD"  # thousandths of it (PS3.3 C.11.1.1.2)
    if declared in {"PCT", "PCNT"}:
        return "%"
    return declared or ("HU" if modality == "CT" and sop_class_uid in _CT_IMAGES and is_rescaled else "")


def padding_of(dataset: Dataset) -> tuple[int, int] | None:
    """Return the inclusive range of stored values that show no patient, read in the sign of the pixels."""
    value = _padding_value(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = _padding_value(dataset, "PixelPaddingRangeLimit")
    limit = value if limit is None else limit
    return min(value, limit), max(value, limit)


def _padding_value(dataset: Dataset, keyword: str) -> int | None:
    value = _whole(dataset.get(keyword))
    if value is None:
        return None
    # writers mistake US for SS; the 16 bits are what counts
    if dataset.get("PixelRepresentation") == 1:
        return value - 65536 if 32767 < value < 65536 else value
    return value + 65536 if -32768 <= value < 0 else value


def windows_of(item: Dataset, *, has_fractions: bool = False) -> tuple[VoiWindow, ...]:
    """
    Return the usable windows of a dataset or a Frame VOI LUT item, in their order.

    ``has_fractions``: the values lie closer than one unit, as diffusion coefficients do.
    """
    centers, widths = _many(item.get("WindowCenter")), _many(item.get("WindowWidth"))
    function = str(item.get("VOILUTFunction", "") or "LINEAR")
    names = [str(name) for name in _many(item.get("WindowCenterWidthExplanation"))]
    found = []
    for n, (center, width) in enumerate(zip(centers, widths, strict=False)):
        c, w = number(center, np.nan), number(width, np.nan)
        if not (np.isfinite(c) and np.isfinite(w) and w > 0):
            continue
        # LINEAR needs a width of at least 1 (PS3.3 C.11.2.1.2); who writes less for fractions means the exact one
        meant = "LINEAR_EXACT" if function == "LINEAR" and w < 1 and has_fractions else function
        if w >= 1 or meant in {"LINEAR_EXACT", "SIGMOID"}:
            found.append(VoiWindow(c, w, meant, names[n] if n < len(names) else ""))
    return tuple(found)


def tables_of(sequence: Any, *, is_signed: bool) -> tuple[LookupTable, ...]:  # noqa: ANN401 - pydicom values have no static type
    """Return the usable tables of a Modality or VOI LUT Sequence."""
    found = (lookup_table(item, is_signed=is_signed) for item in sequence or [])
    return tuple(table for table in found if table is not None)


def number(value: Any, default: float) -> float:  # noqa: ANN401 - pydicom values have no static type
    """Return a finite number, ``default`` when the value is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return default
    return found if np.isfinite(found) else default


def integer(dataset: Dataset, keyword: str, default: int) -> int:
    """Return a whole number, ``default`` when it is absent or broken."""
    found = _whole(dataset.get(keyword))
    return default if found is None else found


def _many(value: Any) -> list[Any]:  # noqa: ANN401 - pydicom values have no static type
    if value is None or value == "":
        return []
    return [value] if isinstance(value, (str, int, float)) else list(value)


def _whole(value: Any) -> int | None:  # noqa: ANN401 - pydicom values have no static type
    try:
        return int(value)
    except (TypeError, ValueError):
        return None

"""Reading how large a pixel is. Source: PS3.3 10.7.1 (calibration), C.8.7.6 (magnification), C.8.5.5 (ultrasound)."""

from __future__ import annotations

import math
from typing import Any, Final

from pydicom.dataset import Dataset

from workstation.domain.pixel_size import Box, PixelSize, SpacingBasis

_ULTRASOUND: Final = frozenset({"US", "IVUS"})
_SECTIONS: Final = frozenset({"CT", "MR", "PT", "NM", "OCT", "OPT", "IVOCT", "SM", *_ULTRASOUND})
"""Modalities whose Pixel Spacing is a size in the patient."""
PROJECTIONS: Final = frozenset({"CR", "DX", "MG", "XA", "RF", "IO", "PX", "RG", "BMD"})
_CUT: Final = frozenset(f"1.2.840.10008.5.1.4.1.1.{one}" for one in ("2", "2.1", "2.2", "13.1.1", "13.1.2", "13.1.3"))
"""SOP Classes of computed slices, whatever their modality: CT, X-ray 3D, breast tomosynthesis. Source: PS3.4 B.5."""
_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
_SAME: Final = 1e-4
_SQUARE: Final = 1e-3
_CENTIMETRES: Final = 3
_MM_PER_CM: Final = 10.0


def is_projection(modality: str, sop_class_uid: str) -> bool:
    """
    Tell whether an image was seen through the patient: position and orientation, where given, are the detector's.

    Slices computed from projections (tomosynthesis, rotational angiography) are none.
    """
    return modality in PROJECTIONS and sop_class_uid not in _CUT


def pixel_size_of(dataset: Dataset) -> PixelSize | None:
    """Return the size of a pixel and what it is worth, None when the image names none."""
    pixel, imager = _pair(dataset.get("PixelSpacing")), _pair(dataset.get("ImagerPixelSpacing"))
    modality = str(dataset.get("Modality", "") or "")
    if dataset.get("SequenceOfUltrasoundRegions"):
        return next(iter(calibrated_regions(dataset)), None)
    if modality in PROJECTIONS:
        return _of_projection(dataset, pixel, imager)
    found = pixel or imager or _pair(dataset.get("NominalScannedPixelSpacing"))
    # on a photograph, a film that was scanned or a picture of a screen nobody knows how far the body was
    is_capture = f"{dataset.get('SOPClassUID', '')}.".startswith(f"{_SECONDARY_CAPTURE}.")
    is_section = pixel is not None and modality in _SECTIONS and not is_capture
    return None if found is None else PixelSize(found, SpacingBasis.PATIENT if is_section else SpacingBasis.UNKNOWN)


def _of_projection(
    dataset: Dataset, pixel: tuple[float, float] | None, imager: tuple[float, float] | None
) -> PixelSize | None:
    factor = _number(dataset.get("EstimatedRadiographicMagnificationFactor"))
    if factor is not None and factor < 1.0:
        factor = None  # nothing casts a shadow smaller than itself
    basis = SpacingBasis.DETECTOR if pixel is None else _basis(dataset, pixel, imager)
    if pixel is not None and basis is not SpacingBasis.DETECTOR:
        return PixelSize(pixel, basis, factor)
    if imager is None:
        return None
    if factor is not None and factor > 1.0:
        return PixelSize((imager[0] / factor, imager[1] / factor), SpacingBasis.ESTIMATED, factor)
    return PixelSize(imager, SpacingBasis.DETECTOR, factor)


def aspect_of(dataset: Dataset) -> float:
    """
    Return pixel height over width: the largest ultrasound region, else a spacing, else Pixel Aspect Ratio, else 1.

    Both pairs are stored vertical before horizontal; regions that differ by rounding only are square.
    """
    for region in calibrated_regions(dataset)[:1]:
        across, down = region.spacing_mm
        return 1.0 if math.isclose(across, down, rel_tol=_SQUARE) else down / across
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio"):
        found = _pair(dataset.get(keyword))
        if found is not None:
            return found[1] / found[0]
    return 1.0


def _basis(dataset: Dataset, pixel: tuple[float, float], imager: tuple[float, float] | None) -> SpacingBasis:
    kind = str(dataset.get("PixelSpacingCalibrationType", "") or "")
    if kind in {"GEOMETRY", "FIDUCIAL"}:
        return SpacingBasis.GEOMETRY if kind == "GEOMETRY" else SpacingBasis.CALIBRATED
    if imager is None:
        return SpacingBasis.UNKNOWN
    equal = all(math.isclose(a, b, rel_tol=_SAME) for a, b in zip(pixel, imager, strict=True))
    # different without a type still means that somebody corrected it
    return SpacingBasis.DETECTOR if equal else SpacingBasis.CALIBRATED


def calibrated_regions(dataset: Dataset) -> tuple[PixelSize, ...]:
    """
    Return the two-dimensional regions of an ultrasound picture whose axes are lengths, largest first.

    Curves over time and spectra have no lengths in both directions and are left out. Where one lies over a region
    of lengths that is not smaller, an inset, nothing of that region holds.
    """
    lengths: list[tuple[Box, tuple[float, float]]] = []
    others: list[Box] = []
    for item in dataset.get("SequenceOfUltrasoundRegions") or []:
        box = _box(item)
        if box is None:
            continue
        scale = _centimetres(item)
        if scale is None:
            others.append(box)
        else:
            lengths.append((box, (scale[0] * _MM_PER_CM, scale[1] * _MM_PER_CM)))
    lengths.sort(key=lambda one: _area(one[0]), reverse=True)
    return tuple(
        PixelSize(
            spacing_mm,
            SpacingBasis.ULTRASOUND,
            None,
            box,
            tuple(one for one in others if _area(one) <= _area(box) and _overlap(one, box)),
        )
        for box, spacing_mm in lengths
    )


def _box(item: Dataset) -> Box | None:
    try:
        return (
            int(item.RegionLocationMinX0),
            int(item.RegionLocationMinY0),
            int(item.RegionLocationMaxX1),
            int(item.RegionLocationMaxY1),
        )
    except (AttributeError, TypeError, ValueError):
        return None


def _centimetres(item: Dataset) -> tuple[float, float] | None:
    """Return what a pixel of a region measures across and down in cm, None where that are no lengths."""
    try:
        x, y = abs(float(item.PhysicalDeltaX)), abs(float(item.PhysicalDeltaY))
        units = int(item.PhysicalUnitsXDirection), int(item.PhysicalUnitsYDirection)
    except (AttributeError, TypeError, ValueError):
        return None
    is_length = units == (_CENTIMETRES, _CENTIMETRES) and x > 0 and y > 0 and math.isfinite(x + y)
    return (x, y) if is_length else None


def _area(box: Box) -> int:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _pair(value: Any) -> tuple[float, float] | None:  # noqa: ANN401 - pydicom values have no static type
    """Return (between columns, between rows); DICOM stores rows first."""
    try:
        down, across = (float(one) for one in value)
    except (TypeError, ValueError):
        return None
    good = math.isfinite(down) and math.isfinite(across) and min(down, across) > 0
    return (across, down) if good else None


def _number(value: Any) -> float | None:  # noqa: ANN401 - pydicom values have no static type
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and found > 0 else None

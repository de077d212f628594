"""From decoded slices to what the reading page shows: which series first, doubts about it, and its volume."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from workstation.dicom.images.stack import TILT_PIXELS, Placement, StackGeometry, describe
from workstation.domain.errors import HostileInput, MissingGeometry, NotAVolume
from workstation.domain.geometry import ImagePlane, affine
from workstation.domain.ports import CancelToken
from workstation.domain.study import DecodeWarning, Series, Study
from workstation.domain.volume import Volume, set_apart

MAX_VOLUME_BYTES: Final = 4 << 30
_AIR_HU: Final = -1024.0
"""Nothing is thinner: padding below it stays air in planes and from outside, also where a series shows no air"""
_NOT_IMAGES: Final = (  # SOP Class UID prefixes: SR, encapsulated documents, presentation states, raw data and SEG
    "1.2.840.10008.5.1.4.1.1.88.",
    "1.2.840.10008.5.1.4.1.1.104.",
    "1.2.840.10008.5.1.4.1.1.11.",
    "1.2.840.10008.5.1.4.1.1.66",
)
_NOT_IMAGE_MODALITIES: Final = frozenset({"SR", "DOC", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "REG"})


@dataclass(frozen=True, slots=True, eq=False)
class PlacedSlice:
    """
    One decoded slice, ``pixels`` ``[row, column]`` after the modality transform, and its place.

    ``padding`` is the inclusive range of values that show no patient.
    """

    pixels: npt.NDArray[Any]
    plane: ImagePlane | None
    padding: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BuiltVolume:
    """A volume; ``order[k]`` is the input slice that lies at voxel layer ``k``, ``warnings`` are for the reader."""

    volume: Volume
    order: tuple[int, ...]
    warnings: tuple[DecodeWarning, ...]


def is_image_series(series: Series) -> bool:
    """Tell whether a series holds pictures; structured reports and documents do not."""
    if series.modality in _NOT_IMAGE_MODALITIES or not series.instances:
        return False
    return not series.instances[0].sop_class_uid.startswith(_NOT_IMAGES)


def first_series(study: Study, preferred_uid: str = "") -> Series | None:
    """Return the series to show first: the one the marks lie on, else the longest, CT before all others."""
    images = [series for series in study.series if is_image_series(series)]
    for series in images:
        if series.series_instance_uid == preferred_uid:
            return series
    return max(images, key=lambda one: (one.modality == "CT", len(one.frames)), default=None)


def series_warnings(series: Series) -> tuple[DecodeWarning, ...]:
    """Return every doubt about a series: what came with it and what the positions of its images say."""
    found = list(series.warnings)
    if is_image_series(series) and any(frame.plane is not None for frame in series.frames):
        known = {warning.code for warning in found}
        found += [warning for warning in _stack_warnings(series) if warning.code not in known]
    return tuple(found)


def _stack_warnings(series: Series) -> tuple[DecodeWarning, ...]:
    sizes = {one.sop_instance_uid: (one.rows, one.columns) for one in series.instances}
    placements = [
        None
        if (plane := frame.plane) is None
        else Placement(plane.origin, plane.right, plane.down, plane.spacing_mm, sizes[frame.ref.sop_instance_uid])
        for frame in series.frames
    ]
    if any(stack.cine is not None for stack in series.stacks):
        return ()  # a film sees one place again and again
    return describe(placements).warnings


def build_volume(
    slices: Sequence[PlacedSlice],
    *,
    frame_of_reference_uid: str,
    series_instance_uid: str,
    unit: str = "HU",
    stack_number: int = 0,
    job: CancelToken,
) -> BuiltVolume:
    """
    Stack decoded slices ``[row, column]`` into one volume ``[z, y, x]`` in patient space (LPS, mm).

    int16 where every slice is, else float32. Padding, and NaN where a parametric map has nothing to say, becomes one
    value below all others (``set_apart``). A tilted gantry makes a sheared grid, which planes undo. Raises
    NotAVolume for any other irregular stack and for colour, MissingGeometry without positions, HostileInput
    beyond 4 GiB; JobCancelled between slices.
    """
    geometry = _checked(slices)
    first = slices[geometry.order[0]]
    if first.plane is None or geometry.step is None:
        raise AssertionError("a regular stack has a plane and a step")
    whole = all(one.pixels.dtype == np.int16 for one in slices)
    rows, columns = first.pixels.shape
    if rows * columns * len(slices) * (2 if whole else 4) > MAX_VOLUME_BYTES:
        raise HostileInput(tr("The image claims a size that no real image has."))
    voxels = np.empty((len(slices), rows, columns), dtype=np.int16 if whole else np.float32)
    for layer, index in enumerate(geometry.order):
        job.raise_if_cancelled()
        voxels[layer] = slices[index].pixels

    def padding_of(layer: int) -> npt.NDArray[np.bool_] | None:
        job.raise_if_cancelled()
        return _without_value(slices[geometry.order[layer]])

    padding = None
    is_whole = all(one.padding is None for one in slices) and (whole or all(np.isfinite(one).all() for one in voxels))
    if not is_whole:
        padding = set_apart(voxels, padding_of, below=_AIR_HU if unit == "HU" else math.inf)
    matrix = affine(first.plane.origin, first.plane.right, first.plane.down, geometry.step, first.plane.spacing_mm)
    volume = Volume(
        voxels,
        matrix,
        frame_of_reference_uid,
        series_instance_uid,
        unit,
        stack_number=stack_number,
        padding=padding,
    )
    return BuiltVolume(volume, geometry.order, geometry.warnings)


def _without_value(one: PlacedSlice) -> npt.NDArray[np.bool_] | None:
    """Return which pixels of a slice are padding or no number, None for none."""
    padded: npt.NDArray[np.bool_] | None = None
    if one.padding is not None:
        padded = (one.pixels >= one.padding[0]) & (one.pixels <= one.padding[1])
    if one.pixels.dtype.kind != "f":
        return padded
    lacking: npt.NDArray[np.bool_] = ~np.isfinite(one.pixels)
    return lacking if padded is None else padded | lacking


def _checked(slices: Sequence[PlacedSlice]) -> StackGeometry:
    if any(one.pixels.ndim != 2 for one in slices):
        raise NotAVolume(tr("Colour images make no volume."), hint=_hint())
    geometry = describe([_placement(one) for one in slices])
    blockers = [one for one in geometry.blockers if one.code != "tilt" or not _leans_evenly(slices, geometry)]
    codes = {blocker.code for blocker in blockers}
    if codes:
        kind = MissingGeometry if codes & {"position", "spacing"} else NotAVolume
        texts = " ".join(blocker.text for blocker in blockers)
        raise kind(texts, hint=_hint(), detail=",".join(sorted(codes)))
    if geometry.step is None:
        raise NotAVolume(tr("A single image makes no volume."), hint=_hint())
    return geometry


def _leans_evenly(slices: Sequence[PlacedSlice], geometry: StackGeometry) -> bool:
    """Tell whether every slice lies where the mean step says, within half a pixel: then the grid is sheared."""
    planes = [slices[index].plane for index in geometry.order]
    known = [plane for plane in planes if plane is not None]
    if geometry.step is None or len(known) < len(planes):
        return False
    origins = np.array([plane.origin for plane in known])
    expected = origins[0] + np.arange(len(known))[:, None] * np.asarray(geometry.step)
    return bool(np.linalg.norm(origins - expected, axis=1).max() <= TILT_PIXELS * min(known[0].spacing_mm))


def _placement(one: PlacedSlice) -> Placement | None:
    plane = one.plane
    size = (int(one.pixels.shape[0]), int(one.pixels.shape[1]))
    return None if plane is None else Placement(plane.origin, plane.right, plane.down, plane.spacing_mm, size)


def _hint() -> str:
    return tr("The images can be read one by one; there is no reconstruction in other planes.")

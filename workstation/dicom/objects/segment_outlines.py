"""
Segmentations of any make as closed outlines in the patient, so that any plane can draw them.

*Source:* PS3.3 A.51, C.8.20.2. Outlines run along pixel edges: what is shown is exactly what was stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from resources.translation import tr
from workstation.dicom.quiet import quiet
from workstation.dicom.sr.common import read_part10
from workstation.domain.errors import DecodeError
from workstation.domain.structures import FilmOutline, FloatArray, Structure, StructureSet

SEGMENTATIONS: Final = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
_LABELMAP: Final = "1.2.840.10008.5.1.4.1.1.66.7"
MAXIMUM_PIXELS: Final = 1 << 29
MAXIMUM_CORNERS: Final = 5_000_000
MOST_FRAMES: Final = 10_000
"""Of a film on which one frame lies; none is longer"""
_BROKEN: Final = (
    AttributeError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def read_segment_outlines(part10: bytes) -> StructureSet:
    """
    Read every segment of a SEG (binary, fractional from half its maximum, label map) as contours.

    Raises HostileInput: unreadable. DecodeError: no segmentation, no place in the patient, damaged or too large.
    """
    with quiet():
        ds = read_part10(part10)
        if str(ds.get("SOPClassUID", "")) not in SEGMENTATIONS:
            raise DecodeError(tr("This object is not a segmentation"))
        try:
            return _outlined(ds)
        except _BROKEN as exc:
            raise DecodeError(
                tr("The segmentation is damaged or has no place in the patient"),
                hint=tr("The images can be read without it."),
                detail=f"{type(exc).__name__}: {exc}"[:300],
            ) from exc


def _outlined(ds: Dataset) -> StructureSet:
    if int(ds.Rows) * int(ds.Columns) * int(ds.get("NumberOfFrames", 1)) > MAXIMUM_PIXELS:
        raise _too_large()
    segments = {int(item.SegmentNumber): item for item in ds.SegmentSequence}
    contours: dict[int, list[FloatArray]] = {number: [] for number in segments}
    films: dict[int, list[FilmOutline]] = {number: [] for number in segments}
    shared = next(iter(ds.get("SharedFunctionalGroupsSequence") or ()), Dataset())
    frames = ds.pixel_array.reshape(-1, int(ds.Rows), int(ds.Columns))
    level = max(1, (int(ds.get("MaximumFractionalValue", 1)) + 1) // 2)
    left = MAXIMUM_CORNERS
    for frame, item in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True):
        sources = _films(item, shared)
        place = None if sources else _Place(item, shared)
        for number, mask in _masks(ds, frame, item, shared, level):
            for corners in edge_outlines(mask):
                left -= len(corners) * max(1, len(sources))
                if left < 0:
                    raise _too_large()
                if place is not None:
                    contours[number].append(place.lps_of(corners))
                films[number] += (FilmOutline(*one, mask.shape[0], mask.shape[1], corners) for one in sources)
    return StructureSet(
        origin=str(ds.get("SOPInstanceUID", "")),
        label=str(ds.get("ContentLabel", "") or ds.get("SeriesDescription", "")),
        frame_of_reference_uid=str(ds.get("FrameOfReferenceUID", "")),
        structures=tuple(
            Structure(
                number,
                str(item.get("SegmentLabel", "")),
                tuple(contours[number]),
                _colour(item),
                on_films=tuple(films[number]),
            )
            for number, item in segments.items()
            if contours[number] or films[number]
        ),
        sources=frozenset(_sources(ds, shared)) - {""},
    )


def _sources(ds: Dataset, shared: Dataset) -> Iterator[str]:
    """Return the series and images that the segments were drawn on."""
    for series in ds.get("ReferencedSeriesSequence") or ():
        yield str(series.get("SeriesInstanceUID", "") or "")
    for item in (shared, *ds.PerFrameFunctionalGroupsSequence):
        for derived in item.get("DerivationImageSequence") or ():
            for source in derived.get("SourceImageSequence") or ():
                yield str(source.get("ReferencedSOPInstanceUID", "") or "")


def _masks(
    ds: Dataset, frame: npt.NDArray[np.integer[Any]], item: Dataset, shared: Dataset, level: int
) -> list[tuple[int, npt.NDArray[np.bool_]]]:
    if str(ds.SOPClassUID) == _LABELMAP:
        background = {0, int(ds.get("PixelPaddingValue", 0))}
        return [(int(n), np.asarray(frame == n)) for n in np.unique(frame) if int(n) not in background]
    said = _group(item, shared, "SegmentIdentificationSequence")
    return [(int(said.ReferencedSegmentNumber), np.asarray(frame >= level))]


def edge_outlines(mask: npt.NDArray[np.bool_]) -> list[FloatArray]:
    """
    Return the outlines of a ``[row, column]`` mask along its pixel edges, holes included, as ``(n, 2)`` corners.

    A corner is (column, row), pixel centres at integers. Corners of one lattice line pair up into edges, since
    along any line the inside begins and ends in turn.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return []
    top, left = int(rows[0]), int(columns[0])
    part = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.int8), 1)
    a, b, c, d = part[:-1, :-1], part[:-1, 1:], part[1:, :-1], part[1:, 1:]
    crossing = (a == d) & (b == c) & (a != b)
    copies = np.where(crossing, 2, (a + b + c + d) & 1)
    corners = np.repeat(np.argwhere(copies), copies[copies > 0], axis=0)  # in order of rows, then columns
    along = np.arange(len(corners)) ^ 1
    by_column = np.lexsort((corners[:, 0], corners[:, 1]))
    down = np.empty(len(corners), dtype=np.intp)
    down[by_column] = by_column[np.arange(len(corners)) ^ 1]
    points = corners[:, ::-1] + np.array([left - 0.5, top - 0.5])
    return [points[loop] for loop in _loops(along.tolist(), down.tolist())]


def _loops(along: list[int], down: list[int]) -> list[list[int]]:
    """Follow the edges, one along a row and one along a column in turn, until each loop closes."""
    seen = bytearray(len(along))
    found = []
    for start in range(len(along)):
        if seen[start]:
            continue
        loop, at = [], start
        while not seen[at]:
            turned = along[at]
            seen[at] = seen[turned] = 1
            loop += [at, turned]
            at = down[turned]
        found.append(loop)
    return found


def _films(item: Dataset, shared: Dataset) -> list[tuple[str, int | None]]:
    """
    Return images and frames on which a frame without a place in the patient lies pixel by pixel; none where it has one.

    A frame of reference alone is no place: no image can be found by it.

    *Source:* PS3.3 C.8.20.2, A.51.5: without a frame of reference the derivation image is of the same size.
    """
    places = ("PlanePositionSequence", "PlanePositionSlideSequence")
    if any(item.get(one) or shared.get(one) for one in places):
        return []
    source = _group(_group(item, shared, "DerivationImageSequence"), Dataset(), "SourceImageSequence")
    uid, said = str(source.ReferencedSOPInstanceUID), source.get("ReferencedFrameNumber")
    numbers = [said] if isinstance(said, int | str) else list(said or ())
    if len(numbers) > MOST_FRAMES:
        raise _too_large()
    return [(uid, int(one)) for one in dict.fromkeys(numbers) if one != ""] or [(uid, None)]


class _Place:
    """Where the pixels of one frame lie."""

    def __init__(self, item: Dataset, shared: Dataset) -> None:
        position = _group(item, shared, "PlanePositionSequence").ImagePositionPatient
        turn = _group(item, shared, "PlaneOrientationSequence").ImageOrientationPatient
        spacing = _group(item, shared, "PixelMeasuresSequence").PixelSpacing
        self._origin = np.array([float(value) for value in position])
        cosines = np.array([float(value) for value in turn]).reshape(2, 3)
        between_rows, between_columns = (float(value) for value in spacing)
        self._step = cosines * np.array([[between_columns], [between_rows]])
        if self._origin.shape != (3,) or not np.isfinite(self._step).all() or not np.isfinite(self._origin).all():
            raise ValueError("a frame without a place")

    def lps_of(self, corners: FloatArray) -> FloatArray:
        placed: FloatArray = self._origin + corners @ self._step
        return placed


def _group(item: Dataset, shared: Dataset, name: str) -> Dataset:
    found = item.get(name) or shared.get(name)
    if not found:
        raise KeyError(name)
    first: Dataset = found[0]
    return first


def _colour(segment: Dataset) -> tuple[int, int, int] | None:
    """
    Return Recommended Display CIELab Value as sRGB, None where there is none.

    *Source:* PS3.3 C.10.7.1.1 (scaling of the 16 bit numbers); ICC PCS Lab, D50; IEC 61966-2-1 (transfer curve),
    with the matrix adapted from D65 to D50 by Bradford.
    """
    try:
        values = [int(value) for value in segment.get("RecommendedDisplayCIELabValue") or ()]
        lightness, a, b = values[0] / 65535 * 100, values[1] / 65535 * 255 - 128, values[2] / 65535 * 255 - 128
    except (TypeError, ValueError, IndexError):
        return None
    y = (lightness + 16) / 116
    roots = np.array([y + a / 500, y, y - b / 200])
    xyz = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * (0.9642, 1.0, 0.8249)
    linear = np.clip(_FROM_XYZ @ xyz, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = (round(255 * float(one)) for one in coded)
    return red, green, blue


_FROM_XYZ: Final = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)


def _too_large() -> DecodeError:
    return DecodeError(tr("This segmentation is too large to be drawn"), hint=tr("The images can be read without it."))

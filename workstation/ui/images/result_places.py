"""
Where in the images of a study the results of another system lie: what a reader is brought to.

Made in the job that reads the results: a study has thousands of images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.ports import CancelToken
from workstation.domain.structures import FilmOutline, Structure, StructureSet
from workstation.domain.study import Instance, Series
from workstation.services.foreign_objects_service import ForeignObject, ForeignObjects

_MOST: Final = 12
_LOOKED_AT: Final = 200
"""Marks and structures of one object; few have as many, and the first places are what is shown"""
_NEAREST: Final = 16
"""Images of a stack whose reach is asked for, the nearest first: of slices that face alike the first one decides"""
_SAME_PLACE_MM: Final = 0.01
_SINGLE_SLICE_MM: Final = 1.0
"""How far a slice without neighbours reaches where it does not say how thick it is"""
_ROUNDED_MM: Final = 1e-3
_POINTED_AT: Final = frozenset({AnnotationKind.SPHERE, AnnotationKind.ELLIPSE, AnnotationKind.ARROW})
"""Kinds whose first point is the place itself: centre or tip"""


@dataclass(frozen=True, slots=True)
class ResultPlace:
    """One image of a stack, from 0, and the point in patient millimetres where the result has one."""

    series: Series
    index: int
    point_lps_mm: Point | None = None


def places_of_results(
    found: ForeignObjects, stacks: Sequence[Series], job: CancelToken
) -> dict[str, tuple[ResultPlace, ...]]:
    """Return the places of the results of other systems' AI by SOP Instance UID. Raises JobCancelled."""
    results = [one for one in found.objects if one.is_of_ai and not one.source.is_own]
    images, places = _Images(stacks if results else ()), {}
    for one in results:
        job.raise_if_cancelled()
        places[one.source.sop_instance_uid] = _first_places(one, images)
    return places


def places_of(one: ForeignObject, stacks: Sequence[Series]) -> tuple[ResultPlace, ...]:
    """
    Return the places of marks and outlines, those on one image once, at most twelve.

    What lies in the patient has its place on the slice that holds the point, within half the gap to the next one and
    within its edges: of the series that the object names where one of them lies in its frame of reference, else of
    any, scouts last. What lies beyond the images has none.
    """
    return _first_places(one, _Images(stacks))


def _first_places(one: ForeignObject, images: _Images) -> tuple[ResultPlace, ...]:
    found: dict[tuple[str, int], ResultPlace] = {}
    for place in _places(one, images):
        found.setdefault((place.series.key, place.index), place)
        if len(found) == _MOST:
            break
    return tuple(found.values())


def _places(one: ForeignObject, images: _Images) -> Iterator[ResultPlace]:
    for mark in one.marks[:_LOOKED_AT]:
        if mark.points_px:
            place = images.image(mark.referenced_sop_instance_uid, mark.referenced_frame)
        else:
            named = frozenset({mark.series_instance_uid, mark.referenced_sop_instance_uid} - {""})
            place = images.slice_through(_middle(mark), mark.frame_of_reference_uid, named)
        if place is not None:
            yield place
    if one.outlines is not None:
        for structure in one.outlines.structures[:_LOOKED_AT]:
            yield from _places_of_structure(structure, one.outlines, images)


def _places_of_structure(structure: Structure, outlines: StructureSet, images: _Images) -> Iterator[ResultPlace]:
    """Return where the middle one of its contours, else of its lines, lies, else its first point; then its films."""
    lines = structure.contours or structure.open_lines or ((structure.points[:1],) if len(structure.points) else ())
    if lines:
        point = _mean(lines[len(lines) // 2])
        place = images.slice_through(point, outlines.frame_of(structure), outlines.sources)
        if place is not None:
            yield place
    films: dict[str, FilmOutline] = {}
    for film in structure.on_films:
        films.setdefault(film.sop_instance_uid, film)  # of a clip its first frame
    for film in films.values():
        place = images.image(film.sop_instance_uid, film.frame, (film.rows, film.columns))
        if place is not None:
            yield place


def _middle(mark: Annotation) -> Point:
    if mark.kind in _POINTED_AT:
        return mark.points_lps_mm[0]
    return _mean(np.asarray(mark.points_lps_mm))


def _mean(points: npt.NDArray[np.float64]) -> Point:
    x, y, z = np.asarray(points, dtype=np.float64).mean(axis=0).tolist()
    return x, y, z


_Slices = tuple[list[tuple[int, ImagePlane]], npt.NDArray[np.float64], npt.NDArray[np.str_]]


class _Images:
    """The images of a study, found by name and by place."""

    def __init__(self, stacks: Sequence[Series]) -> None:
        self._stacks = [_Stack(one) for one in stacks]
        self._by_name: dict[str, list[tuple[int | None, ResultPlace, Instance | None]]] = {}
        for stack in self._stacks:
            for at, frame in enumerate(stack.series.frames):
                uid = frame.ref.sop_instance_uid
                known = frame.ref.frame_number, ResultPlace(stack.series, at), stack.instances.get(uid)
                self._by_name.setdefault(uid, []).append(known)

    def image(
        self, sop_instance_uid: str, frame_number: int | None, size: tuple[int, int] | None = None
    ) -> ResultPlace | None:
        """Return an image, the first frame where none is named; None where it is not here or of another size."""
        for number, place, image in self._by_name.get(sop_instance_uid, ()):
            is_fitting = size is None or image is None or not image.rows or size == (image.rows, image.columns)
            if frame_number in {None, number} and is_fitting:
                return place
        return None

    def slice_through(self, point: Point, frame_of_reference_uid: str, named: frozenset[str]) -> ResultPlace | None:
        """
        Return the slice of a frame of reference that holds a point.

        ``named`` are UIDs of series or images: where stacks of the frame of reference are meant by them no other is.
        """
        here = [
            one for one in self._stacks if frame_of_reference_uid and frame_of_reference_uid in one.frames_of_reference
        ]
        meant = [one for one in here if not named.isdisjoint(one.instances)] or [
            one for one in here if one.series.series_instance_uid in named
        ]
        found = (one.slice_through(point, frame_of_reference_uid) for one in meant or here)
        best = min((one for one in found if one is not None), key=lambda one: one[:2], default=None)
        return None if best is None else best[2]


class _Stack:
    """The slices of one stack as arrays, made when they are first asked for."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.instances = {one.sop_instance_uid: one for one in series.instances}
        self.frames_of_reference = {one.frame_of_reference_uid for one in series.instances}
        self._placed: _Slices | None = None

    def slice_through(self, point: Point, frame_of_reference_uid: str) -> tuple[bool, float, ResultPlace] | None:
        """Return whether the slice that holds a point is no part of a volume, how far it is in mm, and its place."""
        slices, rows, frames = self._slices()
        if not slices:
            return None
        origin, right, down, pixel, size = rows[:, 0:3], rows[:, 3:6], rows[:, 6:9], rows[:, 9:11], rows[:, 11:13]
        offset = np.asarray(point) - origin
        away = np.abs((offset * np.cross(right, down)).sum(axis=1))
        column_row = np.stack([(offset * right).sum(axis=1), (offset * down).sum(axis=1)], axis=1) / pixel
        inside = ((column_row >= -0.5) & (column_row <= size - 0.5)).all(axis=1)
        inside &= frames == frame_of_reference_uid
        for nearest in np.argsort(np.where(inside, away, np.inf), kind="stable")[:_NEAREST].tolist():
            if not inside[nearest]:
                return None
            index = slices[nearest][0]
            image = self.instances.get(self.series.frames[index].ref.sop_instance_uid)
            step = self._step_mm(nearest)
            thick = image.technique.thickness_mm if image is not None else None
            if away[nearest] <= (step or thick or _SINGLE_SLICE_MM) / 2 + _ROUNDED_MM:
                is_scout = step is None or (image is not None and "LOCALIZER" in image.image_type)
                return is_scout, float(away[nearest]), ResultPlace(self.series, index, point)
        return None

    def _slices(self) -> _Slices:
        """Return the images with a place; of each plane, spacing and size in a row, and its frame of reference."""
        if self._placed is None:
            frames = self.series.frames
            slices = [(at, one.plane) for at, one in enumerate(frames) if one.plane is not None]
            images = [self.instances.get(frames[at].ref.sop_instance_uid) for at, _plane in slices]
            rows = [
                (*plane.origin, *plane.right, *plane.down, *plane.spacing_mm, *_size(image))
                for (_at, plane), image in zip(slices, images, strict=True)
            ]
            found = np.asarray(["" if image is None else image.frame_of_reference_uid for image in images])
            self._placed = slices, np.asarray(rows, dtype=np.float64).reshape(-1, 13), found
        return self._placed

    def _step_mm(self, at: int) -> float | None:
        """Return the wider gap to the next slices that face alike and lie elsewhere, as pictures do; None for none."""
        slices, _rows, _frames = self._slices()
        here = slices[at][1]

        def gap(way: range) -> float | None:
            for other in way:
                plane = slices[other][1]
                if plane.faces_as(here) and (mm := abs(here.distance_mm(plane.origin))) > _SAME_PLACE_MM:
                    return mm
            return None

        gaps = [one for one in (gap(range(at - 1, -1, -1)), gap(range(at + 1, len(slices)))) if one is not None]
        return max(gaps, default=None)


def _size(image: Instance | None) -> tuple[float, float]:
    """Return columns and rows of an image, endless where nobody tells them."""
    if image is None or not image.rows or not image.columns:
        return np.inf, np.inf
    return image.columns, image.rows

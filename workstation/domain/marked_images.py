"""On which images of a study something was drawn, by its reference or by its place in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workstation.domain.annotation import Annotation
from workstation.domain.frames import ImageStack
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.key_image import KeyImage
from workstation.domain.study import Series, Study

_SINGLE_SLICE_MM = 1.0


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """
    One frame with what placing a drawing on it needs; ``plane`` is None without usable geometry.

    ``half_gap_mm``, half the smallest gap of the series, belongs to the frame on either side.
    ``place`` is the number, from 1, that the viewer shows in its stack; ``stack_number`` says in which.
    """

    image: KeyImage
    rows: int
    columns: int
    plane: ImagePlane | None = None
    half_gap_mm: float = _SINGLE_SLICE_MM / 2
    series_number: int | None = None
    place: int = 1
    stack_number: int = 0

    def holds(self, points_lps_mm: tuple[Point, ...]) -> bool:
        """Tell whether every point lies in this frame's slice."""
        if self.plane is None or not points_lps_mm:
            return False
        # the first point that lies elsewhere ends it: most slices are left after one
        return all(-self.half_gap_mm < self.plane.distance_mm(point) <= self.half_gap_mm for point in points_lps_mm)


class StudyImages:
    """Finds the frames of a study. Read-only once made."""

    def __init__(self, study: Study) -> None:
        self._series = {one.series_instance_uid: _frames(one) for one in study.series}
        self._by_name = {
            (one.image.sop_instance_uid, one.image.frame or 1): one for found in self._series.values() for one in found
        }

    def get(self, sop_instance_uid: str, frame: int | None = None) -> MarkedImage | None:
        """Return a frame, counted from 1; None for an image outside the study."""
        return self._by_name.get((sop_instance_uid, frame or 1))

    def of(self, annotation: Annotation) -> tuple[MarkedImage, ...]:
        """
        Return the frames on which an annotation lies; none where it was drawn across the slices.

        A nodule lies on every slice that one of its outlines lies on. Drafts of before stacks had numbers name the
        first stack: what misses it lies on the first that holds it.
        """
        if annotation.referenced_sop_instance_uid:
            found = self.get(annotation.referenced_sop_instance_uid, annotation.referenced_frame)
            return () if found is None else (found,)
        rings = annotation.contours_lps_mm or (annotation.points_lps_mm,)
        of_series = self._series.get(annotation.series_instance_uid, ())
        if annotation.stack_number:
            of_series = tuple(one for one in of_series if one.stack_number == annotation.stack_number)
        held = tuple(one for one in of_series if any(one.holds(ring) for ring in rings))
        # in the order of the stacks, so that a numbered drawing of the first stack keeps to it
        return tuple(one for one in held if one.stack_number == held[0].stack_number)

    def frames(self, series_instance_uid: str) -> tuple[MarkedImage, ...]:
        """Return the frames of a series in display order, none for an unknown one."""
        return self._series.get(series_instance_uid, ())


def _frames(series: Series) -> tuple[MarkedImage, ...]:
    known = {one.sop_instance_uid: one for one in series.instances}
    found = []
    for stack_number, stack in enumerate(series.stacks or (ImageStack(series.frames),)):
        half_mm = _half_gap_mm([frame.plane for frame in stack.frames if frame.plane is not None])
        for place, frame in enumerate(stack.frames, 1):
            instance = known[frame.ref.sop_instance_uid]
            number = frame.ref.frame_number if instance.number_of_frames > 1 else None
            image = KeyImage(series.series_instance_uid, instance.sop_class_uid, instance.sop_instance_uid, number)
            found.append(
                MarkedImage(
                    image,
                    instance.rows,
                    instance.columns,
                    frame.plane,
                    half_mm,
                    series.series_number,
                    place,
                    stack_number,
                )
            )
    return tuple(found)


def _half_gap_mm(planes: list[ImagePlane]) -> float:
    """Return half the smallest distance of two planes, as if all were parallel."""
    if not planes:
        return _SINGLE_SLICE_MM / 2
    heights = np.unique(np.round(np.array([plane.origin for plane in planes]) @ np.asarray(planes[0].normal), 3))
    return float(np.diff(heights).min()) / 2 if len(heights) > 1 else _SINGLE_SLICE_MM / 2

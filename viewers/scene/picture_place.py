"""Whose picture is on screen and where it lies: what may be drawn on it, and whose values it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from viewers.scene.slice_view import SliceView
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.finding import FindingList
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import ImagePlane

_IN_SPACE: Final = frozenset({AnnotationKind.SPHERE, AnnotationKind.NODULE})
"""What was measured in the volume and lies in several slices"""


@dataclass(frozen=True, slots=True)
class StackPlace:
    """Where a picture stands among the frames of its stack."""

    here: FrameRef
    frames: frozenset[FrameRef]


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """
    The study, space and image of one displayed picture.

    ``sop_instance_uid`` and ``frame_number`` (from 1, None for a single frame) name the image on screen; a plane or a
    volume has none. ``stack`` is None for what is no stack of images. Nothing of another study or of another frame of
    reference lies here; images without a frame of reference share their space with nobody but their own series.
    """

    study_instance_uid: str
    frame_of_reference_uid: str
    series_instance_uid: str
    stack_number: int
    slice_step_mm: float
    sop_instance_uid: str = ""
    frame_number: int | None = None
    stack: StackPlace | None = None

    def may_hold(self, annotation: Annotation) -> bool:
        """Tell whether an annotation of this study could appear here, on this slice or another."""
        if annotation.points_px:
            return True
        frame = self.frame_of_reference_uid
        is_here = bool(frame) or annotation.series_instance_uid == self.series_instance_uid
        return annotation.frame_of_reference_uid == frame and is_here and not self._is_of_another_frame(annotation)

    def shows(self, annotation: Annotation, view: SliceView) -> bool:
        """Tell whether an annotation that may be here lies on the displayed slice."""
        if annotation.points_px:
            drawn_on = annotation.referenced_sop_instance_uid, annotation.referenced_frame
            return drawn_on == (self.sop_instance_uid, self.frame_number)
        return view.plane is not None and lies_on(annotation, view.plane, self.slice_step_mm / 2)

    def has_other_values(self, annotation: Annotation) -> bool:
        """Tell whether the values of an annotation were read on another series or another stack than this one."""
        if self.stack is not None and annotation.referenced_sop_instance_uid and annotation.kind not in _IN_SPACE:
            return _made_on(annotation) not in self.stack.frames  # also where it was kept before stacks had numbers
        series = annotation.series_instance_uid
        return bool(series) and (series, annotation.stack_number) != (self.series_instance_uid, self.stack_number)

    def shares_space(self, findings: FindingList) -> bool:
        """Tell whether the patient points of findings are points of this picture's space."""
        if findings.frame_of_reference_uid:
            return findings.frame_of_reference_uid == self.frame_of_reference_uid
        return findings.series_instance_uid == self.series_instance_uid

    def _is_of_another_frame(self, annotation: Annotation) -> bool:
        """Tell whether an annotation belongs to another frame of this stack, at the same place in another phase."""
        if self.stack is None or annotation.kind in _IN_SPACE:
            return False
        made_on = _made_on(annotation)
        return made_on != self.stack.here and made_on in self.stack.frames


def lies_on(annotation: Annotation, plane: ImagePlane, half_step_mm: float) -> bool:
    """Tell whether every point lies in the plane, within half a slice."""
    return all(-half_step_mm < plane.distance_mm(point) <= half_step_mm for point in annotation.points_lps_mm)


def _made_on(annotation: Annotation) -> FrameRef:
    return FrameRef(annotation.referenced_sop_instance_uid, annotation.referenced_frame or 1)

"""The annotations of a study as they lie on one picture, with the words that hold for what is on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from resources.translation import tr
from viewers.scene import callipers
from viewers.scene.measure_annotations import REGIONS
from viewers.scene.overlay import Calliper
from viewers.scene.picture_place import PicturePlace
from viewers.scene.slice_view import SliceView
from workstation.domain.annotation import Annotation, AnnotationKind, AnnotationList, Measure


@dataclass(frozen=True, slots=True)
class SphereValues:
    """What a PET that lies here says of a sphere: ``words`` replace the sphere's own, ``measures`` are kept with it."""

    words: Callable[[Annotation], tuple[str, ...]]
    measures: Callable[[Annotation], tuple[Measure, ...]]


@dataclass(frozen=True, slots=True)
class DrawnAnnotations:
    """
    What is drawn of ``notes`` on the picture at ``place``; ``selected`` is the UID of the one in the hand.

    ``read_late`` has the statistics of a large sphere, or of a large region on the displayed image, read in a job and
    tells whether they are still to come.
    """

    notes: AnnotationList
    place: PicturePlace
    selected: str = ""
    spheres: SphereValues | None = None
    read_late: Callable[[Annotation], bool] | None = None

    def visible(self, view: SliceView) -> tuple[Annotation, ...]:
        """Return the annotations that lie on the displayed slice."""
        return tuple(one for one in self._candidates() if self.place.shows(one, view))

    def callipers(self, view: SliceView, preview: Annotation | None = None) -> tuple[Calliper, ...]:
        """Return what is drawn: lines on this slice, cuts of what lies on others, and ``preview`` as it grows."""
        drawn = []
        for item in self._candidates():
            if preview is not None and item.uid == preview.uid:
                continue
            selected = item.uid == self.selected
            if self.place.shows(item, view):
                drawn.append(self._told(item, callipers.calliper(item, view, selected=selected), is_whole=True))
            else:
                cut = callipers.cut_calliper(item, view, self.place.slice_step_mm / 2, selected=selected)
                drawn += [self._told(item, cut)] if cut is not None else []
        if preview is not None and self.place.shows(preview, view):
            drawn.append(callipers.calliper(preview, view, selected=preview.uid == self.selected))
        return tuple(drawn)

    def _candidates(self) -> Iterator[Annotation]:
        is_this_study = self.notes.study_instance_uid == self.place.study_instance_uid
        return (one for one in self.notes.annotations if is_this_study and self.place.may_hold(one))

    def _told(self, annotation: Annotation, drawn: Calliper, *, is_whole: bool = False) -> Calliper:
        """Return a calliper with the words that hold for what is on screen; ``is_whole``: it lies on this slice."""
        is_sphere = annotation.kind is AnnotationKind.SPHERE
        is_elsewhere = self.place.has_other_values(annotation)
        may_be_late = is_sphere or (is_whole and annotation.kind in REGIONS)
        is_late = may_be_late and annotation.statistics is None and not is_elsewhere and self._is_read_late(annotation)
        lines = self.spheres.words(annotation) if self.spheres is not None and is_sphere else ()
        if lines:
            return replace(drawn, lines=(*((annotation.text,) if annotation.text else ()), *lines))
        if drawn.lines and is_elsewhere and callipers.has_values(annotation):
            return replace(drawn, lines=callipers.words_elsewhere(annotation))
        return replace(drawn, lines=(*drawn.lines, tr("Measuring…"))) if is_late and drawn.lines else drawn

    def _is_read_late(self, annotation: Annotation) -> bool:
        return self.read_late is not None and self.read_late(annotation)

"""What drawing asks for beyond the hand: words of a text, the outline of a nodule, a volume for spheres."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from resources.translation import tr
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.errors import WorkstationError
from workstation.domain.geometry import Point
from workstation.services.jobs import JobHandle, Pool
from workstation.services.nodule_service import MeasuredNodule
from workstation.ui.dialogs import Dialog
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.image_menu import MenuPlace

_NOTICE: Final = "nodule"
_LONGEST: Final = 64


class TextDialog(Dialog):
    """Asks for the words of an annotation."""

    def __init__(self, parent: QWidget | None, text: str) -> None:
        super().__init__(parent, tr("Words beside the annotation"), icon="text", tone="acc")
        self.field = QLineEdit(text)
        self.field.setMaxLength(_LONGEST)
        self.field.setAccessibleName(tr("Words"))
        self.body.addWidget(self.field)
        self.set_primary(tr("Keep"), icon="check")
        self.field.setFocus()


class Drawing(QObject):
    """Answers the tools that cannot finish by themselves; nothing of a case outlives it."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._shown: ShownSeries | None = None
        self._job: JobHandle[MeasuredNodule] | None = None
        self.dialog: TextDialog | None = None
        grid = self._page.grid
        grid.text_wanted.connect(self._ask_text)
        grid.nodule_wanted.connect(self._measure)
        self._images.series_shown.connect(self._series_shown)
        self._images.volume_built.connect(self._built)
        self._images.case_closed.connect(self._closed)
        self._page.image_menu.entries.append(self._entries)

    def _series_shown(self, shown: ShownSeries) -> None:
        self._stop()
        self._shown = shown

    def _built(self, shown: ShownSeries) -> None:
        if shown.built is not None:
            shown.scene.measured_volume = shown.built.volume
            self._images.marks.dress(shown.scene)  # a PET is measured in uptake values

    def _closed(self) -> None:
        self._stop()
        self._shown = None
        if self.dialog is not None:
            self.dialog.reject()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = None
        self._page.notices.clear_notice(_NOTICE)

    # words

    def _ask_text(self, key: str, annotation: Annotation) -> None:
        is_new_text = annotation.kind is AnnotationKind.TEXT
        dialog = TextDialog(self._page, "" if is_new_text else annotation.text)
        dialog.accepted.connect(partial(self._keep_text, key, annotation, dialog))
        dialog.finished.connect(self._dialog_gone)
        self.dialog = dialog
        dialog.open()

    def _keep_text(self, key: str, annotation: Annotation, dialog: TextDialog) -> None:
        text = " ".join(dialog.field.text().split())
        notes = self._images.annotations
        if notes is None or (annotation.kind is AnnotationKind.TEXT and not text):
            return
        worded = replace(annotation, text=text)
        if any(one.uid == worded.uid for one in notes.items):
            notes.edit(notes.value.study_instance_uid, worded)
        else:
            self._page.grid.frame(key).keep(worded)

    def _dialog_gone(self, _result: int) -> None:
        self.dialog = None

    # nodules

    def _measure(self, key: str, seed: Point, annotation: Annotation | None = None) -> None:
        measure, shown, notes = self._page.measure_nodule, self._shown, self._images.annotations
        scene = self._page.grid.frame(key).scene
        volume = scene.measured_volume if scene is not None else None
        if measure is None or shown is None or notes is None or scene is None:
            return
        if volume is None:
            self._say(tr("The nodule is measured once all slices are here."), shown.refusal)
            return
        self._stop()
        tracking_uid = annotation.tracking_uid if annotation is not None else ""
        frame, study, author = scene.frame_of_reference_uid, notes.value.study_instance_uid, notes.author
        self._job = self._jobs.submit(
            Pool.CPU,
            lambda job: measure(volume, seed, job, author=author, tracking_uid=tracking_uid),
            on_success=lambda found: self._measured(key, study, frame, found),
            on_error=self._refused,
        )

    def _measured(self, key: str, study: str, frame: str, found: MeasuredNodule) -> None:
        self._job = None
        notes = self._images.annotations
        if notes is None or notes.value.study_instance_uid != study:
            return  # another case is open by now
        # de-identified series carry a frame of their own in every slice: the one on screen counts
        self._page.grid.frame(key).keep(replace(found.annotation, frame_of_reference_uid=frame))

    def _refused(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            raise error
        self._say(error.user_text, error.hint)

    def _say(self, text: str, hint: str) -> None:
        self._page.notices.show_notice(Notice(_NOTICE, Severity.DEGRADED, text, hint))

    # the context menu

    def _entries(self, menu: QMenu, place: MenuPlace) -> None:
        scene, notes = self._page.grid.frame(place.key).scene, self._images.annotations
        if scene is None or notes is None:
            return
        if self._page.measure_nodule is not None:
            measure = menu.addAction(tr("Measure the nodule here"))
            measure.setObjectName("menu.nodule")
            measure.setEnabled(place.point is not None)
            measure.triggered.connect(lambda: self._measure(place.key, place.point) if place.point else None)
        chosen = next((one for one in notes.items if one.uid == scene.selected_annotation), None)
        if chosen is None:
            return
        words = menu.addAction(tr("Words beside the annotation…"))
        words.setObjectName("menu.words")
        words.triggered.connect(lambda: self._ask_text(place.key, chosen))
        if chosen.kind is AnnotationKind.NODULE and chosen.measure(MeasureName.LONG_AXIS) is not None:
            finding = menu.addAction(tr("Make it a finding"))
            finding.setObjectName("menu.nodule.finding")
            finding.triggered.connect(
                lambda: self._page.measured_add_requested.emit(_middle(chosen), _diameter_mm(chosen))
            )


def _diameter_mm(nodule: Annotation) -> float:
    """Return the mean of long and short axis, as guidelines measure a nodule."""
    axes = [m.value for name in (MeasureName.LONG_AXIS, MeasureName.SHORT_AXIS) if (m := nodule.measure(name))]
    return sum(axes) / len(axes)


def _middle(nodule: Annotation) -> Point:
    """Return the middle of the long axis."""
    first, second = nodule.points_lps_mm[:2]
    x, y, z = ((a + b) / 2 for a, b in zip(first, second, strict=True))
    return x, y, z

"""What drawing asks for beyond the hand: words of a text, the outline of a nodule, a volume for spheres."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final
from weakref import ReferenceType, ref

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.categories.values import mean_of_axes_mm
from workstation.domain.errors import WorkstationError
from workstation.domain.geometry import Point
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.jobs import JobHandle, Pool
from workstation.services.nodule_service import MeasuredNodule
from workstation.ui.dialogs import Dialog
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.own_volume import building, take_shown
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
        self._job: JobHandle[tuple[Volume, MeasuredNodule]] | None = None
        self._own: ReferenceType[Scene] | None = None
        """The scene that was given a volume of its own to be measured in: one at a time"""
        self._said_prior = False
        self.dialog: TextDialog | None = None
        grid = self._page.grid
        grid.text_wanted.connect(self._ask_text)
        grid.nodule_wanted.connect(self._measure)
        grid.annotation_chosen.connect(lambda uid: self._tell_prior(grid.active.scene, uid))
        self._images.marks.also.append(lambda scene: take_shown(scene, self._shown))
        self._images.series_shown.connect(self._series_shown)
        self._images.volume_built.connect(self._built)
        self._images.case_closing.connect(self._keep_open_words)
        self._images.case_closed.connect(self._closed)
        self._page.image_menu.entries.append(self._entries)

    def _series_shown(self, shown: ShownSeries) -> None:
        self._stop()
        self._shown = shown

    def _built(self, shown: ShownSeries) -> None:
        if shown.built is not None:
            shown.scene.measured_volume = shown.built.volume
            self._images.marks.dress(shown.scene)  # a PET is measured in uptake values
            self._page.grid.change(lambda scene: take_shown(scene, shown))

    def _closed(self) -> None:
        self._stop()
        self._shown = self._own = None
        self._said_prior = False
        if self.dialog is not None:
            self.dialog.reject()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = None
        self._page.notices.clear_notice(_NOTICE)

    # where it belongs

    def _notes_of(self, key: str) -> Annotations | None:
        """Return the measurements of what a viewport shows: those of the case, or of a prior."""
        scene = self._page.grid.frame(key).scene
        return scene.annotations if scene is not None else self._images.annotations

    def _keep(self, key: str, scene: Scene | None, notes: Annotations, annotation: Annotation) -> None:
        """Keep what belongs to one study there, whatever its viewport shows by now."""
        frame = self._page.grid.frame(key)
        if scene is not None and frame.scene is scene:
            frame.keep(annotation)
            self._tell_prior(scene, annotation.uid)
            return
        notes.add(notes.value.study_instance_uid, annotation)
        self._page.grid.refresh()
        self._page.toast.emit(tr("Kept on the image it was made on, which is no longer on screen"))

    def _tell_prior(self, scene: Scene | None, uid: str) -> None:
        """Say once in a case what becomes of what is measured on a prior."""
        mine = self._images.annotations
        if scene is None or mine is None or self._said_prior or scene.annotations is mine:
            return
        if any(one.uid == uid for one in scene.annotations.items):
            self._said_prior = True
            is_kept = self._images.case is not None and self._images.case.prior_notes.is_kept
            self._page.toast.emit(
                tr("Kept with this report as evidence about the prior, not as a finding")
                if is_kept
                else tr("This case is open for reading only: what is measured on the prior is not kept")
            )

    # words

    def _ask_text(self, key: str, annotation: Annotation) -> None:
        scene, notes = self._page.grid.frame(key).scene, self._notes_of(key)
        if notes is None:
            return
        is_new_text = annotation.kind is AnnotationKind.TEXT
        dialog = TextDialog(self._page, "" if is_new_text else annotation.text)
        dialog.accepted.connect(partial(self._keep_text, key, scene, notes, annotation, dialog))
        dialog.finished.connect(self._dialog_gone)
        self.dialog = dialog
        dialog.open()

    def _keep_text(
        self, key: str, scene: Scene | None, notes: Annotations, annotation: Annotation, dialog: TextDialog
    ) -> None:
        text = " ".join(dialog.field.text().split())
        if self._images.annotations is None or (annotation.kind is AnnotationKind.TEXT and not text):
            return
        # while its words were written, it may have got numbers that come late, or another frame of reference
        here = next((one for one in notes.items if one.uid == annotation.uid), None)
        if here is not None:
            notes.edit(notes.value.study_instance_uid, replace(here, text=text))
            self._page.grid.refresh()
        else:
            self._keep(key, scene, notes, replace(annotation, text=text))

    def _keep_open_words(self) -> None:
        """Keep what was typed by a reader whose case closes for another reason, as at signing out."""
        if self.dialog is not None and self.dialog.field.text().strip():
            self.dialog.accept()

    def _dialog_gone(self, _result: int) -> None:
        self.dialog = None

    # nodules

    def _measure(self, key: str, seed: Point, annotation: Annotation | None = None) -> None:
        measure, case = self._page.measure_nodule, self._images.case
        scene = self._page.grid.frame(key).scene
        if measure is None or case is None or scene is None:
            return
        volume = scene.measured_volume
        build = building(scene) if volume is None and not self._is_shown(scene) else None
        if volume is None and build is None:
            self._say(*self._why_no_volume(scene))
            return
        self._stop()
        tracking_uid = annotation.tracking_uid if annotation is not None else ""
        frame, author = scene.frame_of_reference_uid, case.annotations.author

        def work(job: JobContext) -> tuple[Volume, MeasuredNodule]:
            whole = volume if volume is not None else build(job)  # type: ignore[misc] # one of both is here, see above
            return whole, measure(whole, seed, job, author=author, tracking_uid=tracking_uid)

        def measured(found: tuple[Volume, MeasuredNodule]) -> None:
            self._job = None
            if self._images.case is not case:
                return  # another case is open by now
            if volume is None:
                self._give(scene, found[0])
            # de-identified series carry a frame of their own in every slice: the one on screen counts
            drawn = replace(found[1].annotation, frame_of_reference_uid=frame)
            self._keep(key, scene, scene.annotations, drawn)

        self._job = self._jobs.submit(Pool.CPU, work, on_success=measured, on_error=self._refused)

    def _is_shown(self, scene: Scene) -> bool:
        return self._shown is not None and scene is self._shown.scene

    def _give(self, scene: Scene, volume: Volume) -> None:
        """Let the next measurement in space find the volume; the one before lets its own go."""
        former = self._own() if self._own is not None else None
        if former is not None and former is not scene:
            former.measured_volume = None
        scene.measured_volume, self._own = volume, ref(scene)

    def _why_no_volume(self, scene: Scene) -> tuple[str, str]:
        shown = self._shown
        if shown is not None and self._is_shown(scene):
            return tr("The nodule is measured once all slices are here."), shown.refusal
        if isinstance(scene, StackScene) and len(scene.arrived) < scene.count:
            return tr("The nodule is measured once all slices are here."), ""
        return tr("A nodule cannot be measured in this view."), tr("Show the series as planes and measure there.")

    def _refused(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            raise error
        self._say(error.user_text, error.hint)

    def _say(self, text: str, hint: str) -> None:
        self._page.notices.show_notice(Notice(_NOTICE, Severity.DEGRADED, text, hint))

    # the context menu

    def _entries(self, menu: QMenu, place: MenuPlace) -> None:
        scene, mine = self._page.grid.frame(place.key).scene, self._images.annotations
        if scene is None or mine is None:
            return
        if self._page.measure_nodule is not None:
            measure = menu.addAction(tr("Measure the nodule here"))
            measure.setObjectName("menu.nodule")
            measure.setEnabled(place.point is not None)
            measure.triggered.connect(lambda: self._measure(place.key, place.point) if place.point else None)
        chosen = next((one for one in scene.annotations.items if one.uid == scene.selected_annotation), None)
        if chosen is None:
            return
        words = menu.addAction(tr("Words beside the annotation…"))
        words.setObjectName("menu.words")
        words.triggered.connect(lambda: self._ask_text(place.key, chosen))
        is_of_case = scene.annotations is mine  # a nodule of a prior is no finding of today
        if is_of_case and chosen.kind is AnnotationKind.NODULE and chosen.measure(MeasureName.LONG_AXIS) is not None:
            finding = menu.addAction(tr("Make it a finding"))
            finding.setObjectName("menu.nodule.finding")
            finding.triggered.connect(
                lambda: self._page.measured_add_requested.emit(_middle(chosen), _diameter_mm(chosen))
            )


def _diameter_mm(nodule: Annotation) -> float:
    """Return the mean of long and short axis, as guidelines measure a nodule."""
    axes = [m.value for name in (MeasureName.LONG_AXIS, MeasureName.SHORT_AXIS) if (m := nodule.measure(name))]
    return mean_of_axes_mm(*axes) if len(axes) > 1 else axes[0]


def _middle(nodule: Annotation) -> Point:
    """Return the middle of the long axis."""
    first, second = nodule.points_lps_mm[:2]
    x, y, z = ((a + b) / 2 for a, b in zip(first, second, strict=True))
    return x, y, z

"""The table of annotations beside the images, of the case and of its priors: jump, words, delete, copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.callipers import words
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.frames import FrameRef
from workstation.domain.hanging import day_of
from workstation.domain.marked_images import StudyImages
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.services.open_report import Changed
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.open_images import OpenImages
from workstation.ui.keymap import shown_key
from workstation.ui.widgets.annotation_panel import AnnotationPanel, AnnotationRow
from workstation.ui.widgets.tiling import STACK

_COMMAND: Final = "annotations.table"


class AnnotationTable(QObject):
    """Lists the annotations of exactly one case, and behind them those that were made on its priors."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._case: OpenImages | None = None
        self._known: StudyImages | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.panel = AnnotationPanel()
        self._page.add_side(self.panel)
        self._page.view_commands.of_images(
            Command(_COMMAND, tr("Table of measurements"), "list-check", "Shift+L", self.toggle, tr("Images"),
                    checkable=True)
        )  # fmt: skip
        self._page.header.menu.addAction(self._page.view_commands.action(_COMMAND))
        self.panel.closed.connect(self.toggle)
        self.panel.jump_asked.connect(self.jump)
        self.panel.words_asked.connect(self._ask_words)
        self.panel.delete_asked.connect(self.delete)
        self.panel.copy_asked.connect(self.copy)
        self._page.annotation_wanted.connect(self.jump)
        self._images.case_opened.connect(self._opened)
        self._images.case_closed.connect(self._closed)
        self._images.measured.connect(lambda _annotations: self._show())

    def toggle(self) -> None:
        """Show the table or put it away."""
        self.panel.setVisible(self.panel.isHidden() and self._case is not None)
        self._page.view_commands.action(_COMMAND).setChecked(self.panel.isVisibleTo(self._page))

    def jump(self, uid: str) -> None:
        """Bring the image of an annotation, and select it; a prior that is not on screen stays away."""
        found = self._get(uid)
        if found is None and (of_prior := self._of_prior(uid)) is not None:
            self._jump_on_prior(*of_prior)
            return
        if found is None:
            return
        key, index = self._stack_of(found)
        if key:
            self._images.show_series(key)
        if index is not None:
            self._images.show_slice(index)
        if found.points_lps_mm:
            self._images.show_point(found.points_lps_mm[0])
        for one in self._page.grid.scenes:
            one.selected_annotation = uid
        self._page.grid.refresh()

    def _jump_on_prior(self, notes: Annotations, item: Annotation) -> None:
        key = self._key_of(notes, item)
        if not key:
            self._page.toast.emit(
                tr(
                    "This prior is not on screen: {key} puts a prior beside the case",
                    key=shown_key("priors.toggle", "O"),
                )
            )
            return
        scene = self._page.grid.frame(key).scene
        place = _place_in(scene, item)
        if place is not None:
            self._page.grid.frame(key).scroll_to(place)
        for one in self._page.grid.scenes:
            one.selected_annotation = item.uid
        self._page.grid.refresh()

    def _key_of(self, notes: Annotations, item: Annotation) -> str:
        """Return the viewport of the image, else of the series, any of the prior's otherwise, empty for none."""
        keys = {key: self._page.grid.frame(key).scene for key in self._page.grid.visible_keys()}
        of_prior = {key: scene for key, scene in keys.items() if scene is not None and scene.annotations is notes}
        holding = (key for key, scene in of_prior.items() if _place_in(scene, item) is not None)
        same = (key for key, scene in of_prior.items() if scene.series_instance_uid == item.series_instance_uid)
        return next(holding, next(same, next(iter(of_prior), "")))

    def _of_prior(self, uid: str) -> tuple[Annotations, Annotation] | None:
        return self._case.prior_notes.find(uid) if self._case is not None else None

    def delete(self, uid: str) -> None:
        """Take an annotation away; undo brings it back."""
        of_prior = self._of_prior(uid)
        if of_prior is not None:
            of_prior[0].delete(of_prior[0].value.study_instance_uid, uid)
            self._page.grid.refresh()
        notes = self._images.annotations
        if notes is not None and self._get(uid) is not None:
            notes.delete(notes.value.study_instance_uid, uid)

    def copy(self) -> None:
        """Put all lines on the clipboard as text."""
        rows = [(row.kind, row.value.replace("\n", "; "), row.place) for row in self._rows()]
        lines = ["\t".join(part for part in row if part) for row in rows]
        QApplication.clipboard().setText("\n".join(lines))
        self._page.toast.emit(tr("The measurements are on the clipboard."))

    def _ask_words(self, uid: str) -> None:
        found = self._get(uid)
        if found is not None:
            self._page.grid.text_wanted.emit(STACK, found)
        elif (of_prior := self._of_prior(uid)) is not None:
            key = self._key_of(*of_prior)
            if key:  # words are asked for where the drawing is seen, or they would land on the case
                self._page.grid.text_wanted.emit(key, of_prior[1])
            else:
                self._jump_on_prior(*of_prior)

    def _opened(self, case: OpenImages) -> None:
        self._case, self._known = case, StudyImages(case.session.study)
        self._unsubscribe = case.session.subscribe(self._changed)
        self._show()

    def _changed(self, change: Changed) -> None:
        if change in {Changed.ON_PRIOR, Changed.STATE}:
            self._show()

    def _closed(self) -> None:
        self._unsubscribe()
        self._unsubscribe = lambda: None
        self._case = self._known = None
        self.panel.hide()
        self._page.view_commands.action(_COMMAND).setChecked(False)
        self._show()

    def _show(self) -> None:
        case = self._case
        self.panel.show_rows(self._rows(), read_only=case is None or case.session.read_only)

    def _rows(self) -> list[AnnotationRow]:
        case = self._case
        if case is None:
            return []
        own = [_row(one, self._place(one)) for one in case.annotations.items]
        return [*own, *(row for prior in case.prior_notes.kept for row in _rows_of(prior))]

    def _place(self, one: Annotation) -> str:
        """Return series and image as the viewer counts them, the series alone for what lies in space only."""
        if self._case is None or self._known is None:
            return ""
        image = self._known.get(one.referenced_sop_instance_uid, one.referenced_frame)
        if image is not None:
            return f"{image.series_number or ''}:{image.place}".lstrip(":")
        for series in self._case.session.study.series:
            if series.series_instance_uid == one.series_instance_uid:
                return str(series.series_number or "")
        return ""

    def _stack_of(self, one: Annotation) -> tuple[str, int | None]:
        """Return the key of the stack that an annotation was drawn on and the place of its image, from 0."""
        parts = self._case.image_series() if self._case is not None else ()
        made_on = FrameRef(one.referenced_sop_instance_uid, one.referenced_frame or 1)
        for part in parts:
            refs = [frame.ref for frame in part.frames]
            if made_on in refs:
                return part.key, refs.index(made_on)
        of_series = [part for part in parts if part.series_instance_uid == one.series_instance_uid]
        same = (part.key for part in of_series if part.stack_number == one.stack_number)
        return next(same, next((part.key for part in of_series), "")), None

    def _get(self, uid: str) -> Annotation | None:
        items = self._case.annotations.items if self._case is not None else ()
        return next((one for one in items if one.uid == uid), None)


def _place_in(scene: Scene | None, one: Annotation) -> int | None:
    """Return the place, from 0, of the image that an annotation was drawn on; None where the scene has it not."""
    if not isinstance(scene, StackScene) or not one.referenced_sop_instance_uid:
        return None
    made_on = FrameRef(one.referenced_sop_instance_uid, one.referenced_frame or 1)
    return next((index for index in range(scene.count) if scene.ref(index) == made_on), None)


def _row(one: Annotation, place: str) -> AnnotationRow:
    return AnnotationRow(one.uid, kind_words(one.kind), "\n".join(words(one)), place)


def _rows_of(prior: PriorMeasurements) -> Iterator[AnnotationRow]:
    """A measurement of a prior is told by the prior's day: no number of a slice makes it look like one of today."""
    day = day_of(prior.study_date)
    place = tr("Prior {date}", date=day.isoformat() if day is not None else tr("no date"))
    return (_row(one, place) for one in prior.annotations)


def kind_words(kind: AnnotationKind) -> str:
    """Return what a kind is called."""
    return {
        AnnotationKind.LENGTH: tr("Distance"),
        AnnotationKind.BIDIRECTIONAL: tr("Two diameters"),
        AnnotationKind.ANGLE: tr("Angle"),
        AnnotationKind.COBB: tr("Cobb angle"),
        AnnotationKind.LINES: tr("Angle between two lines"),
        AnnotationKind.ELLIPSE: tr("Ellipse ROI"),
        AnnotationKind.RECTANGLE: tr("Rectangle ROI"),
        AnnotationKind.FREEHAND: tr("Freehand ROI"),
        AnnotationKind.ARROW: tr("Arrow"),
        AnnotationKind.TEXT: tr("Text"),
        AnnotationKind.PROBE: tr("Probe"),
        AnnotationKind.SPHERE: tr("Sphere"),
        AnnotationKind.CARDIOTHORACIC: tr("Cardiothoracic ratio"),
        AnnotationKind.NODULE: tr("Nodule"),
    }[kind]

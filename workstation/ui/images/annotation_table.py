"""The table of annotations beside the images: jump, words, delete, copy."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from resources.translation import tr
from viewers.scene.callipers import words
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.open_images import OpenImages
from workstation.ui.widgets.annotation_panel import AnnotationPanel, AnnotationRow
from workstation.ui.widgets.tiling import STACK

_COMMAND: Final = "annotations.table"


class AnnotationTable(QObject):
    """Lists the annotations of exactly one case."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._case: OpenImages | None = None
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
        """Bring the image of an annotation, and select it."""
        found = self._get(uid)
        if found is None:
            return
        key = self._series_key(found)
        if key and key != self._images.series_instance_uid:
            self._images.show_series(key)
        if found.points_lps_mm:
            self._images.show_point(found.points_lps_mm[0])
        elif (scene := self._page.grid.stack) is not None:
            places = [slot.sop_instance_uid for slot in scene.slots]
            if found.referenced_sop_instance_uid in places:
                first = places.index(found.referenced_sop_instance_uid)
                self._page.grid.frame(STACK).scroll_to(first + (found.referenced_frame or 1) - 1)
        for one in self._page.grid.scenes:
            one.selected_annotation = uid
        self._page.grid.refresh()

    def delete(self, uid: str) -> None:
        """Take an annotation away; undo brings it back."""
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

    def _opened(self, case: OpenImages) -> None:
        self._case = case
        self._show()

    def _closed(self) -> None:
        self._case = None
        self.panel.hide()
        self._page.view_commands.action(_COMMAND).setChecked(False)
        self._show()

    def _show(self) -> None:
        case = self._case
        self.panel.show_rows(self._rows(), read_only=case is None or case.session.read_only)

    def _rows(self) -> list[AnnotationRow]:
        items = self._case.annotations.items if self._case is not None else ()
        return [AnnotationRow(one.uid, kind_words(one.kind), "\n".join(words(one)), self._place(one)) for one in items]

    def _place(self, one: Annotation) -> str:
        if self._case is None:
            return ""
        for series in self._case.session.study.series:
            uids = [instance.sop_instance_uid for instance in series.instances]
            if one.referenced_sop_instance_uid in uids:
                number = uids.index(one.referenced_sop_instance_uid) + 1
                return f"{series.series_number or ''}:{number}".lstrip(":")
            if series.series_instance_uid == one.series_instance_uid:
                return str(series.series_number or "")
        return ""

    def _series_key(self, one: Annotation) -> str:
        if self._case is None:
            return ""
        known = [series.series_instance_uid for series in self._case.session.study.series]
        return one.series_instance_uid if one.series_instance_uid in known else ""

    def _get(self, uid: str) -> Annotation | None:
        items = self._case.annotations.items if self._case is not None else ()
        return next((one for one in items if one.uid == uid), None)


def kind_words(kind: AnnotationKind) -> str:
    """Return what a kind is called."""
    return {
        AnnotationKind.LENGTH: tr("Distance"),
        AnnotationKind.BIDIRECTIONAL: tr("Two diameters"),
        AnnotationKind.ANGLE: tr("Angle"),
        AnnotationKind.COBB: tr("Cobb angle"),
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

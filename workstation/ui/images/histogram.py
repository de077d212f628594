"""The histogram of a region: of the one chosen in the active viewport, else of the last one drawn there."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.scene.measure import NotMeasurable
from viewers.scene.measure_annotations import values_in
from viewers.scene.measure_regions import Distribution, distribution
from viewers.scene.overlay import signed
from viewers.scene.scene import Scene
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.ports import JobContext
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.commands import Command
from workstation.ui.images.annotation_table import kind_words
from workstation.ui.images.feature import FeatureContext
from workstation.ui.widgets.histogram_panel import Bars, HistogramPanel

COMMAND: Final = "annotations.histogram"
_KINDS: Final = frozenset(
    {AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE, AnnotationKind.FREEHAND, AnnotationKind.SPHERE}
)
_TICKS: Final = 4


class HistogramView(QObject):
    """Counts in a job; what was drawn since is counted next."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._shown: Annotation | None = None
        self._counted_on = "", 0
        """The series and stack whose values were counted: a region lies in others of its frame as well"""
        self._job: JobHandle[Distribution] | None = None
        self.panel = HistogramPanel()
        self._page.add_side(self.panel)
        self._page.view_commands.of_images(
            Command(COMMAND, tr("Histogram of a region"), "bar-chart", "Shift+D", self.toggle, tr("Images"),
                    checkable=True)
        )  # fmt: skip
        self._page.header.menu.addAction(self._page.view_commands.action(COMMAND))
        self.panel.closed.connect(self.toggle)
        self._images.measured.connect(lambda _drawn: self.show_region())
        self._images.volume_built.connect(lambda _shown: self.show_region())
        self._images.slices_arrived.connect(lambda _shown: self.show_region())
        self._images.series_settled.connect(lambda _shown: self.show_region())
        self._images.case_closed.connect(self._closed)
        self._page.grid.activated.connect(lambda _key: self.show_region())
        self._page.grid.annotation_chosen.connect(lambda _uid: self.show_region())

    def toggle(self) -> None:
        """Show the histogram or put it away."""
        self.panel.setVisible(self.panel.isHidden() and self._images.case is not None)
        self._page.view_commands.action(COMMAND).setChecked(not self.panel.isHidden())
        self.show_region()

    def _closed(self) -> None:
        self._stop()
        self.panel.hide()
        self.panel.show_nothing("")
        self._page.view_commands.action(COMMAND).setChecked(False)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job, self._shown = None, None

    def show_region(self) -> None:
        """Count the values of the region that the reader means; the last one stays while it is merely scrolled away."""
        if self.panel.isHidden():
            return
        scene = self._page.grid.active.scene
        region = self._region(scene) if scene is not None else None
        if region is None or scene is None:
            notes = self._images.annotations
            known = () if notes is None else notes.items
            if self._shown is None or self._shown not in known:
                self._stop()
                self.panel.show_nothing(tr("Draw or choose an ellipse, a rectangle, a freehand region or a sphere."))
            return
        if region == self._shown and scene.stack_key == self._counted_on:
            return
        self._stop()
        self._shown, self._counted_on = region, scene.stack_key
        image, volume = scene.measured(), scene.measured_volume

        def work(_job: JobContext) -> Distribution:
            return distribution(*values_in(region, image, volume))

        self._job = self._jobs.submit(
            Pool.CPU, work, on_success=lambda found: self._counted(region, found), on_error=self._refused
        )

    def _region(self, scene: Scene) -> Annotation | None:
        view = scene.view(self._page.grid.active.canvas.viewport)
        if view is None:
            return None
        here = [one for one in scene.visible_annotations(view) if one.kind in _KINDS]
        chosen = next((one for one in here if one.uid == scene.selected_annotation), None)
        return chosen or (here[-1] if here else None)

    def _counted(self, region: Annotation, found: Distribution) -> None:
        self._job = None
        numbers, counted = found.statistics, found.histogram
        digits = max(0, math.ceil(-math.log10(counted.bin_width)))

        def said(value: float) -> str:
            return signed(value, digits)

        told = dict(found.percentiles)
        ends = counted.first, counted.first + counted.bin_width * len(counted.counts)
        ticks = tuple((v, said(v)) for n in range(_TICKS + 1) for v in [ends[0] + (ends[1] - ends[0]) * n / _TICKS])
        marked = ((told[5], "P5"), (told[50], "P50"), (told[95], "P95"))
        unit = numbers.unit or tr("no unit")
        title = f"{kind_words(region.kind)} · {unit} · " + tr("bins of {width}", width=f"{counted.bin_width:g}")
        rows = [
            (tr("Mean"), signed(numbers.mean, max(1, digits))),
            (tr("SD"), signed(numbers.standard_deviation, max(1, digits))),
            (tr("Minimum"), said(numbers.minimum)),
            (tr("Maximum"), said(numbers.maximum)),
            (tr("Voxels") if region.kind is AnnotationKind.SPHERE else tr("Pixels"), _count(numbers.count)),
            *((tr("Percentile {share}", share=share), said(value)) for share, value in found.percentiles),
        ]  # fmt: skip
        self.panel.show_values(title, Bars(counted.first, counted.bin_width, counted.counts, marked, ticks), rows)

    def _refused(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, NotMeasurable):
            raise error
        self.panel.show_nothing(error.user_text)


def _count(number: int) -> str:
    """Return a count with thin spaces, such as ``1 742``."""
    return f"{number:,}".replace(",", "\u2009")

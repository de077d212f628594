"""The series of one open case, kept as far as they were looked at, and the measurements made on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions
from viewers.scene.image import SliceImage
from viewers.scene.stack_scene import StackScene, slots_of
from workstation.domain.study import DecodeWarning, Series
from workstation.services.image_service import first_series, is_image_series, series_warnings
from workstation.services.reading_session import ReadingSession
from workstation.services.uid import new_uid
from workstation.ui.images.prior_notes import PriorNotes
from workstation.ui.images.series_doubts import with_doubts
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.reading_words import captions, non_image_facts, series_facts, series_title
from workstation.ui.widgets.series_panel import SeriesFacts

_KEPT_BYTES = 1536 << 20
"""Pixels of series that are not on screen, kept for going back."""


class OpenImages:
    """Knows the series of exactly one case; a new case gets a new object, so nothing can leak into it."""

    def __init__(self, session: ReadingSession) -> None:
        self.session = session
        drawn = session.report.drawn
        self.annotations = Annotations(
            drawn.study_instance_uid, drawn.annotations, author=session.reader.name, now=session.now
        )
        self.prior_notes = PriorNotes(session)
        self._series = {one.key: one for series in session.study.series for one in _parts(series)}
        self._warnings: dict[str, tuple[DecodeWarning, ...]] = {
            key: series_warnings(series) for key, series in self._series.items() if is_image_series(series)
        }
        self._opened: dict[str, ShownSeries] = {}
        self.lent: Callable[[Series], Mapping[int, SliceImage]] = lambda _series: {}
        """What is here of a series already because it was fetched for a cell, by slice; set by who hangs the cells"""

    @property
    def first_series_uid(self) -> str:
        """Return the series to begin with, the marked one if any; empty for a study without images."""
        first = first_series(self.session.study, self.session.findings.series_instance_uid)
        return first.series_instance_uid if first is not None else ""

    def image_series(self) -> tuple[Series, ...]:
        """Return the series and stacks that can be shown."""
        return tuple(series for series in self._series.values() if is_image_series(series))

    def rows(self) -> list[SeriesFacts]:
        """Return what the list of series shows of each before any slice is here: images first, then documents."""
        rows = [self._row(series) for series in self._series.values()]
        return sorted(rows, key=lambda row: not row.is_image)

    def open(self, key: str) -> ShownSeries | None:
        """Return an image series or one of its stacks, as it was left when it was open before; else None."""
        series = self._series.get(key)
        if series is None or not is_image_series(series):
            return None
        if key not in self._opened:
            self._opened[key] = self._new(series)
        shown = self._opened[key]
        is_empty = not shown.scene.arrived  # asked once: it gathers what is there, thousands of slices
        for index, image in self.lent(series).items():
            if shown.scene.image(index) is None:
                shown.scene.put(index, image)
                if is_empty or index == 0:
                    self.place_in_frame(shown.scene, image.frame_of_reference_uid, is_first=index == 0)
                is_empty = False
        return shown

    def forget_beyond_bounds(self, on_screen: ShownSeries) -> list[Series]:
        """Drop series that are not on screen once their pixels pass the bound; return them."""
        kept, dropped = 0, []
        for one in reversed([one for one in self._opened.values() if one is not on_screen]):
            kept += one.size
            if kept > _KEPT_BYTES:
                dropped.append(one.series)
                del self._opened[one.key]
        return dropped

    def place_in_frame(self, scene: StackScene, frame: str, *, is_first: bool) -> bool:
        """
        Give a stack its frame of reference: that of the marks made on it, else of its first slice.

        De-identified CTs may carry another UID in every slice; one series is one frame all the same.
        True when the frame changed.
        """
        findings = self.session.findings
        if findings.series_instance_uid == scene.series_instance_uid:
            frame = findings.frame_of_reference_uid or frame
        before = scene.frame_of_reference_uid
        if before == frame or (before and not is_first):
            return False
        scene.frame_of_reference_uid = frame
        if before:
            self.annotations.place_in_frame(scene.study_instance_uid, before, frame)
        return True

    def is_lung(self, series: Series) -> bool:
        """Tell whether the detector's marks lie on this CT: then the lung window is what is read first."""
        findings = self.session.findings
        return (
            series.modality == "CT"
            and findings.algorithm is not None
            and findings.series_instance_uid == series.series_instance_uid
        )

    def _row(self, series: Series) -> SeriesFacts:
        uid, title = series.key, series_title(series)
        if uid not in self._warnings:
            return SeriesFacts(uid, title, non_image_facts(series), is_image=False, short=series.modality)
        warnings = tuple(warning.text for warning in self._warnings[uid])
        short = f"{series.series_number or ''} {series.description}".strip() or series.modality
        return SeriesFacts(uid, title, series_facts(series, 0), True, (), warnings, short)

    def _new(self, series: Series) -> ShownSeries:
        study = self.session.study
        doubts = (*study.warnings, *self._warnings[series.key])
        words: StudyCaptions = captions(study, series, self.session.row)
        scene = StackScene(
            slots_of(series),
            annotations=self.annotations,
            new_uid=new_uid,
            modality=series.modality,
            series_instance_uid=series.series_instance_uid,
            stack_number=series.stack_number,
            captions=with_doubts(words, doubts),
            on_demand=bool(series.stacks),
            cine=series.cine,
        )
        return ShownSeries(series, scene, tuple(one.text for one in doubts))


def _parts(series: Series) -> tuple[Series, ...]:
    """Return the stacks of an image series; what is no picture stays whole."""
    return series.split() if is_image_series(series) else (series,)

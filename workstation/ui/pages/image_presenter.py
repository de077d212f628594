"""Brings the images of the open case to the viewports: series, slices, planes, measurements and marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from resources.translation import tr
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.annotations import Annotations
from viewers.scene.captions import Identity, StudyCaptions
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane, image_plane, plane_grid
from viewers.scene.mpr_scene import MprScene
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import GrayscaleTransform, to_gray
from viewers.scene.reslice import ResliceRequest
from viewers.scene.scene import Scene, ViewState
from viewers.scene.stack_scene import StackScene, StackSlot
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import FindingList
from workstation.domain.geometry import Point
from workstation.domain.measurement import Measurement, MeasurementSet
from workstation.domain.ports import JobContext
from workstation.domain.study import DecodeWarning, Series
from workstation.domain.volume import Volume
from workstation.services.image_service import (
    BuiltVolume,
    PlacedSlice,
    build_volume,
    first_series,
    is_image_series,
    series_warnings,
)
from workstation.services.jobs import JobHandle, JobRunner, Pool
from workstation.services.reading_session import ReadingSession
from workstation.services.uid import new_uid
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.reading_words import (
    captions,
    non_image_facts,
    series_facts,
    series_title,
    short_warning,
    study_line,
)
from workstation.ui.slice_feed import OpenStream, SliceFeed
from workstation.ui.widgets.series_panel import SeriesFacts
from workstation.ui.widgets.viewport_grid import STACK, Layout, centre

_KEPT_BYTES = 1536 << 20
"""Pixels of series that are not on screen, kept for going back."""
_THUMB_PX = 56


@dataclass(slots=True, eq=False)
class _Shown:
    """One series of the open case as far as it is here."""

    series: Series
    scene: StackScene
    warnings: tuple[str, ...]
    failed: dict[int, str] = field(default_factory=dict)
    built: BuiltVolume | None = None
    planes: dict[MprPlane, MprScene] = field(default_factory=dict)
    refusal: str = ""

    @property
    def cached(self) -> tuple[bool, ...]:
        arrived = self.scene.arrived
        return tuple(index in arrived for index in range(self.scene.count))

    @property
    def size(self) -> int:
        return sum(image.pixels.nbytes for n in self.scene.arrived if (image := self.scene.image(n)) is not None)


@dataclass(frozen=True, slots=True, eq=False)
class ImagePlace:
    """Where a reader stands in a series, with its pixels: a language switch must not cost them."""

    series_instance_uid: str
    images: dict[int, SliceImage]
    built: BuiltVolume | None
    layout: Layout
    stack: tuple[ViewState, int]
    """How the stack is shown, and its slice from 0"""
    planes: dict[MprPlane, tuple[ViewState, int]]
    crosshair: Point | None
    identity: Identity


class ImagePresenter(QObject):
    """Owns the stream and the scenes of exactly one case; ``clear`` leaves nothing of it."""

    measured = Signal(object)
    """``tuple[Measurement, ...]`` after every change by the reader"""
    volume_built = Signal()

    def __init__(self, page: ReadingPage, jobs: JobRunner, open_stream: OpenStream) -> None:
        super().__init__(page)
        self._page = page
        self._jobs = jobs
        self._open_stream = open_stream
        self._session: ReadingSession | None = None
        self._annotations: Annotations | None = None
        self._series: dict[str, _Shown] = {}
        self._warnings: dict[str, tuple[DecodeWarning, ...]] = {}
        self._shown: _Shown | None = None
        self._findings: FindingList | None = None
        self._selected = ""
        self._show_rejected = False
        self._pending: Point | None = None
        self._wants_planes = False
        self._building: JobHandle[BuiltVolume] | None = None
        self._feed = SliceFeed(self)
        self._feed.arrived.connect(self._arrived)
        self._feed.failed.connect(self._failed)
        self._feed.line_changed.connect(self._line)
        self._feed.settled.connect(self._settled)
        page.grid.scrolled.connect(self._feed.focus)
        page.series_requested.connect(self.show_series)
        page.retry_requested.connect(self.retry)
        page.grid.layout_changed.connect(self._layout_chosen)
        page.going_away.connect(self.clear)

    # the case

    @property
    def annotations(self) -> Annotations | None:
        """Return the measurements of the open case."""
        return self._annotations

    @property
    def frame_of_reference_uid(self) -> str:
        """Return the frame of reference of the series on screen, empty until its first slice is here."""
        return self._shown.scene.frame_of_reference_uid if self._shown is not None else ""

    @property
    def series_instance_uid(self) -> str:
        """Return the series on screen."""
        return self._shown.series.series_instance_uid if self._shown is not None else ""

    def show(self, session: ReadingSession) -> None:
        """Show a case from nothing: its series, and the first one's images as they arrive."""
        self.clear()
        self._session = session
        study = session.study
        self._annotations = Annotations(study.study_instance_uid, session.report.measurements.measurements)
        self._annotations.watch(self._measured)
        rows = [self._row(series) for series in study.series]
        self._page.series.show_study(*study_line(study, session.row), rows)
        first = first_series(study, session.findings.series_instance_uid)
        if first is None:
            text = tr("This study has no images")
            self._page.notices.show_notice(Notice("images", Severity.LOST, text, tr("The report can be written.")))
        else:
            self.show_series(first.series_instance_uid)

    def clear(self) -> None:
        """Stop fetching and drop every pixel, mark and measurement of the case."""
        self._feed.close()
        self._drop_building()
        self._session = self._annotations = self._shown = self._findings = self._pending = None
        self._series, self._warnings = {}, {}
        self._selected = ""
        self._show_rejected = False

    def place(self) -> ImagePlace | None:
        """Return where the reader stands, None without a series on screen."""
        shown = self._shown
        if shown is None:
            return None
        scene = shown.scene
        images = {n: image for n in scene.arrived if (image := scene.image(n)) is not None}
        planes = {plane: (one.state, one.index) for plane, one in shown.planes.items()}
        return ImagePlace(
            shown.series.series_instance_uid, images, shown.built, self._page.grid.layout_choice,
            (scene.state, scene.index), planes, scene.crosshair, scene.identity,
        )  # fmt: skip

    def go_on(self, place: ImagePlace) -> None:
        """Stand where the reader stood: same series, slices, window and layout."""
        self.show_series(place.series_instance_uid)
        shown = self._shown
        if shown is None or shown.series.series_instance_uid != place.series_instance_uid or not place.images:
            return
        self._feed.close()
        for index, image in place.images.items():
            shown.scene.put(index, image)
        first = min(place.images)
        self._place_in_frame(shown.scene, place.images[first].frame_of_reference_uid, is_first=True)
        self._first(shown, place.images[first])
        if place.built is not None:
            self._take_volume(shown, place.built)
        shown.scene.crosshair = place.crosshair
        kept: list[tuple[Scene, tuple[ViewState, int]]] = [(shown.scene, place.stack)]
        kept += [(scene, place.planes[plane]) for plane, scene in shown.planes.items() if plane in place.planes]
        for scene, (state, index) in kept:
            scene.scroll_to(index)
            scene.state, scene.identity = state, place.identity
        self._page.grid.touched = True
        self._page.grid.choose_layout(place.layout)
        self._page.grid.refresh()
        self._show_progress()
        self._fetch(shown)

    def _row(self, series: Series) -> SeriesFacts:
        uid, title = series.series_instance_uid, series_title(series)
        if not is_image_series(series):
            return SeriesFacts(uid, title, non_image_facts(series), is_image=False, short=series.modality)
        self._warnings[uid] = series_warnings(series)
        warnings = tuple(warning.text for warning in self._warnings[uid])
        short = f"{series.series_number or ''} {series.description}".strip()
        return SeriesFacts(uid, title, series_facts(series, 0), True, (), warnings, short)

    # one series

    def show_series(self, series_uid: str) -> None:
        """Show a series of the open case; what was fetched of the others stays within bounds."""
        session, annotations = self._session, self._annotations
        if session is None or annotations is None or series_uid == self.series_instance_uid:
            return
        series = next((one for one in session.study.series if one.series_instance_uid == series_uid), None)
        if series is None or not is_image_series(series):
            return
        self._feed.close()
        self._drop_building()
        shown = self._series.get(series_uid) or self._new(series, session, annotations)
        self._series[series_uid] = self._shown = shown
        self._forget_beyond_bounds()
        for scene in (shown.scene, *shown.planes.values()):
            self._dress(scene)
        self._page.grid.show_stack(shown.scene)
        self._page.series.select(series_uid)
        self._page.series.show_warnings(shown.warnings)
        self._page.show_window()
        self._show_progress()
        for key in ("slices", "planes", "line"):
            self._page.notices.clear_notice(key)
        if shown.planes:
            self._page.grid.set_planes(shown.planes)
            self._page.enable_planes("")
        else:
            self._page.enable_planes(shown.refusal or tr("follows when all slices are here"))
        self._fetch(shown)

    def _new(self, series: Series, session: ReadingSession, annotations: Annotations) -> _Shown:
        warnings = self._warnings[series.series_instance_uid]
        words: StudyCaptions = captions(session.study, series, session.row)
        short = tuple(short_warning(warning) for warning in (*session.study.warnings, *warnings))
        scene = StackScene(
            [StackSlot(one.sop_instance_uid, 0, one.plane) for one in series.instances],
            annotations=annotations,
            new_uid=new_uid,
            modality=series.modality,
            series_instance_uid=series.series_instance_uid,
            captions=replace(words, warnings=(*words.warnings, *short)),
        )
        return _Shown(series, scene, tuple(w.text for w in (*session.study.warnings, *warnings)))

    def _forget_beyond_bounds(self) -> None:
        others = [one for one in self._series.values() if one is not self._shown]
        kept = 0
        for one in reversed(others):
            kept += one.size
            if kept > _KEPT_BYTES:
                self._page.series.show_cached(one.series.series_instance_uid, (), series_facts(one.series, 0))
                del self._series[one.series.series_instance_uid]

    def _fetch(self, shown: _Shown) -> None:
        session = self._session
        missing = tuple(sorted(set(range(shown.scene.count)) - shown.scene.arrived - set(shown.failed)))
        if session is None:
            return
        if missing:
            self._feed.start(session.study, shown.series, missing, self._open_stream)
            self._feed.focus(shown.scene.index)
        else:
            self._settled()

    def retry(self) -> None:
        """Fetch again what failed."""
        shown = self._shown
        if shown is not None:
            shown.failed.clear()
            self._page.notices.clear_notice("slices")
            self._show_progress()
            self._fetch(shown)

    # slices arrive, on the main thread in batches

    def _arrived(self, batch: list[tuple[int, SliceImage]]) -> None:
        shown = self._shown
        if shown is None:
            return
        is_first = not shown.scene.arrived
        on_screen = False
        for index, image in batch:
            on_screen |= shown.scene.put(index, image)
            shown.failed.pop(index, None)
            if is_first or index == 0:
                self._place_in_frame(shown.scene, image.frame_of_reference_uid, is_first=index == 0)
        if is_first:
            self._first(shown, batch[0][1])
        if is_first or on_screen:
            self._page.grid.refresh()
        if self._pending is not None and on_screen:
            self.show_point(self._pending)
        self._show_progress()

    def _first(self, shown: _Shown, image: SliceImage) -> None:
        scene = shown.scene
        self._dress(scene)
        if scene.state.voi is None and self._is_lung(shown.series):
            scene.set_window(CT_PRESETS["2"].window)
        if image.lossy_ratio is not None:
            ratio = image.lossy_ratio or None
            self._page.grid.frames[STACK].set_fidelity(Fidelity(FidelityKind.LOSSY_FINAL, ratio=ratio))
        picture = thumbnail(image, scene, self._page.devicePixelRatioF())
        if picture is not None:
            self._page.series.show_thumbnail(shown.series.series_instance_uid, picture)
        self._page.show_window()

    def _place_in_frame(self, scene: StackScene, frame: str, *, is_first: bool) -> None:
        """
        Give the stack its frame of reference: that of the marks made on it, else of its first slice.

        De-identified CTs may carry another UID in every slice; one series is one frame all the same.
        """
        findings = self._session.findings if self._session is not None else None
        if findings is not None and findings.series_instance_uid == scene.series_instance_uid:
            frame = findings.frame_of_reference_uid or frame
        before = scene.frame_of_reference_uid
        if before == frame or (before and not is_first):
            return
        scene.frame_of_reference_uid = frame
        self._dress(scene)
        kept = self._annotations
        for one in kept.measurements if kept is not None and before else ():
            if kept is not None and one.frame_of_reference_uid == before:
                kept.edit(scene.study_instance_uid, replace(one, frame_of_reference_uid=frame))

    def _is_lung(self, series: Series) -> bool:
        """Tell whether the detector's marks lie on this CT: then the lung window is what is read first."""
        findings = self._session.findings if self._session is not None else None
        return (
            series.modality == "CT"
            and findings is not None
            and findings.algorithm is not None
            and findings.series_instance_uid == series.series_instance_uid
        )

    def _failed(self, failures: list[tuple[int, Exception]]) -> None:
        shown = self._shown
        if shown is None:
            return
        for index, error in failures:
            if not isinstance(error, WorkstationError):
                raise error
            shown.failed[index] = error.user_text
            shown.scene.fail(index, tr("Slice {number} cannot be shown: {why}", number=index + 1, why=error.user_text))
        self._page.grid.refresh()
        self._show_progress()
        numbers = ", ".join(str(index + 1) for index in sorted(shown.failed)[:8])
        if len(shown.failed) > 8:
            numbers += " …"
        self._page.notices.show_notice(
            Notice(
                "slices",
                Severity.LOST,
                tr("{count} slices could not be fetched: {numbers}", count=len(shown.failed), numbers=numbers),
                tr("All other slices can be read; three planes need every slice."),
                actions=(NoticeAction(tr("Try again"), self.retry, "refresh"),),
            )
        )

    def _line(self, up: bool) -> None:  # noqa: FBT001 - a signal's argument
        if up:
            self._page.notices.clear_notice("line")
            return
        self._page.notices.show_notice(
            Notice(
                "line",
                Severity.DEGRADED,
                tr("The line to the hub is down"),
                tr("What is here stays usable; fetching goes on by itself."),
            )
        )

    def _show_progress(self) -> None:
        shown = self._shown
        if shown is None:
            return
        here = len(shown.scene.arrived)
        self._page.show_loading(here, len(shown.failed), shown.scene.count)
        self._page.series.show_cached(shown.series.series_instance_uid, shown.cached, series_facts(shown.series, here))

    # planes

    def _settled(self) -> None:
        shown = self._shown
        if shown is None or shown.built is not None or shown.refusal or self._building is not None:
            return
        images = [shown.scene.image(index) for index in range(shown.scene.count)]
        if any(image is None for image in images) or len(images) < 2:
            return
        slices = [PlacedSlice(image.pixels, image.plane) for image in images if image is not None]
        uid, frame = shown.series.series_instance_uid, shown.scene.frame_of_reference_uid
        unit = next((image.unit for image in images if image is not None), "")

        def work(job: JobContext) -> BuiltVolume:
            built = build_volume(slices, frame_of_reference_uid=frame, series_instance_uid=uid, unit=unit, job=job)
            slices.clear()
            _warm_up(built.volume)
            return built

        self._building = self._jobs.submit(
            Pool.CPU,
            work,
            on_success=lambda built: self._take_volume(shown, built),
            on_error=lambda error: self._volume_failed(shown, error),
        )

    def _drop_building(self) -> None:
        if self._building is not None:
            self._building.cancel()
            self._building = None

    def _take_volume(self, shown: _Shown, built: BuiltVolume) -> None:
        if shown is not self._shown or self._annotations is None:
            return
        self._building = None
        shown.built, volume = built, built.volume
        for layer, index in enumerate(built.order):
            image = shown.scene.image(index)
            # one copy in memory: the stack shows the volume's own voxels where they are the same values
            if image is not None and image.pixels.dtype == volume.voxels.dtype:
                shown.scene.put(index, replace(image, pixels=volume.voxels[layer]))
        shown.planes = {
            plane: MprScene(
                volume,
                plane,
                annotations=self._annotations,
                new_uid=new_uid,
                modality=shown.series.modality,
                captions=shown.scene.captions,
            )
            for plane in MprPlane
        }
        for scene in shown.planes.values():
            self._dress(scene)
            scene.identity = shown.scene.identity
            if shown.series.modality == "CT" or shown.scene.state.voi is not None:
                scene.set_window(shown.scene.window)
        grid = self._page.grid
        grid.set_planes(shown.planes)
        self._page.enable_planes("")
        if shown.scene.crosshair is not None:
            grid.show_point(shown.scene.crosshair)
        if self._wants_planes or not grid.touched:
            grid.choose_layout(Layout.MPR)
        self.volume_built.emit()

    def _volume_failed(self, shown: _Shown, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        if shown is self._shown:
            self._building = None
            self._no_planes(shown, error.user_text, error.hint)

    def _no_planes(self, shown: _Shown, text: str, hint: str) -> None:
        shown.refusal = text
        self._page.enable_planes(text)
        self._page.notices.show_notice(Notice("planes", Severity.DEGRADED, text, hint))

    def _layout_chosen(self, layout: object) -> None:
        # the choice outlives the case: who reads in three planes gets them again
        if self._page.grid.touched:
            self._wants_planes = layout is Layout.MPR

    # marks and measurements

    def show_findings(self, findings: FindingList, *, selected: str) -> None:
        """Draw the findings as they stand now."""
        self._findings, self._selected = findings, selected
        self._page.grid.change(self._dress)

    def show_rejected(self, *, shown: bool) -> None:
        """Draw or hide rejected marks."""
        self._show_rejected = shown
        self._page.grid.change(self._dress)

    def _dress(self, scene: Scene) -> None:
        scene.findings = self._findings
        scene.selected_finding = self._selected
        scene.show_rejected = self._show_rejected
        scene.show_marks = self._page.grid.marks_shown

    def show_point(self, lps_mm: Point) -> None:
        """Bring a patient point to every view; a missing slice is fetched first."""
        shown = self._shown
        if shown is None:
            return
        self._page.grid.show_point(lps_mm)
        self._feed.focus(shown.scene.index)
        here = shown.scene.image(shown.scene.index) is not None
        self._pending = None if here else lps_mm
        if here:
            centre(self._page.grid.frames[STACK], lps_mm)

    def step_measurements(self, step: Callable[[Annotations], bool]) -> bool:
        """Undo or redo a measurement and repaint."""
        done = self._annotations is not None and step(self._annotations)
        self._page.grid.refresh()
        return done

    def _measured(self, value: MeasurementSet) -> None:
        measurements: tuple[Measurement, ...] = value.measurements
        self.measured.emit(measurements)
        self._page.grid.refresh()


def thumbnail(image: SliceImage, scene: Scene, ratio: float) -> QImage | None:
    """Return a picture of at most 56 px from every n-th pixel; None for colour."""
    if image.is_color:
        return None
    step = max(1, round(max(image.rows, image.columns) / (_THUMB_PX * ratio)))
    part = np.ascontiguousarray(image.pixels[::step, ::step])
    gray = np.ascontiguousarray(to_gray(part, GrayscaleTransform(scene.voi, image.monochrome1, image.padding)))
    picture = QImage(gray.data, gray.shape[1], gray.shape[0], gray.shape[1], QImage.Format.Format_Grayscale8).copy()
    picture.setDevicePixelRatio(max(gray.shape) / _THUMB_PX)
    return picture


def _warm_up(volume: Volume) -> None:
    """Load VTK off the main thread: its first plane takes a second, and it must not be the window's."""
    grid = plane_grid(volume, MprPlane.AXIAL)
    small = replace(volume, voxels=volume.voxels[:2, :2, :2].copy())
    VtkReslicer()(ResliceRequest(small, image_plane(grid, MprPlane.AXIAL, grid.first_mm), (2, 2)))

"""Brings the images of the open case to the viewports; each concern has an object of its own in ``ui/images``."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Signal

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.image import SliceImage
from viewers.scene.presets import CT_PRESETS
from workstation.domain.annotation import AnnotationList
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import FindingList
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImagePlace as PlaceOnImage
from workstation.services.before_ai import undisclosed_series
from workstation.services.jobs import JobRunner
from workstation.services.reading_session import ReadingSession
from workstation.ui.images.clip_shares import ClipShares
from workstation.ui.images.comparing import Comparing
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.features import FEATURES
from workstation.ui.images.foreign_reading import ForeignReading
from workstation.ui.images.fusing import Fusing
from workstation.ui.images.image_places import bring_into_view
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.scene_marks import SceneMarks
from workstation.ui.images.series_loading import SeriesLoading
from workstation.ui.images.shown_series import ImagePlace, ShownSeries, thumbnail
from workstation.ui.images.sphere_measuring import SphereMeasuring
from workstation.ui.images.suv_choice import SuvChoice
from workstation.ui.images.volume_building import VolumeBuilding
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.reading_page import ReadingPage
from workstation.ui.reading_words import series_facts, study_line
from workstation.ui.slice_feed import OpenStream
from workstation.ui.stepwise import Stepwise
from workstation.ui.widgets.tiling import STACK


class ImagePresenter(QObject):
    """
    Owns the series and the scenes of exactly one case; ``clear`` leaves nothing of it.

    The signals are what features listen to; those about a series carry its ``ShownSeries``.
    """

    case_opened = Signal(object)
    """``OpenImages``, before the first series is shown"""
    case_closing = Signal()
    """The case is still open and writable: what a dialog holds is kept now or never."""
    case_closed = Signal()
    series_shown = Signal(object)
    slices_arrived = Signal(object)
    """Some slices are new on the series on screen."""
    series_settled = Signal(object)
    """Every slice of the series on screen is here or has failed."""
    volume_built = Signal(object)
    volume_refused = Signal(object, object)
    """``ShownSeries``, ``WorkstationError``"""
    measured = Signal(object)
    """``AnnotationList`` after every change by the reader"""
    measured_on_prior = Signal(object)
    """``Annotations`` of a prior after every change of them"""
    findings_shown = Signal(object)
    """``FindingList`` as it may be seen now"""
    beside = Signal(object)
    """The ``Study`` of a prior whose images stand beside the case now"""
    uptake_prepared = Signal(object)
    """``HungVolume`` of a cell that may lie over others now; a PET's in uptake values"""
    objects_read = Signal(object)
    """``ForeignObjects`` of the case or of a prior beside it"""
    pointed_out = Signal(str, object)
    """Study Instance UID of a prior and the ``SeenNodule`` in it that the reader looks at; None for none"""
    brought = Signal()
    """The reader was brought to a place by a choice of theirs: nothing else may move the stack away from it"""

    def __init__(
        self,
        page: ReadingPage,
        jobs: JobRunner,
        open_stream: OpenStream,
        *,
        comparing: Comparing | None = None,
        fusing: Fusing | None = None,
        foreign: ForeignReading | None = None,
        in_steps: bool = False,
    ) -> None:
        super().__init__(page)
        self._page = page
        self._case: OpenImages | None = None
        self._shown: ShownSeries | None = None
        self._pending: Point | None = None
        self.marks = SceneMarks(page.grid)
        self.suv = SuvChoice(page)
        """Which uptake value every PET of the case is told in"""
        self.spheres = SphereMeasuring(self, jobs, page.grid.refresh)
        self.marks.also.append(self.spheres.attach)
        self.clip_shares = ClipShares()
        """What the clips of every viewport hold decoded together"""
        self._loading = SeriesLoading(page, open_stream, self.clip_shares)
        self._loading.arrived.connect(self._arrived)
        self._loading.failed.connect(lambda _shown: page.grid.refresh())
        self._volumes = VolumeBuilding(self, jobs)
        self._loading.settled.connect(self._volumes.start)
        self._loading.arrived.connect(lambda shown, _batch: self._volumes.refuse_early(shown))
        self._loading.settled.connect(self.series_settled)
        self._volumes.built.connect(self._built)
        self._volumes.refused.connect(self._refused)
        page.series_requested.connect(self.show_series)
        page.going_away.connect(self.case_closing)
        page.going_away.connect(self.clear)
        self.features: list[QObject] = []
        context = FeatureContext(page, self, jobs, open_stream, comparing, fusing, foreign)
        self.joining = Stepwise(self._join(context), self)
        """Lets the features join; the first case makes the rest at once"""
        if in_steps:
            self.joining.start()
        else:
            self.joining.finish()

    def _join(self, context: FeatureContext) -> Iterator[None]:
        for make in FEATURES:
            self.features.append(make(context))
            yield

    # the case

    @property
    def case(self) -> OpenImages | None:
        """Return the series and measurements of the open case."""
        return self._case

    @property
    def annotations(self) -> Annotations | None:
        """Return the measurements of the open case."""
        return self._case.annotations if self._case is not None else None

    @property
    def shown(self) -> ShownSeries | None:
        """Return the series on screen."""
        return self._shown

    @property
    def frame_of_reference_uid(self) -> str:
        """Return the frame of reference of the series on screen, empty until its first slice is here."""
        return self._shown.scene.frame_of_reference_uid if self._shown is not None else ""

    @property
    def series_instance_uid(self) -> str:
        """Return the series on screen."""
        return self._shown.series_instance_uid if self._shown is not None else ""

    def show(self, session: ReadingSession) -> None:
        """Show a case from nothing: its series, and the first one's images as they arrive."""
        for _ in self.showing(session):
            pass

    def showing(self, session: ReadingSession) -> Iterator[None]:
        """Do what ``show`` does in steps; whoever leaves off in the midst says ``clear``."""
        yield from self.joining
        self.clear()
        self._case = case = OpenImages(session)
        case.annotations.watch(self._measured)
        case.prior_notes.watch(self.measured_on_prior.emit)
        self._page.series.show_study(*study_line(session.study, session.row), case.rows())
        if session.ai_hidden:  # before anything is painted; who reads the objects shows those of people
            self._page.series.withhold(undisclosed_series(session.study))
        yield
        self.case_opened.emit(case)
        yield
        if case.first_series_uid:
            self.show_series(case.first_series_uid)
        else:
            text = tr("This study has no images")
            self._page.show_no_images(text)
            self._page.notices.show_notice(Notice("images", Severity.NEWS, text, tr("The report can be written.")))

    def clear(self) -> None:
        """Stop fetching and drop every pixel, mark and measurement of the case."""
        self._loading.close()
        self._volumes.drop()
        self.spheres.close()
        self._case = self._shown = self._pending = None
        self.marks.clear()
        self.case_closed.emit()

    def place(self) -> ImagePlace | None:
        """Return where the reader stands, None without a series on screen."""
        shown, grid = self._shown, self._page.grid
        if shown is None:
            return None
        views = {key: (one.own_state, one.index) for key, one in grid.scenes_by_key.items()}
        return ImagePlace(
            shown.key, shown.images, shown.built, grid.layout_choice, views,
            shown.scene.crosshair, shown.scene.identity,
        )  # fmt: skip

    def go_on(self, place: ImagePlace) -> None:
        """Stand where the reader stood: same series, slices, window and layout."""
        self.show_series(place.series_key)
        case, shown, grid = self._case, self._shown, self._page.grid
        if case is None or shown is None or shown.key != place.series_key or not place.images:
            return
        self._loading.close()
        for index, image in place.images.items():
            shown.scene.put(index, image)
        first = place.images[min(place.images)]
        case.place_in_frame(shown.scene, first.frame_of_reference_uid, is_first=True)
        self._first(case, shown, first)
        if place.built is not None:
            self._volumes.take(shown, place.built)
        shown.scene.crosshair = place.crosshair
        for key, scene in grid.scenes_by_key.items():
            if key in place.views:
                state, index = place.views[key]
                scene.scroll_to(index)
                scene.state, scene.identity = state, place.identity
        grid.touched = True
        grid.choose_layout(place.layout)
        grid.refresh()
        self._loading.start(case.session.study, shown)

    # one series

    def show_series(self, series_uid: str) -> None:
        """
        Show a series of the open case, or one of its stacks by its key.

        What was fetched of the others stays within bounds.
        """
        case = self._case
        is_new = self._shown is None or series_uid != self._shown.key
        shown = case.open(series_uid) if case is not None and is_new else None
        if case is None or shown is None:
            return
        self._loading.close()
        self._volumes.drop()
        self._shown = shown
        for series in case.forget_beyond_bounds(shown):
            self._page.series.show_cached(series.key, (), series_facts(series, 0))
        for scene in (shown.scene, *shown.scenes.values()):
            self.marks.dress(scene)
        self._page.grid.show_stack(shown.scene)
        self._page.series.select(series_uid)
        self._page.series.show_warnings(shown.warnings)
        self._page.show_window()
        self.series_shown.emit(shown)
        images = shown.images
        if images and not shown.was_seen:
            self._first(case, shown, images.get(shown.scene.count // 2) or images[min(images)])
        self._loading.start(case.session.study, shown)

    def _arrived(self, shown: ShownSeries, batch: list[tuple[int, SliceImage]]) -> None:
        case, scene = self._case, shown.scene
        if case is None:
            return
        # what nothing checked yet is looked at: no thumbnail and no frame of reference come from it
        whole = [one for one in batch if not one[1].is_early]
        is_first = scene.arrived <= {index for index, _image in whole}
        for at, (index, image) in enumerate(whole):
            if index == 0 or (is_first and at == 0):
                case.place_in_frame(scene, image.frame_of_reference_uid, is_first=index == 0)
        if is_first and whole:
            self._first(case, shown, whole[0][1])
        on_screen = any(index == scene.index for index, _image in batch)
        for index, image in whole:
            if index == scene.count // 2:  # the middle tells more than what came first
                self._show_thumbnail(shown, image)
        if is_first or on_screen:
            self._page.grid.refresh()
        if not whole:
            self._page.show_window()
        if self._pending is not None and on_screen:
            self.show_point(self._pending)
        self.slices_arrived.emit(shown)

    def _first(self, case: OpenImages, shown: ShownSeries, image: SliceImage) -> None:
        scene, shown.was_seen = shown.scene, True
        self.marks.dress(scene)
        if scene.state.voi is None and case.is_lung(shown.series):
            scene.set_window(CT_PRESETS["2"].window)
        self._show_thumbnail(shown, image)
        self._page.show_window()

    def _show_thumbnail(self, shown: ShownSeries, image: SliceImage) -> None:
        self._page.series.show_thumbnail(shown.key, thumbnail(image, shown.scene, self._page.devicePixelRatioF()))

    def _built(self, shown: ShownSeries) -> None:
        if shown is self._shown:
            self.volume_built.emit(shown)

    def _refused(self, shown: ShownSeries, error: WorkstationError) -> None:
        if shown is self._shown:
            self.volume_refused.emit(shown, error)

    # marks, places and measurements

    def show_findings(self, findings: FindingList, *, selected: str) -> None:
        """Draw the findings as they stand now."""
        self.marks.show_findings(findings, selected=selected)
        self.findings_shown.emit(findings)

    def show_rejected(self, *, shown: bool) -> None:
        """Draw or hide rejected marks."""
        self.marks.show_rejected(shown=shown)

    def show_point(self, lps_mm: Point) -> None:
        """Bring a patient point to every view; a missing slice is fetched first."""
        shown = self._shown
        if shown is None:
            return
        self._page.grid.show_point(lps_mm)
        self.brought.emit()
        self._loading.focus(shown.scene.index)
        here = shown.scene.image(shown.scene.index) is not None
        self._pending = None if here else lps_mm

    def show_slice(self, index: int) -> None:
        """Bring a slice of the stack, from 0, that the reader asked for; a missing one is fetched first."""
        self._page.grid.frame(STACK).scroll_to(index)
        self.brought.emit()

    def show_place(self, place: PlaceOnImage) -> None:
        """Bring the image or series of a finding to the viewport that has it, else to the stack; a box into view."""
        case, grid = self._case, self._page.grid
        if case is None:
            return
        study = case.session.study.study_instance_uid
        if place.series_instance_uid:
            if self.series_instance_uid != place.series_instance_uid:
                self.show_series(place.series_instance_uid)
        elif bring_into_view(grid, study, place) is None:
            for series in case.image_series():
                if any(place.is_on(one.ref.sop_instance_uid, one.ref.frame_number) for one in series.frames):
                    self.show_series(series.key)
                    bring_into_view(grid, study, place)
        self.brought.emit()
        if self._shown is not None:
            self._loading.focus(self._shown.scene.index)

    def _measured(self, value: AnnotationList) -> None:
        self.measured.emit(value)
        self._page.grid.refresh()

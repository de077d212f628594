"""What a stack and an MPR viewport have in common: view state, marks, measurements and text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from resources.translation import tr
from viewers.scene import callipers, marks, overlay, own_windows
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera, PixelTransform
from viewers.scene.captions import Identity, StudyCaptions, ViewCaptions, corner_lines
from viewers.scene.colour_bar import colour_bar
from viewers.scene.fusion import FusedLayer
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.marks import MarkOutline
from viewers.scene.occlusion_layer import OcclusionLayer
from viewers.scene.overlay import ForeignShape, Overlay, Stroke
from viewers.scene.presets import CT_PRESETS, FULL_DYNAMIC_KEY, IMAGE_DEFAULT_KEY
from viewers.scene.raster import GrayscaleTransform, VoiFunction, VoiLut, Window
from viewers.scene.reslice import ResliceRequest
from viewers.scene.slice_view import SliceView
from viewers.scene.uptake import Uptake
from viewers.scene.viewtext import lossy_text, magnification_text, matrix_text, probe_text, window_text
from viewers.scene.volume_request import VolumeRequest
from workstation.domain.annotation import Annotation, AnnotationKind, Measure
from workstation.domain.finding import FindingList
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import Point
from workstation.domain.image_place import BoxPx
from workstation.domain.volume import Volume

Size = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ViewState:
    """How a scene is shown. ``voi`` None means the image's own window, of several the one numbered ``own`` from 0."""

    camera: Camera = field(default_factory=Camera)
    voi: Window | VoiLut | None = None
    own: int | None = None
    inverted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """
    Everything one painted picture is made of; ``source`` None leaves the viewport black.

    ``fused`` lies over a plane that is still to be cut; a fused image is in colours already.
    """

    viewport: Size
    overlay: Overlay
    source: SliceImage | ResliceRequest | VolumeRequest | None = None
    transform: PixelTransform | None = None
    grayscale: GrayscaleTransform | None = None
    fused: FusedLayer | None = None

    def at_once(self) -> Frame:
        """Return the same picture with a fused plane cut and in colours, however long that takes."""
        if self.fused is None or self.grayscale is None or not isinstance(self.source, ResliceRequest):
            return self
        return replace(self, source=self.fused.over(self.source, self.grayscale), fused=None)


class Scene(ABC):
    """
    One viewport's content. Not thread-safe: call on the main thread.

    ``modality`` and ``frame_of_reference_uid`` decide what may be linked with what.
    """

    read_late: Callable[[Annotation, Volume], bool] | None = None
    """Has the statistics of a large sphere read in a job; tells whether they are still to come"""

    def __init__(
        self,
        *,
        annotations: Annotations,
        new_uid: Callable[[], str],
        modality: str = "CT",
        frame_of_reference_uid: str = "",
        series_instance_uid: str = "",
        stack_number: int = 0,
        captions: StudyCaptions | None = None,
    ) -> None:
        self.annotations = annotations
        self.study_instance_uid = annotations.value.study_instance_uid
        self.new_uid = new_uid
        self.modality = modality
        self.frame_of_reference_uid = frame_of_reference_uid
        self.series_instance_uid = series_instance_uid
        self.stack_number = stack_number
        self.captions = captions or StudyCaptions()
        self.person_warning = ""
        """Said in red while another person may be on screen beside this one"""
        self.hung_camera = Camera()
        """How the hanging laid the picture into its cell, turned into its usual position; a reset returns to it"""
        self.state = self.first_state
        self.identity = Identity.FULL
        self.findings: FindingList | None = None
        self.show_marks = True
        self.show_rejected = False
        self.selected_finding = ""
        self.dragged_box: tuple[str, BoxPx] | None = None
        """The box that is being dragged: the finding and where its box would be"""
        self.selected_annotation = ""
        self.measured_volume: Volume | None = None
        """The voxels behind the picture, for what is measured in space."""
        self.crosshair: Point | None = None
        self.fused: FusedLayer | None = None
        self.explained: OcclusionLayer | None = None
        """What a classifier's score of one image comes from; drawn on that image alone"""
        self.uptake: Uptake | None = None
        """How values of a PET become uptake values; what is read off the picture is then told in them"""
        self.lossy_ratio: float | None = None
        """The worst compression ratio of the images that planes and volumes are made of, 0 where it is unknown"""
        self.lossy_method = ""
        """What did it, like ``JPEG``; empty where it is unknown"""
        self.burned_in: bool | None = None
        """Whether the images that planes and volumes are made of carry the patient's name; None where nobody knows"""
        self.no_uptake = ""
        """Why a PET has no uptake values, in words"""
        self.sphere_words: Callable[[Annotation], tuple[str, ...]] | None = None
        """The uptake inside a sphere, where a PET lies here; it replaces the words of the sphere"""
        self.sphere_measures: Callable[[Annotation], tuple[Measure, ...]] | None = None
        """The uptake that a sphere drawn here keeps"""
        """The coloured overlay; set it with ``fuse``."""
        self.reference_lines: Callable[[SliceView], tuple[Stroke, ...]] | None = None
        """Where the pictures of linked viewports cut this one; set by the link group."""
        self.foreign: Callable[[SliceView], tuple[ForeignShape, ...]] | None = None
        """What other systems drew here; read-only."""
        self.key_frames: frozenset[FrameRef] = frozenset()
        """The frames of this study that the reader marked as key images"""
        self.probe_at: tuple[float, float] | None = None
        """Viewport pixel under the pointer, for the value in the corner text."""

    # what a kind of scene must know ---------------------------------------------------------

    @property
    @abstractmethod
    def count(self) -> int:
        """Return the number of slices."""

    @property
    @abstractmethod
    def index(self) -> int:
        """Return the displayed slice, from 0."""

    @abstractmethod
    def scroll_to(self, index: int) -> bool:
        """Show a slice, clamped to the stack; True when the picture changed."""

    @abstractmethod
    def show_point(self, lps_mm: Point) -> None:
        """Show the slice through a patient point and put the crosshair there."""

    @abstractmethod
    def view(self, viewport: Size) -> SliceView | None:
        """Return the displayed geometry, None while there is no picture."""

    @abstractmethod
    def measurable(self) -> SliceImage | None:
        """Return the displayed slice with its values, None while there is none."""

    @property
    @abstractmethod
    def slice_step_mm(self) -> float:
        """Return the distance of neighbouring slices."""

    @abstractmethod
    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:
        """Return the pixel value and unit under a viewport pixel."""

    @abstractmethod
    def full_range(self) -> Window | None:
        """Return the window from the lowest to the highest value."""

    @abstractmethod
    def _source(self) -> SliceImage | ResliceRequest | VolumeRequest | None: ...

    @abstractmethod
    def _default_voi(self) -> Window | VoiLut: ...

    @abstractmethod
    def _view_captions(self) -> ViewCaptions: ...

    @property
    def frame_number(self) -> int | None:
        """Return the displayed frame of a multi-frame image, from 1; None for a single-frame image."""
        return None

    @property
    def stack_key(self) -> tuple[str, int]:
        """Return whose values are on screen: the series and which stack of it, for each has values of its own."""
        return self.series_instance_uid, self.stack_number

    # state ----------------------------------------------------------------------------------

    @property
    def voi(self) -> Window | VoiLut:
        """Return the window (or VOI LUT) in force."""
        if self.state.voi is not None:
            return self.state.voi
        own = self.own_choice if self.state.own is not None else None
        return self._first_voi() if own is None else own.voi

    @property
    def own_choices(self) -> tuple[VoiChoice, ...]:
        """Return the windows and VOI LUTs that the displayed image brings; none where values are told in SUV."""
        source = self._source() if self.uptake is None else None
        return source.choices if isinstance(source, SliceImage) else ()

    @property
    def own_choice(self) -> VoiChoice | None:
        """Return the image's own window that is in force, None where another one is."""
        return own_windows.chosen(self.own_choices, self.state.own) if self.state.voi is None else None

    @property
    def own_words(self) -> str:
        """Return the maker's words for the window in force; empty where the image leaves no choice: they say little."""
        own = self.own_choice
        return own.explanation if own is not None and len(self.own_choices) > 1 else ""

    def show_own(self, number: int) -> None:
        """Show every image with the window of its own that has this number, from 0."""
        self.state = replace(self.state, voi=None, own=number)

    def show_following_own(self) -> bool:
        """Show the image's next window of its own; False where it brings none."""
        choices = self.own_choices
        if choices:
            is_own = self.state.voi is None
            self.show_own(own_windows.following(choices, self.state.own, is_own=is_own))
        return bool(choices)

    def _first_voi(self) -> Window | VoiLut:
        return self._default_voi() if self.uptake is None else self.uptake.first_window

    @property
    def first_state(self) -> ViewState:
        """Return how a series is shown before anybody changed anything: a PET dark on light."""
        return ViewState(inverted=self.modality == "PT")

    @property
    def window(self) -> Window:
        """Return the window to start a change from; a VOI LUT counts as its input span."""
        current = self.voi
        if isinstance(current, Window):
            return current
        span = float(len(current.entries))
        return Window(current.first_value + span / 2, span)

    @property
    def own_state(self) -> ViewState:
        """Return how the reader chose to see it, whatever is shown right now."""
        return self.state

    def set_window(self, window: Window) -> None:
        """Show with another window."""
        self.state = replace(self.state, voi=window, own=None)

    def set_camera(self, camera: Camera) -> None:
        """Zoom, pan, rotate or flip."""
        self.state = replace(self.state, camera=camera)

    def toggle_invert(self) -> None:
        """Exchange black and white."""
        self.state = replace(self.state, inverted=not self.state.inverted)

    def fit(self) -> None:
        """Fit the image into the viewport; rotation and flip stay."""
        self.state = replace(self.state, camera=replace(self.state.camera, zoom=1.0, pan=(0.0, 0.0)))

    def reset(self) -> None:
        """Return to the image's own window, upright and fitted, or as the hanging laid it."""
        self.state = replace(self.first_state, camera=self.hung_camera)

    def fuse(self, layer: FusedLayer | None) -> None:
        """Show a coloured overlay, or none. ValueError when it lies in another frame of reference."""
        if layer is not None and layer.frame_of_reference_uid != self.frame_of_reference_uid:
            raise ValueError("the overlay lies in another frame of reference than the image")
        self.fused = layer

    @property
    def value_unit(self) -> str:
        """Return the unit of the values on screen; a CT that is still on its way counts as one in Hounsfield units."""
        return "HU" if self.modality == "CT" else ""

    @property
    def has_window(self) -> bool:
        """Tell whether a window is in force: true colours are shown as they are, and what is not here has none yet."""
        source = self._source()
        return not (isinstance(source, SliceImage) and source.is_color)

    @property
    def raw_unit(self) -> str:
        """Return what a PET is shown in while it has no uptake values, with a space before it; empty otherwise."""
        if self.modality != "PT" or self.uptake is not None:
            return ""
        return f" {self.value_unit or tr('stored values')}"

    @property
    def takes_ct_windows(self) -> bool:
        """Tell whether the windows of CT show here what they are named after; the values of some CTs are no HU."""
        return self.modality == "CT" and self.value_unit == "HU"

    def preset_window(self, key: str) -> Window | None:
        """Return the window behind a digit key; CT presets exist for CT in Hounsfield units only."""
        if key == FULL_DYNAMIC_KEY:
            return self.full_range()
        if key == IMAGE_DEFAULT_KEY:
            default = self._first_voi()
            return default if isinstance(default, Window) else None
        if self.uptake is not None:
            return self.uptake.preset(key)
        preset = CT_PRESETS.get(key) if self.takes_ct_windows else None
        return preset.window if preset is not None else None

    def measured(self) -> SliceImage | None:
        """Return the displayed slice with the values that are told to the reader, None while there is none."""
        image = self.measurable()
        return image if image is None or self.uptake is None else self.uptake.measured(image)

    def scroll_by(self, slices: int) -> bool:
        """Show another slice; True when the picture changed."""
        return self.scroll_to(self.index + slices)

    # painting -------------------------------------------------------------------------------

    def frame(self, viewport: Size, preview: Annotation | None = None) -> Frame:
        """Return what to paint into ``(width, height)`` logical pixels; ``preview`` is being drawn right now."""
        view = self.view(viewport)
        source = self._source()
        if view is None or source is None:
            return Frame(viewport, self._overlay(view, viewport, None))
        grayscale = self._grayscale(source)
        if self.fused is not None and isinstance(source, SliceImage):
            source = self.fused.over(source, grayscale)
        fused = self.fused if isinstance(source, ResliceRequest) else None
        return Frame(viewport, self._overlay(view, viewport, preview), source, view.transform, grayscale, fused)

    def marks(self, view: SliceView) -> tuple[MarkOutline, ...]:
        """Return the findings on the displayed plane; another patient's or frame's findings never."""
        found = self.findings
        if found is None or not self.show_marks or found.study_instance_uid != self.study_instance_uid:
            return ()
        visible = marks.shown(found, show_rejected=self.show_rejected)
        source, chosen = self._source(), self.selected_finding
        drawn: tuple[MarkOutline, ...] = ()
        if isinstance(source, SliceImage) and source.sop_instance_uid:
            drawn = marks.boxes(
                visible, view, source.sop_instance_uid, self.frame_number, selected=chosen, dragged=self.dragged_box
            )
        if found.frame_of_reference_uid:
            if found.frame_of_reference_uid != self.frame_of_reference_uid:
                return drawn
        elif found.series_instance_uid != self.series_instance_uid:
            return drawn
        in_space = marks.outlines(
            visible,
            view,
            slice_step_mm=self.slice_step_mm,
            selected=chosen,
            detailed=self._detailed_labels(),
        )
        return (*in_space, *drawn)

    def visible_annotations(self, view: SliceView) -> tuple[Annotation, ...]:
        """Return the annotations that lie on the displayed slice."""
        own = (item for item in self._own_annotations() if not self._is_of_another_frame(item))
        return tuple(item for item in own if self._shows(item, view))

    def _own_annotations(self) -> tuple[Annotation, ...]:
        """
        Return the annotations of this study that could appear here: never those of another frame of reference.

        Images without one share their space with nobody but their own series.
        """
        if self.annotations.value.study_instance_uid != self.study_instance_uid:
            return ()
        frame, series = self.frame_of_reference_uid, self.series_instance_uid
        return tuple(
            a
            for a in self.annotations.items
            if a.points_px or (a.frame_of_reference_uid == frame and (frame or a.series_instance_uid == series))
        )

    def _shows(self, annotation: Annotation, view: SliceView) -> bool:
        if annotation.points_px:
            source = self._source()
            uid = source.sop_instance_uid if isinstance(source, SliceImage) else ""
            here = uid, self.frame_number
            return here == (annotation.referenced_sop_instance_uid, annotation.referenced_frame)
        return view.plane is not None and callipers.lies_on(annotation, view.plane, self.slice_step_mm / 2)

    def _is_of_another_frame(self, annotation: Annotation) -> bool:  # noqa: ARG002 - only stacks have frames
        """Tell whether an annotation belongs to another frame of this stack, at the same place in another phase."""
        return False

    def _told(self, annotation: Annotation, drawn: overlay.Calliper) -> overlay.Calliper:
        """Return a calliper with the words that hold for what is on screen."""
        lines: tuple[str, ...] = ()
        is_late = self._is_read_late(annotation)
        if self.sphere_words is not None and annotation.kind is AnnotationKind.SPHERE:
            lines = self.sphere_words(annotation)
        if lines:
            return replace(drawn, lines=(*((annotation.text,) if annotation.text else ()), *lines))
        if drawn.lines and callipers.has_values(annotation) and self._has_other_values(annotation):
            return replace(drawn, lines=callipers.words_elsewhere(annotation))
        return replace(drawn, lines=(*drawn.lines, tr("Measuring…"))) if is_late and drawn.lines else drawn

    def _is_read_late(self, annotation: Annotation) -> bool:
        """Have the values of a sphere read that has none yet, where this picture shows them; tell if they come."""
        if annotation.kind is not AnnotationKind.SPHERE or annotation.statistics is not None:
            return False
        volume, read = self.measured_volume, self.read_late
        return (
            volume is not None
            and read is not None
            and not self._has_other_values(annotation)
            and read(annotation, volume)
        )

    def _has_other_values(self, annotation: Annotation) -> bool:
        """Tell whether the values of an annotation were read on another series or another stack than this one."""
        made_on = annotation.series_instance_uid
        return bool(made_on) and (made_on, annotation.stack_number) != self.stack_key

    def _callipers(self, view: SliceView, preview: Annotation | None) -> tuple[overlay.Calliper, ...]:
        drawn = []
        for item in self._own_annotations():
            selected = item.uid == self.selected_annotation
            if (preview is not None and item.uid == preview.uid) or self._is_of_another_frame(item):
                continue
            if self._shows(item, view):
                drawn.append(self._told(item, callipers.calliper(item, view, selected=selected)))
            else:
                cut = callipers.cut_calliper(item, view, self.slice_step_mm / 2, selected=selected)
                drawn += [self._told(item, cut)] if cut is not None else []
        if preview is not None and self._shows(preview, view):
            drawn.append(callipers.calliper(preview, view, selected=preview.uid == self.selected_annotation))
        return tuple(drawn)

    def finding_at(self, viewport: Size, x: float, y: float) -> str:
        """Return the tracking UID of the finding under a viewport pixel, the smallest first; else empty."""
        view = self.view(viewport)
        hit = [mark for mark in self.marks(view) if mark.contains(x, y)] if view is not None else []
        return min(hit, key=lambda mark: mark.radius_px).tracking_uid if hit else ""

    def point_at(self, viewport: Size, x: float, y: float) -> Point | None:
        """Return the patient point under a viewport pixel; None off the image and without geometry."""
        view = self.view(viewport)
        if view is None or view.plane is None or view.pixel_at(x, y) is None:
            return None
        return view.lps_of(x, y)

    def _detailed_labels(self) -> bool:
        return True

    def _grayscale(self, source: SliceImage | ResliceRequest | VolumeRequest) -> GrayscaleTransform:
        if isinstance(source, SliceImage):
            voi = self.voi if self.uptake is None else self.uptake.displayed(self.voi, source)
            return GrayscaleTransform(voi, source.monochrome1 != self.state.inverted, source.padding)
        return GrayscaleTransform(self.voi, self.state.inverted)

    def _overlay(self, view: SliceView | None, viewport: Size, preview: Annotation | None) -> Overlay:
        about = self._view_captions()
        if self.fused is not None:
            about = replace(about, warnings=(*about.warnings, *self.fused.warnings))
        explained = self._explained_here() if view is not None else None
        if explained is not None:
            about = replace(about, warnings=(*about.warnings, explained.warning))
        uptake = self.uptake.warnings if self.uptake is not None else (self.no_uptake,) if self.no_uptake else ()
        about = replace(about, warnings=(*about.warnings, *uptake))
        if self.lossy_ratio is not None:
            about = replace(about, warnings=(lossy_text(self.lossy_ratio, self.lossy_method), *about.warnings))
        if self.person_warning:
            about = replace(about, warnings=(self.person_warning, *about.warnings))
        if view is None:
            return Overlay(corner_lines(self.captions, about, viewport, self.identity), message=self._message())
        about = replace(
            about,
            window=self._window_text(),
            magnification=magnification_text(view),
            matrix=self._matrix_text(view),
            probe=self._probe_text(viewport),
        )
        if view.camera.flipped != self.hung_camera.flipped:
            about = replace(about, warnings=(*about.warnings, tr("Mirrored")))
        drawn = self.marks(view)
        coloured = self.fused or explained
        captions = corner_lines(self.captions, about, viewport, self.identity)
        return Overlay(
            captions=captions,
            letters=overlay.letters(view),
            marks=drawn,
            callipers=self._callipers(view, preview),
            crosshair=self._crosshair_strokes(view, drawn),
            guides=self._guides(view) + (self.reference_lines(view) if self.reference_lines is not None else ()),
            scale_bar=overlay.scale_bar(view),
            foreign=self._foreign_shapes(view),
            colour_bar=None
            if coloured is None
            else colour_bar(coloured.legend(), viewport, overlay.surroundings(view, captions)),
            tint=explained.tint(view) if explained is not None else None,
            badge=tr("Key image") if self.is_key else "",
        )

    def _explained_here(self) -> OcclusionLayer | None:
        """Return the explanation of exactly the displayed image; none while the marks are hidden."""
        source, layer = self._source(), self.explained
        if layer is None or not self.show_marks or not isinstance(source, SliceImage):
            return None
        return layer if layer.place.is_on(source.sop_instance_uid, self.frame_number) else None

    @property
    def is_key(self) -> bool:
        """Tell whether the displayed image is a key image; planes and volumes never are."""
        return False

    def _foreign_shapes(self, view: SliceView) -> tuple[ForeignShape, ...]:
        return self.foreign(view) if self.foreign is not None else ()

    def _window_text(self) -> str:
        if not self.has_window:
            return ""
        if self.own_words:
            return f"{window_text(self.voi)} · {self.own_words}"
        is_linear = isinstance(self.voi, Window) and self.voi.function is not VoiFunction.SIGMOID
        if self.uptake is not None and is_linear:
            return self.uptake.words(self.window)
        return f"{window_text(self.voi)}{self.raw_unit}"

    def _matrix_text(self, view: SliceView) -> str:
        return matrix_text(view)

    def _crosshair_strokes(self, view: SliceView, drawn: tuple[MarkOutline, ...]) -> tuple[Stroke, ...]:
        return () if self.crosshair is None else overlay.crosshair(view, self.crosshair, drawn)

    def _guides(self, view: SliceView) -> tuple[Stroke, ...]:  # noqa: ARG002 - planes have guides, stacks have none
        return ()

    def _probe_text(self, viewport: Size) -> str:
        found = self.value_at(viewport, *self.probe_at) if self.probe_at is not None else None
        source = self._source() if self.uptake is not None else None
        if found is not None and self.uptake is not None:
            factor = self.uptake.factor_of(source) if isinstance(source, SliceImage) else self.uptake.factor
            found = found if factor is None else (round(found[0] * factor, 2), self.uptake.unit)
        own = probe_text(*found) if found is not None else ""
        return f"{own}  {self._fused_text(viewport)}".strip()

    def _fused_text(self, viewport: Size) -> str:
        view = self.view(viewport) if self.fused is not None and self.probe_at is not None else None
        if self.fused is None or self.probe_at is None or view is None or view.plane is None:
            return ""
        return self.fused.value_text(view.lps_of(*self.probe_at))

    def _message(self) -> str:
        return ""

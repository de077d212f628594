"""What a stack and an MPR viewport have in common: view state, marks, measurements and text."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace

from resources.translation import tr
from viewers.scene import marks, overlay
from viewers.scene.annotations import Annotations
from viewers.scene.camera import Camera
from viewers.scene.captions import Identity, StudyCaptions, ViewCaptions, corner_lines
from viewers.scene.colour_bar import colour_bar
from viewers.scene.drawn_annotations import DrawnAnnotations, SphereValues
from viewers.scene.frame import Frame, Size, Source
from viewers.scene.fusion import FusedLayer
from viewers.scene.image import SliceImage
from viewers.scene.marks import MarkOutline
from viewers.scene.occlusion_layer import OcclusionLayer
from viewers.scene.overlay import ForeignShape, Overlay, Stroke
from viewers.scene.picture_doubts import MadeOf
from viewers.scene.picture_place import PicturePlace, StackPlace
from viewers.scene.presets import FULL_DYNAMIC_KEY
from viewers.scene.raster import GrayscaleTransform, VoiLut, Window
from viewers.scene.reslice import ResliceRequest
from viewers.scene.scale_bar import ScaleBar, scale_bars
from viewers.scene.slice_view import SliceView
from viewers.scene.uptake import Uptake
from viewers.scene.view_state import ViewState
from viewers.scene.viewtext import magnification_text, matrix_text, probe_text
from viewers.scene.windowing import Windowing
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.finding import FindingList
from workstation.domain.frames import FrameRef
from workstation.domain.geometry import Point
from workstation.domain.image_place import BoxPx
from workstation.domain.volume import Volume


class Scene(ABC):
    """
    One viewport's content. Not thread-safe: call on the main thread.

    ``modality`` and ``frame_of_reference_uid`` decide what may be linked with what.
    """

    read_late: Callable[[Annotation, Volume | SliceImage], bool] | None = None
    """Has the statistics of a large sphere or region read in a job; tells whether they are still to come"""

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
        """The coloured overlay; set it with ``fuse``"""
        self.explained: OcclusionLayer | None = None
        """What a classifier's score of one image comes from; drawn on that image alone"""
        self.uptake: Uptake | None = None
        """How values of a PET become uptake values; what is read off the picture is then told in them"""
        self.made_of = MadeOf()
        """What the images that planes and volumes are made of say of themselves"""
        self.no_uptake = ""
        """Why a PET has no uptake values, in words"""
        self.sphere_values: SphereValues | None = None
        """What a PET that lies here says of spheres"""
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
    def _source(self) -> Source | None: ...

    def _image(self) -> SliceImage | None:
        """Return the image on screen; a plane or rendering that is still to be made is none."""
        return None

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

    @property
    def place(self) -> PicturePlace:
        """Return whose picture is on screen and where it lies."""
        image = self._image()
        return PicturePlace(
            self.study_instance_uid,
            self.frame_of_reference_uid,
            *self.stack_key,
            self.slice_step_mm,
            image.sop_instance_uid if image is not None else "",
            self.frame_number,
            self._stack_place(),
        )

    def _stack_place(self) -> StackPlace | None:
        return None

    # state ----------------------------------------------------------------------------------

    @property
    def windowing(self) -> Windowing:
        """Return which window is in force here and what the picture offers instead."""
        return Windowing(self.state, self._image(), self.uptake, self.takes_ct_windows, self.raw_unit, self._first_voi)

    @property
    def voi(self) -> Window | VoiLut:
        """Return the window (or VOI LUT) in force."""
        return self.windowing.voi

    @property
    def window(self) -> Window:
        """Return the window to start a change from; a VOI LUT counts as its input span."""
        return self.windowing.window

    def show_own(self, number: int) -> None:
        """Show every image with the window of its own that has this number, from 0."""
        self.state = self.state.with_own(number)

    def show_following_own(self) -> bool:
        """Show the image's next window of its own; False where it brings none."""
        number = self.windowing.following_own
        if number is not None:
            self.show_own(number)
        return number is not None

    def _first_voi(self) -> Window | VoiLut:
        return self._default_voi() if self.uptake is None else self.uptake.first_window

    @property
    def first_state(self) -> ViewState:
        """Return how a series is shown before anybody changed anything: a PET dark on light."""
        return ViewState(inverted=self.modality == "PT")

    @property
    def own_state(self) -> ViewState:
        """Return how the reader chose to see it, whatever is shown right now."""
        return self.state

    def set_window(self, window: Window) -> None:
        """Show with another window."""
        self.state = self.state.windowed(window)

    def set_camera(self, camera: Camera) -> None:
        """Zoom, pan, rotate or flip."""
        self.state = replace(self.state, camera=camera)

    def toggle_invert(self) -> None:
        """Exchange black and white."""
        self.state = replace(self.state, inverted=not self.state.inverted)

    def fit(self) -> None:
        """Fit the image into the viewport; rotation and flip stay."""
        self.state = self.state.fitted()

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
        image = self._image()
        return image is None or not image.is_color

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
        return self.full_range() if key == FULL_DYNAMIC_KEY else self.windowing.preset(key)

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
        if self.findings is None or not self.show_marks:
            return ()
        return marks.on_picture(
            self.findings,
            view,
            self.place,
            show_rejected=self.show_rejected,
            selected=self.selected_finding,
            dragged=self.dragged_box,
            detailed=self._detailed_labels(),
        )

    def visible_annotations(self, view: SliceView) -> tuple[Annotation, ...]:
        """Return the annotations that lie on the displayed slice."""
        return self._drawn().visible(view)

    def _drawn(self) -> DrawnAnnotations:
        return DrawnAnnotations(
            self.annotations.value,
            self.place,
            self.selected_annotation,
            self.sphere_values,
            self._reads_late,
        )

    @property
    def reads_regions_late(self) -> bool:
        """Tell whether the values inside a large region on the displayed image come later."""
        return self.read_late is not None and self._image() is not None

    def _reads_late(self, annotation: Annotation) -> bool:
        """Have the statistics read that an annotation here has not; True while they are to come."""
        if self.read_late is None:
            return False
        if annotation.kind is AnnotationKind.SPHERE:
            return self.measured_volume is not None and self.read_late(annotation, self.measured_volume)
        image = self.measured() if self._image() is not None else None
        return image is not None and not image.is_color and self.read_late(annotation, image)

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

    def _grayscale(self, source: Source) -> GrayscaleTransform:
        if isinstance(source, SliceImage):
            voi = self.voi if self.uptake is None else self.uptake.displayed(self.voi, source)
            return GrayscaleTransform(voi, source.monochrome1 != self.state.inverted, source.padding)
        return GrayscaleTransform(self.voi, self.state.inverted)

    def _overlay(self, view: SliceView | None, viewport: Size, preview: Annotation | None) -> Overlay:
        explained = self._explained_here() if view is not None else None
        about = self._view_captions()
        about = replace(about, warnings=self._warnings(about.warnings, view, explained))
        if view is None:
            return Overlay(corner_lines(self.captions, about, viewport, self.identity), message=self._message())
        about = replace(
            about,
            window=self._window_text(),
            magnification=self._magnification_text(view),
            matrix=self._matrix_text(view),
            probe=self._probe_text(viewport),
            overlay=self.fused.words if self.fused is not None else "",
        )
        drawn = self.marks(view)
        coloured = self.fused or explained
        captions = corner_lines(self.captions, about, viewport, self.identity, air=self._air(view))
        return Overlay(
            captions=captions,
            letters=overlay.letters(view.viewport, self._letters(view)),
            marks=drawn,
            callipers=self._drawn().callipers(view, preview),
            crosshair=self._crosshair_strokes(view, drawn),
            guides=self._guides(view) + (self.reference_lines(view) if self.reference_lines is not None else ()),
            scale_bars=self._scale_bars(view),
            foreign=self._foreign_shapes(view),
            colour_bar=None
            if coloured is None
            else colour_bar(coloured.legend(), viewport, overlay.surroundings(view, captions)),
            tint=explained.tint(view) if explained is not None else None,
            badge=tr("Key image") if self.is_key else "",
        )

    def _warnings(
        self, own: Iterable[str], view: SliceView | None, explained: OcclusionLayer | None
    ) -> tuple[str, ...]:
        """Return what must be said in red, who is on screen first; ``own`` is what the picture says of itself."""
        said = (
            self.person_warning,
            self.made_of.doubt,
            *own,
            *(self.fused.warnings if self.fused is not None else ()),
            explained.warning if explained is not None else "",
            *(self.uptake.warnings if self.uptake is not None else (self.no_uptake,)),
            tr("Mirrored") if view is not None and view.camera.flipped != self.hung_camera.flipped else "",
        )
        return tuple(one for one in said if one)

    def _explained_here(self) -> OcclusionLayer | None:
        """Return the explanation of exactly the displayed image; none while the marks are hidden."""
        image, layer = self._image(), self.explained
        if layer is None or not self.show_marks or image is None:
            return None
        return layer if layer.place.is_on(image.sop_instance_uid, self.frame_number) else None

    @property
    def is_key(self) -> bool:
        """Tell whether the displayed image is a key image; planes and volumes never are."""
        return False

    def _foreign_shapes(self, view: SliceView) -> tuple[ForeignShape, ...]:
        return self.foreign(view) if self.foreign is not None else ()

    def _window_text(self) -> str:
        return self.windowing.words if self.has_window else ""

    def _magnification_text(self, view: SliceView) -> str:
        return magnification_text(view)

    def _matrix_text(self, view: SliceView) -> str:
        return matrix_text(view)

    def _crosshair_strokes(self, view: SliceView, drawn: tuple[MarkOutline, ...]) -> tuple[Stroke, ...]:
        return () if self.crosshair is None else overlay.crosshair(view, self.crosshair, drawn)

    def _air(self, view: SliceView) -> str:  # noqa: ARG002 - films of a breast have a side without tissue
        """Return the side of the picture that is free for text, empty where neither is more than the other."""
        return ""

    def _letters(self, view: SliceView) -> dict[str, str]:
        return view.letters()

    def _scale_bars(self, view: SliceView) -> tuple[ScaleBar, ...]:
        return scale_bars(view, self._image())

    def _guides(self, view: SliceView) -> tuple[Stroke, ...]:  # noqa: ARG002 - planes have guides, stacks have none
        return ()

    def _probe_text(self, viewport: Size) -> str:
        found = self.value_at(viewport, *self.probe_at) if self.probe_at is not None else None
        if found is not None and self.uptake is not None:
            found = self.uptake.read(*found, self._image())
        own = probe_text(*found) if found is not None and math.isfinite(found[0]) else ""
        return f"{own}  {self._fused_text(viewport)}".strip()

    def _fused_text(self, viewport: Size) -> str:
        view = self.view(viewport) if self.fused is not None and self.probe_at is not None else None
        if self.fused is None or self.probe_at is None or view is None or view.plane is None:
            return ""
        return self.fused.value_text(view.lps_of(*self.probe_at))

    def _message(self) -> str:
        return ""

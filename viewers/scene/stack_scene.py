"""A stack of two-dimensional images, shown as they arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.applied_state import AppliedState, Later, PixelSizeMm
from viewers.scene.captions import Identity, StudyCaptions, ViewCaptions
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.measure import value_at
from viewers.scene.overlay import ForeignShape
from viewers.scene.picture_doubts import image_doubts
from viewers.scene.picture_place import StackPlace
from viewers.scene.raster import VoiLut, Window
from viewers.scene.scene import Scene
from viewers.scene.side_by_side import air_side, millimetres
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_images import StackImages
from viewers.scene.technique_words import technique_text, thickness_text
from viewers.scene.view_state import ViewState
from viewers.scene.view_words import view_name
from viewers.scene.viewtext import location_text
from workstation.dicom.objects.presentation import PresentationState
from workstation.domain.frames import Cine, FrameRef
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.study import Series
from workstation.domain.technique import UNKNOWN, Technique

_SINGLE_SLICE_STEP_MM = 1.0
_SAME_PLACE_MM: Final = 0.01


@dataclass(frozen=True, slots=True)
class StackSlot:
    """A place in the stack, known before its pixels are here. ``frame`` counts from 0."""

    sop_instance_uid: str
    frame: int = 0
    plane: ImagePlane | None = None
    view_name: str = ""
    """Side, view and modifiers of a projection, like ``R MLO`` or ``L CC spot``; empty where the image names none"""
    technique: Technique = UNKNOWN
    size: tuple[int, int] = (0, 0)
    """(columns, rows), zeros where unknown"""


def slots_of(series: Series) -> tuple[StackSlot, ...]:
    """Return one slot per image or frame of a series, in display order."""
    facts = {
        one.sop_instance_uid: (
            view_name(one),
            one.technique,
            (one.columns, one.rows),
        )
        for one in series.instances
    }
    return tuple(
        StackSlot(
            one.ref.sop_instance_uid,
            one.ref.frame_number - 1,
            one.plane,
            *facts.get(one.ref.sop_instance_uid, ("", UNKNOWN, (0, 0))),
        )
        for one in series.frames
    )


class StackScene(Scene):
    """
    Images in display order; a missing one shows which slice is being fetched and nothing else.

    ``on_demand`` stacks hold a bounded number of frames near the one on screen.
    """

    def __init__(
        self,
        slots: Sequence[StackSlot],
        *,
        annotations: Annotations,
        new_uid: Callable[[], str],
        modality: str = "CT",
        frame_of_reference_uid: str = "",
        series_instance_uid: str = "",
        stack_number: int = 0,
        captions: StudyCaptions | None = None,
        thickness_mm: float | None = None,
        on_demand: bool = False,
        cine: Cine | None = None,
    ) -> None:
        super().__init__(
            annotations=annotations,
            new_uid=new_uid,
            modality=modality,
            frame_of_reference_uid=frame_of_reference_uid,
            series_instance_uid=series_instance_uid,
            stack_number=stack_number,
            captions=captions,
        )
        if not slots:
            raise ValueError("a stack needs at least one slot")
        self.slots = tuple(slots)
        self._frames_of = Counter(one.sop_instance_uid for one in self.slots)
        self._frames = frozenset(FrameRef(one.sop_instance_uid, one.frame + 1) for one in self.slots)
        self.thickness_mm = thickness_mm
        self.is_off_scale = False
        """Whether others stand beside it at one scale and it cannot: of unknown size, or a mere dot at theirs"""
        self._on_demand = on_demand
        self._images = StackImages(len(self.slots), on_demand=on_demand)
        self.cine = cine
        """How it plays, None where its images do not follow each other in time"""
        self._index = 0 if cine is not None else len(self.slots) // 2
        self._applied: AppliedState | None = None
        self._own: ViewState | None = None
        """The reader's own state while the presentation state shows the image"""

    # arrival --------------------------------------------------------------------------------

    def put(self, index: int, image: SliceImage) -> bool:
        """Add one decoded image; True when it is the one on screen. IndexError beyond the stack."""
        slot = self.slots[index]
        if image.plane is None and slot.plane is not None:
            image = replace(image, plane=slot.plane)
        self._images.put(index, image, self._index)
        return index == self._index

    def fail(self, index: int, text: str) -> bool:
        """Say in the viewport why an image cannot be shown, and show none; True when it is the one on screen."""
        self._images.fail(index, text)
        return index == self._index

    def drop(self, index: int) -> None:
        """Forget the pixels of one image, for a bounded memory."""
        self._images.drop(index)

    def hold(self, decoded_bytes: int) -> None:
        """Hold no more than this of what comes on demand; whoever sends it must be told the same."""
        self._images.hold(decoded_bytes, self._index)

    @property
    def arrived(self) -> frozenset[int]:
        """Return the slices whose pixels are here whole."""
        return frozenset(self._images.whole)

    @property
    def is_early(self) -> bool:
        """Tell whether what is on screen was checked by nothing yet: to be looked at, and nothing else."""
        return self._images.is_early(self._index)

    @property
    def fetching(self) -> int | None:
        """Return the displayed slice (from 0) while its pixels are missing, else None."""
        return None if self._index in self._images.whole or self._index in self._images.failed else self._index

    @property
    def view_name(self) -> str:
        """Return side and view of the displayed projection, like ``R MLO``; empty in space."""
        return self.slots[self._index].view_name if self._plane(self._index) is None else ""

    @property
    def is_on_demand(self) -> bool:
        """Tell whether frames come and go with the place on screen."""
        return self._on_demand

    def image(self, index: int) -> SliceImage | None:
        """Return the image of a slice when it is here whole."""
        return self._images.whole.get(index)

    # Scene ----------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Return the number of slices."""
        return len(self.slots)

    @property
    def index(self) -> int:
        """Return the displayed slice, from 0."""
        return self._index

    @property
    def slice_step_mm(self) -> float:
        """
        Return the wider gap to a neighbour, so that no finding falls between uneven slices.

        Neighbours face the same way and lie elsewhere: no slice of the next disc, not the same place in another phase.
        """
        here = self._plane(self._index)
        if here is None:
            return _SINGLE_SLICE_STEP_MM
        ways = (range(self._index - 1, -1, -1), range(self._index + 1, self.count))
        gaps = [gap for way in ways if (gap := self._gap_mm(here, way)) is not None]
        return (
            max(
                gaps,
                default=self.slots[self._index].technique.thickness_mm or self.thickness_mm or _SINGLE_SLICE_STEP_MM,
            )
            or _SINGLE_SLICE_STEP_MM
        )

    def _gap_mm(self, here: ImagePlane, way: range) -> float | None:
        for index in way:
            plane = self._plane(index)
            if plane is not None and plane.faces_as(here):
                gap = abs(here.distance_mm(plane.origin))
                if gap > _SAME_PLACE_MM:
                    return gap
        return None

    def scroll_to(self, index: int) -> bool:
        """Show a slice, clamped to the stack; True when the picture changed."""
        target = min(max(index, 0), self.count - 1)
        changed = target != self._index
        if changed:
            self._go(target)
        return changed

    def show_point(self, lps_mm: Point) -> None:
        """
        Show the slice nearest to a patient point among those that face as the displayed one; without any nothing moves.

        One that holds the point goes before one that it lies beside. Of several at one place the same is shown again,
        counted from the first of them: a phase stays a phase.
        """
        self.crosshair = lps_mm
        here = self._plane(self._index)
        away = sorted(
            (abs(plane.distance_mm(lps_mm)), n)
            for n in range(self.count)
            if (plane := self._plane(n)) is not None and (here is None or plane.faces_as(here))
        )
        if away:
            least = next((mm for mm, n in away if self._holds(n, lps_mm)), away[0][0])
            near = sorted(n for mm, n in away if least <= mm <= least + _SAME_PLACE_MM)
            nearest = [n for n in near if self._holds(n, lps_mm)] or near
            turn = 0 if here is None else self._turn(here)
            self.scroll_to(nearest[min(turn, len(nearest) - 1)] if self._is_one_place(nearest) else nearest[0])

    def _holds(self, index: int, lps_mm: Point) -> bool:
        columns, rows = self.slots[index].size
        plane = self._plane(index)
        if plane is None or not columns:
            return plane is not None
        column, row = plane.pixel_of(lps_mm)
        return -0.5 <= column < columns - 0.5 and -0.5 <= row < rows - 0.5

    def _turn(self, here: ImagePlane) -> int:
        """Return how many slices at the displayed place come before the displayed one."""
        before = (self._plane(n) for n in range(self._index))
        return sum(
            plane is not None and plane.faces_as(here) and abs(plane.distance_mm(here.origin)) <= _SAME_PLACE_MM
            for plane in before
        )

    def _is_one_place(self, indices: Sequence[int]) -> bool:
        planes = [plane for n in indices if (plane := self._plane(n)) is not None]
        return all(abs(one.distance_mm(planes[0].origin)) <= _SAME_PLACE_MM for one in planes)

    def view(self, viewport: Size) -> SliceView | None:
        """Return the displayed geometry, None while the slice is missing."""
        image = self._images.shown(self._index)
        if image is None:
            return None
        if self._applied is not None and self._own is not None:
            camera = self._applied.camera(self._index, image, self.ref(self._index), viewport, self.state.camera)
            if camera is not self.state.camera:
                self.state = replace(self.state, camera=camera)
            image = self._applied.image(self._index, image, self.ref(self._index))
        return SliceView(
            (image.columns, image.rows),
            viewport,
            self.state.camera,
            image.plane,
            image.aspect,
            image.patient_orientation,
        )

    def measurable(self) -> SliceImage | None:
        """
        Return the displayed image once it is here whole.

        Its values are as stored, and hidden is what is hidden on the screen: a presentation state brings its own
        shutter, or shows what the image's one hides.
        """
        image, shown = self.image(self._index), self._source()
        if image is None or shown is None:
            return None
        frame_uid = self.frame_of_reference_uid
        if image.frame_of_reference_uid == frame_uid and image.visible is shown.visible:
            return image
        return replace(image, frame_of_reference_uid=frame_uid, visible=shown.visible)

    @property
    def frame_number(self) -> int | None:
        """Return the displayed frame of a multi-frame image, from 1; None for a single-frame image."""
        here = self.slots[self._index]
        several = here.frame > 0 or self._frames_of[here.sop_instance_uid] > 1
        return here.frame + 1 if several and here.sop_instance_uid else None

    @property
    def has_window(self) -> bool:
        """Tell whether a window is in force; an image brings its own along, unless the reader chose one before."""
        return super().has_window and (self._source() is not None or self.state.voi is not None)

    @property
    def value_unit(self) -> str:
        """Return the unit of the values on screen, those of a presentation state in force; else of the first image."""
        image, whole = self._source(), self._images.whole
        if image is None and whole:
            image = whole[min(whole)]
        return super().value_unit if image is None else image.unit

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:
        """Return the stored value nearest to a viewport pixel."""
        view, image = self.view(viewport), self.measurable()
        if view is None or image is None:
            return None
        value = value_at(image, *view.inverse.apply(x, y))
        return None if value is None else (value, image.unit)

    def full_range(self) -> Window | None:
        """Return the window over all values of the displayed image."""
        image = self._source()
        return None if image is None else image.full_window

    # presentation states --------------------------------------------------------------------

    @property
    def presentation(self) -> PresentationState | None:
        """Return the presentation state in force, whether or not it speaks of the displayed image."""
        return self._applied.state if self._applied is not None else None

    @property
    def refusal(self) -> str:
        """Return why the state in force is not done to the displayed image, empty where it is."""
        image = self._images.shown(self._index)
        if image is None or self._applied is None or self._own is None:
            return ""
        return self._applied.refusal(self._index, image, self.ref(self._index))

    @property
    def is_state_awaited(self) -> bool:
        """Tell whether the displayed image is still being made as the state in force wants it."""
        image = self._images.shown(self._index)
        if image is None or self._applied is None or self._own is None:
            return False
        return self._applied.is_waiting(self._index, image, self.ref(self._index))

    @property
    def partial_state(self) -> str:
        """Return why the state in force gives the displayed image view and annotations alone; empty where all."""
        image = self._images.shown(self._index)
        if image is None or self._applied is None or self._own is None:
            return ""
        if not self._applied.is_partial(self._index, image, self.ref(self._index)):
            return ""
        if image.is_color:
            return tr("it is a state for grey images, and this one has colours")
        return tr("it is a state for colour images, and this one is grey")

    @property
    def state_gaps(self) -> tuple[str, ...]:
        """Return what of the state in force is not done to the displayed image, which is shown as stored else."""
        image = self._images.shown(self._index)
        if image is None or self._applied is None or self._own is None:
            return ()
        return self._applied.gaps(self._index, image, self.ref(self._index))

    def present(
        self, state: PresentationState | None, later: Later | None = None, pixel_mm: PixelSizeMm | None = None
    ) -> None:
        """
        Show the images that a state speaks of as it says, or all in the reader's own state again.

        With ``later`` large images are made on another thread and follow; ``pixel_mm`` tells how large a viewport pixel
        is on the screen, for true size.
        """
        self._leave_state()
        self._applied = AppliedState(state, later, pixel_mm) if state is not None else None
        self._go(self._index)

    @property
    def own_state(self) -> ViewState:
        """Return how the reader chose to see it, whatever is shown right now."""
        return self.state if self._own is None else self._own

    def reset(self) -> None:
        """Return to the image's own window; to the look of the presentation state where one is in force."""
        super().reset()
        if self._applied is not None:
            self._applied.place_anew()

    @property
    def is_key(self) -> bool:
        """Tell whether the displayed image is a key image."""
        return bool(self.key_frames) and self.ref(self._index) in self.key_frames

    def ref(self, index: int) -> FrameRef:
        """Return which frame stands at a place of the stack."""
        slot = self.slots[index]
        return FrameRef(slot.sop_instance_uid, slot.frame + 1)

    def _stack_place(self) -> StackPlace:
        return StackPlace(self.ref(self._index), self._frames)

    def _go(self, index: int) -> None:
        self._leave_state()
        self._index = index
        if self._applied is not None and self._applied.state.shows(self.ref(index)):
            self._own, self.state = self.state, ViewState()
            self._applied.place_anew()

    def _leave_state(self) -> None:
        if self._own is not None:
            self.state, self._own = self._own, None

    def _foreign_shapes(self, view: SliceView) -> tuple[ForeignShape, ...]:
        image = self._images.shown(self._index)
        shapes = super()._foreign_shapes(view)
        if self._applied is None or self._own is None or image is None:
            return shapes
        stored = self._applied.shapes(self._index, image, self.ref(self._index), view)
        if self.identity is not Identity.FULL:  # a state's words may name the patient
            stored = tuple(replace(one, lines=()) for one in stored if one.outline)
        return (*shapes, *stored)

    def _source(self) -> SliceImage | None:
        image = self._images.shown(self._index)
        if image is None or self._applied is None or self._own is None:
            return image
        return self._applied.image(self._index, image, self.ref(self._index))

    def _image(self) -> SliceImage | None:
        return self._source()

    def _first_voi(self) -> Window | VoiLut:
        # a presentation state says itself which window it wants
        return super()._first_voi() if self._own is None else self._default_voi()

    def _default_voi(self) -> Window | VoiLut:
        image = self._source()
        return image.default_voi if image is not None else Window(centre=40, width=400)

    def _view_captions(self) -> ViewCaptions:
        plane = self._plane(self._index)
        view = self.slots[self._index].view_name if plane is None or self.modality == "MG" else ""
        image = self._images.shown(self._index)
        size = (image.columns, image.rows) if image is not None else self.slots[self._index].size
        location = f"{view}  {location_text(plane, size)}".lstrip() if plane is not None else view
        technique = self.slots[self._index].technique
        thickness_mm = technique.thickness_mm or self.thickness_mm
        if thickness_mm is not None:
            location = f"{thickness_text(thickness_mm)}  {location}".rstrip()
        return ViewCaptions(
            slice_position=f"{self._index + 1} / {self.count}",
            location=location,
            technique=technique_text(technique, self.modality),
            warnings=(*self._state_words(), *self._scale_words(), *self._doubts(image)),
        )

    def _scale_words(self) -> tuple[str, ...]:
        if not self.is_off_scale:
            return ()
        image = self._images.shown(self._index)
        if image is not None and millimetres(image) is not None:
            return (tr("Far smaller than the others: not at one scale with them"),)
        return (tr("Scale not known: not at one scale with the others"),)

    def _air(self, view: SliceView) -> str:
        return air_side(view) if self.modality == "MG" else ""

    def _doubts(self, image: SliceImage | None) -> tuple[str, ...]:
        shown = self._source()
        return () if image is None or shown is None else image_doubts(image, self._grayscale(shown).voi, shown)

    def _state_words(self) -> tuple[str, ...]:
        early = (tr("Preview: not measurable until the whole object is here"),) if self.is_early else ()
        if self._applied is None or self._own is None:
            return early
        told = self._applied.state.label if self.identity is Identity.FULL else ""  # a label may name the patient
        label = told or tr("presentation state")
        if self.refusal:
            return (*early, tr("Not shown as stored ({label}): {reason}", label=label, reason=self.refusal))
        if self.partial_state:
            reason = self.partial_state
            return (*early, tr("Only view and annotations as stored ({label}): {reason}", label=label, reason=reason))
        gaps = self.state_gaps
        if gaps:
            return (*early, *(tr("Not all as stored ({label}): {reason}", label=label, reason=one) for one in gaps))
        return (*early, tr("Shown as stored: {label}", label=label))

    def _message(self) -> str:
        failed = self._images.failed.get(self._index)
        return failed if failed is not None else tr("Fetching slice {number}…", number=self._index + 1)

    def _plane(self, index: int) -> ImagePlane | None:
        image = self._images.shown(index)
        return image.plane if image is not None and image.plane is not None else self.slots[index].plane

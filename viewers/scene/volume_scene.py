"""A volume seen from outside: view, preset, cut planes and scissors as plain values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from resources.translation import tr
from viewers.scene.annotations import Annotations
from viewers.scene.captions import StudyCaptions, ViewCaptions
from viewers.scene.drawn_annotations import DrawnAnnotations
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.marks import MarkOutline
from viewers.scene.overlay import PixelPoint, Stroke
from viewers.scene.presets import CT_PRESETS
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from viewers.scene.transfer_functions import (
    SHIFT_STEP,
    VolumePreset,
    preset_title,
    presets_for,
    transfer_function,
)
from viewers.scene.value_ranges import full_range, percentile_range
from viewers.scene.viewtext import magnification_text
from viewers.scene.volume_cuts import CutPlane, Scissors
from viewers.scene.volume_edits import MOST_PLANES, EditHistory, VolumeEdits
from viewers.scene.volume_guides import outline_strokes, plane_strokes, planes_text
from viewers.scene.volume_request import VolumeRequest
from viewers.scene.volume_view import VolumeView
from workstation.domain.annotation import AnnotationList
from workstation.domain.geometry import ImagePlane, Point
from workstation.domain.volume import Volume

_PIXELS: Final = 512
_CUT_STEP_MM: Final = 2.0
_MARGIN: Final = 1.05
_NEAREST_PX: Final = 4.0
"""Outline points closer together than this add nothing."""


class VolumeScene(Scene):
    """
    The whole volume in one viewport.

    Scrolling moves a cut plane through the body along the sight at the time it was begun, so
    that the cut can then be looked at from the side. Of several planes it moves the one in the hand.
    """

    def __init__(
        self,
        volume: Volume,
        *,
        annotations: Annotations,
        new_uid: Callable[[], str],
        modality: str = "CT",
        captions: StudyCaptions | None = None,
    ) -> None:
        super().__init__(
            annotations=annotations,
            new_uid=new_uid,
            modality=modality,
            frame_of_reference_uid=volume.frame_of_reference_uid,
            series_instance_uid=volume.series_instance_uid,
            stack_number=volume.stack_number,
            captions=captions,
        )
        self.volume = volume
        self.presets = presets_for(volume.unit)
        self.preset = self.presets[0]
        self.shift = 0.0
        self.looking = VolumeView()
        self._history = EditHistory()
        self.has_couch = modality == "CT" and volume.unit == "HU"
        self.hides_couch = self.has_couch
        self.scissoring = False
        self.outline: tuple[PixelPoint, ...] = ()
        """The scissors' way so far, in viewport pixels."""
        self._default: Window | None = None
        z, y, x = volume.voxels.shape
        ends = volume.lps_of([(i, j, k) for i in (-0.5, x - 0.5) for j in (-0.5, y - 0.5) for k in (-0.5, z - 0.5)])
        middle = ends.mean(axis=0)
        self.centre = _point(middle)
        self._ends = ends - middle
        self.extent_mm = float((ends.max(axis=0) - ends.min(axis=0)).max()) * _MARGIN

    # looking --------------------------------------------------------------------------------

    def turn(self, across: float, along: float) -> None:
        """Turn the body under the hand, in radians to the right and downwards."""
        self.looking = self.looking.turned(across, along)

    def look(self, view: VolumeView) -> None:
        """Look from somewhere else."""
        self.looking = view

    def choose(self, preset: VolumePreset) -> None:
        """Show with another preset. ValueError when it makes no sense for the voxels' unit."""
        if preset not in self.presets:
            raise ValueError(f"{preset} needs Hounsfield units")
        self.preset, self.shift = preset, 0.0

    def next_preset(self) -> None:
        """Show with the following preset (key M)."""
        self.choose(self.presets[(self.presets.index(self.preset) + 1) % len(self.presets)])

    def move_threshold(self, steps: int) -> None:
        """Show less (positive) or more of the body."""
        self.shift += steps * SHIFT_STEP

    def reset(self) -> None:
        """See the whole body from the front again; what was cut away comes back by one undo."""
        super().reset()
        self.looking, self.shift, self.scissoring, self.outline = VolumeView(), 0.0, False, ()
        self._history.edit(VolumeEdits())

    def toggle_couch(self) -> None:
        """Show the couch, and all else that is no body, or leave it out again."""
        self.hides_couch = self.has_couch and not self.hides_couch

    # cutting --------------------------------------------------------------------------------

    @property
    def edits(self) -> VolumeEdits:
        """Return what is cut away."""
        return self._history.now

    @property
    def value_unit(self) -> str:
        """Return the unit of the voxels."""
        return self.volume.unit

    @property
    def count(self) -> int:
        """Return the number of places of the cut plane, the first of which cuts nothing."""
        front = self.edits.front
        normal = front.normal if front is not None else self.looking.forward
        return math.ceil(2 * self._reach_mm(normal) / _CUT_STEP_MM) + 1

    @property
    def index(self) -> int:
        """Return the place of the cut plane in the hand, 0 where it cuts nothing."""
        front = self.edits.front
        if front is None:
            return 0
        depth = float(np.dot(np.subtract(front.origin, self.centre), front.normal)) + self._reach_mm(front.normal)
        return min(max(round(depth / _CUT_STEP_MM), 0), self.count - 1)

    @property
    def slice_step_mm(self) -> float:
        """Return how far one notch moves the cut plane."""
        return _CUT_STEP_MM

    def scroll_to(self, index: int) -> bool:
        """Move the cut plane; it keeps the direction in which it began."""
        index = min(max(index, 0), self.count - 1)
        if index == self.index:
            return False
        if index == 0:
            self._history.edit(self.edits.without_front())
            return True
        front = self.edits.front
        if front is None and self.edits.is_full:
            return False
        normal = front.normal if front is not None else self.looking.forward
        depth = index * _CUT_STEP_MM - self._reach_mm(normal)
        moved = self.edits.with_front(self._plane_at(normal, depth))
        # to begin a plane is a step that is undone, the way it then goes is none
        if front is None:
            self._history.edit(moved)
        else:
            self._history.move(moved)
        return True

    def _plane_at(self, normal: Point, depth_mm: float) -> CutPlane:
        return CutPlane(_point(np.asarray(self.centre) + depth_mm * np.asarray(normal)), normal)

    def add_plane(self) -> str:
        """Begin a further cut plane across the sight, through the crosshair or the middle; return why not."""
        if self.edits.is_full:
            return tr("No more than {count} cut planes.", count=MOST_PLANES)
        normal = self.looking.forward
        through = self.crosshair if self.crosshair is not None else self.centre
        depth = float(np.dot(np.subtract(through, self.centre), normal))
        self._history.edit(self.edits.with_another(self._plane_at(normal, depth)))
        return ""

    def flip_plane(self) -> str:
        """Remove the other side of the plane in the hand instead; return why not."""
        return "" if self._history.edit(self.edits.flipped()) else self._no_plane()

    def remove_plane(self) -> str:
        """Take the plane in the hand away; what it had cut comes back. Return why not."""
        if self.edits.front is None:
            return self._no_plane()
        self._history.edit(self.edits.without_front().following())
        return ""

    def next_plane(self) -> str:
        """Take the next cut plane into the hand; return why not."""
        if not self.edits.planes:
            return self._no_plane()
        self._history.move(self.edits.following())
        return ""

    def _no_plane(self) -> str:
        return tr("There is no cut plane yet: the wheel begins one.")

    def _reach_mm(self, direction: Point) -> float:
        """Return how far the volume reaches from its middle along a direction."""
        return float((self._ends @ np.asarray(direction)).max())

    def hold_scissors(self, *, held: bool) -> None:
        """Take the scissors into the hand or put them away; an outline begun is dropped."""
        self.scissoring, self.outline = held, ()

    def draw_outline(self, x: float, y: float) -> None:
        """Lead the scissors to a viewport pixel."""
        if not self.outline or math.dist(self.outline[-1], (x, y)) >= _NEAREST_PX:
            self.outline = (*self.outline, (x, y))

    def cut_outline(self, viewport: Size) -> bool:
        """Close the outline and remove what lies in it; False when it encloses nothing."""
        outline, self.outline = self.outline, ()
        if len(outline) < 3:
            return False
        view = self.view(viewport)
        plane = self._plane()
        corners = [np.subtract(view.lps_of(x, y), self.centre) for x, y in outline]
        outline_mm = tuple((float(c @ plane.right), float(c @ plane.down)) for c in corners)
        cut = Scissors(self.centre, plane.right, plane.down, outline_mm)
        self._history.edit(self.edits.with_scissors(cut))
        return True

    def undo_cut(self) -> bool:
        """Bring back what the last cut (or reset) removed; False when there is nothing."""
        return self._history.undo()

    def redo_cut(self) -> bool:
        """Cut again what was brought back last; False when there is nothing, or when something else was cut since."""
        return self._history.redo()

    def cut_at(self, *, undo: bool) -> int | None:
        """Return when the cut to be undone was made, or that to be redone was undone (``perf_counter_ns``), or None."""
        return self._history.stepped_at(undo=undo)

    # what it shows --------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Return the preset's name for the header."""
        return preset_title(self.preset)

    def show_point(self, lps_mm: Point) -> None:
        """Keep the crosshair's point; the view of the whole body stays."""
        self.crosshair = lps_mm

    def view(self, viewport: Size) -> SliceView:
        """Return the displayed geometry, that of the plane through the volume's middle."""
        camera = replace(self.state.camera, flipped=False, rotation_deg=0.0)
        return SliceView((_PIXELS, _PIXELS), viewport, camera, self._plane())

    def measurable(self) -> SliceImage | None:
        """Return None: a point on the screen is a line through the patient."""
        return None

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:  # noqa: ARG002 - see above
        """Return None: a point on the screen is a line through the patient."""
        return None

    def full_range(self) -> Window:
        """Return the window over all values."""
        return full_range(self.volume.voxels[::4, ::4, ::4], self.volume.padding)

    def marks(self, view: SliceView) -> tuple[MarkOutline, ...]:  # noqa: ARG002 - see below
        """Return nothing: a mark on a picture without depth would point at everything before and behind it."""
        return ()

    def _drawn(self) -> DrawnAnnotations:
        # nor is anything drawn, not even where the plane through the middle would cut it, as for marks
        return replace(super()._drawn(), notes=AnnotationList(self.study_instance_uid))

    def _plane(self) -> ImagePlane:
        spacing = self.extent_mm / _PIXELS
        half = (_PIXELS - 1) / 2 * spacing
        right, down = np.asarray(self.looking.right), np.asarray(self.looking.down)
        origin = _point(np.asarray(self.centre) - half * (right + down))
        return ImagePlane(origin, self.looking.right, self.looking.down, (spacing, spacing))

    def _source(self) -> VolumeRequest:
        function = transfer_function(self.preset, self.shift, self.window, inverse=self.state.inverted)
        return VolumeRequest(
            self.volume,
            self._plane(),
            (_PIXELS, _PIXELS),
            function,
            self.edits.planes,
            self.edits.scissors,
            body_only=self.hides_couch,
        )

    def _default_voi(self) -> Window:
        if self._default is None:
            sample = self.volume.voxels[::4, ::4, ::4]
            self._default = (
                CT_PRESETS["9"].window if self.takes_ct_windows else percentile_range(sample, self.volume.padding)
            )
        return self._default

    def _view_captions(self) -> ViewCaptions:
        threshold = f"{self.shift:+g} {self.volume.unit}" if self.shift else ""
        couch = tr("without couch (traces may remain)") if self.hides_couch else ""
        parts = (self.title, threshold, couch, planes_text(self.edits))
        return ViewCaptions(slice_position=" ".join(part for part in parts if part))

    def _window_text(self) -> str:
        # light and shade have thresholds, not a window
        return super()._window_text() if self.preset is VolumePreset.MIP else ""

    def _magnification_text(self, view: SliceView) -> str:
        # the picture has pixels of its own: a zoom counted in those is at another scale than that of planes and stack
        return magnification_text(view, min(self.volume.spacing_mm))

    def _matrix_text(self, view: SliceView) -> str:  # noqa: ARG002 - a view from outside has neither matrix nor plane
        return ""

    def _crosshair_strokes(self, view: SliceView, drawn: tuple[MarkOutline, ...]) -> tuple[Stroke, ...]:  # noqa: ARG002 - none
        return ()

    def _guides(self, view: SliceView) -> tuple[Stroke, ...]:
        return (*plane_strokes(self.edits, self._ends + self.centre, view), *outline_strokes(self.outline))


def _point(values: object) -> Point:
    x, y, z = np.asarray(values, dtype=np.float64).tolist()
    return x, y, z

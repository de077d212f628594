"""A presentation state in force on a stack: picture, camera and annotations of the images that it speaks of."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from resources.translation import tr
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.overlay import ForeignShape
from viewers.scene.presentation import camera_of, drawn, is_shape_refused, presented
from viewers.scene.slice_view import SliceView
from workstation.dicom.objects.presentation import DisplayedArea, FramePresentation, PresentationState, SizeMode
from workstation.domain.errors import DecodeError
from workstation.domain.frames import FrameRef

Size = tuple[float, float]
_ZOOM_LIMITS = (0.1, 40.0)
_KEPT = 8
_QUARTER_TURN = 90.0
_AT_ONCE: Final = 1 << 20
"""Values of an image that a state is applied to within 25 ms, those that are no whole numbers too (ADR 0066)"""


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What a state made of an image; ``refusal`` says why it made nothing of it, which is shown as it is then."""

    source: SliceImage
    image: SliceImage
    look: FramePresentation
    refusal: str = ""
    is_waiting: bool = False
    """Whether it is still being made elsewhere"""

    @property
    def is_partial(self) -> bool:
        """Tell whether state and image differ in kind: then its colours or grey levels stay those of the image."""
        return not self.refusal and self.source.is_color != self.look.is_colour

    @property
    def is_shape_refused(self) -> bool:
        """Tell whether the pixels keep a shape that the state does not want."""
        return is_shape_refused(self.source, self.look)


Later = Callable[[Callable[[], _Made], Callable[[_Made], None], Callable[[], None]], None]
"""
Does the first elsewhere, on a thread of its own, and gives what comes of it to the second on the window's thread; calls
the third there where nothing came of it.
"""


PixelSizeMm = Callable[[], float | None]
"""Returns the width of a viewport pixel on the screen in millimetres, None on a monitor that nobody measured."""


class AppliedState:
    """
    Applies one state to one image after the other; not thread-safe.

    The camera follows the size of the viewport until the reader moves it. With ``later`` large images are made
    elsewhere; until then they are shown as they are, and ``refusal`` says so. ``pixel_mm`` is needed for true size.
    """

    def __init__(
        self, state: PresentationState, later: Later | None = None, pixel_mm: PixelSizeMm | None = None
    ) -> None:
        self.state = state
        self._later = later
        self._pixel_mm = pixel_mm
        self._size_gap = ""
        self._made: dict[int, _Made] = {}
        self._placed: tuple[Size, Camera] | None = None
        self._needs_mm = False
        """Whether what was placed is a true size"""
        self._placed_mm: float | None = None
        """How large a pixel of the monitor was that it was placed on"""
        self._awaited: Camera | None = None
        """How the reader saw the first image that was waited for, before it came"""

    def place_anew(self) -> None:
        """Let the next picture take the state's camera whatever the reader did."""
        self._placed = self._awaited = None

    def image(self, index: int, image: SliceImage, frame: FrameRef) -> SliceImage:
        """Return the image as the state wants it."""
        return self._of(index, image, frame).image

    def refusal(self, index: int, image: SliceImage, frame: FrameRef) -> str:
        """Return why an image is shown as it is and not as the state wants it, empty where it is."""
        return self._of(index, image, frame).refusal

    def is_partial(self, index: int, image: SliceImage, frame: FrameRef) -> bool:
        """Tell whether a state for grey lies over a colour image, or one for colours over grey."""
        return self._of(index, image, frame).is_partial

    def is_waiting(self, index: int, image: SliceImage, frame: FrameRef) -> bool:
        """Tell whether the image as the state wants it is still being made."""
        return self._of(index, image, frame).is_waiting

    def gaps(self, index: int, image: SliceImage, frame: FrameRef) -> tuple[str, ...]:
        """
        Return what of the state is not done to an image that is shown as it wants else, in words.

        What its size on the screen is short of is known once ``camera`` was asked for.
        """
        made = self._of(index, image, frame)
        if made.refusal or made.look.area is None:
            return ()
        shape = tr("other shape of pixels than in the patient") if made.is_shape_refused else ""
        return tuple(one for one in (shape, self._size_gap) if one)

    def camera(self, index: int, image: SliceImage, frame: FrameRef, viewport: Size, current: Camera) -> Camera:
        """
        Return the state's camera for this viewport, or ``current`` once the reader has moved it.

        A true size is placed anew on another monitor, where the same camera would be of another size.
        """
        if self._placed is not None:
            is_same = self._placed[0] == viewport and self._placed_mm == self._monitor_mm()
            if is_same or self._placed[1] != current:
                return current
        made = self._of(index, image, frame)
        if made.is_waiting:
            self._awaited = self._awaited or current
            return current
        look = made.look
        camera = camera_of(look)
        awaited, self._awaited = self._awaited, None
        self._size_gap, self._needs_mm, self._placed_mm = "", False, None
        if awaited not in {None, current}:  # moved meanwhile: the reader stays where the reader went
            camera = current if made.refusal else turned_like(current, camera)
            self._placed = viewport, camera
            return camera
        exact = exact_camera(look, viewport)
        if exact is not None:
            camera = exact
        elif look.area is not None:
            shown = made.image
            fitted = SliceView((shown.columns, shown.rows), viewport, camera, shown.plane, shown.aspect)
            self._needs_mm = look.area.mode is SizeMode.TRUE_SIZE
            pixel_mm = self._placed_mm = self._monitor_mm()
            self._size_gap = size_gap(look.area, fitted, pixel_mm)
            camera = camera_on(look.area, camera, fitted, pixel_mm)
        self._placed = viewport, camera
        return camera

    def _monitor_mm(self) -> float | None:
        return self._pixel_mm() if self._needs_mm and self._pixel_mm is not None else None

    def shapes(self, index: int, image: SliceImage, frame: FrameRef, view: SliceView) -> tuple[ForeignShape, ...]:
        """Return the state's annotations in the viewport."""
        look = self._of(index, image, frame).look
        return tuple(
            ForeignShape(
                one.outline, one.closed, one.filled, None, tuple(one.text.splitlines()), one.at if one.text else None
            )
            for one in drawn(look, view)
        )

    def _of(self, index: int, image: SliceImage, frame: FrameRef) -> _Made:
        made = self._made.get(index)
        if made is not None and made.source is image:
            return made
        if self._later is None or image.pixels.size <= _AT_ONCE:
            return self._keep(index, _made(self.state, image, frame))
        # told before it is asked for: what is done at once comes back before the call ends
        self._keep(index, _Made(image, image, FramePresentation(), tr("it is being prepared"), is_waiting=True))
        self._later(
            lambda: _made(self.state, image, frame),
            lambda done: self._take(index, done),
            lambda: self._take(index, _Made(image, image, FramePresentation(), tr("it could not be applied"))),
        )
        return self._made[index]

    def _take(self, index: int, done: _Made) -> None:
        waits = self._made.get(index)
        if waits is not None and waits.source is done.source:
            self._made[index] = done

    def _keep(self, index: int, made: _Made) -> _Made:
        if len(self._made) >= _KEPT:
            self._made.clear()
        self._made[index] = made
        return made


def _made(state: PresentationState, image: SliceImage, frame: FrameRef) -> _Made:
    """Return what a state makes of an image; safe on any thread."""
    try:
        look = state.of(frame, image.rows, image.columns) or FramePresentation()
        return _Made(image, presented(image, look).prepared(), look)
    except DecodeError as exc:
        return _Made(image, image, FramePresentation(), exc.user_text)
    except MemoryError:
        return _Made(image, image, FramePresentation(), tr("there is not enough memory for it"))
    except (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError):
        return _Made(image, image, FramePresentation(), tr("The presentation state is damaged for this image"))


def exact_camera(look: FramePresentation, viewport: Size) -> Camera | None:
    """Return the camera that the reader had in a viewport of this size; None where the state does not tell it."""
    exact = look.exact
    if exact is None or exact.viewport != viewport or not _ZOOM_LIMITS[0] <= exact.zoom <= _ZOOM_LIMITS[1]:
        return None
    turned = camera_of(look)
    apart = abs((exact.rotation_deg - turned.rotation_deg + 180) % 360 - 180)
    if exact.flipped != turned.flipped or apart > _QUARTER_TURN / 2:
        return None  # somebody turned the state since
    return Camera(exact.zoom, exact.pan, exact.rotation_deg, exact.flipped)


def turned_like(moved: Camera, turned: Camera) -> Camera:
    """Return a camera with its zoom and what it has in the middle, turned and mirrored as another one."""
    pan = complex(*moved.pan) * cmath.rect(1.0, -math.radians(moved.rotation_deg))
    if moved.flipped is not turned.flipped:
        pan = -pan.conjugate()
    pan *= cmath.rect(1.0, math.radians(turned.rotation_deg))
    return replace(turned, zoom=moved.zoom, pan=(pan.real, pan.imag))


def size_gap(area: DisplayedArea, fitted: SliceView, pixel_mm: float | None) -> str:
    """Return why an area is not shown as large as its state wants it, in words; empty where it is."""
    if area.mode is SizeMode.TRUE_SIZE and area.spacing_mm is None:
        return tr("true size without the size of a pixel")
    if area.mode is SizeMode.TRUE_SIZE and pixel_mm is None:
        return tr("true size needs a measured monitor")
    zoom = _wanted_zoom(area, fitted, pixel_mm)
    if zoom is not None and not _ZOOM_LIMITS[0] <= zoom <= _ZOOM_LIMITS[1]:
        return tr("its size is beyond the zoom here")
    return ""


def _wanted_zoom(area: DisplayedArea, fitted: SliceView, pixel_mm: float | None) -> float | None:
    """Return the zoom at which a pixel has the size that a state names, None where it names none that is known here."""
    if area.mode is SizeMode.MAGNIFY and area.magnification is not None:
        return area.magnification / fitted.magnification
    if area.mode is SizeMode.TRUE_SIZE and area.spacing_mm is not None and pixel_mm is not None:
        return area.spacing_mm[0] / pixel_mm / fitted.magnification
    return None


def camera_on(area: DisplayedArea, camera: Camera, fitted: SliceView, pixel_mm: float | None = None) -> Camera:
    """
    Return the camera zoomed to the displayed area; ``fitted`` is the view with ``camera`` at zoom 1.

    SCALE TO FIT fills the viewport, MAGNIFY gives each pixel its ratio, TRUE SIZE its millimetres on a screen of which
    a viewport pixel has ``pixel_mm``; what cannot be done is fitted, see ``size_gap``. *Source:* PS3.3 C.10.4.
    """
    (left, top), (right, bottom) = area.top_left, area.bottom_right
    zoom = _wanted_zoom(area, fitted, pixel_mm)
    if zoom is None:
        corners = [
            fitted.transform.apply(x, y)
            for x in (min(left, right) - 0.5, max(left, right) + 0.5)
            for y in (min(top, bottom) - 0.5, max(top, bottom) + 0.5)
        ]
        width = max(x for x, _ in corners) - min(x for x, _ in corners)
        height = max(y for _, y in corners) - min(y for _, y in corners)
        zoom = min(fitted.viewport[0] / width, fitted.viewport[1] / height)
    zoomed = Camera(min(max(zoom, _ZOOM_LIMITS[0]), _ZOOM_LIMITS[1]), (0.0, 0.0), camera.rotation_deg, camera.flipped)
    x, y = replace(fitted, camera=zoomed).transform.apply((left + right) / 2, (top + bottom) / 2)
    return zoomed.panned(fitted.viewport[0] / 2 - x, fitted.viewport[1] / 2 - y)

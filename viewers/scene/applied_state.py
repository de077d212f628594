"""A presentation state in force on a stack: picture, camera and annotations of the images that it speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from resources.translation import tr
from viewers.scene.camera import Camera
from viewers.scene.image import SliceImage
from viewers.scene.overlay import ForeignShape
from viewers.scene.presentation import camera_of, drawn, presented
from viewers.scene.slice_view import SliceView
from workstation.dicom.objects.presentation import DisplayedArea, FramePresentation, PresentationState, SizeMode
from workstation.domain.errors import DecodeError
from workstation.domain.frames import FrameRef

Size = tuple[float, float]
_ZOOM_LIMITS = (0.1, 40.0)
_KEPT = 8
_QUARTER_TURN = 90.0


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What a state made of an image; ``refusal`` says why it made nothing of it, which is shown as it is then."""

    source: SliceImage
    image: SliceImage
    look: FramePresentation
    refusal: str = ""


class AppliedState:
    """
    Applies one state to one image after the other.

    The camera follows the size of the viewport until the reader moves it.
    """

    def __init__(self, state: PresentationState) -> None:
        self.state = state
        self._made: dict[int, _Made] = {}
        self._placed: tuple[Size, Camera] | None = None

    def place_anew(self) -> None:
        """Let the next picture take the state's camera whatever the reader did."""
        self._placed = None

    def image(self, index: int, image: SliceImage, frame: FrameRef) -> SliceImage:
        """Return the image as the state wants it."""
        return self._of(index, image, frame).image

    def refusal(self, index: int, image: SliceImage, frame: FrameRef) -> str:
        """Return why an image is shown as it is and not as the state wants it, empty where it is."""
        return self._of(index, image, frame).refusal

    def camera(self, index: int, image: SliceImage, frame: FrameRef, viewport: Size, current: Camera) -> Camera:
        """Return the state's camera for this viewport, or ``current`` once the reader has moved it."""
        if self._placed is not None and (self._placed[0] == viewport or self._placed[1] != current):
            return current
        look = self._of(index, image, frame).look
        camera = camera_of(look)
        exact = exact_camera(look, viewport)
        if exact is not None:
            camera = exact
        elif look.area is not None:
            camera = camera_on(look.area, camera, SliceView((image.columns, image.rows), viewport, camera, image.plane,
                                                            image.aspect))  # fmt: skip
        self._placed = viewport, camera
        return camera

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
        if made is None or made.source is not image:
            try:
                look = self.state.of(frame, image.rows, image.columns) or FramePresentation()
                made = _Made(image, presented(image, look), look)
            except DecodeError as exc:
                made = _Made(image, image, FramePresentation(), exc.user_text)
            except (ValueError, TypeError, AttributeError, IndexError, KeyError, OverflowError):
                made = _Made(image, image, FramePresentation(), tr("The presentation state is damaged for this image"))
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[index] = made
        return made


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


def camera_on(area: DisplayedArea, camera: Camera, fitted: SliceView) -> Camera:
    """
    Return the camera zoomed to the displayed area; ``fitted`` is the view with ``camera`` at zoom 1.

    SCALE TO FIT fills the viewport, MAGNIFY gives each pixel its ratio; TRUE SIZE is fitted, since nobody knows
    how large a pixel of this screen is. *Source:* PS3.3 C.10.4.
    """
    (left, top), (right, bottom) = area.top_left, area.bottom_right
    corners = [
        fitted.transform.apply(x, y)
        for x in (min(left, right) - 0.5, max(left, right) + 0.5)
        for y in (min(top, bottom) - 0.5, max(top, bottom) + 0.5)
    ]
    width = max(x for x, _ in corners) - min(x for x, _ in corners)
    height = max(y for _, y in corners) - min(y for _, y in corners)
    if area.mode is SizeMode.MAGNIFY and area.magnification is not None:
        zoom = area.magnification / fitted.magnification
    else:
        zoom = min(fitted.viewport[0] / width, fitted.viewport[1] / height)
    zoomed = Camera(min(max(zoom, _ZOOM_LIMITS[0]), _ZOOM_LIMITS[1]), (0.0, 0.0), camera.rotation_deg, camera.flipped)
    there = SliceView(fitted.size, fitted.viewport, zoomed, fitted.plane, fitted.aspect)
    x, y = there.transform.apply((left + right) / 2, (top + bottom) / 2)
    return zoomed.panned(fitted.viewport[0] / 2 - x, fitted.viewport[1] / 2 - y)

"""The interface of a tool and the simple dragging tools."""
# ruff: noqa: ARG002 - every tool takes the same arguments, few need them all

from __future__ import annotations

from enum import StrEnum

from viewers.scene.events import PointerEvent
from viewers.scene.frame import Size
from viewers.scene.raster import VoiFunction, Window
from viewers.scene.scene import Scene
from viewers.scene.tools.actions import Actions, MoveCrosshair, Pan, Scroll, SetWindow, Zoom
from workstation.domain.annotation import Annotation

_PIXELS_PER_WIDTH = 400.0
_ZOOM_PER_PIXEL = 1.01
_PIXELS_PER_SLICE = 6.0


class ToolName(StrEnum):
    """Tools a reader can choose for the left button."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    SCROLL = "scroll"
    CROSSHAIR = "crosshair"
    DISTANCE = "distance"
    BIDIRECTIONAL = "bidirectional"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    TEXT = "text"
    PROBE = "probe"
    COBB = "cobb"
    LINES = "lines"
    FREEHAND = "freehand"
    SPHERE = "sphere"
    CARDIOTHORACIC = "cardiothoracic"
    NODULE = "nodule"


class Tool:
    """A tool that does nothing; others override what they need. ``preview`` is drawn while it works."""

    preview: Annotation | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take a button press."""
        return ()

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take a move, with or without a button."""
        return ()

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take a button release."""
        return ()

    def cancel(self) -> None:
        """Forget what was begun; nothing is kept."""
        self.preview = None


class WindowTool(Tool):
    """Drag right for a wider window, down for a higher level; the same hand movement always returns."""

    def __init__(self) -> None:
        self._start: tuple[float, float, Window] | None = None

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Remember where the drag began."""
        self._start = event.x, event.y, scene.window
        return ()

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Return the window for the distance dragged so far."""
        if self._start is None:
            return ()
        x, y, window = self._start
        # one screen width spans a few windows, whatever the unit of the pixels
        step = window.width / _PIXELS_PER_WIDTH
        if window.function is VoiFunction.LINEAR:
            step = max(step, 0.01)
        width = window.width + (event.x - x) * step
        return (SetWindow(window.dragged(centre=window.centre + (event.y - y) * step, width=width)),)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """End the drag."""
        self._start = None
        return ()

    def cancel(self) -> None:
        """End the drag where it is."""
        self._start = None


class _DragTool(Tool):
    """A tool that acts on the way from one move to the next."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None
        self._origin = (0.0, 0.0)

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Remember where the drag began."""
        self._last = self._origin = event.x, event.y
        return ()

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Act on the step since the last move."""
        if self._last is None:
            return ()
        dx, dy = event.x - self._last[0], event.y - self._last[1]
        self._last = event.x, event.y
        return self._step(dx, dy)

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """End the drag."""
        self._last = None
        return ()

    def cancel(self) -> None:
        """End the drag where it is."""
        self._last = None

    def _step(self, dx: float, dy: float) -> Actions:
        raise AssertionError("a dragging tool says what a step does")


class PanTool(_DragTool):
    """Drag the image along."""

    def _step(self, dx: float, dy: float) -> Actions:
        return (Pan(dx, dy),)


class ZoomTool(_DragTool):
    """Drag up to magnify about the point where the drag began."""

    def _step(self, dx: float, dy: float) -> Actions:
        return (Zoom(_ZOOM_PER_PIXEL**-dy, *self._origin),)


class ScrollTool(_DragTool):
    """Drag down through the stack."""

    def __init__(self) -> None:
        super().__init__()
        self._rest = 0.0

    def _step(self, dx: float, dy: float) -> Actions:
        self._rest += dy
        slices = int(self._rest / _PIXELS_PER_SLICE)
        self._rest -= slices * _PIXELS_PER_SLICE
        return (Scroll(slices),) if slices else ()


class CrosshairTool(Tool):
    """Put the crosshair under the pointer, in every linked view."""

    def __init__(self) -> None:
        self._down = False

    def press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Move the crosshair here."""
        self._down = True
        return crosshair_to(event, scene, viewport)

    def move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take the crosshair along while the button is down."""
        return crosshair_to(event, scene, viewport) if self._down else ()

    def release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Leave the crosshair."""
        self._down = False
        return ()

    def cancel(self) -> None:
        """Leave the crosshair."""
        self._down = False


def crosshair_to(event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
    """Return the move of the crosshair under the pointer; none on images without geometry or off the image."""
    point = scene.point_at(viewport, event.x, event.y)
    return (MoveCrosshair(point),) if point is not None else ()

"""The image area: paints the scene and turns Qt's events into the scene's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from viewers.qt.outlined_text import color
from viewers.qt.overlay_painter import OverlayPainter
from viewers.qt.qt_events import NOTCH, key_event, pointer_event, wheel_event
from viewers.qt.surface import RenderSurface
from viewers.qt.view_surface import ViewSurface
from viewers.scene.events import PointerKind
from viewers.scene.keys import DEFAULT_KEYS, Command, command_for
from viewers.scene.scene import Scene
from viewers.scene.tools.navigate import Navigator

_SMALLEST: Final = QSize(96, 96)


class ImageCanvas(QWidget):
    """A black area with one scene; it reports what the hand did and paints what the scene says."""

    pointer = Signal(object)
    """A PointerEvent."""
    command = Signal(object)
    """A Command."""
    focused = Signal()
    left = Signal()
    settled_changed = Signal()
    """A coarse picture was painted, or the fine one after it."""
    failed = Signal(str, str)
    """What the surface could not show, and what to do."""

    def __init__(self, surface: RenderSurface, navigator: Navigator, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._navigator = navigator
        self._painter = OverlayPainter()
        self._scene: Scene | None = None
        self._composing = False
        self._was_settled = True
        self._is_waiting = False
        self.keys: Mapping[str, Command] = DEFAULT_KEYS
        """The keys taken here; none where the page makes commands of them"""
        self._wheel = 0
        self._surface: RenderSurface = surface
        self.set_surface(surface)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # letters are tools here: a Chinese input method must not collect them
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setMinimumSize(_SMALLEST)

    @property
    def viewport(self) -> tuple[float, float]:
        """Return width and height in logical pixels."""
        return float(self.width()), float(self.height())

    @property
    def is_settled(self) -> bool:
        """Tell whether the last picture will not be replaced by a finer one."""
        return not isinstance(self._surface, ViewSurface) or self._surface.is_settled

    @property
    def is_empty(self) -> bool:
        """Tell whether the last picture is a rendering of a volume that shows nothing."""
        return isinstance(self._surface, ViewSurface) and self._surface.is_empty

    def wait(self) -> None:
        """Stay black until ``go_on``: several pictures in one turn would hold up the window."""
        self._is_waiting = True
        self.update()

    def go_on(self) -> None:
        """Paint the scene again."""
        if self._is_waiting:
            self._is_waiting = False
            self.update()

    def set_scene(self, scene: Scene | None) -> None:
        """Show another scene, or nothing."""
        self._scene = scene
        self._wheel = 0
        if scene is None and isinstance(self._surface, ViewSurface):
            self._surface.forget()
        self.update()

    def set_surface(self, surface: RenderSurface) -> None:
        """Paint with another surface."""
        before, self._surface = self._surface, surface
        if isinstance(before, ViewSurface) and before is not surface:
            before.deleteLater()
        if isinstance(surface, ViewSurface):
            # owned by the canvas: a signal of a finished picture never meets a deleted widget
            surface.setParent(self)
            surface.changed.connect(self.update)
            surface.failed.connect(self.failed)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint picture and overlay."""
        # ended by "with" even when painting fails: Qt aborts on a painter left active
        with QPainter(self) as painter:
            if self._scene is None or self._is_waiting:
                painter.fillRect(self.rect(), color("image.bg"))
                return
            frame = self._scene.frame(self.viewport, self._navigator.preview)
            painter.drawImage(0, 0, self._surface.render(frame, self.devicePixelRatioF()))
            self._painter.paint(painter, frame.overlay, frame.viewport)
        if self._was_settled != self.is_settled:
            self._was_settled = self.is_settled
            self.settled_changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pass a press on."""
        self.pointer.emit(pointer_event(event, PointerKind.PRESS))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pass a move on."""
        self.pointer.emit(pointer_event(event, PointerKind.MOVE))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pass a release on."""
        self.pointer.emit(pointer_event(event, PointerKind.RELEASE))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Pass a double click on."""
        self.pointer.emit(pointer_event(event, PointerKind.DOUBLE))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass whole notches on; fine wheels add up."""
        delta = event.angleDelta()
        # with Alt (and Shift on some systems) Qt turns the wheel sideways
        self._wheel += delta.y() or delta.x()
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        if notches:
            self.pointer.emit(wheel_event(event, notches))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Carry out a viewport key; anything else, and everything during a composition, goes to the parent."""
        command = None if self._composing else command_for(key_event(event), self.keys)
        if command is None:
            event.ignore()
        else:
            self.command.emit(command)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Note whether an input method is composing: its letters are no commands."""
        self._composing = bool(event.preeditString())
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tell that keys go here now."""
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Forget a composition that the new focus will not finish here."""
        super().focusOutEvent(event)
        self._composing = False

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        super().leaveEvent(event)
        self.left.emit()

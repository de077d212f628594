"""The viewports of the reading page: one stack, or three planes and the stack."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QInputMethodEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewers.qt.viewport import ViewportFrame, show_in_all
from viewers.scene.camera import Camera
from viewers.scene.keys import Command as ViewCommand
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.tool import ToolName
from workstation.domain.geometry import Point
from workstation.ui.commands import Composition
from workstation.ui.theme import current_theme

STACK: Final = "stack"
_STAGGER_MS: Final = 15
_ORDER: Final = (MprPlane.AXIAL.value, MprPlane.CORONAL.value, MprPlane.SAGITTAL.value, STACK)


class Layout(StrEnum):
    """How the image area is divided."""

    ONE = "one"
    MPR = "mpr"


class ViewportGrid(QWidget):
    """Lays out up to four viewports, keeps their tools alike and tells what the reader did on them."""

    activated = Signal(str)
    scrolled = Signal(int)
    """The stack slice now shown, from 0."""
    finding_clicked = Signal(str)
    add_requested = Signal(object)
    """A patient point (L, P, S) in mm."""
    menu_requested = Signal(str, QPoint)
    layout_changed = Signal(object)
    tool_changed = Signal(object)
    adding_changed = Signal(bool)
    window_changed = Signal(object)
    marks_toggled = Signal(bool)
    refused = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.composition = Composition()
        self.links = LinkGroup()
        self.touched = False
        """Whether the reader has begun to work on the images of this case."""
        self._layout = Layout.ONE
        self._active = STACK
        self._maximised = ""
        self._adding = False
        self._marks_shown = True
        self._waiting: list[str] = []
        self._stagger = QTimer(self)
        self._stagger.setSingleShot(True)
        self._stagger.setInterval(_STAGGER_MS)
        self._stagger.timeout.connect(self._show_following)
        self.setMinimumWidth(320)
        self.frames = {key: self._frame(key) for key in _ORDER}
        self._show_frames()

    def _frame(self, key: str) -> ViewportFrame:
        frame = ViewportFrame(parent=self)
        frame.activated.connect(lambda: self._activate(key))
        frame.maximise_requested.connect(lambda: self._maximise(key))
        frame.finding_clicked.connect(self.finding_clicked)
        frame.context_menu_requested.connect(lambda at: self.menu_requested.emit(key, at))
        frame.tool_changed.connect(self.choose_tool)
        frame.window_changed.connect(self.window_changed)
        frame.marks_toggled.connect(self.show_marks)
        frame.refused.connect(self.refused)
        if key == STACK:
            frame.scrolled.connect(self.scrolled)
        else:
            frame.scrolled.connect(lambda _index: self._stack_follows())
            frame.crosshair_moved.connect(lambda _point: self._stack_follows())
        frame.canvas.installEventFilter(self)
        return frame

    # what is shown

    @property
    def layout_choice(self) -> Layout:
        """Return the layout in use."""
        return self._layout

    @property
    def stack(self) -> StackScene | None:
        """Return the shown stack."""
        scene = self.frames[STACK].scene
        return scene if isinstance(scene, StackScene) else None

    @property
    def has_planes(self) -> bool:
        """Tell whether the three planes can be shown."""
        return self.frames[MprPlane.AXIAL.value].scene is not None

    @property
    def active(self) -> ViewportFrame:
        """Return the viewport that the tools and presets act on."""
        return self.frames[self._active]

    @property
    def scenes(self) -> list[Scene]:
        """Return every scene there is, shown or not."""
        return [frame.scene for frame in self.frames.values() if frame.scene is not None]

    @property
    def marks_shown(self) -> bool:
        """Tell whether the marks are drawn."""
        return self._marks_shown

    @property
    def is_adding(self) -> bool:
        """Tell whether the next click puts a finding."""
        return self._adding

    def clear(self) -> None:
        """Show nothing: the next patient must not be seen beside the last one."""
        self.set_adding(adding=False)
        for frame in self.frames.values():
            frame.set_scene(None)
        self.links = LinkGroup()
        self.touched = False
        self._marks_shown = True
        self._maximised = ""
        self._layout = Layout.ONE
        self._show_frames()

    def show_stack(self, scene: StackScene) -> None:
        """Show a stack alone; planes of another series go."""
        for frame in self.frames.values():
            frame.set_scene(None)
        self.links = LinkGroup()
        scene.show_marks = self._marks_shown
        self.frames[STACK].set_scene(scene, self.links)
        self._maximised = ""
        self._layout = Layout.ONE
        self._show_frames()
        self._activate(STACK)
        self.layout_changed.emit(self._layout)

    def set_planes(self, planes: dict[MprPlane, MprScene]) -> None:
        """Take the three planes; they are shown when the layout is chosen."""
        for plane, scene in planes.items():
            scene.show_marks = self._marks_shown
            self.frames[plane.value].set_scene(scene, self.links)
        self.refresh()

    def choose_layout(self, layout: Layout) -> None:
        """Divide the area; three planes need a volume."""
        if layout is Layout.MPR and not self.has_planes:
            return
        self._maximised = ""
        if layout is not self._layout:
            self._layout = layout
            self._activate(MprPlane.AXIAL.value if layout is Layout.MPR else STACK)
        self._show_frames()
        self.layout_changed.emit(layout)

    def choose_tool(self, name: ToolName) -> None:
        """Give every viewport the same tool."""
        self.set_adding(adding=False)
        for frame in self.frames.values():
            if frame.navigator.tool is not name:
                frame.navigator.choose(name)
                frame.canvas.update()
        self.tool_changed.emit(name)

    def set_adding(self, *, adding: bool) -> None:
        """Let the next left click put a finding."""
        if adding == self._adding:
            return
        self._adding = adding
        shape = Qt.CursorShape.CrossCursor if adding else Qt.CursorShape.ArrowCursor
        for frame in self.frames.values():
            frame.canvas.setCursor(shape)
        self.adding_changed.emit(adding)

    def show_marks(self, shown: bool) -> None:  # noqa: FBT001 - a signal's argument
        """Draw or hide the marks in every viewport."""
        self._marks_shown = shown
        show_in_all(list(self.frames.values()), lambda scene: setattr(scene, "show_marks", shown))
        self.marks_toggled.emit(shown)

    def set_window(self, window: Window) -> None:
        """Give the active viewport, and what is linked with it, a window."""
        self.active.set_window(window)

    def run(self, command: ViewCommand) -> None:
        """Carry out a viewport command on the active viewport."""
        self.active.run_command(command)

    def change(self, change: Callable[[Scene], None]) -> None:
        """Change every scene alike and repaint."""
        show_in_all(list(self.frames.values()), change)

    def refresh(self) -> None:
        """Repaint every viewport."""
        for frame in self.frames.values():
            frame.refresh()

    def show_point(self, lps_mm: Point) -> None:
        """Bring a patient point to every linked view and into the middle of each."""
        self.frames[STACK].show_point(lps_mm)
        for frame in self.frames.values():
            centre(frame, lps_mm)

    def point_at(self, key: str, x: float, y: float) -> Point | None:
        """Return the patient point under a pixel of a viewport; None off the image or without geometry."""
        frame = self.frames[key]
        view = frame.scene.view(frame.canvas.viewport) if frame.scene is not None else None
        if view is None or view.plane is None or view.pixel_at(x, y) is None:
            return None
        return view.lps_of(x, y)

    # placing

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the viewports out."""
        super().resizeEvent(event)
        self._place()

    def visible_keys(self) -> tuple[str, ...]:
        """Return the viewports on screen in reading order."""
        if self._maximised:
            return (self._maximised,)
        return _ORDER if self._layout is Layout.MPR else (STACK,)

    def _show_frames(self) -> None:
        shown = self.visible_keys()
        for key, frame in self.frames.items():
            if key not in shown:
                frame.hide()
        self._waiting = [key for key in shown if self.frames[key].isHidden()]
        self._place()
        self._show_following()

    def _show_following(self) -> None:
        """Show one more viewport: each first picture gets a turn of its own, so that no turn is long."""
        if self._waiting:
            self.frames[self._waiting.pop(0)].show()
        if self._waiting:
            self._stagger.start()

    def _place(self) -> None:
        shown = self.visible_keys()
        gap = current_theme().px("vp.gap")
        left, top = (self.width() - gap) // 2, (self.height() - gap) // 2
        for at, key in enumerate(shown):
            x = 0 if at % 2 == 0 else left + gap
            y = 0 if at < 2 else top + gap
            width = left if at % 2 == 0 else self.width() - left - gap
            height = top if at < 2 else self.height() - top - gap
            frame = self.frames[key]
            frame.setGeometry(self.rect() if len(shown) == 1 else QRect(x, y, width, height))
            layout = frame.layout()
            if frame.isHidden() and layout is not None:
                # a jump may centre this viewport before its turn to appear: its canvas needs its size now
                layout.invalidate()
                layout.activate()

    def _maximise(self, key: str) -> None:
        if self._layout is Layout.ONE:
            return
        self._maximised = "" if self._maximised else key
        self._show_frames()
        self.frames[key].setFocus(Qt.FocusReason.OtherFocusReason)

    def _activate(self, key: str) -> None:
        self._active = key
        for each, frame in self.frames.items():
            frame.set_active(active=each == key)
        self.activated.emit(key)

    def _stack_follows(self) -> None:
        scene = self.stack
        if scene is not None:
            self.scrolled.emit(scene.index)

    # events

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: FBT001 - Qt's signature
        """Move between viewports with Tab."""
        keys = self.visible_keys()
        focused = [key for key in keys if self.frames[key].canvas.hasFocus()]
        if not focused or len(keys) == 1:
            return super().focusNextPrevChild(forward)
        at = (keys.index(focused[0]) + (1 if forward else -1)) % len(keys)
        self.frames[keys[at]].setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note compositions and first touches; take the click that puts a finding."""
        kind = event.type()
        if kind is QEvent.Type.InputMethod and isinstance(event, QInputMethodEvent):
            self.composition.update(event)
        elif kind is QEvent.Type.FocusOut:
            self.composition.active = False
        elif kind in {QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.KeyPress}:
            self.touched = True
            if self._adding and isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton:
                self._put_finding(watched, event)
                return True
        return super().eventFilter(watched, event)

    def _put_finding(self, canvas: QObject, event: QMouseEvent) -> None:
        for key, frame in self.frames.items():
            if frame.canvas is canvas:
                point = self.point_at(key, event.position().x(), event.position().y())
                if point is not None:
                    self.set_adding(adding=False)
                    self.add_requested.emit(point)


def centre(frame: ViewportFrame, lps_mm: Point) -> None:
    """Pan a viewport so that a patient point lies in its middle; nothing moves without a picture."""
    scene = frame.scene
    width, height = frame.canvas.viewport
    view = scene.view((width, height)) if scene is not None else None
    if scene is None or view is None or view.plane is None:
        return
    x, y = view.viewport_of(lps_mm)
    camera: Camera = scene.state.camera
    scene.set_camera(camera.panned(width / 2 - x, height / 2 - y))
    frame.refresh()

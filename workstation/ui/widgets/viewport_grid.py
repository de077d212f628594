"""The viewports of the reading page, placed as a tiling says."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QInputMethodEvent, QMouseEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QToolTip, QWidget

from viewers.qt.viewport import ViewportFrame, show_in_all
from viewers.scene.keys import Command as ViewCommand
from viewers.scene.link_group import LinkGroup
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools.boxes import box_round
from viewers.scene.tools.tool import ToolName
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImagePlace
from workstation.domain.registration import Registrations, moved
from workstation.ui.commands import Composition
from workstation.ui.finding_words import mark_words
from workstation.ui.theme import current_theme
from workstation.ui.widgets.panning import Target, bring, bring_together
from workstation.ui.widgets.tiling import PLANES, STACK, Layout, Tiling, standard_tilings

_STAGGER_MS: Final = 15


class ViewportGrid(QWidget):
    """
    Lays viewports out, keeps their tools alike and tells what the reader did on them.

    A viewport has a key and is made when it is first asked for; ``tilings`` says by name which
    ones stand where, and features add their own.
    """

    activated = Signal(str)
    scrolled = Signal(int)
    """The slice of the viewport ``stack`` now shown, from 0."""
    viewport_scrolled = Signal(str, int)
    """Any viewport's key and slice."""
    finding_clicked = Signal(str)
    add_requested = Signal(object)
    """A patient point (L, P, S) in mm."""
    box_requested = Signal(object)
    """An ``ImagePlace`` with a box, on an image without a place in the patient"""
    box_moved = Signal(str, object)
    """Tracking UID, and the box in pixels of its image"""
    menu_requested = Signal(str, QPoint)
    layout_changed = Signal(object)
    placed = Signal()
    """The viewports on screen got their places: others than before, or another size"""
    tool_changed = Signal(object)
    adding_changed = Signal(bool)
    window_changed = Signal(object)
    marks_toggled = Signal(bool)
    refused = Signal(str, str)
    text_wanted = Signal(str, object)
    """Viewport, and the annotation whose words are to be written"""
    annotation_chosen = Signal(str)
    """The uid of what was drawn, moved or clicked in any viewport; empty for none"""
    nodule_wanted = Signal(str, object)
    """Viewport, and the patient point inside the nodule"""

    def __init__(self) -> None:
        super().__init__()
        self.composition = Composition()
        self.links = LinkGroup(Registrations())
        """One for each case: what a reader accepted or aligned by hand outlives a change of series"""
        self.touched = False
        """Whether the reader has begun to work on the images of this case."""
        self.link_by_hand: Callable[[], bool] | None = None
        """Links what no frame of reference joins, or parts it again; False where there is no such thing."""
        self.staying: Callable[[], Collection[str]] = tuple
        """Which viewports keep their scenes when another series is shown; set by who puts them back on screen"""
        self.tilings: dict[str, Tiling] = standard_tilings()
        self.frames: dict[str, ViewportFrame] = {}
        """The viewports made so far; ``frame`` makes the others"""
        self._layout: str = Layout.ONE
        self._tool: ToolName | None = None
        self._active = STACK
        self._maximised = ""
        self._adding = False
        self._marks_shown = True
        self._takes_keys = True
        self._waiting: list[str] = []
        """Viewports whose turn to appear is still to come"""
        self._unpainted: list[str] = []
        """Viewports on screen whose turn to paint is still to come"""
        self._stagger = QTimer(self)
        self._stagger.setSingleShot(True)
        self._stagger.setInterval(_STAGGER_MS)
        self._stagger.timeout.connect(self._show_following)
        self.setMinimumWidth(320)
        for key in self.tilings[Layout.MPR].keys:
            self.frame(key)
        self._show_frames()

    def frame(self, key: str) -> ViewportFrame:
        """Return the viewport of a key; a new one is hidden until a tiling shows it."""
        if key not in self.frames:
            self.frames[key] = self._made(key)
        return self.frames[key]

    def _made(self, key: str) -> ViewportFrame:
        frame = ViewportFrame(parent=self)
        frame.hide()
        if self._tool is not None:
            frame.navigator.choose(self._tool)
        frame.activated.connect(lambda: self.activate(key))
        frame.maximise_requested.connect(lambda: self._maximise(key))
        frame.finding_clicked.connect(self.finding_clicked)
        frame.box_moved.connect(self.box_moved)
        frame.context_menu_requested.connect(lambda at: self.menu_requested.emit(key, at))
        frame.tool_changed.connect(self.choose_tool)
        frame.window_changed.connect(self.window_changed)
        frame.marks_toggled.connect(self.show_marks)
        frame.refused.connect(self.refused)
        frame.annotation_chosen.connect(self.annotation_chosen)
        frame.text_wanted.connect(lambda annotation: self.text_wanted.emit(key, annotation))
        frame.nodule_wanted.connect(lambda point: self.nodule_wanted.emit(key, point))
        frame.scrolled.connect(lambda index: self.viewport_scrolled.emit(key, index))
        frame.link_toggled.connect(lambda _linked: self.refresh())
        if key == STACK:
            frame.scrolled.connect(self.scrolled)
        else:
            frame.scrolled.connect(lambda _index: self._stack_follows())
            frame.crosshair_moved.connect(lambda _point: self._stack_follows())
        frame.canvas.installEventFilter(self)
        if not self._takes_keys:
            frame.canvas.keys = {}
        return frame

    def leave_keys(self) -> None:
        """Leave every key to the page's commands: a key that a person gave to something else does nothing here."""
        self._takes_keys = False
        for frame in self.frames.values():
            frame.canvas.keys = {}

    # what is shown

    @property
    def layout_choice(self) -> str:
        """Return the name of the tiling in use."""
        return self._layout

    @property
    def stack(self) -> StackScene | None:
        """Return the shown stack."""
        scene = self.frame(STACK).scene
        return scene if isinstance(scene, StackScene) else None

    @property
    def has_planes(self) -> bool:
        """Tell whether the three planes can be shown."""
        return all(self.frame(key).scene is not None for key in PLANES)

    @property
    def active(self) -> ViewportFrame:
        """Return the viewport that the tools and presets act on."""
        return self.frames[self._active]

    @property
    def scenes(self) -> list[Scene]:
        """Return every scene there is, shown or not."""
        return list(self.scenes_by_key.values())

    @property
    def scenes_by_key(self) -> dict[str, Scene]:
        """Return every scene there is by its viewport."""
        return {key: frame.scene for key, frame in self.frames.items() if frame.scene is not None}

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
        self._empty()
        self.links.on_screen = None
        self.links, former = LinkGroup(Registrations()), self.links
        self.links.apart = former.apart
        self.touched = False
        self._marks_shown = True
        self._show_frames()

    def show_stack(self, scene: StackScene) -> None:
        """Show a stack alone; scenes of another series go, but for those in viewports that stay as they are."""
        maximised = self._maximised
        self._empty(self.staying())
        self._maximised = STACK if maximised == STACK else ""
        self.set_scenes({STACK: scene})
        self._show_frames()
        self.activate(STACK)
        self.layout_changed.emit(self._layout)

    def _empty(self, but_for: Collection[str] = ()) -> None:
        for key, frame in self.frames.items():
            if key not in but_for:
                frame.set_scene(None)
        self._maximised = ""
        self._layout = Layout.ONE

    def set_scenes(self, scenes: Mapping[str, Scene | None]) -> None:
        """Give viewports their scenes, linked with all others; they are shown when a tiling with them is chosen."""
        for key, scene in scenes.items():
            if scene is not None:
                scene.show_marks = self._marks_shown
            self.frame(key).set_scene(scene, self.links if scene is not None else None)
        self.links.home_study = "" if self.stack is None else self.stack.study_instance_uid
        self._tell_links()
        self.refresh()

    def can_show(self, layout: str) -> bool:
        """Tell whether a tiling is known and every viewport that it needs has a scene."""
        tiling = self.tilings.get(layout)
        return tiling is not None and all(self.frame(key).scene is not None for key in tiling.needs)

    def choose_layout(self, layout: str, *, keeps_maximised: bool = False) -> None:
        """Divide the area as a tiling says; nothing happens where scenes are missing that it needs."""
        if not self.can_show(layout):
            return
        if not keeps_maximised or self._maximised not in self.tilings[layout].keys:
            self._maximised = ""
        former, self._layout = self._layout, layout
        if layout != former or self._active not in self.visible_keys():  # nobody works on what they do not see
            self.activate(self.visible_keys()[0])
        self._show_frames()
        if self._with_keys not in {"", self._active}:  # what keys act on is what they are given to
            self.frames[self._active].setFocus(Qt.FocusReason.OtherFocusReason)
        self.layout_changed.emit(layout)

    def choose_tool(self, name: ToolName) -> None:
        """Give every viewport the same tool."""
        self.set_adding(adding=False)
        self._tool = name
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
        if command is ViewCommand.LINK and self.link_by_hand is not None and self.link_by_hand():
            return
        self.active.run_command(command)

    def change(self, change: Callable[[Scene], None]) -> None:
        """Change every scene alike and repaint."""
        show_in_all(list(self.frames.values()), change)

    def refresh(self) -> None:
        """Repaint every viewport."""
        for frame in self.frames.values():
            frame.refresh()

    def show_point(self, lps_mm: Point) -> None:
        """
        Bring a patient point of the case to every linked view; a picture that shows it well already stays in place.

        What is not related to the case is neither scrolled nor moved: its millimetres are others.
        """
        self.frame(STACK).show_point(lps_mm)
        source = self.frame(STACK).scene
        targets = []
        for frame in self.frames.values():
            matrix = None if source is None or frame.scene is None else self.links.leads(source, frame.scene)
            if matrix is not None:
                targets.append(Target(frame, moved(lps_mm, matrix), matrix))
        bring_together([one for one in targets if one.frame.isVisibleTo(self)])
        for one in targets:
            if not one.frame.isVisibleTo(self):  # what is not on screen moves nothing that is
                bring(one.frame, one.lps_mm)

    def point_at(self, key: str, x: float, y: float) -> Point | None:
        """
        Return the patient point under a pixel of a viewport; None off the image or without geometry.

        None also in another study or frame of reference than the stack's: a point there is no point of this case.
        """
        frame = self.frames[key]
        if not self._is_of_the_case(frame.scene):
            return None
        view = frame.scene.view(frame.canvas.viewport) if frame.scene is not None else None
        if view is None or view.plane is None or view.pixel_at(x, y) is None:
            return None
        return view.lps_of(x, y)

    def box_at(self, key: str, x: float, y: float) -> ImagePlace | None:
        """Return a first box round a pixel of a film of this case; None elsewhere, also where patient points are."""
        frame, stack = self.frames[key], self.stack
        scene = frame.scene
        if not isinstance(scene, StackScene) or stack is None or scene.study_instance_uid != stack.study_instance_uid:
            return None
        view = scene.view(frame.canvas.viewport)
        if view is None or view.plane is not None or view.pixel_at(x, y) is None:
            return None
        ref = scene.ref(scene.index)
        return ImagePlace(ref.sop_instance_uid, scene.frame_number, box_round(view.inverse.apply(x, y), view.size))

    def _is_of_the_case(self, scene: Scene | None) -> bool:
        stack = self.stack
        return scene is not None and (
            stack is None
            or (scene.study_instance_uid, scene.frame_of_reference_uid)
            == (stack.study_instance_uid, stack.frame_of_reference_uid)
        )

    # placing

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the viewports out."""
        super().resizeEvent(event)
        self._place()

    def visible_keys(self) -> tuple[str, ...]:
        """Return the viewports on screen in reading order."""
        if self._maximised:
            return (self._maximised,)
        return self.tilings[self._layout].keys

    def showEvent(self, event: QShowEvent) -> None:
        """Let the viewports of a page that takes another's place paint one a turn, the active one with the page."""
        super().showEvent(event)
        keys = [key for key in self.visible_keys() if not self.frames[key].isHidden()]
        self._unpainted = [key for key in keys if key != self._active]
        for key, frame in self.frames.items():
            if key in self._unpainted:
                frame.canvas.wait()
            else:
                frame.canvas.go_on()
        if self._unpainted:
            self._stagger.start()

    def _show_frames(self) -> None:
        shown = self.visible_keys()
        had_keys = self._with_keys
        if had_keys and had_keys not in shown:  # what hides would give them to whatever stands beside the images
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        for key, frame in self.frames.items():
            if key not in shown:
                frame.hide()
        self._tell_links()
        first = self._active if self._active in shown else shown[0]
        self._waiting = sorted((key for key in shown if self.frame(key).isHidden()), key=lambda key: key != first)
        self._place()
        self._show_following()
        if had_keys and had_keys not in shown:
            self.frame(first).setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def _with_keys(self) -> str:
        """Return the viewport that has the keyboard, empty for none."""
        return next((key for key, frame in self.frames.items() if frame.canvas.hasFocus()), "")

    def _tell_links(self) -> None:
        """A viewport that nobody sees draws no line in those on screen."""
        scenes = (self.frames[key].scene for key in self.visible_keys() if key in self.frames)
        seen = frozenset(one for one in scenes if one is not None)
        if seen != self.links.on_screen:
            self.links.on_screen = seen
            self.refresh()  # the headers tell who moves with whom

    def _show_following(self) -> None:
        """Show one more viewport: each first picture gets a turn of its own, so that no turn is long."""
        if self._waiting:
            self.frames[self._waiting.pop(0)].show()
        elif self._unpainted:
            self.frames[self._unpainted.pop(0)].canvas.go_on()
        if self._waiting or self._unpainted:
            self._stagger.start()

    def _place(self) -> None:
        places = self.tilings[self._layout].places(self.width(), self.height(), int(current_theme().px("vp.gap")))
        for key in self.visible_keys():
            frame = self.frame(key)
            frame.setGeometry(self.rect() if self._maximised else QRect(*places[key]))
            layout = frame.layout()
            if frame.isHidden() and layout is not None:
                # a jump may centre this viewport before its turn to appear: its canvas needs its size now
                layout.invalidate()
                layout.activate()
        self.placed.emit()

    def _maximise(self, key: str) -> None:
        if len(self.tilings[self._layout].tiles) == 1:
            return
        self._maximised = "" if self._maximised else key
        self._show_frames()
        self.frames[key].setFocus(Qt.FocusReason.OtherFocusReason)

    def open_menu(self) -> None:
        """Ask for the active viewport's menu at its crosshair, else in its middle: a key points nowhere else."""
        frame = self.active
        at, scene = frame.canvas.rect().center(), frame.scene
        view = None if scene is None else scene.view(frame.canvas.viewport)
        if scene is not None and scene.crosshair is not None and view is not None and view.plane is not None:
            x, y = view.viewport_of(scene.crosshair)
            crossing = QPoint(round(x), round(y))
            at = crossing if frame.canvas.rect().contains(crossing) else at
        self.menu_requested.emit(self._active, frame.canvas.mapToGlobal(at))

    def activate(self, key: str) -> None:
        """Let tools, presets and keys act on one viewport."""
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
        """Note compositions and first touches; take the click that puts a finding, and the menu's own key."""
        kind = event.type()
        if kind is QEvent.Type.InputMethod and isinstance(event, QInputMethodEvent):
            self.composition.update(event)
        elif kind is QEvent.Type.FocusOut:
            self.composition.active = False
        elif kind is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._explain_mark(watched, event)
            return True
        elif isinstance(event, QContextMenuEvent) and event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.open_menu()
            return True
        elif kind in {QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.KeyPress}:
            self.touched = True
            if self._adding and isinstance(event, QMouseEvent) and event.button() is Qt.MouseButton.LeftButton:
                self._put_finding(watched, event)
                return True
        return super().eventFilter(watched, event)

    def _explain_mark(self, canvas: QObject, event: QHelpEvent) -> None:
        """Say beside the pointer what the mark under it is."""
        for frame in self.frames.values():
            scene = frame.scene
            if frame.canvas is not canvas or scene is None or scene.findings is None:
                continue
            uid = scene.finding_at(frame.canvas.viewport, float(event.pos().x()), float(event.pos().y()))
            found = [one for one in scene.findings.findings if one.tracking_uid == uid]
            QToolTip.showText(event.globalPos(), mark_words(found[0]) if found else "", frame.canvas)

    def _put_finding(self, canvas: QObject, event: QMouseEvent) -> None:
        for key, frame in self.frames.items():
            if frame.canvas is canvas:
                point = self.point_at(key, event.position().x(), event.position().y())
                box = self.box_at(key, event.position().x(), event.position().y())
                if point is not None:
                    self.set_adding(adding=False)
                    self.add_requested.emit(point)
                elif box is not None:
                    self.set_adding(adding=False)
                    self.box_requested.emit(box)

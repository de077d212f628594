"""A viewport: header strip and image area; it shows, asks by signals and does nothing else."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from resources import theme_tokens
from resources.translation import tr
from viewers.qt.canvas import ImageCanvas
from viewers.qt.header_strip import HeaderStrip, HeaderText
from viewers.qt.surface import RenderSurface
from viewers.qt.view_commands import CUTS, TURNS, own_commands
from viewers.qt.view_surface import ViewSurface
from viewers.scene.camera import Camera
from viewers.scene.curved_scene import CurvedScene
from viewers.scene.events import PointerEvent, PointerKind
from viewers.scene.fidelity_of import fidelity_of
from viewers.scene.keys import Command
from viewers.scene.link_group import LinkGroup
from viewers.scene.mpr_scene import MprScene
from viewers.scene.presets import CT_PRESETS, IMAGE_DEFAULT_KEY, preset_of, preset_title
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.tools import actions
from viewers.scene.tools.navigate import Navigator
from viewers.scene.tools.tool import ToolName
from viewers.scene.viewtext import plane_title
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.annotation import Annotation
from workstation.domain.geometry import Point, plane_name

_PAGE: Final = 10
_VOLUME_COLOR: Final = "plane.3d"
_TOOLS: Final = {
    Command.TOOL_WINDOW: ToolName.WINDOW,
    Command.TOOL_PAN: ToolName.PAN,
    Command.TOOL_ZOOM: ToolName.ZOOM,
    Command.TOOL_SCROLL: ToolName.SCROLL,
    Command.TOOL_CROSSHAIR: ToolName.CROSSHAIR,
    Command.TOOL_DISTANCE: ToolName.DISTANCE,
    Command.TOOL_BIDIRECTIONAL: ToolName.BIDIRECTIONAL,
    Command.TOOL_ANGLE: ToolName.ANGLE,
    Command.TOOL_ELLIPSE: ToolName.ELLIPSE,
    Command.TOOL_RECTANGLE: ToolName.RECTANGLE,
    Command.TOOL_TEXT: ToolName.TEXT,
    Command.TOOL_PROBE: ToolName.PROBE,
    Command.TOOL_COBB: ToolName.COBB,
    Command.TOOL_LINES: ToolName.LINES,
    Command.TOOL_FREEHAND: ToolName.FREEHAND,
    Command.TOOL_SPHERE: ToolName.SPHERE,
    Command.TOOL_CARDIOTHORACIC: ToolName.CARDIOTHORACIC,
    Command.TOOL_NODULE: ToolName.NODULE,
}


def default_surface() -> RenderSurface:
    """Return the surface that decides by content and machine what paints (ADR 0003, 0004, 0019)."""
    return ViewSurface()


class _Membership:
    """A viewport's place in its link group, which outlives the widget just long enough to be given up."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._links: LinkGroup | None = None

    def change(
        self,
        scene: Scene | None,
        links: LinkGroup | None,
        repaint: Callable[[], None],
        viewport: Callable[[], tuple[float, float]],
    ) -> None:
        """Leave the old group and join the new one; a manual offset is this viewport's, whatever it shows."""
        self.leave()
        self._scene, self._links = scene, links
        if scene is not None and links is not None:
            links.join(scene, repaint, slot=self, viewport=viewport)

    def leave(self) -> None:
        """Leave the group, if any."""
        if self._scene is not None and self._links is not None:
            self._links.leave(self._scene)
        self._scene = self._links = None


class ViewportFrame(QWidget):
    """
    One viewport of the reading page.

    Scene state (window, slice, camera, measurements) is changed here; everything that
    reaches further, from saving to opening menus, is left to whoever listens.
    """

    crosshair_moved = Signal(object)
    """Patient point (L, P, S) in mm."""
    window_changed = Signal(object)
    """A Window."""
    scrolled = Signal(int)
    """The slice now shown, from 0; retrieval priority follows it."""
    annotation_finished = Signal(object)
    """The Annotation that was added or edited."""
    annotation_deleted = Signal(str)
    annotation_chosen = Signal(str)
    """The uid of what was drawn, moved or clicked; empty for none."""
    text_wanted = Signal(object)
    """The Annotation whose words the reader is to write before it is kept."""
    nodule_wanted = Signal(object)
    """The patient point inside the nodule that is to be measured."""
    finding_clicked = Signal(str)
    """Tracking UID."""
    box_moved = Signal(str, object)
    """Tracking UID and the new box, left, top, right and bottom in pixels of the image."""
    maximise_requested = Signal()
    activated = Signal()
    context_menu_requested = Signal(QPoint)
    """Global position."""
    refused = Signal(str, str)
    """What a tool could not do, and what to do instead."""
    planes_changed = Signal()
    """The planes of the volume were turned or their slabs changed: the other viewports of it must repaint."""
    path_drawn = Signal(object)
    """The CurvedPath that is to be straightened."""
    tool_changed = Signal(object)
    """A ToolName."""
    marks_toggled = Signal(bool)
    link_toggled = Signal(bool)

    def __init__(self, surface: RenderSurface | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.navigator = Navigator()
        self.scene: Scene | None = None
        self.links: LinkGroup | None = None
        self.header = HeaderStrip(self)
        self.canvas = ImageCanvas(surface or default_surface(), self.navigator, self)
        self._active = False
        self._seen = 0
        self._membership = _Membership()
        # a deleted viewport must not be repainted by those it was linked with
        self.destroyed.connect(self._membership.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)
        self.canvas.pointer.connect(self._pointer)
        self.canvas.command.connect(self.run_command)
        self.canvas.focused.connect(self.activated)
        self.canvas.failed.connect(self.refused)
        self.canvas.settled_changed.connect(self._show_fidelity)
        self.canvas.left.connect(self._pointer_left)
        self.header.maximise_clicked.connect(self.maximise_requested)
        self.header.double_clicked.connect(self.maximise_requested)

    # what is shown --------------------------------------------------------------------------

    def set_scene(self, scene: Scene | None, links: LinkGroup | None = None) -> None:
        """Show a scene, linked with others; whatever a tool had begun on the last one is dropped."""
        self.navigator.cancel()
        self.scene, self.links = scene, links
        self._seen = scene.index if scene is not None else 0
        # a strong reference would leave the widget to the garbage collector, which may run while it paints
        moved, size = weakref.WeakMethod(self._moved_by_link), weakref.WeakMethod(self._picture_size)

        def repaint() -> None:
            alive = moved()
            if alive is not None:
                alive()

        def viewport() -> tuple[float, float]:
            alive = size()
            return alive() if alive is not None else (1.0, 1.0)

        self._membership.change(scene, links, repaint, viewport)
        self.canvas.set_scene(scene)
        self.header.set_fidelity(fidelity_of(scene))
        self.refresh()

    def _moved_by_link(self) -> None:
        """Repaint, and ask for the slice that another viewport led to."""
        if self.scene is not None and self.scene.index != self._seen:
            self._tell_scrolled(self.scene)
        self.refresh()

    def _tell_scrolled(self, scene: Scene) -> None:
        self._seen = scene.index
        self.scrolled.emit(scene.index)

    def _picture_size(self) -> tuple[float, float]:
        return float(max(1, self.canvas.width())), float(max(1, self.canvas.height()))

    def set_active(self, *, active: bool) -> None:
        """Mark the viewport whose tools and presets the toolbar acts on."""
        self._active = active
        self.header.set_active(active=active)
        self.update()

    def refresh(self) -> None:
        """Repaint after the scene changed from outside: an image arrived, findings changed."""
        self.header.set_text(self._header_text())
        self._show_fidelity()
        self.canvas.update()

    def _show_fidelity(self) -> None:
        """Tell how true the pixels are, after the scene changed or a finer picture was painted."""
        self.header.show_fidelity(
            fidelity_of(self.scene, is_settled=self.canvas.is_settled, is_empty=self.canvas.is_empty)
        )

    def retranslate(self) -> None:
        """Take the language in use."""
        self.header.retranslate()
        self.refresh()

    # what is done ---------------------------------------------------------------------------

    def choose_tool(self, name: ToolName) -> None:
        """Choose the tool of the left button."""
        self.navigator.choose(name)
        self.tool_changed.emit(name)
        self.canvas.update()

    def set_window(self, window: Window) -> None:
        """Show with another window, in linked views as well."""
        if self.scene is None:
            return
        if self.links is not None:
            self.links.set_window(window, self.scene)
        else:
            self.scene.set_window(window)
        self.window_changed.emit(window)
        self.refresh()

    def show_point(self, lps_mm: Point) -> None:
        """Put the crosshair of all linked views on a patient point."""
        if self.scene is None:
            return
        before = self.scene.index
        if self.links is not None:
            self.links.show_point(lps_mm, self.scene)
        else:
            self.scene.show_point(lps_mm)
        self.crosshair_moved.emit(lps_mm)
        if self.scene.index != before:
            self._tell_scrolled(self.scene)
        self.refresh()

    def scroll_to(self, index: int) -> None:
        """Show a slice, clamped to the stack."""
        if self.scene is None or not self.scene.scroll_to(index):
            return
        if self.links is not None:
            self.links.follow(self.scene)
        self._tell_scrolled(self.scene)
        self.refresh()

    def run_command(self, command: Command) -> None:
        """Carry out what a key asks; the toolbar may call it too."""
        scene = self.scene
        if command in _TOOLS:
            self.choose_tool(_TOOLS[command])
            return
        if scene is None:
            return
        if command.startswith("preset_"):
            self._preset(scene, command.removeprefix("preset_"))
            return
        if command is Command.OWN_WINDOW:
            if scene.show_following_own():
                self._own_shown(scene)
            else:
                self.refused.emit(tr("This picture brings no window of its own."), "")
            return
        if command is Command.CURVE and isinstance(scene, MprScene) and scene.planes.path.drawing:
            self._finish_path(scene)
            return
        own = own_commands(scene)
        commands = self._commands(scene) | own
        if command in commands:
            commands[command]()
            self.refresh()
        elif command in TURNS:
            self.refused.emit(tr("This picture can be neither turned nor mirrored by a key."), "")
        if command in own:
            self.planes_changed.emit()

    def _cut(self, command: Command, scene: Scene) -> None:
        why = CUTS[command](scene) if isinstance(scene, VolumeScene) else tr("Cut planes belong to a 3D view.")
        if why:
            self.refused.emit(why, "")

    def _preset(self, scene: Scene, key: str) -> None:
        window = scene.preset_window(key)
        if window is not None:
            self.set_window(window)
        elif key in CT_PRESETS and scene.modality == "CT":
            unit = scene.value_unit or tr("not stated")
            self.refused.emit(tr("CT windows need Hounsfield units; the unit here: {unit}.", unit=unit), "")
        if key == IMAGE_DEFAULT_KEY and scene.windowing.own_choices:
            self.show_own(0)

    def show_own(self, number: int) -> None:
        """Show every image here with the window of its own that has this number, from 0."""
        if self.scene is not None:
            self.scene.show_own(number)
            self._own_shown(self.scene)

    def _own_shown(self, scene: Scene) -> None:
        self.window_changed.emit(scene.window)
        self.refresh()

    def _commands(self, scene: Scene) -> dict[Command, Callable[[], object]]:
        return {
            Command.IDENTITY: lambda: setattr(scene, "identity", scene.identity.following()),
            Command.INVERT: scene.toggle_invert,
            Command.RESET: scene.reset,
            Command.FIT: scene.fit,
            Command.CANCEL: lambda: self.choose_tool(ToolName.WINDOW),
            Command.LINK: self._toggle_link,
            Command.MARKS: self._toggle_marks,
            Command.DELETE: self._delete_selected,
            Command.SLICE_BACK: lambda: self.scroll_to(scene.index - 1),
            Command.SLICE_ON: lambda: self.scroll_to(scene.index + 1),
            Command.PAGE_BACK: lambda: self.scroll_to(scene.index - _PAGE),
            Command.PAGE_ON: lambda: self.scroll_to(scene.index + _PAGE),
            **{cut: partial(self._cut, cut, scene) for cut in CUTS},
            Command.FIRST: lambda: self.scroll_to(0),
            Command.LAST: lambda: self.scroll_to(scene.count - 1),
        }

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Paint the border, in the accent colour when active."""
        painter = QPainter(self)
        painter.setPen(QColor(theme_tokens.color("acc" if self._active else "vp.line")))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    # events ---------------------------------------------------------------------------------

    def _pointer(self, event: PointerEvent) -> None:
        scene = self.scene
        if scene is None:
            return
        if event.kind is PointerKind.PRESS:
            self.activated.emit()
        asked = self.navigator.handle(event, scene, self.canvas.viewport)
        moved = event.kind is PointerKind.MOVE
        if moved:
            scene.probe_at = event.x, event.y
        for action in asked:
            self._carry_out(action, scene)
        if asked or moved:
            self.canvas.update()

    def _pointer_left(self) -> None:
        if self.scene is not None:
            self.scene.probe_at = None
            self.canvas.update()

    def _set_camera(self, scene: Scene, camera: Camera) -> None:
        scene.set_camera(camera)
        if self.links is not None:
            self.links.zoom_like(scene)

    def _carry_out(self, action: actions.Action, scene: Scene) -> None:  # noqa: C901, PLR0912 - a flat table of actions
        match action:
            case actions.SetWindow(window):
                self.set_window(window)
            case actions.Pan(dx, dy):
                self._set_camera(scene, scene.state.camera.panned(dx, dy))
            case actions.Zoom(factor, x, y):
                width, height = self.canvas.viewport
                centre = x - width / 2, y - height / 2
                self._set_camera(scene, scene.state.camera.zoomed(factor, from_centre=centre))
            case actions.Scroll(slices):
                self.scroll_to(scene.index + slices)
            case actions.MoveCrosshair(point):
                self.show_point(point)
            case actions.TurnPlanes(radians, only) if isinstance(scene, MprScene):
                scene.turn(radians, only=only)
                self.planes_changed.emit()
            case actions.ChangeSlab(steps) if isinstance(scene, MprScene):
                scene.set_slab(scene.slab.thicker(steps))
                self.planes_changed.emit()
            case actions.TurnVolume(across, along) if isinstance(scene, VolumeScene):
                scene.turn(across, along)
            case actions.AddPathPoint(point) if isinstance(scene, MprScene):
                scene.planes.set_path(scene.planes.path.with_point(point))
                self.planes_changed.emit()
            case actions.FinishPath() if isinstance(scene, MprScene):
                self._finish_path(scene)
            case actions.AddAnnotation(annotation):
                self.keep(annotation)
            case actions.EditAnnotation(annotation):
                scene.annotations.edit(scene.study_instance_uid, annotation)
                self._kept(scene, annotation)
            case actions.AskText(annotation):
                self.text_wanted.emit(annotation)
            case actions.SeedNodule(point):
                self.nodule_wanted.emit(point)
            case actions.SelectAnnotation(uid):
                scene.selected_annotation = uid
                self.annotation_chosen.emit(uid)
            case actions.ClickFinding(uid):
                self.finding_clicked.emit(uid)
            case actions.MoveBox(uid, box):
                self.box_moved.emit(uid, box)
            case actions.OpenMenu(x, y):
                self.context_menu_requested.emit(self.canvas.mapToGlobal(QPoint(round(x), round(y))))
            case actions.Maximise():
                self.maximise_requested.emit()
            case actions.Refuse(text, hint):
                self.refused.emit(text, hint)
            case actions.Repaint():
                self.canvas.update()

    def _finish_path(self, scene: MprScene) -> None:
        path = scene.end_path()
        self.planes_changed.emit()
        if path is not None:
            self.path_drawn.emit(path)
        self.refresh()

    def keep(self, annotation: Annotation) -> None:
        """Add a finished annotation to the study on screen and select it."""
        if self.scene is not None:
            self.scene.annotations.add(self.scene.study_instance_uid, annotation)
            self._kept(self.scene, annotation)

    def _kept(self, scene: Scene, annotation: Annotation) -> None:
        scene.selected_annotation = annotation.uid
        self.annotation_finished.emit(annotation)
        self.annotation_chosen.emit(annotation.uid)

    def _delete_selected(self) -> None:
        scene = self.scene
        if scene is None or not scene.selected_annotation:
            return
        uid, scene.selected_annotation = scene.selected_annotation, ""
        if any(one.uid == uid for one in scene.annotations.items):
            scene.annotations.delete(scene.study_instance_uid, uid)
            self.annotation_deleted.emit(uid)

    def _toggle_marks(self) -> None:
        if self.scene is not None:
            self.scene.show_marks = not self.scene.show_marks
            self.marks_toggled.emit(self.scene.show_marks)

    def _toggle_link(self) -> None:
        if self.scene is not None and self.links is not None:
            linked = not self.links.takes_part(self.scene)
            self.links.set_linked(self.scene, linked=linked)
            self.link_toggled.emit(linked)

    def _header_text(self) -> HeaderText:
        scene = self.scene
        if scene is None:
            return HeaderText()
        preset = preset_of(scene.window) if scene.takes_ct_windows else None
        window = preset_title(preset.name) if preset is not None else ""
        text = HeaderText(
            mode=_mode(_kind_of(scene), window),
            is_linked=self.links is not None and self.links.moves_with_seen(scene),
            apart=tr("not linked") if self.links is not None and self.links.stands_apart(scene) else "",
        )
        if isinstance(scene, MprScene):
            # a narrow strip cuts the end off: the window is told in a corner as well
            mode = _mode(_kind_of(scene), scene.slab.text(), window)
            return replace(text, plane=scene.title, plane_token=scene.plane.token, mode=mode)
        if isinstance(scene, VolumeScene):
            return replace(text, plane=tr("3D"), plane_token=_VOLUME_COLOR, mode=scene.title)
        if isinstance(scene, CurvedScene):
            return replace(text, plane=scene.title, plane_token=_VOLUME_COLOR)
        view = scene.view(self.canvas.viewport)
        if view is None or view.plane is None:
            name = scene.view_name if isinstance(scene, StackScene) else ""
            return replace(text, plane=name or scene.modality, mode=scene.modality if name else "")
        name = plane_name(view.plane.normal)
        return replace(text, plane=plane_title(name), plane_token="plane.3d" if name == "oblique" else f"plane.{name}")


def _mode(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _kind_of(scene: Scene) -> str:
    """Return what tells planes of a PET-CT apart: fused, the modality; nothing of a CT alone."""
    if scene.fused is not None:
        return scene.fused.kind
    return {"CT": "", "PT": "PET"}.get(scene.modality, scene.modality)


def show_in_all(frames: list[ViewportFrame], change: Callable[[Scene], None]) -> None:
    """Change every scene on screen alike (findings, marks on or off) and repaint."""
    for frame in frames:
        if frame.scene is not None:
            change(frame.scene)
            frame.refresh()

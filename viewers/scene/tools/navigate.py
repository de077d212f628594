"""Which button does what: hands pointer events to the right tool."""

from __future__ import annotations

import math
from typing import Final

from viewers.scene.curved_scene import CurvedScene
from viewers.scene.events import Button, Modifier, PointerEvent, PointerKind
from viewers.scene.frame import Size
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.tools.actions import (
    Actions,
    ChangeSlab,
    ClickFinding,
    FinishPath,
    Maximise,
    OpenMenu,
    Scroll,
    SelectAnnotation,
    Zoom,
)
from viewers.scene.tools.boxes import BoxTool
from viewers.scene.tools.handles import HandleTool
from viewers.scene.tools.measuring import CLICK_PX, DrawTool, FreehandTool, NoduleTool, ProbeTool, TextTool
from viewers.scene.tools.planes import ArmTool, not_on_curved, path_point
from viewers.scene.tools.tool import (
    CrosshairTool,
    PanTool,
    ScrollTool,
    Tool,
    ToolName,
    WindowTool,
    ZoomTool,
    crosshair_to,
)
from viewers.scene.tools.volume import VolumeTool, only_on_planes
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.annotation import Annotation, AnnotationKind

_DRAWN: Final = {
    ToolName.DISTANCE: AnnotationKind.LENGTH,
    ToolName.BIDIRECTIONAL: AnnotationKind.BIDIRECTIONAL,
    ToolName.ANGLE: AnnotationKind.ANGLE,
    ToolName.ELLIPSE: AnnotationKind.ELLIPSE,
    ToolName.RECTANGLE: AnnotationKind.RECTANGLE,
    ToolName.COBB: AnnotationKind.COBB,
    ToolName.LINES: AnnotationKind.LINES,
    ToolName.SPHERE: AnnotationKind.SPHERE,
    ToolName.CARDIOTHORACIC: AnnotationKind.CARDIOTHORACIC,
}
_MEASURING: Final = frozenset({*_DRAWN, ToolName.PROBE, ToolName.TEXT, ToolName.FREEHAND, ToolName.NODULE})
_WHEEL_ZOOM: Final = 1.15
_FAST_SCROLL: Final = 10


class Navigator:
    """
    The mouse of the profile "PACS".

    Left: the chosen tool (window when none); middle: pan; right drag: zoom, right click: menu;
    wheel: slice, with Shift ten, with Ctrl zoom, with Alt slab thickness; Shift and move: crosshair;
    double click: maximise.
    """

    def __init__(self) -> None:
        self._tools: dict[ToolName, Tool] = {
            ToolName.WINDOW: WindowTool(),
            ToolName.PAN: PanTool(),
            ToolName.ZOOM: ZoomTool(),
            ToolName.SCROLL: ScrollTool(),
            ToolName.CROSSHAIR: CrosshairTool(),
            **{name: DrawTool(kind) for name, kind in _DRAWN.items()},
            ToolName.FREEHAND: FreehandTool(),
            ToolName.TEXT: TextTool(),
            ToolName.PROBE: ProbeTool(),
            ToolName.NODULE: NoduleTool(),
        }
        self._by_button = {Button.MIDDLE: PanTool(), Button.RIGHT: ZoomTool()}
        self._handles = HandleTool()
        self._boxes = BoxTool()
        self._arms = ArmTool()
        self._volume = VolumeTool()
        self._busy: Tool | None = None
        self._pressed_at = (0.0, 0.0)
        self.tool = ToolName.WINDOW

    @property
    def preview(self) -> Annotation | None:
        """Return the measurement that is being drawn."""
        return self._handles.preview or self._tools[self.tool].preview

    def choose(self, name: ToolName) -> None:
        """Choose the tool of the left button; what another one began is dropped."""
        self.cancel()
        self.tool = name

    def cancel(self) -> None:
        """Drop whatever is being dragged or drawn."""
        for tool in (
            *self._tools.values(),
            *self._by_button.values(),
            self._handles,
            self._boxes,
            self._arms,
            self._volume,
        ):
            tool.cancel()
        self._busy = None

    def handle(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Return what an event asks for."""
        if event.kind is PointerKind.WHEEL:
            return self._wheel(event)
        if event.kind is PointerKind.DOUBLE:
            self.cancel()
            if isinstance(scene, MprScene) and scene.planes.path.drawing:
                return (FinishPath(),)
            return (Maximise(),) if event.button is Button.LEFT else ()
        if event.kind is PointerKind.PRESS:
            return self._press(event, scene, viewport)
        if event.kind is PointerKind.MOVE:
            return self._move(event, scene, viewport)
        return self._release(event, scene, viewport)

    def _move(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        if isinstance(scene, VolumeScene):
            return self._busy.move(event, scene, viewport) if self._busy is not None else ()
        if self._busy is None and Modifier.SHIFT in event.modifiers:
            return crosshair_to(event, scene, viewport)
        tool = self._busy if self._busy is not None else self._tools[self.tool]
        return tool.move(event, scene, viewport)

    def _press(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        if self._busy is not None or event.button is Button.NONE:
            return ()
        self._pressed_at = event.x, event.y
        if event.button is not Button.LEFT:
            self._busy = self._by_button[event.button]
            return self._busy.press(event, scene, viewport)
        own = self._press_on_kind(event, scene, viewport)
        if own is not None:
            return own
        self._handles.whole_lines = self.tool not in _MEASURING
        self._arms.whole_arms = self.tool is ToolName.CROSSHAIR
        held = self._take_hold(event, scene, viewport)
        if held:
            return held
        self._busy = self._tools[self.tool]
        dropped: Actions = (SelectAnnotation(""),) if scene.selected_annotation else ()
        return dropped + self._busy.press(event, scene, viewport)

    def _take_hold(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        """Take hold of what lies under the pointer, unless something is being drawn."""
        if self._tools[self.tool].preview is not None:
            return ()
        first: tuple[Tool, ...] = () if self.tool in _MEASURING else (self._boxes,)
        for tool in (*first, self._handles, self._arms):
            held = tool.press(event, scene, viewport)
            if held:
                self._busy = tool
                return held
        return ()

    def _press_on_kind(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions | None:
        """Return what a press means on this kind of scene alone; None where it means what it always does."""
        if isinstance(scene, VolumeScene):
            return self._press_volume(event, scene, viewport)
        if isinstance(scene, MprScene) and scene.planes.path.drawing:
            return path_point(event, scene, viewport)
        if isinstance(scene, CurvedScene) and self.tool in _MEASURING:
            return not_on_curved()
        return None

    def _press_volume(self, event: PointerEvent, scene: VolumeScene, viewport: Size) -> Actions:
        turns = scene.scissoring or self.tool in {ToolName.WINDOW, ToolName.CROSSHAIR}
        if not turns and self.tool not in {ToolName.PAN, ToolName.ZOOM, ToolName.SCROLL}:
            return only_on_planes()
        self._busy = self._volume if turns else self._tools[self.tool]
        return self._busy.press(event, scene, viewport)

    def _release(self, event: PointerEvent, scene: Scene, viewport: Size) -> Actions:
        tool, self._busy = self._busy, None
        if tool is None:
            return ()
        done = tool.release(event, scene, viewport)
        if math.dist(self._pressed_at, (event.x, event.y)) >= CLICK_PX:
            return done
        if event.button is Button.RIGHT:
            return (*done, OpenMenu(event.x, event.y))
        finding = scene.finding_at(viewport, event.x, event.y)
        is_click = event.button is Button.LEFT and self.tool in {
            ToolName.WINDOW,
            ToolName.PAN,
            ToolName.ZOOM,
            ToolName.SCROLL,
        }
        return (
            (*done, ClickFinding(finding))
            if finding and is_click and tool not in (self._handles, self._boxes)
            else done
        )

    def _wheel(self, event: PointerEvent) -> Actions:
        if Modifier.CTRL in event.modifiers:
            return (Zoom(_WHEEL_ZOOM**event.notches, event.x, event.y),)
        if Modifier.ALT in event.modifiers:
            return (ChangeSlab(event.notches),)
        # away from the user goes towards the first slice
        return (Scroll(-event.notches * (_FAST_SCROLL if Modifier.SHIFT in event.modifiers else 1)),)

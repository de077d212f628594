"""What can be done on the images by key, button or menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtGui import QAction

from resources.translation import tr
from viewers.scene.keys import Command as ViewCommand
from viewers.scene.presets import CT_PRESETS, preset_title
from viewers.scene.tools.tool import ToolName
from workstation.ui.commands import Command, CommandSet, KeySheetRow
from workstation.ui.widgets.viewport_grid import Layout, ViewportGrid

TOOLS: Final = {
    "tool.window": (ToolName.WINDOW, "contrast-2", "W"),
    "tool.pan": (ToolName.PAN, "drag-move-2", "T"),
    "tool.zoom": (ToolName.ZOOM, "zoom-in", "Z"),
    "tool.scroll": (ToolName.SCROLL, "arrow-up-down", "S"),
    "tool.crosshair": (ToolName.CROSSHAIR, "focus-3", "H"),
    "tool.distance": (ToolName.DISTANCE, "ruler", "D"),
    "tool.ellipse": (ToolName.ELLIPSE, "checkbox-blank-circle", "E"),
    "tool.probe": (ToolName.PROBE, "sip", "P"),
}


class ReadingCommands(CommandSet):
    """The commands of the page and, on the image area only, those of single letters."""

    def __init__(self, page: CommandSet, grid: ViewportGrid) -> None:
        super().__init__(grid)
        self._page = page
        self._grid = grid

    def of_images(self, command: Command) -> QAction:
        """Add a command of the image area; it does nothing while an input method composes."""
        act = command.handler

        def handler() -> None:
            if not self._grid.composition.active:
                act()

        return self.add(
            Command(command.id, command.text, command.icon, command.key, handler, command.area, command.more_keys,
                    command.checkable, command.tooltip)
        )  # fmt: skip

    def key_sheet(self) -> list[KeySheetRow]:
        """Return the lines of page and images, and of the keys the viewport itself takes."""
        area = tr("Images")
        own = [
            KeySheetRow(area, tr("Slice before, after"), "↑ ↓"),
            KeySheetRow(area, tr("Ten slices back, on"), "PgUp PgDn"),
            KeySheetRow(area, tr("First, last slice"), "Home End"),
            KeySheetRow(area, tr("Next viewport"), "Tab"),
        ]
        return [*self._page.key_sheet(), *super().key_sheet(), *own]


def tool_words() -> dict[str, str]:
    """Return the names of the tools by command id."""
    return {
        "tool.window": tr("Window"),
        "tool.pan": tr("Pan"),
        "tool.zoom": tr("Zoom"),
        "tool.scroll": tr("Scroll"),
        "tool.crosshair": tr("Crosshair"),
        "tool.distance": tr("Distance"),
        "tool.ellipse": tr("Ellipse ROI"),
        "tool.probe": tr("Probe"),
    }


def preset_words(key: str) -> str:
    """Return a window preset with its numbers; 0 and 1 depend on the image."""
    if key in CT_PRESETS:
        window = CT_PRESETS[key].window
        centre = f"{window.centre:.0f}".replace("-", "\u2212")
        return f"{preset_title(CT_PRESETS[key].name)} {window.width:.0f}/{centre}"
    return tr("Full range") if key == "0" else tr("The image's own window")


def add_view_commands(commands: ReadingCommands, grid: ViewportGrid) -> None:
    """Add tools, presets, layouts and what a viewport can do."""
    images = tr("Images")
    words = tool_words()
    for command_id, (name, icon, key) in TOOLS.items():
        commands.of_images(
            Command(command_id, words[command_id], icon, key, _choose(grid, name), images, checkable=True)
        )
    for key in "1234567890":
        commands.of_images(
            Command(f"preset.{key}", preset_words(key), "contrast-2", key, _run(grid, ViewCommand(f"preset_{key}")),
                    images)
        )  # fmt: skip
    for command_id, text, icon, key, command in (
        ("view.invert", tr("Invert"), "contrast", "V", ViewCommand.INVERT),
        ("view.fit", tr("Fit"), "fullscreen-exit", "F", ViewCommand.FIT),
        ("view.reset", tr("Reset the view"), "restart", "Space", ViewCommand.RESET),
        ("view.text", tr("Corner text: all, no names, none"), "information", "I", ViewCommand.IDENTITY),
        ("view.link", tr("Link or unlink"), "links", "L", ViewCommand.LINK),
        ("view.delete", tr("Delete the chosen measurement"), "delete-bin", "Delete", ViewCommand.DELETE),
        ("view.cancel", tr("Put the tool down"), "close", "Esc", ViewCommand.CANCEL),
    ):
        commands.of_images(Command(command_id, text, icon, key, _run(grid, command), images))
    for layout, text, icon, key in (
        (Layout.ONE, tr("One view"), "checkbox-blank", "Shift+1"),
        (Layout.MPR, tr("Three planes and the stack"), "layout-grid", "Shift+4"),
    ):
        commands.of_images(Command(f"layout.{layout}", text, icon, key, _lay_out(grid, layout), images, checkable=True))


def _choose(grid: ViewportGrid, name: ToolName) -> Callable[[], None]:
    return lambda: grid.choose_tool(name)


def _run(grid: ViewportGrid, command: ViewCommand) -> Callable[[], None]:
    def run() -> None:
        if command is ViewCommand.CANCEL:
            grid.set_adding(adding=False)
        grid.run(command)

    return run


def _lay_out(grid: ViewportGrid, layout: Layout) -> Callable[[], None]:
    return lambda: grid.choose_layout(layout)

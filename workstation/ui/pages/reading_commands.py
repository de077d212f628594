"""What can be done on the images by key, button or menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PySide6.QtGui import QAction

from resources.translation import tr
from viewers.scene.keys import Command as ViewCommand
from viewers.scene.presets import CT_PRESETS, preset_title
from viewers.scene.scene import Scene
from viewers.scene.tools.tool import ToolName
from workstation.ui.commands import Command, CommandSet, KeySheetRow
from workstation.ui.keymap import KeyRow
from workstation.ui.pages.own_window_menu import OwnWindowMenu
from workstation.ui.widgets.reading_header import ReadingHeader
from workstation.ui.widgets.viewport_grid import ViewportGrid

if TYPE_CHECKING:
    from workstation.ui.pages.reading_page import ReadingPage

TOOLS: Final = {
    "tool.window": (ToolName.WINDOW, "contrast-2", "W"),
    "tool.pan": (ToolName.PAN, "drag-move-2", "T"),
    "tool.zoom": (ToolName.ZOOM, "zoom-in", "Z"),
    "tool.scroll": (ToolName.SCROLL, "arrow-up-down", "S"),
    "tool.crosshair": (ToolName.CROSSHAIR, "focus-3", "H"),
    "tool.distance": (ToolName.DISTANCE, "ruler", "D"),
    "tool.bidirectional": (ToolName.BIDIRECTIONAL, "add", "B"),
    "tool.angle": (ToolName.ANGLE, "compasses", "A"),
    "tool.ellipse": (ToolName.ELLIPSE, "checkbox-blank-circle", "E"),
    "tool.rectangle": (ToolName.RECTANGLE, "checkbox-blank", "R"),
    "tool.text": (ToolName.TEXT, "text", "X"),
    "tool.probe": (ToolName.PROBE, "sip", "P"),
    "tool.nodule": (ToolName.NODULE, "magic", "Q"),
    "tool.cobb": (ToolName.COBB, "git-branch", "Shift+A"),
    "tool.lines": (ToolName.LINES, "guide", "Alt+A"),
    "tool.freehand": (ToolName.FREEHAND, "pencil", "Shift+E"),
    "tool.sphere": (ToolName.SPHERE, "global", "Shift+P"),
    "tool.cardiothoracic": (ToolName.CARDIOTHORACIC, "heart", "Shift+H"),
}
_HEADER_TOOLS: Final = (
    ("tool.window", "tool.pan", "tool.zoom", "tool.crosshair"),
    ("tool.distance", "tool.ellipse", "tool.probe"),
)
TURNS: Final = ("view.turn_right", "view.turn_left", "view.mirror", "view.mirror_upright")
_MORE_TOOLS: Final = tuple(one for one in TOOLS if not any(one in group for group in _HEADER_TOOLS))[1:]
"""What is measured and drawn less often; the scroll tool, first of the rest, stands with the view."""


class ReadingCommands(CommandSet):
    """The commands of the page and, on the image area only, those of single letters."""

    def __init__(self, page: CommandSet, grid: ViewportGrid) -> None:
        super().__init__(grid, "images")
        self._page = page
        self.beside: list[CommandSet] = []
        """Those of panels beside the images, which work while the panel has the keyboard"""
        self._grid = grid

    def of_images(self, command: Command) -> QAction:
        """Add a command of the image area; it does nothing while an input method composes."""
        act = command.handler

        def handler() -> None:
            if not self._grid.composition.active:
                act()

        return self.add(replace(command, handler=handler, editable=True))

    def key_sheet(self) -> list[KeySheetRow]:
        """Return the lines of page and images, and of the keys the viewport itself takes."""
        own = KeySheetRow(tr("Images"), tr("Next viewport"), "Tab")
        return [
            *self._page.key_sheet(),
            *super().key_sheet(),
            own,
            *(r for one in self.beside for r in one.key_sheet()),
        ]

    def key_rows(self) -> list[KeyRow]:
        """Return the commands of page, images and panels."""
        return [*self._page.key_rows(), *super().key_rows(), *(r for one in self.beside for r in one.key_rows())]


def tool_words() -> dict[str, str]:
    """Return the names of the tools by command id."""
    return {
        "tool.window": tr("Window"),
        "tool.pan": tr("Pan"),
        "tool.zoom": tr("Zoom"),
        "tool.scroll": tr("Scroll"),
        "tool.crosshair": tr("Crosshair"),
        "tool.distance": tr("Distance"),
        "tool.bidirectional": tr("Two diameters"),
        "tool.angle": tr("Angle"),
        "tool.ellipse": tr("Ellipse ROI"),
        "tool.rectangle": tr("Rectangle ROI"),
        "tool.text": tr("Arrow or text"),
        "tool.probe": tr("Probe"),
        "tool.nodule": tr("Nodule by one click"),
        "tool.cobb": tr("Cobb angle"),
        "tool.lines": tr("Angle between two lines"),
        "tool.freehand": tr("Freehand ROI"),
        "tool.sphere": tr("Sphere"),
        "tool.cardiothoracic": tr("Cardiothoracic ratio"),
    }


def preset_words(key: str) -> str:
    """Return a window preset with its numbers; 0 and 1 depend on the image."""
    if key in CT_PRESETS:
        window = CT_PRESETS[key].window
        centre = f"{window.centre:.0f}".replace("-", "\u2212")
        return f"{preset_title(CT_PRESETS[key].name)} {window.width:.0f}/{centre}"
    return tr("Full range") if key == "0" else tr("The image's own window")


def _window_words(key: str, scene: Scene) -> str:
    """Return a window as the image on screen has it, empty for a key that does nothing there."""
    if key in "01":
        return preset_words(key)
    window = scene.preset_window(key)
    if window is None:
        return ""
    return preset_words(key) if scene.uptake is None else scene.uptake.words(window)


def add_page_commands(page: ReadingPage, commands: CommandSet, of_images: ReadingCommands) -> Iterator[None]:
    """Add all commands of the page, some a step: those of its own, and single letters for the image area only."""
    images, ai = tr("Images"), tr("Findings")
    yield from add_view_commands(of_images, page.grid)
    for command in (
        Command("findings.next", tr("Next finding"), "skip-forward", "N", lambda: page.step(1), ai),
        Command("findings.previous", tr("Previous finding"), "skip-back", "Shift+N", lambda: page.step(-1), ai),
        Command("findings.accept", tr("Accept"), "check", "Return", page.accept_requested.emit, ai, ("Enter",)),
        Command("findings.reject", tr("Reject, then 1 to 6"), "close", "Backspace", page.reject_asked.emit, ai),
        Command("findings.reject_rest", tr("Reject the rest, then 1 to 6"), "close-circle", "Shift+Backspace",
                page.rest_asked.emit, ai),
        Command("findings.evidence", tr("Evidence"), "microscope", "Ctrl+I", page.evidence_asked.emit, ai),
        Command("findings.reveal", tr("I have looked, show the AI"), "eye", "Ctrl+G", page.reveal_requested.emit, ai),
        Command("findings.edit", tr("Edit"), "edit", "Ctrl+E", page.edit_asked.emit, ai),
        Command("findings.add", tr("Add a finding"), "add-circle", "Ins", page.begin_adding, ai, checkable=True,
                tooltip=tr("Add a finding where you click")),
        Command("findings.marks", tr("Show the AI marks"), "robot", "G", page.toggle_marks, ai, checkable=True),
        Command("findings.undo", tr("Undo"), "arrow-go-back", "Ctrl+Z", page.undo_requested.emit, ai),
        Command("findings.redo", tr("Redo"), "arrow-go-forward", "Ctrl+Y", page.redo_requested.emit, ai,
                ("Ctrl+Shift+Z",)),
        Command("findings.rejected", tr("Show rejected marks"), "eye", "Shift+G", page.toggle_rejected, ai,
                checkable=True),
    ):  # fmt: skip
        of_images.of_images(command)
    yield
    for command in (
        Command("reading.save", tr("Save the draft"), "save", "Ctrl+S", page.save_requested.emit, images),
        Command("reading.finish", tr("Submit or sign"), "quill-pen", "Ctrl+Return", page.finish_requested.emit, images),
        Command("reading.area", tr("Next area"), "layout-column", "F6", page.next_area, images),
    ):
        commands.add(replace(command, editable=True))


def fill_header(header: ReadingHeader, commands: ReadingCommands, grid: ViewportGrid) -> None:
    """Put tools, presets and layouts into the header, and what is used less into its menu."""
    action = commands.action
    shown = [[(action(one), TOOLS[one][1]) for one in group] for group in _HEADER_TOOLS]
    header.add_tools(
        (
            *shown,
            [(action("findings.add"), "add-circle"), (action("findings.marks"), "robot")],
        )
    )
    windows = {key: action(f"preset.{key}") for key in "2345678910"}
    header.presets.menu.addActions(list(windows.values()))

    own = OwnWindowMenu(header.presets.menu, grid, action("view.own_window"))

    def show_those_of_the_image() -> None:
        scene = grid.active.scene
        own.fill(scene)
        for key, entry in windows.items():
            words = _window_words(key, scene) if scene is not None else preset_words(key)
            entry.setText(words)
            entry.setVisible(bool(words))

    def show_all() -> None:  # an entry that is not shown has no key either
        own.show_cycle()
        for entry in windows.values():
            entry.setVisible(True)

    header.presets.menu.aboutToShow.connect(show_those_of_the_image)
    header.presets.menu.aboutToHide.connect(show_all)
    more = header.menu
    more.addMenu(header.presets.menu).setText(tr("Window"))
    more.addMenu(header.layouts.menu).setText(tr("Layout"))
    measuring = more.addMenu(tr("Measure and draw"))
    for command_id in _MORE_TOOLS:
        measuring.addAction(action(command_id))
    more.addSeparator()
    for command_id in ("tool.scroll", "view.invert", "view.fit", "view.reset", "view.link", "view.text"):
        more.addAction(action(command_id))
    turning = more.addMenu(tr("Turn and mirror"))
    for command_id in TURNS:
        turning.addAction(action(command_id))
    more.addSeparator()
    for command_id in ("findings.rejected", "findings.undo", "findings.redo", "view.delete"):
        more.addAction(action(command_id))


def add_view_commands(commands: ReadingCommands, grid: ViewportGrid) -> Iterator[None]:
    """Add tools, presets, layouts and what a viewport can do."""
    images = tr("Images")
    words = tool_words()
    for command_id, (name, icon, key) in TOOLS.items():
        commands.of_images(
            Command(command_id, words[command_id], icon, key, _choose(grid, name), images, checkable=True)
        )
        yield
    for key in "1234567890":
        commands.of_images(
            Command(f"preset.{key}", preset_words(key), "contrast-2", key, _run(grid, ViewCommand(f"preset_{key}")),
                    images)
        )  # fmt: skip
    yield
    for command_id, text, icon, key, command in (
        ("view.invert", tr("Invert"), "contrast", "V", ViewCommand.INVERT),
        ("view.fit", tr("Fit"), "fullscreen-exit", "F", ViewCommand.FIT),
        ("view.reset", tr("Reset the view"), "restart", "Space", ViewCommand.RESET),
        ("view.text", tr("Corner text: all, no names, none"), "information", "I", ViewCommand.IDENTITY),
        ("view.link", tr("Link or unlink"), "links", "L", ViewCommand.LINK),
        ("view.delete", tr("Delete the chosen measurement"), "delete-bin", "Delete", ViewCommand.DELETE),
        ("view.cancel", tr("Put the tool down"), "close", "Esc", ViewCommand.CANCEL),
        ("view.own_window", tr("The image's next window"), "contrast-drop", "Shift+W", ViewCommand.OWN_WINDOW),
        ("view.turn_right", tr("Turn to the right"), "clockwise-2", "Alt+R", ViewCommand.TURN_RIGHT),
        ("view.turn_left", tr("Turn to the left"), "anticlockwise-2", "Alt+L", ViewCommand.TURN_LEFT),
        ("view.mirror", tr("Mirror left and right"), "arrow-left-right", "Alt+F", ViewCommand.MIRROR_SIDEWAYS),
        ("view.mirror_upright", tr("Mirror top and bottom"), "swap-box", "Alt+Shift+F",
         ViewCommand.MIRROR_UPRIGHT),
        ("slice.back", tr("Slice before"), "arrow-up-s", "Up", ViewCommand.SLICE_BACK),
        ("slice.on", tr("Slice after"), "arrow-down-s", "Down", ViewCommand.SLICE_ON),
        ("slice.page_back", tr("Ten slices back"), "arrow-up-circle", "PgUp", ViewCommand.PAGE_BACK),
        ("slice.page_on", tr("Ten slices on"), "arrow-down-circle", "PgDown", ViewCommand.PAGE_ON),
        ("slice.first", tr("First slice"), "arrow-up", "Home", ViewCommand.FIRST),
        ("slice.last", tr("Last slice"), "arrow-down", "End", ViewCommand.LAST),
    ):  # fmt: skip
        commands.of_images(Command(command_id, text, icon, key, _run(grid, command), images))
    commands.of_images(Command("view.menu", tr("Menu at the crosshair"), "more", "Shift+F10", grid.open_menu, images))
    yield


def add_layout_command(
    commands: ReadingCommands, grid: ViewportGrid, name: str, text: str, icon: str, key: str
) -> None:
    """Add the command that divides the image area as the tiling ``name`` says."""
    commands.of_images(Command(f"layout.{name}", text, icon, key, _lay_out(grid, name), tr("Images"), checkable=True))


def _choose(grid: ViewportGrid, name: ToolName) -> Callable[[], None]:
    return lambda: grid.choose_tool(name)


def _run(grid: ViewportGrid, command: ViewCommand) -> Callable[[], None]:
    def run() -> None:
        if command is ViewCommand.CANCEL:
            grid.set_adding(adding=False)
        grid.touched = True
        grid.run(command)

    return run


def _lay_out(grid: ViewportGrid, layout: str) -> Callable[[], None]:
    return lambda: grid.choose_layout(layout)

"""The context menu of the image area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from viewers.scene.stack_scene import StackScene
from workstation.domain.geometry import Point
from workstation.domain.image_place import ImagePlace
from workstation.ui.pages.reading_commands import TURNS

if TYPE_CHECKING:
    from workstation.ui.pages.reading_page import ReadingPage


@dataclass(frozen=True, slots=True)
class MenuPlace:
    """Where the menu was asked for: viewport, its logical pixel, and the patient point there if there is one."""

    key: str
    x: float
    y: float
    point: Point | None


MenuEntries = Callable[[QMenu, MenuPlace], None]


class ImageMenu(QObject):
    """Built anew at every opening; ``entries`` of features follow the fixed ones."""

    def __init__(self, page: ReadingPage) -> None:
        super().__init__(page)
        self._page = page
        self.menu: QMenu | None = None
        self.entries: list[MenuEntries] = []
        page.grid.menu_requested.connect(self._open)

    def close(self) -> None:
        """Take an open menu away: it belongs to the case that goes."""
        if self.menu is not None:
            self.menu.close()

    def _open(self, key: str, at: QPoint) -> None:
        self.close()
        page = self._page
        local = page.grid.frame(key).canvas.mapFromGlobal(at)
        place = MenuPlace(key, local.x(), local.y(), page.grid.point_at(key, local.x(), local.y()))
        menu = QMenu(page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add = menu.addAction(tr("Add a finding here"))
        add.setObjectName("menu.add")
        box = page.grid.box_at(key, place.x, place.y)
        add.setEnabled(place.point is not None or box is not None)
        if place.point is not None:
            add.triggered.connect(lambda: page.add_requested.emit(place.point))
        else:
            add.triggered.connect(lambda: page.grid.box_requested.emit(box))
        for name, words, whole in self._wholes(key):
            entry = menu.addAction(words)
            entry.setObjectName(name)
            entry.triggered.connect(partial(page.grid.box_requested.emit, whole))
        action = page.view_commands.action
        groups = ("view.reset", "view.fit", "view.invert", "view.text"), TURNS, ("findings.marks", "findings.rejected")
        for group in groups:
            menu.addSeparator()
            for command_id in group:
                menu.addAction(action(command_id))
        for fill in self.entries:
            menu.addSeparator()
            fill(menu, place)
        menu.destroyed.connect(lambda: self._gone(menu))
        self.menu = menu
        menu.popup(at)

    def _wholes(self, key: str) -> list[tuple[str, str, ImagePlace]]:
        """Return what can be said of the whole: of the film under the pointer, and of the series of any stack."""
        frame, stack = self._page.grid.frame(key), self._page.grid.stack
        scene = frame.scene
        if not isinstance(scene, StackScene) or stack is None or scene.study_instance_uid != stack.study_instance_uid:
            return []
        found = []
        view = scene.view(frame.canvas.viewport)
        if view is not None and view.plane is None:
            image = ImagePlace(scene.ref(scene.index).sop_instance_uid, scene.frame_number)
            found.append(("menu.add_image", tr("Add a finding on the whole image"), image))
        if scene.series_instance_uid:
            series = ImagePlace.whole_series(scene.series_instance_uid)
            found.append(("menu.add_series", tr("Add a finding on the whole series"), series))
        return found

    def _gone(self, menu: QMenu) -> None:
        if self.menu is menu:  # one that was opened over another outlives it
            self.menu = None

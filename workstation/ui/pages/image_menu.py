"""The context menu of the image area."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from resources.translation import tr
from workstation.domain.geometry import Point
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
        action = page.view_commands.action
        groups = ("view.reset", "view.fit", "view.invert", "view.text"), TURNS, ("findings.marks", "findings.rejected")
        for group in groups:
            menu.addSeparator()
            for command_id in group:
                menu.addAction(action(command_id))
        for fill in self.entries:
            menu.addSeparator()
            fill(menu, place)
        menu.destroyed.connect(self._gone)
        self.menu = menu
        menu.popup(at)

    def _gone(self) -> None:
        self.menu = None

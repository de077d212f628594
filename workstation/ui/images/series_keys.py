"""The series before and after the one on screen, by key."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt

from resources.translation import tr
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext


class SeriesKeys(QObject):
    """Goes through the series of the case in the order of their list; it stops at the ends and says so."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        commands, area = self._page.view_commands, tr("Images")
        for name, text, icon, key, by in (
            ("series.previous", tr("Series before"), "arrow-left-s", "Left", -1),
            ("series.next", tr("Series after"), "arrow-right-s", "Right", 1),
        ):
            commands.of_images(Command(name, text, icon, key, partial(self.step, by), area))

    def step(self, by: int) -> None:
        """Show the series ``by`` places on; the keys stay with the images."""
        case, shown = self._images.case, self._images.shown
        if case is None or shown is None:
            return
        keys = [series.key for series in case.image_series()]
        at = keys.index(shown.key) + by
        if not 0 <= at < len(keys):
            self._page.toast.emit(tr("This is the first series.") if by < 0 else tr("This is the last series."))
            return
        self._images.show_series(keys[at])
        self._page.grid.active.setFocus(Qt.FocusReason.OtherFocusReason)

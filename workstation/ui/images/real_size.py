"""Real size: a millimetre of the image is a millimetre on a monitor that was measured with a ruler."""

from __future__ import annotations

from PySide6.QtCore import QObject

from resources.translation import tr
from viewers.qt.viewport import ViewportFrame
from viewers.scene.real_size import real_size
from workstation.domain.errors import WorkstationError
from workstation.domain.grayscale import MonitorCheckPort
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.monitor_check import monitor_name
from workstation.ui.notice import in_one_line


def viewport_pixel_mm(checks: MonitorCheckPort, frame: ViewportFrame) -> float | None:
    """Return the width of a viewport pixel on the monitor that it is on; None where nobody laid a ruler to that."""
    # each monitor has its own pixels, and the window may have been moved
    check = checks.last(monitor_name(frame.screen()))
    if check is None or check.mm_per_pixel is None:
        return None
    return check.mm_per_pixel * frame.devicePixelRatioF()


class RealSize(QObject):
    """Adds the command where this machine keeps the checks of its monitors."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page = context.page
        self._checks = self._page.pictures.checks if self._page.pictures is not None else None
        if self._checks is None:
            return
        action = self._page.view_commands.of_images(
            Command("view.real_size", tr("Real size"), "ruler-2", "Shift+R", self.show, tr("Images"))
        )
        self._page.header.menu.addAction(action)

    def show(self) -> None:
        """Show the active viewport in real size, or say why not."""
        frame = self._page.grid.active
        scene = frame.scene
        if scene is None or self._checks is None:
            return
        pixel_mm = viewport_pixel_mm(self._checks, frame)
        if pixel_mm is None:
            text = tr("This monitor was not measured with a ruler.")
            self._page.toast.emit(in_one_line(text, tr("Open the settings and check this monitor.")))
            return
        try:
            camera = real_size(scene, frame.canvas.viewport, pixel_mm)
        except WorkstationError as exc:
            self._page.toast.emit(in_one_line(exc.user_text, exc.hint))
            return
        scene.set_camera(camera)
        frame.refresh()

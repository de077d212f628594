"""The surface of a viewport: stacks by the raster path, planes and volumes by what suits machine and reader."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from resources import theme_tokens
from resources.translation import tr
from viewers.qt.plane_pictures import PlanePictures
from viewers.qt.surface import RasterSurface, device_size, gray_image
from viewers.qt.volume_pictures import VolumePicture, VolumeWorker, shared_worker
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.qt.vtk_surface import OffscreenVtkSurface
from viewers.scene.frame import Frame
from viewers.scene.reslice import ResliceRequest, as_displayed
from viewers.scene.volume_request import VolumeRequest

_RGB: Final = QImage.Format.Format_RGB888
_SEEN: Final = 8
"""The level of 255 below which a rendered pixel is black to the eye"""


class ViewSurface(QObject):
    """
    Paints any frame; what takes long comes later and is announced by ``changed``.

    ``window_planes`` is the reader's wish to see planes through the off-screen window; it is
    followed on a real graphics card only (ADR 0003).
    """

    changed = Signal()
    failed = Signal(str, str)
    """What could not be shown, and what to do."""
    _arrived = Signal(object)
    _broken = Signal(object)

    def __init__(
        self,
        *,
        window_planes: bool = False,
        worker: VolumeWorker | None = None,
        planes: PlanePictures | None = None,
    ) -> None:
        super().__init__()
        self._reslicer = VtkReslicer()
        self._raster = RasterSurface(self._reslicer)
        self._planes = planes or PlanePictures()
        self._planes.changed.connect(self.changed)
        self._window: OffscreenVtkSurface | None = OffscreenVtkSurface() if window_planes else None
        self._worker = worker
        self._asked: VolumeRequest | None = None
        self._picture: VolumePicture | None = None
        self._is_black = False
        self._arrived.connect(self._take)
        self._broken.connect(self._tell)
        self.destroyed.connect(_Farewell(self._client(), worker))

    @property
    def is_settled(self) -> bool:
        """Tell whether the last picture will not be replaced by a finer one."""
        if self._asked is None:
            return self._planes.is_settled
        shown = self._picture
        return shown is not None and shown.request == self._asked and shown.detail == 2

    @property
    def is_empty(self) -> bool:
        """Tell whether the rendering on screen came out black: no voxel of this volume is shown by these settings."""
        return self._picture is not None and self._is_black

    def forget(self) -> None:
        """Let go of every image and volume: nothing of a case stays in memory once it is closed."""
        self._leave_volume()
        self._raster.forget()
        self._reslicer.forget()
        self._planes.forget()
        if self._window is not None:
            self._window.forget()

    def render(self, frame: Frame, ratio: float) -> QImage:
        """Return the picture without its overlay; a coarse or the last one while a better one is made."""
        source = frame.source
        if not isinstance(source, VolumeRequest):
            self._leave_volume()
        if frame.transform is None or frame.grayscale is None or not isinstance(source, VolumeRequest | ResliceRequest):
            return self._raster.render(frame, ratio)
        size = device_size(frame, ratio)
        transform = frame.transform.scaled(ratio)
        if isinstance(source, VolumeRequest):
            picture = self._volume(source.displayed(transform, size))
        elif frame.fused is not None:
            picture = self._planes.fused(source, frame.fused, frame.grayscale).painted(transform, size)
        elif (window := self._plane_window()) is not None:
            return window.render(frame, ratio)
        else:
            picture = gray_image(self._planes.levels(as_displayed(source, transform, size), frame.grayscale))
        picture.setDevicePixelRatio(ratio)
        return picture

    # volumes

    def _volume(self, request: VolumeRequest) -> QImage:
        asked = self._asked
        if asked is None or asked != request or asked.volume is not request.volume:
            self._asked = request
            worker = self._worker or shared_worker()
            worker.ask(self._client(), request, self._arrived.emit, self._broken.emit)
        picture = QImage(*request.size, QImage.Format.Format_RGB32)
        picture.fill(QColor(theme_tokens.color("image.bg")))
        shown = self._picture
        if shown is not None and shown.request.volume is request.volume:
            rgb = np.ascontiguousarray(shown.rgb)
            rows, columns = rgb.shape[:2]
            with QPainter(picture) as painter:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(QRect(0, 0, *request.size), QImage(rgb.data, columns, rows, 3 * columns, _RGB))
        return picture

    def _take(self, picture: VolumePicture) -> None:
        # a picture of a view that was just left still tells the hand where it is
        if self._asked is not None and picture.request.volume is self._asked.volume:
            self._picture = picture
            # a projection is black where its window lies above the values, and says its window
            self._is_black = not picture.request.function.is_projection and int(picture.rgb.max()) < _SEEN
            self.changed.emit()

    def _tell(self, error: Exception) -> None:
        if self._asked is not None:
            self.failed.emit(
                tr("The 3D picture could not be made: {why}", why=str(error) or type(error).__name__),
                tr("The planes and the stack show the same images."),
            )

    def _leave_volume(self) -> None:
        if self._asked is not None:
            (self._worker or shared_worker()).forget(self._client())
            self._asked = self._picture = None

    def _client(self) -> int:
        return id(self)

    # planes

    def _plane_window(self) -> OffscreenVtkSurface | None:
        """Return the off-screen window where the reader wants it and a graphics card draws."""
        if self._window is not None and not self._window.graphics.planes_on_window:
            self._window.close()
            self._window = None
        return self._window


class _Farewell:
    """Drops what a surface asked for when it goes; holds nothing of the surface itself."""

    def __init__(self, client: int, worker: VolumeWorker | None) -> None:
        self._client = client
        self._worker = worker

    def __call__(self) -> None:
        (self._worker or shared_worker()).forget(self._client)

"""Pictures from an off-screen VTK render window, read back into a QImage; VTK is imported at first use."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from viewers.qt.surface import device_size, gray_view
from viewers.qt.vtk_arrays import to_matrix, to_numpy, to_vtk
from viewers.qt.vtk_backend import Graphics, graphics_of
from viewers.qt.vtk_reslice import VtkReslicer
from viewers.scene.camera import PixelTransform
from viewers.scene.frame import Frame
from viewers.scene.image import SliceImage
from viewers.scene.raster import GrayscaleTransform, to_gray
from viewers.scene.reslice import as_displayed, look_of_cut
from viewers.scene.volume_request import VolumeRequest


class OffscreenVtkSurface:
    """
    Renders through VTK's pipeline without any window on the screen.

    The window class follows ``VTK_DEFAULT_OPENGL_WINDOW`` (EGL, OSMesa) or the display there is.
    Planes come from vtkImageReslice at the screen's pixels. In software ``PlanePictures`` gives
    the same levels several times faster (ADR 0003), so this is for graphics cards.
    """

    def __init__(self) -> None:
        self._reslicer = VtkReslicer()
        self._window: Any = None
        self._renderer: Any = None
        self._actor: Any = None

    @property
    def graphics(self) -> Graphics:
        """Return what draws in the window."""
        if self._window is None:
            self._prepare(16, 16)
            self._actor.SetVisibility(False)
        self._window.Render()
        return graphics_of(self._window)

    def render(self, frame: Frame, ratio: float) -> QImage:
        """Return the picture; what lies beside the image is black."""
        frame, (width, height) = frame.at_once(), device_size(frame, ratio)
        self._prepare(width, height)
        if frame.source is None or frame.transform is None or frame.grayscale is None:
            self._actor.SetVisibility(False)
        else:
            transform = frame.transform.scaled(ratio)
            if isinstance(frame.source, SliceImage):
                self._show(_levels(frame.source, frame.grayscale), transform, height)
            else:
                if isinstance(frame.source, VolumeRequest):
                    raise TypeError("volumes are rendered by VolumeRenderer")
                cut = self._reslicer(as_displayed(frame.source, transform, (width, height)))
                levels = to_gray(cut, look_of_cut(frame.grayscale))
                self._show(levels, PixelTransform(1, 0, 0, 1, 0.5, 0.5), height)
        self._window.Render()
        picture = self._read_back(width, height)
        picture.setDevicePixelRatio(ratio)
        return picture

    def forget(self) -> None:
        """Let the last volume go; the window stays."""
        self._reslicer.forget()

    def close(self) -> None:
        """Free the graphics context; the surface can be used again and makes a new one."""
        if self._window is not None:
            self._window.Finalize()
        self._window = self._renderer = self._actor = None

    def _prepare(self, width: int, height: int) -> None:
        if self._window is None:
            import vtkmodules.vtkRenderingOpenGL2  # noqa: F401, PLC0415 - registers the back end; VTK loads slowly
            from vtkmodules.vtkRenderingCore import (  # noqa: PLC0415 - VTK loads slowly
                vtkImageActor,
                vtkRenderer,
                vtkRenderWindow,
            )

            self._window = vtkRenderWindow()
            self._window.SetOffScreenRendering(True)
            self._window.SetMultiSamples(0)
            self._renderer = vtkRenderer()
            self._renderer.SetBackground(0, 0, 0)
            self._window.AddRenderer(self._renderer)
            self._actor = vtkImageActor()
            # without its border an image ends at the centres of its outer pixels
            self._actor.GetMapper().BorderOn()
            self._renderer.AddActor(self._actor)
        self._window.SetSize(width, height)
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        # one world unit is one device pixel, the origin the lower left corner of the window
        camera.SetFocalPoint(width / 2, height / 2, 0)
        camera.SetPosition(width / 2, height / 2, 10)
        camera.SetViewUp(0, 1, 0)
        camera.SetParallelScale(height / 2)
        camera.SetClippingRange(1, 20)

    def _show(self, levels: npt.NDArray[np.uint8], transform: PixelTransform, height: int) -> None:
        """Place ``[row, column]`` levels or ``[row, column, 3]`` colours by a map to device pixels, y downwards."""
        from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415 - VTK loads slowly

        rows, columns = levels.shape[:2]
        data = vtkImageData()
        data.SetDimensions(columns, rows, 1)
        flat = np.ascontiguousarray(levels).reshape(rows * columns, -1)
        data.GetPointData().SetScalars(to_vtk(flat, copy=True))
        self._actor.SetInputData(data)
        # levels are final: pass them through without VTK's own window
        self._actor.GetProperty().SetColorWindow(255)
        self._actor.GetProperty().SetColorLevel(127.5)
        self._actor.GetProperty().SetInterpolationTypeToLinear()
        self._actor.SetDisplayExtent(0, columns - 1, 0, rows - 1, 0, 0)
        m = transform
        matrix = np.array([[m.a, m.b, 0, m.tx], [-m.c, -m.d, 0, height - m.ty], [0, 0, 1, 0], [0, 0, 0, 1.0]])
        self._actor.SetUserMatrix(to_matrix(matrix))
        self._actor.SetVisibility(True)

    def _read_back(self, width: int, height: int) -> QImage:
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray  # noqa: PLC0415 - VTK loads slowly

        pixels = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 1, pixels, 0)
        rgb = to_numpy(pixels).reshape(height, width, 3)[::-1]
        picture = QImage(width, height, QImage.Format.Format_RGB888)
        lines = np.frombuffer(picture.bits(), dtype=np.uint8).reshape(height, picture.bytesPerLine())
        lines[:, : 3 * width] = rgb.reshape(height, -1)
        return picture


def gray_levels(picture: QImage) -> npt.NDArray[np.uint8]:
    """Return a copy of a picture's grey levels ``[y, x]``, whatever its format."""
    gray = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    return gray_view(gray).copy()


def _levels(image: SliceImage, grayscale: GrayscaleTransform) -> npt.NDArray[np.uint8]:
    return image.pixels if image.is_color else to_gray(image.pixels, grayscale)

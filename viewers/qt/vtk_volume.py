"""Volume rendering in an off-screen VTK window; everything here lives on one thread. VTK loads at first use."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from viewers.qt.vtk_arrays import to_matrix, to_numpy, to_vtk
from viewers.qt.vtk_backend import Graphics, graphics_of, render_threads
from viewers.scene.body import Mask, body_mask, outside
from viewers.scene.volume_cuts import Scissors, removed
from viewers.scene.volume_request import VolumeRequest
from workstation.domain.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkRenderingCore import vtkVolumeProperty
    from vtkmodules.vtkRenderingVolume import vtkVolumeMapper

_TOP: Final = 65535
_UNIT_MM: Final = 1.0
"""Opacities of the presets are those of one millimetre."""
_PREVIEW_STEP: Final = 4
_STILL_VOXELS: Final = 12_000_000
"""What the CPU ray caster keeps gradients of within half a second and 100 MB."""
_MOST_VOLUMES: Final = 2
"""Reduced copies of one take about 125 MB with the gradients that the CPU ray caster keeps"""

Rgb = npt.NDArray[np.uint8]
"""Colours ``[y, x, 3]``."""


@dataclass(eq=False)
class _Level:
    """A reduced copy of a volume in the form the ray casters are quickest with: value = raw * scale + offset."""

    raw: npt.NDArray[np.uint16]
    offset: float
    scale: float
    ijk_to_lps: npt.NDArray[np.float64]
    step: int
    cuts: tuple[tuple[Scissors, ...], bool] = ((), False)
    mapper: Any = None
    data: Any = None


@dataclass(eq=False)
class _Prepared:
    """What was made of one volume."""

    volume: Volume
    levels: dict[int, _Level] = field(default_factory=dict)
    body: tuple[tuple[Mask, tuple[int, int, int]] | None] | None = None
    """Where the body is, once it was looked for"""


class VolumeRenderer:
    """
    Renders volume requests; make, use and close it on the same thread.

    ``graphics`` forces a ray caster; by default the window tells whether a graphics card draws. Two cells that are
    looked at in turn need nothing anew: what was made of the last two volumes stays until ``keep`` or ``let_go``.
    """

    def __init__(self, graphics: Graphics | None = None) -> None:
        self._forced = graphics
        self.graphics = Graphics()
        self._window: Any = None
        self._renderer: Any = None
        self._prop: Any = None
        self._prepared: list[_Prepared] = []
        """The one drawn last at the end"""
        self._cancelled: Callable[[], bool] = lambda: False

    def prepare(self, volume: Volume) -> None:
        """Open the window and reduce the volume, so that the first picture has nothing to wait for."""
        self._open()
        self._level(volume, self.preview_step(volume))
        if volume.unit == "HU":
            self._body_of(volume)

    def preview_step(self, volume: Volume) -> int:
        """Return by what the volume is reduced while it turns."""
        return 1 if self.graphics.is_real_gpu else min(_PREVIEW_STEP, 2 * self.still_step(volume))

    def still_step(self, volume: Volume) -> int:
        """Return by what the volume is reduced when it stands still."""
        step = 1
        while not self.graphics.is_real_gpu and volume.voxels.size / step**3 > _STILL_VOXELS:
            step *= 2
        return step

    def render(self, request: VolumeRequest, step: int, cancelled: Callable[[], bool] = lambda: False) -> Rgb | None:
        """Return the picture with the volume reduced by ``step``; None when ``cancelled`` came true on the way."""
        self._open()
        level = self._level(request.volume, step)
        self._cut(level, request)
        self._show(level, request, is_preview=step > self.still_step(request.volume))
        self._cancelled = cancelled
        self._window.SetAbortRender(0)
        self._window.Render()
        return None if cancelled() else self._read_back(*request.size)

    def keep(self, volumes: Collection[Volume]) -> None:
        """Free every volume but these, and what was made of it; the window stays for the next one."""
        kept = [one for one in self._prepared if any(one.volume is volume for volume in volumes)]
        if kept[-1:] != self._prepared[-1:]:
            if self._prop is not None:
                self._prop.SetMapper(None)
            self._cancelled = lambda: False  # the last one knows its request, and that the volume
        self._prepared = kept

    def let_go(self) -> None:
        """Free every volume."""
        self.keep(())

    def close(self) -> None:
        """Free the graphics context and the reduced volumes."""
        if self._window is not None:
            self._window.Finalize()
        self._window = self._renderer = self._prop = None
        self._prepared = []

    def _open(self) -> None:
        if self._window is not None:
            return
        import vtkmodules.vtkRenderingOpenGL2  # noqa: PLC0415 - registers the back end; VTK loads slowly
        import vtkmodules.vtkRenderingVolumeOpenGL2  # noqa: F401, PLC0415 - ditto
        from vtkmodules.vtkRenderingCore import (  # noqa: PLC0415 - VTK loads slowly
            vtkRenderer,
            vtkRenderWindow,
            vtkVolume,
        )

        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(True)
        self._window.SetMultiSamples(0)
        self._window.SetSize(16, 16)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0, 0, 0)
        self._window.AddRenderer(self._renderer)
        self._window.AddObserver("AbortCheckEvent", lambda *_: self._abort_if_cancelled())
        self._window.Render()
        self.graphics = self._forced or graphics_of(self._window)
        self._prop = vtkVolume()
        self._renderer.AddVolume(self._prop)

    def _abort_if_cancelled(self) -> None:
        if self._cancelled():
            self._window.SetAbortRender(1)

    # the volume

    def _of(self, volume: Volume) -> _Prepared:
        found = next((one for one in self._prepared if one.volume is volume), None) or _Prepared(volume)
        self._prepared = [*(one for one in self._prepared if one is not found), found][-_MOST_VOLUMES:]
        return found

    def _level(self, volume: Volume, step: int) -> _Level:
        levels = self._of(volume).levels
        if step not in levels:
            levels[step] = _reduced(volume, step)
        return levels[step]

    def _body_of(self, volume: Volume) -> tuple[Mask, tuple[int, int, int]] | None:
        found = self._of(volume)
        if found.body is None:
            found.body = (body_mask(volume.voxels, volume.spacing_mm),)
        return found.body[0]

    def _cut(self, level: _Level, request: VolumeRequest) -> None:
        """Bring the scissors' cuts into the mapper's voxels; cut planes are left to the mapper."""
        if level.mapper is None:
            level.mapper = self._mapper()
        wanted = request.scissors, request.body_only
        if level.data is not None and level.cuts == wanted:
            return
        from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415 - VTK loads slowly

        raw = level.raw
        if request.scissors:
            raw = np.where(removed(request.scissors, raw.shape, level.ijk_to_lps), np.uint16(0), raw)
        body = self._body_of(request.volume) if request.body_only else None
        if body is not None:
            raw = np.where(outside(*body, raw.shape, level.step), np.uint16(0), raw)
        depth, rows, columns = raw.shape
        spacing = np.linalg.norm(level.ijk_to_lps[:3, :3], axis=0)
        data = vtkImageData()
        data.SetDimensions(columns, rows, depth)
        data.SetSpacing(*spacing.tolist())
        data.GetPointData().SetScalars(to_vtk(raw.reshape(-1), copy=False))
        level.mapper.SetInputData(data)
        level.data, level.cuts = data, wanted

    def _mapper(self) -> vtkVolumeMapper:
        if self.graphics.is_real_gpu:
            from vtkmodules.vtkRenderingVolumeOpenGL2 import (  # noqa: PLC0415 - VTK loads slowly
                vtkOpenGLGPUVolumeRayCastMapper,
            )

            gpu = vtkOpenGLGPUVolumeRayCastMapper()
            gpu.AutoAdjustSampleDistancesOff()
            gpu.UseJitteringOn()
            return gpu
        from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper  # noqa: PLC0415 - ditto

        cpu = vtkFixedPointVolumeRayCastMapper()
        cpu.SetNumberOfThreads(render_threads())
        cpu.AutoAdjustSampleDistancesOff()
        # how coarse a picture is, is decided by the size of the window
        cpu.SetImageSampleDistance(1.0)
        return cpu

    # the picture

    def _show(self, level: _Level, request: VolumeRequest, *, is_preview: bool) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPlane  # noqa: PLC0415 - VTK loads slowly

        mapper = level.mapper
        sample = float(np.linalg.norm(level.ijk_to_lps[:3, :3], axis=0).min())
        # half a voxel where surfaces are looked at closely, else they show rings; turning may show them
        mapper.SetSampleDistance(sample if is_preview else sample / 2)
        if request.function.is_projection:
            mapper.SetBlendModeToMaximumIntensity()
        else:
            mapper.SetBlendModeToComposite()
        mapper.RemoveAllClippingPlanes()
        for cut in request.planes:
            plane = vtkPlane()
            plane.SetOrigin(*cut.origin)
            plane.SetNormal(*cut.normal)
            mapper.AddClippingPlane(plane)
        self._renderer.SetBackground(*request.function.background)
        self._prop.SetMapper(mapper)
        self._prop.SetProperty(_property(request, level))
        # spacing is in the image data: what is left of the matrix is directions (and shear) and place
        matrix = level.ijk_to_lps.copy()
        matrix[:3, :3] /= np.linalg.norm(matrix[:3, :3], axis=0)
        self._prop.SetUserMatrix(to_matrix(matrix))
        self._aim(request)

    def _aim(self, request: VolumeRequest) -> None:
        columns, rows = request.size
        plane = request.plane
        self._window.SetSize(columns, rows)
        middle = np.asarray(plane.lps_of((columns - 1) / 2, (rows - 1) / 2))
        z, y, x = request.volume.voxels.shape
        ends = request.volume.lps_of([(0, 0, 0), (x, y, z), (x, 0, 0), (0, y, 0), (0, 0, z)])
        far = float(np.linalg.norm(ends - middle, axis=1).max()) * 2 + 1
        camera = self._renderer.GetActiveCamera()
        camera.ParallelProjectionOn()
        camera.SetFocalPoint(*middle.tolist())
        camera.SetPosition(*(middle - far * np.asarray(plane.normal)).tolist())
        camera.SetViewUp(*(-np.asarray(plane.down)).tolist())
        camera.SetParallelScale(rows * plane.spacing_mm[1] / 2)
        camera.SetClippingRange(far * 0.01, far * 2)

    def _read_back(self, width: int, height: int) -> Rgb:
        from vtkmodules.vtkCommonCore import vtkUnsignedCharArray  # noqa: PLC0415 - VTK loads slowly

        pixels = vtkUnsignedCharArray()
        self._window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
        return to_numpy(pixels).reshape(height, width, 3)[::-1].copy()


def _property(request: VolumeRequest, level: _Level) -> vtkVolumeProperty:
    from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction  # noqa: PLC0415 - VTK loads slowly
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction, vtkVolumeProperty  # noqa: PLC0415 - ditto

    opacity, color = vtkPiecewiseFunction(), vtkColorTransferFunction()
    # raw 0 is what was cut away: never visible
    opacity.AddPoint(0.0, 0.0)
    for value, alpha in request.function.opacity:
        opacity.AddPoint(max((value - level.offset) / level.scale, 0.5), alpha)
    for value, rgb in request.function.color:
        color.AddRGBPoint((value - level.offset) / level.scale, *rgb)
    chosen = vtkVolumeProperty()
    chosen.SetScalarOpacity(opacity)
    chosen.SetColor(color)
    chosen.SetScalarOpacityUnitDistance(_UNIT_MM)
    chosen.SetInterpolationTypeToLinear()
    if request.function.is_shaded:
        chosen.ShadeOn()
        chosen.SetAmbient(0.25)
        chosen.SetDiffuse(0.75)
        chosen.SetSpecular(0.2)
        chosen.SetSpecularPower(12.0)
    return chosen


def _reduced(volume: Volume, step: int) -> _Level:
    """Return a volume reduced by a power of two: voxels are skipped, but the last halving averages neighbours."""
    skipped = max(1, step // 2)
    voxels: npt.NDArray[Any] = volume.voxels[::skipped, ::skipped, ::skipped]
    matrix = volume.ijk_to_lps.copy()
    if step > 1:
        for axis, length in enumerate(voxels.shape):
            if length < 2:
                voxels = np.repeat(voxels, 2, axis=axis)
        depth, rows, columns = (length // 2 * 2 for length in voxels.shape)
        block = voxels[:depth, :rows, :columns]
        voxels = np.zeros((depth // 2, rows // 2, columns // 2), dtype=np.float32)
        for z, y, x in np.ndindex(2, 2, 2):
            voxels += block[z::2, y::2, x::2]
        voxels /= 8
        matrix[:3, 3] += matrix[:3, :3].sum(axis=1) * skipped / 2
    matrix[:3, :3] *= step
    low, high = float(voxels.min()), float(voxels.max())
    # integers keep their steps where they fit; raw 0 is kept for what is cut away
    scale = max((high - low) / (_TOP - 1), 1.0 if np.issubdtype(volume.voxels.dtype, np.integer) else 1e-9)
    raw = np.ascontiguousarray((voxels.astype(np.float32) - low) / scale + 1).astype(np.uint16)
    return _Level(raw, low - scale, scale, matrix, step)

"""MPR planes cut by vtkImageReslice on the CPU; VTK is imported when the first plane is asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from viewers.qt.vtk_arrays import to_matrix, to_numpy, to_vtk
from viewers.scene.reslice import OUTSIDE, ResliceRequest, index_matrix
from viewers.scene.slab import Projection
from workstation.domain.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkImageData

_SLAB_MODES: Final = {Projection.MINIP: 0, Projection.MIP: 1, Projection.MEAN: 2}
"""vtkImageReslice's VTK_IMAGE_SLAB_MIN, _MAX and _MEAN."""


class VtkReslicer:
    """
    Cuts planes from volumes; keeps the last volume in VTK's form, without a copy of its voxels.

    Works in voxel indices, so that oblique and sheared volumes need no special case. What it
    returns may be overwritten by its next cut, unless it ``keeps`` every cut; then threads may share it.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self._keeps = keeps
        self._volume: Volume | None = None
        self._reslice: Any = None
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Let the last volume go."""
        self._volume = self._reslice = None

    def __call__(self, request: ResliceRequest) -> npt.NDArray[Any]:
        """Return ``[row, column]`` values in the dtype of the voxels; OUTSIDE beside the volume."""
        with self._lock:
            return self._cut(request)

    def _cut(self, request: ResliceRequest) -> npt.NDArray[Any]:
        from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: PLC0415 - VTK loads slowly

        if self._volume is not request.volume:
            self._reslice = vtkImageReslice()
            self._reslice.SetInputData(image_data(request.volume))
            self._reslice.SetInterpolationModeToLinear()
            self._reslice.SetBackgroundLevel(OUTSIDE)
            self._reslice.SetOutputDimensionality(2)
            self._reslice.SetOutputOrigin(0, 0, 0)
            self._volume = request.volume
        columns, rows = request.size
        slab = request.slab
        self._reslice.SetSlabMode(_SLAB_MODES[slab.projection if slab is not None else Projection.MEAN])
        self._reslice.SetSlabNumberOfSlices(slab.count if slab is not None else 1)
        self._reslice.SetOutputSpacing(1, 1, slab.spacing_mm if slab is not None else 1)
        self._reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, 0)
        self._reslice.SetResliceAxes(to_matrix(index_matrix(request.volume, request.plane)))
        self._reslice.Update()
        scalars = to_numpy(self._reslice.GetOutput().GetPointData().GetScalars())
        cut: npt.NDArray[Any] = scalars.reshape(rows, columns)
        return cut.copy() if self._keeps else cut


def image_data(volume: Volume) -> vtkImageData:
    """Return the voxels as VTK image data in index space (unit spacing, origin 0); shares their memory."""
    from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415 - VTK loads slowly

    depth, rows, columns = volume.voxels.shape
    data = vtkImageData()
    data.SetDimensions(columns, rows, depth)
    # the VTK array keeps a reference to the flat view, and the view to the voxels
    data.GetPointData().SetScalars(to_vtk(np.ascontiguousarray(volume.voxels).reshape(-1), copy=False))
    return data

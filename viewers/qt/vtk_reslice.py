"""
MPR planes cut by vtkImageReslice on the CPU; VTK is imported when the first plane is asked for.

VTK's quick way for slabs along the voxels puts whole layers together, so that a slab lay up to one voxel beside its
plane. Such slabs are cut sample by sample here, each a plane between the layers (also VTK's quick way, which is
right for planes), and put together in numpy. Other slabs are VTK's own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from viewers.qt.vtk_arrays import to_matrix, to_numpy, to_vtk
from viewers.scene.reslice import OUTSIDE, ResliceRequest, index_matrix
from viewers.scene.slab import Projection, SlabSampling
from workstation.domain.volume import Volume

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkImageData

_SLAB_MODES: Final = {Projection.MINIP: 0, Projection.MIP: 1, Projection.MEAN: 2}
"""vtkImageReslice's VTK_IMAGE_SLAB_MIN, _MAX and _MEAN."""
_STRAIGHT: Final = 1e-6
"""So much of a voxel beside an axis in one is rounding"""
_EDGE: Final = 1e-6
_AT_ONCE: Final = 16
"""Samples of a slab that are held together: a thick one would take a hundred megabytes"""


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
            self._reslice.SetOutputOrigin(0, 0, 0)
            self._volume = request.volume
        matrix, slab = index_matrix(request.volume, request.plane), request.slab
        straight = _straightened(matrix) if slab is not None else None
        if slab is not None and request.volume.padding is not None and slab.projection is not Projection.MIP:
            return self._of_patient(matrix if straight is None else straight, request, slab, request.volume.padding[1])
        if slab is not None and straight is not None:
            return self._along_voxels(straight, request, slab)
        columns, rows = request.size
        self._reslice.SetSlabMode(_SLAB_MODES[slab.projection if slab is not None else Projection.MEAN])
        self._reslice.SetSlabNumberOfSlices(slab.count if slab is not None else 1)
        self._reslice.SetOutputDimensionality(2)
        self._reslice.SetOutputSpacing(1, 1, slab.spacing_mm if slab is not None else 1)
        self._reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, 0)
        self._reslice.SetResliceAxes(to_matrix(matrix))
        cut = self._updated().reshape(rows, columns)
        return cut.copy() if self._keeps else cut

    def _along_voxels(
        self, matrix: npt.NDArray[np.float64], request: ResliceRequest, slab: SlabSampling
    ) -> npt.NDArray[Any]:
        """Put the samples together that lie in the volume; every sample of such a slab lies in it or beside it."""
        columns, rows = request.size
        axis = int(np.argmax(np.abs(matrix[:3, 2])))
        places = matrix[axis, 3] + slab.offsets_mm * matrix[axis, 2]
        last = request.volume.voxels.shape[2 - axis] - 0.5
        offsets = slab.offsets_mm[(places >= -0.5 - _EDGE) & (places <= last + _EDGE)]
        dtype = request.volume.voxels.dtype
        if offsets.size == 0:
            least = OUTSIDE if np.issubdtype(dtype, np.floating) else max(OUTSIDE, int(np.iinfo(str(dtype)).min))
            return np.full((rows, columns), least, dtype=dtype)
        if slab.projection is Projection.MEAN:
            total = np.zeros((rows, columns), dtype=np.float32)
            for layers in self._layers(matrix, request.size, offsets, slab.spacing_mm):
                total += layers.sum(axis=0, dtype=np.float32)
            total /= offsets.size
            return (np.rint(total) if np.issubdtype(dtype, np.integer) else total).astype(dtype)
        extreme = np.maximum if slab.projection is Projection.MIP else np.minimum
        parts = (extreme.reduce(one, axis=0) for one in self._layers(matrix, request.size, offsets, slab.spacing_mm))
        found: npt.NDArray[Any] = next(parts)
        for part in parts:
            extreme(found, part, out=found)
        return found

    def _of_patient(
        self, matrix: npt.NDArray[np.float64], request: ResliceRequest, slab: SlabSampling, padded: float
    ) -> npt.NDArray[Any]:
        """Put the samples together that are above padding, which VTK cannot leave out of a mean or a minimum."""
        columns, rows = request.size
        dtype = request.volume.voxels.dtype
        is_mean = slab.projection is Projection.MEAN
        highest = np.inf if np.issubdtype(dtype, np.floating) else np.iinfo(str(dtype)).max
        found = np.zeros((rows, columns), np.float32) if is_mean else np.full((rows, columns), highest, dtype)
        count = np.zeros((rows, columns), np.int32)
        for layers in self._layers(matrix, request.size, slab.offsets_mm, slab.spacing_mm):
            seen = layers > max(padded, OUTSIDE)
            count += seen.sum(axis=0, dtype=np.int32)
            if is_mean:
                found += layers.sum(axis=0, dtype=np.float32, where=seen)
            else:
                np.minimum(found, layers.min(axis=0, where=seen, initial=highest), out=found)
        if is_mean:
            found /= np.maximum(count, 1)
        found[count == 0] = OUTSIDE
        return (np.rint(found) if np.issubdtype(dtype, np.integer) else found).astype(dtype)

    def _layers(
        self,
        matrix: npt.NDArray[np.float64],
        size: tuple[int, int],
        offsets_mm: npt.NDArray[np.float64],
        spacing_mm: float,
    ) -> Iterator[npt.NDArray[Any]]:
        """Yield ``[sample, row, column]`` at neighbouring distances from a plane, a few samples at a time."""
        columns, rows = size
        self._reslice.SetSlabNumberOfSlices(1)
        self._reslice.SetOutputDimensionality(3)
        self._reslice.SetOutputSpacing(1, 1, spacing_mm)
        for first in range(0, offsets_mm.size, _AT_ONCE):
            count = min(_AT_ONCE, offsets_mm.size - first)
            placed = matrix.copy()
            placed[:3, 3] += placed[:3, 2] * offsets_mm[first]
            self._reslice.SetResliceAxes(to_matrix(placed))
            self._reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, count - 1)
            yield self._updated().reshape(count, rows, columns)

    def _updated(self) -> npt.NDArray[Any]:
        self._reslice.Update()
        return to_numpy(self._reslice.GetOutput().GetPointData().GetScalars())


def _straightened(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Return the 4 x 4 matrix to voxel indices without its rounding, None where it does not run along the voxels."""
    turn = matrix[:3, :3]
    largest = np.abs(turn).max(axis=0)
    kept = np.abs(turn) > _STRAIGHT * largest
    if kept.sum() != len(turn) or not kept.any(axis=1).all():
        return None
    found = matrix.copy()
    found[:3, :3] = np.where(kept, turn, 0.0)
    return found


def image_data(volume: Volume) -> vtkImageData:
    """Return the voxels as VTK image data in index space (unit spacing, origin 0); shares their memory."""
    from vtkmodules.vtkCommonDataModel import vtkImageData  # noqa: PLC0415 - VTK loads slowly

    depth, rows, columns = volume.voxels.shape
    data = vtkImageData()
    data.SetDimensions(columns, rows, depth)
    # the VTK array keeps a reference to the flat view, and the view to the voxels
    data.GetPointData().SetScalars(to_vtk(np.ascontiguousarray(volume.voxels).reshape(-1), copy=False))
    return data

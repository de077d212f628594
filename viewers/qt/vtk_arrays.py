"""The bridge between numpy and VTK, typed; VTK is imported when first used because that takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from vtkmodules.vtkCommonCore import vtkDataArray
    from vtkmodules.vtkCommonMath import vtkMatrix4x4


def to_numpy(array: vtkDataArray) -> npt.NDArray[Any]:
    """Return a VTK data array as numpy, sharing its memory."""
    from vtkmodules.util.numpy_support import vtk_to_numpy  # noqa: PLC0415 - VTK loads slowly

    convert: Any = vtk_to_numpy
    shared: npt.NDArray[Any] = convert(array)
    return shared


def to_vtk(array: npt.NDArray[Any], *, copy: bool) -> vtkDataArray:
    """Return a numpy array ``(n,)`` or ``(n, components)`` as VTK data array; without copy it shares memory."""
    from vtkmodules.util.numpy_support import numpy_to_vtk  # noqa: PLC0415 - VTK loads slowly

    convert: Any = numpy_to_vtk
    converted: vtkDataArray = convert(array, deep=copy)
    return converted


def to_matrix(matrix: npt.NDArray[np.float64]) -> vtkMatrix4x4:
    """Return a 4 x 4 matrix in VTK's form."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4  # noqa: PLC0415 - VTK loads slowly

    converted = vtkMatrix4x4()
    converted.DeepCopy(matrix.reshape(-1).tolist())
    return converted

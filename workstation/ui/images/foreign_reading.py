"""What reading other systems' objects works with, joined in bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workstation.services.foreign_objects_service import ReadForeignObjects


@dataclass(frozen=True, slots=True, eq=False)
class ForeignReading:
    """One hub's objects; ``pictures`` turns a PDF into page pictures of a width, raising DecodeError."""

    read: ReadForeignObjects
    pictures: Callable[[bytes, int], list[npt.NDArray[np.uint8]]]

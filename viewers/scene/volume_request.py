"""One picture of a volume in three dimensions, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from viewers.scene.camera import PixelTransform
from viewers.scene.reslice import ResliceRequest, as_displayed
from viewers.scene.transfer_functions import TransferFunction
from viewers.scene.volume_cuts import CutPlane, Scissors
from workstation.domain.geometry import ImagePlane
from workstation.domain.volume import Volume


@dataclass(frozen=True, slots=True)
class VolumeRequest:
    """
    A parallel projection of a volume onto ``plane``, looking along its normal.

    ``size`` is (columns, rows) of the picture that ``plane`` spans. Equal requests give equal
    pictures of the same volume.
    """

    volume: Volume = field(compare=False)
    plane: ImagePlane
    size: tuple[int, int]
    function: TransferFunction
    planes: tuple[CutPlane, ...] = ()
    scissors: tuple[Scissors, ...] = ()
    body_only: bool = False
    """Whether what is no body, the couch above all, is left out"""

    def displayed(self, transform: PixelTransform, size: tuple[int, int]) -> VolumeRequest:
        """Return the request for the screen's own pixels; ``transform`` maps picture pixels to those."""
        shown = as_displayed(ResliceRequest(self.volume, self.plane, self.size), transform, size)
        return replace(self, plane=shown.plane, size=size)

    def coarser(self, size: tuple[int, int]) -> VolumeRequest:
        """Return the same view with fewer pixels."""
        across, along = self.size[0] / size[0], self.size[1] / size[1]
        plane = self.plane
        wide, high = plane.spacing_mm[0] * across, plane.spacing_mm[1] * along
        origin = plane.lps_of((across - 1) / 2, (along - 1) / 2)
        coarse = ImagePlane(origin, plane.right, plane.down, (wide, high))
        return replace(self, plane=coarse, size=size)

"""One painted picture as a value: pixels, matrix, grey values and what lies over them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewers.scene.camera import PixelTransform
from viewers.scene.fusion import FusedLayer
from viewers.scene.image import SliceImage
from viewers.scene.overlay import Overlay
from viewers.scene.raster import GrayscaleTransform
from viewers.scene.reslice import ResliceRequest
from viewers.scene.volume_request import VolumeRequest

Size = tuple[float, float]
"""(width, height) of a viewport in logical pixels"""
Source = SliceImage | ResliceRequest | VolumeRequest
"""Where the pixels of a picture come from: an image that is here, or a plane or rendering that is still to be made"""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """
    Everything one painted picture is made of; ``source`` None leaves the viewport black.

    ``fused`` lies over a plane that is still to be cut; a fused image is in colours already.
    """

    viewport: Size
    overlay: Overlay
    source: Source | None = None
    transform: PixelTransform | None = None
    grayscale: GrayscaleTransform | None = None
    fused: FusedLayer | None = None

    def at_once(self) -> Frame:
        """Return the same picture with a fused plane cut and in colours, however long that takes."""
        if self.fused is None or self.grayscale is None or not isinstance(self.source, ResliceRequest):
            return self
        return replace(self, source=self.fused.over(self.source, self.grayscale), fused=None)

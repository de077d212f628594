"""How a reader sees a scene, as one value that is kept, put back and compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from viewers.scene.camera import Camera
from viewers.scene.raster import VoiLut, Window


@dataclass(frozen=True, slots=True)
class ViewState:
    """How a scene is shown. ``voi`` None means the image's own window, of several the one numbered ``own`` from 0."""

    camera: Camera = field(default_factory=Camera)
    voi: Window | VoiLut | None = None
    own: int | None = None
    inverted: bool = False

    def windowed(self, window: Window) -> ViewState:
        """Return the state with a window of the reader's."""
        return replace(self, voi=window, own=None)

    def with_own(self, number: int) -> ViewState:
        """Return the state with the window of its own that every image numbers so, from 0."""
        return replace(self, voi=None, own=number)

    def fitted(self) -> ViewState:
        """Return the state with the image fitted into the viewport; rotation and flip stay."""
        return replace(self, camera=replace(self.camera, zoom=1.0, pan=(0.0, 0.0)))

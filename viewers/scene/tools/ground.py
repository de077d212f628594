"""What a hand drew on: points of one annotation never come to lie on two slices."""

from __future__ import annotations

from dataclasses import dataclass

from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import ImagePlane


@dataclass(frozen=True, slots=True)
class Ground:
    """
    The slice under the hand when it pressed: what is drawn or dragged belongs there and nowhere else.

    Zoom, pan, flip and the size of the viewport are no part of it: points are kept on the image, not on the screen.
    """

    scene: Scene
    index: int
    size: tuple[int, int]
    plane: ImagePlane | None

    @classmethod
    def of(cls, scene: Scene, view: SliceView) -> Ground:
        """Return the ground of what is on screen."""
        return cls(scene, scene.index, view.size, view.plane)

    def is_shown(self, scene: Scene, view: SliceView | None) -> bool:
        """Tell whether it still lies under the hand."""
        return view is not None and self.scene is scene and self == Ground.of(scene, view)

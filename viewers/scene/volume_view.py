"""From where a volume is seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from viewers.scene.oblique import rotation_about
from workstation.domain.geometry import Point


@dataclass(frozen=True, slots=True)
class VolumeView:
    """From where the volume is seen: the patient directions to the right and down on the screen."""

    right: Point = (1.0, 0.0, 0.0)
    down: Point = (0.0, 0.0, -1.0)

    @property
    def forward(self) -> Point:
        """Return the direction of sight."""
        (a, b, c), (d, e, f) = self.right, self.down
        return b * f - c * e, c * d - a * f, a * e - b * d

    def turned(self, across: float, along: float) -> VolumeView:
        """Return the view after the body was turned by radians: its front to the right, and downwards."""
        turn = rotation_about(self.down, across) @ rotation_about(self.right, -along)
        right = turn @ np.asarray(self.right)
        down = turn @ np.asarray(self.down)
        # thousands of small turns must not bend the right angle
        right /= np.linalg.norm(right)
        down -= (down @ right) * right
        down /= np.linalg.norm(down)
        return VolumeView(_point(right), _point(down))


def _point(values: object) -> Point:
    x, y, z = np.asarray(values, dtype=np.float64).tolist()
    return x, y, z

"""The path that a reader is drawing through a volume, point by point."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from viewers.scene.curved import CurvedPath
from workstation.domain.geometry import Point

_APART_MM: Final = 1.0


@dataclass(frozen=True, slots=True)
class PathDraft:
    """Points so far; while ``drawing`` every click on a plane adds one."""

    points: tuple[Point, ...] = ()
    drawing: bool = False

    def begun(self) -> PathDraft:
        """Return a new path without points."""
        return PathDraft(drawing=True)

    def with_point(self, lps_mm: Point) -> PathDraft:
        """Return the path with one more point; a second click on the same place adds nothing."""
        if self.points and math.dist(self.points[-1], lps_mm) < _APART_MM:
            return self
        return replace(self, points=(*self.points, lps_mm))

    def without_last(self) -> PathDraft:
        """Return the path with its last point taken back."""
        return replace(self, points=self.points[:-1])

    def ended(self) -> PathDraft:
        """Return the path as it is; clicks are clicks again."""
        return replace(self, drawing=False)

    @property
    def path(self) -> CurvedPath | None:
        """Return the path, None with fewer than two points."""
        return CurvedPath(self.points) if len(self.points) > 1 else None

"""What is drawn over a volume: the scissors' way, and which of several cut planes is in the hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from resources.translation import tr
from viewers.scene.overlay import PixelPoint, Stroke
from viewers.scene.slice_view import SliceView
from viewers.scene.volume_cuts import outline_of
from viewers.scene.volume_edits import VolumeEdits


def planes_text(edits: VolumeEdits) -> str:
    """Return which plane is in the hand, empty for one alone: what it cuts tells it."""
    count = len(edits.planes)
    if count < 2:
        return ""
    if edits.front is None:
        return tr("{count} cut planes", count=count)
    return tr("cut plane {number} of {count}", number=edits.held + 1, count=count)


def plane_strokes(edits: VolumeEdits, ends: npt.NDArray[np.float64], view: SliceView) -> tuple[Stroke, ...]:
    """Return the edge of the plane in the hand where there are several; ``ends`` are the corners of the volume."""
    if len(edits.planes) < 2 or edits.front is None:
        return ()
    corners = [view.viewport_of((x, y, z)) for x, y, z in (one.tolist() for one in outline_of(edits.front, ends))]
    return tuple(
        Stroke(start, end, "plane.3d", dashed=True)
        for start, end in zip(corners, [*corners[1:], *corners[:1]], strict=True)
    )


def outline_strokes(outline: tuple[PixelPoint, ...]) -> tuple[Stroke, ...]:
    """Return the scissors' way so far, closed by a dashed line."""
    if len(outline) < 2:
        return ()
    way = [Stroke(start, end, "overlay.measure") for start, end in pairwise(outline)]
    return (*way, Stroke(outline[-1], outline[0], "overlay.measure", dashed=True))

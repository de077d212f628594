"""Panning viewports until a patient point is in view; a picture that shows it well stays where the reader put it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from viewers.qt.viewport import ViewportFrame
from viewers.scene.linking import are_parallel
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import Point
from workstation.domain.registration import Matrix, inverted

_MARGIN: Final = 0.125
"""Share of a viewport's sides in which a mark lies under the corner texts, without what is round it"""


class Target(NamedTuple):
    """A viewport, the point to be seen in its own millimetres, and the map from the case's millimetres to them."""

    frame: ViewportFrame
    lps_mm: Point
    from_case: Matrix


def bring(frame: ViewportFrame, lps_mm: Point) -> None:
    """Centre a patient point in one viewport unless it is comfortably in view; nothing moves without a picture."""
    view = _view(frame)
    if view is not None and not _is_in_view(view, lps_mm):
        _centre(frame, view, lps_mm)


def bring_together(targets: Sequence[Target]) -> None:
    """
    Centre a patient point in the viewports that do not show it comfortably, and in those of parallel planes with them.

    What is compared side by side would else show two different parts of the body.
    """
    views = [(one, view) for one in targets if (view := _view(one.frame)) is not None]
    away = [(one, view) for one, view in views if not _is_in_view(view, one.lps_mm)]
    moving = [(one, view) for one, view in views if any(_move_alike((one, view), other) for other in away)]
    for one, view in moving:
        _centre(one.frame, view, one.lps_mm)


def _move_alike(first: tuple[Target, SliceView], second: tuple[Target, SliceView]) -> bool:
    (one, view), (other, beside) = first, second
    if one.frame is other.frame:
        return True
    if view.plane is None or beside.plane is None:
        return False
    return are_parallel(beside.plane, view.plane, one.from_case @ inverted(other.from_case))


def _view(frame: ViewportFrame) -> SliceView | None:
    view = frame.scene.view(frame.canvas.viewport) if frame.scene is not None else None
    return None if view is None or view.plane is None else view


def _is_in_view(view: SliceView, lps_mm: Point) -> bool:
    return all(
        _MARGIN * side <= at <= (1 - _MARGIN) * side
        for at, side in zip(view.viewport_of(lps_mm), view.viewport, strict=True)
    )


def _centre(frame: ViewportFrame, view: SliceView, lps_mm: Point) -> None:
    scene = frame.scene
    if scene is None:
        return
    (x, y), (width, height) = view.viewport_of(lps_mm), view.viewport
    scene.set_camera(scene.state.camera.panned(width / 2 - x, height / 2 - y))
    frame.refresh()

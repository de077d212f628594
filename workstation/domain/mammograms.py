"""How mammograms hang where no protocol says so: chest walls back to back, right beside left, view by view."""

from __future__ import annotations

from typing import Final

from workstation.domain.hanging_cells import Cell, ChestWall, ImageSelector
from workstation.domain.study import Instance, Series, Study

_MODALITY: Final = "MG"
_SIDES: Final = ("R", "L")
_USUAL: Final = ("CC", "MLO")
_WALLS: Final = {"R": ChestWall.RIGHT, "L": ChestWall.LEFT}


def wall_of(series: Series, sop_instance_uid: str) -> ChestWall:
    """
    Return at which edge the chest wall of one mammogram of a series lies, NONE for all other images.

    The right breast hangs left of the left one, as if the patient were looked at: its wall is at the right.
    """
    if series.modality != _MODALITY:
        return ChestWall.NONE
    side = next((one.laterality for one in series.instances if one.sop_instance_uid == sop_instance_uid), "")
    return _WALLS.get(side, ChestWall.NONE)


def views_in_pairs(study: Study, shown: Series, count: int, *, prior: int = 0, displayed: str = "") -> tuple[Cell, ...]:
    """
    Return at most ``count`` cells for the views of a study of mammograms, the view of ``shown`` first.

    ``displayed`` is the SOP Instance UID of the image of it that the reader looks at: where one series holds several
    views, it is its view that comes first; the first of the series where it is empty or names no side and view.

    A right view stands before its left one, and a place stays free for the one that is missing, so that two columns
    are back to back; a study of one breast has no such places. ``prior`` is the number of the prior that takes half
    of the cells for the same views, 0 for none. Nothing is returned where ``shown`` does not name its side and view.
    """
    sided = [one for one in _views(shown) if one.laterality in _SIDES]
    first = next((one for one in sided if one.sop_instance_uid == displayed), sided[0] if sided else None)
    if shown.modality != _MODALITY or first is None:
        return ()
    taken = [one for series in study.series if series.modality == _MODALITY for one in _views(series)]
    sides = [side for side in _SIDES if any(one.laterality == side for one in taken)]
    names = dict.fromkeys((first.view_position, *_USUAL, *(one.view_position for one in taken)))
    there = [name for name in names if any(one.view_position == name for one in taken)]
    here = [_selector(side, name) for name in there for side in sides]
    own = count - count // 2 if prior else count
    chosen = here[:own] if own > 1 else [_selector(first.laterality, first.view_position)]
    before = [_selector(one.laterality, one.view_position, prior) for one in chosen] if prior else []
    return tuple(Cell(one) for one in (*chosen, *before))


def _views(series: Series) -> list[Instance]:
    return [one for one in series.instances if one.rows > 0 and one.laterality and one.view_position]


def _selector(side: str, view: str, prior: int = 0) -> ImageSelector:
    return ImageSelector((_MODALITY,), laterality=side, view_position=view, prior=prior)

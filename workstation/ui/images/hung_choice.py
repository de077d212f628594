"""What stands beside the series on screen where no protocol says so: views by key, and the prior most alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from viewers.scene.stack_scene import StackScene
from workstation.domain.hanging import Hung, Stage, hang
from workstation.domain.hanging_cells import Cell, ImageSelector
from workstation.domain.linkable import Linkable, judge_part
from workstation.domain.mammograms import views_in_pairs
from workstation.domain.study import Series, Study
from workstation.services.image_service import is_image_series
from workstation.ui.images.hung_stage import hung_of, reading_order
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.widgets.tiling import STACK
from workstation.ui.widgets.viewport_grid import ViewportGrid


def hung_of_prior(current: Study, prior: Study, number: int, like: Series) -> Hung:
    """Return the series of a prior that is most like one of the case, above all of its part and side."""
    images = [one for one in prior.series if is_image_series(one) and any(i.rows > 0 for i in one.instances)]
    if not images:
        return Hung(Cell(ImageSelector(prior=number)), prior.study_instance_uid)

    def likeness(one: Series) -> tuple[bool, bool, bool, int]:
        is_near = judge_part(current, like, prior, one).answer is not Linkable.NO
        return is_near, one.modality == like.modality, one.description == like.description, len(one.instances)

    best = max(images, key=likeness)
    return hung_of(reading_order(prior), best.series_instance_uid, number)


def displayed_of(grid: ViewportGrid, shown: ShownSeries) -> str:
    """
    Return the SOP Instance UID of the image that the reader looks at of the series on screen.

    That of the active viewport where it shows that series, as cells of single views do, else that of its stack; empty
    where neither is on screen.
    """
    scene = grid.active.scene
    if isinstance(scene, StackScene) and scene.series_instance_uid == shown.series_instance_uid:
        return scene.ref(scene.index).sop_instance_uid
    return shown.scene.ref(shown.scene.index).sop_instance_uid if STACK in grid.visible_keys() else ""


def views_of(
    current: Study, shown: Series, priors: Sequence[Study], rows: int, columns: int, *, displayed: str = ""
) -> tuple[Stage, tuple[Hung, ...]]:
    """
    Return so many views: the series on screen first, then the priors' like it, then the study's other stacks.

    Mammograms come right beside left, view by view, so that their chest walls are back to back; the view of the image
    ``displayed`` (SOP Instance UID) is the first of them.
    """
    count = rows * columns
    pairs = _pairs(current, shown, priors, rows, columns, displayed)
    if pairs is not None:
        return pairs
    found = [hung_of(current, shown.series_instance_uid, stack_number=shown.stack_number)]
    found += [hung_of_prior(current, prior, number, shown) for number, prior in enumerate(priors, start=1)][
        : count // 2
    ]
    rest = [one for one in current.series if is_image_series(one)]
    found += [
        hung_of(current, part.series_instance_uid, stack_number=part.stack_number)
        for one in rest
        for part in one.split()
        if part.key != shown.key
    ]
    empty = Hung(Cell(ImageSelector(occurrence=len(rest))))
    hungs = tuple([*found, *[empty] * count][:count])
    return Stage(f"{rows}×{columns}", rows, columns, tuple(one.cell for one in hungs)), hungs


def _pairs(
    current: Study, shown: Series, priors: Sequence[Study], rows: int, columns: int, displayed: str
) -> tuple[Stage, tuple[Hung, ...]] | None:
    """Return the views of a study of mammograms, the prior's below them; None where sides and views are not named."""
    count = rows * columns
    prior = next((number for number, one in enumerate(priors, start=1) if shown.modality in one.modalities), 0)
    cells = views_in_pairs(current, shown, count, prior=prior, displayed=displayed)
    if not cells:
        return None
    cells += (Cell(ImageSelector(occurrence=len(current.series))),) * (count - len(cells))
    stage = Stage(f"{rows}×{columns}", rows, columns, cells, same_scale=True)
    hungs = _with_shown(hang(stage, current, priors), hung_of(current, shown.series_instance_uid))
    return stage, tuple(_beginning_with(displayed, one) for one in hungs)


def _beginning_with(sop_instance_uid: str, hung: Hung) -> Hung:
    """Return what hangs with the image that the reader looks at first: it may be a spot view, the whole one follows."""
    first = tuple(one for one in hung.instances if one.sop_instance_uid == sop_instance_uid)
    rest = tuple(one for one in hung.instances if one.sop_instance_uid != sop_instance_uid)
    return replace(hung, instances=(*first, *rest)) if first else hung


def _with_shown(hungs: tuple[Hung, ...], shown: Hung) -> tuple[Hung, ...]:
    """Return what hangs with the series on screen in the place of its view: another of that view may stand there."""
    selector = {(one.laterality, one.view_position) for one in shown.instances}
    if any(one.series is not None and one.series is shown.series for one in hungs):
        return hungs
    places = (
        at for at, one in enumerate(hungs)
        if (one.cell.selector.laterality, one.cell.selector.view_position) in selector and not one.cell.selector.prior
    )  # fmt: skip
    at = next(places, 0)
    return (*hungs[:at], shown, *hungs[at + 1 :])


def side_by_side(current: Study, shown: Series, prior: Study, number: int) -> tuple[Stage, tuple[Hung, ...]]:
    """Return the series on screen and the one of a prior that is most like it."""
    mine = hung_of(current, shown.series_instance_uid, stack_number=shown.stack_number)
    hungs = mine, hung_of_prior(current, prior, number, shown)
    return Stage("prior", 1, 2, tuple(one.cell for one in hungs)), hungs

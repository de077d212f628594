"""What stands beside the series on screen where no protocol says so: views by key, and the prior most alike."""

from __future__ import annotations

from collections.abc import Sequence

from workstation.domain.hanging import Hung, Stage
from workstation.domain.hanging_cells import Cell, ImageSelector
from workstation.domain.linkable import Linkable, judge_part
from workstation.domain.study import Series, Study
from workstation.services.image_service import is_image_series
from workstation.ui.images.hung_stage import hung_of, reading_order


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


def views_of(
    current: Study, shown: Series, priors: Sequence[Study], rows: int, columns: int
) -> tuple[Stage, tuple[Hung, ...]]:
    """Return so many views: the series on screen first, then the priors' like it, then the study's other stacks."""
    count = rows * columns
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


def side_by_side(current: Study, shown: Series, prior: Study, number: int) -> tuple[Stage, tuple[Hung, ...]]:
    """Return the series on screen and the one of a prior that is most like it."""
    mine = hung_of(current, shown.series_instance_uid, stack_number=shown.stack_number)
    hungs = mine, hung_of_prior(current, prior, number, shown)
    return Stage("prior", 1, 2, tuple(one.cell for one in hungs)), hungs

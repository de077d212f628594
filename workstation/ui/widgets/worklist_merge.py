"""
What must happen to the shown rows so that an answer stands there; no Qt in here.

Working this out for 10 000 cases takes tens of milliseconds, so a job does it; the model then
only carries the steps out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from workstation.domain.workitem import WorklistRow
from workstation.ui.widgets.worklist_columns import Order

_MANY_RUNS: Final = 64
_MANY_CASES: Final = 1000

Run = tuple[int, int]
"""First and last row of a run."""


@dataclass(frozen=True, slots=True, eq=False)
class Merge:
    """
    The steps from ``before`` to ``wanted``: take out ``gone``, put ``kept`` in order, put in ``new``, then update.

    ``gone`` counts in rows of ``before``; ``new`` and ``changed`` in rows of ``wanted``.
    """

    before: Sequence[WorklistRow]
    order: Order
    by_urgency: Sequence[WorklistRow]
    wanted: list[WorklistRow]
    places: dict[str, int]
    """Row of each UPS Instance UID in ``wanted``."""
    arrived: frozenset[str] = frozenset()
    """UPS Instance UIDs that were not there before."""
    all_at_once: bool = False
    """So much comes and goes that exchanging everything is faster than step by step."""
    gone: list[Run] = field(default_factory=list)
    kept: list[WorklistRow] | None = None
    """The former rows that stay, in their new order; None where they already stand in it."""
    new: list[Run] = field(default_factory=list)
    changed: list[Run] = field(default_factory=list)


def merge_of(before: Sequence[WorklistRow], rows: Sequence[WorklistRow], order: Order) -> Merge:
    """
    Return the steps that make ``rows``, given by urgency, stand in ``order`` where ``before`` stands.

    A case that is the same object as before is unchanged without any comparison.
    """
    wanted = order.sorted(rows)
    places = {row.ups_instance_uid: at for at, row in enumerate(wanted)}
    here = {row.ups_instance_uid: row for row in before}
    arrived = frozenset(places.keys() - here.keys())
    left = here.keys() - places.keys()
    if max(len(arrived), len(left)) > _MANY_CASES:
        return Merge(before, order, rows, wanted, places, arrived, all_at_once=True)
    gone = list(runs([at for at, uid in enumerate(here) if uid in left])) if left else []
    new = list(runs(sorted(places[uid] for uid in arrived)))
    if len(gone) > _MANY_RUNS or len(new) > _MANY_RUNS:
        return Merge(before, order, rows, wanted, places, arrived, all_at_once=True)
    stay = [row for row in before if row.ups_instance_uid in places] if gone else before
    olds = [here[row.ups_instance_uid] for row in wanted if row.ups_instance_uid not in arrived]
    moved = any(one is not other for one, other in zip(stay, olds, strict=True))
    changed = [at for at, row in enumerate(wanted) if _differs(here.get(row.ups_instance_uid, row), row)]
    spans = list(runs(changed))
    if len(spans) > _MANY_RUNS:
        spans = [(changed[0], changed[-1])]
    return Merge(before, order, rows, wanted, places, arrived, gone=gone, kept=olds if moved else None, new=new,
                 changed=spans)  # fmt: skip


def _differs(old: WorklistRow, new: WorklistRow) -> bool:
    return old is not new and old != new


def runs(numbers: Sequence[int]) -> Iterator[Run]:
    """Join rising numbers into runs: 1 2 3 7 becomes (1, 3) (7, 7)."""
    start = None
    for at, number in enumerate(numbers):
        if start is None:
            start = number
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield start, number
            start = None

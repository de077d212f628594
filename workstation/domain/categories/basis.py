"""What the findings said when a category was computed, and what they say since: a category does not age in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workstation.domain.categories.values import FindingBasis, Scheme, rounded
from workstation.domain.finding import Finding
from workstation.domain.finding_size import size_of
from workstation.domain.finding_traits import traits_of

_OF_THE_LUNG = frozenset({Scheme.LUNG_RADS, Scheme.C_LUNG_RADS, Scheme.FLEISCHNER})
DESCRIBED: Final = ("kind", "shape", "margin", "density", "morphology")
"""What the form of BI-RADS takes of a finding on a film (``services.breast_lesions``)"""


@dataclass(frozen=True, slots=True)
class BasisChange:
    """One finding that is not what the category was computed from; ``before`` or ``after`` is None where it is none."""

    before: FindingBasis | None
    after: FindingBasis | None


def basis_of(scheme: Scheme, reported: Sequence[Finding]) -> tuple[FindingBasis, ...]:
    """
    Return what the findings that count say to a table, in their order.

    The tables of the lung judge nodules with a size; no table judges what a classifier said of a whole series.
    """
    found = []
    for one in reported:
        size = size_of(one)
        is_box = one.on_image is not None and one.on_image.box_px is not None
        if size is None and (scheme in _OF_THE_LUNG or not is_box):
            continue
        kind = one.called if size is None else one.nodule_type.value
        said = traits_of(one)
        described = tuple((key, said[key]) for key in DESCRIBED if key in said) if scheme is Scheme.BI_RADS else None
        found.append(
            FindingBasis(key_of(one), one.number, None if size is None else rounded(size.mm, 1), kind, described)
        )
    return tuple(found)


def changes(before: Sequence[FindingBasis], after: Sequence[FindingBasis]) -> tuple[BasisChange, ...]:
    """Return what was changed, taken away and added, in this order; numbers alone are no change."""
    then, now = {one.key: one for one in before}, {one.key: one for one in after}
    return tuple(_changes(then, now))


def _changes(then: dict[str, FindingBasis], now: dict[str, FindingBasis]) -> Iterator[BasisChange]:
    for key, one in then.items():
        other = now.get(key)
        if other is not None and _differ(one, other):
            yield BasisChange(one, other)
    yield from (BasisChange(one, None) for key, one in then.items() if key not in now)
    yield from (BasisChange(None, one) for key, one in now.items() if key not in then)


def _differ(one: FindingBasis, other: FindingBasis) -> bool:
    if (one.size_mm, one.kind) != (other.size_mm, other.kind):
        return True
    return one.described is not None and other.described is not None and one.described != other.described


def key_of(finding: Finding) -> str:
    """Return what names the finding whatever prior it is tied to and whatever mark has taken it in."""
    return finding.parted().tracking_uid if finding.own is None else finding.own.tracking_uid

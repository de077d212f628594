"""A category whose findings have changed since it was computed: what changed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resources.categories import category_name, scheme_name
from resources.finding_names import finding_name
from workstation.dicom.sr.report_words import NODULE_TYPES
from workstation.domain.categories.basis import BasisChange, basis_of, changes
from workstation.domain.categories.values import AssignedCategory, FindingBasis
from workstation.domain.finding import Finding, NoduleType
from workstation.domain.template import Text

_CHANGED: Final = Text("{number} 号由{before}变为{after}", "no. {number} was {before}, now {after}")
_DESCRIBED: Final = Text("{number} 号（{after}）的描述有改动", "no. {number} ({after}) is described otherwise")
_GONE: Final = Text("{number} 号（{before}）已不在报告中", "no. {number} ({before}) is no longer in the report")
_NEW: Final = Text("新增 {number} 号（{after}）", "no. {number} ({after}) is new")


def changed_findings(category: AssignedCategory, reported: Sequence[Finding]) -> tuple[BasisChange, ...]:
    """Return what the findings say otherwise than when the category was chosen; nothing where nobody kept that."""
    if category.basis is None:
        return ()
    return changes(category.basis, basis_of(category.result.scheme, reported))


def changed_words(category: AssignedCategory, reported: Sequence[Finding], language: str) -> str:
    """Return what changed since the category was chosen, empty for nothing."""
    between = "；" if language.startswith("zh") else "; "
    return between.join(_words(one, language) for one in changed_findings(category, reported))


def label_of(category: AssignedCategory, language: str) -> str:
    """Return a category with the name of its table, for example "Lung-RADS 4A"."""
    scheme = category.result.scheme
    chosen, *modifiers = category.chosen.split(" ")
    return " ".join((scheme_name(scheme, language), category_name(scheme, chosen, language), *modifiers))


def _words(change: BasisChange, language: str) -> str:
    before = "" if change.before is None else _basis_words(change.before, language)
    after = "" if change.after is None else _basis_words(change.after, language)
    if change.after is None:
        number = 0 if change.before is None else change.before.number
        return _GONE.get(language).format(number=number, before=before)
    words = _NEW if change.before is None else _DESCRIBED if before == after else _CHANGED
    return words.get(language).format(number=change.after.number, before=before, after=after)


def _basis_words(basis: FindingBasis, language: str) -> str:
    if basis.size_mm is None:
        return finding_name(basis.kind, language)
    return f"{NODULE_TYPES[NoduleType(basis.kind)].get(language)} {basis.size_mm:.1f} mm"

"""
The inputs of a category with what its findings say now, and which of them could not be brought up to date.

What a finding no longer says is emptied, never kept: a table gives no category until somebody has given it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workstation.domain.categories.basis import BasisChange, key_of
from workstation.domain.categories.lung_rads import Change
from workstation.domain.categories.values import AssignedCategory, FindingBasis, Scheme
from workstation.domain.finding import Finding
from workstation.domain.study import Study
from workstation.domain.template import Text
from workstation.services.breast_lesions import breast_lesions
from workstation.services.category_age import changed_findings, changed_words
from workstation.services.category_forms import FINDING, form_of, lesions_of

_TOLD: Final = Text("所见此后有改动：{what}。", "The findings changed since: {what}.")
_RENEWED: Final = Text(
    "表中已更新：{numbers} 号；空白项请重新填写。",
    "Brought up to date here: no. {numbers}; give anew what is empty.",
)
_NOT_RENEWED: Final = Text(
    "未更新：{numbers} 号，请核对病灶及其大小。", "Not renewed: no. {numbers} - check the lesions and their sizes."
)
_MEAN: Final = "mean_diameter_mm"
_SIZES: Final = (_MEAN, "solid_diameter_mm", "volume_mm3")
_OF_KIND: Final = ("kind", "benign", "calcified")
_DESCRIPTOR: Final = "descriptor"
_FIRST_LOOKS: Final = {Change.BASELINE.value, Change.NEW.value}
_SAME_MM: Final = 0.05
_Values = dict[str, str]


@dataclass(frozen=True, slots=True)
class Renewal:
    """
    The inputs for the form to begin with; ``renewed`` and ``unsure`` are the numbers of findings that changed.

    An unsure one is in no lesion, or nobody can tell in which: the sizes of all lesions that may be it are empty.
    """

    inputs: tuple[tuple[str, str], ...]
    renewed: tuple[int, ...] = ()
    unsure: tuple[int, ...] = ()


def renewal(category: AssignedCategory, reported: Sequence[Finding], study: Study) -> Renewal:
    """
    Return the inputs of a category with what its findings say now.

    What the reader judged stays, except what tells of the former size, attenuation or description. A lesion whose
    finding is gone is left out; one that is new comes with its size and attenuation, or with side and descriptor, only.
    The scores of PI-RADS are of no finding: its lesions are told as unsure, and stay.
    """
    scheme = category.result.scheme

    def said(change: BasisChange) -> _Values | None:
        return None if change.after is None else _said(change.after, scheme, reported, study)

    lesions = _numbered(category)
    changed = changed_findings(category, reported)
    places = [(one, *_place(lesions, one.before, category)) for one in changed]  # before the first size is renewed
    renewed: list[int] = []
    unsure: list[int] = []
    doubtful: list[str] = []
    for change, prefixes, is_sure in places:
        if is_sure and _renew(lesions, prefixes, change, scheme, said(change)):
            renewed.append(_number(change))
        else:
            unsure.append(_number(change))
            doubtful += prefixes
    for prefix in doubtful:
        _forget(lesions[prefix], _SIZES)
    pairs = tuple((f"{prefix}{name}", value) for prefix, values in lesions.items() for name, value in values.items())
    return Renewal(pairs, tuple(sorted(renewed)), tuple(sorted(unsure)))


def renewal_words(category: AssignedCategory, reported: Sequence[Finding], study: Study, language: str) -> str:
    """Return what changed since the category was chosen and what the form makes of it, empty for nothing."""
    what = changed_words(category, reported, language)
    if not what:
        return ""
    made, between = renewal(category, reported, study), "、" if language.startswith("zh") else ", "
    lines = [_TOLD.get(language).format(what=what)]
    for words, numbers in ((_RENEWED, made.renewed), (_NOT_RENEWED, made.unsure)):
        if numbers:
            lines.append(words.get(language).format(numbers=between.join(map(str, numbers))))
    return "\n".join(lines)


def _renew(
    lesions: dict[str, _Values],
    prefixes: Sequence[str],
    change: BasisChange,
    scheme: Scheme,
    said: _Values | None,
) -> bool:
    """Bring one finding up to date; False where the table has no place for it, or nobody can tell what it says."""
    if change.before is None:
        if said is None or not form_of(scheme).lesions:
            return False
        lesions[_next(lesions)] = said
        return True
    at = prefixes[0]
    if change.after is None:
        if at:
            lesions[at] = {}
        else:
            _forget(lesions[at], _SIZES)  # the table takes exactly one lesion: its size has to be given anew
        return True
    _forget(lesions[at], (*_SIZES, _DESCRIPTOR))
    if change.before.kind != change.after.kind:
        _forget(lesions[at], _OF_KIND)
    if lesions[at].get("change") not in _FIRST_LOOKS:
        _forget(lesions[at], ("change",))  # it compares the former size
    lesions[at] |= said or {}
    return True


def _said(basis: FindingBasis, scheme: Scheme, reported: Sequence[Finding], study: Study) -> _Values | None:
    """Return the inputs that a finding gives, with its key where the table has lesions; None where it gives none."""
    form = Scheme.LUNG_RADS if scheme is Scheme.FLEISCHNER else scheme
    those = [one for one in reported if key_of(one) == basis.key]
    found = breast_lesions(those, study) if scheme is Scheme.BI_RADS else lesions_of(form, those)
    key = {FINDING: basis.key} if form_of(scheme).lesions else {}
    return next(({**lesion.values, **key} for lesion in found), None)


def _place(
    lesions: dict[str, _Values], basis: FindingBasis | None, category: AssignedCategory
) -> tuple[tuple[str, ...], bool]:
    """
    Return the lesion of a finding and True; all that may be it and False where that cannot be told.

    Where nobody kept whose a lesion is, its size tells: findings of one size are in their order.
    """
    takes_one = not form_of(category.result.scheme).lesions
    known = {values[FINDING] for values in lesions.values() if FINDING in values}
    free = [prefix for prefix, values in lesions.items() if (prefix or takes_one) and _is_free(values)]
    if basis is None:  # a new nodule is a lesion more; the one lesion of a table may be another now
        return (tuple(free) if takes_one else ()), True
    if basis.key in known:
        return tuple(prefix for prefix, values in lesions.items() if values.get(FINDING) == basis.key), True
    others = [one for one in category.basis or () if one.key not in known]
    same = [prefix for prefix in free if _is_size(lesions[prefix].get(_MEAN, ""), basis)]
    twins = [one.key for one in others if one.size_mm == basis.size_mm]
    if same and len(same) == len(twins):
        return (same[twins.index(basis.key)],), True
    if len(free) == len(others) == 1:
        return (free[0],), True
    return tuple(same or free), False


def _is_free(values: _Values) -> bool:
    """Tell whether a lesion is a nodule of which nobody kept whose it is."""
    return FINDING not in values and ("kind" in values or _MEAN in values)


def _is_size(typed: str, basis: FindingBasis) -> bool:
    return bool(typed) and basis.size_mm is not None and abs(float(typed) - basis.size_mm) < _SAME_MM


def _forget(values: _Values, names: Sequence[str]) -> None:
    for name in names:
        values.pop(name, None)


def _numbered(category: AssignedCategory) -> dict[str, _Values]:
    """Return the inputs by lesion, with the finding of each; those of the examination have no name before the point."""
    found: dict[str, _Values] = {}
    for name, value in category.result.inputs:
        lesion, dot, field = name.rpartition(".")
        found.setdefault(f"{lesion}{dot}", {})[field] = value
    described = [prefix for prefix in found if prefix]
    for prefix, key in zip(described, category.lesions, strict=False):
        if key:
            found[prefix][FINDING] = key
    return found


def _next(lesions: dict[str, _Values]) -> str:
    numbered = [prefix.rstrip(".").partition("_") for prefix, values in lesions.items() if prefix and values]
    kind = numbered[0][0] if numbered else "lesion"
    return f"{kind}_{max((int(number) for _kind, _, number in numbered), default=0) + 1}."


def _number(change: BasisChange) -> int:
    one = change.before if change.after is None else change.after
    return 0 if one is None else one.number

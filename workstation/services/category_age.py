"""A category whose findings have changed since it was computed: what changed, in words, and its inputs anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from resources.categories import category_name, scheme_name
from resources.finding_names import finding_name
from workstation.dicom.sr.report_words import NODULE_TYPES
from workstation.domain.categories.basis import BasisChange, basis_of, changes
from workstation.domain.categories.values import AssignedCategory, FindingBasis, Scheme
from workstation.domain.finding import Finding, NoduleType
from workstation.domain.template import Text
from workstation.services.category_forms import lesions_of

_CHANGED: Final = Text("{number} 号由{before}变为{after}", "no. {number} was {before}, now {after}")
_GONE: Final = Text("{number} 号（{before}）已不在报告中", "no. {number} ({before}) is no longer in the report")
_NEW: Final = Text("新增 {number} 号（{after}）", "no. {number} ({after}) is new")
_SIZE: Final = "mean_diameter_mm"
_SAME_MM: Final = 0.05


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


def renewed_inputs(category: AssignedCategory, reported: Sequence[Finding]) -> tuple[tuple[str, str], ...]:
    """
    Return the inputs of a category with what its findings say now, for the form to begin with.

    A lesion is that of a finding where it has the size that the finding had. What the reader judged stays; a lesion
    whose finding is gone is left out, and one that is new comes with its size and attenuation only.
    """
    lesions = _numbered(category.result.inputs)
    for change in changed_findings(category, reported):
        _renew(lesions, change, category.result.scheme, reported)
    return tuple((f"{prefix}{name}", value) for prefix, values in lesions.items() for name, value in values.items())


def _renew(
    lesions: dict[str, dict[str, str]], change: BasisChange, scheme: Scheme, reported: Sequence[Finding]
) -> None:
    says = None if change.after is None else _said(change.after, scheme, reported)
    at = None if change.before is None else _lesion_of(lesions, change.before)
    if change.before is None and says is not None:
        lesions[_next(lesions)] = says
    elif at is not None and says is None:
        if at:
            del lesions[at]
        else:
            lesions[at].pop(_SIZE)  # the table takes exactly one lesion: its size has to be given anew
    elif at is not None and says is not None:
        lesions[at] |= says


def _said(basis: FindingBasis, scheme: Scheme, reported: Sequence[Finding]) -> dict[str, str] | None:
    """Return the inputs that a finding gives; those of the lung only."""
    form = Scheme.LUNG_RADS if scheme is Scheme.FLEISCHNER else scheme
    those = [one for one in reported if basis_of(scheme, (one,)) == (basis,)]
    return next((dict(lesion.values) for lesion in lesions_of(form, those)), None)


def _lesion_of(lesions: Mapping[str, Mapping[str, str]], basis: FindingBasis) -> str | None:
    """Return the one lesion with the size of a finding; None where there is no such one, or more than one."""
    sizes = {prefix: float(values[_SIZE]) for prefix, values in lesions.items() if values.get(_SIZE)}
    found = [one for one, size in sizes.items() if basis.size_mm is not None and abs(size - basis.size_mm) < _SAME_MM]
    return found[0] if len(found) == 1 else None


def _numbered(inputs: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """Return the inputs by lesion; those of the examination have no name before the point."""
    found: dict[str, dict[str, str]] = {}
    for name, value in inputs:
        lesion, dot, field = name.rpartition(".")
        found.setdefault(f"{lesion}{dot}", {})[field] = value
    return found


def _next(lesions: Mapping[str, object]) -> str:
    numbered = [prefix.rstrip(".").partition("_") for prefix in lesions if prefix]
    kind = numbered[0][0] if numbered else "lesion"
    return f"{kind}_{max((int(number) for _kind, _, number in numbered), default=0) + 1}."


def _words(change: BasisChange, language: str) -> str:
    before = "" if change.before is None else _basis_words(change.before, language)
    after = "" if change.after is None else _basis_words(change.after, language)
    if change.after is None:
        number = 0 if change.before is None else change.before.number
        return _GONE.get(language).format(number=number, before=before)
    words = _NEW if change.before is None else _CHANGED
    return words.get(language).format(number=change.after.number, before=before, after=after)


def _basis_words(basis: FindingBasis, language: str) -> str:
    if basis.size_mm is None:
        return finding_name(basis.kind, language)
    return f"{NODULE_TYPES[NoduleType(basis.kind)].get(language)} {basis.size_mm:.1f} mm"

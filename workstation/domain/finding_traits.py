"""
The fields that a template asks for each finding: what stands in them, what follows from the evidence, what is shown.

Type and name of a finding stand in the finding itself; the fields ``composition`` and ``kind`` only show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from workstation.domain.finding import Finding, FindingList, NoduleType
from workstation.domain.template import Choice, ReportTemplate, TemplateField
from workstation.domain.tracking import GrowthVerdict, growth
from workstation.domain.trait import COMPOSITION, HELD, KIND, Trait

CHANGE: Final = "change"
"""Key of the field that says how a finding changed; a prior that the reader confirmed answers it"""
_CHANGES: Final = {
    GrowthVerdict.GROWN: "growing",
    GrowthVerdict.STABLE: "stable",
    GrowthVerdict.SHRUNK: "smaller",
}


def each_of(template: ReportTemplate) -> tuple[TemplateField, ...]:
    """Return the fields that are asked for each finding, in document order."""
    return tuple(one for item in template.fields for one in item.each)


def traits_of(finding: Finding) -> Mapping[str, str]:
    """Return the option of each field of a finding, by key."""
    return {one.key: one.option for one in finding.traits}


def asked(items: tuple[TemplateField, ...], finding: Finding) -> tuple[TemplateField, ...]:
    """Return the fields that are asked of this finding: a mass has no distribution of calcifications."""
    said = traits_of(finding)
    return tuple(one for one in items if _suits(one, finding) and _applies(one, said))


def tried(
    items: tuple[TemplateField, ...], said: Mapping[str, str]
) -> tuple[tuple[TemplateField, ...], Mapping[str, str]]:
    """Return what would be asked of a finding of which this was said, and what of it stays: for trying a template."""
    shown: list[TemplateField] = []
    kept: dict[str, str] = {}
    for item in items:
        if _applies(item, kept):
            shown.append(item)
            if said.get(item.key):
                kept[item.key] = said[item.key]
    return tuple(shown), kept


def refreshed(findings: FindingList, items: tuple[TemplateField, ...]) -> FindingList:
    """Return the list whose findings say what follows from them now; what no longer applies is taken off."""
    if not items:
        return findings
    return replace(findings, findings=tuple(_refreshed(one, items) for one in findings.findings))


def with_option(finding: Finding, item: TemplateField, option: str, *, by: str, at: datetime) -> Finding:
    """
    Return the finding with another option in one field, none for an empty one; KeyError for an unknown option.

    Type and name of a finding are changed as anywhere else: the AI original stays as it was.
    """
    choice = None if not option else _choice(item, option)
    if item.key == COMPOSITION:
        return finding.edited(by=by, at=at, nodule_type=NoduleType(option) if choice else NoduleType.UNSPECIFIED)
    if item.key == KIND:
        return finding.named(option, by=by, at=at)
    others = tuple(one for one in finding.traits if one.key != item.key)
    return replace(finding, traits=others if choice is None else (*others, _trait(item, choice)))


def contradicted(items: tuple[TemplateField, ...], finding: Finding) -> tuple[Trait, Trait] | None:
    """Return how the reader said that a finding changed and what follows from its confirmed prior, None if the same."""
    item = next((one for one in items if one.key == CHANGE), None)
    said = next((one for one in finding.traits if one.key == CHANGE and not one.derived), None)
    if item is None or said is None:
        return None
    known = next((one for one in item.choices if one.key == _follows(item, finding)), None)
    return None if known is None or known.key == said.option else (said, _trait(item, known))


def _refreshed(finding: Finding, items: tuple[TemplateField, ...]) -> Finding:
    if not finding.counts:
        return finding
    kept = {one.key: one for one in finding.traits if not one.derived}
    made: dict[str, Trait] = {}
    for item in items:
        if not _suits(item, finding) or not _applies(item, {key: one.option for key, one in made.items()}):
            continue
        known = next((one for one in item.choices if one.key == _follows(item, finding)), None)
        if item.key in kept and item.key not in HELD:
            made[item.key] = kept[item.key]
        elif known is not None:
            made[item.key] = replace(_trait(item, known), derived=True)
    ours = {item.key for item in items}
    others = tuple(one for key, one in kept.items() if key not in ours)  # of another template: still true
    return replace(finding, traits=(*made.values(), *others))


def _follows(item: TemplateField, finding: Finding) -> str:
    """Return the option that the finding itself tells, empty for none."""
    if item.key == COMPOSITION:
        return finding.nodule_type.value
    if item.key == KIND:
        return finding.called.strip().casefold().replace(" ", "_").replace("-", "_")
    if item.key == CHANGE and finding.follow_up is not None:
        return _CHANGES.get(growth(finding.follow_up.prior, finding.follow_up.current).verdict, "")
    return ""


def _suits(item: TemplateField, finding: Finding) -> bool:
    return item.key not in HELD or (item.key == KIND) == (finding.on_image is not None)


def _applies(item: TemplateField, said: Mapping[str, str]) -> bool:
    return item.only_if is None or said.get(item.only_if.field, "") in item.only_if.choices


def _choice(item: TemplateField, option: str) -> Choice:
    for one in item.choices:
        if one.key == option:
            return one
    raise KeyError(option)


def _trait(item: TemplateField, choice: Choice) -> Trait:
    if item.concept is None:
        raise ValueError(f"{item.key}: what is asked for each finding has a concept")
    return Trait(item.key, choice.key, item.label, choice.label, item.concept, choice.code)

"""The catalogue of critical values, and what it suggests from a report in the making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workstation.domain.critical import ESCALATE_AFTER, LEVELS, REMIND_AFTER, CriticalSource, CriticalValue, Party
from workstation.domain.critical_words import told_in
from workstation.domain.finding import Decision, Finding, FindingList, Mark
from workstation.domain.template import Code, CriticalTrigger, ReportTemplate, Text

IMPRESSION: Final = "impression"
"""Key of the field of the impression, wherever a template puts it."""
_REFUSED: Final = frozenset({Decision.REJECTED})


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field of a template that speaks for an entry: one of ``choices``, or a number from ``at_least`` on."""

    template_id: str
    field: str
    choices: tuple[str, ...] = ()
    at_least: float | None = None

    def fires(self, value: str) -> bool:
        """Tell whether a value of the field speaks for the entry."""
        return CriticalTrigger(_NO_LEVEL, _NO_TEXT, self.choices, self.at_least).fires(value)


@dataclass(frozen=True, slots=True)
class AiRule:
    """A label of a detector that speaks for an entry, from a calibrated "x of 10" and a size on."""

    label: str
    out_of_ten: int
    diameter_mm: float = 0.0

    def fires(self, finding: Finding) -> bool:
        """Tell whether a finding speaks for the entry; one that a reader rejected never does."""
        mark = finding.original
        if mark is None or finding.decision in _REFUSED or mark.label != self.label:
            return False
        # a mark on an image has no size: it fires only what asks for none
        size = mark.diameter_mm if isinstance(mark, Mark) else 0.0
        return (mark.out_of_ten or 0) >= self.out_of_ten and size >= self.diameter_mm


@dataclass(frozen=True, slots=True)
class CriticalEntry:
    """
    One line of the catalogue.

    ``level`` is a code of CID 7035; ``finding`` is None where no dictionary at hand has the diagnosis.
    """

    key: str
    category: str
    label: Text
    level: Code
    finding: Code | None = None
    remind_after_s: int = int(REMIND_AFTER.total_seconds())
    escalate_after_s: int = int(ESCALATE_AFTER.total_seconds())
    fields: tuple[FieldRule, ...] = ()
    ai: tuple[AiRule, ...] = ()
    words: tuple[str, ...] = ()
    """Phrases of an impression that speak for the entry, in any language; "…" is a gap."""

    def __post_init__(self) -> None:
        if not 0 < self.remind_after_s <= self.escalate_after_s:
            raise ValueError(f"{self.key}: the reminder comes before the escalation")


@dataclass(frozen=True, slots=True)
class CriticalPolicy:
    """The catalogue of an alliance; ``version`` goes into every critical value recognised under it."""

    policy_id: str
    version: str
    source: str
    entries: tuple[CriticalEntry, ...]

    def __post_init__(self) -> None:
        keys = [entry.key for entry in self.entries]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"entries named twice: {', '.join(twice)}")

    @property
    def name(self) -> str:
        """Return identifier and version as one text."""
        return f"{self.policy_id} {self.version}"

    def entry(self, key: str) -> CriticalEntry | None:
        """Return an entry by its key, None when the policy has none."""
        return next((entry for entry in self.entries if entry.key == key), None)


@dataclass(frozen=True, slots=True)
class CriticalSuggestion:
    """
    What somebody should look at; ``target`` is the field or the tracking UID that says so.

    ``suspected``: its words only suspect it ("not excluded"), and so it is told.
    """

    entry: CriticalEntry
    text: str
    source: CriticalSource
    target: str
    suspected: bool = False


def suggested(
    policy: CriticalPolicy, template: ReportTemplate, values: Mapping[str, str], findings: FindingList, language: str
) -> tuple[CriticalSuggestion, ...]:
    """
    Return what a report in the making suggests, in the order of the form, each entry once.

    A trigger of a template that no entry of the policy knows is suggested with its own words. What the impression says
    in plain words, also as a suspicion, counts in every template. AI marks speak only once they may be seen, and never
    those for research.
    """
    found: dict[str, CriticalSuggestion] = {}
    for item in template.fields:
        value = values.get(item.key, "")
        entries = [
            entry
            for entry in policy.entries
            for rule in entry.fields
            if (rule.template_id, rule.field) == (template.template_id, item.key) and rule.fires(value)
        ]
        if not entries and item.critical is not None and item.critical.fires(value):
            trigger = item.critical
            entries = [CriticalEntry("", template.template_id, trigger.text, trigger.level)]
        for entry in entries:
            text = entry.label.get(language)
            found.setdefault(entry.key or text, CriticalSuggestion(entry, text, CriticalSource.TEMPLATE, item.key))
    impression = values.get(IMPRESSION, "")
    for entry in policy.entries if impression.strip() else ():
        told = None if entry.key in found else told_in(impression, entry.words)
        if told is not None:
            text = entry.label.get(language)
            found[entry.key] = CriticalSuggestion(
                entry, text, CriticalSource.TEMPLATE, IMPRESSION, suspected=told.suspected
            )
    research = {finding.tracking_uid for finding in findings.for_research_only}
    for finding in () if findings.ai_hidden else findings.findings:
        for entry in policy.entries:
            if finding.tracking_uid not in research and any(rule.fires(finding) for rule in entry.ai):
                text = entry.label.get(language)
                found.setdefault(entry.key, CriticalSuggestion(entry, text, CriticalSource.AI, finding.tracking_uid))
    return tuple(found.values())


def recognise(
    entry: CriticalEntry,
    *,
    critical_uid: str,
    study_instance_uid: str,
    ups_instance_uid: str,
    text: str,
    source: CriticalSource,
    by: Party,
    at: datetime,
    policy: str,
) -> CriticalValue:
    """Return a critical value recognised now under an entry; its clock runs from ``at``."""
    return CriticalValue(
        critical_uid=critical_uid,
        study_instance_uid=study_instance_uid,
        ups_instance_uid=ups_instance_uid,
        entry_key=entry.key,
        level=entry.level,
        text=text,
        source=source,
        recognised_by=by,
        recognised_at=at,
        finding=entry.finding,
        policy_version=policy,
        remind_after_s=entry.remind_after_s,
        escalate_after_s=entry.escalate_after_s,
    )


_NO_LEVEL: Final = Code("", "", "")
_NO_TEXT: Final = Text("", "")

_FREE_DEADLINES_S: Final = {1: (300, 600), 2: (1800, 3600), 3: (43_200, 86_400)}
"""Reminder and escalation of what no entry covers: minutes, hours, days (ACR); a site makes entries for other times."""


def level_of(entry: CriticalEntry) -> int:
    """Return the level of an entry as a number, 1 the most urgent; one of another coding counts as that."""
    return next((number for number, code in LEVELS.items() if code == entry.level), 1)


def free_entry(level: int, text: str) -> CriticalEntry:
    """Return an entry for words that no entry of the policy covers; KeyError for a level other than 1 to 3."""
    remind_s, escalate_s = _FREE_DEADLINES_S[level]
    return CriticalEntry("", "free", Text(text, text), LEVELS[level], None, remind_s, escalate_s)

"""The policy of critical values: JSON checked against its schema and against the code dictionaries."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

import jsonschema
from pydicom.sr._concepts_dict import concepts

from resources.critical_policy import policy_schema, shipped_policy
from resources.translation import tr
from workstation.domain.critical_policy import AiRule, CriticalEntry, CriticalPolicy, FieldRule
from workstation.domain.errors import CriticalPolicyInvalid
from workstation.domain.template import Code, Text


@cache
def default_policy() -> CriticalPolicy:
    """Return the policy that ships with the product."""
    return parse_policy(shipped_policy(), "policy.json")


def parse_policy(content: str, name: str) -> CriticalPolicy:
    """
    Read a policy.

    Raises:
        CriticalPolicyInvalid: no JSON, another form, an entry named twice, or a code that its dictionary does not have.
    """
    try:
        raw = json.loads(content)
        _validator().validate(raw)
        policy = CriticalPolicy(
            raw["policy_id"], raw["version"], raw["source"], tuple(_entry(one) for one in raw["entries"])
        )
        _check_codes(policy)
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        raise _invalid(name, exc) from exc
    return policy


def _invalid(name: str, exc: Exception) -> CriticalPolicyInvalid:
    place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
    reason = exc.message if isinstance(exc, jsonschema.ValidationError) else str(exc)
    return CriticalPolicyInvalid(
        tr("The critical value policy {name} is not valid", name=name),
        hint=tr("{place} {reason}. The policy in force stays as it is.", place=place, reason=reason[:200]).strip(),
        detail=f"{name} {place} {type(exc).__name__}: {reason}"[:500],
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(policy_schema())


def _entry(raw: dict[str, Any]) -> CriticalEntry:
    finding = raw.get("finding")
    return CriticalEntry(
        key=raw["key"],
        category=raw["category"],
        label=Text(raw["label"]["zh"], raw["label"]["en"]),
        level=Code(**raw["level"]),
        finding=Code(**finding) if finding else None,
        remind_after_s=raw["remind_after_s"],
        escalate_after_s=raw["escalate_after_s"],
        fields=tuple(
            FieldRule(rule["template"], rule["field"], tuple(rule.get("is", ())), rule.get("at_least"))
            for rule in raw.get("fields", ())
        ),
        ai=tuple(
            AiRule(rule["label"], rule["out_of_ten"], float(rule.get("diameter_mm", 0))) for rule in raw.get("ai", ())
        ),
        words=tuple(raw.get("words", ())),
    )


def _check_codes(policy: CriticalPolicy) -> None:
    for entry in policy.entries:
        for code in (entry.level, entry.finding):
            if code is None:
                continue
            known = _meanings(code.scheme).get(code.value, frozenset())
            if code.meaning not in known:
                raise ValueError(f"{entry.key}: {code.scheme} {code.value} does not mean {code.meaning}")


@cache
def _meanings(scheme: str) -> dict[str, frozenset[str]]:
    keywords = cast("dict[str, dict[str, tuple[str, list[int]]]]", concepts.get(scheme, {}))
    found: dict[str, set[str]] = {}
    for by_code in keywords.values():
        for code, (meaning, *_rest) in by_code.items():
            found.setdefault(code, set()).add(meaning)
    return {code: frozenset(meanings) for code, meanings in found.items()}

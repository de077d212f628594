"""The policy of mutual recognition read from JSON, and its answers in words."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema

from resources.recognition_policy import recognition_schema, shipped_recognition_policy
from resources.translation import tr
from workstation.domain.errors import TemplateViolation
from workstation.domain.mutual_recognition import RecognisedItem, Recognition, RecognitionPolicy, Refusal
from workstation.domain.template import Text

REFUSALS: Final = {
    Refusal.NOT_SIGNED: Text("报告尚未签发", "the report is not signed"),
    Refusal.NOT_LISTED: Text("检查项目不在互认目录内", "the examination is not on the list"),
    Refusal.NO_QUALITY: Text("图像质量未评级", "nobody graded the images"),
    Refusal.QUALITY_TOO_LOW: Text("图像质量未达要求", "the image quality does not suffice"),
    Refusal.NO_DATE: Text("检查日期缺失", "the study date is missing"),
    Refusal.IN_FUTURE: Text("检查日期晚于今日", "the study date lies in the future"),
    Refusal.EXPIRED: Text("已超过互认有效期", "the time of validity is over"),
}
_GRANTED: Final = Text(
    "互认依据：规则 {policy} {version}，有效期至 {date}。",
    "Mutual recognition: rules {policy} {version}, valid until {date}.",
)
_REFUSED: Final = Text(
    "未获互认标识：{reasons}。规则 {policy} {version}。",
    "Not mutually recognised: {reasons}. Rules {policy} {version}.",
)
_AND: Final = Text("；", "; ")


def recognition_words(given: Recognition, language: str, rules_name: str = "") -> str:
    """
    Return by which rules a mark was given, or every reason why it was not.

    Paper names the rules by their key, which other houses look up; a screen gives ``rules_name``.
    """
    rules = {"policy": rules_name or given.policy_id, "version": given.policy_version}
    if given.granted:
        return _GRANTED.get(language).format(date=given.valid_until, **rules)
    reasons = _AND.get(language).join(REFUSALS[one].get(language) for one in given.refusals)
    return _REFUSED.get(language).format(reasons=reasons, **rules)


def policy_in_force(own: Path | None = None) -> RecognitionPolicy:
    """Return the alliance's own policy where the file exists, else the shipped one. Raises TemplateViolation."""
    if own is None or not own.is_file():
        return _shipped()
    try:
        content = own.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise _invalid(own.name, exc) from exc
    return parse_recognition_policy(content, own.name)


def parse_recognition_policy(content: str, name: str) -> RecognitionPolicy:
    """Check a policy as JSON text, called ``name`` in the error. Raises TemplateViolation."""
    try:
        raw = json.loads(content)
        _validator().validate(raw)
        return _policy(raw)
    except (ValueError, RecursionError, jsonschema.ValidationError) as exc:
        raise _invalid(name, exc) from exc


def _policy(raw: dict[str, Any]) -> RecognitionPolicy:
    keys = [item["key"] for item in raw["items"]]
    if len(set(keys)) != len(keys):
        raise ValueError("two items have the same key")
    return RecognitionPolicy(
        policy_id=raw["policy_id"],
        version=raw["version"],
        scope=Text(**raw["scope"]),
        mark=raw["mark"],
        grades=tuple(raw["grades"]),
        diagnostic_choices=tuple(raw["diagnostic_choices"]),
        items=tuple(_item(item) for item in raw["items"]),
    )


def _item(raw: dict[str, Any]) -> RecognisedItem:
    words = {key: tuple(word.upper() for word in raw[key]) for key in ("words", "excluded")}
    return RecognisedItem(
        raw["key"], Text(**raw["label"]), tuple(raw["modalities"]), valid_days=raw["valid_days"], **words
    )


def _invalid(name: str, exc: Exception) -> TemplateViolation:
    place = exc.json_path if isinstance(exc, jsonschema.ValidationError) else ""
    return TemplateViolation(
        tr("The policy of mutual recognition {name} is not valid", name=name),
        hint=tr("Correct the file or remove it; then the shipped policy holds."),
        detail=f"{name} {place} {type(exc).__name__}: {exc}"[:500],
    )


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(recognition_schema())


@cache
def _shipped() -> RecognitionPolicy:
    return parse_recognition_policy(shipped_recognition_policy(), "policy.json")

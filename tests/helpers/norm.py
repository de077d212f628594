"""Reports of the norm gate: thirty good ones in Chinese and what is done to them to make them wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from workstation.domain.norm.values import NormField, NormSubject, Role

FOLDER: Final = Path(__file__).parents[1] / "golden" / "norm"
SIGNER: Final = "张明远"


def good_reports() -> dict[str, NormSubject]:
    """Return the good reports by name."""
    return {one["id"]: _subject(one) for one in _load("good_zh.json")}


def faults() -> list[dict[str, str]]:
    """Return the seeded faults: which report, what is replaced by what, where, and as what it must be caught."""
    return _load("faults_zh.json")


def seeded(subject: NormSubject, fault: dict[str, str]) -> NormSubject:
    """Return the report with one fault; ValueError when the words are not there."""
    old, new = fault["replace"], fault["by"]
    if fault["where"] == "signer":
        return replace(subject, signer=new)
    changed = tuple(
        replace(item, text=item.text.replace(old, new, 1)) if item.role == Role(fault["where"]) else item
        for item in subject.fields
    )
    if changed == subject.fields:
        raise ValueError(f"{fault['fault']}: nothing was replaced")
    return replace(subject, fields=changed)


def subject_of(findings: str, impression: str, *, background: str = "", language: str = "zh_CN") -> NormSubject:
    """Return a small report of a chest CT."""
    fields = (
        NormField("findings", Role.FINDINGS, findings),
        NormField("impression", Role.IMPRESSION, impression),
        NormField("history", Role.BACKGROUND, background),
    )
    return NormSubject(
        language=language,
        fields=fields,
        patient_name="Wang^XiaoDong=王^小东",
        patient_id="P1",
        sex="M",
        age_years=50,
        author=SIGNER,
        signer=SIGNER,
    )


def _subject(one: dict[str, Any]) -> NormSubject:
    fields = [NormField(f"background_{n}", Role.BACKGROUND, text) for n, text in enumerate(one["background"], 1)]
    fields += [NormField(f"findings_{n}", Role.FINDINGS, text) for n, text in enumerate(one["findings"], 1)]
    fields.append(NormField("impression", Role.IMPRESSION, one["impression"]))
    return NormSubject(
        language="zh_CN",
        fields=tuple(fields),
        examination=one["examination"],
        examined_on=date.fromisoformat(one["examined_on"]),
        patient_name="Wang^XiaoDong=王^小东",
        patient_id="P20261120",
        listed_name="Wang^XiaoDong=王^小东",
        listed_id="P20261120",
        sex=one["sex"],
        age_years=one["age"],
        author="李思",
        signer=SIGNER,
    )


def _load(name: str) -> list[Any]:
    loaded: list[Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return loaded

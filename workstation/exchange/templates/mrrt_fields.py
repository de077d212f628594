"""The fields of an MRRT document: radio buttons of one name are one choice, several answers at once are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from resources.translation import tr
from workstation.domain.template import Code

Control = dict[str, Any]
"""One control as it was read: ``tag``, ``given`` attributes, ``label``, ``legend``, ``options`` (id, value, text)"""
_YES: Final = Code("373066001", "SCT", "Yes")
_NO: Final = Code("373067005", "SCT", "No")


class NoCounterpart(Exception):
    """A control that no field of ours can stand for; ``words`` tell a person which and why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def join_groups(sections: Sequence[list[Control]]) -> None:
    """
    Make one control of the radio buttons of each name, where the first of them stands.

    Raises NoCounterpart for a button without a name or alone, a list of several answers, check boxes of one name.
    """
    _refuse_several(control for fields in sections for control in fields)
    groups: dict[str, Control] = {}
    for fields in sections:
        kept = []
        for control in fields:
            if _kind(control) != "radio":
                kept.append(control)
                continue
            name = control["given"].get("name", "").strip()
            if not name:
                raise NoCounterpart(
                    tr("The radio button “{field}” belongs to no group: it needs a name.", field=_called(control))
                )
            if name not in groups:
                groups[name] = _group(name, control)
                kept.append(groups[name])
            given = control["given"]
            text = control["label"] or given.get("value", "")
            groups[name]["options"].append({"id": given.get("id", ""), "value": given.get("value", ""), "text": text})
            if "required" in given or given.get("data-field-completion-action", "").upper() == "ALERT":
                groups[name]["given"]["required"] = ""
        fields[:] = kept
    alone = next((name for name, group in groups.items() if len(group["options"]) < 2), None)
    if alone is not None:
        raise NoCounterpart(tr("“{field}” is a choice with one option only.", field=alone))


def _refuse_several(controls: Iterable[Control]) -> None:
    boxes: dict[str, int] = {}
    for control in controls:
        given = control["given"]
        if control["tag"] == "select" and "multiple" in given:
            raise NoCounterpart(
                tr("“{field}” lets several options be chosen; a choice here has one. Make a field of each option.",
                   field=_called(control))
            )  # fmt: skip
        name = given.get("name", "").strip()
        if _kind(control) == "checkbox" and name:
            boxes[name] = boxes.get(name, 0) + 1
    several = next((name for name, count in boxes.items() if count > 1), None)
    if several is not None:
        raise NoCounterpart(
            tr("The check boxes “{field}” let several options be chosen; a choice here has one. "
               "Give each box a name of its own.", field=several)
        )  # fmt: skip


def _group(name: str, first: Control) -> Control:
    given = {"name": first["legend"] or name, "id": name}
    return {"tag": "select", "given": given, "text": "", "label": "", "legend": first["legend"], "options": []}


def _kind(control: Control) -> str:
    return str(control["given"].get("type", "")).lower() if control["tag"] == "input" else ""


def _called(control: Control) -> str:
    given = control["given"]
    return str(given.get("name") or control["label"] or given.get("id") or given.get("value") or "?")


def choices_of(control: Control, codes: Mapping[str, Code]) -> list[dict[str, Any]]:
    """Return the options of a list, or yes and no of a check box; an entry that says nothing is no option."""
    if control["tag"] != "select":
        return [
            {"key": "no", "label": {"zh": "否", "en": "No"}, "code": code_of(_NO)},
            {"key": "yes", "label": {"zh": "是", "en": "Yes"}, "code": code_of(_YES)},
        ]
    made = []
    taken: set[str] = set()
    for number, option in enumerate(control["options"], 1):
        if not option["text"] and not option["value"]:
            continue
        key = re.sub(r"[^a-z0-9_]+", "_", option["value"].lower()).strip("_")
        key = key if key[:1].isalpha() and key not in taken else f"option_{number}"
        taken.add(key)
        choice: dict[str, Any] = {"key": key, "label": both(option["text"] or option["value"])}
        if option["id"] in codes:
            choice["code"] = code_of(codes[option["id"]])
        made.append(choice)
    return made


def key_of(wanted: str, taken: set[str]) -> str:
    """Return a key of our form that nobody has taken yet, and take it."""
    base = re.sub(r"[^a-z0-9_]+", "_", wanted.lower()).strip("_") or "field"
    base = base if base[0].isalpha() else f"f_{base}"
    key, number = base, 2
    while key in taken:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def code_of(code: Code) -> dict[str, str]:
    """Return a code as templates write it, cut to what a code may be long."""
    return {"value": code.value[:16], "scheme": code.scheme[:16], "meaning": code.meaning}


def both(text: str) -> dict[str, str]:
    """Return a text as that of both languages."""
    return {"zh": text, "en": text}

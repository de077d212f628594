"""The shipped policy holds, and one that could mislead is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resources.critical_policy import shipped_policy
from workstation.dicom.critical_policy import default_policy, parse_policy
from workstation.domain.critical_policy import suggested
from workstation.domain.errors import CriticalPolicyInvalid
from workstation.domain.finding import FindingList
from workstation.exchange.templates.library import TemplateLibrary


def test_the_shipped_policy_covers_the_national_diagnoses_within_ten_minutes() -> None:
    policy = default_policy()
    assert len(policy.entries) == 16
    assert {(entry.remind_after_s, entry.escalate_after_s) for entry in policy.entries} == {(300, 600)}
    assert {entry.level.value for entry in policy.entries} == {"RID49480"}
    words = " ".join(entry.label.zh for entry in policy.entries)
    for diagnosis in ("肺动脉栓塞", "主动脉夹层", "心包填塞", "气胸", "支气管异物", "脑梗死", "脑出血", "硬膜下", "蛛网膜下腔出血", "脑疝", "穿孔", "脏器破裂", "绞窄性肠梗阻"):  # fmt: skip  # noqa: E501 - a list
        assert diagnosis in words


def test_every_trigger_of_a_template_falls_under_an_entry_and_every_rule_names_a_field() -> None:
    templates = {template.template_id: template for template in TemplateLibrary().all()}
    rules = [(rule, entry) for entry in default_policy().entries for rule in entry.fields]
    for rule, _entry in rules:
        item = templates[rule.template_id].field(rule.field)
        assert set(rule.choices) <= {choice.key for choice in item.choices}
    for template in templates.values():
        for item in template.fields:
            for value in item.critical.choices or (str(item.critical.at_least),) if item.critical else ():
                own = [r for r, _ in rules if (r.template_id, r.field) == (template.template_id, item.key)]
                assert [rule for rule in own if rule.fires(value)], (template.template_id, item.key, value)


@pytest.mark.parametrize(
    ("template", "sign", "entry"),
    [
        ("ct-chest", "aortic_dissection", "aortic-dissection"),
        ("ct-chest", "cardiac_tamponade", "cardiac-tamponade"),
        ("ct-chest-nodule", "massive_effusion", "massive-effusion"),
        ("petct", "perforation", "perforation"),
        ("us-abdomen", "ruptured_aneurysm", "ruptured-aneurysm"),
        ("ct-abdomen", "strangulated_obstruction", "strangulated-obstruction"),
        ("ct-abdomen", "aortic_dissection", "aortic-dissection"),
        ("dx-chest", "free_air", "perforation"),
        ("dx-chest", "massive_effusion", "massive-effusion"),
        ("mr-spine", "cord_compression", "cord-compression"),
        ("ct-spine", "cord_compression", "cord-compression"),
    ],
)
def test_a_critical_sign_that_is_chosen_suggests_the_entry_of_the_catalogue(
    template: str, sign: str, entry: str
) -> None:
    found = suggested(
        default_policy(), TemplateLibrary().get(template), {"critical_sign": sign}, FindingList("1.2.3"), "zh_CN"
    )
    assert [(one.entry.key, one.target) for one in found] == [(entry, "critical_sign")]


def broken(**changes: Any) -> str:  # noqa: ANN401 - JSON
    raw = json.loads(shipped_policy())
    raw["entries"][0] |= changes
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "Expecting"),
        ("[" * 100_000, "recursion"),
        (broken(finding={"value": "1386000", "scheme": "SCT", "meaning": "Headache"}), "does not mean Headache"),
        (broken(level={"value": "RID12", "scheme": "RADLEX", "meaning": "Diagnostic quality"}), "RID12"),
        (broken(key="perforation"), "named twice: perforation"),
        (broken(remind_after_s=601), "before the escalation"),
        (broken(label={"zh": " ", "en": "x"}), "label"),
        (broken(script="x"), "script"),
    ],
)
def test_a_policy_that_does_not_hold_is_refused(content: str, says: str) -> None:
    with pytest.raises(CriticalPolicyInvalid) as caught:
        parse_policy(content, "site.json")
    assert says in caught.value.detail
    assert "site.json" in caught.value.user_text

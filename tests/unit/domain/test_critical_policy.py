"""What the catalogue suggests: by the form, by the AI, each entry once, and never from a hidden or rejected mark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from workstation.domain.critical import LEVELS, CriticalSource, Party
from workstation.domain.critical_policy import (
    AiRule,
    CriticalEntry,
    CriticalPolicy,
    CriticalSuggestion,
    FieldRule,
    free_entry,
    level_of,
    recognise,
    suggested,
)
from workstation.domain.finding import AlgorithmIdentity, Decision, Finding, FindingList, Mark, RejectReason
from workstation.domain.template import (
    Code,
    CriticalTrigger,
    FieldType,
    ReportTemplate,
    TemplateField,
    TemplateSection,
    Text,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
WORDS = Text("张力性气胸", "Tension pneumothorax")
PNEUMOTHORAX = CriticalEntry(
    "ptx",
    "chest",
    WORDS,
    LEVELS[1],
    fields=(FieldRule("dx", "tension", ("yes",)), FieldRule("dx", "percent", at_least=70)),
    ai=(AiRule("pneumothorax", 5, 8.0),),
)
POLICY = CriticalPolicy("county", "3", "test", (PNEUMOTHORAX,))
TRIGGER = CriticalTrigger(LEVELS[2], Text("游离气体", "Free air"), ("yes",))
TEMPLATE = ReportTemplate(
    "dx", "1", WORDS, Code("a", "LN", "a"), ("DX",), (), Code("b", "SCT", "b"),
    (TemplateSection("findings", Code("59776-5", "LN", "Findings"), WORDS, (
        TemplateField("tension", FieldType.CHOICE, WORDS),
        TemplateField("percent", FieldType.NUMBER, WORDS),
        TemplateField("free_air", FieldType.CHOICE, WORDS, critical=TRIGGER),
    )),),
)  # fmt: skip


def findings(
    *,
    label: str = "pneumothorax",
    out_of_ten: int | None = 6,
    size_mm: float = 9.0,
    decision: Decision = Decision.UNDECIDED,
) -> FindingList:
    mark = Mark((0.0, 0.0, 0.0), size_mm, 0.9, shown=True, label=label, out_of_ten=out_of_ten)
    reason = RejectReason.OTHER if decision is Decision.REJECTED else None
    return FindingList(
        "1.2.3", findings=(Finding("t1", 1, mark.centre_lps_mm, size_mm, decision, mark, reject_reason=reason),)
    )


def keys(values: dict[str, str], marks: FindingList | None = None) -> list[str]:
    return [
        one.entry.key or one.text for one in suggested(POLICY, TEMPLATE, values, marks or FindingList("1.2.3"), "zh_CN")
    ]


def test_the_form_suggests_what_the_policy_knows_once_and_with_its_own_words_what_it_does_not() -> None:
    assert keys({}) == []
    assert keys({"tension": "yes", "percent": "80"}) == ["ptx"]
    assert keys({"percent": "69.9"}) == []
    assert keys({"percent": "很多"}) == []
    assert keys({"free_air": "yes", "tension": "yes"}) == ["ptx", "游离气体"]
    only = suggested(POLICY, TEMPLATE, {"tension": "yes"}, FindingList("1.2.3"), "en")
    assert only == (CriticalSuggestion(PNEUMOTHORAX, "Tension pneumothorax", CriticalSource.TEMPLATE, "tension"),)


@pytest.mark.parametrize(
    ("marks", "suggests"),
    [
        (findings(), ["ptx"]),
        (findings(decision=Decision.ACCEPTED), ["ptx"]),
        (findings(decision=Decision.REJECTED), []),
        (findings(out_of_ten=4), []),
        (findings(out_of_ten=None), []),
        (findings(size_mm=7.9), []),
        (findings(label="nodule"), []),
        (replace(findings(), algorithm=AlgorithmIdentity("m", "1", "0"), read_first=True), []),
        (replace(findings(), algorithm=AlgorithmIdentity("m", "1", "0", research=True)), []),
        (FindingList("1.2.3", findings=(Finding("t2", 1, (0.0, 0.0, 0.0), 9.0, Decision.ADDED),)), []),
    ],
)
def test_only_marks_that_may_be_seen_and_were_not_rejected_suggest(marks: FindingList, suggests: list[str]) -> None:
    assert keys({}, marks) == suggests


def test_a_form_comes_before_the_ai_that_says_the_same() -> None:
    found = suggested(POLICY, TEMPLATE, {"tension": "yes"}, findings(), "zh_CN")
    assert [(one.source, one.target) for one in found] == [(CriticalSource.TEMPLATE, "tension")]
    assert suggested(POLICY, TEMPLATE, {}, findings(), "zh_CN")[0].target == "t1"


def test_what_is_recognised_keeps_level_times_and_policy() -> None:
    hours = replace(PNEUMOTHORAX, level=LEVELS[2], remind_after_s=1800, escalate_after_s=3600)
    value = recognise(
        hours, critical_uid="2.25.1", study_instance_uid="1.2.3", ups_instance_uid="1.2.4", text="右侧张力性气胸",
        source=CriticalSource.TEMPLATE, by=Party("li", "李医生", "reader", "县医院"), at=AT, policy=POLICY.name,
    )  # fmt: skip
    assert (value.entry_key, value.level.value, value.escalate_after_s) == ("ptx", "RID49481", 3600)
    assert (value.policy_version, value.recognised_at, value.text) == ("county 3", AT, "右侧张力性气胸")


def test_a_policy_with_an_entry_twice_or_times_in_the_wrong_order_is_refused() -> None:
    with pytest.raises(ValueError, match="named twice: ptx"):
        CriticalPolicy("county", "3", "", (PNEUMOTHORAX, PNEUMOTHORAX))
    with pytest.raises(ValueError, match="before the escalation"):
        replace(PNEUMOTHORAX, remind_after_s=700)
    assert (POLICY.entry("ptx"), POLICY.entry("none")) == (PNEUMOTHORAX, None)


def test_words_that_no_entry_covers_get_the_times_of_their_level() -> None:
    entries = [free_entry(level, "右肾破裂") for level in (1, 2, 3)]
    assert [(e.level.value, e.remind_after_s, e.escalate_after_s) for e in entries] == [
        ("RID49480", 300, 600),
        ("RID49481", 1800, 3600),
        ("RID49482", 43200, 86400),
    ]
    assert [level_of(entry) for entry in entries] == [1, 2, 3]
    assert level_of(replace(entries[2], level=Code("OTHER", "99T", "of another coding"))) == 1

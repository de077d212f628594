"""What paper and SR say of a call that the hub heard of late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workstation.dicom.sr.critical_words import critical_lines
from workstation.domain.critical import (
    LEVELS,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalSource,
    CriticalValue,
    Party,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
READER = Party("li", "李医生", "reader", "")


def line(late: timedelta, language: str) -> str:
    call = CallRecord(
        "1", READER, "王护士", "", "010-1", AT, CallMethod.PHONE, CallOutcome.REACHED, "穿孔", read_back=True,
        read_back_text="知晓",
    )  # fmt: skip
    value = CriticalValue("2.25.1", "1.2.3", "1.2.4", "", LEVELS[1], "穿孔", CriticalSource.READER, READER, AT)
    return critical_lines(value.called(replace(call, recorded_at=AT + late)), language)[2]


def test_a_late_record_is_told_on_paper_with_the_minutes_and_a_prompt_one_is_not() -> None:
    assert "（事后补报，晚 25 分钟）" in line(timedelta(minutes=25, seconds=10), "zh_CN")
    assert "(told 25 min after the call)" in line(timedelta(minutes=25, seconds=10), "en")
    assert "补报" not in line(timedelta(seconds=30), "zh_CN")

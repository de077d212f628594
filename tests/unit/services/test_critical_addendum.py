"""The addendum of a critical value says what was recorded, and nothing that was not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.helpers.cases import report
from tests.helpers.critical import AT, EXPERT, TECHNICIAN, party
from workstation.dicom.sr.report_words import local_time
from workstation.domain.critical import (
    LEVELS,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalSource,
    CriticalValue,
    Dismissal,
)
from workstation.exchange.templates.library import TemplateLibrary
from workstation.services.critical_addendum import TEMPLATE_ID, record_values, record_words

VALUE = CriticalValue(
    "2.25.1", "2.25.2", "2.25.3", "", LEVELS[1], "张力性气胸", CriticalSource.READER, party(EXPERT), AT
)


def call(minute: int, outcome: CallOutcome = CallOutcome.REACHED, *, read_back: bool = False) -> CallRecord:
    return CallRecord(
        f"2.25.{minute}", party(EXPERT), "李护士", "病房护士", "0571-8001", AT + timedelta(minutes=minute),
        CallMethod.PHONE, outcome, "张力性气胸", read_back, "张力性气胸，立即处理" if read_back else "",
    )  # fmt: skip


def test_the_call_that_was_read_back_fills_the_template() -> None:
    value = VALUE.called(call(1, CallOutcome.BUSY)).called(call(2)).called(call(4, read_back=True))

    found = record_values(value)

    assert found == {
        "level": "cat1",
        "critical_finding": "张力性气胸",
        "recognised_at": local_time(AT),
        "read_back": "yes",
        "notifier": "王启明",
        "receiver": "李护士",
        "receiver_role": "nurse",
        "call_number": "0571-8001",
        "received_at": local_time(AT + timedelta(minutes=4)),
        "method": "telephone",
        "read_back_text": "张力性气胸，立即处理",
    }


def test_every_field_and_choice_of_the_record_is_one_of_the_template() -> None:
    template = TemplateLibrary().get(TEMPLATE_ID)
    assert template is not None
    for key, text in record_values(VALUE.called(call(4, read_back=True))).items():
        choices = [choice.key for choice in template.field(key).choices]
        assert not choices or text in choices


def test_a_receiver_who_acknowledged_without_a_call_stands_in_it() -> None:
    value = VALUE.acknowledged(party(TECHNICIAN), AT + timedelta(minutes=3), "气胸，知晓")

    found = record_values(value)

    assert (found["notifier"], found["receiver"], found["read_back_text"]) == ("王启明", "韩梅", "气胸，知晓")
    assert "receiver_role" not in found


def test_what_nobody_did_is_not_filled() -> None:
    assert set(record_values(VALUE)) == {"level", "critical_finding", "recognised_at", "read_back"}
    assert record_values(VALUE)["read_back"] == "no"
    assert record_values(VALUE.called(call(1, CallOutcome.NO_ANSWER)))["read_back"] == "no"
    unknown = replace(call(2), receiver_role=" ")
    other = replace(call(2), receiver_role="总值班")
    assert record_values(VALUE.called(unknown))["receiver_role"] == ""
    assert record_values(VALUE.called(other))["receiver_role"] == "other"


def test_dismissed_values_are_no_words_of_the_addendum() -> None:
    ended = VALUE.dismissed(Dismissal(party(EXPERT), AT, "伪影"))
    told = replace(report(), critical_values=(VALUE.called(call(4, read_back=True)), ended))

    words = record_words(told).splitlines()

    assert words[3:] == ["签发时尚未署名：接收方"]
    assert words[0] == "危急所见：张力性气胸（1 级）"
    assert words[2].endswith("复述确认：张力性气胸，立即处理")
    assert record_words(replace(report(), critical_values=(ended,))) == ""

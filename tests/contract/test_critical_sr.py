"""The communication of critical results inside the SR: coded, in words, and no judge objects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from tests.helpers.full_reports import (
    OBJECTS,
    SIGNED,
    TEMPLATE,
    dciodvfy_errors,
    dsrdump,
    final_report,
    real_study,
    worklist_row,
)
from workstation.domain.critical import (
    LEVELS,
    CallMethod,
    CallOutcome,
    CallRecord,
    CriticalSource,
    CriticalValue,
    Dismissal,
    Party,
)
from workstation.domain.template import Code

SENIOR = Party("expert", "王启明", "senior", "远程诊断中心")
TECHNICIAN = Party("technician", "韩梅", "technician", "清水镇中心卫生院")
EMBOLISM = Code("59282003", "SCT", "Pulmonary embolism")


def critical() -> CriticalValue:
    at = SIGNED - timedelta(minutes=20)
    value = CriticalValue(
        "2.25.5", "1.2.3", "1.2.4", "pulmonary-embolism", LEVELS[1], "急性肺动脉栓塞（主干）", CriticalSource.READER,
        SENIOR, at, finding=EMBOLISM,
    )  # fmt: skip
    missed = CallRecord(
        "1",
        SENIOR,
        "",
        "急诊科",
        "0571-1",
        at + timedelta(minutes=1),
        CallMethod.PHONE,
        CallOutcome.NO_ANSWER,
        "肺栓塞",
    )
    told = CallRecord(
        "2", SENIOR, "刘医生", "急诊科", "0571-1", at + timedelta(minutes=4), CallMethod.PHONE, CallOutcome.REACHED,
        "急性肺动脉栓塞", read_back=True, read_back_text="肺栓塞，马上处理",
    )  # fmt: skip
    return value.called(missed).called(told).acknowledged(TECHNICIAN, at + timedelta(minutes=6), "已知晓")


def written(scan: Path, values: tuple[CriticalValue, ...], language: str = "zh_CN") -> bytes:
    study = real_study(scan)
    report = replace(final_report(study, language=language), critical_values=values)
    return OBJECTS.enhanced_sr(report, TEMPLATE, study, worklist_row(study))


def section(content: bytes) -> list[Dataset]:
    found = [
        item.ContentSequence
        for item in dcmread(BytesIO(content)).ContentSequence
        if item.get("ConceptNameCodeSequence") and item.ConceptNameCodeSequence[0].CodeValue == "73568-8"
    ]
    return list(found[0]) if found else []


@pytest.mark.dcmtk
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_judges_take_the_section_and_find_code_and_read_back_in_it(
    lidc_0314: Path, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "critical.dcm"
    path.write_bytes(written(lidc_0314, (critical(),), language))
    assert dciodvfy_errors(path) == []
    status, printed = dsrdump(path)
    assert (status, [line for line in printed.splitlines() if line.startswith("E:")]) == (0, [])
    assert "Communication of Critical Results" in printed
    for words in ("ACR Category 1 Actionable Finding", "Pulmonary embolism", "肺栓塞，马上处理", "刘医生", "韩梅"):
        assert words in printed


def test_the_section_holds_category_diagnosis_and_every_attempt(lidc_0314: Path) -> None:
    items = section(written(lidc_0314, (critical(),)))
    codes = [item.ConceptCodeSequence[0].CodeValue for item in items if item.ValueType == "CODE"]
    texts = [item.TextValue for item in items if item.ValueType == "TEXT"]
    assert codes == ["RID49480", "59282003"]
    assert texts[0] == "危急所见：急性肺动脉栓塞（主干）（1 级）"
    assert [line.split("：")[0] for line in texts] == ["危急所见", "发现", "未通", "通报", "签收"]
    assert "电话 急诊科 0571-1，无人接听" in texts[2]
    assert "复述确认：肺栓塞，马上处理" in texts[3]
    assert {item.RelationshipType for item in items} == {"CONTAINS"}


def test_what_was_not_read_back_is_said_and_what_was_dismissed_is_not(lidc_0314: Path) -> None:
    at = SIGNED - timedelta(minutes=3)
    recognised = CriticalValue(
        "2.25.6",
        "1.2.3",
        "1.2.4",
        "",
        LEVELS[2],
        "导管移位",
        CriticalSource.READER,
        Party("a", "宋佳", "reader", ""),
        at,
    )
    silent = CallRecord("3", SENIOR, "李", "", "", at, CallMethod.IN_PERSON, CallOutcome.REACHED, "导管移位")
    texts = [
        item.TextValue for item in section(written(lidc_0314, (recognised.called(silent),))) if "TextValue" in item
    ]
    assert texts[-2:] == ["签发时尚未复述确认", "签发时尚未署名：通报方、接收方"]
    assert "未复述" in texts[2]
    assert texts[0] == "危急所见：导管移位（2 级）"
    assert section(written(lidc_0314, (recognised.dismissed(Dismissal(SENIOR, at, "误报")),))) == []
    assert section(written(lidc_0314, ())) == []

"""
Fault F18: names and texts in every character set that hospitals send, from the file to the signed papers.

At the end stand the same characters as at the beginning, or an explicit refusal; never a question mark.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.helpers.dicom_bytes import CT_IMAGE, INSTANCE, SERIES, STUDY, element, image, part10
from tests.helpers.full_reports import OBJECTS, TEMPLATE, worklist_row
from tests.helpers.papers import PRINTER, printed, simple, squeezed, text_of
from workstation.dicom.images.source import scan
from workstation.domain.errors import TemplateViolation
from workstation.domain.finding import FindingList
from workstation.domain.measurement import MeasurementSet
from workstation.domain.study import Study
from workstation.domain.workitem import WorklistRow
from workstation.exchange.paper.page_words import shown_name

NAME = "Wang^XiaoDong=王^小东"
SITE = "清水镇中心卫生院"
EXAM = "胸部平扫，低剂量"


@dataclass(frozen=True)
class Source:
    """How a scanner writes: its label, its codec, and what a setting of the site says of it."""

    label: str
    codec: str
    assumed: str | None = None
    name: str = NAME
    site: str = SITE
    exam: str = EXAM


def ir58(text: str) -> bytes:
    """Encode as DICOM's own Chinese example does: the escape before each Chinese run, in each component and group."""
    out, chinese = b"", False
    for char in text:
        if char in "^=\\":
            out, chinese = out + char.encode(), False
        elif char.isascii():
            out += char.encode()
        else:
            out += (b"" if chinese else b"\x1b$)A") + char.encode("gb2312")
            chinese = True
    return out


def raw(text: str, codec: str) -> bytes:
    return ir58(text) if codec == "ir58" else text.encode(codec)


def scanned(source: Source, folder: Path) -> Study:
    """Write one small image as the source would and load it as the workstation does."""
    body = b"".join(
        (
            element(0x00080005, "CS", source.label) if source.label else b"",
            element(0x00080016, "UI", CT_IMAGE),
            element(0x00080018, "UI", INSTANCE),
            element(0x00080020, "DA", "20261121"),
            element(0x00080030, "TM", "175500"),
            element(0x00080050, "SH", "ACC1"),
            element(0x00080060, "CS", "CT"),
            element(0x00080080, "LO", raw(source.site, source.codec)),
            element(0x00081030, "LO", raw(source.exam, source.codec)),
            element(0x00100010, "PN", raw(source.name, source.codec)),
            element(0x00100020, "LO", "P1"),
            element(0x00100030, "DA", "19680314"),
            element(0x00100040, "CS", "F"),
            element(0x0020000D, "UI", STUDY),
            element(0x0020000E, "UI", SERIES),
            element(0x00200013, "IS", "1"),
            image(),
        )
    )
    folder.mkdir(exist_ok=True)
    (folder / "one.dcm").write_bytes(part10(body))
    (study,) = scan(folder, assumed=source.assumed)
    return study


def row_of(study: Study) -> WorklistRow:
    return replace(worklist_row(study), site_name=study.institution, description=study.description)


def papers(study: Study, folder: Path) -> tuple[str, str, str]:
    """Return patient's name and description out of the SR, and the squeezed words of the PDF."""
    uid = study.study_instance_uid
    bare = {"findings": FindingList(uid), "measurements": MeasurementSet(uid)}
    report = replace(simple(), study_instance_uid=uid, **bare)  # type: ignore[arg-type]  # fields by name
    row = row_of(study)
    sr = dcmread(BytesIO(OBJECTS.enhanced_sr(report, TEMPLATE, study, row)))
    page = PRINTER.render(report, TEMPLATE, study, row, draft=False)
    return str(sr.PatientName), str(sr.StudyDescription), squeezed(text_of(page, folder))


SOURCES = {
    "UTF-8": Source("ISO_IR 192", "utf-8"),
    "UTF-8 with rare characters": Source("ISO_IR 192", "utf-8", name="Gong^Yan=龘^䶮𠮷㐂"),
    "GB18030": Source("GB18030", "gb18030"),
    "GB18030 with rare characters": Source("GB18030", "gb18030", name="Gong^Yan=龘^䶮㐂"),
    "GBK": Source("GBK", "gbk", name="Zhu^Rong=朱^镕基"),
    "ISO 2022 IR 58": Source("\\ISO 2022 IR 58", "ir58"),
    "GB2312 as label": Source("GB2312", "gb2312"),
    "GBK under Latin 1, the source known": Source("ISO_IR 100", "gbk", assumed="GB18030"),
    "GBK without label, the source known": Source("", "gbk", assumed="GBK"),
    "UTF-8 without label, the source known": Source("", "utf-8", assumed="ISO_IR 192"),
    "Latin 1": Source("ISO_IR 100", "latin-1", name="Müller^Jörg", site="Kreiskrankenhaus Süd", exam="Thorax CT"),
    "Latin 1 of a source known to mislabel": Source("GB18030", "gb18030", assumed="GBK", name="Wang^XiaoDong=王^小东"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_characters_stand_in_study_sr_and_pdf(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    study = scanned(source, tmp_path / "in")
    patient, exam, words = papers(study, tmp_path)

    assert (study.patient.name, study.institution) == (shown_name(source.name), source.site)
    assert (patient, exam) == (source.name, source.exam)
    assert f"姓名：{squeezed(shown_name(source.name))}性别" in words
    assert f"申请医院：{squeezed(source.site)}检查项目：{squeezed(source.exam)}" in words
    assert "?" not in patient + exam + words


MISLABELLED = {
    "GBK under Latin 1": Source("ISO_IR 100", "gbk", name="王^小东"),
    "GBK without label": Source("", "gbk", name="王^小东"),
    "UTF-8 under Latin 1": Source("ISO_IR 100", "utf-8", name="王^小东"),
    "UTF-8 without label": Source("", "utf-8", name="王^小东"),
    "GBK under UTF-8": Source("ISO_IR 192", "gbk", name="王^小东"),
}


@pytest.mark.parametrize("name", MISLABELLED)
def test_a_wrong_label_is_doubted_aloud_and_nothing_becomes_a_question_mark(name: str, tmp_path: Path) -> None:
    """What was sent cannot be known: the reader is told, and the papers show what the screen shows or are refused."""
    study = scanned(MISLABELLED[name], tmp_path / "in")
    warned = {warning.code for warning in (*study.warnings, *(one for s in study.series for one in s.warnings))}
    try:
        patient, _, words = papers(study, tmp_path)
    except TemplateViolation as exc:
        patient, words = study.patient.dicom_name, exc.user_text

    assert "charset" in warned
    assert patient == study.patient.dicom_name
    assert "?" not in words


@pytest.mark.parametrize("text", ["𰻝", "\U000e0100", "\ue000"])
def test_a_character_that_cannot_be_printed_is_refused_by_its_number(text: str) -> None:
    with pytest.raises(TemplateViolation) as caught:
        printed(replace(simple(), values=simple().values | {"other": f"所见{text}"}))

    assert f"U+{ord(text):04X}" in caught.value.user_text

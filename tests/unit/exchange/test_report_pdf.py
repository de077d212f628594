"""The page a person reads."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.full_reports import TEMPLATE, final_report, preliminary_report, real_study, worklist_row
from tests.helpers.signed_reports import CHINESE, RENDERER
from workstation.domain.errors import TemplateViolation
from workstation.domain.report import Report
from workstation.domain.study import Patient, Study
from workstation.exchange.paper.pdf_text import broken_into_lines
from workstation.exchange.paper.report_pdf import shown_name


@pytest.fixture(scope="module")
def study(lidc_0314: Path) -> Study:
    return replace(real_study(lidc_0314, CHINESE), study_date="20261121", study_time="175500")


def render(report: Report, study: Study, *, draft: bool = False) -> bytes:
    return RENDERER.render(report, TEMPLATE, study, worklist_row(study), draft=draft)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


def test_the_page_tells_who_was_examined_what_was_found_and_who_answers_for_it(study: Study, tmp_path: Path) -> None:
    words = text_of(render(final_report(study), study), tmp_path)

    for expected in (
        "省影像专科联盟远程诊断中心",
        "CT 检查诊断报告单",
        "姓名：王䶮",
        "性别：女",
        "年龄：58 岁",
        "患者 ID：QS0118793",
        "检查时间：2026-11-21 17:55",
        "右肺上叶 实性结节",
        "21.9 × 14.3",
        "平均 18.1",
        "1. 右肺上叶实性结节，Lung-RADS 4B，建议增强 CT 或 PET-CT，并多学科会诊。",
        "AI 辅助：NodDet 1.2.0，3 处提示，医师接受 1、修改 1、驳回 1、新增 1。",
        "书写：宋佳",
        "审核：王启明",
    ):
        assert expected in words
    assert "草" not in words


def test_a_rejected_mark_is_not_in_the_table(study: Study, tmp_path: Path) -> None:
    words = text_of(render(final_report(study), study), tmp_path)

    assert [line.split()[0] for line in words.splitlines() if "医师" in line and "AI 辅助" not in line] == [
        "1",
        "2",
        "4",
    ]


def test_a_draft_is_marked_as_such_on_the_page(study: Study, tmp_path: Path) -> None:
    words = text_of(render(preliminary_report(study), study, draft=True), tmp_path)

    assert {"草", "稿", "签", "发"} <= set(words)
    assert "审核：待签" in words
    assert "报告时间：待签发" in words


def test_the_english_page_is_english(study: Study, tmp_path: Path) -> None:
    words = text_of(render(final_report(study, language="en"), study), tmp_path)

    for expected in ("Provincial Imaging Alliance", "Age: 58 y", "right upper lobe solid nodule", "Page 1 / 1"):
        assert expected in words


def test_fonts_are_embedded_and_cut_to_the_characters_used(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    path.write_bytes(render(final_report(study), study))

    listed = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()[2:]]

    assert [row[-5:-2] for row in rows] == [["yes", "yes", "yes"]] * 2
    assert path.stat().st_size < 120_000


@pytest.mark.parametrize("name", ["龘䶮𠮷㐂", "欧阳·娜娜", "買買提", "王𬭛", "李𫍽𬀩", "陈𬱟𫖯𬭎"])
def test_rare_characters_of_names_are_printed_and_can_be_searched(study: Study, tmp_path: Path, name: str) -> None:
    rare = replace(study, patient=Patient("1", f"X={name}", "19680314", "F"))

    assert f"姓名：{name}" in text_of(render(final_report(rare), rare), tmp_path)


def test_a_character_without_glyph_is_refused_by_name_and_never_a_box(study: Study) -> None:
    odd = replace(study, patient=Patient("1", "𪚥", "19680314", "F"))

    with pytest.raises(TemplateViolation) as caught:
        render(final_report(odd), odd)

    assert "U+2A6A5" in caught.value.user_text


def test_the_same_report_gives_the_same_page(study: Study) -> None:
    report = final_report(study)

    assert render(report, study) == render(report, study)


def test_a_long_report_continues_on_numbered_pages(study: Study, tmp_path: Path) -> None:
    report = final_report(study)
    long = replace(report, values=report.values | {"other": "双肺多发微小结节，建议随访。" * 300})

    words = "".join(text_of(render(long, study), tmp_path).split())

    assert re.findall(r"第(\d+)/(\d+)页", words) == [("1", "3"), ("2", "3"), ("3", "3")]


def test_without_a_birth_date_no_age_is_invented(study: Study, tmp_path: Path) -> None:
    unknown = replace(study, patient=replace(CHINESE, birth_date="", sex=""))

    words = text_of(render(final_report(unknown), unknown), tmp_path)

    assert "年龄：—" in words
    assert "性别：—" in words


def test_an_infant_s_age_is_given_in_months(study: Study, tmp_path: Path) -> None:
    infant = replace(study, patient=replace(CHINESE, birth_date="20260522"))

    assert "年龄：5 个月" in text_of(render(final_report(infant), infant), tmp_path)


@pytest.mark.parametrize(
    ("dicom", "shown"),
    [
        ("Wang^XiaoDong=王^小东", "王小东"),
        ("王^小东", "王小东"),
        ("周丽华", "周丽华"),
        ("Smith^John", "Smith John"),
        ("Müller^Jörg", "Müller Jörg"),
        ("", "—"),
    ],
)
def test_names_are_written_the_way_people_write_them(dicom: str, shown: str) -> None:
    assert shown == shown_name(dicom)


def test_a_number_never_parts_from_its_unit_and_no_line_starts_with_a_comma() -> None:
    lines = broken_into_lines("大小约 18.2 mm，边缘分叶。", 8, len)

    assert lines == ["大小约", "18.2 mm，", "边缘分叶。"]


def test_a_word_longer_than_the_line_is_broken_rather_than_lost() -> None:
    assert broken_into_lines("abcdefghij", 4, len) == ["abcd", "efgh", "ij"]


def test_paragraphs_stay_apart() -> None:
    assert broken_into_lines("一\n\n二", 4, len) == ["一", "", "二"]

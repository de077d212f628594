"""No corner text covers another one, least of all the patient's name, and no warning loses words."""

from __future__ import annotations

from itertools import combinations
from time import perf_counter

import pytest
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from viewers.qt.caption_places import CaptionPlaces, PlacedCaption, caption_style
from viewers.qt.outlined_text import OutlinedText, role_font
from viewers.scene.captions import Corner, StudyCaptions, ViewCaptions, corner_lines

pytestmark = pytest.mark.gui

WARNINGS = {
    "zh": ("文件中的衰变因子与参考时刻不符：请核对 SUV", "注射活度 370 按 MBq 读取（标签单位应为 Bq）"),
    "en": (
        "The decay factors in the header do not fit the reference time: check the uptake values",
        "Side tags contradict each other: use the marker in the image",
    ),
}
DESCRIPTIONS = {
    "zh": "既往 · 颈胸腹盆腔 PET-CT 平扫加增强（治疗后复查）",
    "en": "PRIOR · Whole body PET-CT, after treatment",
}
NAMES = ("Nurlan Aibek", "阿卜杜热合曼·买买提明江·艾合买提", "Abdurrahman Muhammadaliyev Nurmuhammad-Tokhtakhunov")


def placed(width: float, name: str, language: str, height: float = 338.0) -> tuple[PlacedCaption, ...]:
    study = StudyCaptions(
        name, "男 64岁", "BH0040551", study_description=DESCRIPTIONS[language], study_date_time="2026-11-21 17:55"
    )
    about = ViewCaptions(
        "W 1500  L \N{MINUS SIGN}600", overlay="PET WB_0 · 热金属 50 %", slice_position="56 / 110",
        warnings=WARNINGS[language],
    )  # fmt: skip
    return CaptionPlaces(OutlinedText()).of(corner_lines(study, about, (width, height)), (width, height))


def letters(text: str) -> str:
    return "".join(text.split())


def said(lines: tuple[PlacedCaption, ...], corner: Corner) -> str:
    return letters("".join(one.line.text for one in lines if one.line.corner is corner))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [291.0, 305.0, 460.0, 900.0])
def test_no_corner_text_covers_another_and_all_words_are_there(
    qtbot: QtBot, width: float, name: str, language: str
) -> None:
    found = placed(width, name, language)
    for one, other in combinations(found, 2):
        assert one.box.overlap(other.box) == 0.0, (one.line.text, other.line.text)
    for one in found:
        # measured without the class that placed it
        style = caption_style(one.line)
        drawn = QFontMetricsF(role_font(style.role, bold=style.bold)).horizontalAdvance(one.line.text)
        assert one.box.width == pytest.approx(drawn, abs=3.0)
        assert one.box.x >= 8.0
        assert one.box.right <= width - 8.0
    assert said(found, Corner.TOP_LEFT).startswith(letters(name))
    above = said(found, Corner.TOP_RIGHT)
    for words in (*WARNINGS[language], DESCRIPTIONS[language], "2026-11-21"):
        assert letters(words) in above
    red = letters("".join(one.line.text for one in found if one.line.is_warning))
    assert red == letters("".join(WARNINGS[language]))


def test_the_name_of_the_patient_keeps_its_line_beside_a_long_warning(qtbot: QtBot) -> None:
    found = placed(460.0, "Nurlan Aibek", "en")
    first = [one.line.text for one in found if one.box.y == 8.0]
    assert first[0] == "Nurlan Aibek"
    assert first[1].startswith("The decay factors in the header")
    assert "BH0040551" in [one.line.text for one in found]


def test_chinese_breaks_anywhere_but_before_punctuation_and_latin_words_stay_whole(qtbot: QtBot) -> None:
    heads, tails = set(), set()
    for width in range(120, 460, 5):
        for one in placed(float(width), "王", "zh", 900.0):
            if one.line.is_warning:
                heads.add(one.line.text[0])
                tails.add(one.line.text.split()[-1])
                assert not one.line.text.endswith("（")
    assert len(heads) > 10
    assert heads.isdisjoint("：），。")
    assert not {tail for tail in tails if tail.endswith(("SU", "MB", "37", "S", "M"))}


def test_what_fits_stays_where_it_stood(qtbot: QtBot) -> None:
    lines = corner_lines(
        StudyCaptions("周丽华", study_description="胸部 CT"), ViewCaptions("W", warnings=("红",)), (900, 600)
    )
    assert tuple(one.line for one in CaptionPlaces(OutlinedText()).of(lines, (900, 600))) == lines


def test_the_right_lower_corner_stands_above_the_left_one_where_there_is_no_room_beside_it(qtbot: QtBot) -> None:
    about = ViewCaptions("W 1500  L \N{MINUS SIGN}600", slice_position="Crosshair-at-y-141.0-mm")
    lines = corner_lines(StudyCaptions(), about, (220.0, 300.0))
    left, right = CaptionPlaces(OutlinedText()).of(lines, (220.0, 300.0))
    assert (left.box.y, right.box.y) == (276.0, 260.0)


@pytest.mark.bench
def test_broken_lines_are_remembered(qtbot: QtBot) -> None:
    lines = corner_lines(StudyCaptions("Nurlan Aibek"), ViewCaptions(warnings=WARNINGS["en"]), (460.0, 338.0))
    places = CaptionPlaces(OutlinedText())
    first = places.of(lines, (460.0, 338.0))
    begun = perf_counter()
    for _ in range(100):
        assert places.of(lines, (460.0, 338.0)) == first
    assert (perf_counter() - begun) / 100 < 0.0005

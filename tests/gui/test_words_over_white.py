"""Words of the corners are read over a PET in inverse grey, over air in a bright window and over films."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from viewers.qt.label_places import MEASURE
from viewers.qt.outlined_text import OutlinedText, TextStyle
from workstation.ui.fonts import load_fonts

_WIDTH, _HEIGHT = 360, 40


def _drawn(words: str, ground: str, style: TextStyle | None = None) -> npt.NDArray[np.float64]:
    """Return relative luminance of the words on a ground (WCAG 2.1)."""
    image = QImage(_WIDTH, _HEIGHT, QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    OutlinedText().draw(painter, 10, 10, words, style or TextStyle())
    painter.end()
    pixels = np.asarray(image.constBits(), dtype=np.uint8).reshape(_HEIGHT, _WIDTH, 4)[..., 2::-1] / 255
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722))


def _round(letters: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Return all pixels whose centre is at most ``reach`` px from that of a letter's."""
    near = np.zeros_like(letters)
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            if x * x + y * y <= reach * reach:
                near |= np.roll(letters, (y, x), (0, 1))
    return near


@pytest.mark.parametrize("words", ["蒋文斌 头颈 PET-CT · 分期", "male 64 y 1962-09-30", "W 350  L 40  z −436.0 mm"])
def test_words_on_white_have_a_dark_ground_two_pixels_round_every_letter(qtbot: QtBot, words: str) -> None:
    load_fonts()
    on_black, on_white = _drawn(words, "black"), _drawn(words, "white")
    letters = on_black > 0.4
    ground = _round(letters, 2) & (on_black < 0.02)  # beside its soft edges
    contrast = (0.83 + 0.05) / (on_white[ground] + 0.05)  # 0.83: relative luminance of overlay.text #E8ECEF

    assert letters.sum() > 100
    assert np.percentile(contrast, 5) >= 4.5


@pytest.mark.parametrize(
    "style",
    [TextStyle(), MEASURE, TextStyle("overlay", "ai", bold=True)],
    ids=["corner", "measure", "mark"],
)
@pytest.mark.parametrize("words", ["5.2 mm", "16.3 mm", "? 1 · 11.7 mm"])
def test_the_decimal_point_of_a_size_is_seen_over_white(qtbot: QtBot, words: str, style: TextStyle) -> None:
    load_fonts()
    on_black, on_white = _drawn(words, "black", style), _drawn(words, "white", style)
    inked = on_black > 0.1
    rows = np.flatnonzero(inked.any(axis=1))
    top, base = rows[0], rows[-1]
    low = np.zeros_like(inked)
    low[base - 2 : base + 1] = True  # a point stands on the line, and nothing stands above it
    columns = [x for x in np.flatnonzero(inked.any(axis=0)) if not (inked & ~low)[:, x].any()]
    x = max(columns, key=lambda one: on_black[:, one].max())
    y = int(on_black[:, x].argmax())
    above, beside = on_white[top : y - 1, x], on_white[y, [x - 2, x + 2]]

    assert len(columns) in {1, 2, 3}
    for ground in (*above, *beside):
        assert (on_white[y, x] + 0.05) / (ground + 0.05) >= 3.0  # WCAG 2.1, 1.4.11: a sign that is no text


@pytest.mark.parametrize("words", ["138 / 275", "5 cm", "0.77×", "2026-11-21"])
def test_no_stroke_of_white_stands_between_the_signs_of_a_number_and_its_unit(qtbot: QtBot, words: str) -> None:
    load_fonts()
    on_black, on_white = _drawn(words, "black"), _drawn(words, "white")
    inked = on_black > 0.02
    digits = np.flatnonzero((_drawn("0", "black") > 0.4).any(axis=1))
    columns = np.flatnonzero(inked.any(axis=0))
    height = slice(digits[0], digits[-1] + 1)  # a stroke may hang below
    number = (height, slice(columns[0], columns[-1] + 1))
    ground = ~inked[number]

    assert ground.sum() > 40
    assert (0.83 + 0.05) / (on_white[number][ground].max() + 0.05) >= 4.5


LINE_PX = 16
"""Of a line of corner text, as the theme has it"""


@pytest.mark.parametrize("ground", ["white", "#66CDAA"], ids=["inverse PET", "burnt-in line"])
@pytest.mark.parametrize(
    ("words", "style", "ink"),
    [
        ("蒋文斌 头颈 PET-CT · 分期", TextStyle(), 0.83),
        ("female 55 y 1971-07-07  ID BH0040544", TextStyle(), 0.83),
        ("MPR interpolated", TextStyle("overlay", "overlay.warn", bold=True), 0.36),  # luminance of #FF7B7B
        ("RA", TextStyle("letter", "overlay.letter"), 0.66),  # #F2D36B
    ],
    ids=["chinese", "english", "warning", "orientation"],
)
def test_nothing_bright_stands_between_the_words_of_a_line(
    qtbot: QtBot, words: str, style: TextStyle, ink: float, ground: str
) -> None:
    load_fonts()
    on_black, on_ground = _drawn(words, "black", style), _drawn(words, ground, style)
    columns = np.flatnonzero((on_black > 0.02).any(axis=0))
    box = slice(10, 10 + LINE_PX), slice(columns[0] - 1, columns[-1] + 2)
    between = on_black[box] == 0

    assert between.sum() > 100
    assert (ink + 0.05) / (on_ground[box][between].max() + 0.05) >= 4.5


def test_lines_of_text_below_each_other_stand_on_one_ground_and_keep_their_tails(qtbot: QtBot) -> None:
    load_fonts()
    alone, below = (QImage(120, 60, QImage.Format.Format_RGB32) for _ in range(2))
    for image, lines, ground in ((alone, ["gjpqy"], "black"), (below, ["gjpqy", "HTEL"], "white")):
        image.fill(QColor(ground))
        painter = QPainter(image)
        for row, line in enumerate(lines):
            OutlinedText().draw(painter, 10, 10 + row * LINE_PX, line, TextStyle())
        painter.end()

    inked = [(x, y) for x in range(120) for y in range(60) if alone.pixelColor(x, y).lightness() > 150]
    base = max(y for _x, y in inked) - 2
    tails = [(x, y) for x, y in inked if y >= base]
    assert len(tails) > 5
    assert all(below.pixelColor(*at).lightness() > 130 for at in tails)
    stripes = [below.pixelColor(30, y).lightness() for y in range(11, 10 + 2 * LINE_PX)]
    beyond = [below.pixelColor(70, y).lightness() for y in range(11, 10 + 2 * LINE_PX)]
    assert max(stripes) < 255 == min(beyond)
    assert below.pixelColor(12, 10 + LINE_PX).lightness() < 70  # no stripe of white between the two

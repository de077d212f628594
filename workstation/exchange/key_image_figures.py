"""Key images on the printed report: small pictures with series and image below."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from fpdf import FPDF
from PIL import Image, UnidentifiedImageError

from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Text

HEADING: Final = Text("关键图像", "Key images")
_CAPTION: Final = Text("序列 {series} 第 {image} 幅", "Series {series}, image {image}")
_MORE: Final = Text("另有 {n} 幅关键图像随报告保存。", "{n} more key images are kept with the report.")
_ACROSS: Final = 4
_MOST: Final = 12
_GAP_MM: Final = 4.0
_CAPTION_MM: Final = 5.0
_CAPTION_PT: Final = 8.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One key image; ``jpeg`` is empty where it was never on screen."""

    caption: str
    jpeg: bytes


def figures(report: Report, study: Study) -> tuple[Figure, ...]:
    """Return the key images of a report in the order in which they were marked; those of other studies never."""
    images, pictures = StudyImages(study), {one.image: one.jpeg_base64 for one in report.key_pictures}
    found = []
    for image in report.key_images:
        place = images.get(image.sop_instance_uid, image.frame)
        if place is not None:
            caption = _CAPTION.get(report.language).format(series=place.series_number or "–", image=place.place)
            found.append(Figure(caption, _jpeg(image, pictures)))
    return tuple(found)


def figure_words(shown: tuple[Figure, ...], language: str) -> str:
    """Return every character that ``draw_figures`` may print."""
    return "".join([HEADING.get(language), _MORE.get(language), "0123456789", *(one.caption for one in shown)])


def draw_figures(paper: FPDF, shown: tuple[Figure, ...], language: str, *, left_mm: float, width_mm: float) -> None:
    """Draw at most twelve pictures, four in a row; rows that do not fit go on the next page together with captions."""
    side = (width_mm - (_ACROSS - 1) * _GAP_MM) / _ACROSS
    for start in range(0, min(len(shown), _MOST), _ACROSS):
        row = shown[start : min(start + _ACROSS, _MOST)]
        height = max((_height(one, side) for one in row), default=0.0)
        if paper.will_page_break(height + _CAPTION_MM):
            paper.add_page()
        top = paper.get_y()
        for at, one in enumerate(row):
            x = left_mm + at * (side + _GAP_MM)
            if one.jpeg:
                paper.image(BytesIO(one.jpeg), x, top, w=side, h=height, keep_aspect_ratio=True)
            paper.set_xy(x, top + height)
            paper.set_font("report", "", _CAPTION_PT)
            paper.cell(side, _CAPTION_MM, one.caption, align="C")
        paper.set_xy(left_mm, top + height + _CAPTION_MM)
    if len(shown) > _MOST:
        paper.set_font("report", "", _CAPTION_PT)
        paper.cell(width_mm, _CAPTION_MM, _MORE.get(language).format(n=len(shown) - _MOST))
        paper.ln()


def _jpeg(image: KeyImage, pictures: dict[KeyImage, str]) -> bytes:
    """Return a picture that can be drawn, empty for none: a damaged one must not keep a report from being signed."""
    try:
        jpeg = base64.b64decode(pictures.get(image, ""), validate=True)
        with Image.open(BytesIO(jpeg)) as opened:
            opened.verify()
    except (binascii.Error, ValueError, UnidentifiedImageError, OSError, SyntaxError):
        return b""
    return jpeg


def _height(one: Figure, side: float) -> float:
    if not one.jpeg:
        return 0.0
    with Image.open(BytesIO(one.jpeg)) as opened:
        return min(side, side * opened.height / opened.width)

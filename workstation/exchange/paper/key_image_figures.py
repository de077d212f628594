"""Key images on the printed report: small pictures with series and image below."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, UnidentifiedImageError

from workstation.domain.key_image import KeyImage
from workstation.domain.marked_images import StudyImages
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Text
from workstation.exchange.paper.page_flow import Flow
from workstation.exchange.paper.page_items import GREY, Picture, Style, line_of
from workstation.exchange.paper.report_layout import LINE, MARGIN, WIDTH

HEADING: Final = Text("关键图像", "Key images")
_CAPTION: Final = Text("序列 {series} 第 {image} 幅", "Series {series}, image {image}")
_MORE: Final = Text("另有 {n} 幅关键图像随报告保存。", "{n} more key images are kept with the report.")
_ACROSS: Final = 4
_MOST: Final = 12
_GAP_MM: Final = 4.0
_CAPTION_MM: Final = 5.0
_STYLE: Final = Style(8.0, colour=GREY)
_SIDE: Final = (WIDTH - (_ACROSS - 1) * _GAP_MM) / _ACROSS


@dataclass(frozen=True, slots=True)
class Figure:
    """One key image; ``jpeg`` is empty where it was never on screen, width over height is ``shape``."""

    caption: str
    jpeg: bytes
    shape: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height in mm: as large as the square of a figure allows, its shape kept."""
        if not self.jpeg:
            return 0.0, 0.0
        return (_SIDE, _SIDE / self.shape) if self.shape >= 1 else (_SIDE * self.shape, _SIDE)


def figures(report: Report, study: Study) -> tuple[Figure, ...]:
    """Return the key images of a report in the order in which they were marked; those of other studies never."""
    images, pictures = StudyImages(study), {one.image: one.jpeg_base64 for one in report.key_pictures}
    found = []
    for image in report.key_images:
        place = images.get(image.sop_instance_uid, image.frame)
        if place is not None:
            caption = _CAPTION.get(report.language).format(series=place.series_number or "–", image=place.place)
            found.append(Figure(caption, *_jpeg(image, pictures)))
    return tuple(found)


def put_figures(flow: Flow, shown: tuple[Figure, ...], language: str) -> None:
    """Place at most twelve pictures, four in a row; rows that do not fit go on the next page together with captions."""
    for start in range(0, min(len(shown), _MOST), _ACROSS):
        row = shown[start : min(start + _ACROSS, _MOST)]
        height = max(one.size[1] for one in row)
        if start == 0:
            flow.heading(HEADING.get(language), room=height + _CAPTION_MM)
        flow.need(height + _CAPTION_MM + 1)
        for at, one in enumerate(row):
            x, (wide, tall) = MARGIN + at * (_SIDE + _GAP_MM), one.size
            if one.jpeg:
                flow.put(Picture(x + (_SIDE - wide) / 2, flow.y + height - tall, wide, tall, one.jpeg))
            centre = x + (_SIDE - _STYLE.width(one.caption)) / 2
            flow.put(line_of(centre, flow.y + height, _CAPTION_MM, one.caption, _STYLE))
        flow.gap(height + _CAPTION_MM + 1)
    if len(shown) > _MOST:
        flow.line(_MORE.get(language).format(n=len(shown) - _MOST), _STYLE, height=LINE)


def _jpeg(image: KeyImage, pictures: dict[KeyImage, str]) -> tuple[bytes, float]:
    """Return a picture that can be drawn, empty for none: a damaged one must not keep a report from being signed."""
    try:
        jpeg = base64.b64decode(pictures.get(image, ""), validate=True)
        with Image.open(BytesIO(jpeg)) as opened:
            shape = opened.width / opened.height
            opened.verify()
    except (binascii.Error, ValueError, UnidentifiedImageError, OSError, SyntaxError):
        return b"", 1.0
    return jpeg, shape

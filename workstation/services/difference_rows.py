"""What two versions of a report differ in beside their fields: drawings, key images, critical values, recognition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from resources.translation import tr
from workstation.dicom.recognition import recognition_words
from workstation.dicom.sr.critical_words import critical_lines, reported
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.marked_images import MarkedImage, StudyImages
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import Text
from workstation.services.report_links import annotation_words

Row = tuple[str, str, str]
"""Label, words before, words after"""

_KINDS: Final = {
    AnnotationKind.LENGTH: Text("距离", "distance"),
    AnnotationKind.BIDIRECTIONAL: Text("双径", "two axes"),
    AnnotationKind.ANGLE: Text("角度", "angle"),
    AnnotationKind.COBB: Text("Cobb 角", "Cobb angle"),
    AnnotationKind.LINES: Text("两线夹角", "angle between two lines"),
    AnnotationKind.ELLIPSE: Text("椭圆", "ellipse"),
    AnnotationKind.RECTANGLE: Text("矩形", "rectangle"),
    AnnotationKind.FREEHAND: Text("轮廓", "outline"),
    AnnotationKind.ARROW: Text("箭头", "arrow"),
    AnnotationKind.TEXT: Text("文字", "text"),
    AnnotationKind.PROBE: Text("点测值", "probe"),
    AnnotationKind.SPHERE: Text("球形区", "sphere"),
    AnnotationKind.CARDIOTHORACIC: Text("心胸比", "cardiothoracic ratio"),
    AnnotationKind.NODULE: Text("结节轮廓", "outlined nodule"),
}
_IMAGE: Final = Text("序列 {series} 图像 {image}", "series {series}, image {image}")
_ELSEWHERE: Final = Text("非本次检查图像", "not of this study")
_MOVED: Final = Text("位置已改", "moved")
_BETWEEN: Final = Text("，", ", ")


def further_rows(before: Report, after: Report, study: Study | None) -> Iterator[Row]:
    """Yield a row for each of these, in the words of each report's language; both empty where there is nothing."""
    images = None if study is None else StudyImages(study)
    was = {one.uid: one for one in _drawn(before)}
    yield tr("Drawings"), _drawings(before, images, {}), _drawings(after, images, was)
    yield tr("Key images"), _key_images(before, images), _key_images(after, images)
    yield tr("Critical values"), _critical(before), _critical(after)
    yield tr("Mutual recognition"), _recognition(before), _recognition(after)


def _drawn(report: Report) -> tuple[Annotation, ...]:
    """Return what its readers drew; what other systems drew enters no report."""
    return tuple(one for one in report.drawn.annotations if not one.origin)


def _drawings(report: Report, images: StudyImages | None, was: dict[str, Annotation]) -> str:
    return "\n".join(_drawing(one, was.get(one.uid), images, report.language) for one in _drawn(report))


def _drawing(one: Annotation, was: Annotation | None, images: StudyImages | None, language: str) -> str:
    on = () if images is None else images.of(one)
    words = [_KINDS[one.kind].get(language), annotation_words(one, language), one.text]
    words += [_place(on[len(on) // 2], language)] if on else []  # a nodule by the middle one of its slices
    if was is not None and (was.points_lps_mm, was.points_px) != (one.points_lps_mm, one.points_px):
        words.append(_MOVED.get(language))
    return _BETWEEN.get(language).join(word for word in words if word)


def _key_images(report: Report, images: StudyImages | None) -> str:
    found = []
    for image in report.key_images:
        on = None if images is None else images.get(image.sop_instance_uid, image.frame)
        found.append(_ELSEWHERE.get(report.language) if on is None else _place(on, report.language))
    return "\n".join(found)


def _place(on: MarkedImage, language: str) -> str:
    series = "–" if on.series_number is None else on.series_number
    return _IMAGE.get(language).format(series=series, image=on.place)


def _critical(report: Report) -> str:
    return "\n".join(line for value in reported(report) for line in critical_lines(value, report.language))


def _recognition(report: Report) -> str:
    return "" if report.recognition is None else recognition_words(report.recognition, report.language)

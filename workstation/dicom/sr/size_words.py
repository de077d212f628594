"""The size of a finding in words and numbers: both axes where they were measured, and what the number is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.sr import codes as code
from workstation.dicom.sr.annotation_codes import MEASURES, METHOD
from workstation.dicom.sr.common import MILLIMETRE, PRIVATE, coded, number
from workstation.dicom.sr.evidence_items import LONG_AXIS, NETWORK_DIAMETER, SHORT_AXIS
from workstation.domain.annotation import Annotation, MeasureName
from workstation.domain.finding import Finding, Mark
from workstation.domain.finding_size import FindingSize, SizeKind, size_of, size_of_mark
from workstation.domain.template import Code, Text

MEAN_DIAMETER: Final = Code("MEAN_DIAMETER", PRIVATE, "Mean of long and short axis")
_MODIFIES: Final = "HAS CONCEPT MOD"
_METHODS: Final = {
    SizeKind.VOLUME: Code("SPHERE", PRIVATE, "Sphere of the segmented volume"),
    SizeKind.NETWORK: Code("NETWORK", PRIVATE, "As the network gave it, not segmented"),
}
_WHOLE: Final = {
    SizeKind.AXES: Text(
        "长径 × 短径 {long:.1f} × {short:.1f} mm，平均径 {mm:.1f} mm{volume}",
        "long × short axis {long:.1f} × {short:.1f} mm, mean {mm:.1f} mm{volume}",
    ),
    SizeKind.VOLUME: Text("等体积直径 {mm:.1f} mm", "diameter by volume {mm:.1f} mm"),
    SizeKind.NETWORK: Text("AI 估计直径约 {mm:.1f} mm，未分割", "diameter about {mm:.1f} mm by AI, not segmented"),
    SizeKind.READER: Text("平均径 {mm:.1f} mm", "mean diameter {mm:.1f} mm"),
}
_BY_VOLUME: Final = Text("，等体积直径 {mm:.1f} mm", ", {mm:.1f} mm by volume")
_WIDER: Final = Text("（轮廓按阅片者习惯，约大 1 mm）", " (outline as readers draw: about +1 mm)")
_INSERTED: Final = {
    SizeKind.AXES: Text(
        "{long:.1f} × {short:.1f} mm（平均径 {mm:.1f} mm）", "{long:.1f} × {short:.1f} mm (mean {mm:.1f} mm)"
    ),
    SizeKind.VOLUME: Text("等体积直径 {mm:.1f} mm", "{mm:.1f} mm (by volume)"),
    SizeKind.NETWORK: Text("直径约 {mm:.1f} mm", "about {mm:.1f} mm"),
    SizeKind.READER: Text("平均径 {mm:.1f} mm", "{mm:.1f} mm"),
}
_CELL: Final = {
    SizeKind.AXES: Text("{long:.1f} × {short:.1f}\n平均 {mm:.1f}", "{long:.1f} × {short:.1f}\nmean {mm:.1f}"),
    SizeKind.VOLUME: Text("按体积 {mm:.1f}", "{mm:.1f} by volume"),
    SizeKind.NETWORK: Text("AI 约 {mm:.1f}", "about {mm:.1f} by AI"),
    SizeKind.READER: Text("平均 {mm:.1f}", "mean {mm:.1f}"),
}
DIAMETERS: Final = {
    SizeKind.AXES: Text("平均径", "mean diameter"),
    SizeKind.READER: Text("平均径", "mean diameter"),
    SizeKind.VOLUME: Text("等体积直径", "diameter by volume"),
    SizeKind.NETWORK: Text("直径", "diameter"),
}
"""What the one number of a size is called."""


@dataclass(frozen=True, slots=True)
class SizeNumber:
    """One number of a size in mm: the code that says exactly what it is, and a public one that is wider or the same."""

    code: Code
    value_mm: float
    wider: Code | None = None


def size_words(size: FindingSize, language: str) -> str:
    """Return a size for a sentence: axes, mean and diameter by volume, or the one number with what it is."""
    told = _filled(_WHOLE[size.kind], size, language)
    return told + _WIDER.get(language) if size.is_drawn_wider else told


def inserted_words(size: FindingSize, language: str) -> str:
    """Return a size for the running text of a report."""
    return _filled(_INSERTED[size.kind], size, language)


def cell_words(size: FindingSize, language: str) -> str:
    """Return a size for a column of millimetres; axes take two lines."""
    return _filled(_CELL[size.kind], size, language)


def _filled(words: Text, size: FindingSize, language: str) -> str:
    by_volume = size.by_volume_mm
    volume = "" if by_volume is None else _BY_VOLUME.get(language).format(mm=by_volume)
    return words.get(language).format(
        mm=size.mm, long=size.long_axis_mm or 0.0, short=size.short_axis_mm or 0.0, volume=volume
    )


def kind_of_number(value_mm: float, size: FindingSize | None, language: str) -> str:
    """Return what a diameter is called that was kept without its kind: that of the size with the same number."""
    if size is not None and size.by_volume_mm is not None and abs(value_mm - size.by_volume_mm) < _SAME_MM:
        is_both = size.kind is SizeKind.AXES and abs(value_mm - size.mm) < _SAME_MM
        return DIAMETERS[SizeKind.AXES if is_both else SizeKind.VOLUME].get(language)
    same = size is not None and abs(value_mm - size.mm) < _SAME_MM
    return DIAMETERS[size.kind if size is not None and same else SizeKind.NETWORK].get(language)


_SAME_MM: Final = 0.06
"""Means are kept exact there and rounded to 0.1 mm here."""


def size_numbers(size: FindingSize) -> tuple[SizeNumber, ...]:
    """Return every number of a size under the code that says what it is."""
    if size.kind is SizeKind.NETWORK:
        return (SizeNumber(NETWORK_DIAMETER, size.mm, code.DIAMETER),)
    by_volume = MEASURES[MeasureName.EQUIVALENT_DIAMETER]
    if size.kind is SizeKind.VOLUME:
        return (SizeNumber(by_volume, size.mm, code.DIAMETER),)
    found = [SizeNumber(MEAN_DIAMETER, size.mm, code.DIAMETER)]
    if size.long_axis_mm is not None and size.short_axis_mm is not None:
        found[:0] = [SizeNumber(LONG_AXIS, size.long_axis_mm), SizeNumber(SHORT_AXIS, size.short_axis_mm)]
    if size.by_volume_mm is not None:
        found.append(SizeNumber(by_volume, size.by_volume_mm, code.DIAMETER))
    return tuple(found)


def mark_size_item(mark: Mark) -> Dataset:
    """Return the diameter of a mark as a NUM that says how it came about; its axes are items of their own."""
    kind = SizeKind.NETWORK if mark.volume_mm3 is None else SizeKind.VOLUME
    return _diameter(mark.diameter_mm, kind)


def reader_size_items(finding: Finding, drawn: Iterable[Annotation]) -> Iterator[Dataset]:
    """
    Yield the size of a finding that counts: the diameter that it is known by first, then axes and their mean.

    Raises ValueError for a finding on an image.
    """
    size = size_of(finding, drawn)
    if size is None or finding.diameter_mm is None:
        raise ValueError("a finding on an image has no size")
    is_marks = finding.mark is not None and size_of_mark(finding.mark) == size
    if not is_marks:
        yield _diameter(finding.diameter_mm, SizeKind.READER)
    else:
        yield _diameter(finding.diameter_mm, SizeKind.NETWORK if size.volume_mm3 is None else SizeKind.VOLUME)
    if size.long_axis_mm is not None and size.short_axis_mm is not None:
        yield number(LONG_AXIS, size.long_axis_mm, MILLIMETRE)
        yield number(SHORT_AXIS, size.short_axis_mm, MILLIMETRE)
        if is_marks:
            yield _diameter(size.mm, SizeKind.AXES)


def _diameter(value_mm: float, kind: SizeKind) -> Dataset:
    method = _METHODS.get(kind)
    if method is None:
        said = coded(code.DERIVATION, code.MEAN, relationship=_MODIFIES)
    else:
        said = coded(METHOD, method, relationship=_MODIFIES)
    return number(code.DIAMETER, value_mm, MILLIMETRE, children=[said])

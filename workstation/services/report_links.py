"""The words that are tied to findings and measurements: what they say now, and which of them are out of date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workstation.dicom.sr import report_words
from workstation.dicom.sr.size_words import inserted_words
from workstation.dicom.sr.uptake_words import uptake_words
from workstation.domain.annotation import Annotation, AnnotationKind, MeasureName
from workstation.domain.finding import Finding, Lobe
from workstation.domain.finding_size import size_of
from workstation.domain.phrase import Fact
from workstation.domain.pixel_size import SpacingBasis
from workstation.domain.report import Report
from workstation.domain.template import Text
from workstation.domain.text_link import LinkKind, TextLink, placed

_UNITS: Final = {"mm2": "mm²", "mm3": "mm³", "px2": "px²", "deg": "°", "1": ""}
_MEASURES: Final = {
    MeasureName.LENGTH: Text("长度", "length"),
    MeasureName.ANGLE: Text("角度", "angle"),
    MeasureName.AREA: Text("面积", "area"),
    MeasureName.DIAMETER: Text("直径", "diameter"),
    MeasureName.VOLUME: Text("体积", "volume"),
    MeasureName.VALUE: Text("测值", "value"),
    MeasureName.RATIO: Text("心胸比", "cardiothoracic ratio"),
    MeasureName.EQUIVALENT_DIAMETER: Text("等效直径", "equivalent diameter"),
}
_BETWEEN: Final = Text("两线夹角", "angle between two lines")
_RIGHT_DEG: Final = 90.0
_BASES: Final = {
    SpacingBasis.DETECTOR: Text("探测器平面", "at the detector"),
    SpacingBasis.ESTIMATED: Text("按放大率估算", "estimated by magnification"),
    SpacingBasis.GEOMETRY: Text("几何校正", "geometry-corrected"),
    SpacingBasis.UNKNOWN: Text("未校准", "not calibrated"),
}
"""Millimetres that may not be those in the patient; a report that names them says so."""
_WHOLE: Final = frozenset({"mm2", "mm3", "px2"})


@dataclass(frozen=True, slots=True)
class LinkState:
    """
    A link with the words that would be inserted today.

    ``now`` is empty where the finding or measurement is gone; copies have no words of their own.
    """

    link: TextLink
    now: str

    @property
    def is_gone(self) -> bool:
        """Tell whether what the words tell of is no longer in the report."""
        return not self.now and self.link.kind is not LinkKind.COPY

    @property
    def is_outdated(self) -> bool:
        """Tell whether the words no longer say what was measured."""
        return bool(self.now) and self.now != self.link.quote


def finding_words(finding: Finding, language: str, drawn: Iterable[Annotation] = ()) -> str:
    """Return a finding as a report names it: place, kind and size; on an image its kind alone."""
    kind = report_words.kind_words(finding, language)
    measured = size_of(finding, drawn)
    if measured is None:
        return kind
    size = inserted_words(measured, language)
    if language.startswith("zh"):
        lobe = "" if finding.lobe is Lobe.UNSPECIFIED else report_words.LOBES[finding.lobe].zh
        return f"{lobe}{kind}，{size}"
    lobe = "" if finding.lobe is Lobe.UNSPECIFIED else f" in the {report_words.LOBES[finding.lobe].en}"
    return f"{size} {kind}{lobe}"


def annotation_words(annotation: Annotation, language: str) -> str:
    """Return a measurement as a report names it, its axes as a product; empty for one without a number."""
    if uptake := uptake_words(annotation, language):
        return uptake
    long_axis, short_axis = annotation.measure(MeasureName.LONG_AXIS), annotation.measure(MeasureName.SHORT_AXIS)
    if long_axis is not None and short_axis is not None:
        axes = f"{long_axis.value:.1f} {long_axis.unit} × {short_axis.value:.1f} {short_axis.unit}"
        return axes + _basis_words(annotation, long_axis.unit, language)
    for name, words in _MEASURES.items():
        found = annotation.measure(name)
        if found is not None:
            unit = _UNITS.get(found.unit, found.unit)
            shown = f"{found.value:.2f}" if found.unit == "1" else f"{found.value:.{0 if found.unit in _WHOLE else 1}f}"
            gap = "" if unit in {"°", ""} else " "
            named = _BETWEEN if annotation.kind is AnnotationKind.LINES else words
            said = f"{named.get(language)} {shown}{gap}{unit}"
            return said + _basis_words(annotation, found.unit, language) + _between_words(annotation, language)
    if annotation.statistics is not None:
        mean = annotation.statistics
        return f"{Text('平均值', 'mean').get(language)} {mean.mean:.0f} {mean.unit}".strip()
    return ""


def _between_words(annotation: Annotation, language: str) -> str:
    """Return the smaller angle of a Cobb angle above 90 degrees, which tangents of a mild curve look like."""
    found = annotation.measure(MeasureName.ANGLE)
    if annotation.kind is not AnnotationKind.COBB or found is None or found.value <= _RIGHT_DEG:
        return ""
    said = f"{_BETWEEN.get(language)} {180 - found.value:.1f}°"
    return f"（{said}）" if language.startswith("zh") else f" ({said})"


def _basis_words(annotation: Annotation, unit: str, language: str) -> str:
    words = _BASES.get(annotation.basis) if annotation.basis is not None and unit in {"mm", "mm2"} else None
    if words is None:
        return ""
    return f"（{words.zh}）" if language.startswith("zh") else f" ({words.en})"


def insertable(report: Report) -> tuple[Fact, ...]:
    """Return what can be inserted as a link: reported findings by number, then measurements as drawn."""
    words = report.language
    findings = sorted(report.findings.reported, key=lambda one: one.number)
    drawn = report.drawn.annotations
    facts = [Fact(finding_words(one, words, drawn), one.tracking_uid) for one in findings]
    for annotation in report.drawn.annotations:
        text = annotation_words(annotation, words)
        if text and not annotation.origin:
            facts.append(Fact(text, annotation.uid, LinkKind.ANNOTATION))
    return tuple(facts)


def link_states(report: Report) -> tuple[LinkState, ...]:
    """Return every link whose words still stand in the report, field by field in reading order."""
    fields = dict.fromkeys(link.field for link in report.links)
    return tuple(
        LinkState(link, _now(link, report))
        for field in fields
        for link in placed(report.links, field, report.values.get(field, ""))
    )


def _now(link: TextLink, report: Report) -> str:
    if link.kind is LinkKind.COPY:
        return ""
    if link.kind is LinkKind.ANNOTATION:
        found = next((one for one in report.drawn.annotations if one.uid == link.target), None)
        return "" if found is None else annotation_words(found, report.language)
    for finding in report.findings.reported:
        if link.target in {finding.tracking_uid, finding.parted().tracking_uid}:
            return finding_words(finding, report.language, report.drawn.annotations)
    return ""

"""
The dominant nodule as it was typed into a report, held against the table of findings.

Nothing is carried over from the table, for which nodule is dominant is a judgement; but a size or a type that no nodule
of the table has is a doubt. Its place needs no rule here: the template asks for none, and a lobe or side in a text is
held against the table by the rules of texts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from workstation.domain.categories.values import mean_of_axes_mm
from workstation.domain.finding import Finding
from workstation.domain.finding_size import FindingSize, size_of
from workstation.domain.mark import DENSITIES
from workstation.domain.norm.values import NormDenial
from workstation.domain.report import Report
from workstation.domain.template import FieldType, ReportTemplate, Text
from workstation.domain.tracking import GROWTH_MM

TYPE: Final = "dominant_type"
LONG: Final = "dominant_long_mm"
SHORT: Final = "dominant_short_mm"
_BY_AXES_MM: Final = GROWTH_MM
"""Two measurements of one nodule differ by so much; more would be growth (Lung-RADS v2022)"""
_BY_VOLUME_MM: Final = 2 * GROWTH_MM
"""A diameter of a volume, or of a network, is no mean of two axes and lies up to 1 mm beside it (ADR 0017)"""
_BY_AXIS_MM: Final = 1.73
"""
One axis of one nodule, drawn by two readers, differs by no more (95 %).

*Source:* Revel et al., Radiology 2004;231:453-458.
"""
_MOST: Final = 3
_TABLE: Final = Text("所见{rows}", "finding {rows}")
_NODULE: Final = Text("{number}号 {words}", "{number}: {words}")


def dominant_contradictions(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    """Yield what was typed of the dominant nodule and fits no nodule of the table; an empty table says nothing."""
    fields = {item.key: item for item in template.fields}
    has_table = any(item.type is FieldType.FINDINGS for item in template.fields)
    sized = [(one, size_of(one, report.drawn.annotations)) for one in report.findings.reported]
    nodules = [(one, size) for one, size in sized if size is not None]
    if not has_table or not {TYPE, LONG, SHORT} <= fields.keys() or not nodules:
        return
    typed = _typed_axes_mm(report)
    same = nodules if typed is None else [one for one in nodules if _fits(one[1], typed)]
    if typed is not None and not same:
        by_axes = any(_axes_mm(size) is not None for _finding, size in nodules)
        said = _axes_words(typed) if by_axes else f"{mean_of_axes_mm(*typed):.1f} mm"
        yield NormDenial(LONG, said, _table([(one, _size_words(size)) for one, size in nodules], report))
        return
    said = report.values.get(TYPE, "").strip()
    kinds = [one.nodule_type for one, _size in same]
    if said in DENSITIES and all(kind in DENSITIES and kind.value != said for kind in kinds):
        words = {one.key: one.label.get(report.language) for one in fields[TYPE].choices}
        told = [(one, words.get(one.nodule_type.value, one.nodule_type.value)) for one, _size in same]
        yield NormDenial(TYPE, words.get(said, said), _table(told, report))


def typed_mean_mm(report: Report) -> float | None:
    """Return the mean in mm of the axes that were typed for the dominant nodule, None where one is missing."""
    typed = _typed_axes_mm(report)
    return None if typed is None else mean_of_axes_mm(*typed)


def _typed_axes_mm(report: Report) -> tuple[float, float] | None:
    """Return the typed axes in mm, the long one first whichever field it stands in, None where one is no number."""
    axes = [_number(report.values.get(key, "")) for key in (LONG, SHORT)]
    typed = sorted((one for one in axes if one is not None), reverse=True)
    return (typed[0], typed[1]) if len(typed) == 2 else None


def _axes_mm(size: FindingSize) -> tuple[float, float] | None:
    """Return the measured axes in mm, None where a number of another kind was kept."""
    if size.long_axis_mm is None or size.short_axis_mm is None:
        return None
    return size.long_axis_mm, size.short_axis_mm


def _fits(size: FindingSize, typed: tuple[float, float]) -> bool:
    """Tell whether typed axes may be those of a nodule: each of them, for a circle has the mean of an ellipse."""
    span = _BY_VOLUME_MM if size.mean_mm is None else _BY_AXES_MM
    axes = _axes_mm(size) or typed
    pairs = zip(axes, typed, strict=True)
    is_near = abs(size.mm - mean_of_axes_mm(*typed)) <= span + 1e-9
    return is_near and all(abs(measured - said) <= _BY_AXIS_MM + 1e-9 for measured, said in pairs)


def _size_words(size: FindingSize) -> str:
    axes = _axes_mm(size)
    return f"{size.mm:.1f} mm" if axes is None else _axes_words(axes)


def _axes_words(axes: tuple[float, float]) -> str:
    return f"{axes[0]:.1f} × {axes[1]:.1f} mm"


def _table(rows: Sequence[tuple[Finding, str]], report: Report) -> str:
    words = report.language
    told = [_NODULE.get(words).format(number=one.number, words=said) for one, said in rows[:_MOST]]
    between = "、" if words.startswith("zh") else ", "
    return _TABLE.get(words).format(rows=between.join([*told, *(["…"] if len(rows) > _MOST else [])]))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None

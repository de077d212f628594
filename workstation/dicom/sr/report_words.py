"""
The words of a report in its own language, which need not be the language of the screen.

The SR and the PDF take the same sentences from here, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import MappingProxyType
from typing import Final

from resources.categories import category_name, input_name, input_value, scheme_title
from workstation.dicom.sr.size_words import kind_of_number, size_words
from workstation.domain.annotation import Annotation
from workstation.domain.categories.values import AssignedCategory
from workstation.domain.finding import Decision, Finding, FindingList, Lobe, NoduleType
from workstation.domain.finding_size import size_of
from workstation.domain.image_place import ImagePlace
from workstation.domain.known_prior import KnownPrior
from workstation.domain.mark import GrowthLimit
from workstation.domain.observation import SUBSOLID, FollowUp, NoduleObservation
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import FieldType, TemplateField, Text
from workstation.domain.told_fields import day_words
from workstation.domain.tracking import GrowthVerdict, doubling_range_days, growth, growth_limits_of
from workstation.domain.trait import HELD

LOBES: Final = {
    Lobe.UNSPECIFIED: Text("肺叶未注明", "lobe not stated"),
    Lobe.RIGHT_UPPER: Text("右肺上叶", "right upper lobe"),
    Lobe.RIGHT_MIDDLE: Text("右肺中叶", "right middle lobe"),
    Lobe.RIGHT_LOWER: Text("右肺下叶", "right lower lobe"),
    Lobe.LEFT_UPPER: Text("左肺上叶", "left upper lobe"),
    Lobe.LEFT_LOWER: Text("左肺下叶", "left lower lobe"),
}
NODULE_TYPES: Final = {
    NoduleType.UNSPECIFIED: Text("结节", "nodule"),
    NoduleType.SOLID: Text("实性结节", "solid nodule"),
    NoduleType.PART_SOLID: Text("部分实性结节", "part-solid nodule"),
    NoduleType.GROUND_GLASS: Text("磨玻璃结节", "ground-glass nodule"),
    NoduleType.CALCIFIED: Text("钙化结节", "calcified nodule"),
}
SOURCES: Final = {
    Decision.ACCEPTED: Text("AI 提示，医师接受", "proposed by AI, accepted"),
    Decision.EDITED: Text("AI 提示，医师修改", "proposed by AI, edited"),
    Decision.ADDED: Text("医师新增", "added by the reader"),
    Decision.REJECTED: Text("AI 提示，医师驳回", "proposed by AI, rejected"),
    Decision.UNDECIDED: Text("AI 提示，待裁决", "proposed by AI, undecided"),
}
FIRST: Final = "baseline"
"""The option of a field that calls this the first examination"""
_NOT_THE_FIRST: Final = Text("{said}（另有既往检查：{priors}）", "{said} (earlier exams exist: {priors})")
NO_FINDINGS: Final = Text("未记录结节。", "No nodule recorded.")
_SENTENCE: Final = Text(
    "{number}. {lobe}{kind}，{size}{place}（{source}）。",
    "{number}. {kind}, {lobe}, {size}{place} ({source}).",
)
_BOTH: Final = Text("医师发现，AI 亦提示", "found by the reader, confirmed by AI")
_COMPARED: Final = Text(
    "与 {date} 比较：{called}由 {before:.1f} mm 变为 {now:.1f} mm（{change:+.1f} mm）{volume}{doubling}，{verdict}。",
    "Compared with {date}: {called} {before:.1f} mm then, {now:.1f} mm now ({change:+.1f} mm){volume}{doubling}; "
    "{verdict}.",
)
_VOLUME: Final = Text(
    "，体积由 {before:.0f} 变为 {now:.0f} 立方毫米（{share:+.0f} %）",
    ", volume {before:.0f} then, {now:.0f} cubic millimetres now ({share:+.0f} %)",
)
_NOT_COMPARED: Final = Text("，体积不作比较（{why}）", ", volumes not compared ({why})")
_OTHERS_NOT: Final = Text("，其余体积不作比较（{why}）", ", other volumes not compared ({why})")
_LIMITS: Final = MappingProxyType(
    {
        GrowthLimit.THICK_SLICES: Text("层厚大于 1.5 mm", "slices over 1.5 mm"),
        GrowthLimit.FEW_VOXELS: Text("结节所跨体素过少", "few voxels across"),
        GrowthLimit.ATTACHED: Text("与胸膜或血管相连", "attached to pleura or vessel"),
        GrowthLimit.SUBSOLID: Text("亚实性结节", "subsolid"),
        GrowthLimit.CUT_OFF: Text("结节被扫描范围截断", "cut off at the end of the scan"),
        GrowthLimit.TOO_SMALL: Text("结节过小", "too small"),
    }
)
_BY_VOLUME: Final = Text(
    "，按体积计算倍增时间约 {days:.0f} 天（{least:.0f} 至 {most:.0f} 天）",
    ", doubling time by volume about {days:.0f} days ({least:.0f} to {most:.0f})",
)
_BY_DIAMETER: Final = Text(
    "，按直径计算倍增时间约 {days:.0f} 天（{least:.0f} 至 {most:.0f} 天）",
    ", doubling time by diameter about {days:.0f} days ({least:.0f} to {most:.0f})",
)
_VERDICTS: Final = {
    GrowthVerdict.GROWN: Text("较前增大", "larger"),
    GrowthVerdict.STABLE: Text("较前无明显变化", "no change beyond what measuring again may give"),
    GrowthVerdict.SHRUNK: Text("较前缩小", "smaller"),
}
_SERIES: Final = Text(
    "历次直径：{points}；{days} 天内变化 {change:+.1f} mm{volume}{doubling}。",
    " Sizes over time: {points}; {change:+.1f} mm in {days} days{volume}{doubling}.",
)
_POINT: Final = Text("{date} {size:.1f} mm", "{date} {size:.1f} mm")
_POINT_VOLUME: Final = Text("（{volume:.0f} 立方毫米）", " ({volume:.0f} cubic millimetres)")
_COMPARED_WITH: Final = Text("与 {dates} 的检查比较。", "Compared with the study of {dates}.")
_AND: Final = Text("、", " and ")
_ON_IMAGE: Final = Text("{number}. {kind}{place}（{source}）。", "{number}. {kind}{place} ({source}).")
_VIEW: Final = Text("，{view} 位", ", {view} view")
_WHERE: Final = Text("，{place}", ", {place}")
_WHOLE: Final = Text("全序列", "whole series")
_WHOLE_SERIES: Final = Text("序列 {series} 整体", "series {series} as a whole")
_SERIES_IMAGE: Final = Text("序列 {series} 图像 {image}", "series {series}, image {image}")
_SERIES_PLACE: Final = Text("，序列 {series} 图像 {image}", ", series {series}, image {image}")
_PLACE: Final = Text("，图像 {image}", ", image {image}")
_AI: Final = Text(
    "AI 辅助：{name} {version}，{total} 处提示，医师接受 {accepted}、修改 {edited}、驳回 {rejected}、新增 {added}。"
    "结论由签名医师负责。",
    "AI assistance: {name} {version}, {total} proposed; reader accepted {accepted}, edited {edited}, "
    "rejected {rejected}, added {added}. The signing physician is responsible for the conclusions.",
)
_NO_AI: Final = Text("本报告未使用 AI 辅助。", "No AI assistance was used for this report.")


_CATEGORY: Final = Text(
    "{scheme}：{category}。依据：{rule}。处理：{management}",
    "{scheme}: {category}. Rule: {rule}. Management: {management}",
)
_DIFFERS: Final = Text(
    "（按表为 {category}，医师改判：{reason}）", " (the table gives {category}; changed by the reader: {reason})"
)
_INPUTS: Final = Text("分类输入：{inputs}。", "Inputs: {inputs}.")
_SEMICOLON: Final = Text("；", "; ")
_COMMA: Final = Text("，", ", ")
_TRAIT: Final = Text("{label}{value}", "{label}: {value}")
_TRAITS: Final = Text("{said}。", " {said}.")


def image_number(finding: Finding, findings: FindingList, study: Study) -> int | None:
    """Return the slice nearest to the finding as the viewers number it, None when no plane is known."""
    if finding.centre_lps_mm is None:
        return None
    return study.slice_number(findings.series_instance_uid, finding.centre_lps_mm)


def kind_words(finding: Finding, language: str) -> str:
    """Return what a finding is: the type of a nodule, or on an image what the model calls it."""
    if finding.on_image is None:
        return NODULE_TYPES[finding.nodule_type].get(language)
    return finding.name(language)


def located_words(finding: Finding, language: str) -> str:
    """Return what a finding is and where, as one says it: "solid nodule, lobe not stated", not the other way round."""
    kind = kind_words(finding, language)
    if finding.on_image is not None:
        return kind
    lobe = LOBES[finding.lobe].get(language)
    is_unsaid = finding.lobe is Lobe.UNSPECIFIED and not language.startswith("zh")
    return f"{kind}, {lobe}" if is_unsaid else f"{lobe} {kind}"


def image_words(finding: Finding, findings: FindingList, study: Study, language: str) -> str:
    """Return the image or series of a finding: side and view of a projection, else its number; empty where unknown."""
    if finding.on_image is None:
        number = image_number(finding, findings, study)
        return "" if number is None else str(number)
    if finding.on_image.series_instance_uid:
        return _whole_series(finding.on_image, study, language)
    view, numbers = _film(finding.on_image, study)
    if view or numbers is None:
        return view
    series, image = numbers
    return str(image) if series is None else _SERIES_IMAGE.get(language).format(series=series, image=image)


def _whole_series(place: ImagePlace, study: Study, language: str) -> str:
    several = sum(bool(series.frames) for series in study.series) > 1
    numbers = (one.series_number for one in study.series if one.series_instance_uid == place.series_instance_uid)
    number = next(numbers, None) if several else None
    return (_WHOLE if number is None else _WHOLE_SERIES).get(language).format(series=number)


def _film(place: ImagePlace, study: Study) -> tuple[str, tuple[int | str | None, int] | None]:
    """Return side and view of an image, and its series, None where there is but one, with its place in that."""
    several = sum(bool(series.frames) for series in study.series) > 1
    for series in study.series:
        for at, frame in enumerate(series.frames, start=1):
            if place.is_on(frame.ref.sop_instance_uid, frame.ref.frame_number):
                one = next(i for i in series.instances if i.sop_instance_uid == place.sop_instance_uid)
                view = f"{one.laterality} {one.view_position}".strip() if one.view_position else ""
                return view, (series.series_number or "–" if several else None, at)
    return "", None


def _on_film(finding: Finding, place: ImagePlace, study: Study, language: str) -> str:
    view, numbers = _film(place, study)
    where = ""
    if place.series_instance_uid:
        where = _WHERE.get(language).format(place=_whole_series(place, study, language))
    elif view:
        where = _VIEW.get(language).format(view=view)
    elif numbers is not None:
        series, image = numbers
        words = _PLACE if series is None else _SERIES_PLACE
        where = words.get(language).format(series=series, image=image)
    return _ON_IMAGE.get(language).format(
        number=finding.number, kind=kind_words(finding, language), place=where, source=source_words(finding, language)
    )


def finding_sentence(
    finding: Finding, findings: FindingList, study: Study, language: str, drawn: Iterable[Annotation] = ()
) -> str:
    """
    Return one finding in words: number, lobe, type, size, image, who proposed it, and how it changed.

    A finding on an image has no lobe and no size. ``drawn`` are the annotations of the report.
    """
    size = size_of(finding, drawn)
    if finding.on_image is not None:
        return f"{_on_film(finding, finding.on_image, study, language)}{trait_sentence(finding, language)}"
    image = image_number(finding, findings, study)
    changed = comparison_sentence(finding, language, drawn)
    gap = " " if changed and not language.startswith("zh") else ""
    sentence = _SENTENCE.get(language).format(
        number=finding.number,
        lobe=LOBES[finding.lobe].get(language),
        kind=NODULE_TYPES[finding.nodule_type].get(language),
        size="" if size is None else size_words(size, language),
        place="" if image is None else _PLACE.get(language).format(image=image),
        source=source_words(finding, language),
    )
    return f"{sentence}{gap}{changed}{trait_sentence(finding, language)}"


def trait_words(finding: Finding, language: str) -> str:
    """Return what the template asked of a finding in a few words, without what its type and name say already."""
    said = [(one.label.get(language), one.value.get(language)) for one in finding.traits if one.key not in HELD]
    pair = _TRAIT.get(language)
    return _COMMA.get(language).join(pair.format(label=label, value=value) for label, value in said)


def trait_sentence(finding: Finding, language: str) -> str:
    """Return the same as a sentence that follows another one, empty where nothing was said."""
    said = trait_words(finding, language)
    return _TRAITS.get(language).format(said=said) if said else ""


def source_words(finding: Finding, language: str) -> str:
    """Return who found it and what the reader did."""
    is_both = finding.own is not None and finding.counts
    return (_BOTH if is_both else SOURCES[finding.decision]).get(language)


def comparison_sentence(finding: Finding, language: str, drawn: Iterable[Annotation] = ()) -> str:
    """Return how a finding changed since the prior that the reader confirmed it in, empty without one."""
    said = finding.follow_up
    if said is None:
        return ""
    found = growth(said.prior, said.current)
    volume = _why_not_compared(found.limits, language)
    if not volume and said.prior.volume_mm3 is not None and said.current.volume_mm3 is not None:
        share = (said.current.volume_mm3 / said.prior.volume_mm3 - 1) * 100
        volume = _VOLUME.get(language).format(
            before=said.prior.volume_mm3, now=said.current.volume_mm3, share=share
        )  # fmt: skip
    return _COMPARED.get(language).format(
        date=said.prior.observed_on.isoformat(),
        called=kind_of_number(said.current.mean_diameter_mm, size_of(finding, drawn), language),
        before=said.prior.mean_diameter_mm,
        now=said.current.mean_diameter_mm,
        change=found.diameter_change_mm,
        volume=volume,
        doubling=_doubling_words(said.prior, said.current, language),
        verdict=_VERDICTS[found.verdict].get(language),
    ) + _series_words(said, language)


def _why_not_compared(limits: Iterable[GrowthLimit], language: str, words: Text = _NOT_COMPARED) -> str:
    """Return why volumes are not compared, empty without a limit."""
    why = _COMMA.get(language).join(_LIMITS[one].get(language) for one in limits)
    return words.get(language).format(why=why) if why else ""


def _doubling_words(prior: NoduleObservation, current: NoduleObservation, language: str) -> str:
    """Return the doubling time of a nodule that has grown, by what it was taken and its range; empty without one."""
    found, between = growth(prior, current), doubling_range_days(prior, current)
    if found.verdict is not GrowthVerdict.GROWN or not found.doubling_days or between is None or between[1] is None:
        return ""
    words = _BY_VOLUME if found.from_volume else _BY_DIAMETER
    return words.get(language).format(days=found.doubling_days, least=between[0], most=between[1])


def _series_words(said: FollowUp, language: str) -> str:
    """
    Return the sizes of all studies that the reader took into the report, empty where there are none.

    Whoever reads volumes side by side compares them: only those are told of which any two may be, and none of a nodule
    that the reader calls subsolid now, whatever it was taken for before.
    """
    if not said.others:
        return ""
    sound = [one for one in said.series if one.volume_mm3 is not None and not growth_limits_of(one)]
    told = sound if len(sound) > 1 and said.current.nodule_type not in SUBSOLID else []
    weak = growth_limits_of(*(one for one in said.series if one not in told))
    is_said = weak == growth_limits_of(said.prior, said.current)
    points = [
        _POINT.get(language).format(date=one.observed_on.isoformat(), size=one.mean_diameter_mm)
        + ("" if one not in told else _POINT_VOLUME.get(language).format(volume=one.volume_mm3))
        for one in said.series
    ]
    first, last = said.series[0], said.series[-1]
    found = growth(first, last)
    return _SERIES.get(language).format(
        points=_SEMICOLON.get(language).join(points),
        change=found.diameter_change_mm,
        days=found.days,
        volume="" if is_said else _why_not_compared(weak, language, _OTHERS_NOT if told else _NOT_COMPARED),
        doubling=_doubling_words(first, last, language),
    )


def compared_with(findings: FindingList, language: str) -> str:
    """Return which studies the findings were compared with, empty for none."""
    days = {one.prior.observed_on for f in findings.reported for one in f.confirmed}
    days |= {one.observed_on for f in findings.reported if f.follow_up is not None for one in f.follow_up.others}
    dates = _AND.get(language).join(day.isoformat() for day in sorted(days, reverse=True))
    return _COMPARED_WITH.get(language).format(dates=dates) if dates else ""


def ai_statement(findings: FindingList, language: str) -> str:
    """Return the sentence that says which model took part and what became of its marks."""
    if findings.algorithm is None:
        return _NO_AI.get(language)
    decisions = [finding.decision for finding in findings.visible]
    return _AI.get(language).format(
        name=findings.algorithm.name,
        version=findings.algorithm.version,
        total=sum(decision is not Decision.ADDED for decision in decisions),
        accepted=decisions.count(Decision.ACCEPTED),
        edited=decisions.count(Decision.EDITED),
        rejected=decisions.count(Decision.REJECTED),
        added=decisions.count(Decision.ADDED),
    )


def field_text(item: TemplateField, report: Report) -> str:
    """Return what a field says in the report's language, empty when it is not filled; not for FINDINGS fields."""
    if item.type is FieldType.FINDINGS:
        raise ValueError("a findings table has no single text")
    value = report.values.get(item.key, "").strip()
    if item.type is FieldType.CHOICE:
        said = next((choice.label.get(report.language) for choice in item.choices if choice.key == value), value)
        return _beside_priors(said, report) if value == FIRST else said
    if item.type is FieldType.NUMBER and value:
        return f"{value} {item.unit_words}".strip()
    return value


def prior_words(prior: KnownPrior) -> str:
    """Return day, kind and description of an earlier study, absent parts left out."""
    day = day_words(prior.study_date) or prior.study_date
    return " ".join(part for part in (day, prior.modality, prior.description) if part)


def _beside_priors(said: str, report: Report) -> str:
    """Return "first examination" with the earlier ones that are there: on its own it would say that there is none."""
    priors = _SEMICOLON.get(report.language).join(prior_words(one) for one in report.known_priors)
    return _NOT_THE_FIRST.get(report.language).format(said=said, priors=priors) if priors else said


def category_sentence(category: AssignedCategory, language: str) -> str:
    """Return a category with the rule that decided, the recommendation and, where the reader chose another, why."""
    result = category.result
    chosen, *modifiers = category.chosen.split(" ")
    words = _CATEGORY.get(language).format(
        scheme=scheme_title(result.scheme, result.version, language),
        category=" ".join((category_name(result.scheme, chosen, language), *modifiers)),
        rule=category.rule_text,
        management=category.management_text,
    )
    if not category.differs:
        return words
    said = category_name(result.scheme, result.category, language)
    return words + _DIFFERS.get(language).format(category=said, reason=category.reason)


def category_inputs(category: AssignedCategory, language: str) -> str:
    """Return what the category was computed from, in the order of the form."""
    pairs = [f"{input_name(name, language)} {input_value(value, language)}" for name, value in category.result.inputs]
    return _INPUTS.get(language).format(inputs=_SEMICOLON.get(language).join(pairs)) if pairs else ""


def local_time(at: datetime | None) -> str:
    """Return a time of this machine's zone to the minute, empty for None."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")

"""
The words of a report in its own language, which need not be the language of the screen.

The SR and the PDF take the same sentences from here, so they cannot disagree.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from workstation.domain.finding import Decision, Finding, FindingList, Lobe, NoduleType, RejectReason
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.domain.template import FieldType, TemplateField, Text

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
REJECT_REASONS: Final = {
    RejectReason.VESSEL: Text("血管", "vessel"),
    RejectReason.SCAR_OR_ATELECTASIS: Text("瘢痕或肺不张", "scar or atelectasis"),
    RejectReason.LYMPH_NODE: Text("淋巴结", "lymph node"),
    RejectReason.ARTEFACT: Text("伪影", "artefact"),
    RejectReason.OUTSIDE_LUNG: Text("肺外", "outside the lung"),
    RejectReason.OTHER: Text("其他", "other"),
}
NO_FINDINGS: Final = Text("未记录结节。", "No nodule recorded.")
_SENTENCE: Final = Text(
    "{number}. {lobe}{kind}，直径 {diameter:.1f} mm{place}（{source}）。",
    "{number}. {kind}, {lobe}, diameter {diameter:.1f} mm{place} ({source}).",
)
_PLACE: Final = Text("，图像 {image}", ", image {image}")
_AI: Final = Text(
    "AI 辅助：{name} {version}，{total} 处提示，医师接受 {accepted}、驳回 {rejected}、新增 {added}。"
    "结论由签名医师负责。",
    "AI assistance: {name} {version}, {total} proposed; reader accepted {accepted}, rejected {rejected}, "
    "added {added}. The signing physician is responsible for the conclusions.",
)
_NO_AI: Final = Text("本报告未使用 AI 辅助。", "No AI assistance was used for this report.")


def image_number(finding: Finding, findings: FindingList, study: Study) -> int | None:
    """Return the slice nearest to the finding as the viewers number it, None when no plane is known."""
    return study.slice_number(findings.series_instance_uid, finding.centre_lps_mm)


def finding_sentence(finding: Finding, findings: FindingList, study: Study, language: str) -> str:
    """Return one finding in words: number, lobe, type, diameter, image and who proposed it."""
    image = image_number(finding, findings, study)
    return _SENTENCE.get(language).format(
        number=finding.number,
        lobe=LOBES[finding.lobe].get(language),
        kind=NODULE_TYPES[finding.nodule_type].get(language),
        diameter=finding.diameter_mm,
        place="" if image is None else _PLACE.get(language).format(image=image),
        source=SOURCES[finding.decision].get(language),
    )


def ai_statement(findings: FindingList, language: str) -> str:
    """Return the sentence that says which model took part and what became of its marks."""
    if findings.algorithm is None:
        return _NO_AI.get(language)
    decisions = [finding.decision for finding in findings.visible]
    return _AI.get(language).format(
        name=findings.algorithm.name,
        version=findings.algorithm.version,
        total=sum(decision is not Decision.ADDED for decision in decisions),
        accepted=sum(decision in {Decision.ACCEPTED, Decision.EDITED} for decision in decisions),
        rejected=decisions.count(Decision.REJECTED),
        added=decisions.count(Decision.ADDED),
    )


def field_text(item: TemplateField, report: Report) -> str:
    """Return what a field says in the report's language, empty when it is not filled; not for FINDINGS fields."""
    if item.type is FieldType.FINDINGS:
        raise ValueError("a findings table has no single text")
    value = report.values.get(item.key, "").strip()
    if item.type is FieldType.CHOICE:
        return next((choice.label.get(report.language) for choice in item.choices if choice.key == value), value)
    if item.type is FieldType.NUMBER and value:
        return f"{value} {item.unit}"
    return value


def local_time(at: datetime | None) -> str:
    """Return a time of this machine's zone to the minute, empty for None."""
    return "" if at is None else at.astimezone().strftime("%Y-%m-%d %H:%M")

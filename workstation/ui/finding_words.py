"""Findings in the words of both languages."""

from __future__ import annotations

from resources.finding_names import finding_name
from resources.translation import language, tr
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType, RejectReason


def lobe_word(lobe: Lobe) -> str:
    """Return the lobe's name; unspecified says that it is still open."""
    return {
        Lobe.UNSPECIFIED: tr("Lobe not given"),
        Lobe.RIGHT_UPPER: tr("Right upper lobe"),
        Lobe.RIGHT_MIDDLE: tr("Right middle lobe"),
        Lobe.RIGHT_LOWER: tr("Right lower lobe"),
        Lobe.LEFT_UPPER: tr("Left upper lobe"),
        Lobe.LEFT_LOWER: tr("Left lower lobe"),
    }[lobe]


def type_word(nodule_type: NoduleType) -> str:
    """Return the attenuation's name."""
    return {
        NoduleType.UNSPECIFIED: tr("type not given"),
        NoduleType.SOLID: tr("solid"),
        NoduleType.PART_SOLID: tr("part-solid"),
        NoduleType.GROUND_GLASS: tr("ground glass"),
        NoduleType.CALCIFIED: tr("calcified"),
    }[nodule_type]


def decision_word(decision: Decision) -> str:
    """Return the state of a finding in one word."""
    return {
        Decision.UNDECIDED: tr("Undecided"),
        Decision.ACCEPTED: tr("Accepted"),
        Decision.EDITED: tr("Edited"),
        Decision.REJECTED: tr("Rejected"),
        Decision.ADDED: tr("Added by reader"),
    }[decision]


def reason_word(reason: RejectReason) -> str:
    """Return why a mark was rejected."""
    return {
        RejectReason.VESSEL: tr("Vessel cross-section"),
        RejectReason.SCAR_OR_ATELECTASIS: tr("Scar or atelectasis"),
        RejectReason.LYMPH_NODE: tr("Lymph node"),
        RejectReason.ARTEFACT: tr("Artefact"),
        RejectReason.OUTSIDE_LUNG: tr("Outside the lung"),
        RejectReason.OTHER: tr("Other reason"),
    }[reason]


def place_and_type(finding: Finding) -> str:
    """Return ``lobe · type`` for lists, on an image what the model calls it."""
    if finding.on_image is not None:
        return image_finding_word(finding)
    return f"{lobe_word(finding.lobe)} · {type_word(finding.nodule_type)}"


def image_finding_word(finding: Finding) -> str:
    """Return what the model calls a finding on an image, beginning with a capital."""
    words = finding_name(finding.original.label if finding.original is not None else "", language())
    return f"{words[:1].upper()}{words[1:]}"


def image_place_word(finding: Finding) -> str:
    """Return whether a model marks a place on the image or speaks of the whole image."""
    boxed = finding.on_image is not None and finding.on_image.box_px is not None
    return tr("Box on the image") if boxed else tr("Whole image, no place marked")


def millimetres(value_mm: float) -> str:
    """Return a size with a thin space before its unit."""
    return f"{value_mm:.1f}\u2009mm"


def mark_words(finding: Finding) -> str:
    """Return what a mark on the image is, one line each: number and size, what it is, how often such marks are true."""
    what = image_finding_word(finding) if finding.diameter_mm is None else millimetres(finding.diameter_mm)
    lines = [f"{finding.number} · {what} · {decision_word(finding.decision)}"]
    if finding.lobe is not Lobe.UNSPECIFIED or finding.nodule_type is not NoduleType.UNSPECIFIED:
        lines.append(place_and_type(finding))
    if finding.original is not None and finding.original.out_of_ten is not None:
        lines.append(tr("True in about {count} of 10", count=finding.original.out_of_ten))
    if finding.reject_reason is not None:
        lines.append(tr("Reason: {reason}", reason=reason_word(finding.reject_reason)))
    return "\n".join(lines)

"""Findings in the words of both languages."""

from __future__ import annotations

from resources.finding_names import finding_name
from resources.translation import language, tr
from workstation.domain.finding import Decision, Finding, Lobe, Mark, NoduleType, OwnFinding
from workstation.domain.finding_size import FindingSize, SizeKind, size_of
from workstation.domain.image_place import ImageMark
from workstation.domain.rejection import MarkedKind, RejectReason
from workstation.domain.study import Study


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
        RejectReason.OVERLAP: tr("Superimposed structures"),
        RejectReason.NORMAL_STRUCTURE: tr("Normal structure"),
        RejectReason.NIPPLE: tr("Nipple shadow"),
        RejectReason.DEVICE: tr("Device or foreign body"),
        RejectReason.OLD_CHANGE: tr("Old or known change"),
        RejectReason.GLANDULAR_TISSUE: tr("Superimposed glandular tissue"),
        RejectReason.BENIGN_CALCIFICATION: tr("Benign or vascular calcification"),
        RejectReason.SKIN: tr("Skin or skin lesion"),
        RejectReason.NOT_PRESENT: tr("Nothing of the kind on the images"),
        RejectReason.OTHER_FINDING: tr("Another finding explains it"),
        RejectReason.POOR_QUALITY: tr("Image quality too poor"),
        RejectReason.OTHER: tr("Other reason"),
    }[reason]


def place_and_type(finding: Finding) -> str:
    """Return ``lobe · type`` for lists, on an image what the model calls it."""
    if finding.on_image is not None:
        return image_finding_word(finding)
    return f"{lobe_word(finding.lobe)} · {type_word(finding.nodule_type)}"


def image_finding_word(finding: Finding) -> str:
    """Return what a finding on an image is called, beginning with a capital."""
    words = finding.name(language())
    return f"{words[:1].upper()}{words[1:]}"


def ai_word(mark: Mark | ImageMark) -> str:
    """Return what a model called a finding."""
    return finding_name(mark.label, language(), "" if mark.meaning is None else mark.meaning.get(language()))


def marked_kind(finding: Finding, study: Study) -> MarkedKind:
    """Return what was marked, with the modality of the image that it lies on."""
    uid = "" if finding.on_image is None else finding.on_image.sop_instance_uid
    modalities = (one.modality for one in study.series if uid and any(i.sop_instance_uid == uid for i in one.instances))
    return finding.kind(next(modalities, ""))


def image_place_word(finding: Finding) -> str:
    """Return whether a place on the image is marked, or the whole image or series is meant."""
    place = finding.on_image
    if place is not None and place.series_instance_uid:
        return tr("Whole series, no place marked")
    return (
        tr("Box on the image") if place is not None and place.box_px is not None else tr("Whole image, no place marked")
    )


def one_with_own_words(own: OwnFinding) -> str:
    """Return what became of the reader's own finding that a mark confirmed."""
    if own.on_image is None:
        return tr("One finding with your own {number}; its size is yours", number=own.number)
    if own.on_image.box_px is None:
        return tr("One finding with your own {number}", number=own.number)
    return tr("One finding with your own {number}; its box is yours", number=own.number)


def millimetres(value_mm: float) -> str:
    """Return a size with a thin space before its unit."""
    return f"{value_mm:.1f}\u2009mm"


def size_word(finding: Finding) -> str:
    """Return the size that a finding is known by, empty for one on an image."""
    size = size_of(finding)
    return "" if size is None else millimetres(size.mm)


def size_caption(size: FindingSize) -> str:
    """Return what the number of a size is."""
    return {
        SizeKind.AXES: tr("Mean diameter"),
        SizeKind.READER: tr("Mean diameter"),
        SizeKind.VOLUME: tr("Diameter by volume"),
        SizeKind.NETWORK: tr("Diameter, about"),
    }[size.kind]


def axes_line(size: FindingSize) -> str:
    """Return both axes, and the diameter by volume where there is one; empty where no axes were measured."""
    if size.long_axis_mm is None or size.short_axis_mm is None:
        return ""
    axes = f"{size.long_axis_mm:.1f} × {millimetres(size.short_axis_mm)}"
    if size.by_volume_mm is None:
        return tr("Long × short axis {axes}", axes=axes)
    return tr("Axes {axes}, by volume {size}", axes=axes, size=millimetres(size.by_volume_mm))


def mark_words(finding: Finding) -> str:
    """Return what a mark on the image is, one line each: number and size, what it is, how often such marks are true."""
    size = size_of(finding)
    what = size_word(finding) or image_finding_word(finding)
    if size is not None and size.kind is SizeKind.VOLUME:
        what = tr("{size} mm by volume", size=f"{size.mm:.1f}")
    lines = [f"{finding.number} · {what} · {decision_word(finding.decision)}"]
    if finding.lobe is not Lobe.UNSPECIFIED or finding.nodule_type is not NoduleType.UNSPECIFIED:
        lines.append(place_and_type(finding))
    if finding.original is not None and finding.original.out_of_ten is not None:
        lines.append(tr("True in about {count} of 10", count=finding.original.out_of_ten))
    if finding.reject_reason is not None:
        lines.append(tr("Reason: {reason}", reason=reason_word(finding.reject_reason)))
    return "\n".join(lines)

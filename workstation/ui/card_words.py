"""What a finding's card says: size and axes, what the AI said, who found it."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.finding import Decision, Finding, Lobe, NoduleType
from workstation.domain.finding_size import size_of, size_of_mark
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.ui.evidence_words import cubic_millimetres
from workstation.ui.finding_words import (
    ai_word,
    axes_line,
    image_finding_word,
    image_place_word,
    lobe_word,
    millimetres,
    reason_word,
    size_caption,
    type_word,
)


def card_lines(finding: Finding) -> list[str]:
    """Return the words below the heading of a finding's card."""
    if finding.decision is Decision.REJECTED:
        reason = reason_word(finding.reject_reason) if finding.reject_reason else ""
        return [tr("Reason: {reason}", reason=reason)]
    original = finding.original
    size = size_of(finding)
    if size is None:
        lines = [image_place_word(finding)]
    else:
        lines = [f"{size_caption(size)} {millimetres(size.mm)}", *filter(None, [axes_line(size)])]
    if finding.decision is Decision.EDITED and finding.mark is not None:
        lines.append(tr("AI measured {size}", size=millimetres(size_of_mark(finding.mark).mm)))
    if original is not None and original.out_of_ten is not None:
        lines.append(tr("True in about {count} of 10", count=original.out_of_ten))
    elif isinstance(original, ImageMark) and original.score > 0:  # other makers' marks may come without one
        lines.append(tr("Score {score}, not calibrated", score=f"{original.score:.2f}"))
    return [*lines, *filter(None, [_who(finding)])]


def _who(finding: Finding) -> str:
    """Return who found it and what the reader changed, empty for a mark that is as the model made it."""
    if finding.own is not None:
        return tr("Found by the reader, confirmed by the AI")
    if finding.before_ai:
        return tr("Found by the reader before the AI was shown")
    if finding.decision is Decision.ADDED:
        return _how_added(finding.on_image)
    if finding.decision is Decision.EDITED and isinstance(finding.original, ImageMark):
        return tr("Changed by the reader; the AI said: {finding}", finding=ai_word(finding.original))
    return ""


def _how_added(place: ImagePlace | None) -> str:
    if place is None:
        return tr("Measured by the reader, not counted as AI")
    if place.box_px is None:
        return tr("Added by the reader, not counted as AI")
    return tr("Drawn by the reader, not counted as AI")


def volume_words(finding: Finding) -> str:
    """Return the volume that was measured with the size shown, empty where the reader gave another size."""
    size = size_of(finding)
    return "" if size is None or size.volume_mm3 is None else cubic_millimetres(size.volume_mm3)


def known_place_and_type(finding: Finding) -> str:
    """Return what is known of lobe and type, of which a detector gives neither; on an image the model's own word."""
    if finding.on_image is not None:
        return image_finding_word(finding)
    parts = [lobe_word(finding.lobe)] if finding.lobe is not Lobe.UNSPECIFIED else []
    parts += [type_word(finding.nodule_type)] if finding.nodule_type is not NoduleType.UNSPECIFIED else []
    return " · ".join(parts) or tr("Nodule, lobe not given")

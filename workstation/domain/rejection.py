"""Why a reader rejects a mark: the reasons that fit what was marked and on what kind of image."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class RejectReason(StrEnum):
    """Why a reader rejects a mark; ``reasons_for`` says which are offered for what."""

    VESSEL = "vessel"
    SCAR_OR_ATELECTASIS = "scar_or_atelectasis"
    LYMPH_NODE = "lymph_node"
    ARTEFACT = "artefact"
    OUTSIDE_LUNG = "outside_lung"
    OVERLAP = "overlap"
    NORMAL_STRUCTURE = "normal_structure"
    NIPPLE = "nipple"
    DEVICE = "device"
    OLD_CHANGE = "old_change"
    GLANDULAR_TISSUE = "glandular_tissue"
    BENIGN_CALCIFICATION = "benign_calcification"
    SKIN = "skin"
    NOT_PRESENT = "not_present"
    OTHER_FINDING = "other_finding"
    POOR_QUALITY = "poor_quality"
    OTHER = "other"


class MarkedKind(StrEnum):
    """What was marked, as far as reasons differ."""

    LUNG_NODULE = "lung_nodule"
    IN_VOLUME = "in_volume"
    """Another finding with a place in the patient"""
    FILM = "film"
    MAMMOGRAM = "mammogram"
    WHOLE = "whole"
    """A statement on a whole image or series, without a place"""


_REASONS: Final = {
    MarkedKind.LUNG_NODULE: (
        RejectReason.VESSEL,
        RejectReason.SCAR_OR_ATELECTASIS,
        RejectReason.LYMPH_NODE,
        RejectReason.ARTEFACT,
        RejectReason.OUTSIDE_LUNG,
        RejectReason.OTHER,
    ),
    MarkedKind.IN_VOLUME: (
        RejectReason.NORMAL_STRUCTURE,
        RejectReason.VESSEL,
        RejectReason.OLD_CHANGE,
        RejectReason.ARTEFACT,
        RejectReason.OTHER_FINDING,
        RejectReason.OTHER,
    ),
    MarkedKind.FILM: (
        RejectReason.OVERLAP,
        RejectReason.NIPPLE,
        RejectReason.OLD_CHANGE,
        RejectReason.DEVICE,
        RejectReason.ARTEFACT,
        RejectReason.OTHER,
    ),
    MarkedKind.MAMMOGRAM: (
        RejectReason.GLANDULAR_TISSUE,
        RejectReason.LYMPH_NODE,
        RejectReason.BENIGN_CALCIFICATION,
        RejectReason.SKIN,
        RejectReason.ARTEFACT,
        RejectReason.OTHER,
    ),
    MarkedKind.WHOLE: (
        RejectReason.NOT_PRESENT,
        RejectReason.OTHER_FINDING,
        RejectReason.OLD_CHANGE,
        RejectReason.POOR_QUALITY,
        RejectReason.ARTEFACT,
        RejectReason.OTHER,
    ),
}


def reasons_for(kinds: Iterable[MarkedKind]) -> tuple[RejectReason, ...]:
    """Return the reasons that fit every kind, in the order of the first; those of a lung nodule for no kind at all."""
    several = list(dict.fromkeys(kinds)) or [MarkedKind.LUNG_NODULE]
    common = set(RejectReason).intersection(*(_REASONS[kind] for kind in several))
    return tuple(reason for reason in _REASONS[several[0]] if reason in common)

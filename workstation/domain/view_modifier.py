"""How a projection of the breast differs from the full standard view whose name it bears."""

from __future__ import annotations

from enum import StrEnum


class ViewModifier(StrEnum):
    """One modifier of a view, as PS3.16 CID 4015 names them."""

    SPOT = "spot"
    MAGNIFICATION = "magnification"
    IMPLANT_DISPLACED = "implant_displaced"
    CLEAVAGE = "cleavage"
    AXILLARY_TAIL = "axillary_tail"
    AXILLARY_TISSUE = "axillary_tissue"
    ROLLED_LATERAL = "rolled_lateral"
    ROLLED_MEDIAL = "rolled_medial"
    ROLLED_INFERIOR = "rolled_inferior"
    ROLLED_SUPERIOR = "rolled_superior"
    TANGENTIAL = "tangential"
    NIPPLE_IN_PROFILE = "nipple_in_profile"
    INFRAMAMMARY_FOLD = "inframammary_fold"
    ANTERIOR_COMPRESSION = "anterior_compression"
    OTHER = "other"
    """A code that is none of these: the view is no plain one, and how it differs is not known"""

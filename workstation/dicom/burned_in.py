"""
Whether the pixels of an image may carry the patient's name.

*Source:* PS3.3 C.7.6.1 (Burned In Annotation, type 3: absent says nothing), C.7.6.1.1.2 (Image Type).
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    MRImageStorage,
    NuclearMedicineImageStorage,
    PositronEmissionTomographyImageStorage,
)

from workstation.dicom.values import texts

_RECONSTRUCTED: Final = frozenset({
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MRImageStorage,
    EnhancedMRImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    PositronEmissionTomographyImageStorage,
    EnhancedPETImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    NuclearMedicineImageStorage,
})  # fmt: skip


def burned_in(dataset: Dataset, *, has_plane: bool) -> bool | None:
    """
    Return whether a name stands in the pixels: what the image says, None where nobody knows.

    An image that says nothing is free of text only if it is a slice that a scanner computed from its measurements: it
    has a place in the patient and is no picture of a screen, which some makers store under the class of the scanner.
    """
    said = str(dataset.get("BurnedInAnnotation", "") or "").strip().upper()
    if said in {"YES", "NO"}:
        return said == "YES"
    is_slice = has_plane and str(dataset.get("SOPClassUID", "")) in _RECONSTRUCTED
    is_secondary = "SECONDARY" in texts(dataset.get("ImageType"))[1:2]
    is_gray = str(dataset.get("PhotometricInterpretation", "")).startswith("MONOCHROME")
    return False if is_slice and is_gray and not is_secondary else None

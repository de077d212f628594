"""
What the template asks of one finding, as qualitative evaluations of its measurement group.

*Source:* PS3.16 TID 1501 (qualitative evaluations, also of TID 1410 and 1411), with the concepts of TID 4006 and
CID 6004 to 6012 for the breast, CID 6120 and 6134 for the lung.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.sr.codes import FINDING
from workstation.dicom.sr.common import PRIVATE, coded
from workstation.domain.finding import Finding
from workstation.domain.template import Code
from workstation.domain.trait import HELD, KIND

_LONGEST: Final = 16
"""Characters that a Code Value may have (SH)"""


def trait_items(finding: Finding) -> list[Dataset]:
    """Return one coded item for each trait that the group does not say by itself."""
    said = (one for one in finding.traits if one.key not in HELD)
    return [coded(one.concept, one.code or _private(one.option, one.value.en)) for one in said]


def kind_code(finding: Finding) -> Code | None:
    """Return the code of what a finding on an image is by its template, None where that has none."""
    found = next((one for one in finding.traits if one.key == KIND), None)
    return found.code if found is not None and found.concept.value == FINDING.value else None


def _private(option: str, meaning: str) -> Code:
    return Code(option.upper()[:_LONGEST], PRIVATE, meaning[:64])

"""
By how much, and by which method, an image was compressed with loss.

*Source:* PS3.3 C.7.6.1.1.5 (one ratio and one method for each time, in the order of the times); PS3.5 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset
from pydicom.uid import (
    HEVCM10P51,
    HEVCMP51,
    MPEG2MPHL,
    MPEG2MPML,
    MPEG4HP41,
    MPEG4HP41BD,
    MPEG4HP42STEREO,
    MPEG4HP422D,
    MPEG4HP423D,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)

from workstation.dicom.values import texts

_METHODS: Final = {
    "ISO_10918_1": "JPEG",
    "ISO_14495_1": "JPEG-LS",
    "ISO_15444_1": "JPEG 2000",
    "ISO_15444_15": "HTJ2K",
    "ISO_18181_1": "JPEG XL",
    "ISO_13818_2": "MPEG-2",
    "ISO_14496_10": "H.264",
    "ISO_23008_2": "HEVC",
}
_ALWAYS_LOSSY: Final = {
    JPEGBaseline8Bit: "JPEG",
    JPEGExtended12Bit: "JPEG",
    MPEG2MPML: "MPEG-2",
    MPEG2MPHL: "MPEG-2",
    MPEG4HP41: "H.264",
    MPEG4HP41BD: "H.264",
    MPEG4HP422D: "H.264",
    MPEG4HP423D: "H.264",
    MPEG4HP42STEREO: "H.264",
    HEVCMP51: "HEVC",
    HEVCM10P51: "HEVC",
}
"""Transfer syntaxes that no image comes through whole, whatever it says of itself"""


@dataclass(frozen=True, slots=True)
class Loss:
    """What the last lossy step did: ``ratio`` to 1, 0 where it is unknown; ``method`` empty where it is unknown."""

    ratio: float = 0.0
    method: str = ""


def loss_of(dataset: Dataset) -> Loss | None:
    """Return what an image lost, None when it was never compressed with loss."""
    meta = getattr(dataset, "file_meta", None)
    syntax_method = _ALWAYS_LOSSY.get(meta.get("TransferSyntaxUID", ""), "") if meta else ""
    if str(dataset.get("LossyImageCompression", "") or "") != "01" and not syntax_method:
        return None
    ratios = texts(dataset.get("LossyImageCompressionRatio"))
    methods = texts(dataset.get("LossyImageCompressionMethod"))
    named = methods[-1].strip().upper() if methods else ""
    return Loss(_ratio(ratios[-1]) if ratios else 0.0, _METHODS.get(named, named) or syntax_method)


def _ratio(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0

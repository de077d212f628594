"""
The body part that Anatomic Region Sequence (0008,2218) names, as the defined term of Body Part Examined.

*Source:* PS3.16 CID 4031, table L-1 (Annex L).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Final

from pydicom.dataset import Dataset
from pydicom.filereader import read_sequence
from pydicom.sequence import Sequence

from workstation.dicom.view_code import code_of, places_of_codes

_UNDEFINED: Final = 0xFFFFFFFF
_END: Final = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
"""Closes a sequence of undefined length"""
_REGIONS: Final = (
    # SNOMED CT, its former SNOMED RT code, Body Part Examined
    ("69536005", "T-D1100", "HEAD"),
    ("12738006", "T-A0100", "BRAIN"),
    ("89546000", "T-11100", "SKULL"),
    ("2095001", "T-22000", "SINUS"),
    ("371398005", "T-D0801", "EYE"),
    ("363654007", "T-D14AE", "ORBIT"),
    ("42575006", "T-D1460", "SELLA"),
    ("661005", "T-D1213", "JAW"),
    ("117590005", "T-AB001", "EAR"),
    ("774007", "T-D1000", "HEADNECK"),
    ("45048000", "T-D1600", "NECK"),
    ("69748006", "T-B6000", "THYROID"),
    ("4596009", "T-24100", "LARYNX"),
    ("69105007", "T-45010", "CAROTID"),
    ("417437006", "R-FAB52", "NECKCHEST"),
    ("416152001", "R-FAB53", "NECKCHESTABDOMEN"),
    ("416319003", "R-FAB54", "NECKCHESTABDPELV"),
    ("51185008", "T-D3000", "CHEST"),
    ("816094009", "", "CHEST"),
    ("39607008", "T-28000", "LUNG"),
    ("72410000", "T-D3300", "MEDIASTINUM"),
    ("80891009", "T-32000", "HEART"),
    ("41801008", "T-43000", "CORONARYARTERY"),
    ("113197003", "T-11300", "RIB"),
    ("56873002", "T-11210", "STERNUM"),
    ("15825003", "T-42000", "AORTA"),
    ("76752008", "T-04000", "BREAST"),
    ("416550000", "R-FAB55", "CHESTABDOMEN"),
    ("416775004", "R-FAB56", "CHESTABDPELVIS"),
    ("113345001", "T-D4000", "ABDOMEN"),
    ("818981001", "", "ABDOMEN"),
    ("10200004", "T-62000", "LIVER"),
    ("15776009", "T-65000", "PANCREAS"),
    ("64033007", "T-71000", "KIDNEY"),
    ("71854001", "T-59300", "COLON"),
    ("818982008", "", "ABDOMENPELVIS"),
    ("416949008", "R-FAB57", "ABDOMENPELVIS"),
    ("12921003", "T-D6000", "PELVIS"),
    ("816092008", "", "PELVIS"),
    ("41216001", "T-92000", "PROSTATE"),
    ("35039007", "T-83000", "UTERUS"),
    ("89837001", "T-74000", "BLADDER"),
    ("34402009", "T-59600", "RECTUM"),
    ("54735007", "T-11AD0", "SSPINE"),
    ("39723000", "T-15680", "SIJOINT"),
    ("421060004", "T-D04FF", "SPINE"),
    ("122494005", "T-11501", "CSPINE"),
    ("1217257000", "", "CTSPINE"),
    ("122495006", "T-11502", "TSPINE"),
    ("1217256009", "", "TLSPINE"),
    ("122496007", "T-11503", "LSPINE"),
    ("1217253001", "", "LSSPINE"),
    ("53120007", "T-D8000", "UPPER LIMB"),
    ("16982005", "T-D2220", "SHOULDER"),
    ("51299004", "T-12310", "CLAVICLE"),
    ("79601000", "T-12280", "SCAPULA"),
    ("40983000", "T-D8200", "UPPER ARM"),
    ("85050009", "T-12410", "HUMERUS"),
    ("16953009", "T-15430", "ELBOW"),
    ("14975008", "T-D8500", "FOREARM"),
    ("74670003", "T-15460", "WRIST"),
    ("85562004", "T-D8700", "HAND"),
    ("7569003", "T-D8800", "FINGER"),
    ("76505004", "T-D8810", "THUMB"),
    ("61685007", "T-D9000", "LOWER LIMB"),
    ("29836001", "T-D2500", "HIP"),
    ("24136001", "T-15710", "HIP"),
    ("68367000", "T-D9100", "THIGH"),
    ("71341001", "T-12710", "FEMUR"),
    ("72696002", "T-D9200", "KNEE"),
    ("64234005", "T-12730", "PATELLA"),
    ("30021000", "T-D9400", "LOWER LEG"),
    ("70258002", "T-15750", "ANKLE"),
    ("56459004", "T-D9700", "FOOT"),
    ("80144004", "T-12770", "CALCANEUS"),
    ("29707007", "T-D9800", "TOE"),
    ("38266002", "T-D0010", "WHOLEBODY"),
)
REGION_OF_CODE: Final[Mapping[tuple[str, str], str]] = {
    **{("SCT", concept): region for concept, _, region in _REGIONS},
    **{("SRT", former): region for _, former, region in _REGIONS if former},
}
"""Word by scheme (``SCT``, ``SRT``) and code value."""


def region_by_code(dataset: Dataset) -> str:
    """Return the body part that an image names by code, for itself or its first frame; empty when none is known."""
    return next((region for one in places_of_codes(dataset) if (region := _region(one))), "")


@lru_cache(maxsize=64)
def region_in_bytes(stored: bytes, *, explicit: bool) -> str:
    """
    Return the same from the value of the sequence as it is stored; the slices of a series share theirs.

    A value that is broken names nothing: it costs the region, not the image.
    """
    length = _UNDEFINED if stored.endswith(_END) else len(stored)
    read = Dataset()
    try:
        read.AnatomicRegionSequence = read_sequence(
            BytesIO(stored), is_implicit_VR=not explicit, is_little_endian=True, bytelength=length, encoding="ascii"
        )
        return _region(read)
    except (OSError, EOFError, ValueError, LookupError, NotImplementedError, struct.error):
        return ""


def _region(dataset: Dataset) -> str:
    items = dataset.get("AnatomicRegionSequence")
    if not isinstance(items, Sequence):
        return ""
    return next((region for item in items if (region := REGION_OF_CODE.get(code_of(item), ""))), "")

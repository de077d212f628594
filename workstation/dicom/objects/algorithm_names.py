"""
Which algorithms an object says it comes of.

*Source:* PS3.16 TID 4019 (name, version) of a structured report; PS3.3 C.8.20.2 Segment Algorithm Name, C.8.20.3
Segmentation Algorithm Identification; C.12.1.1.5 Contributing Equipment, which IHE AI Results uses for each algorithm.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code

_NO_ALGORITHM: Final = frozenset(
    {
        "109101",  # Acquisition Equipment
        "109103",  # Modifying Equipment: an archive that corrected a header
        "109104",  # De-identifying Equipment
        "109105",  # Frame Extracting Equipment
        "109106",  # Enhanced Multi-frame Conversion Equipment
        "FILMD",
        "DOCD",
        "VIDD",
        "MEDIM",  # Portable Media Importer Equipment
    }
)
"""What contributed without finding anything, of DCM (PS3.16 CID 7005); processing and synthesizing equipment may"""
_MOST: Final = 6


def algorithm_names(ds: Dataset) -> tuple[str, ...]:
    """Return name and version of each algorithm, ``LungCAD 2.1``, each once and no more than six."""
    return tuple(dict.fromkeys(name for name in _names(ds) if name))[:_MOST]


def _names(ds: Dataset) -> Iterator[str]:
    waiting = deque([ds])
    while waiting:
        item = waiting.popleft()
        content = list(item.get("ContentSequence") or ())
        yield from _in_content(content)
        waiting.extend(content)
    for segment in ds.get("SegmentSequence") or ():
        identified = list(segment.get("SegmentationAlgorithmIdentificationSequence") or ())
        for one in identified:
            yield _joined(_said(one, "AlgorithmName"), _said(one, "AlgorithmVersion"))
        if not identified:
            yield _said(segment, "SegmentAlgorithmName")
    for one in ds.get("ContributingEquipmentSequence") or ():
        purposes = list(one.get("PurposeOfReferenceCodeSequence") or ())
        if not any(_of_dicom(purpose) and code_value(purpose) in _NO_ALGORITHM for purpose in purposes):
            yield _joined(_said(one, "ManufacturerModelName"), _said(one, "SoftwareVersions"))


def _in_content(content: list[Dataset]) -> Iterator[str]:
    """Yield the algorithms that one container tells: a version is that of the name beside it, told in either order."""
    name = version = ""
    for one in content:
        if one.get("ValueType") != "TEXT":
            continue
        concept, said = _concept(one), _said(one, "TextValue")
        if concept == code.ALGORITHM_NAME.value:
            if name:
                yield _joined(name, version)
                version = ""
            name = said
        elif concept == code.ALGORITHM_VERSION.value:
            if name and version:
                yield _joined(name, version)
                name = ""
            version = said
    yield _joined(name, version)


def _of_dicom(item: Dataset) -> bool:
    return str(item.get("CodingSchemeDesignator", "") or "").strip() in {"DCM", ""}


def _concept(item: Dataset) -> str:
    return code_value(next(iter(item.get("ConceptNameCodeSequence") or ()), Dataset()))


def _joined(name: str, version: str) -> str:
    return f"{name} {version}".strip() if name else ""


def _said(item: Dataset, name: str) -> str:
    value = item.get(name)
    parts = [value] if isinstance(value, str) or value is None else list(value)
    return " ".join(str(part) for part in parts if part).strip()

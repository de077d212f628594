"""
The radiopharmaceutical that a header names: value, scheme and meaning of its code, else its words.

*Source:* PS3.3 C.8.9.2 (PET isotope module), CID 25 and CID 4021; C-B1031 is the SNOMED RT code that SCT 35321007 had.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value
from workstation.dicom.values import texts
from workstation.domain.template import Code

TRACERS: Final = "RadiopharmaceuticalInformationSequence"
TRACERS_TAG: Final = "00540016"
_FORMER: Final = {"C-B1031": "35321007"}
_RETIRED: Final = frozenset({"SRT", "SNM3", "99SDM"})


def tracer_values(dataset: Dataset) -> tuple[str, str, str] | None:
    """Return value, scheme and meaning of the tracer, the first two empty for mere words; None unless one is named."""
    given = dataset.get(TRACERS) or []
    if len(given) != 1:  # with two of them no picture says which it shows
        return None
    coded = (given[0].get("RadiopharmaceuticalCodeSequence") or [Dataset()])[0]
    value, scheme, meaning = code_value(coded), _first(coded, "CodingSchemeDesignator"), _first(coded, "CodeMeaning")
    words = meaning or _first(given[0], "Radiopharmaceutical")
    if scheme.upper() in _RETIRED and value in _FORMER:
        value, scheme = _FORMER[value], "SCT"
    return (value, scheme, words) if value or words else None


def tracer_code(values: tuple[str, ...]) -> Code | None:
    """Return what ``tracer_values`` found as a code, its value and scheme empty where only words name the tracer."""
    return Code(*values) if len(values) == 3 else None


def tracers_of(metadata: Mapping[str, Any]) -> Dataset:
    """Return the tracers of one instance of DICOM JSON metadata."""
    wanted = {TRACERS_TAG: metadata[TRACERS_TAG]} if TRACERS_TAG in metadata else {}
    return Dataset.from_json(wanted, lambda *_: b"") if wanted else Dataset()


def _first(dataset: Dataset, keyword: str) -> str:
    found = texts(dataset.get(keyword))
    return found[0].strip() if found else ""

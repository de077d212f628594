"""
What a finding is called, as coded items: the code of the model's manifest, else one that is a label's own.

Two labels never share a code: other systems tell concepts apart by code and scheme, not by their words.
"""

from __future__ import annotations

import hashlib
from typing import Final

from pydicom.dataset import Dataset

from resources.finding_names import label_key
from workstation.dicom.coded_value import code_value
from workstation.dicom.sr import codes as code
from workstation.dicom.sr.common import PRIVATE, coded, text
from workstation.domain.finding_class import FindingMeaning
from workstation.domain.template import Code

_LONGEST: Final = 16
"""Characters of Code Value and Coding Scheme Designator. *Source:* PS3.5 6.2, SH."""


def finding_code(label: str, meaning: FindingMeaning | None = None) -> Code:
    """Return the code given, else the public one that is known for a label, else a private one of the label's own."""
    if meaning is not None and _fits(meaning.code):
        return meaning.code
    return code.LABELS.get(label) or Code(_own_value(label), PRIVATE, label)


def named_items(label: str, meaning: FindingMeaning | None) -> list[Dataset]:
    """Return Finding, and where its code is not made from the label, the label and the words in Chinese."""
    items = [coded(code.FINDING, finding_code(label, meaning))]
    if meaning is not None:
        items.append(text(code.MODEL_LABEL, label))
        if meaning.zh:
            items.append(text(code.CHINESE_NAME, meaning.zh))
    return items


def read_named(items: list[Dataset]) -> tuple[str, FindingMeaning | None]:
    """
    Return the label of a group and what it means.

    A code of another system is kept as it is; its words are the label. A group that names nothing is of a nodule.
    """
    said = next((_concept(item) for item in items if _is(item, code.FINDING) and "ConceptCodeSequence" in item), None)
    if said is None:
        return "nodule", None
    label, zh = _text(items, code.MODEL_LABEL), _text(items, code.CHINESE_NAME)
    if label:
        return label, FindingMeaning(said, zh)
    if said.scheme == PRIVATE:
        return said.meaning, None
    known = next((name for name, one in code.LABELS.items() if one.value == said.value), None)
    return (known, None) if known else (said.meaning, FindingMeaning(said))


def _own_value(label: str) -> str:
    return f"L{hashlib.sha256(label_key(label).encode()).hexdigest()[:15].upper()}"


def _fits(said: Code) -> bool:
    """Tell whether a code can be written as it is."""
    return 0 < len(said.value) <= _LONGEST and 0 < len(said.scheme) <= _LONGEST and bool(said.meaning)


def _concept(item: Dataset) -> Code:
    said = item.ConceptCodeSequence[0]
    return Code(code_value(said), str(said.get("CodingSchemeDesignator", "")), str(said.get("CodeMeaning", "")))


def _text(items: list[Dataset], name: Code) -> str:
    return next((str(item.get("TextValue", "")) for item in items if _is(item, name)), "")


def _is(item: Dataset, name: Code) -> bool:
    concept = item.get("ConceptNameCodeSequence")
    return bool(concept) and code_value(concept[0]) == name.value

"""
DICOM JSON datasets as Native DICOM Model XML and back (PS3.19 A.1), which PS3.18 requires beside JSON.

Private attributes are written as DCMTK does: the block is left out of the tag and ``privateCreator``
names it, so that a reader may reserve another block.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any, Final

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from worklist.hub.ups_json import MAXIMUM_DEPTH, Attribute, Dataset, InvalidDataset

NAMESPACE: Final = "http://dicom.nema.org/PS3.19/models/NativeDICOM"

_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_PARTS: Final = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_WHOLE: Final = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_DECIMAL: Final = frozenset({"DS", "FD", "FL"})
_ILLEGAL: Final = {number: None for number in range(0x20) if number not in (0x09, 0x0A, 0x0D)} | {
    0xFFFE: None,
    0xFFFF: None,
}
"""What XML 1.0 cannot carry at all; such characters are padding or damage."""


def to_xml(dataset: Dataset) -> bytes:
    """Return a DICOM JSON dataset as a ``NativeDicomModel`` document in UTF-8."""
    root = ET.Element("NativeDicomModel", {"xmlns": NAMESPACE, "xml:space": "preserve"})
    _write(root, dataset)
    document: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return document


def from_xml(document: bytes) -> Dataset:
    """Return the DICOM JSON dataset of a document. Raises InvalidDataset."""
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - a document with a DOCTYPE is refused at once
    try:
        parser.feed(document)
        root: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as exc:
        raise InvalidDataset("the body is no XML that this hub takes") from exc
    if _name(root) != "NativeDicomModel":
        raise InvalidDataset("the document is no NativeDicomModel")
    return _read(root, 0)


class _WithoutDoctype(ET.TreeBuilder):
    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse entities before any is expanded."""
        raise InvalidDataset("a document type is not taken")


# writing


def _write(parent: ET.Element, dataset: Dataset) -> None:
    creators = {
        tag[:4] + tag[6:]: str(attribute["Value"][0])
        for tag, attribute in dataset.items()
        if _is_creator(tag) and attribute.get("Value")
    }
    for tag in sorted(dataset):
        attribute = dataset[tag]
        creator = creators.get(tag[:6], "") if int(tag[:4], 16) % 2 and not _is_creator(tag) else ""
        facts = {"tag": f"{tag[:4]}00{tag[6:]}" if creator else tag, "vr": str(attribute.get("vr", "UN"))}
        if keyword := keyword_for_tag(int(tag, 16)):
            facts["keyword"] = keyword
        if creator:
            facts["privateCreator"] = _legal(creator)
        element = ET.SubElement(parent, "DicomAttribute", facts)
        if "BulkDataURI" in attribute:
            ET.SubElement(element, "BulkData", {"uri": str(attribute["BulkDataURI"])})
        elif "InlineBinary" in attribute:
            ET.SubElement(element, "InlineBinary").text = str(attribute["InlineBinary"])
        for number, value in enumerate(attribute.get("Value", ()), start=1):
            _write_value(element, facts["vr"], str(number), value)


def _write_value(parent: ET.Element, vr: str, number: str, value: object) -> None:
    if vr == "SQ":
        _write(ET.SubElement(parent, "Item", {"number": number}), value if isinstance(value, dict) else {})
    elif isinstance(value, dict):
        person = ET.SubElement(parent, "PersonName", {"number": number})
        for group in _GROUPS:
            if group in value:
                names = ET.SubElement(person, group)
                for part, text in zip(_PARTS, str(value[group]).split("^"), strict=False):
                    if text:
                        ET.SubElement(names, part).text = _legal(text)
    elif value is not None:
        ET.SubElement(parent, "Value", {"number": number}).text = _legal(str(value))


def _is_creator(tag: str) -> bool:
    return bool(int(tag[:4], 16) % 2) and tag[4:6] == "00" and int(tag[6:], 16) >= 0x10


def _legal(text: str) -> str:
    return text.translate(_ILLEGAL)


# reading


def _read(parent: ET.Element, depth: int) -> Dataset:
    if depth > MAXIMUM_DEPTH:
        raise InvalidDataset("sequences are nested too deeply")
    dataset: Dataset = {}
    for element in _children(parent, "DicomAttribute"):
        tag = _tag(element)
        if tag in dataset:
            raise InvalidDataset(f"{tag} stands twice")
        dataset[tag] = _attribute(element, depth)
    return dataset


def _tag(element: ET.Element) -> str:
    if element.get("privateCreator"):
        raise InvalidDataset("private attributes are not taken")
    tag, keyword = element.get("tag", ""), element.get("keyword", "")
    if not tag and keyword:
        number = tag_for_keyword(keyword)
        tag = "" if number is None else f"{int(number):08X}"
    return tag.upper()


def _attribute(element: ET.Element, depth: int) -> Attribute:
    vr = element.get("vr", "")
    attribute: Attribute = {"vr": vr}
    numbered: dict[int, Any] = {}
    for child in element:
        name = _name(child)
        if name == "InlineBinary":
            attribute["InlineBinary"] = (child.text or "").strip()
        elif name == "BulkData":
            attribute["BulkDataURI"] = child.get("uri", "")
        elif name in {"Value", "Item", "PersonName"}:
            numbered[_number(child)] = _value(child, name, vr, depth)
        else:
            raise InvalidDataset(f"{name} is not known")
    if numbered:
        if max(numbered) > 2 * len(numbered) + 16:
            raise InvalidDataset("the numbers of the values have gaps")
        attribute["Value"] = [numbered.get(number) for number in range(1, max(numbered) + 1)]
    return attribute


def _number(element: ET.Element) -> int:
    text = element.get("number", "")
    if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 6 and int(text)):
        raise InvalidDataset("a value has no number")
    return int(text)


def _value(element: ET.Element, name: str, vr: str, depth: int) -> object:
    if name == "Item":
        return _read(element, depth + 1)
    if name == "PersonName":
        return {_name(group): _component_group(group) for group in element if _name(group) in _GROUPS}
    text = element.text or ""
    try:
        if vr in _WHOLE:
            return int(text)
        if vr in _DECIMAL:
            return float(text)
    except ValueError as exc:
        raise InvalidDataset(f"a value of {vr} is no number") from exc
    return text or None


def _component_group(group: ET.Element) -> str:
    parts = {_name(part): part.text or "" for part in group}
    return "^".join(parts.get(part, "") for part in _PARTS).rstrip("^")


def _children(parent: ET.Element, name: str) -> Iterator[ET.Element]:
    for child in parent:
        if _name(child) != name:
            raise InvalidDataset(f"{_name(child)} is not known")
        yield child


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]

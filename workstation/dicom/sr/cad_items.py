"""
What a CAD report says once for many: images by reference, and whether a mark is meant to be seen.

*Source:* PS3.3 C.17.3.2.5 (Referenced Content Item Identifier); PS3.16 TID 4003, 4004, 4006, CID 6034.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from workstation.dicom.coded_value import code_value

_RENDERING_INTENT: Final = "111056"
_NOT_FOR_PRESENTATION: Final = "111152"


def resolve_images(ds: Dataset) -> None:
    """Give each content item that names an image of the document's library by its place the image itself."""
    for item in _items(ds):
        place = item.get("ReferencedContentItemIdentifier")
        if place is None:
            continue
        target = _at(ds, [int(place)] if isinstance(place, int) else [int(one) for one in place])
        if target is not None and target.get("ValueType") == "IMAGE" and target.get("ReferencedSOPSequence"):
            item.ReferencedSOPSequence = target.ReferencedSOPSequence


def is_hidden(item: Dataset, *, inherited: bool) -> bool:
    """Tell whether an item is not for presentation; one that does not say so itself is as what it stands in."""
    for child in item.get("ContentSequence") or ():
        name = next(iter(child.get("ConceptNameCodeSequence") or ()), Dataset())
        if code_value(name) == _RENDERING_INTENT:
            said = next(iter(child.get("ConceptCodeSequence") or ()), Dataset())
            return code_value(said) == _NOT_FOR_PRESENTATION
    return inherited


def _items(item: Dataset) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or ():
        yield child
        yield from _items(child)


def _at(ds: Dataset, place: list[int]) -> Dataset | None:
    """Return the item at a place counted from 1, which begins with that of the document; None where there is none."""
    if place[:1] != [1]:
        return None
    found = ds
    for number in place[1:]:
        children = found.get("ContentSequence") or ()
        if not 1 <= number <= len(children):
            return None
        found = children[number - 1]
    return found

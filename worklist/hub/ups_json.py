"""Reading, writing and checking DICOM JSON datasets (PS3.18 F.2) without a pydicom round trip."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from pydicom.datadict import dictionary_VR, tag_for_keyword

Attribute = dict[str, Any]
Dataset = dict[str, Attribute]

MAXIMUM_DEPTH: Final = 8
MAXIMUM_ATTRIBUTES: Final = 4000
MAXIMUM_TEXT: Final = 1024
"""Several times what PS3.5 allows: other systems overstep by a little."""

LONGEST_UID: Final = 64
_LONGEST_CODE: Final = 16
_CODES: Final = ("CodeValue", "LongCodeValue", "URNCodeValue")
_TAG: Final = re.compile(r"[0-9A-F]{8}")
_UID: Final = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))*")
_DATE_TIME: Final = re.compile(r"\d{4}(\d{2}){0,5}(\.\d{1,6})?([+-]\d{4})?")
_CODE: Final = re.compile(r"[A-Z0-9 _]{1,16}")
_NUMBERS: Final = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_TEXTS: Final = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "LT", "SH", "ST", "TM", "UC", "UI", "UR", "UT", "AT"})
_SHORT: Final = _NUMBERS | _TEXTS - {"LT", "ST", "UC", "UR", "UT"} | {"PN"}
_BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})


class InvalidDataset(ValueError):
    """The JSON is no DICOM dataset; the message names the attribute."""


@lru_cache(maxsize=2048)
def tag(keyword: str) -> str:
    """Return the 8 digit tag of a DICOM keyword; KeyError when there is none."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return f"{int(number):08X}"


def is_uid(text: str) -> bool:
    """Tell whether a text is a well-formed UID (PS3.5 9.1)."""
    return _UID.fullmatch(text) is not None


def values(dataset: Dataset, keyword: str) -> list[Any]:
    """Return an attribute's values, empty when it is absent or empty."""
    found = dataset.get(tag(keyword), {}).get("Value", [])
    return found if isinstance(found, list) else []


def text(dataset: Dataset, keyword: str) -> str:
    """Return the first value as text, empty when there is none; a PN gives its first component group."""
    for value in values(dataset, keyword)[:1]:
        if isinstance(value, dict):
            return str(value.get("Alphabetic") or value.get("Ideographic") or value.get("Phonetic") or "")
        return "" if value is None else str(value)
    return ""


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence."""
    return [item for item in values(dataset, keyword) if isinstance(item, dict)]


def has_value(dataset: Dataset, keyword: str) -> bool:
    """Tell whether an attribute is present with a value."""
    return any(value not in (None, "", {}) for value in values(dataset, keyword))


def attribute(keyword: str, *content: object) -> tuple[str, Attribute]:
    """Return ``tag, attribute`` for a dataset literal; no content makes an empty attribute."""
    vr = dictionary_VR(keyword)
    present = [value for value in content if value not in (None, "")]
    if vr == "PN":
        present = [value if isinstance(value, dict) else _person_name(str(value)) for value in present]
    return tag(keyword), {"vr": vr, "Value": present} if present else {"vr": vr}


def dataset(*attributes: tuple[str, Attribute]) -> Dataset:
    """Return a dataset in tag order."""
    return dict(sorted(attributes))


def code(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    """Return a code sequence item; a value of over 16 characters is a Long Code Value (PS3.3 8.1), never cut."""
    return dataset(
        attribute("CodeValue" if len(value) <= _LONGEST_CODE else "LongCodeValue", value),
        attribute("CodingSchemeDesignator", scheme),
        attribute("CodeMeaning", meaning),
    )


def code_value(item: Dataset) -> str:
    """Return the value of an item of a code sequence wherever PS3.3 8.1 puts it, empty where it has none."""
    return next((found for place in _CODES if (found := text(item, place).strip())), "")


def put(target: Dataset, keyword: str, *content: object) -> None:
    """Set one attribute of a dataset."""
    key, value = attribute(keyword, *content)
    target[key] = value


def check(content: object) -> Dataset:
    """
    Return one dataset from parsed JSON: an object, or an array of exactly one.

    Raises:
        InvalidDataset: not DICOM JSON, wrong VR, malformed UID or date-time, nested too deep, too large.
    """
    if isinstance(content, list):
        if len(content) != 1:
            raise InvalidDataset("exactly one dataset is expected")
        content = content[0]
    budget = [MAXIMUM_ATTRIBUTES]
    return _checked(content, 0, budget)


def _checked(content: object, depth: int, budget: list[int]) -> Dataset:
    if not isinstance(content, dict):
        raise InvalidDataset("a dataset is a JSON object")
    if depth > MAXIMUM_DEPTH:
        raise InvalidDataset("sequences are nested too deep")
    checked: Dataset = {}
    for key, element in sorted(content.items()):
        budget[0] -= 1
        if budget[0] < 0:
            raise InvalidDataset("the dataset has too many attributes")
        if not isinstance(key, str) or not _TAG.fullmatch(key):
            raise InvalidDataset("a key is 8 upper-case hexadecimal digits")
        if not isinstance(element, dict) or not isinstance(element.get("vr"), str):
            raise InvalidDataset(f"{key} has no vr")
        if key[4:] == "0000":
            raise InvalidDataset(f"{key} is a group length")
        checked[key] = _element(key, element, depth, budget)
    return checked


def _element(key: str, element: Attribute, depth: int, budget: list[int]) -> Attribute:
    vr = element["vr"]
    expected = _dictionary_vr(key)
    if expected and vr not in expected and vr != "UN":
        raise InvalidDataset(f"{key} has vr {vr}, the dictionary says {' or '.join(expected)}")
    unknown = set(element) - {"vr", "Value", "InlineBinary"}
    if unknown:
        raise InvalidDataset(f"{key} has the unknown member {min(unknown)}")
    if "InlineBinary" in element:
        if vr not in _BINARY or "Value" in element or not isinstance(element["InlineBinary"], str):
            raise InvalidDataset(f"{key} may not be inline binary")
        return dict(element)
    if "Value" not in element:
        return {"vr": vr}
    content = element["Value"]
    if not isinstance(content, list):
        raise InvalidDataset(f"{key} has a Value that is no list")
    if vr == "SQ":
        return {"vr": vr, "Value": [_checked(item, depth + 1, budget) for item in content]} if content else {"vr": vr}
    kept = [_value(key, vr, value) for value in content]
    return {"vr": vr, "Value": kept} if any(value is not None for value in kept) else {"vr": vr}


def _value(key: str, vr: str, value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        _check_text(key, vr, value)
    if vr == "PN":
        groups = value if isinstance(value, dict) else None
        if groups is None or not all(
            name in {"Alphabetic", "Ideographic", "Phonetic"} and isinstance(part, str) for name, part in groups.items()
        ):
            raise InvalidDataset(f"{key} is no person name")
        for part in groups.values():
            _check_text(key, vr, part)
        return value
    if vr in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise InvalidDataset(f"{key} is no number")
        return value
    if vr not in _TEXTS or not isinstance(value, str):
        raise InvalidDataset(f"{key} has a value that does not fit vr {vr}")
    form = {"UI": _UID, "DT": _DATE_TIME, "CS": _CODE}.get(vr)
    if form is not None and not form.fullmatch(value.strip()):
        raise InvalidDataset(f"{key} is no well-formed {vr}")
    return value.strip() if vr in {"UI", "DT", "CS"} else value


def _check_text(key: str, vr: str, value: str) -> None:
    """Refuse what no database keeps and no DICOM text holds: NUL, half a surrogate pair, endless short texts."""
    if "\x00" in value or (not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)):
        raise InvalidDataset(f"{key} holds a character that is none")
    if len(value) > MAXIMUM_TEXT and vr in _SHORT:
        raise InvalidDataset(f"{key} is too long")


@lru_cache(maxsize=4096)
def _dictionary_vr(key: str) -> tuple[str, ...]:
    try:
        return tuple(dictionary_VR(int(key, 16)).split(" or "))
    except KeyError:
        return ()  # private or retired beyond the dictionary


def _person_name(joined: str) -> dict[str, str]:
    """Split ``alphabetic=ideographic=phonetic``."""
    names = ("Alphabetic", "Ideographic", "Phonetic")
    return {name: part for name, part in zip(names, joined.split("="), strict=False) if part}


def merged(base: Dataset, changes: Dataset, *, only: Iterable[str] | None = None) -> Dataset:
    """Return ``base`` with whole attributes replaced; sequences are never merged (PS3.4 CC.2.6.2)."""
    allowed = None if only is None else set(only)
    kept = {key: value for key, value in changes.items() if allowed is None or key in allowed}
    return dict(sorted({**base, **kept}.items()))

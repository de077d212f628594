"""
The value of a coded entry, wherever the standard puts it.

*Source:* PS3.3 8.1, 8.8 (Table 8.8-1): Code Value (0008,0100) holds 16 characters, a longer one is
Long Code Value (0008,0119), a URN or URL is URN Code Value (0008,0120); only one of them is present.
"""

from __future__ import annotations

from typing import Final

from pydicom.dataset import Dataset

LONGEST_CODE: Final = 16
"""Characters that Code Value (SH) holds"""
_PLACES: Final = ("CodeValue", "LongCodeValue", "URNCodeValue")


def code_value(item: Dataset) -> str:
    """Return the value of an item of a code sequence, empty where it has none."""
    return next((said for place in _PLACES if (said := str(item.get(place) or "").strip())), "")


def put_code_value(item: Dataset, value: str) -> None:
    """Write the value of a code where its length belongs."""
    if len(value) <= LONGEST_CODE:
        item.CodeValue = value
    else:
        item.LongCodeValue = value

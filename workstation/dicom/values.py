"""pydicom values as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydicom values have no static type
    """Return the values of an element as text, none for an absent or empty one."""
    if value is None or value == "":
        return ()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return (str(value),)
    if hasattr(value, "components"):
        return (str(value),)
    return tuple(str(one) for one in value)


def whole(value: Any) -> str:  # noqa: ANN401 - pydicom values have no static type
    """Return all values of an element as they are stored, with the backslash of PS3.5 6.4 between them."""
    return "\\".join(texts(value))

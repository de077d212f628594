"""What every category function returns, and how diameters are rounded before they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any


class Scheme(StrEnum):
    """The tables a report may take a category from."""

    LUNG_RADS = "lung-rads"
    C_LUNG_RADS = "c-lung-rads"
    FLEISCHNER = "fleischner"
    BI_RADS = "bi-rads"
    PI_RADS = "pi-rads"


class Unclassifiable(ValueError):
    """The table gives no category: ``reason`` is the input that is missing, impossible or out of its scope."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """
    One category with everything needed to check it again.

    ``rule`` and ``management`` are keys of ``resources.categories``; ``modifiers`` stand beside the category and
    never replace it; ``inputs`` pairs names with values as text, in the order of the form.
    """

    scheme: Scheme
    version: str
    category: str
    rule: str
    management: str
    modifiers: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """Return the category with its modifiers, for example "4A S"."""
        return " ".join((self.category, *self.modifiers))


@dataclass(frozen=True, slots=True)
class FindingBasis:
    """
    What one finding said when a category was computed: ``key`` names it, ``size_mm`` is None for one on an image.

    ``described`` pairs what was answered for it with the option, where a table judges that; None where nobody kept it.
    """

    key: str
    number: int
    size_mm: float | None
    kind: str
    described: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class AssignedCategory:
    """
    The category that a person put into a report; ``result`` is what the table said for the inputs.

    ``chosen`` may differ from the result, with a reason. ``rule_text`` and ``management_text`` are frozen in the
    language of the report when it was chosen, so that a later wording changes no report. Times are UTC.
    ``basis`` is what the findings said then, None where nobody kept it; ``lesions`` are the keys of the findings that
    the lesions of the inputs describe, in their order, empty for a lesion that is of no finding.
    """

    result: CategoryResult
    chosen: str
    rule_text: str
    management_text: str
    chosen_by: str
    chosen_at: datetime
    reason: str = ""
    basis: tuple[FindingBasis, ...] | None = None
    lesions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.chosen.strip():
            raise ValueError("a category is chosen")
        if self.differs and not self.reason.strip():
            raise ValueError("a category that differs from the table has a reason")

    @property
    def differs(self) -> bool:
        """Tell whether the reader chose another category than the table gives."""
        return self.chosen != self.result.label


def rounded(value: float, places: int) -> float:
    """Round a non-negative number half up in decimal, as people do: 5.95 to one place is 6.0."""
    return float(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def mean_diameter_mm(long_axis_mm: float, short_axis_mm: float, *, places: int = 1) -> float:
    """Return the mean of two axes, each first rounded to ``places``, as the tables measure a nodule."""
    if not 0 < short_axis_mm <= long_axis_mm:
        raise ValueError("axes are positive and the long one is not the shorter")
    return mean_of_axes_mm(long_axis_mm, short_axis_mm, places=places)


def mean_of_axes_mm(first_mm: float, second_mm: float, *, places: int = 1) -> float:
    """
    Return the one mean diameter that card, image, comparison and report show of two axes >= 0, in either order.

    Each axis is rounded before the mean is: whoever works it out from the axes on screen gets the same number.
    Source: ACR Lung-RADS v2022, mean diameter (both axes and their mean to one decimal).
    """
    total = Decimal(str(rounded(first_mm, places))) + Decimal(str(rounded(second_mm, places)))
    return rounded(float(total / 2), places)


def size_mm(value: float | None, name: str, *, places: int = 1) -> float:
    """Return a diameter rounded as the table wants it. Raises Unclassifiable when it is missing or impossible."""
    if value is None or not 0 < value < 1000:
        raise Unclassifiable(name)
    return rounded(value, places)


def inputs_of(*values: Any) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 - any dataclass of inputs
    """Return the fields of dataclasses as names and texts; those of a tuple of lesions are numbered from 1."""
    return tuple(pair for value in values for pair in _pairs(value, ""))


def _pairs(value: Any, prefix: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any dataclass of inputs
    for item in fields(value):
        content = getattr(value, item.name)
        if isinstance(content, tuple) and content and is_dataclass(content[0]):
            yield from _numbered(content, item.name.rstrip("s"))
        elif content not in (None, ""):
            yield f"{prefix}{item.name}", _text(content)


def _numbered(lesions: Iterable[Any], name: str) -> Iterator[tuple[str, str]]:
    for number, lesion in enumerate(lesions, 1):
        yield from _pairs(lesion, f"{name}_{number}.")


def _text(content: Any) -> str:  # noqa: ANN401 - a field of a dataclass
    if isinstance(content, bool):
        return "yes" if content else "no"
    if isinstance(content, tuple):
        return ", ".join(str(one) for one in content)
    return f"{content:g}" if isinstance(content, float) else str(content)

"""What is said of one finding beside place and size, with its own words and codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workstation.domain.template import Code, Text

COMPOSITION: Final = "composition"
"""Key of the field that says the type of a nodule, which the finding itself holds"""
KIND: Final = "kind"
"""Key of the field that says what a finding on an image is, which the finding itself holds"""
HELD: Final = frozenset({COMPOSITION, KIND})


@dataclass(frozen=True, slots=True)
class Trait:
    """
    One option of a field that is asked for each finding; it stays readable whatever becomes of the template.

    ``derived`` traits follow from what is known of the finding; the others the reader chose. ``code`` is None where
    no public scheme has the option.
    """

    key: str
    option: str
    label: Text
    value: Text
    concept: Code
    code: Code | None = None
    derived: bool = False

"""What the norm gate is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

CRITICAL_OPEN: Final = "critical_open"
"""The rule of an override that answers for an open critical value; its target is the value's UID."""

CRITICAL_SUGGESTED: Final = "critical_suggested"
"""The rule of an override that says why a suggested critical value is none; its target is the entry of the policy.

``against`` holds the words of its field: others are asked for again.
"""
CRITICAL_RULES: Final = frozenset({CRITICAL_OPEN, CRITICAL_SUGGESTED})
"""Answers about critical values: listed with the others, but no fault of the norm."""


class NormKind(StrEnum):
    """The faults that indicator 3 counts."""

    SIGNATURE = "signature"
    CONCLUSION = "conclusion"
    ABSENT_ORGAN = "absent_organ"
    SIDE = "side"
    PART = "part"
    UNIT = "unit"
    NUMBER = "number"
    RESIDUE = "residue"
    PATIENT = "patient"


class Role(StrEnum):
    """What part a field plays in the report."""

    FINDINGS = "findings"
    IMPRESSION = "impression"
    BACKGROUND = "background"
    """History, technique, comparison and addendum: wrong by themselves at most, compared with nothing."""
    RECOMMENDATION = "recommendation"
    """What is advised: of a side and a lobe that the report tells of."""


@dataclass(frozen=True, slots=True)
class NormField:
    """One filled text of the report."""

    key: str
    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class NormLink:
    """Words of a field that are tied to a finding or measurement; ``now`` is what they would say, empty if it is gone.

    ``copied_from`` is the date of the former report whose words nobody has touched or confirmed, else empty.
    """

    field: str
    quote: str
    now: str = ""
    copied_from: str = ""


@dataclass(frozen=True, slots=True)
class NormDenial:
    """A chosen option of ``field`` that denies what another field says: both in the words of the report."""

    field: str
    quote: str
    against: str


@dataclass(frozen=True, slots=True)
class NormChoice:
    """An option chosen in ``field``; ``quote`` is how the report writes it."""

    field: str
    quote: str


@dataclass(frozen=True, slots=True)
class NormCategory:
    """
    A category of the report: its ``scheme``, ``chosen`` as the table writes it, and ``label`` in the report's words.

    ``changed`` says in words which findings are not what it was computed from, empty where they are.
    """

    scheme: str
    chosen: str
    label: str
    changed: str = ""


@dataclass(frozen=True, slots=True)
class NormSide:
    """
    The category that was chosen for one side (``left``, ``right``) in a field of its own.

    ``value`` is as the table of ``scheme`` writes it, empty for a side that is absent; ``label`` in the report's words.
    """

    field: str
    side: str
    scheme: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class NormNodule:
    """
    A nodule of the lung as the reader coded it in the table of ``table`` (a field key).

    ``finding`` is its Tracking UID, ``name`` and ``words`` are how the report calls it. ``side`` (``left``, ``right``),
    ``lobe`` (``upper``, ``middle``, ``lower``) and ``density`` (``solid``, ``part_solid``, ``ground_glass``) are empty
    where nobody said. ``sizes_mm`` are its axes, mean and diameter by volume, as far as known.
    """

    table: str
    finding: str
    name: str
    words: str
    side: str = ""
    lobe: str = ""
    density: str = ""
    sizes_mm: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class NormPrior:
    """
    An earlier study of the same patient and part to compare with; ``words`` name it in the report's words.

    ``is_reported``: a signed report of it is there.
    """

    words: str
    is_reported: bool = False


@dataclass(frozen=True, slots=True)
class NormSubject:
    """
    Everything that is compared; empty strings and None where it is not known.

    ``examination`` is what was examined in words and codes; ``measured_mm`` are sizes that were measured and need
    not stand in a text.
    """

    language: str
    fields: tuple[NormField, ...]
    examination: str = ""
    examined_on: date | None = None
    patient_name: str = ""
    patient_id: str = ""
    listed_name: str = ""
    listed_id: str = ""
    """Name and identifier on the worklist, which must be those of the images."""
    sex: str = ""
    age_years: int | None = None
    author: str = ""
    signer: str = ""
    measured_mm: tuple[float, ...] = ()
    links: tuple[NormLink, ...] = ()
    denials: tuple[NormDenial, ...] = ()
    categories: tuple[NormCategory, ...] = ()
    sides: tuple[NormSide, ...] = ()
    nodules: tuple[NormNodule, ...] = ()
    priors: tuple[NormPrior, ...] = ()
    doubted: tuple[NormChoice, ...] = ()
    """Earlier studies that the report relies on and that may be another person's, by their day"""
    changes: tuple[NormDenial, ...] = ()
    """Choices of how something changed that measured sizes deny"""
    firsts: tuple[NormChoice, ...] = ()
    """Choices that call this the first examination"""
    asked_categories: tuple[str, ...] = ()
    """Schemes that the template offers"""
    question: str = ""
    """What the referring physician asks"""


@dataclass(frozen=True, slots=True)
class NormFault:
    """
    One thing that is wrong; ``target`` is the field to jump to, ``quote`` the words it is about.

    ``against`` are the words (or the fact) that contradict them, empty where the quote is wrong by itself.
    """

    kind: NormKind
    rule: str
    target: str
    quote: str
    against: str = ""


@dataclass(frozen=True, slots=True)
class NormOverride:
    """
    A fault that a signer has seen and answers for; it holds for exactly these words on both sides. Times are UTC.

    It is that person's own (``by`` is the user id) and belongs to the version for whose signature it was given:
    ``given_in`` is the state that the document was in. Nobody else signs under it, and nothing inherits it.
    """

    rule: str
    target: str
    quote: str
    reason: str
    by: str
    at: datetime
    against: str = ""
    by_name: str = ""
    given_in: str = ""

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("an override has a reason")

    def covers(self, fault: NormFault) -> bool:
        """Tell whether this is the fault that was answered for."""
        return (self.rule, self.target, self.quote, self.against) == (
            fault.rule,
            fault.target,
            fault.quote,
            fault.against,
        )

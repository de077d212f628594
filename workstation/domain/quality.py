"""
Figures of quality: counts with what they are counted from, intervals, and silence where there are too few cases.

Nothing here names a patient; a case is a pseudonym that only its hub can make.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workstation.domain.agreement import Agreement, cohen_kappa
from workstation.domain.critical_clock import NotificationShare
from workstation.domain.image_quality import GradeReason, ImageGrade
from workstation.domain.mutual_recognition import RepeatException
from workstation.domain.report_state import ReturnCode
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import Priority

FEWEST: Final = 10
"""Below this many cases no share, median or kappa is told: our own rule, for want of a norm."""
_Z_95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``total`` cases."""

    count: int
    total: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.total:
            raise ValueError(f"{self.count} of {self.total} is no share")

    @property
    def value(self) -> float | None:
        """Return the share in [0, 1], None where there are too few cases to say."""
        return self.count / self.total if self.total >= FEWEST else None

    @property
    def interval(self) -> Interval | None:
        """
        Return the score interval of a proportion, None where there are too few cases to say.

        *Source:* Wilson EB. J Am Stat Assoc 1927;22:209-212.
        """
        if self.total < FEWEST:
            return None
        n, p, z2 = self.total, self.count / self.total, _Z_95**2
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2)) / (1 + z2 / n)
        return Interval(max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class QualityQuery:
    """What is asked about: a period (UTC, end excluded), and one site, reader or modality; empty means all."""

    since: datetime
    until: datetime
    site_id: str = ""
    reader_id: str = ""
    modality: str = ""

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise ValueError("a period ends after it begins")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be filtered by."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """The words with which a fault was answered for, and how often they were used."""

    words: str
    count: int


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule of the norm gate: ``held`` reports that it held up, ``overridden`` reports signed in spite of it."""

    rule: str
    held: int
    overridden: int
    reasons: tuple[OverrideReason, ...]


@dataclass(frozen=True, slots=True)
class NormFigures:
    """The norm gate over the signed reports; ``clean`` were signed without answering for a fault (indicator 3)."""

    clean: Share
    rules: tuple[RuleFigures, ...]


@dataclass(frozen=True, slots=True)
class RatedPair:
    """Two blind readings of one case in one category scheme; ``case`` is its pseudonym. Time is UTC."""

    case: str
    first: str
    second: str
    first_reader: str
    second_reader: str
    state: DoubleReadingState
    modality: str
    site: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SchemeFigures:
    """All pairs of one category scheme."""

    scheme: str
    pairs: tuple[RatedPair, ...]

    @property
    def agreement(self) -> Agreement | None:
        """Return Cohen's kappa, None where there are too few pairs to say."""
        if len(self.pairs) < FEWEST:
            return None
        return cohen_kappa([(pair.first, pair.second) for pair in self.pairs])

    @property
    def interval(self) -> Interval | None:
        """Return kappa ± 1.96 SE within [-1, 1], None where kappa is not told. *Source:* Cohen 1960, equation 7."""
        found = self.agreement
        if found is None or found.kappa is None or found.standard_error is None:
            return None
        half = _Z_95 * found.standard_error
        return Interval(max(-1.0, found.kappa - half), min(1.0, found.kappa + half))

    @property
    def categories(self) -> tuple[str, ...]:
        """Return every category that a reader chose, in the order of their words."""
        return tuple(sorted({rating for pair in self.pairs for rating in (pair.first, pair.second)}))

    def table(self) -> tuple[tuple[int, ...], ...]:
        """Return how often the first reader's category (row) met the second's (column)."""
        known = self.categories
        return tuple(
            tuple(sum((pair.first, pair.second) == (row, column) for pair in self.pairs) for column in known)
            for row in known
        )


@dataclass(frozen=True, slots=True)
class DoubleReadingFigures:
    """Concluded double readings; ``unrated`` have no category in common and are in no kappa."""

    agreed: Share
    unrated: int
    schemes: tuple[SchemeFigures, ...]


@dataclass(frozen=True, slots=True)
class TurnaroundFigures:
    """From the arrival of the request at the hub to its first signature, for one priority; times in seconds."""

    priority: Priority
    in_time: Share
    times_s: tuple[float, ...]

    def percentile_s(self, fraction: float) -> float | None:
        """Return the nearest-rank percentile, None where there are too few reports to say."""
        if len(self.times_s) < FEWEST:
            return None
        return percentile(self.times_s, fraction)


@dataclass(frozen=True, slots=True)
class ReturnCount:
    """How often a report was returned for a coded reason; None counts those returned in words alone."""

    code: ReturnCode | None
    count: int


@dataclass(frozen=True, slots=True)
class GradeCount:
    """How many studies have a grade."""

    grade: ImageGrade
    count: int


@dataclass(frozen=True, slots=True)
class GradeReasonCount:
    """How many graded studies lack something."""

    reason: GradeReason
    count: int


@dataclass(frozen=True, slots=True)
class GradeFigures:
    """Graded images; ``artefacts`` counts the CT and MR studies among them with an artefact (indicator 1)."""

    graded: Share
    grades: tuple[GradeCount, ...]
    reasons: tuple[GradeReasonCount, ...]
    artefacts: Share


@dataclass(frozen=True, slots=True)
class RepeatCount:
    """How many exams were repeated by an exception though a recognised result existed; None: nobody said why yet."""

    exception: RepeatException | None
    count: int


@dataclass(frozen=True, slots=True)
class RadsRate:
    """
    National indicator 6 (``pi-rads``, prostate MR) or 7 (``bi-rads``, mammograms): studies with a coded category.

    ``in_words`` are those without one whose words alone name a category: they are not in the share.
    """

    scheme: str
    classified: Share
    in_words: int = 0


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """Everything that the quality manager's page shows of one period."""

    query: QualityQuery
    norm: NormFigures
    double: DoubleReadingFigures
    critical: NotificationShare
    turnaround: tuple[TurnaroundFigures, ...]
    returned: Share
    return_codes: tuple[ReturnCount, ...]
    grades: GradeFigures
    repeats: tuple[RepeatCount, ...]
    sites: tuple[Choice, ...]
    readers: tuple[Choice, ...]
    modalities: tuple[Choice, ...]
    rads: tuple[RadsRate, ...] = ()


def percentile(values: Sequence[float], fraction: float) -> float:
    """Return the nearest-rank percentile: the smallest value that ``fraction`` of all do not exceed. ValueError."""
    if not values or not 0 < fraction <= 1:
        raise ValueError("a percentile needs values and a fraction in (0, 1]")
    return sorted(values)[math.ceil(fraction * len(values)) - 1]

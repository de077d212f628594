"""
Agreement of two readers beyond chance: Cohen's kappa.

*Source:* Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20(1):37-46:
kappa = (p_o - p_e) / (1 - p_e), equation 1; its standard error sqrt(p_o (1 - p_o) / (N (1 - p_e)^2)), equation 7.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    How two readers agreed on the same cases.

    ``observed`` and ``expected`` are proportions in [0, 1]. ``kappa`` and ``standard_error`` are None
    where chance alone would agree always, so that nothing can be said.
    """

    cases: int
    observed: float
    expected: float
    kappa: float | None
    standard_error: float | None


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """
    Return the agreement of two readers over cases, each rated once by both on a nominal scale.

    ValueError without a case. *Source:* Cohen 1960, equations 1 and 7.
    """
    total = len(pairs)
    if not total:
        raise ValueError("agreement needs at least one case")
    first, second = Counter(one for one, _ in pairs), Counter(two for _, two in pairs)
    same = sum(one == two for one, two in pairs)
    by_chance = sum(first[rating] * second[rating] for rating in first)  # of total squared, exact in integers
    observed, expected = same / total, by_chance / total**2
    if by_chance == total**2:
        return Agreement(total, observed, expected, None, None)
    kappa = (observed - expected) / (1 - expected)
    error = math.sqrt(observed * (1 - observed) / (total * (1 - expected) ** 2))
    return Agreement(total, observed, expected, kappa, error)

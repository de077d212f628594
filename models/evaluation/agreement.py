"""Do the model and the readers agree, beyond what chance would give?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Agreement:
    """Accepted and rejected marks of one reader, site or scanner."""

    accepted: int
    rejected: int

    @property
    def precision(self) -> float | None:
        """Return the share of marks that readers accepted, None without one."""
        total = self.accepted + self.rejected
        return self.accepted / total if total else None


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """
    Return Cohen's kappa of two raters over the same items; None where chance alone explains all.

    *Source:* Cohen, Educational and Psychological Measurement 20 (1960) 37-46. Raises ValueError.
    """
    if len(first) != len(second) or not first:
        raise ValueError("two raters must rate the same items, at least one")
    n = len(first)
    names = sorted(set(first) | set(second))
    seen = sum(a == b for a, b in zip(first, second, strict=True)) / n
    chance = sum((first.count(name) / n) * (second.count(name) / n) for name in names)
    return None if chance >= 1 else (seen - chance) / (1 - chance)


def size_agreement(measured_mm: Sequence[float], reference_mm: Sequence[float]) -> tuple[float, float]:
    """
    Return median ratio and standard deviation of the logarithm of measured to reference diameters.

    Raises ValueError with fewer than two pairs.
    """
    if len(measured_mm) != len(reference_mm) or len(measured_mm) < 2:
        raise ValueError("size agreement needs at least two pairs")
    logs = np.log(np.asarray(measured_mm) / np.asarray(reference_mm))
    return float(np.exp(np.median(logs))), float(logs.std(ddof=1))

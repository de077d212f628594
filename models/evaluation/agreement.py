"""
Do the model and the readers agree, beyond what chance would give?

``lianyue evaluate`` tells it where the cases say what readers decided of the marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from models.evaluation.cases import DECISIONS, Reference


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


def agreement_figures(cases: Sequence[Reference], threshold: float) -> dict[str, Any] | None:
    """
    Return how far readers agree with the model and with one another, None where nobody decided anything.

    The model accepts a mark of at least ``threshold``, as it would show it. Each kappa is over the marks that both
    decided, None where chance alone explains all.
    """
    said: dict[str, dict[tuple[int, int], str]] = {}
    model: dict[tuple[int, int], str] = {}
    accepts, rejects = DECISIONS
    for number, case in enumerate(cases):
        for at, mark in enumerate(case.marks or ()):
            model[number, at] = accepts if mark.score >= threshold else rejects
        for reader, decisions in case.decisions:
            known = {(number, at): decision for at, decision in enumerate(decisions) if decision}
            said.setdefault(reader, {}).update(known)
    said = {reader: marks for reader, marks in sorted(said.items()) if marks}
    if not said:
        return None
    return {
        "readers": {reader: _with_model(marks, model) for reader, marks in said.items()},
        "between_readers": [
            {"readers": [first, second], **_kappa(said[first], said[second])} for first, second in combinations(said, 2)
        ],
    }


def _with_model(marks: dict[tuple[int, int], str], model: dict[tuple[int, int], str]) -> dict[str, Any]:
    counts = Agreement(*(list(marks.values()).count(decision) for decision in DECISIONS))
    return {
        "accepted": counts.accepted, "rejected": counts.rejected, "precision": _rounded(counts.precision),
        "kappa_with_model": _kappa(marks, model)["kappa"],
    }  # fmt: skip


def _kappa(first: dict[tuple[int, int], str], second: dict[tuple[int, int], str]) -> dict[str, Any]:
    both = [mark for mark in first if mark in second]
    kappa = cohen_kappa([first[mark] for mark in both], [second[mark] for mark in both]) if both else None
    return {"marks": len(both), "kappa": _rounded(kappa)}


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


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

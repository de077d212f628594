"""How often a mark of a score is true: isotonic or logistic fit, reliability diagram, expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_BINS: Final = 10
_KNOTS: Final = 40
_NEWTON_STEPS: Final = 50
_WIDEST_LOGIT: Final = 7.0
MOST: Final = 0.945
"""The highest chance that is said: marks are told as "true in x of 10", and so few patients show no ten of ten."""

_RIDGE: Final = 1e-3  # keeps the line finite where no true mark scores below a false one


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Scores of marks, whether each was true (0 or 1), and how much each counts."""

    score: npt.NDArray[np.float64]
    true: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """Marks whose predicted probability lies together: what was said and what was so."""

    said: float
    observed: float
    weight: float


def isotonic(data: Weighted, *, unseen_false: float = 0.0) -> tuple[list[float], list[float]]:
    """
    Return knots (score rising, probability not falling) of the isotonic regression.

    ``unseen_false`` is the weight of false marks that each step is charged with on top of those
    seen, so that a few patients without one never promise certainty.
    *Source:* pool adjacent violators, Barlow et al. 1972. Raises ValueError with under two scores.
    """
    order = np.argsort(data.score, kind="stable")
    blocks: list[list[float]] = []  # weight, mean, first score, last score
    for n in order:
        blocks.append([float(data.weight[n]), float(data.true[n]), float(data.score[n]), float(data.score[n])])
        while len(blocks) > 1 and (blocks[-2][1] >= blocks[-1][1] or blocks[-2][3] == blocks[-1][2]):
            weight, mean, _, last = blocks.pop()
            before = blocks[-1]
            before[1] = (before[0] * before[1] + weight * mean) / (before[0] + weight)
            before[0], before[3] = before[0] + weight, last
    score: list[float] = []
    chance: list[float] = []
    least = 0.0
    for weight, raw, first, last in _thinned(blocks):
        mean = least = max(least, raw * weight / (weight + unseen_false))
        for place in (first, last):
            if not score or place > score[-1]:
                score.append(round(place, 4))
                chance.append(round(mean, 4))
    kept = [n for n, s in enumerate(score) if n == 0 or s > score[n - 1]]
    if len(kept) < 2:
        raise ValueError("a calibration needs marks of at least two scores")
    return [score[n] for n in kept], [chance[n] for n in kept]


def logistic(data: Weighted, *, unseen_false: float = 0.0) -> tuple[list[float], list[float]]:
    """
    Return knots of the logistic regression on the logit of the score: two numbers, so that few patients suffice.

    ``unseen_false`` is the weight of false marks, spread over the scores of the true ones, that is
    charged on top of those seen. No more than ``MOST`` is said: where no false mark was seen the line only goes on.
    *Source:* Platt, Advances in Large Margin Classifiers (1999) 61-74. Raises ValueError without true and false marks.
    """
    hit = data.true > 0
    if not hit.any() or hit.all():
        raise ValueError("a calibration needs true and false marks")
    unseen = data.weight[hit] * (unseen_false / data.weight[hit].sum())
    place = np.concatenate([_logit(data.score), _logit(data.score[hit])])
    weight = np.concatenate([data.weight, unseen])
    true = np.concatenate([data.true, np.zeros(int(hit.sum()))])
    rows = np.stack([np.ones_like(place), place], axis=1)
    line = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        said = _chance(rows @ line)
        curvature = (rows * (weight * said * (1 - said))[:, None]).T @ rows + _RIDGE * np.eye(2)
        line = line + np.linalg.solve(curvature, rows.T @ (weight * (true - said)) - _RIDGE * line)
    if line[1] <= 0:
        raise ValueError("a higher score must not mean fewer true marks")
    score = np.round(_chance(np.linspace(-_WIDEST_LOGIT, _WIDEST_LOGIT, _KNOTS)), 4)
    chance = np.minimum(np.round(_chance(line[0] + line[1] * _logit(score)), 4), MOST)
    return score.tolist(), chance.tolist()


def reliability(data: Weighted, said: npt.NDArray[np.float64]) -> list[Bin]:
    """Return ten bins of equal width over the probability that was said; empty ones are left out."""
    bins = []
    for low in np.arange(_BINS) / _BINS:
        inside = (said >= low) & ((said < low + 1 / _BINS) | ((low > 1 - 1.5 / _BINS) & (said <= 1)))
        weight = float(data.weight[inside].sum())
        if weight > 0:
            bins.append(
                Bin(
                    float((said * data.weight)[inside].sum() / weight),
                    float((data.true * data.weight)[inside].sum() / weight),
                    weight,
                )
            )
    return bins


def expected_error(bins: list[Bin]) -> float:
    """Return the expected calibration error: the mean gap between said and observed, by weight."""
    total = sum(b.weight for b in bins)
    return sum(abs(b.said - b.observed) * b.weight for b in bins) / total if total else 0.0


def _logit(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    inside = np.clip(score, 1e-4, 1 - 1e-4)
    result: npt.NDArray[np.float64] = np.log(inside / (1 - inside))
    return result


def _chance(logit: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    result: npt.NDArray[np.float64] = 0.5 * (1 + np.tanh(0.5 * logit))
    return result


def _thinned(blocks: list[list[float]]) -> list[list[float]]:
    """Merge the lightest neighbours until few enough blocks remain; the means stay in order."""
    merged = [list(b) for b in blocks]
    while len(merged) > _KNOTS // 2:
        n = min(range(len(merged) - 1), key=lambda k: merged[k][0] + merged[k + 1][0])
        weight, mean, _, last = merged.pop(n + 1)
        before = merged[n]
        before[1] = (before[0] * before[1] + weight * mean) / (before[0] + weight)
        before[0], before[3] = before[0] + weight, last
    return merged

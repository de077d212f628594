"""Which of the product's own models marks, and what a comparison of two models comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from resources.finding_names import finding_name
from resources.translation import language, tr
from workstation.domain.model import CurvePoint, FrocCurve, ModelCard, ModelChoice, marking_card
from workstation.domain.model_comparison import LabelAgreement, ModelComparison
from workstation.ui.widgets.ai_bar import point_word

_MOST: Final = 20
"""Studies named, the widest apart first: a page is no archive."""


def own_words(cards: Sequence[ModelCard], choice: ModelChoice) -> str:
    """Return what holds where nobody chose a model, and why a better own one does not mark on this machine."""
    if choice.off:
        return tr("AI is switched off: no model marks anything.")
    marking = marking_card(cards, choice)
    if marking is None:
        lines = [tr("No model is chosen; the built-in model is in use.")]
    else:
        named = f"{marking.model_id} {marking.version}"
        lines = [tr("No model is chosen; the built-in “{model}” is in use.", model=named)]
    lines += [
        tr("The better “{model}” cannot run here: {reason}", model=card.model_id, reason=card.passed_over)
        for card in cards
        if card.passed_over
    ]
    return "\n".join(lines)


def curve_words(curve: FrocCurve) -> list[str]:
    """Return what a curve was measured on, and what its band does and does not cover."""
    if curve.lungs:
        lines = [
            tr(
                "{nodules} nodules in {scans} runs; all runs are made of {lungs} patients",
                nodules=curve.nodules, scans=curve.scans, lungs=curve.lungs,
            )
        ]  # fmt: skip
    else:
        lines = [tr("{nodules} nodules in {scans} scans", nodules=curve.nodules, scans=curve.scans)]
    if curve.band:
        lines.append(tr("Band: 95 % interval over runs, not over patients"))
    if curve.at is not None:
        lines.append(at_words(curve.at))
    return lines


def at_words(at: CurvePoint) -> str:
    """Return what the default operating point reached in the runs of the curve."""
    return tr(
        "Ring: the default point “{point}”, sensitivity {share} at {count} false marks a scan",
        point=point_word(at.name), share=f"{at.share:.2f}", count=f"{at.false_marks:.2f}",
    )  # fmt: skip


def comparison_words(found: ModelComparison) -> list[str]:
    """Return how two models agree on the cases that both have seen: places, then findings on whole studies."""
    labels = found.labels()
    lines = []
    if found.agreement is not None or not labels:
        lines.append(_of_places(found))
    if labels:
        lines += [_of_label(one) for one in labels]
        lines += _discordant(found)
    return lines


def _of_places(found: ModelComparison) -> str:
    first, second = found.marks_per_case()
    both = sum(len(case.both) for case in found.cases)
    words = tr(
        "{cases} cases: {first} marks a case against {second}; {both} marks in common",
        cases=len(found.cases), first=f"{first:.1f}", second=f"{second:.1f}", both=both,
    )  # fmt: skip
    return words if found.agreement is None else f"{words} ({found.agreement:.0%})"


def _of_label(one: LabelAgreement) -> str:
    words = tr(
        "{finding}: the same in {alike} of {cases} cases; both {both}, first alone {first}, second alone {second}",
        finding=finding_name(one.label, language()),
        alike=one.alike,
        cases=one.cases,
        both=one.both,
        first=one.only_first,
        second=one.only_second,
    )
    return words if one.kappa is None else tr("{words}; kappa {kappa}", words=words, kappa=f"{one.kappa:.2f}")


def _discordant(found: ModelComparison) -> list[str]:
    apart = found.discordant()
    if not apart:
        return [tr("No case on which they differ.")]
    lines = [tr("Cases on which they differ, the widest apart first:")]
    for study, one in apart[:_MOST]:
        name = finding_name(one.label, language())
        lines.append(f"{name} · {one.first:.2f} / {one.second:.2f} · {study}")
    if len(apart) > _MOST:
        lines.append(tr("and {count} more", count=len(apart) - _MOST))
    return lines

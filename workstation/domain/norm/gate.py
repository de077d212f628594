"""The gate: reads a report once and lets every rule of the table look at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from workstation.domain.norm import (
    category_rules,
    choice_rules,
    coded_nodule_rules,
    compare_rules,
    identity_rules,
    link_rules,
    nodule_rules,
    normal_rules,
    prior_rules,
    screening_rules,
    severe_rules,
    side_rules,
    text_rules,
    typed_category_rules,
    wording_rules,
)
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind, NormOverride, NormSubject

Rule = Callable[[ReportText], Iterator[NormFault]]

RULES: Final[tuple[tuple[NormKind, Rule], ...]] = (
    (NormKind.PATIENT, identity_rules.identity),
    (NormKind.PATIENT, identity_rules.patient_in_the_text),
    (NormKind.PATIENT, identity_rules.organs_of_the_other_sex),
    (NormKind.SIGNATURE, identity_rules.signature),
    (NormKind.SIDE, text_rules.side_of_the_conclusion),
    (NormKind.SIDE, compare_rules.site_of_the_conclusion),
    (NormKind.SIDE, compare_rules.site_of_the_recommendation),
    (NormKind.SIDE, text_rules.side_of_the_examination),
    (NormKind.SIDE, wording_rules.misspelt_side),
    (NormKind.PART, text_rules.level_of_the_conclusion),
    (NormKind.PART, text_rules.lobe_of_the_conclusion),
    (NormKind.PART, text_rules.part_of_the_examination),
    (NormKind.PART, compare_rules.place_of_the_conclusion),
    (NormKind.PART, wording_rules.impossible_part),
    (NormKind.CONCLUSION, text_rules.conclusion_without_findings),
    (NormKind.CONCLUSION, normal_rules.focal_in_a_normal_organ),
    (NormKind.CONCLUSION, severe_rules.left_out),
    (NormKind.CONCLUSION, severe_rules.abnormal_called_normal),
    (NormKind.CONCLUSION, severe_rules.denied_by_the_conclusion),
    (NormKind.CONCLUSION, severe_rules.denied_by_its_own_field),
    (NormKind.ABSENT_ORGAN, text_rules.absent_organ),
    (NormKind.UNIT, wording_rules.units),
    (NormKind.UNIT, wording_rules.lengths),
    (NormKind.NUMBER, text_rules.sizes_of_the_conclusion),
    (NormKind.NUMBER, nodule_rules.sizes_of_their_places),
    (NormKind.CONCLUSION, nodule_rules.density_of_the_conclusion),
    (NormKind.SIDE, coded_nodule_rules.places_of_the_table),
    (NormKind.PART, coded_nodule_rules.lobes_left_open),
    (NormKind.CONCLUSION, coded_nodule_rules.densities_of_the_table),
    (NormKind.NUMBER, compare_rules.grade_of_the_conclusion),
    (NormKind.NUMBER, compare_rules.percent_of_the_conclusion),
    (NormKind.NUMBER, compare_rules.volume_of_the_conclusion),
    (NormKind.NUMBER, compare_rules.labelled_numbers_of_the_conclusion),
    (NormKind.NUMBER, wording_rules.numbers),
    (NormKind.NUMBER, wording_rules.dates),
    (NormKind.RESIDUE, wording_rules.residue),
    (NormKind.CONCLUSION, choice_rules.denied),
    (NormKind.CONCLUSION, category_rules.outdated),
    (NormKind.CONCLUSION, category_rules.differs_from_the_text),
    (NormKind.CONCLUSION, typed_category_rules.differs_from_the_findings),
    (NormKind.NUMBER, typed_category_rules.not_in_the_table),
    (NormKind.CONCLUSION, side_rules.worse_side),
    (NormKind.SIDE, side_rules.other_in_the_text),
    (NormKind.SIDE, side_rules.missing_in_the_conclusion),
    (NormKind.CONCLUSION, screening_rules.category_of_a_screening),
    (NormKind.PATIENT, prior_rules.doubted_prior),
    (NormKind.CONCLUSION, prior_rules.first_despite_a_prior),
    (NormKind.CONCLUSION, prior_rules.change_despite_sizes),
    (NormKind.CONCLUSION, prior_rules.unknown_comparison),
    (NormKind.CONCLUSION, link_rules.gone),
    (NormKind.NUMBER, link_rules.outdated),
    (NormKind.RESIDUE, link_rules.copied),
)
"""Every rule with the fault that indicator 3 counts it as (a size may also be a fault of unit)."""


def norm_faults(subject: NormSubject) -> tuple[NormFault, ...]:
    """Return everything that is wrong with a report, patient first, each words once."""
    text = ReportText.of(subject)
    found: dict[tuple[str, str, str], NormFault] = {}
    for _kind, rule in RULES:
        for fault in rule(text):
            found.setdefault((fault.rule, fault.target, fault.quote), fault)
    return tuple(found.values())


def open_faults(faults: tuple[NormFault, ...], overrides: tuple[NormOverride, ...]) -> tuple[NormFault, ...]:
    """Return the faults that nobody has answered for."""
    return tuple(fault for fault in faults if not any(override.covers(fault) for override in overrides))

"""Which report templates fit an examination, by its modality and the parts of the body that its words name."""

from __future__ import annotations

from collections.abc import Iterable

from workstation.domain.template import ReportTemplate


def fitting(templates: Iterable[ReportTemplate], modality: str, description: str) -> ReportTemplate | None:
    """
    Return the first template whose modality and body part both fit.

    A word inside a longer word of another template, of whatever modality, says nothing: a thoracic spine is no thorax.
    """
    known = tuple(templates)
    named = _named(description.upper(), known)
    of_modality = (one for one in known if modality in one.modalities)
    return next((one for one in of_modality if not one.body_parts or named.intersection(one.body_parts)), None)


def further(
    templates: Iterable[ReportTemplate], chosen: ReportTemplate, modality: str, description: str
) -> tuple[ReportTemplate, ...]:
    """
    Return the templates of parts that the words name and the chosen template does not cover: chest and abdomen in one.

    A template that the chosen one specialises, as its identifier tells (``ct-chest`` of ``ct-chest-nodule``), is none.
    """
    known = tuple(templates)
    left, found = _named(description.upper(), known).difference(chosen.body_parts), []
    for one in known:
        is_general = chosen.template_id.startswith(f"{one.template_id}-")
        if modality in one.modalities and left.intersection(one.body_parts) and not is_general:
            left = left.difference(one.body_parts)
            found.append(one)
    return tuple(found) if chosen.body_parts else ()


def _named(words: str, templates: Iterable[ReportTemplate]) -> frozenset[str]:
    """Return the parts that stand in the words, those left out that stand within a longer one only."""
    parts = {part for one in templates for part in one.body_parts}
    spans = [(part, at, at + len(part)) for part in parts for at in range(len(words)) if words.startswith(part, at)]
    return frozenset(
        part
        for part, start, end in spans
        if not any(low <= start and end <= high and (low, high) != (start, end) for _, low, high in spans)
    )

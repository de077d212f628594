"""
Rules that hold the nodules of the table, as the reader coded them, against what the texts tell of nodules.

The words of the table count as findings for every other rule, so that a text that contradicts the table proves itself
there; here both are held apart. A text may tell of more nodules than the table has, and of fewer. A place is only told
where a nodule of the text can be none of the table and a nodule of the table is told nowhere: the one is the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workstation.domain.norm.nodule_rules import density_of_the_conclusion
from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.text_rules import lobe_of_the_conclusion, side_of_the_conclusion
from workstation.domain.norm.told_nodules import ToldNodule, told_nodules
from workstation.domain.norm.values import NormFault, NormKind, NormNodule
from workstation.domain.norm.words import BOTH, Reading


def places_of_the_table(text: ReportText) -> Iterator[NormFault]:
    """A nodule that the table has in the right lung is not told as one of the left, nor of another lobe."""
    nodules = text.subject.nodules
    if not nodules:
        return
    found, concluded = _told(text, text.findings), _told(text, text.impression)
    known = {one.quote for rule in (side_of_the_conclusion, lobe_of_the_conclusion) for one in rule(text)}
    for scope, told_in in ((found, found), (concluded, (*found, *concluded))):
        for one in scope:
            if not one.is_certain or one.sentence in known or any(one.place.holds(each) for each in nodules):
                continue
            untold = [
                each
                for each in nodules
                if one.fits_size(each) and not any(other.place.holds(each) for other in told_in)
            ]
            if untold:
                wrong_side = untold[0].side not in one.place.sides and bool(one.place.sides)
                rule = "nodule_side_in_text" if wrong_side else "nodule_lobe_in_text"
                kind = NormKind.SIDE if wrong_side else NormKind.PART
                yield NormFault(kind, rule, one.field, one.clause, untold[0].words)


def lobes_left_open(text: ReportText) -> Iterator[NormFault]:
    """A lobe that the text tells of a nodule stands in the table, too: the coded objects carry the table alone."""
    placed = [one for one in text.subject.nodules if one.lobe]
    waiting = [one for one in text.subject.nodules if not one.lobe]
    if not waiting:
        return
    asked: set[tuple[frozenset[str], frozenset[str]]] = set()
    for one in _told(text, (*text.findings, *text.impression)):
        where = (one.place.sides, one.place.lobes)
        is_told = one.is_certain and one.place.is_exact and where not in asked
        if not is_told or any(one.place.holds(each) for each in placed):
            continue
        fitting = [each for each in waiting if one.fits_size(each)]
        if fitting:
            asked.add(where)
            waiting.remove(fitting[0])
            yield NormFault(NormKind.PART, "nodule_without_lobe", fitting[0].finding, fitting[0].name, one.clause)


def densities_of_the_table(text: ReportText) -> Iterator[NormFault]:
    """A solid nodule of the table is not told as a ground-glass one."""
    nodules = text.subject.nodules
    if not nodules:
        return
    told = [one for one in _told(text, (*text.findings, *text.impression)) if one.is_certain and one.density]
    known = [one.quote for one in density_of_the_conclusion(text)]
    for nodule in nodules:
        about = [one for one in told if one.may_mean(nodule) and _is_of_one(one, nodules)] if nodule.density else []
        if not about or any(one.density == nodule.density for one in about):
            continue
        others = [each for each in nodules if each is not nodule]
        for one in about:
            is_others = any(one.may_mean(each) and each.density in {"", one.density} for each in others)
            if not is_others and not any(quote in one.clause for quote in known):
                yield NormFault(NormKind.CONCLUSION, "nodule_density_in_text", one.field, one.clause, nodule.words)
                break


def _told(text: ReportText, readings: Sequence[Reading]) -> tuple[ToldNodule, ...]:
    """Return what the texts tell, without the words of the table itself."""
    tables = {one.table for one in text.subject.nodules}
    return told_nodules([one for one in readings if one.field.key not in tables], text.terms)


def _is_of_one(one: ToldNodule, nodules: Sequence[NormNodule]) -> bool:
    """Tell whether a text speaks of one nodule: by lobe or size, or of the only one; "scattered in both lungs" not."""
    if one.place.sides == BOTH and not one.sizes_mm:
        return False
    return one.place.is_exact or bool(one.sizes_mm) or len(nodules) == 1

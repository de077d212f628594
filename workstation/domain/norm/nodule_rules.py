"""Rules that keep one nodule apart from another: its size belongs to its side and lobe, and so does its density."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind
from workstation.domain.norm.words import Polarity, Reading, Size, lobes_in, rounds_to, sides_in


def sizes_of_their_places(text: ReportText) -> Iterator[NormFault]:
    """A size of the conclusion was measured on its side and in its lobe, not on the other nodule."""
    found = [size for reading in text.findings for size in reading.sizes]
    for reading in text.impression:
        for size in reading.sizes:
            same = [one for one in found if _is_same(one, size)]
            if same and (_all_elsewhere(text, size, same)):
                against = same[0].before.strip() + same[0].quote
                yield NormFault(NormKind.NUMBER, "size_of_conclusion", reading.field.key, size.quote, against)


def density_of_the_conclusion(text: ReportText) -> Iterator[NormFault]:
    """A ground-glass nodule of the findings is no solid one in the conclusion."""
    terms = text.terms
    told = {
        density
        for density in terms.names("densities")
        for reading in text.findings
        for sentence in reading.sentences
        if terms.pattern("densities", density).search(sentence) is not None
    }
    if not told or _is_open(text, text.findings):
        return
    for reading in text.impression:
        for sentence in reading.sentences:
            for density in terms.names("densities"):
                match = terms.pattern("densities", density).search(sentence)
                if match is not None and density not in told:
                    against = next(
                        words
                        for other in text.findings
                        for words in other.sentences
                        if any(terms.pattern("densities", one).search(words) for one in told)
                    )
                    yield NormFault(
                        NormKind.CONCLUSION, "density_of_conclusion", reading.field.key, match.group(0), against
                    )


def _is_open(text: ReportText, readings: tuple[Reading, ...]) -> bool:
    """Tell whether the findings name a nodule without its density, which may be any."""
    densities = [text.terms.pattern("densities", one) for one in text.terms.names("densities")]
    return any(
        mention.entity == "focal"
        and mention.polarity is not Polarity.NOT_SEEN
        and not any(density.search(mention.clause) for density in densities)
        for reading in readings
        for mention in reading.mentions
    )


def _is_same(one: Size, other: Size) -> bool:
    """Tell whether two sizes may be the same measurement."""
    return all(rounds_to(value, one.dimensions_mm) for value in other.dimensions_mm)


def _all_elsewhere(text: ReportText, size: Size, same: list[Size]) -> bool:
    """Tell whether every measurement of that size lies on another side, or in another lobe of that side."""
    terms = text.terms
    sides, lobes = _nearest(size, text)
    if len(sides) != 1:
        return False
    known = [_nearest(one, text) for one in same]
    if all(there and not there & sides for there, _lobes in known):
        return True
    here = [there for where, there in known if not where or where & sides]
    is_nodule = terms.pattern("nodule").search(size.before) is not None
    return is_nodule and bool(lobes and here) and all(there and not there & lobes for there in here)


def _nearest(size: Size, text: ReportText) -> tuple[frozenset[str], frozenset[str]]:
    """Return side and lobes that were named last before a size in its sentence."""
    terms = text.terms
    sides, lobes = frozenset[str](), frozenset[str]()
    start = 0
    ends = [match.start() for match in terms.pattern("clause_end").finditer(size.before)] + [len(size.before)]
    for end in ends:
        clause = size.before[start:end]
        here = sides_in(clause, terms)
        lobes = lobes_in(clause, terms) or (frozenset() if here else lobes)
        sides = here or sides
        start = end
    return sides, lobes

"""
Where the texts of a report say that a nodule of the lung lies, how large it is and of which density.

Read for one purpose, to be held against the nodules of the table: what leaves a place open means any place, and what is
told beside another nodule, of a former one or of another organ proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from workstation.domain.norm.values import NormNodule
from workstation.domain.norm.words import (
    BOTH,
    MILLIMETRES,
    Clause,
    Polarity,
    Reading,
    Terms,
    clauses,
    lobes_in,
    places_in,
    sides_in,
)

_SAME_MM: Final = 1.0
"""Two numbers of one nodule (an axis, a mean, a rounded size) differ by no more; others are another nodule's"""
_LINGULA: Final = "lingula"
_OF_A_LUNG: Final = frozenset({"lung", "pleura"})
_WITH_LOBES: Final = frozenset({"thyroid", "liver"})
_COMMA: Final = "，"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the lungs as words tell it; what is empty they leave open."""

    sides: frozenset[str]
    lobes: frozenset[str]

    def holds(self, nodule: NormNodule) -> bool:
        """Tell whether a nodule of the table may lie here; the lingula belongs to the left upper lobe."""
        if self.sides and nodule.side and nodule.side not in self.sides:
            return False
        lobes = {nodule.lobe, _LINGULA} if (nodule.side, nodule.lobe) == ("left", "upper") else {nodule.lobe}
        return not self.lobes or not nodule.lobe or bool(self.lobes & lobes)

    @property
    def is_exact(self) -> bool:
        """Tell whether it is one lobe or several of one side."""
        return bool(self.lobes) and len(self.sides) == 1


@dataclass(frozen=True, slots=True)
class ToldNodule:
    """
    A nodule as a text tells it; ``clause`` and ``sentence`` are its words.

    ``is_certain``: called a nodule, seen today, and not told as one more beside others. ``density`` is empty where the
    words do not say it, ``sizes_mm`` too.
    """

    field: str
    clause: str
    sentence: str
    place: Place
    sizes_mm: tuple[float, ...]
    density: str
    is_certain: bool

    def fits_size(self, nodule: NormNodule) -> bool:
        """Tell whether the sizes do not contradict."""
        pairs = [(here, there) for here in self.sizes_mm for there in nodule.sizes_mm]
        return not pairs or any(abs(here - there) <= _SAME_MM for here, there in pairs)

    def may_mean(self, nodule: NormNodule) -> bool:
        """Tell whether place and size leave it possible that this is a nodule of the table."""
        return self.place.holds(nodule) and self.fits_size(nodule)


def told_nodules(readings: Sequence[Reading], terms: Terms) -> tuple[ToldNodule, ...]:
    """Return what some fields tell of nodules of the lung and do not deny, in their order."""
    return tuple(
        told for reading in readings for sentence in reading.sentences for told in _of(reading, sentence, terms)
    )


def _of(reading: Reading, sentence: str, terms: Terms) -> Iterator[ToldNodule]:
    parts = tuple(clauses(sentence, terms))
    nodular = terms.pattern("coded", "nodular")
    about = frozenset[str]()
    for at, clause in enumerate(parts):
        about = _organs(clause, terms) or about
        matches = [] if _is_elsewhere(clause, about, terms) else list(nodular.finditer(clause.text))
        place: Place | None = None
        ends = [0, *(match.end() for match in matches)]
        starts = [*(match.start() for match in matches[1:]), len(clause.text)]
        for match, begin, end in zip(matches, ends, starts, strict=False):
            before, after = clause.text[begin : match.start()], clause.text[match.end() : end]
            place = _place(clause, match, before, after, terms) or place or _open_place(clause, sentence, terms)
            polarity = clause.polarity(match, terms)
            if polarity is Polarity.NOT_SEEN:
                continue
            behind = after if end < len(clause.text) else _COMMA.join([after, *_going_on(parts[at + 1 :], terms)])
            yield ToldNodule(
                reading.field.key,
                clause.text,
                sentence,
                place,
                _sizes(before, terms) or _sizes(behind, terms),
                _density(f"{before}{match.group()}", terms) or _density_behind(behind, terms),
                polarity is Polarity.SEEN
                and terms.pattern("coded", "named").match(clause.text, match.start()) is not None
                and terms.pattern("coded", "more").search(clause.text[: match.start()]) is None
                and terms.pattern("coded", "gone").search(clause.text) is None,
            )


def _place(clause: Clause, match: re.Match[str], before: str, after: str, terms: Terms) -> Place | None:
    """
    Return the place in the words between the nodule before it and this one, or in those behind it ("nodule in the …").

    Where a list names both sides ("right upper and left lower nodules") all of its lobes count for both.
    """
    behind = Place(sides_in(after, terms), _lobes(after, terms))
    if terms.pattern("coded", "behind").match(after) and (behind.sides or behind.lobes):
        return behind
    sides = sides_in(before, terms)
    if sides != BOTH:
        lobes = _lobes(before, terms)
        return Place(sides or clause.sides_of(match, terms), lobes) if sides or lobes else None
    nearest = clause.sides_of(match, terms)
    last = max((one.start() for side in nearest for one in terms.pattern("sides", side).finditer(before)), default=0)
    return Place(nearest, _lobes(before if nearest == BOTH else before[last:], terms))


def _open_place(clause: Clause, sentence: str, terms: Terms) -> Place:
    """Return the place that clause or, in English, sentence are about: "nodule, left upper lobe"."""
    place = Place(clause.sides, clause.lobes | _lobes(clause.text, terms))
    if terms.raw["side_follows"] and not place.sides:
        return Place(sides_in(sentence, terms), place.lobes or _lobes(sentence, terms))
    return place


def _lobes(words: str, terms: Terms) -> frozenset[str]:
    """Return the lobes that words name, also where several share one word ("upper and middle lobes")."""
    names = terms.raw["coded"]["listed_names"]
    lists = (match.group() for match in terms.pattern("coded", "listed").finditer(words))
    return lobes_in(words, terms).union(*({lobe for lobe, name in names.items() if name in one} for one in lists))


def _organs(clause: Clause, terms: Terms) -> frozenset[str]:
    organs = {one for one in terms.names("organs") if terms.pattern("organs", one, "words").search(clause.text)}
    return places_in(clause.text, terms) | organs


def _is_elsewhere(clause: Clause, about: frozenset[str], terms: Terms) -> bool:
    """Tell whether a clause is about another organ than a lung: a rib, a lymph node, or one that has lobes as well."""
    return not lobes_in(clause.text, terms) and bool(about) and (not about & _OF_A_LUNG or bool(about & _WITH_LOBES))


def _going_on(parts: Sequence[Clause], terms: Terms) -> Iterator[str]:
    """Yield the clauses behind that go on about it: they name no other nodule, side or lobe."""
    for part in parts:
        if (
            terms.pattern("coded", "nodular").search(part.text)
            or sides_in(part.text, terms)
            or _lobes(part.text, terms)
        ):
            return
        yield part.text


def _sizes(words: str, terms: Terms) -> tuple[float, ...]:
    found = []
    for match in terms.pattern("size").finditer(words):
        *numbers, unit = match.groups()
        found += [float(number) * MILLIMETRES[unit.lower()] for number in numbers if number is not None]
    return tuple(found)


def _density(words: str, terms: Terms) -> str:
    """Return the density that words name last, empty for none."""
    found = [
        (match.end(), name)
        for name in terms.raw["coded"]["density"]
        for match in terms.pattern("coded", "density", name).finditer(words)
    ]
    return max(found, default=(0, ""))[1]


def _density_behind(words: str, terms: Terms) -> str:
    """Return the density that is said of it behind its name: "nodule, which is ground-glass"; a halo is none."""
    becomes = terms.pattern("coded", "becomes")
    found = (
        (name, part[: match.start()])
        for part in words.split(_COMMA)
        for name in terms.raw["coded"]["density"]
        if (match := terms.pattern("coded", "density", name).search(part)) is not None
    )
    return next((name for name, before in found if becomes.match(before)), "")

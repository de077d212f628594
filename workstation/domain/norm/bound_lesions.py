"""
Which of the things that the findings describe a "lesion" of the conclusion may mean.

A lesion may be anything. But where the findings name one themselves, a conclusion that gives it a lobe, a size or a
suspicious category means no streak, cyst or calcification that was only described beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from workstation.domain.categories.values import Scheme
from workstation.domain.norm.category_rules import in_sentence
from workstation.domain.norm.words import Mention, Terms, places_in, sides_in, split

_SUSPICIOUS: Final = ("4", "5", "6")


def may_be_meant(one: Mention, concluded: Mention, named: Iterable[Mention], terms: Terms) -> bool:
    """Tell whether ``one`` of the findings may be what is ``concluded``; ``named`` are those that bear its name."""
    bound = terms.raw["entities"][concluded.entity].get("bound")
    lesions = [other for other in named if other.entity == concluded.entity]
    if bound is None or not lesions or one.entity == concluded.entity:
        return True
    if concluded.lobes and all(other.lobes for other in lesions) and not one.lobes & concluded.lobes:
        return bool(terms.pattern("entities", concluded.entity, "bound", "segments").search(one.clause))
    said = _about(concluded, terms)
    is_suspicious = _is_suspicious(said, terms)
    if is_suspicious and terms.pattern("entities", concluded.entity, "bound", "plain").search(one.clause) is not None:
        return False
    size = terms.pattern("size")
    is_measured = all(size.search(_about(other, terms)) is not None for other in lesions)
    is_bound = is_suspicious or size.search(said) is not None
    return not (is_bound and is_measured) or size.search(_about(one, terms)) is not None


def _about(mention: Mention, terms: Terms) -> str:
    """Return the clause of a mention and those behind it that go on about it: they name no side and no other part."""
    parts = split(mention.quote[mention.quote.index(mention.clause) :], terms.pattern("clause_end"))
    told = [mention.clause]
    for part in parts[1:]:
        if sides_in(part, terms) or places_in(part, terms):
            break
        told.append(part)
    return "，".join(told)


def _is_suspicious(words: str, terms: Terms) -> bool:
    return any(said.value.startswith(_SUSPICIOUS) for scheme in Scheme for said in in_sentence(words, scheme, terms))

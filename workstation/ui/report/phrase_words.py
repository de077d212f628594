"""Whose a phrase is, in a word."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.phrase import Phrase


def whose(phrase: Phrase) -> str:
    """Return who wrote a phrase: the reader, the hospital, the alliance or the product."""
    if phrase.shared:
        return tr("hospital") if phrase.site_id else tr("alliance")
    return tr("shipped") if phrase.shipped else tr("own")

"""Rules that hold "first examination" and "no prior" against the priors that the case is known to have."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind


def first_despite_a_prior(text: ReportText) -> Iterator[NormFault]:
    """
    Nobody calls an examination the first of its kind, or says that nothing is there to compare with, beside a prior.

    A sentence that compares, or that names a day, may tell of a first examination of then.
    """
    priors = text.subject.priors
    if not priors:
        return
    against = next((one.words for one in priors if one.is_reported), priors[0].words)
    for choice in text.subject.firsts:
        yield NormFault(NormKind.CONCLUSION, "first_despite_prior", choice.field, choice.quote, against)
    terms = text.terms
    for reading in text.everything:
        for sentence in reading.sentences:
            said = terms.pattern("no_prior").search(sentence)
            is_of_then = any(terms.pattern(one).search(sentence) for one in ("former_film", "date"))
            said = said or (None if is_of_then else terms.pattern("first_examination").search(sentence))
            if said is not None:
                quote = said.group(0).strip()
                yield NormFault(NormKind.CONCLUSION, "first_despite_prior", reading.field.key, quote, against)

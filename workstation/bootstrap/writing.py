"""What helps one person write reports: phrases, former reports."""

from __future__ import annotations

from workstation.bootstrap.adapters import Hub, LocalStorage
from workstation.bootstrap.templates import templates_at_hand
from workstation.exchange.paper.pdf_pages import pdf_words
from workstation.services.phrase_service import PhraseBook
from workstation.services.prior_service import ComparePriors
from workstation.ui.report.aids import WritingAids


def writing_aids(hub: Hub, storage: LocalStorage) -> WritingAids:
    """Join what helps one write; no recogniser of speech is part of the product."""
    priors = ComparePriors(
        hub.priors, hub.images, hub.reports, templates_at_hand(storage.documents), hub.audit, pdf_words
    )
    return WritingAids(PhraseBook(storage.phrases), priors)

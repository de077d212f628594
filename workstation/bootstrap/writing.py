"""What helps one person write reports: phrases, former reports."""

from __future__ import annotations

from collections.abc import Callable

from workstation.bootstrap.adapters import Hub, LocalStorage
from workstation.bootstrap.templates import templates_at_hand
from workstation.domain.shared_document import DocumentKind
from workstation.exchange.paper.pdf_pages import pdf_words
from workstation.exchange.templates.shared_phrases import shared_phrases
from workstation.services.phrase_service import PhraseBook
from workstation.services.prior_service import ComparePriors
from workstation.ui.report.aids import WritingAids


def writing_aids(hub: Hub, storage: LocalStorage, site_id: Callable[[], str]) -> WritingAids:
    """Join what helps one write on a case of a site; no recogniser of speech is part of the product."""
    priors = ComparePriors(
        hub.priors, hub.images, hub.reports, templates_at_hand(storage.documents), hub.audit, pdf_words
    )
    shared = shared_phrases(storage.documents.of_kind(DocumentKind.PHRASES))
    return WritingAids(PhraseBook(storage.phrases, lambda: shared, site_id), priors)

"""What helps one person write reports: phrases, former reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workstation.bootstrap.adapters import Hub, LocalStorage
from workstation.bootstrap.templates import live_templates
from workstation.domain.phrase import Phrase
from workstation.domain.shared_document import DocumentKind, KnownDocuments
from workstation.exchange.paper.pdf_pages import pdf_words
from workstation.exchange.templates.shared_phrases import shared_phrases
from workstation.services.phrase_service import PhraseBook
from workstation.services.prior_service import ComparePriors
from workstation.ui.report.aids import WritingAids


def writing_aids(hub: Hub, storage: LocalStorage, site_id: Callable[[], str]) -> WritingAids:
    """Join what helps one write on a case of a site; no recogniser of speech is part of the product."""
    priors = ComparePriors(hub.priors, hub.images, hub.reports, live_templates(storage.documents), hub.audit, pdf_words)

    read: list[tuple[KnownDocuments, Sequence[Phrase]]] = []

    def shared() -> Sequence[Phrase]:
        known = storage.documents.known
        if not read or read[0][0] is not known:  # checked by whoever fetched them
            read[:] = [(known, shared_phrases(known.of_kind(DocumentKind.PHRASES)))]
        return read[0][1]

    return WritingAids(PhraseBook(storage.phrases, shared, site_id), priors)

"""What the hub has taken is told as taken, whatever happens to the line afterwards."""

from __future__ import annotations

import pytest

from tests.helpers.shared_documents import FakeHubDocuments
from workstation.domain.errors import NoLongerUpdatable, Unreachable
from workstation.domain.shared_document import DocumentKey, DocumentKind
from workstation.exchange.site_documents import blank_document, document_problems
from workstation.services.site_documents import EditDocuments, OpenDocument

PHRASES = DocumentKey(DocumentKind.PHRASES, "phrases")


def silent() -> object:
    raise Unreachable("The hub does not answer")


def test_a_document_that_the_hub_took_is_published_although_the_line_broke_right_after() -> None:
    hub = FakeHubDocuments()
    acts = EditDocuments(hub, blank_document, document_problems, silent)

    info = acts.publish(OpenDocument(PHRASES, None, {}), {"phrases": []})

    assert info.revision == 1
    assert len(hub.versions[PHRASES]) == 1


def test_a_document_that_the_hub_let_go_is_withdrawn_although_the_line_broke_right_after() -> None:
    hub = FakeHubDocuments()
    acts = EditDocuments(hub, blank_document, document_problems, silent)
    info = acts.publish(OpenDocument(PHRASES, None, {}), {"phrases": []})

    acts.withdraw(OpenDocument(PHRASES, info, {"phrases": []}))

    assert hub.versions[PHRASES][-1].info.withdrawn


def test_a_document_that_the_hub_did_not_take_is_told_as_failed() -> None:
    hub = FakeHubDocuments()
    acts = EditDocuments(hub, blank_document, document_problems, lambda: None)
    acts.publish(OpenDocument(PHRASES, None, {}), {"phrases": []})

    with pytest.raises(NoLongerUpdatable):
        acts.publish(OpenDocument(PHRASES, None, {}), {"phrases": []})
    hub.trouble = Unreachable("The hub does not answer")
    with pytest.raises(Unreachable):
        acts.publish(OpenDocument(PHRASES, None, {}), {"phrases": []})

"""The documents that a hub gives to the sites: their judges, what this machine keeps, ``lianyue documents``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from resources.translation import tr
from workstation.bootstrap.adapters import Hub, connect
from workstation.bootstrap.console import password_for
from workstation.dicom.recognition import parse_recognition_policy
from workstation.dicom.scanner_charsets import parse_scanner_charsets
from workstation.domain.errors import TemplateViolation
from workstation.domain.shared_document import (
    CHARSETS_NAME,
    LETTERHEAD_NAME,
    PHRASES_NAME,
    POLICY_NAME,
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    JudgedDocument,
    Judges,
    KnownDocuments,
)
from workstation.exchange.paper.letterheads import packed_letterhead, unpacked_letterhead
from workstation.exchange.templates.library import parse_template
from workstation.exchange.templates.problems import require_usable
from workstation.exchange.templates.shared_phrases import parse_shared_phrases, shared_phrases
from workstation.services.shared_documents import DocumentsAtHand, FetchDocuments, documents_at_sign_in
from workstation.services.uid import SystemClock
from workstation.storage.shared_documents import DocumentCache, cache_folder

PATIENCE_S: Final = 4.0
"""So long a sign-in waits for the hub's documents."""


def hub_judges() -> Judges:
    """Return who says at a hub what a document is: the same code that a workstation reads it with."""
    return MappingProxyType(
        {
            DocumentKind.TEMPLATE: _template,
            DocumentKind.LETTERHEAD: _letterhead,
            DocumentKind.RECOGNITION_POLICY: _policy,
            DocumentKind.PHRASES: _phrases,
            DocumentKind.SCANNER_CHARSETS: _charsets,
        }
    )


def fetch_documents(hub: Hub, data_dir: Path) -> FetchDocuments:
    """Return what brings a hub's documents to this machine."""
    return FetchDocuments(hub.documents, DocumentCache(cache_folder(data_dir, hub.client.url)), SystemClock())


def documents_at_hand(hub: Hub, data_dir: Path) -> DocumentsAtHand:
    """Return what the hub gives to its sites, from the hub or as kept on this machine; phrases are read already."""
    at_hand = documents_at_sign_in(fetch_documents(hub, data_dir), PATIENCE_S)
    shared_phrases(at_hand.known.of_kind(DocumentKind.PHRASES))
    return at_hand


def read_ahead(fetch: Callable[[], KnownDocuments]) -> Callable[[], KnownDocuments]:
    """Return what fetches and reads the phrases in the same job: checking them takes longer than a keystroke may."""

    def fetch_and_read() -> KnownDocuments:
        known = fetch()
        shared_phrases(known.of_kind(DocumentKind.PHRASES))
        return known

    return fetch_and_read


def _template(content: str) -> JudgedDocument:
    template = parse_template(content, "template")
    require_usable(json.loads(content), template.template_id)
    return JudgedDocument(template.template_id, template.version)


def _letterhead(content: str) -> JudgedDocument:
    unpacked_letterhead(content, "letterhead")
    return JudgedDocument(LETTERHEAD_NAME, "")


def _policy(content: str) -> JudgedDocument:
    return JudgedDocument(POLICY_NAME, parse_recognition_policy(content, "policy").version)


def _phrases(content: str) -> JudgedDocument:
    parse_shared_phrases(content, PHRASES_NAME)
    return JudgedDocument(PHRASES_NAME, "")


def _charsets(content: str) -> JudgedDocument:
    parse_scanner_charsets(content, CHARSETS_NAME)
    return JudgedDocument(CHARSETS_NAME, "")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise TemplateViolation(tr("{path} cannot be read", path=path), detail=type(exc).__name__) from exc


_READ: Final[dict[DocumentKind, Callable[[Path], str]]] = {
    DocumentKind.TEMPLATE: _text,
    DocumentKind.LETTERHEAD: packed_letterhead,
    DocumentKind.RECOGNITION_POLICY: _text,
    DocumentKind.PHRASES: _text,
    DocumentKind.SCANNER_CHARSETS: _text,
}


def run_documents_command(options: argparse.Namespace) -> int:
    """List the documents of a hub with their versions, publish a file, withdraw one."""
    with connect(options.hub) as hub:
        hub.session.sign_in(options.user, password_for(options.user, options.hub))
        try:
            known = {one.key: one for one in hub.documents.all()}
            if options.action == "list":
                for info in known.values():
                    print(_line(info))
                return 0
            kind = DocumentKind(options.kind)
            if options.item is None:
                raise TemplateViolation(tr("Name what is meant"), hint="lianyue documents publish letterhead FILE.json")
            if options.action == "publish":
                content = _READ[kind](options.item)
                key = DocumentKey(kind, hub_judges()[kind](content).name, options.site)
                print(_line(hub.documents.put(key, content, follows=known.get(key))))
                return 0
            key = DocumentKey(kind, str(options.item), options.site)
            if key not in known:
                raise TemplateViolation(tr("The hub has no such document"), hint="lianyue documents list")
            print(_line(hub.documents.withdraw(known[key])))
        finally:
            hub.session.sign_out()
    return 0


def _line(info: DocumentInfo) -> str:
    at = info.changed_at.astimezone().isoformat(timespec="minutes")
    mark = "withdrawn" if info.withdrawn else info.version or "-"
    named = f"{info.key.kind:20} {info.key.site_id or '*':12} {info.key.name:20}"
    return f"{named} {mark:10} r{info.revision} {at} {info.changed_by}"

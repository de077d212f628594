"""Editing what the hub gives every site: read as it is in force, checked, published over exactly what was seen."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workstation.domain.access import Actor, Permission
from workstation.domain.errors import WorkstationError
from workstation.domain.shared_document import (
    NAMES,
    DocumentInfo,
    DocumentKey,
    DocumentKind,
    SharedDocumentPort,
    differences,
)
from workstation.domain.site import Site
from workstation.domain.template_draft import Draft, TemplateProblem, next_version

EDITORS = {
    DocumentKind.LETTERHEAD: Permission.MANAGE_LETTERHEADS,
    DocumentKind.RECOGNITION_POLICY: Permission.MANAGE_LETTERHEADS,
    DocumentKind.PHRASES: Permission.SET_REPORT_POLICY,
    DocumentKind.SCANNER_CHARSETS: Permission.MANAGE_LETTERHEADS,
}
"""Who may change what; the hub decides the same once more"""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document that there is or could be; ``info`` None: the hub has none, what ships holds."""

    key: DocumentKey
    site_name: str
    info: DocumentInfo | None


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document as it was read: whoever publishes does so over ``info`` and nothing else."""

    key: DocumentKey
    info: DocumentInfo | None
    draft: Draft


@dataclass(frozen=True, slots=True)
class EditDocuments:
    """The acts of the page of shared documents. Each may raise NotPermitted, Unreachable, Refused."""

    hub: SharedDocumentPort
    blank: Callable[[DocumentKind], Draft]
    check: Callable[[DocumentKind, Draft], Sequence[TemplateProblem]]
    refetch: Callable[[], object]
    """Brings the hub's documents here again"""

    def entries(self) -> tuple[DocumentEntry, ...]:
        """Return what there is or could be: of each kind for all sites, then for each."""
        known = {one.key: one for one in self.hub.all()}
        found: list[DocumentEntry] = []
        for kind, name in NAMES.items():
            own = [] if kind is DocumentKind.RECOGNITION_POLICY else list(self.hub.sites())
            for site in (Site("", ""), *own):
                key = DocumentKey(kind, name, site.site_id)
                found.append(DocumentEntry(key, site.name, known.get(key)))
        return tuple(found)

    def open(self, entry: DocumentEntry) -> OpenDocument:
        """Return what is in force now, or what a new one begins with. Raises IntegrityMismatch for damaged bytes."""
        info = next((one for one in self.hub.all() if one.key == entry.key), None)
        if info is None:
            return OpenDocument(entry.key, None, self.blank(entry.key.kind))
        read = self.hub.read(entry.key, info.revision)
        return OpenDocument(entry.key, read.info, json.loads(read.content))

    def publish(self, document: OpenDocument, draft: Draft) -> DocumentInfo:
        """
        Publish a draft over the document that was opened, and nothing else.

        Raises NoLongerUpdatable where another one came meanwhile, TemplateViolation where the hub refuses it.
        """
        content = json.dumps(draft, ensure_ascii=False, indent=1) + "\n"
        info = self.hub.put(document.key, content, follows=document.info)
        self._fetch_again()
        return info

    def withdraw(self, document: OpenDocument) -> None:
        """Let a document hold no longer. Raises NoLongerUpdatable."""
        if document.info is not None:
            self.hub.withdraw(document.info)
            self._fetch_again()

    def _fetch_again(self) -> None:
        """Bring the documents here if the hub answers: it has taken the act, and is asked again later anyway."""
        with contextlib.suppress(WorkstationError):
            self.refetch()


def may_edit(actor: Actor | None, kind: DocumentKind) -> bool:
    """Tell whether somebody may change documents of a kind."""
    return actor is not None and actor.may(EDITORS[kind])


def with_next_version(document: OpenDocument, draft: Draft) -> Draft:
    """Return a changed draft under a version of its own: reports name the one that they were judged by."""
    in_force = str(document.draft.get("version", ""))
    if not in_force or draft.get("version") != in_force or draft == document.draft:
        return draft
    return {**draft, "version": next_version(in_force)}


def changes(document: OpenDocument, draft: Draft) -> tuple[tuple[str, str, str], ...]:
    """Return where a draft differs from what was opened: place, draft, document; a logo is not spelled out."""
    return tuple(
        (place, *(("…", "…") if place == "logo_png" else (mine, theirs)))
        for place, mine, theirs in differences(draft, document.draft)
    )

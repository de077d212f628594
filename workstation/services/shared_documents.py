"""Bringing the hub's documents to this machine, and a draft of this machine to the hub."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from workstation.domain.errors import WorkstationError
from workstation.domain.ports import Clock
from workstation.domain.shared_document import (
    DocumentCachePort,
    KnownDocuments,
    SharedDocument,
    SharedDocumentPort,
)


@dataclass(frozen=True, slots=True)
class FetchDocuments:
    """Fetches what changed; what did not is taken from this machine."""

    hub: SharedDocumentPort
    cache: DocumentCachePort
    clock: Clock

    def __call__(self) -> KnownDocuments:
        """
        Return and keep what the hub has now.

        Raises Unreachable, Refused, NotPermitted, IntegrityMismatch, DiskFull, StorageError; what was kept stays.
        """
        kept = {(one.info.key, one.info.revision, one.info.sha256): one for one in self.cache.load().documents}
        found: list[SharedDocument] = []
        for info in self.hub.all():
            here = kept.get((info.key, info.revision, info.sha256))
            found.append(here if here is not None else self.hub.read(info.key, info.revision))
        known = KnownDocuments(tuple(found), self.clock.now())
        self.cache.keep(known)
        return known


@dataclass(frozen=True, slots=True)
class DocumentsAtHand:
    """What a person works with from sign-in to sign-out; ``trouble`` says why it is not what the hub has now."""

    known: KnownDocuments = field(default_factory=KnownDocuments)
    trouble: WorkstationError | None = None
    is_late: bool = False
    """The hub had not answered in time; what it says is kept for the next sign-in."""

    @property
    def is_stale(self) -> bool:
        """Tell whether the hub may have newer ones."""
        return self.trouble is not None or self.is_late


def documents_at_sign_in(fetch: FetchDocuments, patience_s: float) -> DocumentsAtHand:
    """
    Return the hub's documents, or after ``patience_s`` those that this machine has: nobody waits to work.

    A fetch that takes longer goes on and keeps what it brings for the next time.
    """
    done: list[DocumentsAtHand] = []

    def work() -> None:
        try:
            done.append(DocumentsAtHand(fetch()))
        except WorkstationError as error:
            done.append(DocumentsAtHand(_kept(fetch.cache), error))

    thread = threading.Thread(target=work, name="documents", daemon=True)
    thread.start()
    thread.join(patience_s)
    return done[0] if done else DocumentsAtHand(_kept(fetch.cache), is_late=True)


def _kept(cache: DocumentCachePort) -> KnownDocuments:
    try:
        return cache.load()
    except WorkstationError:
        return KnownDocuments()

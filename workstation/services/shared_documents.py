"""Bringing the hub's documents to this machine, and a draft of this machine to the hub."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from workstation.domain.errors import WorkstationError
from workstation.domain.ports import Clock
from workstation.domain.shared_document import (
    DocumentCachePort,
    DocumentInfo,
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


class DocumentsInUse:
    """
    The documents that new reports begin with; exchanged between reports only, by whoever knows that none is open.

    What was in use before stays known: a draft goes on in the version of a template that it was begun with.
    """

    def __init__(self, known: KnownDocuments | None = None) -> None:
        self.known = known if known is not None else KnownDocuments()
        self.former: tuple[SharedDocument, ...] = ()

    def take(self, known: KnownDocuments) -> None:
        """Let new reports begin with these."""
        now = set(known.documents)
        self.former = (*(one for one in self.known.documents if one not in now), *self.former)
        self.known = known

    def newer(self, known: KnownDocuments) -> tuple[DocumentInfo, ...]:
        """Return which of these, or which that are no longer there, differ from those in use."""
        mine = {one.info.key: one.info for one in self.known.documents}
        theirs = {one.info.key: one.info for one in known.documents}
        changed = [info for key, info in theirs.items() if mine.get(key) != info]
        return (*changed, *(info for key, info in mine.items() if key not in theirs))


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

"""What an alliance brings of its own for the printed report: letterheads and the policy of mutual recognition."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from workstation.dicom.recognition import parse_recognition_policy, policy_in_force
from workstation.domain.errors import TemplateViolation
from workstation.domain.letterhead import Letterhead
from workstation.domain.mutual_recognition import RecognitionPolicy
from workstation.domain.shared_document import POLICY_NAME, DocumentKey, DocumentKind, KnownDocuments
from workstation.exchange.paper.letterheads import LetterheadFolder, Letterheads, SharedLetterheads
from workstation.services.shared_documents import DocumentsInUse
from workstation.storage.data_dir import default_data_dir

_LOG: Final = logging.getLogger(__name__)
_NOTHING: Final = KnownDocuments()


def site_letterheads(known: KnownDocuments = _NOTHING, data_dir: Path | None = None) -> Letterheads:
    """Return the hub's letterheads; where it has none those in ``letterheads`` of the data folder, if any."""
    own = LetterheadFolder((data_dir or default_data_dir()) / "letterheads")
    return SharedLetterheads(known.of_kind(DocumentKind.LETTERHEAD), own)


def recognition_policy(known: KnownDocuments = _NOTHING, data_dir: Path | None = None) -> RecognitionPolicy:
    """
    Return the hub's policy, else ``recognition.json`` of the data folder, else the shipped one.

    A broken one keeps nobody from work: reports print the policy they were judged by, so nobody takes another
    for the alliance's own.
    """
    shared = known.find(DocumentKey(DocumentKind.RECOGNITION_POLICY, POLICY_NAME))
    try:
        if shared is not None:
            return parse_recognition_policy(shared.content, POLICY_NAME)
        return policy_in_force((data_dir or default_data_dir()) / "recognition.json")
    except TemplateViolation as exc:
        _LOG.warning("%s; the shipped policy holds", exc.detail)
        return policy_in_force()


class LiveLetterheads:
    """Implements Letterheads over the documents in use, which may be exchanged between two reports."""

    def __init__(self, in_use: DocumentsInUse, data_dir: Path | None = None) -> None:
        self._in_use, self._data_dir = in_use, data_dir
        self._of: KnownDocuments | None = None
        self._heads = site_letterheads(data_dir=data_dir)

    def for_site(self, site_id: str) -> Letterhead:
        """Return the letterhead of a site. Raises TemplateViolation only where the shipped one is damaged."""
        known = self._in_use.known
        if known is not self._of:
            self._of, self._heads = known, site_letterheads(known, self._data_dir)
        return self._heads.for_site(site_id)


def live_policy(in_use: DocumentsInUse, data_dir: Path | None = None) -> Callable[[], RecognitionPolicy]:
    """Return what gives the policy of the documents in use."""
    read: dict[int, tuple[KnownDocuments, RecognitionPolicy]] = {}

    def policy() -> RecognitionPolicy:
        known = in_use.known
        if id(known) not in read:
            read.clear()
            read[id(known)] = (known, recognition_policy(known, data_dir))
        return read[id(known)][1]

    policy()  # a broken one is told at sign-in
    return policy

"""What the hub gives every site: report templates, letterheads, rules of recognition, phrases, character sets."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from workstation.domain.site import Site

EVERY_SITE: Final = ""
"""The scope of what holds for the whole alliance."""
LETTERHEAD_NAME: Final = "letterhead"
POLICY_NAME: Final = "policy"
PHRASES_NAME: Final = "phrases"
CHARSETS_NAME: Final = "charsets"

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ACTIVE: Final = re.compile(
    r"<\s*(?:/\s*)?(?:script|iframe|object|embed|applet|svg|math|link|meta|img|form|style|base)\b"
    r"|\bon[a-z]{3,}\s*=|\b(?:java|vb)script\s*:|\bdata\s*:\s*text/html|<!--|<!\[CDATA\[|<\?",
    re.IGNORECASE,
)
"""No two repeats of it can take up the same signs, so that its time grows with the text alone."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class DocumentKind(StrEnum):
    """The kinds of documents that sites share."""

    TEMPLATE = "template"
    LETTERHEAD = "letterhead"
    RECOGNITION_POLICY = "recognition_policy"
    PHRASES = "phrases"
    SCANNER_CHARSETS = "scanner_charsets"
    """What the text of mislabelled scanners is read as"""


NAMES: Final = {
    DocumentKind.LETTERHEAD: LETTERHEAD_NAME,
    DocumentKind.RECOGNITION_POLICY: POLICY_NAME,
    DocumentKind.PHRASES: PHRASES_NAME,
    DocumentKind.SCANNER_CHARSETS: CHARSETS_NAME,
}
"""Kinds of which a site has one, and its name; templates have many"""


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Names a document; ``site_id`` is empty for what holds at every site. ValueError for a name that is none."""

    kind: DocumentKind
    name: str
    site_id: str = EVERY_SITE

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a document is named by letters, digits, dash and underscore")
        if self.kind is DocumentKind.RECOGNITION_POLICY and self.site_id:
            raise ValueError("the policy of mutual recognition holds for the whole alliance")


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """
    One version of a document; ``revision`` counts from 1 and names it, ``version`` is what it says of itself.

    ``sha256`` covers the UTF-8 bytes of the content. ``withdrawn`` tells that it no longer holds anywhere.
    """

    key: DocumentKey
    revision: int
    version: str
    sha256: str
    changed_at: datetime
    changed_by: str
    withdrawn: bool = False

    @property
    def tag(self) -> str:
        """Return the entity tag that a change has to name (RFC 9110, 8.8.3)."""
        return f'"{self.revision}.{self.sha256}"'


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A version with its content, which is JSON text. ValueError where the content is not what was promised."""

    info: DocumentInfo
    content: str

    def __post_init__(self) -> None:
        if digest_of(self.content) != self.info.sha256:
            raise ValueError(f"the content of {self.info.key.name} does not have its digest")


@dataclass(frozen=True, slots=True)
class JudgedDocument:
    """What a judge found: the name that the content gives itself, and its version (empty where it has none)."""

    name: str
    version: str


Judge: TypeAlias = Callable[[str], JudgedDocument]
"""Says what a content is, or raises TemplateViolation."""
Judges: TypeAlias = Mapping[DocumentKind, Judge]


def digest_of(content: str) -> str:
    """Return the SHA-256 of a content."""
    return hashlib.sha256(content.encode()).hexdigest()


def active_part(node: object) -> str:
    """Return the first text of parsed JSON that could act instead of being read, empty where there is none."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and (_ACTIVE.search(one) or _CONTROL.search(one)):
            return one
        if isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
    return ""


def differences(mine: object, theirs: object, place: str = "") -> tuple[tuple[str, str, str], ...]:
    """Return where two parsed documents differ: place with slashes, and what each says there, empty for nothing."""
    if mine == theirs:
        return ()
    pairs: list[tuple[str, object, object]] = []
    if isinstance(mine, dict) and isinstance(theirs, dict):
        keys = [*mine, *(key for key in theirs if key not in mine)]
        pairs = [(str(key), mine.get(key), theirs.get(key)) for key in keys]
    elif isinstance(mine, list) and isinstance(theirs, list) and any(isinstance(one, dict) for one in (*mine, *theirs)):
        count = max(len(mine), len(theirs))
        pairs = [(str(at + 1), _at(mine, at), _at(theirs, at)) for at in range(count)]
    if not pairs:
        return ((place, _said(mine), _said(theirs)),)
    return tuple(one for key, a, b in pairs for one in differences(a, b, f"{place}/{key}" if place else key))


def _at(values: list[object], at: int) -> object:
    return values[at] if at < len(values) else None


def _said(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class SharedDocumentPort(Protocol):
    """The documents of a hub. Every method may raise NotPermitted, Unreachable, Refused."""

    def all(self) -> Sequence[DocumentInfo]:
        """Return the newest version of every document that holds and that the person may see."""
        ...

    def read(self, key: DocumentKey, revision: int = 0) -> SharedDocument:
        """Return one version, the newest for 0. Raises IntegrityMismatch for damaged bytes."""
        ...

    def history(self, key: DocumentKey) -> Sequence[DocumentInfo]:
        """Return every version, newest first."""
        ...

    def put(self, key: DocumentKey, content: str, *, follows: DocumentInfo | None) -> DocumentInfo:
        """
        Make the content the newest version, if ``follows`` still is (None: if there is none yet).

        Raises:
            NoLongerUpdatable: another version came meanwhile. TemplateViolation: the hub's judge refused it.
        """
        ...

    def sites(self) -> Sequence[Site]:
        """Return the sites that a document may be for."""
        ...

    def withdraw(self, info: DocumentInfo) -> DocumentInfo:
        """Let a document hold no longer; its versions stay. Raises NoLongerUpdatable."""
        ...


@dataclass(frozen=True, slots=True)
class KnownDocuments:
    """What a machine knows of the hub's documents, and as of when; ``fetched_at`` None: it never asked."""

    documents: tuple[SharedDocument, ...] = ()
    fetched_at: datetime | None = None

    def of_kind(self, kind: DocumentKind) -> tuple[SharedDocument, ...]:
        """Return the documents of one kind."""
        return tuple(one for one in self.documents if one.info.key.kind is kind)

    def find(self, key: DocumentKey) -> SharedDocument | None:
        """Return one document."""
        return next((one for one in self.documents if one.info.key == key), None)


class DocumentCachePort(Protocol):
    """What this machine keeps of a hub's documents."""

    def load(self) -> KnownDocuments:
        """Return what is kept and whole; nothing where nothing is. Raises StorageError."""
        ...

    def keep(self, known: KnownDocuments) -> None:
        """Keep exactly this, all of it or nothing. Raises DiskFull, StorageError."""
        ...

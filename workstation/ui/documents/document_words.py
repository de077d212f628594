"""How documents of the hub are called, and their parts."""

from __future__ import annotations

from collections.abc import Sequence

from resources.translation import language, tr
from workstation.domain.shared_document import DocumentInfo, DocumentKind
from workstation.domain.template_draft import Draft, Place, value_at
from workstation.services.site_documents import DocumentEntry
from workstation.ui.paint import elided, metrics

PARTS = {
    DocumentKind.RECOGNITION_POLICY: "items",
    DocumentKind.PHRASES: "phrases",
    DocumentKind.SCANNER_CHARSETS: "rules",
}
"""Where a kind keeps its list; a letterhead has none"""


SHIPPED = frozenset(DocumentKind) - {DocumentKind.SCANNER_CHARSETS}
"""Kinds of which the product brings one that holds until the hub has its own"""


def kind_words(kind: DocumentKind) -> str:
    """Return what documents of a kind are called."""
    return {
        DocumentKind.TEMPLATE: tr("Report template"),
        DocumentKind.LETTERHEAD: tr("Letterhead"),
        DocumentKind.RECOGNITION_POLICY: tr("Mutual recognition"),
        DocumentKind.PHRASES: tr("Shared phrases"),
        DocumentKind.SCANNER_CHARSETS: tr("Character sets of scanners"),
    }[kind]


def entry_words(entry: DocumentEntry, room: int) -> str:
    """Return a document in two lines of ``room`` pixels: a hospital's name is cut before the version that holds."""
    version = f" · {version_words(entry.info)}"
    whose = elided(_whose(entry), room - metrics().horizontalAdvance(version))
    return f"{kind_words(entry.key.kind)}\n{whose}{version}"


def title_words(entry: DocumentEntry) -> str:
    """Return a document with whom it is for, as a question about it names it."""
    return f"{kind_words(entry.key.kind)} · {_whose(entry)}"


def _whose(entry: DocumentEntry) -> str:
    return entry.site_name or tr("All hospitals")


def version_words(info: DocumentInfo | None) -> str:
    """Return which version holds, in few words."""
    if info is None:
        return tr("none yet")
    return tr("revision {number}", number=info.revision) + (f" · v{info.version}" if info.version else "")


def standing_words(info: DocumentInfo | None, kind: DocumentKind) -> str:
    """Return which version holds, by whom and since when."""
    if info is None and kind not in SHIPPED:
        return tr("No rule yet: images are read by the character set that they name.")
    if info is None:
        return tr("The hub has none yet; what ships holds.")
    at = info.changed_at.astimezone().strftime("%Y-%m-%d %H:%M")
    return tr("In force: {version} by {name}, {at}.", version=version_words(info), name=info.changed_by, at=at)


def part_lines(kind: DocumentKind, draft: Draft) -> Sequence[tuple[Place, str]]:
    """Return the parts of a draft that have a form of their own, in document order."""
    name = PARTS.get(kind)
    if name is None:
        return ()
    items = draft.get(name, ())
    return [((), tr("General")), *(((name, at), part_words(kind, one)) for at, one in enumerate(items))]


def part_words(kind: DocumentKind, item: Draft) -> str:
    """Return one entry of a document's list in a line."""
    if kind is DocumentKind.RECOGNITION_POLICY:
        words = value_at(item, ("label", "zh" if language().startswith("zh") else "en"))
        return str(words) if isinstance(words, str) and words else "—"
    if kind is DocumentKind.PHRASES:
        return f"{item.get('abbreviation', '')} · {item.get('title', '')}"
    named = [str(item[key]) for key in ("manufacturer", "station_name", "institution") if item.get(key)]
    return f"{' · '.join(named) or '—'} → {item.get('charset', '')}"


def fresh_part(kind: DocumentKind, draft: Draft) -> Draft:
    """Return a new entry of a document's list, which has to be filled before it can be published."""
    if kind is DocumentKind.RECOGNITION_POLICY:
        taken = {one.get("key") for one in draft.get("items", ())}
        key = next(f"item-{at}" for at in range(1, len(taken) + 2) if f"item-{at}" not in taken)
        label = {"zh": "新项目", "en": "New item"}
        return {"key": key, "label": label, "modalities": ["CT"], "words": [], "excluded": [], "valid_days": 30}
    if kind is DocumentKind.PHRASES:
        return {
            "abbreviation": "",
            "language": "zh_CN" if language().startswith("zh") else "en",
            "title": "",
            "text": "",
        }
    return {"charset": "GB18030"}

"""How it is told that templates and letterheads are not those that the hub has now."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.shared_document import DocumentInfo
from workstation.services.shared_documents import DocumentsAtHand
from workstation.ui.documents.document_words import kind_words
from workstation.ui.widgets.status_bar import StatusFact

FACT = "documents"


def documents_fact(at_hand: DocumentsAtHand) -> StatusFact:
    """Return the line of the status bar, in the language of now."""
    fetched = at_hand.known.fetched_at
    if fetched is None:
        words = tr("Templates and letterheads: this machine's own only")
    else:
        words = tr("Templates and letterheads as of {at}", at=fetched.astimezone().strftime("%m-%d %H:%M"))
    reason = at_hand.trouble.user_text if at_hand.trouble is not None else tr("The hub took too long to answer")
    tip = reason + "\n" + tr("They are fetched again at the next sign-in. Reports can be written and signed.")
    return StatusFact(FACT, words, icon="history", icon_tone="warn", tone="warn", tooltip=tip)


def waiting_fact(newer: tuple[DocumentInfo, ...]) -> StatusFact:
    """Return the line of the status bar while newer documents wait for the open report to be closed."""
    words = tr("Newer documents of the hub wait")
    tip = tr("They hold for new reports once this one is closed:") + "\n" + _named(newer)
    return StatusFact(FACT, words, icon="history", icon_tone="acc", tone="t1", tooltip=tip)


def taken_words(newer: tuple[DocumentInfo, ...]) -> str:
    """Say what holds for new reports from now on."""
    return tr("New from the hub, for new reports: {what}", what=_named(newer, tr(", ")))


def _named(infos: tuple[DocumentInfo, ...], between: str = "\n") -> str:
    return between.join(dict.fromkeys(f"{kind_words(one.key.kind)} {one.version}".strip() for one in infos))

"""How it is told that templates and letterheads are not those that the hub has now."""

from __future__ import annotations

from resources.translation import tr
from workstation.services.shared_documents import DocumentsAtHand
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

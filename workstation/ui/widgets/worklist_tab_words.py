"""What belongs into each tab of the worklist, for a tab that is empty."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.workitem import WorklistTab


def belongs_here(tab: WorklistTab) -> str:
    """Return which cases a tab holds and how they come there."""
    return {
        WorklistTab.TO_READ: tr("Cases that nobody has begun to read stand here."),
        WorklistTab.MINE: tr("Cases that you have claimed stand here."),
        WorklistTab.TO_REVIEW: tr("Reports that a resident has submitted wait here for a senior's signature."),
        WorklistTab.RETURNED: tr("Reports that a senior has sent back to their author stand here with the reason."),
        WorklistTab.SIGNED: tr("Signed reports stand here, with or without the sender's acknowledgement."),
        WorklistTab.CRITICAL: tr("Cases with a critical value stand here."),
        WorklistTab.ALL: tr("Every case that you may see stands here, whatever its state."),
    }[tab]

"""Whether a reader still holds a case, asked where the answer of the hub would come too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from workstation.domain.errors import AlreadyClaimed, NoLongerUpdatable
from workstation.domain.ports import WorklistPort
from workstation.domain.workitem import Claim, ReadingState
from workstation.services.patience import PATIENCE_S, answer_within

_ENDED: Final = frozenset({ReadingState.FINAL, ReadingState.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class CheckClaim:
    """
    Signing works without the line; so a signature could be made for a case that went to somebody else.

    ``patience_s`` is how long a slow line may keep the signer waiting for the answer.
    """

    worklist: WorklistPort
    patience_s: float = PATIENCE_S

    def __call__(self, claim: Claim, user_id: str) -> None:
        """
        Raise AlreadyClaimed or NoLongerUpdatable when the hub says that the case is not this reader's any more.

        Silence of the hub is no answer: nothing is raised then, and the delivery will tell.
        """
        row = answer_within(lambda: self.worklist.row(claim.ups_instance_uid), self.patience_s)
        if row is None or row.state in _ENDED:
            return
        if row.state is ReadingState.READING and row.reader_id == user_id:
            return
        hint = tr("Your text is kept as a draft on this machine. Refresh the worklist and claim the case again.")
        if row.state is ReadingState.READING and row.reader_name:
            raise AlreadyClaimed(
                tr("{name} is reading this case now; it is not yours any more", name=row.reader_name),
                hint=hint,
                detail=f"claim lost: {claim.ups_instance_uid}",
            )
        raise NoLongerUpdatable(
            tr("You do not hold this case any more"), hint=hint, detail=f"claim lost: {claim.ups_instance_uid}"
        )

"""What is said when an act at the hub failed: no act is repeated unless its reader asks for it."""

from __future__ import annotations

from collections.abc import Callable

from resources.translation import tr
from workstation.domain.errors import Refused, SignInFailed, StorageError, Unreachable, WorkstationError
from workstation.ui.notice import NoticeAction


def hint_after_act(error: WorkstationError) -> str:
    """Return the next step; the hint of a lost line speaks of rounds that go on, and an act is none."""
    if isinstance(error, Unreachable):
        return tr("Nothing is lost, and it is not repeated by itself: try again once the hub answers.")
    return error.hint


def try_again(error: WorkstationError, act: Callable[[], object] | None) -> tuple[NoticeAction, ...]:
    """Return the button that repeats the act, nothing where the same act must fail in the same way."""
    if act is None or not isinstance(error, Unreachable | Refused | SignInFailed | StorageError):
        return ()
    return (NoticeAction(tr("Try again"), act, "refresh"),)

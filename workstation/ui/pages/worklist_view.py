"""What the worklist page shows and is told; the presenter knows no more of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workstation.domain.errors import WorkstationError
from workstation.domain.workitem import WorklistQuery, WorklistRow, WorklistTab
from workstation.ui.widgets.worklist_merge import Merge


@dataclass(frozen=True, slots=True)
class ListState:
    """
    What the page shows: the cases that pass the filters, the numbers on the tabs, when it was fetched.

    ``rows`` come by urgency and are the former objects where nothing changed.
    """

    rows: tuple[WorklistRow, ...]
    counts: dict[WorklistTab, int]
    fetched: datetime | None
    query: WorklistQuery
    modalities: tuple[str, ...]
    sites: tuple[tuple[str, str], ...]
    merge: Merge | None = None
    """How these rows come into the table, worked out in the job; None where nobody did."""
    looks_first: bool = False
    """Whether this reader sees what the AI found only after an own look (ADR 0022)"""


class WorklistView(Protocol):
    """What the presenter asks of the page; all calls come on the main thread."""

    def planner(self) -> Callable[[Sequence[WorklistRow]], Merge]:
        """Return what works out, in a job, how cases come into the table."""
        ...

    def show_list(self, state: ListState, *, mark_new: bool) -> None:
        """Merge the cases into the table."""
        ...

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Tell that a refresh runs."""
        ...

    def show_problem(
        self, key: str, error: WorkstationError, again: Callable[[], object] | None = None, *, what: str = ""
    ) -> None:
        """Show an error in the notice bar; ``what`` was not done, ``again`` repeats it."""
        ...

    def show_line_back(self, key: str, what: str, again: Callable[[], object]) -> None:
        """Tell that the hub answers again, and ``what`` it did not hear of; ``again`` repeats it."""
        ...

    def clear_problem(self, key: str) -> None:
        """Take the notice away: it works again."""
        ...

    def say(self, text: str) -> None:
        """Tell a success."""
        ...

    def open_case(self, row: WorklistRow, *, read_only: bool) -> None:
        """Ask for the case to be opened; opening claims it unless it is read-only."""
        ...

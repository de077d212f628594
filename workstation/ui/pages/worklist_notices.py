"""What the hub did not do or did not hear of, kept in sight on the worklist until it is done."""

from __future__ import annotations

from collections.abc import Callable

from workstation.domain.errors import SignInFailed, Unreachable, WorkstationError
from workstation.ui.pages.worklist_view import WorklistView


class Notices:
    """The notices of the worklist page; each has a key, and a later one under the same key takes its place."""

    def __init__(self, view: Callable[[], WorklistView | None]) -> None:
        self._view = view
        self._unheard: dict[str, tuple[str, Callable[[], object] | None]] = {}
        """By key, what the hub was told while it did not answer, and how to say it again"""

    def problem(self, key: str, error: Exception, again: Callable[[], object] | None = None, what: str = "") -> None:
        """
        Show that ``what`` was not done; ``again`` repeats it.

        Raises:
            Exception: the error itself where it is none that people are told of.
        """
        if not isinstance(error, WorkstationError):
            raise error
        if isinstance(error, Unreachable | SignInFailed):
            self._unheard[key] = what, again
        view = self._view()
        if view is not None:
            view.show_problem(key, error, again, what=what)

    def solved(self, key: str) -> None:
        """Take a notice away: it works again."""
        self._unheard.pop(key, None)
        view = self._view()
        if view is not None:
            view.clear_problem(key)

    def line_is_back(self) -> None:
        """Tell what the hub did not hear of while the line was down, now that it answers."""
        view = self._view()
        if view is None:
            return
        view.clear_problem("refresh")
        for key, (what, again) in self._unheard.items():
            if again is None or not what:
                view.clear_problem(key)
            else:  # the hub has not heard of it: the button must not go away with the disturbance
                view.show_line_back(key, what, again)
        self._unheard.clear()

    def forget(self) -> None:
        """Drop what was not heard: somebody else signs in."""
        self._unheard.clear()

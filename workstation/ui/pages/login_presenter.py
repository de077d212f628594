"""Signing in: one job, one answer; the window never waits."""

from __future__ import annotations

from typing import Protocol

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import SignInFailed, WorkstationError
from workstation.domain.ports import SessionPort
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.notice import in_one_line


class LoginView(Protocol):
    """What the presenter asks of the page; all calls come on the main thread."""

    def show_busy(self, busy: bool) -> None:  # noqa: FBT001 - the state is the subject here
        """Lock the form while the hub is asked."""
        ...

    def say_at_user(self, message: str) -> None:
        """Show a sentence at the user name."""
        ...

    def say_at_password(self, message: str) -> None:
        """Show a sentence at the password."""
        ...

    def show_problem(self, error: WorkstationError) -> None:
        """Show what happened and what to do."""
        ...

    def enter(self, actor: Actor) -> None:
        """Go on: the person is signed in."""
        ...


class LoginPresenter:
    """Between the sign-in page and the session."""

    def __init__(self, session: SessionPort, jobs: JobRunner) -> None:
        self._session = session
        self._jobs = jobs
        self._view: LoginView | None = None
        self._busy = False

    def attach(self, view: LoginView) -> None:
        """Serve this page from now on."""
        self._view = view
        view.show_busy(self._busy)

    def detach(self, view: LoginView) -> None:
        """Stop serving a page that goes away; its successor may be served already."""
        if self._view is view:
            self._view = None

    def sign_in(self, user: str, password: str) -> None:
        """Sign in; what is missing is said at its field at once."""
        if self._view is None or self._busy:
            return
        if not user.strip():
            self._view.say_at_user(tr("Enter the user name."))
            return
        if not password:
            self._view.say_at_password(tr("Enter the password."))
            return
        self._set_busy(busy=True)
        self._jobs.submit(
            Pool.IO,
            lambda _job: self._session.sign_in(user.strip(), password),
            on_success=self._entered,
            on_error=self._failed,
        )

    def _set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        if self._view is not None:
            self._view.show_busy(busy)

    def _entered(self, actor: Actor) -> None:
        self._set_busy(busy=False)
        if self._view is not None:
            self._view.enter(actor)

    def _failed(self, error: Exception) -> None:
        self._set_busy(busy=False)
        if not isinstance(error, WorkstationError):
            raise error
        if self._view is None:
            return
        if isinstance(error, SignInFailed):
            self._view.say_at_password(in_one_line(error.user_text, error.hint))
        else:
            self._view.show_problem(error)

"""The session at the hub ended in the middle of work: the password again, and nothing on the desk moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from resources.translation import tr
from workstation.domain.access import Actor
from workstation.domain.errors import WorkstationError
from workstation.services.jobs import JobRunner, Pool
from workstation.ui.dialogs import Dialog
from workstation.ui.notice import in_one_line
from workstation.ui.widgets.fields import TextField
from workstation.ui.widgets.labels import label

LATER_S: Final = 120.0
"""How long nobody is asked again who chose to go on without the hub."""


class SignInAgainDialog(Dialog):
    """Asks for the password of the person whose case is open; ``accept`` it once the hub took it."""

    password_given = Signal(str)

    def __init__(self, parent: QWidget | None, name: str) -> None:
        super().__init__(parent, tr("Your session at the hub has ended"), icon="login-circle", tone="warn")
        text = tr("Drafts and open images are kept. Type the password of {name} to go on.", name=name)
        self.body.addWidget(label(text, "body", "t1", wrap=True))
        self.password = TextField(tr("Password"), secret=True)
        self.password.changed.connect(lambda _text: self._ready())
        self.body.addWidget(self.password)
        self.sign_out = self.add_left(tr("Sign out"))
        self.cancel.set_text(tr("Later"))
        self.enter = self.set_primary(tr("Sign in"))
        self.enter.clicked.disconnect()
        self.enter.clicked.connect(self._give)
        for before, after in (
            (self.password.edit, self.enter),
            (self.enter, self.cancel),
            (self.cancel, self.sign_out),
        ):
            QWidget.setTabOrder(before, after)
        self._ready()
        self.password.edit.setFocus()

    def say(self, text: str) -> None:
        """Show why it was refused; the dialog stays."""
        self.password.edit.setReadOnly(False)
        self.password.edit.clear()
        self.password.say(text)
        self._ready()
        self.password.edit.setFocus()

    def _give(self) -> None:
        self.password.say("")
        self.password.edit.setReadOnly(True)
        self.enter.enable(False, tr("Asking the hub…"))
        self.password_given.emit(self.password.text())

    def _ready(self) -> None:
        self.enter.enable(bool(self.password.text()), tr("Enter the password."))


class SignInAgain(QObject):
    """Opens the dialog when the hub no longer knows the session; at most one, and not at once after "Later"."""

    signed_in = Signal()
    sign_out_wanted = Signal()

    def __init__(self, window: QWidget, jobs: JobRunner, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window = window
        self._jobs = jobs
        self._clock = clock
        self._quiet_until = float("-inf")
        self.dialog: SignInAgainDialog | None = None

    def ask(self, actor: Actor, sign_in: Callable[[str], Actor]) -> None:
        """Ask for the password unless that is being done; ``sign_in`` takes it to the hub, in a job."""
        if self.dialog is not None or self._clock() < self._quiet_until:
            return
        self.dialog = dialog = SignInAgainDialog(self._window, actor.display_name)

        def entered(_actor: Actor) -> None:
            if self.dialog is dialog:
                dialog.accept()
                self.signed_in.emit()

        def refused(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if self.dialog is dialog:
                dialog.say(in_one_line(error.user_text, error.hint))

        def give(password: str) -> None:
            self._jobs.submit(Pool.IO, lambda _job: sign_in(password), on_success=entered, on_error=refused)

        dialog.password_given.connect(give)
        dialog.sign_out.clicked.connect(lambda: self._leave(dialog))
        dialog.rejected.connect(self._later)
        dialog.finished.connect(lambda _result: self._closed(dialog))
        dialog.open()

    def forget(self) -> None:
        """Close the question: the person signs out."""
        self._quiet_until = float("-inf")
        if self.dialog is not None:
            self.dialog.accept()

    def _leave(self, dialog: SignInAgainDialog) -> None:
        dialog.accept()
        self.sign_out_wanted.emit()

    def _later(self) -> None:
        self._quiet_until = self._clock() + LATER_S

    def _closed(self, dialog: SignInAgainDialog) -> None:
        self.dialog = None
        dialog.deleteLater()

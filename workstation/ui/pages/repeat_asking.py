"""Asks the technician why an exam is repeated: before it is sent, or afterwards where the hub answered too late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.mutual_recognition import OpenRepeat, RepeatReason
from workstation.domain.quality_ports import RepeatPort
from workstation.domain.study import Study
from workstation.services.jobs import JobRunner, Pool
from workstation.services.recognition_service import exception_words
from workstation.ui.act_words import try_again
from workstation.ui.notice import Notice, Severity
from workstation.ui.pages.grassroots_page import GrassrootsPage
from workstation.ui.patient_words import name_or_placeholder
from workstation.ui.quality.repeat_dialog import RepeatDialog
from workstation.ui.send_queue import GrassrootsQueue

_KEY: Final = "repeat-reason"


class RepeatAsking(QObject):
    """
    Belongs to one technician's page.

    ``repeated`` tells which recognised result an exam repeats and by which exceptions it may; ``port`` keeps what is
    asked afterwards at the hub, so that it stays open over sign-out and for everybody of the site.
    """

    def __init__(
        self,
        page: GrassrootsPage,
        queue: GrassrootsQueue,
        jobs: JobRunner,
        repeated: Callable[[Study], tuple[str, str]],
        port: RepeatPort | None,
    ) -> None:
        super().__init__(page)
        self._page, self._queue, self._jobs, self._repeated, self._port = page, queue, jobs, repeated, port
        self._asking: set[str] = set()
        self.dialog: RepeatDialog | None = None
        page.send.repeats.chosen.connect(self._say_why)

    def look(self, study: Study) -> None:
        """Tell of a recognised result that a study repeats; an answer that does not come holds nobody up."""
        uid = study.study_instance_uid
        if uid in self._asking:
            return
        self._asking.add(uid)

        def told(answer: tuple[str, str]) -> None:
            if not isValid(self):
                return  # the page was built anew, and asks by itself
            self._asking.discard(uid)
            said, exceptions = answer
            self._queue.tell_repeats(uid, said)
            if said and self._queue.request_of(uid) is None:
                self._page.notices.show_notice(Notice(f"repeat:{uid}", Severity.NEWS, said, exceptions))
            self._ask_afterwards()

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                self._asking.discard(uid)
                if not isinstance(error, Unreachable):  # else it is asked again as soon as the hub answers
                    self._queue.tell_repeats(uid, "")

        self._jobs.submit(Pool.IO, lambda _job: self._repeated(study), on_success=told, on_error=failed)

    def again(self) -> None:
        """Ask what the hub did not answer so far, and show what it still wants to know."""
        for study in self._queue.untold():
            self.look(study)
        self._ask_afterwards()
        self.refresh()

    def refresh(self) -> None:
        """Show the questions that are open at the hub."""
        port = self._port
        if port is None:
            return

        def found(waiting: list[OpenRepeat]) -> None:
            if isValid(self):
                self._page.show_open_repeats(waiting)

        self._jobs.submit(Pool.IO, lambda _job: port.open(), on_success=found, on_error=_later)

    def _ask_afterwards(self) -> None:
        """Open the question at the hub for what was sent before anybody knew of the recognised result."""
        if self._port is not None:
            for uid, said in self._queue.sent_without_reason():
                self._open(self._port, uid, said)

    def _open(self, port: RepeatPort, uid: str, said: str) -> None:
        if f"ask:{uid}" in self._asking:
            return
        self._asking.add(f"ask:{uid}")

        def done(_none: None) -> None:
            if isValid(self):
                self._asking.discard(f"ask:{uid}")
                self._queue.asked_afterwards(uid)
                self.refresh()

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                self._asking.discard(f"ask:{uid}")

        self._jobs.submit(Pool.IO, lambda _job: port.ask(uid, said), on_success=done, on_error=failed)

    def _say_why(self, one: OpenRepeat) -> None:
        if self.dialog is not None:
            return
        self.dialog = dialog = RepeatDialog(
            self._page, name_or_placeholder(one.patient_name), one.exists, afterwards=True
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.given.connect(lambda reason: self._answer(one, reason))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _answer(self, one: OpenRepeat, reason: RepeatReason) -> None:
        port = self._port
        if port is None:
            return

        def kept(standing: RepeatReason) -> None:
            if not isValid(self):
                return
            self._page.notices.clear_notice(_KEY)
            if standing == reason:
                self._page.toast.emit(tr("The reason is kept at the centre"))
            else:
                said = exception_words(standing.exception)
                title = tr("Somebody gave a reason before: {reason}", reason=said)
                self._page.notices.show_notice(Notice(_KEY, Severity.NEWS, title, tr("The first one stands.")))
            self.refresh()

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                again = try_again(error, lambda: self._answer(one, reason))
                notice = Notice(_KEY, Severity.DEGRADED, error.user_text, error.hint, actions=again)
                self._page.notices.show_notice(notice)

        self._jobs.submit(
            Pool.IO, lambda _job: port.answer(one.study_instance_uid, reason), on_success=kept, on_error=failed
        )

    def _forget(self, _result: int) -> None:
        self.dialog = None


def _later(error: Exception) -> None:
    """Let the next round ask again: what the hub does not answer is told by the page already."""
    if not isinstance(error, WorkstationError):
        raise error

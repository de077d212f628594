"""Speech into the text at the cursor, where this machine has a recogniser."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from resources.translation import tr
from workstation.domain.dictation import DictationPort
from workstation.ui.case_desk import CaseDesk
from workstation.ui.commands import Command
from workstation.ui.pages.report_page import ReportPage
from workstation.ui.report.aids import WritingAids
from workstation.ui.report.writing import ReportWriting


class Speaking(QObject):
    """Listens while somebody wants it; ends with the case and with the page."""

    _heard = Signal(str)
    _failed = Signal(str)

    def __init__(self, page: ReportPage, desk: CaseDesk, writing: ReportWriting, port: DictationPort) -> None:
        super().__init__(page)
        self._page, self._desk, self._writing, self._port = page, desk, writing, port
        self.listening = False
        self._action = page.commands.add(
            Command("report.dictate", tr("Dictate"), "mic", "Ctrl+Shift+D", self.toggle, tr("Report"), checkable=True,
                    everywhere=True, editable=True)
        )  # fmt: skip
        # the recogniser speaks from its own thread
        self._heard.connect(self._put, Qt.ConnectionType.QueuedConnection)
        self._failed.connect(self._ended, Qt.ConnectionType.QueuedConnection)
        page.closing.connect(self.stop)
        desk.closed.connect(self.stop)

    def toggle(self) -> None:
        """Begin to listen, or stop."""
        session = self._desk.session
        if self.listening:
            self.stop()
        elif session is not None and not session.read_only and self._writing.field_in_use() is not None:
            self.listening = True
            self._port.start(session.report.language, self._heard.emit, self._failed.emit)
        else:
            self._page.toast.emit(tr("Put the cursor into a text first"))
        self._action.setChecked(self.listening)

    def stop(self) -> None:
        """Listen no more."""
        if self.listening:
            self.listening = False
            self._port.stop()
            self._action.setChecked(False)

    def _put(self, words: str) -> None:
        session = self._desk.session
        if session is not None and not self._writing.put(words):
            self._page.toast.emit(tr("Heard, but there is no text to write it into: {words}", words=words))

    def _ended(self, why: str) -> None:
        self.stop()
        self._page.toast.emit(why)


def speaking(page: ReportPage, desk: CaseDesk, writing: ReportWriting, aids: WritingAids | None) -> Speaking | None:
    """Return what listens for this page, None where there is no recogniser."""
    port = None if aids is None else aids.dictation
    return None if port is None else Speaking(page, desk, writing, port)

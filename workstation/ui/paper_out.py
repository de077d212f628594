"""Save PDF… and Print… of the report that a page shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QPageSize
from PySide6.QtPrintSupport import QAbstractPrintDialog, QPrintDialog, QPrinter
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from resources.translation import tr
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.ports import JobContext
from workstation.services.jobs import JobRunner, Pool
from workstation.services.paper_service import Paper, TakePaperOut
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.page import Page
from workstation.ui.paper_printing import DrawPage, print_pages
from workstation.ui.widgets.buttons import Button

_NOTICE: Final = "paper"
_PDF: Final = "PDF (*.pdf)"


@dataclass(frozen=True, slots=True)
class PaperServices:
    """What saving and printing work with, joined in bootstrap."""

    take: TakePaperOut
    count: Callable[[bytes], int]
    """How many pages a PDF has"""
    draw: DrawPage


@dataclass(frozen=True, slots=True)
class ShownPaper:
    """The report on a page: ``key`` says which, ``fetch`` makes its PDF in a job."""

    key: str
    fetch: Callable[[], Paper]
    refused: str = ""
    """Why it may leave the workstation in no way"""
    warning: str = ""
    """What a person must know before it leaves"""


class PaperOut(QObject):
    """Both buttons of one page, and its Ctrl+P. ``shown`` tells what is on the page now, None for no report."""

    def __init__(
        self, page: Page, jobs: JobRunner, services: PaperServices, shown: Callable[[], ShownPaper | None]
    ) -> None:
        super().__init__(page)
        self._page, self._jobs, self._services, self._shown = page, jobs, services, shown
        self._busy = False
        self.choose_file: Callable[[str, str], str] = self._ask_for_file
        """Asks for a path: suggested name, filter; empty when the person changed their mind"""
        self.choose_printer: Callable[[str, int], QPrinter | None] = self._ask_for_printer
        """Asks for a printer: name of the document, pages; None when the person changed their mind"""
        self.save = Button(tr("Save PDF…"), "ghost", icon="file-download", small=True)
        self.print = Button(tr("Print…"), "ghost", icon="printer", key="Ctrl+P", small=True)
        self.save.clicked.connect(self.save_pdf)
        self.print.clicked.connect(self.print_pdf)
        page.print_out = self.print_pdf
        self.show_state()

    def show_state(self) -> None:
        """Enable the buttons for what is on the page now, or say why not."""
        shown = self._shown()
        reason = tr("No report is shown here") if shown is None else shown.refused
        if self._busy and not reason:
            reason = tr("The report is being prepared")
        for button in (self.save, self.print):
            button.enable(not reason, reason)
        self.print.setToolTip(reason or f"{self.print.text()} (Ctrl P)")

    def forget(self) -> None:
        """Take back what was said of a report that is not shown any more."""
        self._page.notices.clear_notice(_NOTICE)
        self.show_state()

    def save_pdf(self) -> None:
        """Save what is shown as a file."""
        self._begin(self._save)

    def print_pdf(self) -> None:
        """Print what is shown."""
        self._begin(self._print)

    # before it leaves

    def _begin(self, then: Callable[[Paper, int], None]) -> None:
        shown = self._shown()
        if shown is None or shown.refused:
            self._page.toast.emit(tr("No report is shown here to print or save.") if shown is None else shown.refused)
        elif not self._busy and shown.warning:
            self._warn(shown, then)
        elif not self._busy:
            self._make(shown, then)

    def _warn(self, shown: ShownPaper, then: Callable[[Paper, int], None]) -> None:
        dialog = ConfirmDialog(self._page, tr("This report does not hold any more"), shown.warning, tr("Go on"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._make(shown, then))
        dialog.open()

    def _make(self, shown: ShownPaper, then: Callable[[Paper, int], None]) -> None:
        def work(_job: JobContext) -> tuple[Paper, int]:
            paper = shown.fetch()
            return paper, self._services.count(paper.pdf)

        def made(result: tuple[Paper, int]) -> None:
            now = self._shown()
            if now is not None and now.key == shown.key:  # else it is of somebody who is not on the screen any more
                then(*result)

        self._run(Pool.IO, work, made, self.print_pdf if then == self._print else self.save_pdf)

    # leaving

    def _save(self, paper: Paper, _pages: int) -> None:
        chosen = self.choose_file(f"{paper.name}.pdf", _PDF)
        if chosen:
            path = Path(chosen)
            self._run(
                Pool.IO,
                lambda _job: self._services.take.save(paper, path),
                lambda _none: self._page.toast.emit(tr("Saved as {name}", name=path.name)),
                self.save_pdf,
            )

    def _print(self, paper: Paper, pages: int) -> None:
        printer = self.choose_printer(paper.name, pages)
        if printer is not None:
            work = partial(print_pages, printer, paper.pdf, pages, self._services.draw)
            self._run(
                Pool.CPU,
                lambda _job: self._services.take.print(paper, work),
                lambda _none: self._page.toast.emit(tr("{name} was given to the printer", name=paper.name)),
                self.print_pdf,
            )

    def _run(
        self,
        pool: Pool,
        work: Callable[[JobContext], Any],
        then: Callable[[Any], None],
        again: Callable[[], None],
    ) -> None:
        def arrived(value: object) -> None:
            if isValid(self):  # the page may have gone with its person meanwhile
                self._rest()
                then(value)

        def failed(error: Exception) -> None:
            if not isinstance(error, WorkstationError):
                raise error
            if isValid(self):
                self._rest()
                self._tell(error, again)

        self._busy = True
        self._page.notices.clear_notice(_NOTICE)
        self.show_state()
        self._jobs.submit(pool, work, on_success=arrived, on_error=failed)

    def _rest(self) -> None:
        self._busy = False
        self.show_state()

    def _tell(self, error: WorkstationError, again: Callable[[], None]) -> None:
        hint = error.hint
        if isinstance(error, Unreachable):
            hint = tr("What leaves the workstation is recorded at the centre first. Try again once the line works.")
        retry = NoticeAction(tr("Try again"), again)
        self._page.notices.show_notice(
            Notice(_NOTICE, Severity.DEGRADED, error.user_text, hint, actions=(retry,))
        )  # the report is whole, only its copy is not made

    # the dialogs of the system

    def _ask_for_file(self, name: str, kinds: str) -> str:
        dialog = QFileDialog(self._page, tr("Save the report as PDF"), "", kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")  # before the question whether a file is to be replaced, not after it
        dialog.selectFile(name)
        chosen = dialog.selectedFiles() if dialog.exec() == QFileDialog.DialogCode.Accepted else []
        dialog.deleteLater()
        return chosen[0] if chosen else ""

    def _ask_for_printer(self, name: str, pages: int) -> QPrinter | None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(name)
        printer.setFullPage(True)
        printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        dialog = QPrintDialog(printer, self._page)
        dialog.setWindowTitle(tr("Print the report"))
        dialog.setMinMax(1, pages)
        dialog.setOption(QAbstractPrintDialog.PrintDialogOption.PrintPageRange, pages > 1)
        accepted = dialog.exec() == QPrintDialog.DialogCode.Accepted
        dialog.deleteLater()
        return printer if accepted else None

"""Tells on a page that another version of the report was passed over, and lets the reader compare and go on with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from PySide6.QtCore import QObject

from resources.translation import language, tr
from workstation.domain.report import Report
from workstation.domain.report_content import differing_fields
from workstation.domain.template import ReportTemplate
from workstation.services.reading_session import ReadingSession
from workstation.ui.case_desk import CaseDesk
from workstation.ui.dialogs import ConfirmDialog
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.pages.page import Page

_KEY: Final = "other-version"
_MOST_LINES: Final = 8
_MOST_LETTERS: Final = 60


class OtherVersion(QObject):
    """Belongs to one page of the case: a newer report of the centre never takes a draft's place without a word."""

    def __init__(self, page: Page, desk: CaseDesk) -> None:
        super().__init__(page)
        self._page = page
        self._desk = desk
        self.dialog: ConfirmDialog | None = None
        desk.opened.connect(self._show)
        desk.closed.connect(self._clear)
        if desk.session is not None:
            self._show(desk.session)

    def _show(self, session: ReadingSession) -> None:
        other = session.passed_over
        if other is None:
            self._clear()
            return
        compare = NoticeAction(tr("Compare…"), self.compare, "file-search")
        shown, waiting = _words(session.report, other, exchanged=session.exchanged)
        self._page.notices.show_notice(Notice(_KEY, Severity.DEGRADED, shown, waiting, actions=(compare,)))

    def _clear(self) -> None:
        self._page.notices.clear_notice(_KEY)

    def compare(self) -> None:
        """Show what differs and offer the version that is not shown."""
        session = self._desk.session
        if session is None or session.passed_over is None or self.dialog is not None:
            return
        act = tr("Go on with the centre's report") if session.exchanged else tr("Go on with my draft")
        dialog = ConfirmDialog(
            self._page,
            tr("Two versions of the report"),
            tr("The report can no longer be changed; the draft is shown for comparison only.")
            if session.read_only
            else tr("Nothing is lost: whichever you choose, the other one stays at hand while the case is open."),
            tr("Close") if session.read_only else act,
            lines=difference_lines(session.report, session.passed_over, session.template, exchanged=session.exchanged),
        )

        def accept() -> None:
            if self._desk.session is session:
                self._desk.go_on_with_other()

        dialog.accepted.connect(accept)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()

    def _forget(self, _result: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def difference_lines(shown: Report, other: Report, template: ReportTemplate, *, exchanged: bool) -> list[str]:
    """Return a line for each field that differs, the draft's text first; a few words on all that is no text."""
    draft, report = (shown, other) if exchanged else (other, shown)
    labels = {item.key: item.label.get(language()) for item in template.fields}
    differing = differing_fields(draft, report)
    lines = [
        tr(
            "{field}: draft “{draft}”, report “{report}”",
            field=labels.get(key, key),
            draft=_short(draft, key),
            report=_short(report, key),
        )
        for key in differing[:_MOST_LINES]
    ]
    if len(differing) > _MOST_LINES:
        lines.append(tr("and {count} more fields", count=len(differing) - _MOST_LINES))
    return lines or [tr("The texts are the same; marks, measurements or key images differ.")]


def _words(shown: Report, other: Report, *, exchanged: bool) -> tuple[str, str]:
    if exchanged:
        return (
            tr("Your draft of {time} is shown", time=_when(shown.updated_at)),
            tr("The centre's report of {time} can be taken back.", time=_when(other.updated_at)),
        )
    who = (shown.verifier or shown.author).name
    return (
        tr("The centre's report by {name} of {time} is shown", name=who, time=_when(shown.updated_at)),
        tr("Your draft of {time} on this machine is older and says something else.", time=_when(other.updated_at)),
    )


def _when(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M")


def _short(report: Report, key: str) -> str:
    text = " ".join(report.values.get(key, "").split()) or "—"
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"

"""
The ladder of errors and the crash page.

A ``WorkstationError`` is the world's fault and is shown inline, in the notice bar or, only when
the person must decide, as a dialog. Anything else is our bug: it gets an id, a report without any
patient data is written, and the window stays up.
"""

from __future__ import annotations

import logging
import platform
import secrets
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from resources.translation import tr
from workstation.domain.errors import JobCancelled, WorkstationError
from workstation.ui.dialogs import MessageDialog
from workstation.ui.notice import NoticeBar
from workstation.ui.widgets.buttons import Button
from workstation.ui.widgets.labels import icon_label, label

_log = logging.getLogger(__name__)
_MOST_REPORTS: Final = 50


@dataclass(frozen=True, slots=True)
class CrashReport:
    """What is told about a bug: its id and the file with the details."""

    crash_id: str
    file: Path | None


def show_error_dialog(parent: QWidget, error: WorkstationError) -> MessageDialog:
    """Open the last step of the ladder: a dialog, for what cannot go on without the person."""
    dialog = MessageDialog(parent, error.user_text, error.hint or error.user_text)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog


def write_report(folder: Path, kind: type[BaseException], trace: TracebackType | None, version: str) -> CrashReport:
    """
    Write a bug's report: types, files and lines only.

    Messages and local values are left out because they may hold a patient's name.
    """
    crash_id = f"LY-{datetime.now(UTC):%y%m%d}-{secrets.token_hex(3).upper()}"
    frames = [f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    lines = [
        f"id {crash_id}",
        f"at {datetime.now(UTC).isoformat(timespec='seconds')}",
        f"lianyue {version} python {platform.python_version()} {platform.system()} {platform.release()}",
        f"error {kind.__module__}.{kind.__qualname__}",
        *frames,
    ]
    file = folder / f"{crash_id}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("LY-*.txt"), key=lambda p: p.stat().st_mtime)[: -_MOST_REPORTS + 1]:
            old.unlink(missing_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError:
        return CrashReport(crash_id, None)  # a full disk must not hide the bug
    return CrashReport(crash_id, file)


class CrashGuard(QObject):
    """Catches what nobody caught, on every thread, and tells the window by ``crashed``."""

    crashed = Signal(object)

    def __init__(self, folder: Path, version: str) -> None:
        super().__init__()
        self._folder = folder
        self._version = version
        self._previous: Callable[..., object] | None = None

    def install(self) -> None:
        """Take over ``sys.excepthook`` and ``threading.excepthook``."""
        self._previous = sys.excepthook
        sys.excepthook = self.caught
        threading.excepthook = lambda args: self.caught(args.exc_type, args.exc_value, args.exc_traceback)

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._previous is not None:
            sys.excepthook = self._previous
            threading.excepthook = threading.__excepthook__
            self._previous = None

    def caught(
        self, kind: type[BaseException], value: BaseException | None, trace: TracebackType | None
    ) -> CrashReport | None:
        """Handle one exception; Ctrl+C passes on and a cancelled job is no bug."""
        if issubclass(kind, JobCancelled):
            return None
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, value or kind(), trace)
            return None
        report = write_report(self._folder, kind, trace, self._version)
        where = traceback.extract_tb(trace)
        last = f"{Path(where[-1].filename).name}:{where[-1].lineno}" if where else "?"
        _log.error("bug %s: %s at %s", report.crash_id, kind.__name__, last)
        self.crashed.emit(report)
        return report


class CrashPage(QWidget):
    """
    Covers the page after a bug: what it means for the work, the id, and the way on.

    ``notices`` stands above it for what must be seen all the same, such as an open critical value.
    """

    carry_on = Signal()

    def __init__(self, parent: QWidget, report: CrashReport) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setGeometry(parent.rect())
        parent.installEventFilter(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.notices = NoticeBar()
        outer.addWidget(self.notices)
        column = QVBoxLayout()
        outer.addLayout(column, 1)
        column.setContentsMargins(40, 40, 40, 40)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(icon_label("error-warning", "warn", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        for text, role, tone in (
            (tr("Something went wrong in this window"), "title", "t0"),
            (tr("The program goes on running. What was saved before is kept; check the last entry you made."),
             "body", "t1"),
            (tr("Error number {id}", id=report.crash_id), "h2", "t0"),
            (tr("What was noted of it holds no patient data. Give the number to your administrator."), "body", "t2"),
        ):  # fmt: skip
            line = label(text, role, tone, wrap=True)
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(line)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        self.back = Button(tr("Carry on working"), "primary", icon="arrow-right")
        self.back.clicked.connect(self.leave)
        copy = Button(tr("Copy the number"), "secondary", icon="file-copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report.crash_id))
        row.addWidget(self.back)
        row.addWidget(copy)
        if report.file is not None:
            folder = QUrl.fromLocalFile(str(report.file.parent))
            show = Button(tr("Open the folder of errors"), "ghost", icon="folder-open")
            show.clicked.connect(lambda: QDesktopServices.openUrl(folder))
            row.addWidget(show)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)

    def leave(self) -> None:
        """Uncover the page."""
        self.carry_on.emit()
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep covering the page when the window grows."""
        if event.type() is QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

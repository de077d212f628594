"""Ending in good order when the system asks: temporary patient data must not outlive a terminated demo."""

from __future__ import annotations

import signal
from types import FrameType

from PySide6.QtCore import QCoreApplication, QTimer

_WAKE_MS = 250
_STATUS = 128


def end_on_signals() -> None:
    """Make SIGTERM (and the terminal's hang-up) leave the window's loop, or the program before there is one."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    for number in numbers:
        signal.signal(number, _end)


def listen_for_signals(app: QCoreApplication) -> QTimer:
    """Let Python run now and then inside Qt's loop, where signals would otherwise wait for an event."""
    timer = QTimer(app)
    timer.timeout.connect(_nothing)
    timer.start(_WAKE_MS)
    return timer


def _end(number: int, _frame: FrameType | None) -> None:
    app = QCoreApplication.instance()
    if app is None:
        raise SystemExit(_STATUS + number)
    app.quit()


def _nothing() -> None:
    """Only Python's turn counts."""

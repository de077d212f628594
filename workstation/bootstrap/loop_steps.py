"""The bookkeeping of the headless loop: steps, waiting, screenshots, ``loop.json``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QEventLoop, QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

_POLL_MS: Final = 20


class CheckFailed(Exception):
    """What a step promised did not hold."""


@dataclass(slots=True)
class Steps:
    """Records every step with its outcome; the first that fails ends the loop."""

    out: Path
    done: list[dict[str, Any]] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Run one step; what is put into the yielded mapping becomes its detail."""
        started = time.perf_counter()
        self.detail = {}
        ok = False
        try:
            yield self.detail
            ok = True
        except Exception as exc:
            self.detail["error"] = f"{type(exc).__name__}: {exc}"
            raise
        finally:
            seconds = round(time.perf_counter() - started, 3)
            self.done.append({"name": name, "ok": ok, "seconds": seconds, "detail": self.detail})
            print(f"  {'✓' if ok else '✕'} {name:12} {seconds:6.1f} s  {_short(self.detail)}", flush=True)
            self.write(finished=False)

    def write(self, *, finished: bool) -> None:
        """Write ``loop.json``; ``ok`` only when the loop came to its end and every step held."""
        ok = finished and all(step["ok"] for step in self.done)
        text = json.dumps({"ok": ok, "steps": self.done}, indent=1, ensure_ascii=False)
        (self.out / "loop.json").write_text(text + "\n", encoding="utf-8")


def quiet_platform() -> None:
    """Drop the off-screen platform's remark that it has no size hints; everything else is passed on."""

    def handle(_kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
        if "propagateSizeHints" not in message:
            print(message, file=sys.stderr)

    qInstallMessageHandler(handle)


def check(condition: object, promise: str) -> None:
    """Raise CheckFailed when a promise does not hold."""
    if not condition:
        raise CheckFailed(promise)


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 120.0) -> None:
    """Let the window live until the condition holds. Raises CheckFailed after ``seconds``."""
    deadline = time.monotonic() + seconds
    loop = QEventLoop()
    timer = QTimer()
    timer.setInterval(_POLL_MS)
    timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > deadline else None)
    timer.start()
    loop.exec()
    timer.stop()
    check(condition(), f"waited {seconds:.0f} s in vain for {what}")


def settle(milliseconds: int = 300) -> None:
    """Let the window live for a moment, for pauses and painting."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def screenshot(widget: QWidget, path: Path) -> None:
    """Save what a person would see, with dialogs on top."""
    settle()
    picture = widget.grab()
    dialog = QApplication.activeModalWidget()
    if dialog is not None and dialog is not widget and dialog.isVisible():
        from PySide6.QtGui import QPainter

        painter = QPainter(picture)
        painter.drawPixmap(dialog.pos() - widget.window().pos(), dialog.grab())
        painter.end()
    check(picture.save(str(path)), f"the screenshot {path.name} could not be written")


def _short(detail: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in detail.items())[:160]

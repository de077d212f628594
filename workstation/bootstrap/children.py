"""
Commands of our own in processes of their own: they share no interpreter lock with the window.

A child ends when its standard input closes, so that it never outlives its parent, however
that one ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from resources.translation import language, tr
from workstation.domain.errors import StorageError

_END_S = 15.0
_PROGRAM = (
    "import sys; from workstation.bootstrap.children import end_with_parent; end_with_parent(); "
    "from workstation.cli import main; sys.exit(main(sys.argv[1:]))"
)


class Child:
    """One ``lianyue`` command as a child process; what it complains about goes to ``log``."""

    def __init__(self, *arguments: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own arguments
                [sys.executable, "-c", _PROGRAM, "--language", language(), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **(environment or {})},
                text=True,
                encoding="utf-8",
            )
        self._name = arguments[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def first_line(self) -> str:
        """Wait for the first line of its output. Raises StorageError when it ends without one."""
        line = self._process.stdout.readline().strip() if self._process.stdout is not None else ""
        if not line:
            raise StorageError(
                tr("{name} could not be started", name=f"lianyue {self._name}"),
                hint=tr("Run it by itself to see why."),
                detail=f"exit status {self._process.poll()}",
            )
        return line

    def stop(self) -> None:
        """End it: first asked, then made to."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def end_with_parent() -> None:
    """End this process when its standard input closes; called by the child itself."""

    def watch() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()

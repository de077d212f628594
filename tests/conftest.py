"""What every test can rely on: no network but loopback, no unexpected warnings in the log."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from resources.translation import ENGLISH, use_language

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PATIENCE_MS = 60_000
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_SEEN: set[Path] = set()
"""Files of the window that have begun in this process."""


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: tuple[str, int] | str) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test reached for {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _log_is_quiet(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on log records at WARNING or above unless the test asked for ``allow_warnings``."""
    yield
    if "allow_warnings" in request.fixturenames:
        return
    loud = [r for r in caplog.get_records("call") if r.levelno >= logging.WARNING and not r.name.startswith("pydicom")]
    assert [r.getMessage() for r in loud] == []


@pytest.fixture
def allow_warnings() -> None:
    """Let a test provoke warnings in the log on purpose."""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin every test in English and leave no other language behind."""
    use_language(ENGLISH)
    yield
    use_language(ENGLISH)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slow machine be slow: what a test waits for may take a minute, where pytest-qt allows five seconds."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitCallback"):
        defaults = getattr(QtBot, name).__kwdefaults__
        monkeypatch.setitem(defaults, "timeout", PATIENCE_MS)


@pytest.fixture(autouse=True)
def _garbage_ends_here(request: pytest.FixtureRequest) -> None:
    """
    Look for garbage between tests, in this thread only: why, tells the collector of the window.

    Before a test, since pytest holds the fixtures of the last one until then. Widgets that stay cost every new style,
    so all of them end before the next ones are made. What a new file finds alive is modules and caches: it is taken
    out of the collector's sight, which would else look at it before every single test (ADR 0063).
    """
    gc.disable()
    if request.node.get_closest_marker("gui") is not None:
        _end_widgets()
        gc.collect()
        if request.path not in _SEEN:
            _SEEN.add(request.path)
            gc.freeze()
        return
    counts, limits = gc.get_count(), gc.get_threshold()
    gc.collect(next((at for at in (2, 1) if counts[at] > limits[at]), 0))


def _end_widgets() -> None:
    """
    End what the last test left on the screen.

    A page that nobody deletes stays for ever, for Qt holds its slots and they hold the page; and what is to be
    deleted later waits for an event loop that a test need not have.
    """
    if QApplication.instance() is None:
        return
    for widget in QApplication.topLevelWidgets():
        # a pop-up belongs to what it completes or chooses for, which ends it itself
        if widget.parent() is None and widget.windowType() is not Qt.WindowType.Popup:
            widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real studies that lies beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.fail(f"the real studies are missing: {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def lidc_0314(shared_data: Path) -> Path:
    """Return the folder of the whole chest CT with one 15.5 mm nodule."""
    return shared_data / "ct-chest-lidc-0314"

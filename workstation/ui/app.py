"""Starts Qt: scale, style, fonts, crash guard and the empty window; ``bootstrap`` adds the pages."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from resources.translation import use_language
from workstation.services.jobs import JobRunner
from workstation.settings import Settings
from workstation.ui.errors_ui import CrashGuard
from workstation.ui.jobs_qt import MainThread, runner_on_main_thread
from workstation.ui.keymap import use_keys
from workstation.ui.main_window import MainWindow
from workstation.ui.style import FocusRing
from workstation.ui.theme import apply_theme, current_theme


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything that pages are built on."""

    app: QApplication
    window: MainWindow
    jobs: JobRunner
    main_thread: MainThread
    crash_guard: CrashGuard
    focus_ring: FocusRing

    def close(self) -> None:
        """End background work and give the hooks back; call after the event loop."""
        self.main_thread.close()
        self.jobs.close()
        self.crash_guard.uninstall()


def prepare_scale(scale_percent: int) -> None:
    """Set the scale for every pixel; only before the ``QApplication`` exists."""
    if scale_percent != 100 and QCoreApplication.instance() is None:
        os.environ["QT_SCALE_FACTOR"] = f"{scale_percent / 100:g}"


def build_shell(settings: Settings, *, crash_folder: Path, version: str = "") -> Shell:
    """Return the application with an empty window; the caller registers pages and shows it."""
    prepare_scale(settings.appearance.scale_percent)
    use_language(settings.appearance.language)
    existing = QApplication.instance()
    if not isinstance(existing, QApplication):
        QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = existing if isinstance(existing, QApplication) else QApplication(["lianyue"])
    app.setApplicationName("lianyue")
    app.setApplicationDisplayName("联阅 Lianyue")
    apply_theme(app, high_contrast=settings.appearance.high_contrast)
    use_keys(settings.keys.in_force)
    runner, main_thread = runner_on_main_thread()
    window = MainWindow(settings, version=version)
    guard = CrashGuard(crash_folder, version)
    guard.crashed.connect(window.show_crash)
    guard.install()
    window.settings_changed.connect(lambda new: _apply_contrast(app, high_contrast=new.appearance.high_contrast))
    return Shell(app, window, runner, main_thread, guard, FocusRing(app))


def _apply_contrast(app: QApplication, *, high_contrast: bool) -> None:
    if current_theme().high_contrast != high_contrast:
        apply_theme(app, high_contrast=high_contrast)

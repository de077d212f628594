"""``lianyue bench turns``: the longest turn of the window for each thing a reader does, in the real window."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from resources.translation import CHINESE, ENGLISH

if TYPE_CHECKING:
    from workstation.bootstrap.desktop import Desktop
    from workstation.bootstrap.turns import Turns

SLICES: Final = 120
_REST_MS: Final = 700
_PATIENCE_S: Final = 200.0


def run(study: Path | None, slices: int = SLICES, rest_ms: int = _REST_MS) -> dict[str, Any]:
    """
    Read a case as a person does and return the processor time of the longest turn of each act in milliseconds.

    ``ratios`` has the longest of all in units of a fixed piece of work of the same run, which a busy machine
    stretches as much. ``rest_ms`` is waited after each act, for what it leaves behind.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from workstation.bootstrap.bench_window import send_case
    from workstation.bootstrap.children import Child
    from workstation.bootstrap.demo import PASSWORD
    from workstation.dicom.images.phantom import make_phantom_study
    from workstation.exchange.signing.demo_pki import DemoKeyStore
    from workstation.storage.data_dir import private_dir

    with tempfile.TemporaryDirectory(prefix="lianyue-bench-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        studies = [study] if study is not None else []
        if study is None:
            for seed in (1, 2):  # two of one person: the second hangs beside the first
                truth = make_phantom_study(root / f"study{seed}", slices=slices, seed=seed, slice_spacing_mm=2.5)
                studies.append(truth.folder)
        local = private_dir(root / "workstation")
        command = ("hub", "--data", str(private_dir(root / "hub")), "--port", "0", "--demo-users")
        with Child(*command, log=root / "hub.log") as hub:
            url = hub.first_line()
            DemoKeyStore(private_dir(local / "pki")).ensure_signer("expert", "Expert", "Bench", PASSWORD)
            for one in studies:
                send_case(url, one, PASSWORD)
            turns = _read(url, local, PASSWORD, rest_ms)
    figures = {f"{stage}_ms": round(ms, 1) for stage, ms in turns.longest.items() if stage}
    longest = max(figures.values())
    return {
        "figures": figures | {"yard_ms": round(turns.yard_ms, 1)},
        "ratios": {"longest_turn_to_yard": round(longest / turns.yard_ms, 1)},
    }


def _read(url: str, local: Path, password: str, rest_ms: int) -> Turns:
    from workstation.bootstrap.desktop import Desktop
    from workstation.bootstrap.loop_steps import quiet_platform
    from workstation.bootstrap.turns import Turns
    from workstation.settings import AppearanceSettings, ConnectionSettings, Settings

    quiet_platform()
    settings = Settings(AppearanceSettings(language=CHINESE), ConnectionSettings(hub_url=url))
    desktop = Desktop(url, data_dir=local, settings=settings, settings_path=None)
    turns = Turns()
    turns.start()
    try:
        _Reader(desktop, turns, password, rest_ms).read()
    finally:
        turns.stop()
        desktop.close()
    return turns


class _Reader:
    """Does what a reader does, each act begun from inside the event loop."""

    def __init__(self, desktop: Desktop, turns: Turns, password: str, rest_ms: int) -> None:
        self.desktop, self.turns, self.password, self.rest_ms = desktop, turns, password, rest_ms
        self.window = desktop.shell.window

    def read(self) -> None:
        from workstation.bootstrap.desktop_pages import LOGIN, READING, REPORT, WORKLIST
        from workstation.ui.pages.reading_page import ReadingPage
        from workstation.ui.pages.worklist_page import WorklistPage

        window, desktop = self.window, self.desktop
        window.resize(1920, 1080)
        self.act("window", window.show)
        self.act("sign_in", self._enter, lambda: window.current_page == WORKLIST)
        cases = window.page(WORKLIST)
        if not isinstance(cases, WorklistPage):
            raise TypeError("the page of a reader")
        self.act("prepare", _nothing, lambda: window.is_prepared(READING) and window.is_prepared(REPORT))
        self.act("list", _nothing, lambda: cases.model.rowCount() > 0)

        def shown(answer: Callable[[ReadingPage], bool]) -> Callable[[], bool]:
            def check() -> bool:
                page = window.page(READING) if window.is_prepared(READING) else None
                return isinstance(page, ReadingPage) and answer(page)

            return check

        newest = cases.model.row_at(0)
        self.act("open", lambda: desktop.open_case(newest, read_only=False), shown(ReadingPage.has_image))
        self.act("stream", _nothing, shown(ReadingPage.has_volume))
        reading = window.page(READING)
        for name, command in (
            ("planes", "layout.mpr"),
            ("one_view", "layout.one"),
            ("two_views", "layout.1x2"),
            ("next_stage", "hanging.next"),
            ("prior", "priors.toggle"),
            ("window_preset", "preset.2"),
        ):
            self.act(name, lambda command=command: reading.commands.trigger(command))  # type: ignore[misc] # bound early
        self.act("report", lambda: window.show_soon(REPORT), lambda: window.current_page == REPORT)
        self.act("images", lambda: window.show_soon(READING), lambda: window.current_page == READING)
        self.act("keys", window.open_key_sheet, self._dialog_is_open)
        self.act("keys_closed", self._close_dialogs)
        self.act("language", lambda: self._speak(ENGLISH), lambda: window.is_prepared(READING))
        self.act("list_again", lambda: window.show_soon(WORKLIST), lambda: window.current_page == WORKLIST)
        self.act("sign_out", desktop.sign_out, lambda: window.current_page == LOGIN)

    def act(self, stage: str, begin: Callable[[], object], until: Callable[[], bool] = lambda: True) -> None:
        from PySide6.QtCore import QTimer

        from workstation.bootstrap.loop_steps import settle, wait_until

        begun: list[bool] = []

        def go() -> None:
            begin()
            begun.append(True)

        self.turns.enter(stage)
        QTimer.singleShot(1, go)  # like a click: what 0 posts would share its turn with the paintings that follow
        wait_until(lambda: begun and until(), stage, seconds=_PATIENCE_S)
        settle(self.rest_ms)

    def _enter(self) -> None:
        from workstation.bootstrap.desktop_pages import LOGIN
        from workstation.ui.pages.login_page import LoginPage

        login = self.window.page(LOGIN)
        if isinstance(login, LoginPage):
            login.user.edit.setText("expert")
            login.password.edit.setText(self.password)
            login.enter_button.click()

    def _speak(self, language: str) -> None:
        settings = self.desktop.settings
        self.window.apply_settings(replace(settings, appearance=replace(settings.appearance, language=language)))

    def _dialog_is_open(self) -> bool:
        from PySide6.QtWidgets import QDialog

        return any(dialog.isVisible() for dialog in self.window.findChildren(QDialog))

    def _close_dialogs(self) -> None:
        from PySide6.QtWidgets import QDialog

        for dialog in self.window.findChildren(QDialog):
            dialog.close()


def _nothing() -> None:
    """Wait only."""

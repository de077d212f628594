"""``lianyue bench memory``: what a long CT costs while it lies open in the real window, over the real hub."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from resources.translation import CHINESE, tr
from workstation.domain.errors import StorageError

SLICES: Final = 500
_MIB: Final = 1 << 20
_PATIENCE_S: Final = 400.0
_REST_MS: Final = 3000


def run(study: Path | None, slices: int = SLICES) -> dict[str, Any]:
    """
    Open a study in MPR 2x2 and return megabytes of memory and milliseconds of processor time.

    ``window_mb`` is the resident memory of the window's process once everything is on screen,
    ``peak_mb`` its highest while it loaded, ``decoders_mb`` that of its decoding children (pages
    they share counted once), ``before_mb`` and ``after_mb`` the window's before the case and when
    it is closed. ``longest_turn_ms`` is the processor time of the window's longest turn from the
    double click to the volume: the clock would count other programs. Raises StorageError where
    the system does not tell these figures.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        raise StorageError(tr("Memory is measured on Linux only"))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from workstation.bootstrap.children import Child
    from workstation.bootstrap.demo import PASSWORD
    from workstation.dicom.images.phantom import make_phantom_study
    from workstation.exchange.signing.demo_pki import DemoKeyStore
    from workstation.storage.data_dir import private_dir

    with tempfile.TemporaryDirectory(prefix="lianyue-bench-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        if study is None:
            study = make_phantom_study(root / "study", slices=slices, slice_spacing_mm=0.6).folder
        local = private_dir(root / "workstation")
        hub_command = ("hub", "--data", str(private_dir(root / "hub")), "--port", "0", "--demo-users")
        with Child(*hub_command, log=root / "hub.log") as hub:
            url = hub.first_line()
            DemoKeyStore(private_dir(local / "pki")).ensure_signer("expert", "Expert", "Bench", PASSWORD)
            send_case(url, study, PASSWORD)
            return {"figures": _opened(url, local, PASSWORD)}


def send_case(url: str, folder: Path, password: str) -> None:
    """Send what lies in a folder as the technician does."""
    from workstation.bootstrap.adapters import connect
    from workstation.dicom.images.source import scan
    from workstation.domain.site import ReadingRequest
    from workstation.services.jobs import NoJob

    with connect(url) as hub:
        hub.session.sign_in("technician", password)
        for one in scan(folder, NoJob()):
            hub.sender.send(one, ReadingRequest(one.study_instance_uid), NoJob(), lambda _progress: None)


def _opened(url: str, local: Path, password: str) -> dict[str, float]:
    from workstation.bootstrap.desktop import Desktop
    from workstation.bootstrap.desktop_pages import LOGIN, READING, WORKLIST
    from workstation.bootstrap.loop_steps import check, quiet_platform, settle, wait_until
    from workstation.bootstrap.turns import Turns
    from workstation.settings import AppearanceSettings, ConnectionSettings, Settings
    from workstation.ui.pages.login_page import LoginPage
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.worklist_page import WorklistPage
    from workstation.ui.widgets.tiling import Layout

    quiet_platform()
    others = _children()
    settings = Settings(AppearanceSettings(language=CHINESE), ConnectionSettings(hub_url=url))
    desktop = Desktop(url, data_dir=local, settings=settings, settings_path=None)
    try:
        window = desktop.shell.window
        window.resize(1920, 1080)
        window.show()
        login = desktop.page(LOGIN)
        if isinstance(login, LoginPage):
            login.user.edit.setText("expert")
            login.password.edit.setText(password)
            login.enter_button.click()
        wait_until(lambda: desktop.actor is not None and window.current_page == WORKLIST, "the worklist")
        cases, page = desktop.page(WORKLIST), desktop.page(READING)
        if not isinstance(cases, WorklistPage) or not isinstance(page, ReadingPage):
            raise TypeError("the pages of a reader")
        wait_until(lambda: cases.model.rowCount() > 0, "the case")
        settle(_REST_MS)
        before = _resident()
        page.grid.choose_layout(Layout.MPR)
        turns = Turns()
        turns.start()
        started = time.perf_counter()
        desktop.open_case(cases.model.row_at(0), read_only=False)
        wait_until(page.has_image, "the first image", seconds=_PATIENCE_S)
        first = time.perf_counter() - started
        wait_until(page.has_volume, "the volume", seconds=_PATIENCE_S)
        whole = time.perf_counter() - started
        settle(_REST_MS)
        turns.stop()
        page.grid.choose_layout(Layout.MPR)
        settle(_REST_MS)
        figures = {
            "slices": float(page.slice_count),
            "before_mb": before,
            "window_mb": _resident(),
            "peak_mb": _status("VmHWM"),
            "decoders_mb": sum(_proportional(pid) for pid in _children() - others),
            "longest_turn_ms": max(turns.longest.values()),
            "first_image_s": first,
            "whole_s": whole,
        }
        check(desktop.desk is not None, "somebody reads")
        if desktop.desk is not None:
            desktop.desk.close()
        settle(_REST_MS)
        return {name: round(value, 1) for name, value in (figures | {"after_mb": _resident()}).items()}
    finally:
        desktop.close()


def _status(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / _MIB for line in lines if line.startswith(field + ":"))


def _resident() -> float:
    return _status("VmRSS")


def _proportional(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has ended meanwhile
        return 0.0
    return next(int(line.split()[1]) * 1024 / _MIB for line in text.splitlines() if line.startswith("Pss:"))


def _children() -> set[int]:
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= {int(pid) for pid in (task / "children").read_text(encoding="ascii").split()}
    return found

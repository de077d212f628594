"""The real window over the real hub with one case on its list, for benchmarks that read it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from resources.translation import CHINESE, tr
from workstation.domain.errors import StorageError

if TYPE_CHECKING:
    from workstation.bootstrap.desktop import Desktop
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.worklist_page import WorklistPage

PATIENCE_S: Final = 400.0
REST_MS: Final = 3000
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ReadingWindow:
    """The window of a reader who has just signed in; ``study`` is the folder the case was sent from."""

    desktop: Desktop
    page: ReadingPage
    cases: WorklistPage
    study: Path

    def open_case(self, *, read_only: bool = False) -> None:
        """Open the only case of the list; returns before anything of it is here. A claimed one leaves the list."""
        self.desktop.open_case(self.cases.model.row_at(0), read_only=read_only)

    def close_case(self) -> None:
        """Close the case as the reader does."""
        from workstation.bootstrap.loop_steps import check

        check(self.desktop.desk is not None, "somebody reads")
        if self.desktop.desk is not None:
            self.desktop.desk.close()


@contextmanager
def reading_window(study: Path | None, *, slices: int, size: int = 512) -> Iterator[ReadingWindow]:
    """
    Start a hub, send it a study (else a phantom), sign a reader in and wait until everything has come to rest.

    Raises StorageError where the system does not tell how much memory a process has.
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
            study = make_phantom_study(root / "study", slices=slices, size=size, slice_spacing_mm=0.6).folder
        local = private_dir(root / "workstation")
        hub_command = ("hub", "--data", str(private_dir(root / "hub")), "--port", "0", "--demo-users")
        with Child(*hub_command, log=root / "hub.log") as hub:
            url = hub.first_line()
            DemoKeyStore(private_dir(local / "pki")).ensure_signer("expert", "Expert", "Bench", PASSWORD)
            send_case(url, study, PASSWORD)
            yield from _signed_in(url, local, PASSWORD, study)


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


def _signed_in(url: str, local: Path, password: str, study: Path) -> Iterator[ReadingWindow]:
    from workstation.bootstrap.desktop import Desktop
    from workstation.bootstrap.desktop_pages import LOGIN, READING, WORKLIST
    from workstation.bootstrap.loop_steps import quiet_platform, settle, wait_until
    from workstation.settings import AppearanceSettings, ConnectionSettings, Settings
    from workstation.ui.pages.login_page import LoginPage
    from workstation.ui.pages.reading_page import ReadingPage
    from workstation.ui.pages.worklist_page import WorklistPage

    quiet_platform()
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
        settle(REST_MS)
        yield ReadingWindow(desktop, page, cases, study)
    finally:
        desktop.close()


def resident_mb() -> float:
    """Return how much of this process lies in memory, in MiB."""
    return status_mb("VmRSS")


def status_mb(field: str) -> float:
    """Return a figure that the system keeps of this process, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / _MIB for line in lines if line.startswith(field + ":"))

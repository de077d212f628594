"""``lianyue demo``: an embedded hub on loopback, an AI worker, demo users, a study, and the workstation."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from resources.translation import language, tr, trn
from workstation.bootstrap.adapters import connect
from workstation.bootstrap.children import Child

PASSWORD: Final = "lianyue-demo"  # noqa: S105 - the published password of accounts that live on loopback only
ACCOUNTS: Final = ("expert", "resident", "technician", "trainer", "quality", "admin")


@dataclass(frozen=True, slots=True)
class DemoHouse:
    """What a demo runs on: the hub's address, its data, and this machine's data folder."""

    hub_url: str
    hub_data: Path
    local_data: Path


@contextlib.contextmanager
def demo_house(root: Path) -> Iterator[DemoHouse]:
    """Run hub and worker, each a process of its own, below one folder; both end with the context."""
    from workstation.exchange.signing.demo_pki import DemoKeyStore
    from workstation.storage.data_dir import private_dir

    house_data = private_dir(root / "hub")
    local = private_dir(root / "workstation")
    password = {"LIANYUE_PASSWORD": PASSWORD}
    hub_command = ("hub", "--data", str(house_data), "--port", "0", "--demo-users")
    with Child(*hub_command, log=root / "hub.log") as hub:
        url = hub.first_line()
        with Child("worker", "--hub", url, log=root / "worker.log", environment=password):
            keys = DemoKeyStore(private_dir(local / "pki"))
            for user, name in (("expert", "王启明"), ("resident", "宋佳")):
                keys.ensure_signer(user, name, "省影像专科联盟远程诊断中心", PASSWORD)
            yield DemoHouse(url, house_data, local)


def phantom(folder: Path) -> Path:
    """Make a chest CT phantom with nodules and return its folder."""
    from workstation.dicom.images.phantom import make_phantom_study

    started = time.perf_counter()
    truth = make_phantom_study(folder)
    seconds = time.perf_counter() - started
    print(
        trn(
            "Phantom with {count} nodule made in {seconds:.1f} s",
            "Phantom with {count} nodules made in {seconds:.1f} s",
            len(truth.nodules),
            seconds=seconds,
        ),
        flush=True,
    )
    return folder


def _check_study(folder: Path) -> None:
    """Raise DecodeError before hub and worker start, not minutes later from the middle of the loop."""
    from workstation.dicom.images.source import scan

    scan(folder)


def run_demo(*, headless: bool, study: Path | None, out: Path | None) -> int:
    """Run the demo; without a display the loop is driven headless."""
    from workstation.bootstrap.environment import has_display, prepare_offscreen

    if not headless and not has_display():
        print(tr("There is no display: the loop runs headless."), flush=True)
        headless = True
    from workstation.bootstrap.ending import end_on_signals

    target = (out or Path("demo-out")).resolve()
    if study is not None:
        _check_study(study)
    if headless:
        target.mkdir(parents=True, exist_ok=True)
    end_on_signals()
    with tempfile.TemporaryDirectory(prefix="lianyue-demo-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        if headless:
            from workstation.bootstrap.loop import run_loop

            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            prepare_offscreen()

            with demo_house(root) as house:
                ok = run_loop(house, study or phantom(root / "phantom"), target)
            print(tr("Artefacts and screenshots are in {folder}", folder=target), flush=True)
            return 0 if ok else 1
        with demo_house(root) as house:
            return _interactive(house, study, root)


def _interactive(house: DemoHouse, study: Path | None, root: Path) -> int:
    from workstation import settings as settings_file
    from workstation.bootstrap.desktop import Desktop
    from workstation.bootstrap.ending import listen_for_signals

    print(tr("Demo hub at {url}; accounts {names}; password {password}", url=house.hub_url,
             names=", ".join(ACCOUNTS), password=PASSWORD), flush=True)  # fmt: skip
    settings = settings_file.load(settings_file.default_path()).settings
    settings = replace(
        settings,
        appearance=replace(settings.appearance, language=language()),
        connection=replace(settings.connection, hub_url=house.hub_url, last_user="expert"),
    )
    desktop = Desktop(
        house.hub_url,
        data_dir=house.local_data,
        settings=settings,
        settings_path=None,
        demo_accounts=[f"{name} / {PASSWORD}" for name in ACCOUNTS[:3]],
    )
    sender = threading.Thread(target=_send_first_case, args=(house.hub_url, study, root), daemon=True)
    sender.start()
    listen_for_signals(desktop.shell.app)
    try:
        return desktop.run()
    finally:
        sender.join(30)


def _send_first_case(hub_url: str, study: Path | None, root: Path) -> None:
    """Send a study as the technician, so that the expert finds a case on the worklist."""
    from workstation.dicom.images.source import scan
    from workstation.domain.site import ReadingRequest
    from workstation.domain.workitem import Priority
    from workstation.services.jobs import NoJob

    folder = study or phantom(root / "phantom")
    with connect(hub_url) as hub:
        hub.session.sign_in("technician", PASSWORD)
        for found in scan(folder, NoJob()):
            question = tr("Follow-up of a nodule: has it grown?")
            request = ReadingRequest(found.study_instance_uid, Priority.MEDIUM, question)
            hub.sender.send(found, request, NoJob(), lambda _progress: None)

"""A draft outlives the death of its program and a full disk."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.reports import STUDY_UID, drafted_report
from workstation.domain.errors import DiskFull
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage
from workstation.storage.drafts import DraftStore

KEY = bytes(range(32))
KILLS = 60
LONG = "双肺纹理清晰。" * 2000
MARKED = KeyImage("1.2.3.2", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.2.1", 7)
SEEN = ImageLook(image=MARKED, window_centre=-600.1 / 3, window_width=1500.7 / 7, pan=(0.1, -1 / 3))


@pytest.mark.fault
def test_sixty_kills_while_saving_leave_sixty_readable_drafts(memory_disk: Path) -> None:
    """After kill -9 the draft is the last one that was reported as saved, or the one after it."""
    chance = random.Random(5)
    corrupt = lost = 0
    number = 0
    for _ in range(KILLS):
        number = _save_until_killed(memory_disk, number, chance.uniform(0.0, 0.05))
        loaded = DraftStore(memory_disk, KEY).load(STUDY_UID, "resident")
        marked = loaded is not None and (loaded.key_images, loaded.image_looks) == ((MARKED,), (SEEN,))
        if loaded is None or not marked or not loaded.values["findings"].endswith(LONG):
            corrupt += 1
            continue
        found = int(loaded.values["findings"].split()[0])
        lost += found not in {number, number + 1}
        number = found

    assert corrupt == 0
    assert lost == 0
    assert number > KILLS


def _save_until_killed(folder: Path, number: int, after_s: float) -> int:
    """Fork a writer that saves on and on, kill it and return the last number it reported."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        store = DraftStore(folder, KEY)
        while True:
            number += 1
            store.save(replace(drafted_report(f"{number} {LONG}"), key_images=(MARKED,), image_looks=(SEEN,)))
            os.write(write_end, number.to_bytes(8, "big"))
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=0) as pipe:
        told = pipe.read(8)  # at least one save came through
        time.sleep(after_s)  # the moment of death is what varies
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while more := pipe.read(8):
            told = more
    return int.from_bytes(told, "big")


@pytest.mark.fault
def test_a_full_disk_keeps_the_former_draft_and_says_so(tmp_path: Path) -> None:
    """The kernel refuses the write in its middle (RLIMIT_FSIZE stands for the last free block)."""
    store = DraftStore(tmp_path, KEY)
    store.save(drafted_report("前一版"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(DiskFull) as caught:
            store.save(drafted_report(LONG))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)

    loaded = store.load(STUDY_UID, "resident")
    assert loaded is not None
    assert loaded.values["findings"] == "前一版"
    assert "磁盘" in caught.value.user_text or "disk" in caught.value.user_text
    assert [path.suffix for path in tmp_path.iterdir()] == [".draft"]
    store.save(drafted_report("有空间以后"))
    loaded = store.load(STUDY_UID, "resident")
    assert loaded is not None
    assert loaded.values["findings"] == "有空间以后"


FILL = """
import sys
from pathlib import Path
from tests.helpers.reports import drafted_report, STUDY_UID
from workstation.domain.errors import DiskFull
from workstation.storage.drafts import DraftStore
folder = Path(sys.argv[1])
store = DraftStore(folder / "drafts", bytes(range(32)))
store.save(drafted_report("前一版"))
filler = open(folder / "filler", "wb", buffering=0)
try:
    while True:
        filler.write(bytes(4096))
except OSError:
    pass
try:
    store.save(drafted_report("x" * 100000))
    print("saved")
except DiskFull:
    print("full", store.load(STUDY_UID, "resident").values["findings"])
"""


def own_mounts() -> list[str]:
    """Return the command for a mount namespace: a chroot permits no user namespace, but root needs none."""
    with_user = ["unshare", "-rm"]
    if subprocess.run([*with_user, "true"], capture_output=True, check=False).returncode == 0:
        return with_user
    return ["unshare", "-m", "--propagation", "unchanged"]


@pytest.mark.fault
def test_a_full_filesystem_keeps_the_former_draft(tmp_path: Path) -> None:
    """A tmpfs of 256 KiB in a mount namespace of its own, filled to the last block."""
    project = Path(__file__).resolve().parents[2]
    mount = 'mount -t tmpfs -o size=256k none "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*own_mounts(), "sh", "-c", mount, "sh", str(tmp_path), sys.executable, FILL],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout.strip(), done.returncode) == ("full 前一版", 0), done.stderr

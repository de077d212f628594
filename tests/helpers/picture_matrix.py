"""
The screenshot matrix: every page and kind of image, in both languages, at both window sizes and two scales.

``python -m tests.helpers.picture_matrix --out FOLDER`` starts a hub, sends it one study of every kind, waits for the
pre-read and takes the pictures from the real window, one process for each language and scale. ``--only`` narrows it to
pictures whose name begins so, ``--languages`` and ``--scales`` to some of the processes; ``--high-contrast`` takes them
in that look, ``--house`` keeps the hub's data for the next run. The pictures are for a person to look at: nothing is
compared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.helpers.picture_studies import write_studies
from tests.helpers.picture_taking import HIGH_CONTRAST, SIZES
from workstation.bootstrap.adapters import Hub, connect
from workstation.bootstrap.demo import PASSWORD, demo_house
from workstation.dicom.images.source import scan
from workstation.domain.site import ReadingRequest
from workstation.domain.workitem import AiState, Priority, WorklistQuery, WorklistRow, WorklistTab
from workstation.services.jobs import NoJob

SHARED_DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data"
SCALES: Final = ("1", "1.5")
_PRE_READ_S: Final = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the matrix; returns 0 when every picture was taken."""
    parser = argparse.ArgumentParser(description="Take the screenshot matrix")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--house", type=Path, help="keep hub and studies here for the next run")
    parser.add_argument("--languages", nargs="+", default=["zh_CN", "en"])
    parser.add_argument("--scales", nargs="+", default=list(SCALES), choices=list(SIZES))
    parser.add_argument("--high-contrast", action="store_true")
    parser.add_argument("--only", nargs="+", default=[""])
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    with _house(options.house) as (root, url):
        return max(
            _take(url, root, options.out, language, scale, options)
            for language in options.languages
            for scale in options.scales
        )


def _take(url: str, root: Path, out: Path, language: str, scale: str, options: argparse.Namespace) -> int:
    # a process of its own: Qt takes its scale once
    command = [sys.executable, "-m", "tests.helpers.picture_taking", url, str(root), str(out), language, scale]
    command += options.only
    environment = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    if options.high_contrast:
        environment[HIGH_CONTRAST] = "1"
    return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def _house(kept: Path | None) -> Iterator[tuple[Path, str]]:
    """Run hub and worker; yields the folder and the hub's address once every study was pre-read."""
    root = kept or Path(tempfile.mkdtemp(prefix="lianyue-pictures-"))
    root.mkdir(parents=True, exist_ok=True)
    try:
        with demo_house(root) as house:
            _fill(house.hub_url, root / "studies")
            yield root, house.hub_url
    finally:
        if kept is None:
            shutil.rmtree(root, ignore_errors=True)


def _fill(url: str, folder: Path) -> None:
    with connect(url) as hub:
        hub.session.sign_in("technician", PASSWORD)
        if not _rows(hub):
            for number, study in enumerate(write_studies(SHARED_DATA, folder)):
                _send(hub, study, number)
        deadline = time.monotonic() + _PRE_READ_S
        while any(_is_under_way(row) for row in _rows(hub)):
            if time.monotonic() > deadline:
                raise TimeoutError("the pre-read does not end")
            time.sleep(1)
        hub.session.sign_out()


def _send(hub: Hub, folder: Path, number: int) -> None:
    priority = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)[number % 3]
    for study in scan(folder, NoJob()):
        request = ReadingRequest(study.study_instance_uid, priority, "结节有无增大？" if "ct" in folder.name else "")
        hub.sender.send(study, request, NoJob(), lambda _progress: None)
        sys.stdout.write(f"sent {folder.name}\n")


def _rows(hub: Hub) -> Sequence[WorklistRow]:
    return hub.worklist.query(WorklistQuery(tab=WorklistTab.ALL, limit=100)).rows


def _is_under_way(row: WorklistRow) -> bool:
    return row.ai.state in {AiState.QUEUED, AiState.RUNNING}


if __name__ == "__main__":
    sys.exit(main())

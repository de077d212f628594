"""A signed report is never lost and never sent twice, wherever the program dies."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType

import pytest

from tests.helpers.reports import NOON, STUDY_UID, drafted_report
from workstation.domain.signature import SignedArtefact
from workstation.domain.workitem import Claim
from workstation.storage import outbox as outbox_module
from workstation.storage.outbox import Outbox

KEY = bytes(range(32))
CLAIM = Claim("1.2.3", "1.2.3.4")
PAYLOAD = bytes(range(256)) * 400
SURVIVED = 0
NEVER = -1


def artefacts(number: int) -> tuple[SignedArtefact, ...]:
    return tuple(
        SignedArtefact(kind, STUDY_UID, "1.2.9", "1.2.840.10008.5.1.4.1.1.88.22", f"1.2.8.{number}.{n}", PAYLOAD, "")
        for n, kind in enumerate(("report_sr", "report_pdf", "measurement_sr"))
    )


def sign_and_deliver(path: Path, hub: Path, say: Callable[[str], None]) -> None:
    """Enqueue one report, then deliver what waits; ``hub`` is a folder that keeps what it is given."""
    box = Outbox(path, KEY, now=lambda: NOON)
    box.enqueue(drafted_report(number=1), CLAIM, artefacts(1))
    say("signed")
    for delivery in box.pending():
        box.failed(delivery.report.report_uid, "first attempt", retry_at=NOON + timedelta(seconds=1))
        for artefact in delivery.artefacts:
            (hub / artefact.sop_instance_uid).write_bytes(artefact.payload)
        box.confirmed(delivery.report.report_uid)
        say("confirmed")


def in_a_child(path: Path, hub: Path, before_line: Callable[[int, list[str]], object]) -> tuple[list[str], bool]:
    """
    Fork, and sign and deliver there with something done before each line of the outbox.

    It is given the number of the line, from 1, and the list of the words said so far, which comes back together
    with whether the child died.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        told = _Told(write_end)
        sys.settrace(_at_every_line(lambda step: before_line(step, told)))  # type: ignore[arg-type]  # recursive alias
        sign_and_deliver(path, hub, told.append)
        os._exit(SURVIVED)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        words = pipe.read().decode().split()
    _, status = os.waitpid(child, 0)
    return words, os.WIFSIGNALED(status)


class _Told(list[str]):
    """Words that somebody else hears at once."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def append(self, word: str) -> None:
        os.write(self._descriptor, word.encode() + b"\n")
        super().append(word)


def _at_every_line(act: Callable[[int], object]) -> Callable[[FrameType, str, object], object]:
    seen = 0

    def trace(frame: FrameType, event: str, _arg: object) -> object:
        nonlocal seen
        if frame.f_code.co_filename != outbox_module.__file__:
            return None
        if event == "line":
            seen += 1
            act(seen)
        return trace

    return trace


def deadly_lines(folder: Path) -> list[int]:
    """
    Return the first line of each state that a kill can leave.

    What outlives a kill is what stands in the files and what was said. Lines between which neither changes are one
    and the same death.
    """
    hub = folder / "hub"
    hub.mkdir(parents=True)
    before: list[object] = []

    def look(step: int, words: list[str]) -> None:
        said = [word for word in words if not word.isdigit()]
        left = [(str(file), file.read_bytes()) for file in sorted(folder.rglob("*")) if file.is_file()]
        if [said, left] != before:
            before[:] = [said, left]
            words.append(str(step))

    words, died = in_a_child(folder / "outbox.sqlite", hub, look)
    assert not died
    return [int(word) for word in words if word.isdigit()]


def killed_at(deadly: int) -> Callable[[int, list[str]], object]:
    """Return what dies before the line of that number."""

    def act(step: int, _words: list[str]) -> None:
        if step == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    return act


@pytest.mark.fault
def test_a_kill_at_every_line_loses_nothing_and_doubles_nothing(memory_disk: Path) -> None:
    broken: list[str] = []
    lines = deadly_lines(memory_disk / "states")
    for step in [*lines, NEVER]:
        folder = memory_disk / str(step)
        hub = folder / "hub"
        hub.mkdir(parents=True)
        path = folder / "outbox.sqlite"
        said, died = in_a_child(path, hub, killed_at(step))
        assert died is (step != NEVER)
        broken += judge(step, path, hub, said[-1] if said else "")

    assert broken == []
    assert len(lines) > 10  # before the file, its tables, the report, each attempt, each word, the end


def judge(step: int, path: Path, hub: Path, said: str) -> list[str]:
    """Look from outside, then let the product carry on, and look again."""
    broken: list[str] = []
    box = Outbox(path, KEY, now=lambda: NOON)
    pending = box.pending()
    at_hub = {file.name for file in hub.iterdir()}
    if said == "signed" and not pending and len(at_hub) != 3:
        broken.append(f"step {step}: a signed report is lost")
    if any(len(delivery.artefacts) != 3 for delivery in pending):
        broken.append(f"step {step}: a report without all its objects")
    if said == "confirmed" and pending:
        broken.append(f"step {step}: a confirmed report waits again")
    box.close()
    sign_and_deliver(path, hub, lambda _: None)
    box = Outbox(path, KEY, now=lambda: NOON)
    if box.waiting() != 0:
        broken.append(f"step {step}: not delivered after the restart")
    box.close()
    if {file.name for file in hub.iterdir()} != {"1.2.8.1.0", "1.2.8.1.1", "1.2.8.1.2"}:
        broken.append(f"step {step}: the hub has not exactly the three objects")
    if any(file.read_bytes() != PAYLOAD for file in hub.iterdir()):
        broken.append(f"step {step}: an object's bytes differ")
    database = sqlite3.connect(path)
    if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
        broken.append(f"step {step}: the database is damaged")
    if database.execute("SELECT count(*) FROM delivery").fetchone() != (1,):
        broken.append(f"step {step}: more than one delivery row")
    database.close()
    return broken


@pytest.mark.fault
def test_kills_in_the_middle_of_writing_lose_nothing(memory_disk: Path) -> None:
    """Death between SQLite's own writes and syncs: every report that was said to be signed is there."""
    path = memory_disk / "outbox.sqlite"
    chance = random.Random(11)
    signed: set[int] = set()
    number = 0
    for _ in range(30):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            box = Outbox(path, KEY)
            while True:
                number += 1
                box.enqueue(drafted_report(number=number), CLAIM, artefacts(number))
                os.write(write_end, number.to_bytes(8, "big"))
        os.close(write_end)
        with os.fdopen(read_end, "rb", buffering=0) as pipe:
            told = [pipe.read(8)]
            time.sleep(chance.uniform(0.0, 0.03))  # the moment of death is what varies
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            while more := pipe.read(8):
                told.append(more)
        signed |= {int.from_bytes(word, "big") for word in told}
        number = max(signed)

    box = Outbox(path, KEY)
    found = {int(delivery.report.report_uid.rsplit(".", 1)[-1]) for delivery in box.pending()}
    whole = all(len(d.artefacts) == 3 and d.artefacts[2].payload == PAYLOAD for d in box.pending())
    box.close()
    assert signed - found == set()
    assert whole

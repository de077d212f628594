"""The whole loop in one command without a display, on a phantom; then its artefacts before outside judges."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.full_reports import dciodvfy_errors
from workstation.exchange.signing.demo_pki import DemoKeyStore

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = "import sys; from workstation.cli import main; sys.exit(main())"
STEPS = ["send", "preread", "request", "claim", "open", "review", "report", "sign", "return", "acknowledge"]
SIGNED = ("report.pdf", "report.dcm", "findings.dcm")


@dataclass(frozen=True)
class Ran:
    status: int
    errors: str
    out: Path
    temporary: Path

    @property
    def loop(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "loop.json").read_text(encoding="utf-8"))
        return found


def lianyue(*arguments: str | Path, temporary: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TMPDIR": str(temporary)} if temporary else dict(os.environ)
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "--language", "en", *map(str, arguments)],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out, temporary = tmp_path_factory.mktemp("loop"), tmp_path_factory.mktemp("temporary")
    done = lianyue("demo", "--headless", "--out", out, temporary=temporary)
    return Ran(done.returncode, done.stdout + done.stderr, out, temporary)


def test_the_loop_holds_from_the_sender_and_back(ran: Ran) -> None:
    assert ran.status == 0, ran.errors
    assert ran.loop["ok"] is True
    assert [step["name"] for step in ran.loop["steps"]] == STEPS
    assert [set(step) for step in ran.loop["steps"]] == [{"name", "ok", "seconds", "detail"}] * len(STEPS)
    assert [step["ok"] for step in ran.loop["steps"]] == [True] * len(STEPS)


def test_the_loop_leaves_its_pictures_and_no_patient_data(ran: Ran) -> None:
    for picture in ("login", "worklist", "reading", "report", "sign", "inbox"):
        assert (ran.out / f"{picture}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", picture
    assert [path.name for path in ran.temporary.iterdir() if path.name.startswith("lianyue-")] == []


def test_the_audit_trail_of_the_loop_is_one_chain(ran: Ran) -> None:
    lines = (ran.out / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["previous"] for event in events[1:]] == [event["digest"] for event in events[:-1]]
    assert {"report_signed", "report_acknowledged"} <= {event["action"] for event in events}


@pytest.mark.dcmtk
def test_outside_judges_accept_the_signed_objects(ran: Ran) -> None:
    for name in ("report.dcm", "findings.dcm"):
        assert dciodvfy_errors(ran.out / name) == []


def test_the_artefacts_verify_until_one_byte_changes(ran: Ran, tmp_path: Path) -> None:
    trust = ("--trust", ran.out / "trust")
    whole = lianyue("verify", *(ran.out / name for name in SIGNED), *trust)
    assert whole.returncode == 0, whole.stdout
    assert [line.split(" · ")[0] for line in whole.stdout.splitlines()] == [f"{name}: valid" for name in SIGNED]
    for name in SIGNED:
        folder = tmp_path / name
        folder.mkdir()
        for other in SIGNED:
            content = bytearray((ran.out / other).read_bytes())
            if other == name:
                content[len(content) // 2] ^= 1
            (folder / other).write_bytes(content)
        altered = lianyue("verify", folder / name, *trust)
        assert altered.returncode == 1, altered.stdout
        assert altered.stdout.startswith(f"{name}: altered · "), altered.stdout


def test_nobody_else_s_root_makes_the_report_trusted(ran: Ran, tmp_path: Path) -> None:
    DemoKeyStore(tmp_path / "other").trust()
    stranger = lianyue("verify", ran.out / "report.pdf", "--trust", tmp_path / "other" / "root.pem")
    assert stranger.returncode == 1
    assert stranger.stdout.startswith("report.pdf: untrusted · ")

"""A hub with real carriers, and what the administrator does from the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.dispatch import FakeCarrier, dispatcher, drain, open_route, signed_case
from tests.helpers.hub import HubBed
from tests.helpers.mllp import running_receiver
from worklist.hub.archive import open_archive
from worklist.hub.dispatch_process import Dispatching
from workstation import cli
from workstation.bootstrap.dispatch import hub_carriers
from workstation.domain.dispatch import RouteKind
from workstation.domain.errors import Undeliverable

Run = Callable[..., int]


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubBed]:
    with HubBed("sqlite", tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def run(bed: HubBed, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LIANYUE_PASSWORD", "lianyue-demo")

    def command(*words: str) -> int:
        return cli.main(["dispatch", *words, "--hub", bed.url])

    return command


def test_a_hub_sends_by_itself_what_is_signed(bed: HubBed, tmp_path: Path) -> None:
    with running_receiver() as his, hub_carriers(tmp_path) as carriers:
        open_route(bed, "his-live", address=his.address)
        _sent, report_uid = signed_case(bed)
        sending = Dispatching(bed.context, open_archive(bed.context.data_dir), carriers)
        sending.start()
        arrived = _until(lambda: his.texts)
        sending.stop()
        open_route(bed, "his-live", address=his.address, enabled=False)

    assert f"{report_uid}^LIANYUE" in arrived[0]


def _until(look: Callable[[], list[str]]) -> list[str]:
    for _ in range(3000):
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("nothing arrived")


def test_a_dead_letter_is_listed_sent_again_and_given_up(
    bed: HubBed, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    open_route(bed, "his-dead")
    _sent, report_uid = signed_case(bed)
    carrier = FakeCarrier([Undeliverable("no such patient"), Undeliverable("no such patient")])
    work = dispatcher(bed, {RouteKind.HL7: carrier})
    drain(work)

    assert run("list") == 1
    (line,) = [one for one in capsys.readouterr().out.splitlines() if report_uid in one]
    assert "no such patient" in line
    number = line.split()[0]
    assert run("retry", number) == 0
    drain(work)
    assert run("give-up", number) == 2
    assert run("give-up", number, "--reason", "handed over on paper") == 0
    capsys.readouterr()
    assert run("list") == 0
    assert report_uid not in capsys.readouterr().out
    assert run("list", "--all") == 0
    assert report_uid in capsys.readouterr().out


def test_routes_are_made_from_a_file(bed: HubBed, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "route.json"
    told = {"route_id": "bh-pacs", "site_id": "beihe", "kind": "c_store", "name": "PACS", "address": "10.0.0.9:104",
            "called_aet": "BHPACS"}  # fmt: skip
    file.write_text(json.dumps(told), encoding="utf-8")

    assert run("route", str(file)) == 0
    assert run("routes") == 0
    assert "bh-pacs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "content"),
    [(["retry"], ""), (["retry", "twelve"], ""), (["route", "{file}"], "{}"), (["route", "{file}.gone"], ""),
     (["route", "{file}"], '{"route_id": "x", "site_id": "beihe", "kind": "folder", "name": "x", "address": "/etc"}')],
)  # fmt: skip
def test_bad_input_is_one_clear_line(
    run: Run, tmp_path: Path, words: list[str], content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "route.json"
    file.write_text(content, encoding="utf-8")

    assert run(*(word.format(file=file) for word in words)) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1

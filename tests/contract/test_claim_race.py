"""Eight readers in eight processes want the same 500 workitems; every one gets exactly one reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.helpers.hub import HubBed, expect, new_uid, new_workitem
from worklist.hub.ups_rules import check_new
from worklist.hub.ups_store import Workitem, add
from workstation.domain.workitem import ProcedureStepState

READERS = 8
WORKITEMS = 500
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.no_cover


def test_500_workitems_have_500_distinct_winners_and_losers_are_told_the_holder(hub: HubBed) -> None:
    readers = {f"reader{number}": f"医师{number}" for number in range(READERS)}
    for user_id, name in readers.items():
        account = {
            "user_id": user_id,
            "password": "long enough",
            "display_name": name,
            "role": "reader",
            "site_id": "centre",
        }
        expect(201, hub.as_("admin").post("/api/accounts", json=account))
    tokens = {user: hub.as_(user).headers["authorization"].partition(" ")[2] for user in readers}
    workitems = [new_uid() for _ in range(WORKITEMS)]
    dataset, _modified = check_new(new_workitem())
    with hub.context.write() as connection:
        for uid in workitems:
            now = hub.clock.now()
            add(connection, Workitem(uid, "", "qingshui", ProcedureStepState.SCHEDULED, dataset, now))

    results, seconds = race(hub.url, tokens, workitems)

    winner = {uid: user for user, result in results.items() for uid in result["won"]}
    print(f"\n{hub.kind}: {READERS * WORKITEMS} claims in {seconds:.1f} s")  # noqa: T201 - a figure to read, not to judge by
    assert Counter(uid for result in results.values() for uid in result["won"]) == Counter(workitems)
    for user, result in results.items():
        assert len(result["won"]) + len(result["lost"]) == WORKITEMS
        assert result["lost"] == {uid: readers[winner[uid]] for uid in workitems if winner[uid] != user}
    claims = [event for event in hub.as_("quality").get("/api/audit").json() if event["action"] == "workitem_claimed"]
    assert {event["subject_uid"]: event["user_id"] for event in claims} == winner
    assert len(claims) == WORKITEMS
    assert hub.as_("quality").get("/api/audit/check").json() == {"first_broken": None}


def race(
    url: str | dict[str, str], tokens: dict[str, str], workitems: list[str]
) -> tuple[dict[str, dict[str, list[str] | dict[str, str]]], float]:
    """
    Start every reader, fire the starting shot once all are ready, and return what each brought home.

    ``url`` is the hub of all, or of each.
    """
    # readers are no part of the product: nothing counts their lines
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    processes = {
        user: subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.claimer"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for user in tokens
    }
    for user, process in processes.items():
        assert process.stdin is not None
        order = {"url": url if isinstance(url, str) else url[user], "token": tokens[user], "workitems": workitems}
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
    for process in processes.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    started = time.monotonic()
    for process in processes.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    results = {user: json.loads(process.communicate(timeout=240)[0]) for user, process in processes.items()}
    return results, time.monotonic() - started

"""Two hub processes on one PostgreSQL and one folder are one hub: nobody wins twice, nothing is stored twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.contract.test_claim_race import race
from tests.helpers.hub import new_uid, new_workitem, study_files
from tests.helpers.postgres import PostgresCluster
from worklist.hub.demo import DEMO_PASSWORD

pytestmark = pytest.mark.postgres

WORKITEMS = 60
Hubs = list[str]


@contextmanager
def hub_process(folder: Path, database: str) -> Iterator[str]:
    """Start ``lianyue hub`` and yield its address; SIGTERM ends it."""
    arguments = ["hub", "--data", str(folder), "--database", database, "--demo-users", "--port", "0"]
    child = subprocess.Popen([Path(sys.executable).with_name("lianyue"), *arguments], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        yield child.stdout.readline().strip()
    finally:
        child.terminate()
        child.communicate(timeout=30)


@pytest.fixture(scope="module")
def hubs(postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    folder, database = tmp_path_factory.mktemp("shared"), postgres.new_database()
    with ExitStack() as stack:
        # both start at once on an empty database: one migrates, the other waits
        starting = [hub_process(folder, database) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            yield list(pool.map(stack.enter_context, starting))


@contextmanager
def signed_in(url: str, user: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        answer = client.post("/api/session", json={"user": user, "password": DEMO_PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield client


def stow(client: httpx.Client, study: str, files: list[bytes]) -> httpx.Response:
    body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n" for file in files)
    return client.post(
        f"/dicom-web/studies/{study}",
        content=body + b"--b--\r\n",
        headers={"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'},
    )


def post_request(request: dict[str, object], client: httpx.Client) -> httpx.Response:
    return client.post("/api/requests", json=request)


def test_readers_at_two_hubs_never_both_win_a_case(hubs: Hubs) -> None:
    with ExitStack() as stack:
        sender = stack.enter_context(signed_in(hubs[0], "technician"))
        readers = [
            stack.enter_context(signed_in(url, user)) for url, user in zip(hubs, ("expert", "resident"), strict=True)
        ]
        quality = stack.enter_context(signed_in(hubs[1], "quality"))
        workitems = [new_uid() for _ in range(WORKITEMS)]
        for uid in workitems:
            assert sender.post(f"/dicom-web/workitems?{uid}", json=[new_workitem()]).status_code == 201
        tokens = {
            user: client.headers["authorization"].partition(" ")[2]
            for user, client in zip(("expert", "resident"), readers, strict=True)
        }

        results, _ = race(dict(zip(tokens, hubs, strict=True)), tokens, workitems)

        assert Counter(uid for result in results.values() for uid in result["won"]) == Counter(workitems)
        names = {"expert": "王启明", "resident": "宋佳"}
        for user, other in (("expert", "resident"), ("resident", "expert")):
            assert results[user]["lost"] == dict.fromkeys(results[other]["won"], names[other])
        assert quality.get("/api/audit/check").json() == {"first_broken": None}


def test_two_hubs_that_get_other_bytes_under_one_uid_keep_exactly_one_of_them(hubs: Hubs) -> None:
    with ExitStack() as stack:
        senders = [stack.enter_context(signed_in(url, "technician")) for url in hubs]
        reader = stack.enter_context(signed_in(hubs[0], "expert"))
        for _ in range(8):
            study = new_uid()
            (uid, first), *_ = study_files(study, 1).items()
            versions = [first, first[:-1] + b"\x01"]
            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(stow, senders, [study, study], [[version] for version in versions]))

            assert sorted(answer.status_code for answer in answers) == [200, 409]
            winner = [answer.status_code for answer in answers].index(200)
            url = reader.get(f"/dicom-web/studies/{study}/instances").json()[0]["00081190"]["Value"][0]
            kept = reader.get(url, headers={"Accept": "application/dicom; transfer-syntax=*"})
            assert kept.content == versions[winner]
            assert url.endswith(uid)


def test_the_same_request_through_two_hubs_is_one_case(hubs: Hubs) -> None:
    with ExitStack() as stack:
        senders = [stack.enter_context(signed_in(url, "technician")) for url in hubs]
        for _ in range(8):
            request = {
                "study_instance_uid": new_uid(),
                "priority": "LOW",
                "clinical_question": "",
                "expected_instances": 1,
            }
            with ThreadPoolExecutor(2) as pool:
                answers = [answer.status_code for answer in pool.map(partial(post_request, request), senders)]
            assert answers == [201, 201]


def test_a_session_ended_at_one_hub_ends_at_once_there_and_soon_at_the_other(hubs: Hubs) -> None:
    with signed_in(hubs[0], "trainer") as client:
        headers = {"Authorization": client.headers["authorization"]}
        assert client.delete("/api/session").status_code == 204
        assert client.get("/api/session").status_code == 401
        assert httpx.get(f"{hubs[1]}/api/session", headers=headers, trust_env=False).status_code == 401

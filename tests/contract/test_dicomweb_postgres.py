"""The index on PostgreSQL, which several hub processes share, agrees with the one on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.helpers.dicom_bytes import INSTANCE, SERIES, STUDY, small_image
from tests.helpers.dicomweb_hub import AS_STORED, DicomwebHub, dicomweb_hub, store, values
from tests.helpers.postgres import PostgresCluster

pytestmark = pytest.mark.postgres


@pytest.fixture
def postgres_hub(tmp_path: Path) -> Iterator[DicomwebHub]:
    with PostgresCluster() as cluster, dicomweb_hub(tmp_path / "hub", database_url=cluster.new_database()) as hub:
        yield hub


def test_storing_searching_and_conflicts_hold_on_postgresql(postgres_hub: DicomwebHub) -> None:
    client = postgres_hub.client("tech-a")
    assert store(client, [small_image(), small_image(instance="1.2.3.10.1.2")]).status_code == 200
    assert store(client, [small_image()]).status_code == 200
    assert store(client, [small_image(name="Wang^Wu")]).status_code == 409
    hits = {
        query: client.get("/dicom-web/studies", params={"PatientName": query}).status_code
        for query in ("zhang*", "张?三", "张*", "Zh_ng*", "Zh%")
    }
    assert hits == {"zhang*": 200, "张?三": 200, "张*": 200, "Zh_ng*": 204, "Zh%": 204}
    assert client.get("/dicom-web/studies", params={"PatientID": "p*"}).status_code == 204
    metadata = client.get(f"/dicom-web/studies/{STUDY}/metadata").json()
    assert values(metadata, "00080018") == [INSTANCE, "1.2.3.10.1.2"]
    assert postgres_hub.client("tech-b").get("/dicom-web/instances").status_code == 204


def test_many_senders_of_one_uid_leave_exactly_one_version_on_postgresql(postgres_hub: DicomwebHub) -> None:
    versions = [small_image(name=f"Sender^{n}") for n in range(6)]
    clients = [postgres_hub.client("tech-a") for _ in versions]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda pair: store(pair[0], [pair[1]]), zip(clients, versions, strict=True)))
    winners = [versions[n] for n, answer in enumerate(answers) if answer.status_code == 200]
    assert len(winners) == 1
    url = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}"
    assert clients[0].get(url, headers={"Accept": AS_STORED}).content == winners[0]

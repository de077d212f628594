"""The beds on which the hub's contract is tested; the summary says which of them ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.helpers.hub import HubBed
from tests.helpers.postgres import PostgresCluster

BEDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """Return a private PostgreSQL that stops with the session."""
    with PostgresCluster() as cluster:
        yield cluster


@pytest.fixture(scope="module", params=BEDS)
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubBed]:
    """Return a hub with the demo people, one for each module and kind of database."""
    url = request.getfixturevalue("postgres").new_database() if request.param == "postgres" else None
    with HubBed(request.param, tmp_path_factory.mktemp("hub"), url) as bed:
        yield bed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say on which beds contract tests ran, so that a missing one is seen."""
    ran = Counter[str]()
    for report in terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", []):
        if report.when == "call":
            ran.update(bed for bed in ("sqlite", "postgres", "orthanc") if bed in report.nodeid)
    if ran:
        terminalreporter.write_line("contract beds: " + ", ".join(f"{bed} {count}" for bed, count in ran.items()))

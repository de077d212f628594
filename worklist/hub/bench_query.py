"""The hub's part of ``lianyue bench worklist``: its query over many cases; figures, never a verdict."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import insert

from worklist.hub.audit import HubAudit
from worklist.hub.case_rows import search_text
from worklist.hub.context import HubContext, SystemClock
from worklist.hub.database import open_database
from worklist.hub.tables import cases, sites
from worklist.hub.worklist_query import WorklistService
from workstation.domain.access import Actor, Role
from workstation.domain.workitem import AiState, Priority, ReadingState, WorkitemCode, WorklistQuery, WorklistTab

_START: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)
_SITES: Final = 12
_PAGE: Final = 100
_ROUNDS: Final = 3
_BLOCK: Final = 10_000
_READER: Final = Actor("reader", "Reader", Role.SENIOR, "")


def run(count: int = 100_000) -> dict[str, float]:
    """
    Return ``query_ms_100k``: the slowest tab's first page of 100 cases with the counts of all tabs.

    Each tab's time is the median of three queries over ``count`` cases in a database of its own.
    ``query_search_ms`` looks for a part of a number, ``query_10k_ms`` fetches the 10 000 cases that the
    workstation asks for at once. Times are those of the hub's service, without HTTP; the figures ending
    in ``_cpu_ms`` do not count other processes.
    """
    with TemporaryDirectory() as folder:
        engine = open_database(Path(folder))
        try:
            clock = SystemClock()
            with engine.begin() as connection:
                connection.execute(insert(sites), [{"site_id": f"S{n}", "name": f"Site {n}"} for n in range(_SITES)])
                for start in range(0, count, _BLOCK):
                    rows = [_case(n) for n in range(start, min(count, start + _BLOCK))]
                    connection.execute(insert(cases), rows)
            service = WorklistService(HubContext(engine, clock, HubAudit(engine, clock), Path(folder)))
            tabs = [_timed(service, WorklistQuery(tab=tab, limit=_PAGE)) for tab in WorklistTab]
            search = _timed(service, WorklistQuery(tab=WorklistTab.ALL, text="p0009", limit=_PAGE))
            whole = _timed(service, WorklistQuery(tab=WorklistTab.ALL, limit=min(count, _BLOCK)))
            return {
                "query_ms_100k": max(wall for wall, _ in tabs),
                "query_cpu_ms": max(cpu for _, cpu in tabs),
                "query_search_ms": search[0],
                "query_search_cpu_ms": search[1],
                "query_10k_ms": whole[0],
                "query_10k_cpu_ms": whole[1],
            }
        finally:
            engine.dispose()


def _timed(service: WorklistService, query: WorklistQuery) -> tuple[float, float]:
    """Return wall and processor milliseconds."""
    walls, cpus = [], []
    for _ in range(_ROUNDS):
        wall, cpu = time.perf_counter(), time.thread_time()
        service.query(_READER, query)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.thread_time() - cpu) * 1000)
    return median(walls), median(cpus)


def _case(number: int) -> dict[str, Any]:
    """Return a synthetic case; no person stands behind it."""
    state = tuple(ReadingState)[number % len(ReadingState)]
    priority = tuple(Priority)[min(number % 17, 2)]
    name, patient, accession = f"病例{number:06d}", f"P{number:07d}", f"A{number:08d}"
    arrived = _START - timedelta(minutes=number % 300)
    return {
        "study_instance_uid": f"2.25.9{number}",
        "site_id": f"S{number % _SITES}",
        "requested_by": "technician",
        "priority": priority.value,
        "stat_rank": 0 if priority is Priority.HIGH else 1,
        "due": _START + timedelta(minutes=number % 1440),
        "arrived": arrived,
        "changed": arrived,
        "clinical_question": "",
        "images_expected": 200,
        "images_received": 200,
        "state": state.value,
        "patient_name": name,
        "patient_id": patient,
        "sex": "MF"[number % 2],
        "birth_date": f"{1940 + number % 60}0315",
        "accession_number": accession,
        "modality": ("CT", "DX", "MR", "MG")[number % 4],
        "description": "胸部低剂量 LDCT",
        "studied": arrived,
        "pinyin_initials": "bl",
        "search_text": search_text(patient_name=name, patient_id=patient, accession_number=accession, initials="bl"),
        "critical": number % 97 == 0,
        "reader_id": _READER.user_id if number % 50 == 0 else "",
        "ups_instance_uid": f"2.25.{number}",
        "workitem_code": WorkitemCode.INTERPRETATION.value,
        "ai_state": (AiState.DONE if number % 5 else AiState.NOT_APPLICABLE).value,
        "ai_finding_count": number % 5,
        "revision": 1,
    }

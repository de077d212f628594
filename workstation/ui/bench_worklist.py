"""``lianyue bench worklist``: how the table behaves with many cases; figures, never a verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median, quantiles
from typing import Any

from PySide6.QtWidgets import QApplication

from workstation.domain.workitem import (
    AiState,
    AiSummary,
    Priority,
    ReadingState,
    WorkitemCode,
    WorklistQuery,
    WorklistRow,
)
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.worklist_cases import Cases, made_ready
from workstation.ui.widgets.worklist_columns import Column, Order
from workstation.ui.widgets.worklist_model import WorklistModel
from workstation.ui.widgets.worklist_view import WorklistTable

_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
_FRAMES = 120
_ROUNDS = 7


def many_rows(count: int) -> list[WorklistRow]:
    """Return synthetic cases of every priority, state and length; no person stands behind them."""
    priorities, states, modalities = tuple(Priority), tuple(ReadingState), ("CT", "DX", "MR", "MG")
    return [
        WorklistRow(
            ups_instance_uid=f"2.25.{n}",
            study_instance_uid=f"2.25.9{n}",
            workitem_code=WorkitemCode.INTERPRETATION,
            state=states[n % len(states)],
            priority=priorities[min(n % 17, 2)],
            patient_name=f"病例{n:05d}",
            patient_id=f"P{n:07d}",
            sex="MF"[n % 2],
            birth_date=f"{1940 + n % 60}0315",
            accession_number=f"A{n:08d}",
            modality=modalities[n % 4],
            description="胸部低剂量 LDCT · 肺结节随访",
            site_id=f"S{n % 12}",
            site_name=f"第{n % 12}人民医院",
            due=_START + timedelta(minutes=n % 1440),
            studied=_START - timedelta(minutes=n % 600),
            arrived=_START - timedelta(minutes=n % 300),
            images_received=200,
            images_expected=200 + (n % 9 == 0) * 75,
            ai=AiSummary(AiState.DONE, n % 5, n % 10 if n % 5 else None),
            pinyin_initials=f"bl{n:05d}",
        )
        for n in range(count)
    ]


def run(count: int = 100_000) -> dict[str, Any]:
    """
    Return the bench in the shape of ``lianyue bench``; every time is what the main thread spends.

    ``table_ms_100k`` is the slower of filtering and sorting ``count`` cases into the shown table. With
    10 000 cases at 1920 x 1080 ``refresh_ms`` merges an answer with 20 changed, 5 new and 5 gone cases,
    ``scroll_ms`` is a frame of the wheel, ``jump_ms`` a frame that shows other cases altogether.
    ``ready_ms`` is spent in the job. The figures ending in ``_cpu_ms`` do not count other processes.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["lianyue-bench"])
    apply_theme(app)
    model = WorklistModel()
    model.now = _START
    table = WorklistTable(model)
    table.resize(1856, 736)
    table.show()
    many = made_ready(many_rows(count), Cases())
    query = WorklistQuery(text="p00", modality="CT")
    fill = _ms(lambda: model.merge(many.rows, mark_new=False), app)
    sort = _ms(lambda: model.sort_by(Order(Column.PATIENT)), app)
    narrow = _ms(lambda: model.merge(many.passing(query, _START), mark_new=False), app)
    model.sort_by(Order())

    cases = made_ready(many_rows(min(count, 10_000)), Cases())
    model.merge(cases.rows, mark_new=False)
    ready, refresh = [], []
    for n in range(_ROUNDS):
        answer = _next_answer(cases.rows, n)
        start = time.perf_counter()
        cases = made_ready(answer, cases)
        merge = model.planner()(cases.rows)
        ready.append((time.perf_counter() - start) * 1000)
        refresh.append(_timed(partial(model.apply, merge, mark_new=True), app))
    bar = table.verticalScrollBar()
    length = max(1, bar.maximum())
    wheel = [_timed(partial(bar.setValue, at * 120 % length), app) for at in range(_FRAMES)]
    jumps = [_timed(partial(bar.setValue, at * 9973 * 40 % length), app) for at in range(_FRAMES)]
    table.close()
    figures = {
        "table_ms_100k": max(sort, narrow),
        "fill_ms": fill,
        "sort_ms": sort,
        "filter_ms": narrow,
        "ready_ms": median(ready),
        "refresh_ms": median(wall for wall, _ in refresh),
        "refresh_cpu_ms": median(cpu for _, cpu in refresh),
        "rows": count,
    }
    for name, frames in (("scroll", wheel), ("jump", jumps)):
        wall, cpu = [each[0] for each in frames], [each[1] for each in frames]
        figures |= {
            f"{name}_ms_median": median(wall),
            f"{name}_ms_p95": quantiles(wall, n=20)[-1],
            f"{name}_cpu_ms_median": median(cpu),
            f"{name}_cpu_ms_p95": quantiles(cpu, n=20)[-1],
        }
    return {
        "bench": "worklist",
        "machine": {"cores": os.cpu_count() or 1, "gl": ""},
        "figures": figures,
        "ratios": {},
    }


def _next_answer(rows: Sequence[WorklistRow], number: int) -> list[WorklistRow]:
    """Return new objects, as parsed from the next answer: 20 changed, 5 new, 5 gone."""
    answer = [replace(row, revision=row.revision + (at % 500 == number)) for at, row in enumerate(rows)]
    new = [
        replace(row, ups_instance_uid=f"2.25.7{number}{at}", due=row.due + timedelta(seconds=1))
        for at, row in enumerate(rows[:: len(rows) // 5][:5])
    ]
    gone = set(range(number + 1, len(answer), max(1, len(answer) // 5)))
    return [row for at, row in enumerate(answer) if at not in gone] + new


def _timed(act: Callable[[], object], app: QApplication) -> tuple[float, float]:
    """Return wall and processor milliseconds of an act and the painting that follows from it."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    app.processEvents()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def _ms(act: Callable[[], object], app: QApplication) -> float:
    return _timed(act, app)[0]

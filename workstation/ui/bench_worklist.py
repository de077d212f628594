"""``lianyue bench worklist``: how the table behaves with many cases; figures, never a verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
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
    WorklistRow,
)
from workstation.ui.theme import apply_theme
from workstation.ui.widgets.worklist_columns import Column, Order, matches
from workstation.ui.widgets.worklist_model import WorklistModel
from workstation.ui.widgets.worklist_view import WorklistTable

_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
_FRAMES = 120


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
    Return the bench in the shape of ``lianyue bench``.

    ``table_ms_100k`` is the slower of filtering and sorting ``count`` cases into the shown table,
    ``frame_ms_p95`` one repainted frame while 10 000 cases scroll, at 1920 x 1080.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["lianyue-bench"])
    apply_theme(app)
    many = many_rows(count)
    model = WorklistModel()
    model.now = _START
    table = WorklistTable(model)
    table.resize(1856, 736)
    table.show()
    fill = _ms(lambda: model.merge(many, mark_new=False), app)
    refresh = _ms(lambda: model.merge([replace(row, revision=1) if row is many[9] else row for row in many],
                                      mark_new=True), app)  # fmt: skip
    sort = _ms(lambda: model.sort_by(Order(Column.PATIENT)), app)
    keep = [
        row
        for row in many
        if matches(row, text="p00", modality="CT", site_id="", today_only=False, with_ai=False, today=_START)
    ]
    narrow = _ms(lambda: model.merge(keep, mark_new=False), app)
    model.sort_by(Order())
    model.merge(many[:10_000], mark_new=False)
    bar = table.verticalScrollBar()
    places = [at * 997 % max(1, bar.maximum()) for at in range(_FRAMES)]
    frames = [_ms(partial(bar.setValue, place), app, table) for place in places]
    table.close()
    figures = {
        "table_ms_100k": max(sort, narrow),
        "fill_ms": fill,
        "refresh_ms": refresh,
        "sort_ms": sort,
        "filter_ms": narrow,
        "frame_ms_median": median(frames),
        "frame_ms_p95": quantiles(frames, n=20)[-1],
        "rows": count,
    }
    return {
        "bench": "worklist",
        "machine": {"cores": os.cpu_count() or 1, "gl": ""},
        "figures": figures,
        "ratios": {},
    }


def _ms(act: Callable[[], object], app: QApplication, table: WorklistTable | None = None) -> float:
    start = time.perf_counter()
    act()
    if table is not None:
        table.viewport().repaint()
    app.processEvents()
    return (time.perf_counter() - start) * 1000

"""Figures counted from the steps of reports: norm gate, turn-around, returns. Times are the hub's."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Row, select, true

from worklist.hub.quality_filter import of_case
from worklist.hub.tables import cases
from worklist.hub.workflow_tables import report_versions
from workstation.domain.norm.values import CRITICAL_RULES
from workstation.domain.quality import (
    NormFigures,
    OverrideReason,
    QualityQuery,
    ReturnCount,
    RuleFigures,
    Share,
    TurnaroundFigures,
)
from workstation.domain.report_state import ReportKind, ReturnCode
from workstation.domain.report_version import VersionStep
from workstation.domain.workitem import Priority

Step = tuple[Row[Any], dict[str, Any]]
_MOST_REASONS: Final = 5
_AT_ONCE: Final = 500


def norm_figures(connection: Connection, query: QualityQuery) -> NormFigures:
    """Count what held signatures up and what was answered for; addenda repeat what was signed and do not count."""
    held, overridden = Counter[str](), Counter[str]()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    total = clean = 0
    for row, report in steps(connection, query, VersionStep.SIGNED):
        if row.kind == ReportKind.ADDENDUM:
            continue
        answered = report.get("norm_overrides") or []
        rules = {one["rule"] for one in answered}
        total += 1
        clean += not rules - CRITICAL_RULES  # listed, but no fault of the norm
        overridden.update(rules)
        held.update(rules | set(report.get("norm_found") or []))
        for rule, words in {(one["rule"], _without_patient(one["reason"], row)) for one in answered}:
            reasons[rule][words] += 1
    rules_found = sorted(held, key=lambda rule: (-held[rule], rule))
    return NormFigures(
        Share(clean, total),
        tuple(
            RuleFigures(
                rule,
                held[rule],
                overridden[rule],
                tuple(OverrideReason(*one) for one in sorted(reasons[rule].items(), key=_most)[:_MOST_REASONS]),
            )
            for rule in rules_found
        ),
    )


def turnaround_figures(connection: Connection, query: QualityQuery) -> tuple[TurnaroundFigures, ...]:
    """Return the times from the request to the first signature of a study, by priority, urgent first."""
    times: dict[str, list[float]] = defaultdict(list)
    in_time = Counter[str]()
    seen: set[str] = set()
    for row, _report in steps(connection, query, VersionStep.SIGNED, reads=False):
        if row.kind != ReportKind.ORIGINAL or row.study_instance_uid in seen:
            continue
        seen.add(row.study_instance_uid)
        times[row.priority].append(max(timedelta(), row.at - row.arrived).total_seconds())
        in_time[row.priority] += row.at <= row.due
    return tuple(
        TurnaroundFigures(priority, Share(in_time[priority], len(times[priority])), tuple(sorted(times[priority])))
        for priority in (Priority.HIGH, Priority.MEDIUM, Priority.LOW)
    )


def return_figures(connection: Connection, query: QualityQuery) -> tuple[Share, tuple[ReturnCount, ...]]:
    """Return how many of the submitted reports were returned at least once, and for which coded reasons."""
    submitted = {row.report_uid for row, _ in steps(connection, query, VersionStep.SUBMITTED, reads=False)}
    returned: set[str] = set()
    codes = Counter[ReturnCode | None]()
    for row, report in steps(connection, query, VersionStep.RETURNED):
        returned.add(row.report_uid)
        codes.update(map(ReturnCode, report.get("return_codes") or []) if report.get("return_codes") else [None])
    counts = sorted(codes.items(), key=lambda one: (-one[1], one[0] or ""))
    return Share(len(returned), len(submitted | returned)), tuple(ReturnCount(*one) for one in counts)


def steps(
    connection: Connection,
    query: QualityQuery,
    step: VersionStep,
    *,
    reads: bool = True,
    modalities: frozenset[str] = frozenset(),
) -> Iterator[Step]:
    """
    Yield the steps of a kind with their documents, oldest first; the reader is the author.

    ``modalities`` narrows to cases of these, empty means all. Without ``reads`` the documents stay empty, unless the
    author is asked for: they are most of the work.
    """
    reads = reads or bool(query.reader_id)
    columns: tuple[Column[Any], ...] = (
        report_versions.c.report_uid,
        report_versions.c.study_instance_uid,
        report_versions.c.kind,
        report_versions.c.at,
        cases.c.priority,
        cases.c.arrived,
        cases.c.due,
        cases.c.patient_name,
        cases.c.patient_id,
        cases.c.modality,
        cases.c.description,
    )
    narrowed = cases.c.modality.in_(modalities) if modalities else true()
    rows = (
        select(*columns, *((report_versions.c.document,) if reads else ()))
        .join(cases, cases.c.study_instance_uid == report_versions.c.study_instance_uid)
        .where(
            report_versions.c.step == step.value,
            report_versions.c.at >= query.since,
            report_versions.c.at < query.until,
            of_case(query),
            narrowed,
        )
        .order_by(report_versions.c.at, report_versions.c.study_instance_uid, report_versions.c.number)
    )
    for row in connection.execute(rows.execution_options(yield_per=_AT_ONCE)):
        # a few of its values: to check them all takes ten times as long
        report: dict[str, Any] = json.loads(row.document) if reads else {}
        if not query.reader_id or query.reader_id == report["author"]["user_id"]:
            yield row, report


def _without_patient(words: str, row: Row[Any]) -> str:
    """Return somebody's free words without the name and number of the patient."""
    names = {row.patient_id, *row.patient_name.replace("=", "^").split("^"), row.patient_name.replace("^", " ")}
    for name in sorted(names, key=len, reverse=True):
        if len(name.strip()) > 1:
            words = words.replace(name.strip(), "…")
    return words.strip()


def _most(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]

"""Figures of quality as a table file that spreadsheets open and that runs nothing in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from workstation.domain.quality import QualityFigures, SchemeFigures, Share

_DANGEROUS: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""A text that begins so is a formula to some spreadsheet; the wide forms are to Chinese and Japanese ones."""
_TITLES: Final = ("table", "row", "column", "value", "count", "total", "low_95", "high_95", "note")
Cell = str | int | float | None


def as_csv(figures: QualityFigures) -> bytes:
    """
    Return the figures as CSV (RFC 4180) in UTF-8 with a byte order mark.

    An empty value means that there are too few cases to tell it. Keys are those of the hub, in English, so that tables
    of different workstations can be put together.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_TITLES)
    for row in _rows(figures):
        writer.writerow([_cell(value) for value in (*row, *("",) * (len(_TITLES) - len(row)))])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _DANGEROUS and value else value
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _rows(figures: QualityFigures) -> Iterator[tuple[Cell, ...]]:
    asked = figures.query
    for name, value in (
        ("since", asked.since.isoformat()),
        ("until", asked.until.isoformat()),
        ("site_id", asked.site_id),
        ("reader_id", asked.reader_id),
        ("modality", asked.modality),
    ):
        yield "query", name, "", value
    yield _share("norm", "clean", figures.norm.clean)
    for rule in figures.norm.rules:
        yield "norm_rule", rule.rule, "held", "", rule.held, figures.norm.clean.total
        yield "norm_rule", rule.rule, "overridden", "", rule.overridden, rule.held
        for reason in rule.reasons:
            yield "norm_reason", rule.rule, "", "", reason.count, "", "", "", reason.words
    yield _share("double_reading", "agreed", figures.double.agreed)
    yield "double_reading", "unrated", "", "", figures.double.unrated
    for scheme in figures.double.schemes:
        yield from _scheme(scheme)
    critical = figures.critical
    yield _share("critical", "in_time", Share(critical.in_time, critical.total))
    yield "critical", "still_open", "", "", critical.still_open
    yield "critical", "in_time_not_signed_by_both", "", "", critical.unsigned
    for one in figures.turnaround:
        yield _share("turnaround", one.priority.value, one.in_time)
        yield "turnaround", one.priority.value, "median_s", one.percentile_s(0.5), len(one.times_s)
        yield "turnaround", one.priority.value, "p90_s", one.percentile_s(0.9), len(one.times_s)
    yield _share("returned", "reports", figures.returned)
    for code in figures.return_codes:
        yield "return_code", code.code.value if code.code is not None else "uncoded", "", "", code.count
    yield _share("images", "graded", figures.grades.graded)
    yield _share("images", "artefacts_ct_mr", figures.grades.artefacts)
    for grade in figures.grades.grades:
        yield "image_grade", grade.grade.value, "", "", grade.count
    for lack in figures.grades.reasons:
        yield "image_reason", lack.reason.value, "", "", lack.count
    yield from _rates(figures)
    for repeat in figures.repeats:
        yield "repeated_exam", repeat.exception.value if repeat.exception else "unanswered", "", "", repeat.count


def _rates(figures: QualityFigures) -> Iterator[tuple[Cell, ...]]:
    for rate in figures.rads:
        yield _share("category_rate", rate.scheme, rate.classified)
        yield "category_rate", rate.scheme, "in_words_only", "", rate.in_words


def _scheme(figures: SchemeFigures) -> Iterator[tuple[Cell, ...]]:
    found, interval = figures.agreement, figures.interval
    yield (
        "kappa",
        figures.scheme,
        "",
        found.kappa if found is not None else None,
        len(figures.pairs),
        "",
        interval.low if interval is not None else None,
        interval.high if interval is not None else None,
    )
    known = figures.categories
    for row, counts in zip(known, figures.table(), strict=True):
        for column, count in zip(known, counts, strict=True):
            yield "confusion", f"{figures.scheme} {row}", f"{figures.scheme} {column}", "", count
    for pair in figures.pairs:
        places = f"{pair.site} · {pair.modality} · {pair.first_reader} / {pair.second_reader} · {pair.state}"
        yield "pair", pair.case, figures.scheme, f"{pair.first} / {pair.second}", "", "", "", "", places


def _share(table: str, row: str, share: Share) -> tuple[Cell, ...]:
    interval = share.interval
    return (
        table,
        row,
        "share",
        share.value,
        share.count,
        share.total,
        interval.low if interval is not None else None,
        interval.high if interval is not None else None,
    )

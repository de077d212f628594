"""The table that a manager takes away: read back whole, and no cell of it is a formula."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from tests.helpers.quality import figures
from workstation.domain.quality import NormFigures, OverrideReason, RuleFigures, Share
from workstation.services.quality_export import as_csv


def table(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content[3:].decode(), newline="")))


def test_every_figure_is_in_the_table_with_its_numbers() -> None:
    rows = table(as_csv(figures()))

    assert rows[0] == ["table", "row", "column", "value", "count", "total", "low_95", "high_95", "note"]
    assert ["norm", "clean", "share", "0.9", "18", "20", "0.698966", "0.972134", ""] in rows
    assert ["critical", "in_time", "share", "", "1", "3", "", "", ""] in rows
    assert ["critical", "in_time_not_signed_by_both", "", "", "1", "", "", "", ""] in rows
    assert ["turnaround", "HIGH", "median_s", "", "3", "", "", "", ""] in rows
    assert ["confusion", "lung-rads 2", "lung-rads 3", "", "2", "", "", "", ""] in rows
    assert ["return_code", "uncoded", "", "", "1", "", "", "", ""] in rows
    assert ["repeated_exam", "emergency", "", "", "1", "", "", "", ""] in rows
    assert ["category_rate", "pi-rads", "share", "0.916667", "11", "12", "0.64612", "0.985135", ""] in rows
    assert ["category_rate", "pi-rads", "in_words_only", "", "1", "", "", "", ""] in rows
    assert ["category_rate", "bi-rads", "share", "", "2", "3", "", "", ""] in rows
    assert {len(row) for row in rows} == {9}


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\rx", "＝1＋1", "－1"])
def test_a_reason_that_looks_like_a_formula_stays_a_text(words: str) -> None:
    rule = RuleFigures("residue", 1, 1, (OverrideReason(words, 1),))
    made = replace(figures(), norm=NormFigures(Share(0, 1), (rule,)))

    cell = next(row[8] for row in table(as_csv(made)) if row[0] == "norm_reason")

    assert cell == f"'{words}"


def test_quotes_and_lines_in_a_reason_come_back_as_they_were() -> None:
    words = 'er sagte "ja",\n然后签发'
    rule = RuleFigures("residue", 1, 1, (OverrideReason(words, 1),))
    made = replace(figures(), norm=NormFigures(Share(0, 1), (rule,)))

    assert next(row[8] for row in table(as_csv(made)) if row[0] == "norm_reason") == words

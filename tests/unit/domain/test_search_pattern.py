"""Searching series descriptions: words are found, and nothing that a reader types can halt the window."""

from __future__ import annotations

import re

import pytest

from workstation.domain.search_pattern import PatternTooCostly, is_found, pattern


@pytest.mark.parametrize(
    "text",
    [
        "(a+)+$",
        "(a|a)*b",
        "(?:ab)+",
        "(a{1,60000}){1,60000}",
        "(a)(?#not seen)+",
        "x*x*x*(?#()x*x*x*(?#()x*y",
        "(z)?(?(1)y|x+)+w",
        "(?(1)a|b)",
        "(?x)(a+) +$",
        "(a|a)" * 16,
        "a?" * 16,
        ".*.*.*.*x",
        "(a|a*)" * 3 + "b",
        "(" * 3000 + ")" * 3000,
    ],
)
def test_a_search_that_could_halt_the_window_is_refused_before_it_runs(text: str) -> None:
    with pytest.raises(PatternTooCostly):
        pattern(text)


@pytest.mark.parametrize(
    "text", ["(", ")", "[", "*", "a**", "\\", "(?", "a)b", "(a", "(?P=n", "(?i", "a{99999999999999999999}"]
)
def test_what_is_no_search_pattern_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        pattern(text)


@pytest.mark.parametrize(
    ("wanted", "description", "found"),
    [
        (r"\bt2(?!.*flair)", "T2 tra", True),
        (r"\bt2(?!.*flair)", "t2 tra FLAIR", False),
        ("flair|dark.?fluid", "Dark-Fluid tra", True),
        ("t1.*(tra|ax|cor).*gd", "T1 mprage cor +Gd", True),
        ("(?i)(thin )?lung", "LUNG 1.0", True),
        (r"\d{8}", "axial 20260301", True),
        ("[^)]+[]+*(]x{", "a*x{", True),
        ("胸.*平扫", "胸部平扫", True),
        ("a|b.*c|d.*e|f.*g|h.*i", "fog", True),
        ("((a?)?)?z", "z", True),
    ],
)
def test_usual_searches_find_what_they_say(wanted: str, description: str, found: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_found(wanted, description) is found


def test_any_series_description_can_be_captured_word_for_word() -> None:
    name = "Lung 1.0 (x) + {2} * ? [a|b] \\ ^$ (b) c"
    assert is_found(re.escape(name), name)


def test_no_more_of_a_text_is_searched_than_a_description_may_hold() -> None:
    assert is_found("b", "a" * 63 + "b")
    assert not is_found("b", "a" * 64 + "b")

"""Phrases, their placeholders and the abbreviations that call them."""

from __future__ import annotations

import pytest

from workstation.domain.phrase import (
    Fact,
    Phrase,
    filled,
    matching,
    next_placeholder,
    placeholders,
    typed_abbreviation,
)


def phrase(abbreviation: str = "jj", title: str = "肺结节", *, shipped: bool = False) -> Phrase:
    return Phrase(abbreviation, title, "见结节。", "zh_CN", ("ct-chest",), shipped=shipped)


def test_what_is_known_is_filled_and_the_rest_stays_for_the_reader() -> None:
    done = filled("{最大病灶}，边界{清楚|欠清}。", {"最大病灶": Fact("右肺上叶结节", "2.25.1")})
    assert done.text == "右肺上叶结节，边界{清楚|欠清}。"
    assert done.tied == ((0, Fact("右肺上叶结节", "2.25.1")),)
    assert done.first is not None
    assert done.first.choices == ("清楚", "欠清")


def test_the_place_of_a_tied_word_counts_behind_what_was_filled_before_it() -> None:
    done = filled("与 {既往日期} 比较，{病灶1}。", {"既往日期": Fact("2025-12-08"), "病灶1": Fact("结节", "2.25.1")})
    assert done.text == "与 2025-12-08 比较，结节。"
    assert [(at, done.text[at : at + 2]) for at, _fact in done.tied] == [(16, "结节")]


def test_a_fact_without_words_fills_nothing_and_names_are_alike_in_capitals() -> None:
    assert filled("{Prior Date}", {"prior date": Fact("")}).text == "{Prior Date}"
    assert filled("{Prior Date}", {"prior date": Fact("2025-12-08")}).text == "2025-12-08"
    assert filled("无", {}).first is None


def test_a_placeholder_with_one_name_has_no_choices() -> None:
    (one,) = placeholders("约 {大小} mm")
    assert (one.start, one.end, one.name, one.choices) == (2, 6, "大小", ())


def test_the_next_placeholder_is_behind_the_cursor_and_else_the_first() -> None:
    text = "{a} 与 {b}"
    assert [one.name for one in (next_placeholder(text, 1), next_placeholder(text, 9)) if one] == ["b", "a"]
    assert next_placeholder("无", 0) is None


def test_the_abbreviation_itself_comes_first_then_what_begins_so_then_titles_and_own_before_shipped() -> None:
    whole, longer, own = phrase("jj", shipped=True), phrase("jjfc"), phrase("x1", "肺jj")
    assert matching((own, longer, whole), "jj") == (whole, longer, own)
    mine, shipped = phrase("jja"), phrase("jjb", shipped=True)
    assert matching((shipped, mine), "JJ") == (mine, shipped)
    assert matching((whole,), "没有") == ()


@pytest.mark.parametrize(
    ("before", "typed"),
    [
        ("双肺;jj", "jj"),
        ("双肺；JJ", "jj"),
        ("双肺;", ""),
        ("双肺", None),
        ("a; b", None),
        ("见结节；肺", None),
        ("见结节；右肺，", None),
    ],
)
def test_an_abbreviation_begins_with_either_semicolon_and_ends_with_anything_else(
    before: str, typed: str | None
) -> None:
    assert typed_abbreviation(before) == typed


def test_a_phrase_is_offered_in_its_language_and_templates() -> None:
    assert phrase().fits("ct-chest", "zh_CN")
    assert not phrase().fits("ct-head", "zh_CN")
    assert not phrase().fits("ct-chest", "en")
    assert Phrase("a", "", "x", "en").fits("anything", "en")


@pytest.mark.parametrize("abbreviation", ["", "A", "a b", "肺", "a" * 17])
def test_an_abbreviation_that_nobody_can_type_is_refused(abbreviation: str) -> None:
    with pytest.raises(ValueError, match="abbreviation"):
        phrase(abbreviation)


def test_a_phrase_without_words_and_a_macro_that_writes_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="has words"):
        Phrase("a", "", " ", "en")
    with pytest.raises(ValueError, match="once"):
        Phrase("a", "", "x", "en", fields=(("k", "1"), ("k", "2")))
    assert Phrase("a", "", "", "en", fields=(("k", "1"),)).fields == (("k", "1"),)

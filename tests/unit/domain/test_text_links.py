"""Words tied to findings follow their place in a plain text, and lose the tie when they are changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from workstation.domain.text_link import LinkKind, TextLink, after_edit, any_sentence_stands, placed, renewed

NODULE = TextLink("lungs", LinkKind.FINDING, "2.25.1", "结节 8.0 mm", 2)
TEXT = "见：结节 8.0 mm。"


def test_words_inserted_before_a_link_move_it() -> None:
    (moved,) = after_edit((NODULE,), "lungs", TEXT, f"右肺{TEXT}")
    assert moved == replace(NODULE, at=4)


def test_words_inserted_behind_a_link_leave_it() -> None:
    assert after_edit((NODULE,), "lungs", TEXT, f"{TEXT}余清。") == (NODULE,)


def test_changed_words_are_the_writers_own() -> None:
    assert after_edit((NODULE,), "lungs", TEXT, "见：结节 9.0 mm。") == ()


def test_other_fields_and_an_unchanged_text_keep_their_links() -> None:
    other = replace(NODULE, field="impression")
    assert after_edit((NODULE, other), "lungs", TEXT, "") == (other,)
    assert after_edit((NODULE,), "lungs", TEXT, TEXT) == (NODULE,)


def test_words_that_stand_elsewhere_by_now_are_found_at_the_nearest_place() -> None:
    text = "结节 8.0 mm。另见结节 8.0 mm。"
    assert placed((NODULE,), "lungs", text) == (replace(NODULE, at=0),)
    assert placed((replace(NODULE, at=11),), "lungs", text) == (replace(NODULE, at=12),)
    assert placed((replace(NODULE, at=99),), "lungs", text) == (replace(NODULE, at=12),)


def test_two_links_of_the_same_words_never_share_a_place() -> None:
    twin = replace(NODULE, target="2.25.2")
    assert [one.at for one in placed((NODULE, twin), "lungs", "结节 8.0 mm，结节 8.0 mm")] == [0, 10]
    assert [one.target for one in placed((NODULE, twin), "lungs", TEXT)] == ["2.25.1"]
    same_place = replace(NODULE, at=0)
    assert placed((same_place, replace(twin, at=0)), "lungs", "结节 8.0 mm") == (same_place,)


def test_a_link_says_what_was_measured_since_and_moves_those_behind_it() -> None:
    behind = replace(NODULE, quote="余清", at=12)
    before = replace(NODULE, quote="见", at=0)
    elsewhere = replace(NODULE, field="impression", at=0)
    text, links = renewed((before, NODULE, behind, elsewhere), NODULE, "见：结节 8.0 mm。余清。", "结节 10.5 mm")
    assert text == "见：结节 10.5 mm。余清。"
    assert {(one.field, one.quote, one.at) for one in links} == {
        ("lungs", "见", 0),
        ("lungs", "结节 10.5 mm", 2),
        ("lungs", "余清", 13),
        ("impression", "结节 8.0 mm", 0),
    }


def test_words_that_are_gone_cannot_be_renewed() -> None:
    with pytest.raises(ValueError, match="not in the text"):
        renewed((NODULE,), NODULE, "未见结节。", "结节 9.0 mm")


def test_a_link_without_words_or_before_its_text_is_none() -> None:
    with pytest.raises(ValueError, match="has words"):
        replace(NODULE, quote=" ")
    with pytest.raises(ValueError, match="from 0"):
        replace(NODULE, at=-1)


def test_a_report_takes_its_links_along_as_it_is_written() -> None:
    report = replace(cases.report(values={"lungs": TEXT}), links=(NODULE,))
    assert report.with_values({"lungs": f"右肺{TEXT}"}, at=cases.NOON).links == (replace(NODULE, at=4),)
    assert report.with_values({}, at=cases.NOON).links == ()
    linked = report.with_linked("lungs", "无", (), at=cases.NOON)
    assert (linked.values, linked.links, linked.revision) == ({"lungs": "无"}, (), 1)


def test_a_sentence_that_was_kept_of_many_still_tells_the_former_words_and_common_words_do_not() -> None:
    quote = "左肺上叶见实性结节，大小约 8 mm。纵隔淋巴结未见肿大。心影正常。"
    link = TextLink("lungs", LinkKind.COPY, "1.9", quote, 0)
    assert any_sentence_stands(link, f"余无殊。{quote}")
    assert any_sentence_stands(link, "右肺清。纵隔淋巴结未见肿大。")
    assert any_sentence_stands(link, "左肺上叶见实性结节，约 9 mm")
    assert not any_sentence_stands(link, "右肺下叶磨玻璃影，胸膜正常。")
    assert not any_sentence_stands(link, "")
    assert any_sentence_stands(replace(link, quote="正常"), "双肺正常")

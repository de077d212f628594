"""A template as plain JSON while it is edited."""

from __future__ import annotations

import pytest

from workstation.domain.template_draft import (
    MISSING,
    Draft,
    Place,
    changed,
    clone,
    field_keys,
    is_newer,
    moved,
    new_field,
    new_section,
    next_version,
    of_type,
    part_of,
    value_at,
)


def draft() -> Draft:
    fields = [{"key": "a", "type": "text", "label": {"zh": "甲", "en": "A"}}, {"key": "b", "type": "text"}]
    title = {"zh": "胸部", "en": "Chest"}
    return {
        "template_id": "ct",
        "version": "3.2.1",
        "title": title,
        "sections": [{"key": "section_1", "fields": fields}],
    }


def test_a_change_makes_a_new_draft_and_leaves_the_former_as_it_was() -> None:
    before = draft()
    after = changed(before, ("sections", 0, "fields", 0, "label", "zh"), "乙")
    assert value_at(after, ("sections", 0, "fields", 0, "label", "zh")) == "乙"
    assert before == draft()
    assert changed(before, ("title", "zh"), "腹部")["title"] == {"zh": "腹部", "en": "Chest"}


def test_what_is_taken_out_leaves_no_empty_shell() -> None:
    deep = changed(draft(), ("sections", 0, "fields", 1, "normal_phrase", "zh"), "正常")
    assert value_at(deep, ("sections", 0, "fields", 1)) == {"key": "b", "type": "text", "normal_phrase": {"zh": "正常"}}
    assert changed(deep, ("sections", 0, "fields", 1, "normal_phrase", "zh"), MISSING) == draft()
    assert changed(draft(), ("nothing",), MISSING) == draft()
    assert field_keys(changed(draft(), ("sections", 0, "fields", 0), MISSING)) == ("b",)
    with pytest.raises(ValueError, match="not exchanged"):
        changed(draft(), (), {})


def test_a_place_that_does_not_exist_has_no_value() -> None:
    assert value_at(draft(), ("sections", 5)) is MISSING
    assert value_at(draft(), ("version", "x")) is MISSING


def test_parts_move_within_their_list_and_not_beyond() -> None:
    after, place = moved(draft(), ("sections", 0, "fields", 0), 1)
    assert (field_keys(after), place) == (("b", "a"), ("sections", 0, "fields", 1))
    same = draft()
    assert moved(same, ("sections", 0, "fields", 0), -1)[0] is same
    assert moved(same, ("title", 0), 1)[0] is same


def test_new_parts_come_with_keys_of_their_own() -> None:
    more = new_section(draft())
    assert [section["key"] for section in more["sections"]] == ["section_1", "section_2"]
    assert field_keys(more) == ("a", "b", "text_1")
    behind, place = new_field(more, 0, 0)
    assert (field_keys(behind), place) == (("a", "text_2", "b", "text_1"), ("sections", 0, "fields", 1))
    assert new_field(draft(), 0)[1] == ("sections", 0, "fields", 2)


@pytest.mark.parametrize(
    ("kind", "extra"),
    [("text", {"multiline"}), ("choice", {"choices"}), ("number", {"unit", "minimum", "maximum"}), ("findings", set())],
)
def test_a_field_of_another_type_keeps_what_both_have(kind: str, extra: set[str]) -> None:
    field = {"key": "a", "type": "text", "label": {}, "normal_phrase": {}, "critical": {}, "required": True}
    assert set(of_type(field, kind)) == {"key", "type", "label", "required"} | extra


def test_a_copy_is_a_first_version_under_a_free_identifier() -> None:
    copy = clone(draft(), ["ct", "ct-copy", "ct-copy-2"])
    assert (copy["template_id"], copy["version"], copy["title"]["zh"]) == ("ct-copy-3", "1.0.0", "胸部（副本）")
    assert clone(draft(), [])["template_id"] == "ct-copy"


def test_versions_count_by_their_numbers() -> None:
    assert next_version("3.9.4") == "3.10.0"
    assert is_newer("3.10.0", "3.9.4")
    assert not is_newer("3.9.4", "3.9.4")


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ((), ()),
        (("title", "zh"), ()),
        (("sections", 1), ("sections", 1)),
        (("sections", 1, "label", "en"), ("sections", 1)),
        (("sections", 1, "fields", 2, "key"), ("sections", 1, "fields", 2)),
        (("sections", 1, "fields", 2, "each"), ("sections", 1, "fields", 2)),
        (("sections", 1, "fields", 2, "each", 3, "choices"), ("sections", 1, "fields", 2, "each", 3)),
    ],
)
def test_every_place_belongs_to_one_part_that_has_a_form(place: Place, part: Place) -> None:
    assert part_of(place) == part

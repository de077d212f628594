"""Hanging protocols on disk: the shipped ones are valid, own ones replace them, broken ones are told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.domain.test_hanging import CHEST, mammogram, series, study
from workstation.domain.errors import HangingProtocolInvalid
from workstation.domain.hanging import Stage, choose_protocol, hang, usable_stages
from workstation.storage.hanging_protocols import HangingLibrary, from_json, load_protocol, to_json

SHIPPED = {
    "chest-radiograph",
    "chest-radiograph-with-prior",
    "ct-chest",
    "ct-chest-with-prior",
    "ct-head",
    "general",
    "general-with-prior",
    "mg-four-views",
    "mg-with-prior",
    "mr-brain",
    "pet-ct",
    "ultrasound",
}


def test_every_shipped_protocol_is_valid_and_named_in_both_languages(tmp_path: Path) -> None:
    shipped = HangingLibrary(tmp_path / "none").all()

    assert {one.protocol_id for one in shipped} == SHIPPED
    assert all(one.title["zh_CN"] and one.title["en"] for one in shipped)


def test_what_is_written_is_read_back_exactly(tmp_path: Path) -> None:
    for protocol in HangingLibrary(tmp_path).all():
        assert from_json(json.loads(json.dumps(to_json(protocol)))) == protocol


@pytest.mark.parametrize(
    ("of", "priors", "chosen"),
    [
        (CHEST, [], "ct-chest"),
        (CHEST, [study("0.1", series("0.1.1", "CT"))], "ct-chest-with-prior"),
        (mammogram("1"), [], "mg-four-views"),
        (mammogram("1"), [mammogram("0", "20250301")], "mg-with-prior"),
        (study("1", series("1.1", "DX", body_part="CHEST")), [], "chest-radiograph"),
        (study("1", series("1.1", "MR", body_part="BRAIN")), [], "mr-brain"),
        (study("1", series("1.1", "US")), [], "ultrasound"),
        (study("1", series("1.1", "PT")), [], "pet-ct"),
        (study("1", series("1.1", "CT", body_part="HEAD"), series("1.2", "PT")), [], "pet-ct"),
        (study("1", series("1.1", "CT", body_part="CHEST"), series("1.2", "PT")), [], "pet-ct"),
        (study("1", series("1.1", "XA")), [], "general"),
        (study("1", series("1.1", "XA")), [study("0", series("0.1", "XA"))], "general-with-prior"),
    ],
)
def test_each_kind_of_study_gets_its_protocol(tmp_path: Path, of, priors, chosen) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - a table
    found = choose_protocol(HangingLibrary(tmp_path).all(), of, priors)

    assert found is not None
    assert found.protocol_id == chosen


def test_the_first_stage_of_a_mammogram_hangs_right_beside_left(tmp_path: Path) -> None:
    found = choose_protocol(HangingLibrary(tmp_path).all(), mammogram("1"))

    assert found is not None
    first = usable_stages(found, mammogram("1"))[0]
    assert [hung.instances[0].sop_instance_uid for hung in hang(first, mammogram("1"))] == ["1.RCC", "1.LCC"]
    assert first.same_scale


def test_an_own_protocol_replaces_the_shipped_one_until_it_is_removed(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path / "own")
    shipped = next(one for one in library.all() if one.protocol_id == "ct-chest")
    own = replace(shipped, title={"zh_CN": "我的", "en": "Mine"}, priority=5)

    library.save(own)
    assert [one for one in library.all() if one.protocol_id == "ct-chest"] == [own]
    assert library.is_own("ct-chest")

    library.remove("ct-chest")
    assert [one for one in library.all() if one.protocol_id == "ct-chest"] == [shipped]
    assert not library.is_own("ct-chest")


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b'{"schema": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
        b" " * 1_048_577 + b"{}",
    ],
)
def test_a_broken_file_is_told_and_costs_no_other_protocol(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.json").write_bytes(content)
    library = HangingLibrary(tmp_path)

    assert {one.protocol_id for one in library.all()} == SHIPPED
    assert library.broken() == ("Hanging protocol mine.json is not valid",)


def test_a_grid_that_does_not_fit_its_cells_is_refused(tmp_path: Path) -> None:
    raw = to_json(HangingLibrary(tmp_path).all()[0])
    raw["stages"][0]["rows"] = 3
    path = tmp_path / "grid.json"
    path.write_text(json.dumps(raw), encoding="utf-8")

    with pytest.raises(HangingProtocolInvalid) as refused:
        load_protocol(path)
    assert refused.value.user_text == "Hanging protocol grid.json is not valid"


@pytest.mark.parametrize("name", ["../outside", "A b", "", "x" * 65])
def test_a_name_that_is_no_file_name_is_never_written(tmp_path: Path, name: str) -> None:
    library = HangingLibrary(tmp_path / "own")
    protocol = replace(library.all()[0], protocol_id=name)

    with pytest.raises(HangingProtocolInvalid):
        library.save(protocol)

    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_captured_stage_survives_the_disk(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    template = next(one for one in library.all() if one.protocol_id == "mg-four-views")
    stage: Stage = template.stages[2]

    library.save(replace(template, protocol_id="mine", stages=(stage,)))

    assert HangingLibrary(tmp_path).all()[0].stages == (stage,)

"""Hanging protocols on disk: the shipped ones are valid, own ones replace them, broken ones are told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.domain.test_hanging import CHEST, mammogram, series, study
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.errors import HangingProtocolInvalid
from workstation.domain.hanging import Stage, choose_protocol, hang, usable_stages
from workstation.domain.hanging_cells import Cell, CellOverlay, CellView, ImageSelector
from workstation.domain.study import Instance
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


def test_a_chest_radiograph_in_two_views_opens_with_both_and_one_view_fills_the_screen(tmp_path: Path) -> None:
    frontal, lateral = (series(f"1.{n}", "DX", body_part="CHEST") for n in (1, 2))
    found = next(one for one in HangingLibrary(tmp_path).all() if one.protocol_id == "chest-radiograph")

    shown = [len(usable_stages(found, study("1", *views))[0].cells) for views in ((frontal, lateral), (frontal,))]

    assert shown == [2, 1]


def test_two_views_of_a_chest_in_one_series_hang_side_by_side_and_raw_values_are_no_second_view(
    tmp_path: Path,
) -> None:
    found = next(one for one in HangingLibrary(tmp_path).all() if one.protocol_id == "chest-radiograph")
    raw_class, shown_class = "1.2.840.10008.5.1.4.1.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"  # PS3.4 B.5
    raw, frontal, lateral = (
        Instance(f"1.1.{n}", kind, n, rows=1400, columns=1820)
        for n, kind in enumerate((raw_class, shown_class, shown_class))
    )

    def hung(*images: Instance) -> list[list[str]]:
        taken = study("1", replace(series("1.1", "DX", body_part="CHEST"), instances=images))
        return [
            [one.sop_instance_uid for one in cell.instances] for cell in hang(usable_stages(found, taken)[0], taken)
        ]

    assert hung(raw, frontal, lateral) == [["1.1.1"], ["1.1.2"]]
    assert hung(raw, frontal) == [["1.1.1", "1.1.0"]]


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


@pytest.mark.parametrize(
    "wanted",
    [
        {"description": "a{99999999999999999999}"},
        {"description": "(" * 90 + ")" * 90},
        {"description": "(a+)+$"},
        {"prior": 0.5},
        {"occurrence": float("nan")},
        {"occurrence": float("inf")},
    ],
)
def test_a_file_with_an_impossible_search_is_told_and_costs_no_other_protocol(
    tmp_path: Path, wanted: dict[str, object]
) -> None:
    raw = to_json(next(one for one in HangingLibrary(tmp_path).all() if one.protocol_id == "ct-chest"))
    raw["stages"][0]["cells"][0]["selector"] |= wanted
    (tmp_path / "mine.json").write_text(json.dumps(raw), encoding="utf-8")
    library = HangingLibrary(tmp_path)

    assert {one.protocol_id for one in library.all()} == SHIPPED
    assert library.broken() == ("Hanging protocol mine.json is not valid",)


def test_whole_numbers_written_with_a_point_hang_like_any_other(tmp_path: Path) -> None:
    raw = to_json(next(one for one in HangingLibrary(tmp_path).all() if one.protocol_id == "ct-chest"))
    raw["stages"][0]["cells"][0]["selector"] |= {"occurrence": 1.0, "prior": 1.0}
    raw["stages"][0] |= {"rows": 2.0, "columns": 2.0}
    (tmp_path / "ct-chest.json").write_text(json.dumps(raw), encoding="utf-8")
    first = HangingLibrary(tmp_path).all()[0]
    twice = study("1", series("1.1", "CT"), series("1.2", "CT"))

    shown = hang(replace(first.stages[0], rows=1, columns=1, cells=first.stages[0].cells[:1]), CHEST, (twice,))
    assert [one.series.series_instance_uid for one in shown if one.series] == ["1.2"]


def test_a_file_that_windows_notepad_wrote_is_read(tmp_path: Path) -> None:
    protocol = next(one for one in HangingLibrary(tmp_path).all() if one.protocol_id == "ct-chest")
    raw = json.dumps(to_json(replace(protocol, priority=7)), ensure_ascii=False)
    (tmp_path / "ct-chest.json").write_bytes(b"\xef\xbb\xbf" + raw.encode())
    library = HangingLibrary(tmp_path)

    assert (library.all()[0].priority, library.broken()) == (7, ())


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


def test_a_pet_ct_opens_with_ct_and_pet_their_fusion_and_the_pet_from_all_sides(tmp_path: Path) -> None:
    pet_ct = study("1", series("1.1", "CT", body_part="HEAD"), series("1.2", "PT"))
    found = choose_protocol(HangingLibrary(tmp_path).all(), pet_ct)

    assert found is not None
    first = hang(usable_stages(found, pet_ct)[0], pet_ct)
    shown = [(one.series.modality, one.cell.view, one.overlay and one.overlay.modality) for one in first if one.series]
    assert shown == [
        ("CT", CellView.STACK, None),
        ("PT", CellView.STACK, None),
        ("CT", CellView.STACK, "PT"),
        ("PT", CellView.MIP, None),
    ]
    assert first[2].cell.overlay == CellOverlay(
        ImageSelector(modalities=("PT",)), ColourMap.HOT_IRON, 0.5, ValueScale(0, 5)
    )


def test_the_clip_that_a_cell_shows_survives_the_disk(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    shipped = next(one for one in library.all() if one.protocol_id == "ultrasound")
    cells = tuple(Cell(ImageSelector(("US",), stack=clip)) for clip in (2, 0, None, 11))
    stage = replace(shipped.stages[1], cells=cells)

    library.save(replace(shipped, protocol_id="mine", stages=(stage,)))

    assert [one.selector.stack for one in HangingLibrary(tmp_path).all()[0].stages[0].cells] == [2, 0, None, 11]


def test_an_overlay_survives_the_disk_with_its_colours_strength_and_uptake(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    shipped = next(one for one in library.all() if one.protocol_id == "pet-ct")
    overlay = CellOverlay(ImageSelector(("PT",), occurrence=1), ColourMap.PET, 0.35, ValueScale(1, 7.5))
    stage = replace(shipped.stages[0], cells=(replace(shipped.stages[0].cells[2], overlay=overlay),) * 4)

    library.save(replace(shipped, protocol_id="mine", stages=(stage,)))

    assert HangingLibrary(tmp_path).all()[0].stages == (stage,)
    assert json.loads((tmp_path / "mine.json").read_bytes())["schema"] == 2


def _stored_before_overlays(protocol_id: str, columns: int) -> bytes:
    cells = [{"selector": {"modalities": [one]}} for one in ("CT", "PT")][:columns]
    stage = {"name": "CT + PET", "rows": 1, "columns": columns, "cells": cells}
    title = {"zh_CN": "我的", "en": "Mine"}
    raw = {"schema": 1, "protocol_id": protocol_id, "title": title, "match": {}, "stages": [stage], "priority": 9}
    return json.dumps(raw).encode()


def test_a_stored_pet_ct_whose_stages_nobody_changed_gets_the_fused_view(tmp_path: Path) -> None:
    (tmp_path / "pet-ct.json").write_bytes(_stored_before_overlays("pet-ct", 2))
    own = HangingLibrary(tmp_path).all()[0]

    assert [one.name for one in own.stages] == ["PET-CT", "fused planes", "CT + PET"]
    assert (own.title["en"], own.priority) == ("Mine", 9)


@pytest.mark.parametrize(("protocol_id", "columns"), [("pet-ct", 1), ("own-1", 2)])
def test_a_stored_protocol_with_stages_of_ones_own_stays_as_it_is(
    tmp_path: Path, protocol_id: str, columns: int
) -> None:
    (tmp_path / f"{protocol_id}.json").write_bytes(_stored_before_overlays(protocol_id, columns))

    assert [(one.name, one.columns) for one in HangingLibrary(tmp_path).all()[0].stages] == [("CT + PET", columns)]


def test_a_pet_ct_without_fusion_that_a_reader_made_stays_without(tmp_path: Path) -> None:
    library = HangingLibrary(tmp_path)
    shipped = next(one for one in library.all() if one.protocol_id == "pet-ct")

    library.save(replace(shipped, stages=shipped.stages[2:]))

    assert [one.name for one in HangingLibrary(tmp_path).all()[0].stages] == ["CT + PET"]

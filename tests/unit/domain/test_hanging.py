"""Hanging: the right image of the right side in the right place, and never an image that does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane
from workstation.domain.hanging import (
    HangingProtocol,
    ProtocolMatch,
    Stage,
    captured,
    choose_protocol,
    comparable,
    day_of,
    hang,
    opening_stage,
    score,
    selector_of,
    usable_stages,
)
from workstation.domain.hanging_cells import Cell, CellOverlay, CellView, ChestWall, ImageSelector
from workstation.domain.study import Instance, Patient, Series, Study

PATIENT = Patient("P1", "李秀英", "19680412", "F")
AXIAL = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0))
CORONAL = ImagePlane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (1.0, 1.0))


def image(uid: str, *, side: str = "", view: str = "", plane: ImagePlane | None = None) -> Instance:
    return Instance(
        uid, "1.2.840.10008.5.1.4.1.1.2", 1, rows=8, columns=8, laterality=side, view_position=view, plane=plane
    )


def series(uid: str, modality: str, *images: Instance, description: str = "", body_part: str = "") -> Series:
    return Series(uid, modality, 1, description, body_part, images or (image(f"{uid}.1"),))


def study(uid: str, *all_series: Series, date: str = "20260301", description: str = "") -> Study:
    return Study(uid, PATIENT, date, description=description, series=all_series)


def mammogram(uid: str, date: str = "20260301") -> Study:
    views = [("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO")]
    images = tuple(image(f"{uid}.{side}{view}", side=side, view=view) for side, view in views)
    return study(uid, series(f"{uid}.1", "MG", *images), date=date)


def protocol(name: str, match: ProtocolMatch, *stages: Stage, priority: int = 0) -> HangingProtocol:
    return HangingProtocol(name, {"zh_CN": name, "en": name}, match, stages or (ONE,), priority)


ONE = Stage("one", 1, 1, (Cell(),))
CHEST = study("1.2", series("1.2.1", "CT", body_part="CHEST"))
HEAD = study("1.3", series("1.3.1", "MR", description="t1 mpr", body_part="BRAIN"))
CC = Stage(
    "CC",
    1,
    2,
    (
        Cell(ImageSelector(("MG",), "R", "CC"), chest_wall=ChestWall.RIGHT),
        Cell(ImageSelector(("MG",), "L", "CC"), chest_wall=ChestWall.LEFT),
    ),
    same_scale=True,
)


def test_the_protocol_with_more_criteria_met_wins() -> None:
    general = protocol("general", ProtocolMatch())
    ct = protocol("ct", ProtocolMatch(modalities=("CT",)))
    chest = protocol("chest", ProtocolMatch(modalities=("CT",), body_parts=("CHEST",)))

    assert choose_protocol([general, ct, chest], CHEST) is chest
    assert choose_protocol([general, ct], CHEST) is ct
    assert choose_protocol([general, ct, chest], HEAD) is general
    assert choose_protocol([ct, chest], HEAD) is None


def test_priority_and_then_order_decide_between_equals() -> None:
    first, second = protocol("a", ProtocolMatch(("CT",))), protocol("b", ProtocolMatch(("CT",)))
    own = protocol("own", ProtocolMatch(("CT",)), priority=100)

    assert choose_protocol([first, second], CHEST) is first
    assert choose_protocol([first, second, own], CHEST) is own


def test_a_body_part_is_found_in_any_description() -> None:
    match = ProtocolMatch(body_parts=("胸",))

    assert score(match, study("1.4", series("1.4.1", "CT", description="胸部平扫"))) == 2
    assert score(match, study("1.5", series("1.5.1", "CT"), description="胸部 CT")) == 2
    assert score(match, HEAD) == 0


@pytest.mark.parametrize(
    ("prior_date", "max_days", "fits"),
    [
        ("20250301", None, True),
        ("20250301", 365, True),
        ("20250228", 365, False),
        ("20260302", 365, False),  # later than the current study
        ("", 365, False),
        ("", None, True),
    ],
)
def test_a_prior_counts_only_when_it_is_young_enough(prior_date: str, max_days: int | None, fits: bool) -> None:  # noqa: FBT001 - a table's column
    match = ProtocolMatch(needs_prior=True, max_prior_days=max_days)

    assert (score(match, CHEST, [study("1.9", date=prior_date)]) > 0) is fits
    assert score(match, CHEST) == 0


def test_each_cell_of_a_mammogram_takes_its_side_and_view_and_the_walls_meet() -> None:
    right, left = hang(CC, mammogram("2.1"))

    assert [one.sop_instance_uid for one in right.instances] == ["2.1.RCC"]
    assert [one.sop_instance_uid for one in left.instances] == ["2.1.LCC"]
    assert (right.cell.chest_wall, left.cell.chest_wall) == (ChestWall.RIGHT, ChestWall.LEFT)


def test_raw_mammograms_never_hang_before_those_made_to_be_looked_at() -> None:
    """A system that sends both puts the raw series first: For Processing (PS3.4 B.5) is not for the eye."""
    raw, made = mammogram("2.1"), mammogram("2.2")
    unseen = tuple(replace(one, sop_class_uid="1.2.840.10008.5.1.4.1.1.1.2.1") for one in raw.series[0].instances)
    only = study("2.3", replace(raw.series[0], instances=unseen))
    both = study("2.3", *only.series, *made.series)
    mixed = study("2.3", replace(made.series[0], instances=(*unseen, *made.series[0].instances)))

    assert [cell.instances[0].sop_instance_uid for cell in hang(CC, both)] == ["2.2.RCC", "2.2.LCC"]
    assert [cell.instances[0].sop_instance_uid for cell in hang(CC, mixed)] == ["2.2.RCC", "2.2.LCC"]
    assert [cell.instances[0].sop_instance_uid for cell in hang(CC, only)] == ["2.1.RCC", "2.1.LCC"]


def test_views_in_series_of_their_own_are_found_too() -> None:
    apart = study(
        "2.2",
        series("2.2.1", "MG", image("a", side="L", view="CC")),
        series("2.2.2", "MG", image("b", side="R", view="CC")),
    )

    assert [hung.instances[0].sop_instance_uid for hung in hang(CC, apart)] == ["b", "a"]


def test_a_missing_view_leaves_its_cell_empty_and_nothing_else_moves_in() -> None:
    only_left = study("2.3", series("2.3.1", "MG", image("a", side="L", view="CC")))

    right, left = hang(CC, only_left)

    assert (right.series, right.instances) == (None, ())
    assert left.instances[0].sop_instance_uid == "a"


def test_four_views_are_asked_for_together() -> None:
    match = ProtocolMatch(("MG",), lateralities=("L", "R"), view_positions=("CC", "MLO"))

    assert score(match, mammogram("2.4")) == 4
    assert score(match, study("2.5", series("2.5.1", "MG", image("a", side="L", view="CC")))) == 0


def test_a_prior_cell_shows_the_prior_and_says_whose_it_is() -> None:
    stage = Stage("prior", 1, 2, (Cell(ImageSelector(("CT",))), Cell(ImageSelector(("CT",), prior=1))))
    older = study("1.1", series("1.1.1", "CT"), date="20250301")

    current, prior = hang(stage, CHEST, [older])
    _, without = hang(stage, CHEST)

    assert (current.study_instance_uid, prior.study_instance_uid) == ("1.2", "1.1")
    assert prior.series is older.series[0]
    assert (without.series, without.study_instance_uid) == (None, "")


def test_stages_that_would_be_empty_or_lack_their_prior_are_passed_over() -> None:
    prior = Stage("prior", 1, 2, (Cell(), Cell(ImageSelector(prior=1))))
    pet = Stage("pet", 1, 1, (Cell(ImageSelector(("PT",))),))
    hung = protocol("x", ProtocolMatch(), ONE, prior, pet)

    assert usable_stages(hung, CHEST) == (ONE,)
    assert usable_stages(hung, CHEST, [HEAD]) == (ONE, prior)


def test_a_case_opens_with_the_first_stage_that_is_at_least_half_full() -> None:
    four = Stage("four", 2, 2, tuple(Cell(ImageSelector(description=word)) for word in ("t2", "flair", "dwi", "t1")))
    two = series("1.1", "MR", description="t2"), series("1.2", "MR", description="t1")
    assert opening_stage((four, ONE), study("1", *two)) is four
    assert opening_stage((four, ONE), study("1", two[0])) is ONE
    assert opening_stage((four,), study("1", two[0])) is four
    assert opening_stage((), study("1", two[0])) is None


def test_a_protocol_for_ct_alone_is_not_for_a_pet_ct() -> None:
    match = ProtocolMatch(modalities=("CT",), body_parts=("CHEST",), without_modalities=("PT",))
    assert score(match, CHEST) == 3
    assert score(match, replace(CHEST, series=(*CHEST.series, series("1.2.2", "PT")))) == 0


@pytest.mark.parametrize("thickness_mm", [-1.0, 121.0])
def test_a_projection_thicker_than_any_slab_or_thinner_than_nothing_does_not_exist(thickness_mm: float) -> None:
    with pytest.raises(ValueError, match="0 to 120"):
        Cell(mip_mm=thickness_mm)


def test_the_acquisition_plane_and_the_occurrence_choose_between_series() -> None:
    brain = study(
        "3.1",
        series("3.1.1", "MR", image("a", plane=AXIAL), description="T2 tra"),
        series("3.1.2", "MR", image("b", plane=CORONAL), description="T2 cor"),
        series("3.1.3", "MR", image("c", plane=AXIAL), description="T1 tra"),
        series("3.1.4", "SR", Instance("d", "1.2.840.10008.5.1.4.1.1.88.22", 1)),
    )

    def found(selector: ImageSelector) -> str:
        series_found = hang(Stage("", 1, 1, (Cell(selector),)), brain)[0].series
        return series_found.series_instance_uid if series_found else ""

    assert found(ImageSelector(orientation="coronal")) == "3.1.2"
    assert found(ImageSelector(orientation="axial", occurrence=1)) == "3.1.3"
    assert found(ImageSelector(description=r"\bt1")) == "3.1.3"
    assert found(ImageSelector(occurrence=3)) == ""  # a report has no pixels to hang
    assert found(ImageSelector(orientation="sagittal")) == ""


def test_a_captured_layout_finds_the_same_images_in_the_next_study() -> None:
    first, second = mammogram("4.1"), mammogram("4.2", "20270301")
    wanted = first.series[0].instances[3]
    stage = Stage("mine", 1, 1, (Cell(selector_of(first.series[0], instance=wanted, study=first)),))
    own = captured("mine", {"zh_CN": "我的", "en": "Mine"}, first, [stage])

    assert choose_protocol([protocol("mg", ProtocolMatch(("MG",))), own], second) is own
    assert [one.sop_instance_uid for one in hang(own.stages[0], second)[0].instances] == ["4.2.LMLO"]


def test_the_second_series_of_one_name_is_captured_as_the_second() -> None:
    twice = study(
        "5.1", series("5.1.1", "CT", description="Lung 1.0 (x)"), series("5.1.2", "CT", description="Lung 1.0 (x)")
    )

    assert selector_of(twice.series[1], study=twice).occurrence == 1
    assert selector_of(twice.series[1], study=HEAD).occurrence == 0


def test_a_captured_layout_with_a_prior_asks_for_one() -> None:
    stage = Stage("p", 1, 2, (Cell(), Cell(ImageSelector(prior=1))))

    assert captured("p", {}, CHEST, [stage]).match == ProtocolMatch(("CT",), ("CHEST",), needs_prior=True, exact=True)


@pytest.mark.parametrize(("text", "told"), [("20260229", ""), ("20240229", "2024-02-29"), ("", ""), ("2026", "")])
def test_a_broken_date_is_no_day(text: str, told: str) -> None:
    assert (str(day_of(text)) if day_of(text) else "") == told


def test_impossible_protocols_do_not_exist() -> None:
    with pytest.raises(ValueError, match="needs 2 cells"):
        Stage("x", 1, 2, (Cell(),))
    with pytest.raises(ValueError, match="1 to 4"):
        Stage("x", 5, 1, (Cell(),) * 5)
    with pytest.raises(ValueError, match="regular expression"):
        ImageSelector(description="(")
    with pytest.raises(ValueError, match="count from 0"):
        ImageSelector(prior=-1)
    with pytest.raises(ValueError, match="at least one stage"):
        replace(protocol("x", ProtocolMatch()), stages=())


FUSED = Cell(ImageSelector(("CT",)), overlay=CellOverlay(ImageSelector(("PT",))))
PET_CT = study("1.7", series("1.7.1", "CT"), series("1.7.2", "PT"))


def test_an_overlay_is_taken_from_the_study_of_its_cell() -> None:
    before = study("1.6", series("1.6.1", "CT"), series("1.6.2", "PT"))
    prior = replace(FUSED, selector=ImageSelector(("CT",), prior=1))
    (now, then) = hang(Stage("both", 1, 2, (FUSED, prior)), PET_CT, [before])

    assert (now.series, now.overlay) == (PET_CT.series[0], PET_CT.series[1])
    assert (then.series, then.overlay) == (before.series[0], before.series[1])
    assert (now.is_filled, now.lacks_overlay) == (True, False)


def test_a_fused_cell_of_a_study_without_pet_is_not_filled_and_says_what_it_lacks() -> None:
    (hung,) = hang(Stage("fused", 1, 1, (FUSED,)), CHEST)

    assert (hung.series, hung.overlay) == (CHEST.series[0], None)
    assert (hung.is_filled, hung.lacks_overlay) == (False, True)
    assert usable_stages(protocol("fused", ProtocolMatch(), Stage("fused", 1, 1, (FUSED,))), CHEST) == ()


def test_an_overlay_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha 1\.5"):
        CellOverlay(ImageSelector(), alpha=1.5)
    with pytest.raises(ValueError, match="its prior is 0"):
        CellOverlay(ImageSelector(prior=1))
    with pytest.raises(ValueError, match="not over a volume seen from outside"):
        replace(FUSED, view=CellView.MIP)


def test_planes_are_cut_and_volumes_are_seen_from_outside() -> None:
    assert [one.value for one in CellView if one.is_cut] == ["axial", "coronal", "sagittal"]
    assert [one.value for one in CellView if one.is_projected] == ["mip", "volume"]


def test_each_clip_of_a_series_is_found_again_and_no_other_takes_its_place() -> None:
    clips = tuple(image(f"1.9.1.{n}") for n in range(3))
    stacks = tuple(ImageStack((StackFrame(FrameRef(one.sop_instance_uid)),)) for one in clips)
    heart = study("1.9", replace(series("1.9.1", "US", *clips, description="heart"), stacks=stacks))
    whole, parts = heart.series[0], heart.series[0].split()
    found = [selector_of(part, study=heart, stack=part.stack_number) for part in (parts[2], parts[1])]
    stage = Stage("two", 1, 2, tuple(Cell(one) for one in found))

    assert [(one.series, one.stack_number) for one in hang(stage, heart)] == [(whole, 2), (whole, 1)]
    shorter = replace(heart, series=(replace(whole, instances=clips[:2], stacks=stacks[:2]),))
    assert [(one.series is None, one.stack_number) for one in hang(stage, shorter)] == [(True, None), (False, 1)]
    assert selector_of(CHEST.series[0], study=CHEST, stack=0).stack is None
    with pytest.raises(ValueError, match="count from 0"):
        ImageSelector(stack=-1)


def part(uid: str, modality: str, body_part: str, side: str = "") -> Study:
    return study(uid, series(f"{uid}.1", modality, image(f"{uid}.1.1", side=side), body_part=body_part))


GENERAL = (protocol("general", ProtocolMatch()),)


@pytest.mark.parametrize(
    ("today", "before", "hangs"),
    [
        (part("1.2", "DX", "KNEE", "R"), part("1.3", "DX", "KNEE", "R"), True),
        (part("1.2", "DX", "KNEE", "R"), part("1.3", "CR", "KNEE", "R"), True),
        (part("1.2", "DX", "KNEE", "R"), part("1.3", "DX", "KNEE", "L"), False),
        (part("1.2", "DX", "KNEE", "R"), part("1.3", "DX", "KNEE"), False),
        (part("1.2", "DX", "KNEE", "R"), part("1.3", "DX", "HAND", "R"), False),
        (part("1.2", "DX", "ABDOMEN"), part("1.3", "DX", "SKULL"), False),
        (part("1.2", "MR", "LSPINE"), part("1.3", "MR", "BRAIN"), False),
        (part("1.2", "MR", "KNEE", "L"), part("1.3", "MR", "BRAIN"), False),
        (part("1.2", "CT", "CHEST"), part("1.3", "CT", "CHESTABDOMEN"), True),
        (part("1.2", "CT", "CHEST"), part("1.3", "CT", "ABDOMEN"), False),
        (part("1.2", "CT", "CHEST"), part("1.3", "MR", "CHEST"), False),
        (part("1.2", "CT", ""), part("1.3", "CT", ""), False),
    ],
)
def test_only_a_prior_of_the_same_part_and_side_hangs_by_itself(today: Study, before: Study, hangs: bool) -> None:  # noqa: FBT001 - a table's column
    assert (comparable(GENERAL, today, [before]) == (before,)) is hangs


def test_of_a_prior_of_head_and_chest_the_chest_hangs_for_a_chest() -> None:
    head, chest = (series(f"1.9.{n}", "CT", body_part=name) for n, name in enumerate(("HEAD", "CHEST")))
    stage = Stage("prior", 1, 2, (Cell(), Cell(ImageSelector(("CT",), prior=1))))
    assert hang(stage, CHEST, [study("1.9", head, chest)])[1].series == chest
    assert hang(stage, CHEST, [study("1.9", head)])[1].series == head

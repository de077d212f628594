"""The pre-read sees the series in which a radiologist would look for nodules."""

from __future__ import annotations

from dataclasses import replace

from tests.helpers.cases import study
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Series, Study
from workstation.domain.technique import Technique
from workstation.services.series_choice import choose_series, phase_of, readable_series

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
COLOUR_FILM = "1.2.840.10008.5.1.4.1.1.7.4"
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))


def _series(
    uid: str,
    slices: int,
    spacing_mm: float,
    description: str = "",
    *,
    modality: str = "CT",
    number: int | None = None,
    frames: int = 1,
    part: str = "CHEST",
    thick_mm: float | None = None,
    image_type: tuple[str, ...] = (),
    axes: tuple[tuple[float, float, float], tuple[float, float, float]] = AXIAL,
    sop_class: str = CT_IMAGE,
) -> Series:
    def origin(along_mm: float) -> tuple[float, float, float]:
        return (-200.0, -200.0, along_mm) if axes == AXIAL else (-200.0, along_mm, 0.0)

    instances = tuple(
        Instance(
            f"{uid}.{n}",
            sop_class,
            n,
            rows=512,
            columns=512,
            number_of_frames=frames,
            plane=ImagePlane(origin(n * spacing_mm), *axes, (0.8, 0.8)),
            technique=Technique(thickness_mm=thick_mm),
            image_type=image_type,
        )
        for n in range(slices)
    )
    return Series(uid, modality, number, description, part, instances)


def _choice(*series: Series) -> str | None:
    chosen = choose_series(replace(study(), series=series))
    return None if chosen is None else chosen.series_instance_uid


def _order(*series: Series) -> list[str]:
    return [one.series_instance_uid for one in readable_series(replace(study(), series=series))]


def test_thin_slices_win_over_thick_ones_of_the_same_chest() -> None:
    assert _choice(_series("thick", 60, 5.0), _series("thin", 300, 1.0)) == "thin"


def test_a_short_thin_extra_series_does_not_replace_the_whole_chest() -> None:
    assert _choice(_series("whole", 200, 1.5), _series("detail", 60, 0.5)) == "whole"


def test_a_lung_kernel_wins_at_equal_thickness() -> None:
    assert _choice(_series("soft", 300, 1.0, "纵隔窗 B30f"), _series("lung", 290, 1.0, "肺窗 B70f")) == "lung"


def test_more_slices_then_the_lower_number_decide() -> None:
    assert _choice(_series("a", 290, 1.0, number=2), _series("b", 300, 1.0, number=3)) == "b"
    assert _choice(_series("a", 300, 1.0, number=4), _series("b", 300, 1.0, number=3)) == "b"
    assert _choice(_series("a", 300, 1.0), _series("b", 300, 1.0, number=3)) == "b"


def test_a_scout_a_pet_and_a_report_are_no_choice() -> None:
    report = Series("sr", "SR", None, instances=(Instance("sr.1", "1.2.840.10008.5.1.4.1.1.88.34", 1),))
    without_place = Series("x", "CT", instances=tuple(Instance(f"x.{n}", CT_IMAGE, n) for n in range(50)))

    assert _choice(_series("scout", 2, 1.0), _series("pet", 300, 3.0, modality="PT"), report, without_place) is None
    assert choose_series(Study("1", study().patient)) is None


def test_repeated_slices_count_once() -> None:
    twice = replace(_series("twice", 20, 1.0), instances=_series("a", 20, 1.0).instances * 2)

    assert _choice(twice) is None


def test_a_multi_frame_ct_is_taken_where_nothing_better_is_known() -> None:
    assert _choice(_series("enhanced", 1, 1.0, frames=200)) == "enhanced"
    assert _choice(_series("enhanced", 1, 1.0, frames=20)) is None


def test_a_rotating_view_or_a_film_never_replaces_the_slices_of_the_chest() -> None:
    chest = _series("chest", 260, 1.25)

    assert _order(_series("film", 1, 1.0, frames=36, sop_class=COLOUR_FILM), chest) == ["chest"]
    assert _order(_series("vr", 1, 1.0, "VR 旋转", frames=36, sop_class=ENHANCED_CT), chest) == ["chest"]
    assert _choice(_series("film", 1, 1.0, frames=36, sop_class=COLOUR_FILM)) is None
    for made in (("DERIVED", "SECONDARY"), ("DERIVED", "PRIMARY", "VOLUME", "VOLUME_RENDER")):
        assert _choice(_series("made", 1, 1.0, frames=36, sop_class=ENHANCED_CT, image_type=made)) is None
    assert _choice(_series("enhanced", 1, 1.0, frames=300, sop_class=ENHANCED_CT), chest) == "chest"


def test_the_frames_of_an_enhanced_ct_are_judged_by_where_they_lie() -> None:
    one = _series("enhanced", 1, 1.0, frames=300, sop_class=ENHANCED_CT)
    frames = tuple(
        StackFrame(FrameRef("enhanced.0", n), ImagePlane((-200.0, -200.0, n * 1.0), *AXIAL, (0.8, 0.8)))
        for n in range(1, 301)
    )
    placed = replace(one, stacks=(ImageStack(frames),))

    assert _choice(placed, _series("thick", 60, 5.0)) == "enhanced"
    assert _choice(placed, _series("thin", 300, 0.5, number=3)) == "enhanced"  # the thin one covers half of it
    assert _choice(placed, _series("thinner", 600, 0.5)) == "thinner"


def test_the_chest_is_read_before_a_longer_abdomen_whatever_the_scanner_calls_it() -> None:
    chest = _series("chest", 300, 1.0, "Chest lung 1 mm")

    assert _order(_series("abdomen", 480, 1.0, "Abdomen 1 mm", part="ABDOMEN"), chest) == ["chest"]
    assert _order(_series("abdomen", 480, 1.0, "腹部 1 mm"), chest)[0] == "chest"  # tagged as the protocol: chest
    assert _order(_series("abdomen", 480, 1.0, part="ABDOMEN")) == ["abdomen"]  # refused with a reason, not in silence


def test_a_long_scan_of_the_trunk_is_no_better_for_lungs_than_a_whole_chest() -> None:
    assert _choice(_series("trunk", 240, 3.0, part="TRUNK"), _series("chest", 300, 1.0)) == "chest"


def test_axial_slices_win_over_thinner_reformatted_ones() -> None:
    axial = _series("axial", 260, 1.25, "Lung 1.25")

    assert _choice(axial, _series("coronal", 300, 1.0, "Lung coronal", axes=CORONAL)) == "axial"
    assert _choice(axial, _series("mpr", 325, 1.0, "MPR", image_type=("DERIVED", "SECONDARY"))) == "axial"
    assert _choice(_series("coronal", 300, 1.0, axes=CORONAL)) == "coronal"


def test_slabs_of_projections_and_slices_with_gaps_lose_against_slices() -> None:
    axial = _series("axial", 260, 1.25, "Lung 1.25", thick_mm=1.25)

    assert _choice(axial, _series("mip", 330, 1.0, "轴位MIP 10mm")) == "axial"
    assert _choice(axial, _series("mip", 330, 1.0, image_type=("DERIVED", "SECONDARY", "MIP"))) == "axial"
    assert _choice(axial, _series("slabs", 330, 1.0, thick_mm=10.0)) == "axial"
    assert _choice(_series("derived", 260, 1.25, image_type=("DERIVED",)), _series("hrct", 33, 10.0, thick_mm=1.0)) == (
        "derived"
    )


def test_slices_that_overlap_are_as_fine_as_they_are_thick() -> None:
    assert _choice(_series("overlap", 320, 1.0, thick_mm=2.0), _series("thin", 256, 1.25, thick_mm=1.25)) == "thin"


def test_only_whole_axial_series_of_slices_are_worth_another_try() -> None:
    thick = _series("thick", 60, 5.0, image_type=("ORIGINAL",))
    thin = _series("thin", 300, 1.0, image_type=("DERIVED", "PRIMARY", "AXIAL"))
    others = (
        _series("coronal", 300, 1.0, axes=CORONAL),
        _series("mip", 330, 1.0, "MIP"),
        _series("detail", 60, 0.5),
        _series("abdomen", 480, 1.0, part="ABDOMEN"),
    )

    assert _order(thick, thin, *others) == ["thick", "thin"]
    assert len(_order(*(_series(f"s{n}", 300, 1.0) for n in range(9)))) == 3


def _phases(uid: str, *slices: int) -> Series:
    """Return a series of single images that shows the same places once in each phase."""
    parts = [_series(f"{uid}.{n}", count, 1.0) for n, count in enumerate(slices, start=1)]
    stacks = tuple(
        ImageStack(tuple(StackFrame(FrameRef(one.sop_instance_uid), one.plane) for one in part.instances), f"Time {n}")
        for n, part in enumerate(parts, start=1)
    )
    return Series(uid, "CT", 4, "Chest", "CHEST", tuple(i for p in parts for i in p.instances), stacks=stacks)


def test_of_a_series_with_two_contrast_phases_one_phase_is_read_and_named() -> None:
    both = _phases("both", 60, 60)
    exam = replace(study(), series=(both,))

    (chosen,) = readable_series(exam)
    assert [one.sop_instance_uid for one in chosen.instances] == [f"both.1.{n}" for n in range(60)]
    assert (chosen.description, phase_of(exam, chosen)) == ("Chest Time 1", "Time 1")


def test_a_phase_that_shows_the_whole_chest_is_read_before_a_part_of_it() -> None:
    exam = replace(study(), series=(_phases("both", 40, 200),))

    (chosen,) = readable_series(exam)
    assert (len(chosen.instances), phase_of(exam, chosen)) == (200, "Time 2")


def test_a_scout_within_the_series_of_the_chest_is_no_phase() -> None:
    exam = replace(study(), series=(_phases("scouted", 200, 2),))

    (chosen,) = readable_series(exam)
    assert (len(chosen.instances), phase_of(exam, chosen)) == (200, "")


def test_where_one_phase_is_refused_another_series_is_tried_next() -> None:
    assert _order(_phases("both", 60, 60), _series("plain", 60, 1.0, number=9)) == ["both", "plain"]

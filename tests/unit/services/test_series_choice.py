"""The pre-read sees the series in which a radiologist would look for nodules."""

from __future__ import annotations

from dataclasses import replace

from tests.helpers.cases import study
from workstation.domain.geometry import ImagePlane
from workstation.domain.study import Instance, Series, Study
from workstation.services.series_choice import choose_series

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def _series(
    uid: str,
    slices: int,
    spacing_mm: float,
    description: str = "",
    *,
    modality: str = "CT",
    number: int | None = None,
    frames: int = 1,
) -> Series:
    instances = tuple(
        Instance(
            f"{uid}.{n}",
            CT_IMAGE,
            n,
            rows=512,
            columns=512,
            number_of_frames=frames,
            plane=ImagePlane((-200.0, -200.0, n * spacing_mm), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.8, 0.8)),
        )
        for n in range(slices)
    )
    return Series(uid, modality, number, description, "CHEST", instances)


def _choice(*series: Series) -> str | None:
    chosen = choose_series(replace(study(), series=series))
    return None if chosen is None else chosen.series_instance_uid


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

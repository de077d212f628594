"""Mammograms come right beside left, view by view, and each names the edge that its chest wall belongs to."""

from __future__ import annotations

from dataclasses import replace

from workstation.domain.hanging_cells import Cell, ChestWall
from workstation.domain.mammograms import views_in_pairs, wall_of
from workstation.domain.study import Instance, Patient, Series, Study

MG = "1.2.840.10008.5.1.4.1.1.1.2"


def film(number: int, side: str, view: str) -> Series:
    image = Instance(f"1.{number}.1", MG, 1, rows=40, columns=30, laterality=side, view_position=view)
    return Series(f"1.{number}", "MG", number, f"{side} {view}", "BREAST", (image,))


def study(*series: Series) -> Study:
    return Study("1", Patient("1", "周丽华", "19680314", "F"), series=series)


def named(cells: tuple[Cell, ...]) -> list[str]:
    wanted = (one.selector for one in cells)
    return [f"{one.laterality} {one.view_position}{' prior' * one.prior}" for one in wanted]


ALL = study(film(1, "L", "MLO"), film(2, "L", "CC"), film(3, "R", "MLO"), film(4, "R", "CC"), film(5, "R", "ML"))


def test_the_right_breast_has_its_wall_at_the_right_and_the_left_one_at_the_left() -> None:
    right, left = film(1, "R", "CC"), film(2, "L", "CC")
    assert (wall_of(right, "1.1.1"), wall_of(left, "1.2.1")) == (ChestWall.RIGHT, ChestWall.LEFT)
    assert wall_of(film(3, "", "CC"), "1.3.1") is wall_of(right, "9.9") is ChestWall.NONE
    assert wall_of(replace(right, modality="DX"), "1.1.1") is ChestWall.NONE


def test_the_view_on_screen_comes_first_and_right_beside_left() -> None:
    assert named(views_in_pairs(ALL, ALL.series[0], 4)) == ["R MLO", "L MLO", "R CC", "L CC"]
    assert named(views_in_pairs(ALL, ALL.series[1], 8)) == ["R CC", "L CC", "R MLO", "L MLO", "R ML", "L ML"]


def test_a_prior_takes_half_with_the_same_views() -> None:
    assert named(views_in_pairs(ALL, ALL.series[1], 4, prior=1)) == ["R CC", "L CC", "R CC prior", "L CC prior"]
    assert named(views_in_pairs(ALL, ALL.series[1], 2, prior=1)) == ["L CC", "L CC prior"]


def test_of_several_views_in_one_series_the_one_that_is_looked_at_comes_first() -> None:
    images = tuple(one for series in ALL.series[:4] for one in series.instances)
    four = replace(ALL.series[0], instances=images)
    looked_at = views_in_pairs(study(four), four, 2, prior=1, displayed="1.4.1")
    assert named(looked_at) == ["R CC", "R CC prior"]
    assert named(views_in_pairs(study(four), four, 2, prior=1)) == ["L MLO", "L MLO prior"]


def test_a_study_of_one_breast_leaves_no_place_for_the_other_one() -> None:
    one = study(film(1, "L", "MLO"), film(2, "L", "CC"))
    assert named(views_in_pairs(one, one.series[1], 2)) == ["L CC", "L MLO"]


def test_nothing_is_paired_where_the_film_names_no_side_or_no_view() -> None:
    for series in (film(1, "", "CC"), film(1, "R", ""), replace(film(1, "R", "CC"), modality="DX")):
        assert views_in_pairs(study(series), series, 4) == ()

"""Planes that move together share the time of one turn of the window."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.gui.test_plane_pictures import GRAY, SIZE, request, scene
from viewers.qt.plane_pictures import PlanePictures
from viewers.qt.turn_budget import TurnBudget
from viewers.scene.mpr_plane import MprPlane

pytestmark = pytest.mark.gui


def turn(budget: TurnBudget, *wanted_s: float) -> list[float]:
    """Ask for cuts of one turn and return what each was allowed, in milliseconds."""
    allowed = []
    for seconds in wanted_s:
        share = budget.share_s()
        allowed.append(round(share * 1000, 3))
        budget.spend(min(seconds, share))
    return allowed


def test_three_dear_planes_of_a_turn_take_no_longer_together_than_the_turn_has(qtbot: QtBot) -> None:
    budget = TurnBudget(0.03)
    turn(budget, 1.0, 1.0, 1.0)
    budget.end_turn()

    assert turn(budget, 1.0, 1.0, 1.0) == [10.0, 10.0, 10.0]


def test_a_plane_that_moves_alone_has_the_whole_turn(qtbot: QtBot) -> None:
    budget = TurnBudget(0.03)
    assert turn(budget, 1.0) == [30.0]
    budget.end_turn()
    assert turn(budget, 1.0) == [30.0]


def test_who_comes_unexpected_has_a_part_left(qtbot: QtBot) -> None:
    budget = TurnBudget(0.03)

    # the first took the whole turn, as none was expected beside it: a quarter of a half, then of a third
    assert turn(budget, 1.0, 1.0, 1.0) == [30.0, 3.75, 2.5]


def test_the_window_ends_the_turn_by_itself(qtbot: QtBot) -> None:
    budget = TurnBudget(0.03)
    turn(budget, 1.0, 1.0)

    qtbot.waitUntil(lambda: budget.share_s() == 0.015)
    assert turn(budget, 1.0, 1.0) == [15.0, 15.0]


def test_planes_that_are_full_alone_are_coarse_together(qtbot: QtBot) -> None:
    a_sample_s = 0.02 / (SIZE[0] * SIZE[1])  # 20 ms a plane
    budget = TurnBudget(0.04)
    made = [scene(plane) for plane in (MprPlane.AXIAL, MprPlane.CORONAL, MprPlane.SAGITTAL)]
    pictures = [PlanePictures(a_sample_s, turn=budget) for _ in made]
    turn(budget, 1.0, 1.0, 1.0)  # the last turn cut three
    budget.end_turn()
    for one, plane in zip(pictures, made, strict=True):
        one.levels(request(plane), GRAY)
    assert [one.is_settled for one in pictures] == [False, False, False]

    alone = TurnBudget(0.04)
    one = PlanePictures(a_sample_s, turn=alone)
    one.levels(request(made[0]), GRAY)
    assert one.is_settled

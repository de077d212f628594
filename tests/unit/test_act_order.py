"""Undo takes back the last thing that the reader did and sees from where they work."""

from __future__ import annotations

from workstation.ui.pages.act_order import Act, ActKind, ActOrder

FINDING, KEY = Act(ActKind.FINDING), Act(ActKind.KEY)
TODAY, THEN = Act(ActKind.MEASUREMENT, "1.2.3"), Act(ActKind.MEASUREMENT, "1.1.3")


def order(*acts: Act) -> ActOrder:
    made = ActOrder()
    for act in acts:
        made.did(act)
    return made


def test_acts_are_undone_and_redone_in_the_order_of_the_hand() -> None:
    acts = order(TODAY, FINDING, KEY)
    assert [acts.step("1.2.3", undo=True) for _ in range(4)] == [KEY, FINDING, TODAY, None]
    assert [acts.step("1.2.3", undo=False) for _ in range(4)] == [TODAY, FINDING, KEY, None]


def test_measurements_are_undone_from_images_of_their_own_study_alone() -> None:
    acts = order(FINDING, TODAY, THEN)
    assert [acts.step("1.2.3", undo=True) for _ in range(3)] == [TODAY, FINDING, None]
    assert acts.is_left(undo=True)
    assert acts.step("1.1.3", undo=True) == THEN
    assert not acts.is_left(undo=True)


def test_a_new_act_and_a_new_case_end_what_could_be_redone() -> None:
    acts = order(FINDING)
    acts.step("1.2.3", undo=True)
    acts.did(KEY)
    assert acts.step("1.2.3", undo=False) is None
    acts.begin_anew()
    assert not acts.is_left(undo=True)

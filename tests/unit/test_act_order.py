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


def step(acts: ActOrder, study: str, *, undo: bool) -> Act | None:
    """Return the act that is undone or redone from a study's images, done at once."""
    act = acts.following(study, undo=undo)
    if act is not None:
        acts.stepped(act, undo=undo)
    return act


def test_acts_are_undone_and_redone_in_the_order_of_the_hand() -> None:
    acts = order(TODAY, FINDING, KEY)
    assert [step(acts, "1.2.3", undo=True) for _ in range(4)] == [KEY, FINDING, TODAY, None]
    assert [step(acts, "1.2.3", undo=False) for _ in range(4)] == [TODAY, FINDING, KEY, None]


def test_measurements_are_undone_from_images_of_their_own_study_alone() -> None:
    acts = order(FINDING, TODAY, THEN)
    assert [step(acts, "1.2.3", undo=True) for _ in range(3)] == [TODAY, FINDING, None]
    assert acts.is_left(undo=True)
    assert step(acts, "1.1.3", undo=True) == THEN
    assert not acts.is_left(undo=True)


def test_a_new_act_and_a_new_case_end_what_could_be_redone() -> None:
    acts = order(FINDING)
    step(acts, "1.2.3", undo=True)
    acts.did(KEY)
    assert step(acts, "1.2.3", undo=False) is None
    acts.begin_anew()
    assert not acts.is_left(undo=True)


def test_an_act_stays_the_next_one_until_somebody_says_that_it_was_undone() -> None:
    acts = order(TODAY, FINDING)
    assert acts.following("1.2.3", undo=True) == FINDING
    assert acts.following("1.2.3", undo=True) == FINDING
    acts.stepped(FINDING, undo=True)
    assert acts.following("1.2.3", undo=True) == TODAY
    assert acts.following("1.2.3", undo=False) == FINDING


def test_an_act_that_cannot_be_undone_any_more_gives_way_to_the_one_before_it() -> None:
    acts = order(KEY, FINDING)
    acts.forget(FINDING, undo=True)
    assert step(acts, "1.2.3", undo=True) == KEY
    assert acts.following("1.2.3", undo=True) is None


def test_of_a_studys_measurements_no_more_acts_are_remembered_than_its_drawings_keep_steps() -> None:
    acts = order(FINDING, THEN, *[TODAY] * 250)
    assert [step(acts, "1.2.3", undo=True) for _ in range(202)] == [*[TODAY] * 200, FINDING, None]
    assert step(acts, "1.1.3", undo=True) == THEN


def test_what_came_after_an_act_is_undone_before_it_and_redone_after_it() -> None:
    times = iter(range(10, 100, 10))
    acts = ActOrder(lambda: next(times))
    assert acts.is_before(5, "1.2.3", undo=True)  # nothing else is to be undone
    acts.did(FINDING)  # at 10
    acts.did(THEN)  # at 20, on other images
    assert [acts.is_before(at, "1.2.3", undo=True) for at in (9, 15)] == [False, True]
    assert [acts.is_before(at, "1.1.3", undo=True) for at in (15, 25)] == [False, True]
    acts.stepped(FINDING, undo=True)  # at 30
    assert [acts.is_before(at, "1.2.3", undo=False) for at in (25, 35)] == [False, True]
    acts.stepped(FINDING, undo=False)  # at 40: done anew
    assert [acts.is_before(at, "1.2.3", undo=True) for at in (35, 45)] == [False, True]

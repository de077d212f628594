"""Only the same part of the same person is linked; what is doubtful is asked about, unrelated anatomy refused."""

from __future__ import annotations

import pytest

from workstation.domain.linkable import Linkable, is_elsewhere, judge_link, link_doubts, part_doubt
from workstation.domain.study import Instance, Patient, Series, Study

ZHOU = Patient("QS0118793", "Zhou^Lihua=周丽华", "19680314", "F")


def shown(
    body_part: str = "", description: str = "", *, side: str = "", patient: Patient = ZHOU
) -> tuple[Study, Series]:
    image = Instance("1.2.3.4", "1.2.840", 1, rows=8, laterality=side)
    series = Series("1.2.3", "CT", 1, "1.0 mm", body_part, (image,))
    return Study("1.2", patient, description=description, series=(series,)), series


def answer(one: tuple[Study, Series], other: tuple[Study, Series], *, same_person: bool = False) -> Linkable:
    there, back = judge_link(*one, *other, same_person=same_person), judge_link(*other, *one, same_person=same_person)
    assert there.answer is back.answer
    return there.answer


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (shown("CHEST"), shown("CHEST"), Linkable.YES),
        (shown("CHEST"), shown("", "胸部CT平扫"), Linkable.YES),
        (shown("CHEST"), shown("CHESTABDOMEN"), Linkable.YES),
        (shown("CHEST"), shown("", "全身PET-CT"), Linkable.YES),
        (shown("CHEST"), shown("HEAD"), Linkable.NO),
        (shown("CHEST"), shown("", "头颅CT平扫"), Linkable.NO),
        (shown("", "Brain MR"), shown("", "盆腔MR"), Linkable.NO),
        (shown("LSPINE"), shown("KNEE", side="L"), Linkable.NO),
        (shown("CHEST"), shown("ABDOMEN"), Linkable.ASK),
        (shown("CHEST"), shown(), Linkable.ASK),
        (shown(), shown(), Linkable.ASK),
        (shown("CHEST", "头颅CT平扫"), shown("CHEST"), Linkable.ASK),
        (shown("CHEST", "头颅CT平扫"), shown("KNEE"), Linkable.NO),
        (shown("KNEE", side="L"), shown("KNEE", side="L"), Linkable.YES),
        (shown("KNEE", side="L"), shown("KNEE", side="R"), Linkable.NO),
        (shown("KNEE", side="L"), shown("", "双膝关节CT"), Linkable.YES),
        (shown("KNEE", side="L"), shown("KNEE"), Linkable.ASK),
        (shown("BREAST", "左乳MR"), shown("BREAST", "右乳MR"), Linkable.NO),
    ],
)
def test_anatomy_and_side_decide_what_is_linked(
    one: tuple[Study, Series], other: tuple[Study, Series], expected: Linkable
) -> None:
    assert expected is answer(one, other)


def test_a_refusal_says_what_each_of_them_shows() -> None:
    assert judge_link(*shown("CHEST"), *shown("HEAD")).why == "chest here, head there"
    assert judge_link(*shown("KNEE", side="L"), *shown("KNEE", side="R")).why == "left knee here, right knee there"
    assert judge_link(*shown("CHEST"), *shown()).why == "chest here, not stated there"
    doubt = judge_link(*shown("KNEE", side="L"), *shown("KNEE"))
    assert doubt.why == "left knee here, knee there; the side is not stated for both"


@pytest.mark.parametrize(
    "stranger",
    [
        Patient("QS0118794", "周丽华", "19680314"),
        Patient("QS0118793", "李秀英", "19680314"),
        Patient("QS0118793", "周丽华", "19500101"),
    ],
)
def test_two_patients_are_never_linked(stranger: Patient) -> None:
    verdict = judge_link(*shown("CHEST"), *shown("CHEST", patient=stranger))
    assert (verdict.answer, verdict.why) == (Linkable.NO, "two patients are on screen")


def test_a_person_whom_the_reader_recognised_is_linked_but_not_with_other_anatomy() -> None:
    other_id = Patient("BH-7781", "周丽华", "19680314")
    assert answer(shown("CHEST"), shown("CHEST", patient=other_id), same_person=True) is Linkable.YES
    assert answer(shown("CHEST"), shown("HEAD", patient=other_id), same_person=True) is Linkable.NO


@pytest.mark.parametrize(
    "same", [Patient("", "", ""), Patient("QS0118793", "ZHOU LIHUA", ""), Patient("QS0118793", "周丽华", "19680314")]
)
def test_what_a_header_leaves_out_contradicts_nobody(same: Patient) -> None:
    assert answer(shown("CHEST"), shown("CHEST", patient=same)) is Linkable.YES


def test_a_prior_that_shows_something_else_than_the_whole_case_is_told_in_red() -> None:
    case, _ = shown("KNEE", side="R")
    assert part_doubt(case, *shown("KNEE", side="L")) == "OTHER SIDE: right knee here, left knee there"
    assert part_doubt(case, *shown("SKULL")) == "OTHER PART OF THE BODY: right knee here, head there"
    assert not part_doubt(case, *shown("KNEE", side="R"))
    assert not part_doubt(case, *shown("KNEE"))
    assert not part_doubt(case, *shown("FEMUR", side="R"))


def test_a_list_tells_by_its_words_which_priors_show_another_part() -> None:
    case, _ = shown("CHEST")
    assert is_elsewhere(case, "膝关节正侧位")
    assert not is_elsewhere(case, "胸部 CT 平扫")
    assert not is_elsewhere(case, "上腹部 CT")
    assert not is_elsewhere(case, "")


def test_what_is_certain_against_laying_two_series_over_each_other_is_told_and_what_nobody_states_is_not() -> None:
    assert link_doubts(*shown("CHEST"), *shown("HEAD")) == ("not one place: chest here, head there",)
    other = shown("CHEST", patient=Patient("QS1", "Chen^Min", "19500101", "F"))
    assert link_doubts(*shown("CHEST"), *other) == ("not one place: two patients are on screen",)
    assert link_doubts(*shown("CHEST"), *shown("ABDOMEN")) == ()
    assert link_doubts(*shown("CHEST"), *shown()) == ()

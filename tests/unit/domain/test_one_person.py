"""A Patient ID that was typed again or given out again never makes two persons one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.one_person import Contradiction, contradictions, is_one_person
from workstation.domain.study import Patient

ZHOU = Patient("12345", "周丽华", "19680314", "F")
NAME, BORN, SEX, NUMBER = Contradiction.NAME, Contradiction.BIRTH_DATE, Contradiction.SEX, Contradiction.PATIENT_ID


@pytest.mark.parametrize(
    ("other", "against"),
    [
        (Patient("12345", "赵铁柱", "19420101", "M"), (NAME, BORN, SEX)),
        (Patient("12345", "周丽华", "19420101", "F"), (BORN,)),
        (Patient("12345", "周丽华", "19680314", "M"), (SEX,)),
        (Patient("12345", "赵铁柱", "", ""), (NAME,)),
        (Patient("12345", "赵铁柱", "19680314", ""), (NAME,)),  # the sex is not there to agree
        (Patient("12345", "ZHAO^TIEZHU", "", "F"), (NAME,)),  # letters that nothing else bears out
        (Patient("12345", "周丽", "", "F"), (NAME,)),
        (Patient("12345", "ZHOU^LIHUA", "19420101", "F"), (NAME, BORN)),
        (Patient("12345", "", "1967", ""), (BORN,)),
        (Patient("54321", "周丽华", "19680314", "F"), (NUMBER,)),
        (
            Patient("", "周丽娟", "19680314", "F"),
            (NAME,),
        ),  # a twin: without the ID nothing tells them apart but the name
    ],
)
def test_what_two_patients_of_one_id_contradict_in_is_told(other: Patient, against: tuple[Contradiction, ...]) -> None:
    assert contradictions(ZHOU, other) == contradictions(other, ZHOU) == against
    assert not is_one_person(ZHOU, other)


@pytest.mark.parametrize(
    "other",
    [
        Patient("", "", "", ""),
        Patient("12345", "", "", ""),
        Patient("12345", "周^丽华", "", ""),
        Patient("12345", " 周　丽华 ", "", ""),
        Patient("12345", "Zhou^Lihua=周^丽华=", "", ""),
        Patient("12345", "ZHOU^LIHUA", "", "", recorded_name="ZHOU^LIHUA=周^丽华"),
        Patient("12345", "ZHOU LI HUA", "19680314", ""),
        Patient("12345", "CHOW^LAI WAH", "19680314", "F"),
        Patient("12345", "周麗華", "19680314", "F"),
        Patient("12345", "^", "19680314", "F"),
        Patient("12345", "???", "19680314", "F"),
        Patient("12345", "周丽华", "1968", "F"),
        Patient("12345", "周丽华", "196803", "F"),
        Patient("12345", "周丽华", "19680314", "O"),
    ],
)
def test_a_name_written_otherwise_and_what_is_left_out_contradict_nobody(other: Patient) -> None:
    assert contradictions(ZHOU, other) == contradictions(other, ZHOU) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ABDUREHIM^MAIMAITITUERSUN", "Abdurehim Maimaiti", True),  # cut by an old register
        ("LIHUA^ZHOU", "ZHOU^LIHUA", True),
        ("ＺＨＯＵ^ＬＩＨＵＡ", "zhou lihua", True),
        ("阿卜杜热合曼·买买提吐尔逊", "阿卜杜热合曼·买买", True),
        ("ZHOU^LI", "ZHOU^LIHUA", False),
        ("ZHOU^LIHUA", "ZHOU^LIJUAN", False),
    ],
)
def test_names_alone_are_one_in_any_order_and_where_a_register_cut_them(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a table
    assert is_one_person(Patient("7", one), Patient("7", other)) is same


def test_a_prior_is_certain_only_while_neither_hub_nor_images_contradict_and_never_becomes_so() -> None:
    told = PriorStudy("1.9", "1.9.8", "20250101", "CT", "", "", PriorRelation.SAME_PATIENT, patient=ZHOU)
    stranger = replace(ZHOU, birth_date="19420101")
    assert told.held_against(ZHOU) == told
    assert told.held_against(stranger).relation is PriorRelation.POSSIBLY_SAME
    assert told.held_against(ZHOU, told=stranger).against == (BORN,)
    assert told.held_against(stranger).held_against(ZHOU).relation is PriorRelation.POSSIBLY_SAME

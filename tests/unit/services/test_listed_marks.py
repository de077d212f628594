"""The list of stored objects counts marks as the findings do, and says why an eye is shut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.translation import use_language
from tests.helpers import cases
from workstation.dicom.sr.measurement_report import detection_sr
from workstation.domain.annotation import AnnotationList
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence, RejectReason
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.services.foreign_objects_service import ForeignObject, read_object
from workstation.ui.foreign_words import content_words, eye_lines, prior_eye_lines

STUDY = Study("1.2.3", Patient("1", "周丽华"), series=(Series("1.2.3.2", "CT", 2, "", "", (Instance("1.2.3.2.1", "1.2.840.10008.5.1.4.1.1.2", 1),)),))  # fmt: skip  # noqa: E501 - one value


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def pre_read() -> ForeignObject:
    """Return our own pre-read: one measured mark with both of its axes, and five below the operating point."""
    evidence = MarkEvidence(
        long_axis_mm=18.6,
        short_axis_mm=13.9,
        volume_mm3=2481.0,
        long_axis_lps_mm=((-9.3, 0, 0), (9.3, 0, 0)),
        short_axis_lps_mm=((0, -6.95, 0), (0, 6.95, 0)),
    )
    marks = [Mark((0, 0, 0), 16.8, 0.9, shown=True, evidence=evidence)]
    marks += [Mark((50.0 + n, 40, 30), 5, 0.2, shown=False) for n in range(5)]
    found = tuple(
        Finding(f"2.25.{n}", n, one.centre_lps_mm, one.diameter_mm, Decision.UNDECIDED, one)
        for n, one in enumerate(marks, 1)
    )
    listed = FindingList("1.2.3", "1.2.3.2", "1.5", cases.ALGORITHM, found)
    return read_object(detection_sr(STUDY, listed, at=cases.NOON), STUDY)


def test_a_mark_with_its_axes_is_counted_once_as_in_the_list_of_findings() -> None:
    assert content_words(pre_read()) == "6 marks"


def in_the_case(*, least: str = "", rejected: int = 0, kept: int = 6) -> FindingList:
    """Return what the case holds of the pre-read's six marks, the first above the operating point."""
    found = [
        Finding(f"2.25.{n}", n, (float(n), 0, 0), 5, Decision.UNDECIDED,
                Mark((float(n), 0, 0), 5, 0.9 if n == 1 else 0.2, shown=n == 1))
        for n in range(1, kept + 1)
    ]  # fmt: skip
    for n in range(rejected):
        found[n] = found[n].rejected(RejectReason.VESSEL, by="r", at=cases.NOON)
    algorithm = replace(cases.ALGORITHM, operating_points=(("sensitive", 0.1),))
    return FindingList("1.2.3", "1.2.3.2", "1.5", algorithm, tuple(found), operating_point=least)


NOTHING_DRAWN = AnnotationList("1.2.3")


def test_a_mark_below_the_operating_point_is_not_said_to_stand_on_the_images() -> None:
    assert eye_lines(pre_read(), in_the_case(), NOTHING_DRAWN) == (
        "Not drawn again: 1 mark stands on the images already",
        "Not on the images: 5 AI marks below the operating point",
    )
    assert eye_lines(pre_read(), in_the_case(least="sensitive"), NOTHING_DRAWN) == (
        "Not drawn again: findings and measurements stand on the images already",
    )


def test_rejected_marks_and_those_that_the_case_holds_no_longer_are_told_apart() -> None:
    assert eye_lines(pre_read(), in_the_case(rejected=1, kept=4), NOTHING_DRAWN) == (
        "Not on the images: 3 AI marks below the operating point",
        "1 mark was rejected",
        "Not on the images: 2 marks that this case no longer holds",
    )


def test_on_a_prior_the_marks_that_nobody_confirmed_are_told_as_not_drawn() -> None:
    assert prior_eye_lines(pre_read()) == ("Not drawn: 6 AI marks that nobody confirmed",)

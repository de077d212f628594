"""The list of stored objects counts marks as the findings do, and says why an eye is shut."""

from __future__ import annotations

import pytest

from resources.translation import use_language
from tests.helpers import cases
from workstation.dicom.sr.measurement_report import detection_sr
from workstation.domain.finding import Decision, Finding, FindingList, Mark, MarkEvidence
from workstation.domain.study import Instance, Patient, Series, Study
from workstation.services.foreign_objects_service import ForeignObject, read_object
from workstation.ui.foreign_words import content_words, eye_lines

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


def test_why_our_own_marks_are_not_drawn_again_is_said_in_words() -> None:
    words = ("Not drawn again: findings and measurements stand on the images already",)
    assert eye_lines(pre_read(), on_prior=False) == words


def test_on_a_prior_the_marks_that_nobody_confirmed_are_told_as_not_drawn() -> None:
    assert eye_lines(pre_read(), on_prior=True) == ("Not drawn: 6 AI marks that nobody confirmed",)

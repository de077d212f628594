"""Values that nobody may make: each says why, so that no report, rule or volume of that kind exists."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.helpers.cases import report
from viewers.scene.measure_shapes import cobb_deg
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.citation import CitedSeries
from workstation.domain.critical import CallMethod, CallOutcome
from workstation.domain.critical_board import CallReport
from workstation.domain.frames import FrameRef, ImageStack, StackFrame
from workstation.domain.key_image import KeyImage
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.domain.scanner_charset import CharsetRule
from workstation.domain.volume import Volume

CALL = CallReport("2.25.1", "护士长", "病区", "0571-1", "脑出血", read_back=True, read_back_text="脑出血，收到")


def test_a_call_that_reached_somebody_has_a_number_and_a_read_back_has_words() -> None:
    assert CALL.lacks == ""
    assert replace(CALL, number=" ").lacks == "a call that reached somebody has a number"
    assert replace(CALL, number="", method=CallMethod.IN_PERSON).lacks == ""
    assert replace(CALL, number="", outcome=CallOutcome.NO_ANSWER, read_back=False).lacks == ""
    assert replace(CALL, read_back_text=".").lacks == "a read-back repeats what was said"


def test_what_is_drawn_on_the_reports_own_study_is_no_measurement_of_a_prior() -> None:
    mine = report()
    drawn = Annotation(
        uid="2.25.1",
        tracking_uid="2.25.2",
        kind=AnnotationKind.LENGTH,
        points_px=((0.0, 0.0), (1.0, 1.0)),
        referenced_sop_instance_uid="1.2.3.1.1",
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    cited = CitedSeries("1.2.3.1", "1.2.840.10008.5.1.4.1.1.2", ("1.2.3.1.1",))
    own = PriorMeasurements(mine.study_instance_uid, "20261121", "CT", (drawn,), (cited,))

    with pytest.raises(ValueError, match="no measurement of a prior"):
        replace(mine, prior_measurements=(own,))


def test_a_rule_about_character_sets_names_its_scanner_and_reads_names_without_regard_to_case() -> None:
    with pytest.raises(ValueError, match="names the scanner"):
        CharsetRule("GB18030")
    rule = CharsetRule("GB18030", manufacturer="Acme  Medical", station_name="CT1")

    assert rule.meets(["ACME medical"], ["ct1", "x"], [])
    assert not rule.meets(["ACME medical"], ["ct2"], [])


def test_without_a_named_padding_every_value_shows_the_patient() -> None:
    volume = Volume(np.zeros((2, 2, 2), dtype=np.int16), np.eye(4), "", "")

    assert volume.shows_patient(volume.voxels).all()
    assert replace(volume, padding=(0.0, 0.0)).shows_patient(volume.voxels).sum() == 0


def test_frames_of_key_images_count_from_one() -> None:
    with pytest.raises(ValueError, match="frames count from 1"):
        KeyImage("1.2.3", "1.2.840.10008.5.1.4.1.1.2", "1.2.3.1", frame=0)


def test_two_lines_that_cross_the_way_between_them_at_right_angles_have_the_angle_between_them() -> None:
    """Neither direction along the spine tells them apart: 90 degrees either way."""
    first, second = ((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)), ((5.0, -5.0, 100.0), (5.0, 5.0, 100.0))

    assert cobb_deg(first, second) == pytest.approx(90.0)


def test_pictures_without_a_place_in_the_patient_have_no_nearest_frame() -> None:
    film = StackFrame(FrameRef("1.2.3.1", 1), None)

    assert ImageStack((film,)).nearest((0.0, 0.0, 0.0)) is None

"""What stands beside a drawing in a stored display state: numbers without names."""

from __future__ import annotations

from datetime import UTC, datetime

from workstation.dicom.objects.drawn_graphics import words
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName


def ball(*, without_maximum: bool) -> Annotation:
    return Annotation(
        uid="2.25.1",
        tracking_uid="2.25.2",
        kind=AnnotationKind.SPHERE,
        points_lps_mm=((0.0, 0.0, 0.0), (10.0, 0.0, 0.0)),
        frame_of_reference_uid="1.2.3",
        measures=(
            Measure(MeasureName.DIAMETER, 20.0, "mm"),
            Measure(MeasureName.UPTAKE_PEAK, 2.54, "SUV", without_maximum=without_maximum),
        ),
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
    )


def test_a_peak_that_left_the_highest_voxel_out_is_no_number_beside_a_stored_drawing() -> None:
    assert words(ball(without_maximum=False)) == "20.0 mm\r\n2.5 SUV"
    assert words(ball(without_maximum=True)) == "20.0 mm"

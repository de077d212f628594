"""The report leads a PACS along the line that each number was measured on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from viewers.scene.image import SliceImage
from viewers.scene.measure_annotations import annotate, remeasured
from workstation.dicom.sr.annotation_groups import annotation_group
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.pixel_size import PixelSize, SpacingBasis

XRAY = "1.2.840.10008.5.1.4.1.1.12.1"
ACROSS, DOWN = [(100.0, 100.0), (200.0, 100.0)], [(150.0, 60.0), (150.0, 140.0)]
"""100 columns and 80 rows"""


def image(spacing_mm: tuple[float, float]) -> SliceImage:
    return SliceImage(
        np.zeros((400, 400), np.uint8),
        None,
        sop_instance_uid="1.9",
        aspect=spacing_mm[1] / spacing_mm[0],
        pixel_size=PixelSize(spacing_mm, SpacingBasis.CALIBRATED),
    )


def lesion(on: SliceImage, points: list[tuple[float, float]]) -> Annotation:
    return annotate(
        AnnotationKind.BIDIRECTIONAL, on, points, uid="2.25.1", tracking_uid="2.25.2", author="",
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip


def told(item: Annotation) -> dict[str, tuple[float, list[float]]]:
    """Return each number of the group with the coordinates of its line, which count from the corner of a pixel."""
    return {
        one.ConceptNameCodeSequence[0].CodeMeaning: (
            float(one.MeasuredValueSequence[0].NumericValue),
            next(list(child.GraphicData) for child in one.ContentSequence if child.ValueType == "SCOORD"),
        )
        for one in annotation_group(item, {"1.9": XRAY}).ContentSequence
        if one.ValueType == "NUM"
    }


LINE_ACROSS, LINE_DOWN = [100.5, 100.5, 200.5, 100.5], [150.5, 60.5, 150.5, 140.5]


@pytest.mark.parametrize("points", [[*ACROSS, *DOWN], [*DOWN, *ACROSS]], ids=["wide first", "high first"])
def test_the_long_axis_in_millimetres_is_led_along_its_own_line_where_pixels_are_higher_than_wide(
    points: list[tuple[float, float]],
) -> None:
    """Pixels of 0.5 by 1 mm: 100 columns are 50 mm, 80 rows are 80 mm."""
    drawn = lesion(image((0.5, 1.0)), points)
    assert told(drawn) == {"Long axis": (80.0, LINE_DOWN), "Short axis": (50.0, LINE_ACROSS)}


def test_an_axis_dragged_beyond_the_other_is_the_long_one() -> None:
    on = image((0.5, 1.0))
    dragged = remeasured(lesion(on, [*ACROSS, *DOWN]), on, [(150.0, 90.0), (150.0, 110.0), *ACROSS])
    assert told(dragged) == {"Long axis": (50.0, LINE_ACROSS), "Short axis": (20.0, [150.5, 90.5, 150.5, 110.5])}


@pytest.mark.parametrize("points", [[*ACROSS, *DOWN], [*DOWN, *ACROSS]], ids=["long first", "short first"])
def test_a_draft_that_holds_its_short_axis_first_still_names_the_longer_line_the_long_axis(
    points: list[tuple[float, float]],
) -> None:
    drawn = replace(lesion(image((0.5, 0.5)), [*ACROSS, *DOWN]), points_px=tuple(points))
    assert told(drawn) == {"Long axis": (50.0, LINE_ACROSS), "Short axis": (40.0, LINE_DOWN)}

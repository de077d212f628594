"""The time in the corner says whether it is that of the images or that of the study, which lists show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.helpers import cases
from tests.helpers.comparing import ct_study
from viewers.scene.captions import Corner, ViewCaptions, corner_lines
from workstation.domain.study import Series, Study
from workstation.domain.technique import Moment, Technique
from workstation.ui.reading_words import captions


def taken_at(moment: str, of: Moment = Moment.ACQUIRED) -> tuple[Study, Series]:
    study, _images = ct_study("1.2.3", "20261121", frame="1.5", slices=1)
    (image,) = study.series[0].instances
    series = replace(study.series[0], instances=(replace(image, technique=Technique(taken=moment, taken_is=of)),))
    return replace(study, series=(series,)), series


@pytest.mark.parametrize(
    ("moment", "of", "said"),
    [
        ("20261121153400", Moment.ACQUIRED, "Taken 2026-11-21 15:34"),
        ("20261121173000", Moment.CONTENT, "Image made 2026-11-21 17:30"),
        ("20261121090000", Moment.SERIES, "Series began 2026-11-21 09:00"),
        ("", Moment.ACQUIRED, "Study began 2026-11-21 08:00"),
    ],
)
def test_the_time_in_the_corner_says_of_what_it_is(moment: str, of: Moment, said: str) -> None:
    lines = corner_lines(captions(*taken_at(moment, of), cases.row()), ViewCaptions(), (800.0, 600.0))
    assert [one.text for one in lines if one.corner is Corner.TOP_RIGHT][-1] == said


def test_in_a_small_viewport_the_day_stands_alone() -> None:
    lines = corner_lines(captions(*taken_at("20261121153400"), cases.row()), ViewCaptions(), (300.0, 600.0))
    assert "2026-11-21" in [one.text for one in lines]

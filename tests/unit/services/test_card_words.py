"""A card says what somebody gave a number for, and nothing else."""

from __future__ import annotations

import pytest

from workstation.domain.finding import Decision, Finding
from workstation.domain.image_place import ImageMark, ImagePlace
from workstation.ui.card_words import card_lines


@pytest.mark.parametrize(("score", "told"), [(0.7, ["Score 0.70, not calibrated"]), (0.0, [])])
def test_a_mark_without_a_score_shows_none(score: float, told: list[str]) -> None:
    place = ImagePlace("1.2.3").with_box((10.0, 20.0, 30.0, 40.0))
    mark = ImageMark(place, score, shown=True, label="mass")
    finding = Finding("2.25.1", 1, None, None, Decision.UNDECIDED, mark, on_image=place)

    assert card_lines(finding) == ["Box on the image", *told]

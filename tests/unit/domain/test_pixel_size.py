"""What a pixel measures: impossible sizes do not exist, and doubt is told."""

from __future__ import annotations

import pytest

from workstation.domain.pixel_size import PixelSize, SpacingBasis


@pytest.mark.parametrize("spacing", [(0.0, 0.1), (0.1, -0.1)])
def test_a_pixel_has_a_size(spacing: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        PixelSize(spacing)


def test_nothing_is_enlarged_by_nothing() -> None:
    with pytest.raises(ValueError, match="magnification"):
        PixelSize((0.1, 0.1), SpacingBasis.DETECTOR, magnification=0.0)


@pytest.mark.parametrize(
    ("basis", "doubtful"),
    [
        (SpacingBasis.PATIENT, False),
        (SpacingBasis.CALIBRATED, False),
        (SpacingBasis.ULTRASOUND, False),
        (SpacingBasis.DETECTOR, True),
        (SpacingBasis.ESTIMATED, True),
        (SpacingBasis.UNKNOWN, True),
    ],
)
def test_a_distance_is_doubtful_where_the_size_holds_elsewhere(basis: SpacingBasis, *, doubtful: bool) -> None:
    assert PixelSize((0.1, 0.1), basis, magnification=1.5).is_doubtful is doubtful

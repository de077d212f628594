"""The values that a segmented nodule comes as."""

from __future__ import annotations

import numpy as np
import pytest

from workstation.domain.finding import Lobe, Mark, MarkEvidence, NoduleType
from workstation.domain.mark import GrowthLimit
from workstation.domain.nodule import (
    Attachment,
    Axis,
    AxisPair,
    HounsfieldSummary,
    LobeGuess,
    NoduleMask,
    NoduleMeasurement,
    SliceContour,
    SolidPart,
    equivalent_diameter_mm,
)

AXES = AxisPair(Axis((0, 0, 0), (6, 8, 0)), Axis((0, 5, 0), (6, 5, 0)))
HU = HounsfieldSummary(-40, 25, -500, 90, ((5, -300.0), (50, -20.0), (95, 60.0)))
MASK = NoduleMask(np.ones((2, 2, 2), dtype=np.bool_), (3, 4, 5), np.eye(4), "1.2", "1.3")


def nodule(**changes: object) -> NoduleMeasurement:
    given: dict[str, object] = {
        "seed_lps_mm": (0.0, 0.0, 0.0),
        "centre_lps_mm": (1.0, 2.0, 3.0),
        "mask": MASK,
        "contours": (SliceContour(5, ((0, 0, 0), (6, 8, 0), (6, 5, 0))),),
        "axial": AXES,
        "axial_slice_index": 5,
        "extent": AXES,
        "volume_mm3": 268.0,
        "hounsfield": HU,
        "nodule_type": NoduleType.PART_SOLID,
        "boundary_hu": -500.0,
        **changes,
    }
    return NoduleMeasurement(**given)  # type: ignore[arg-type]  # the dictionary holds each field's own type


@pytest.mark.parametrize(
    ("volume_mm3", "diameter_mm"), [(34, 4), (113, 6), (268, 8), (524, 10), (1767, 15), (14137, 30)]
)
def test_volume_and_diameter_agree_with_the_table_of_lung_rads(volume_mm3: float, diameter_mm: float) -> None:
    assert diameter_mm == pytest.approx(equivalent_diameter_mm(volume_mm3), abs=0.02)


def test_the_mean_diameter_is_that_of_long_and_short_axis() -> None:
    assert (AXES.long.length_mm, AXES.short.length_mm, AXES.mean_mm) == (10.0, 6.0, 8.0)


def test_a_segmented_nodule_fills_the_evidence_table() -> None:
    found = nodule(
        solid=SolidPart(-300, 40.0, AXES),
        attachments=frozenset({Attachment.VESSEL, Attachment.PLEURA}),
        pleura_distance_mm=0.0,
        lobe=LobeGuess(((Lobe.LEFT_UPPER, 0.75), (Lobe.LEFT_LOWER, 0.25))),
    ).evidence()
    assert found == MarkEvidence(
        long_axis_mm=10.0,
        short_axis_mm=6.0,
        volume_mm3=268.0,
        long_axis_lps_mm=((0, 0, 0), (6, 8, 0)),
        short_axis_lps_mm=((0, 5, 0), (6, 5, 0)),
        nodule_type=NoduleType.PART_SOLID,
        mean_hu=-40,
        standard_deviation_hu=25,
        percentiles_hu=((5, -300.0), (50, -20.0), (95, 60.0)),
        solid_threshold_hu=-300,
        solid_volume_mm3=40.0,
        solid_long_axis_mm=10.0,
        solid_short_axis_mm=6.0,
        pleura_distance_mm=0.0,
        attachments=("pleura", "vessel"),
        lobe=Lobe.LEFT_UPPER,
        lobe_confidence=0.75,
    )


def test_what_was_not_measured_stays_empty_in_the_evidence() -> None:
    found = nodule().evidence()
    assert (found.solid_volume_mm3, found.solid_long_axis_mm, found.lobe, found.lobe_confidence) == (
        None,
        None,
        Lobe.UNSPECIFIED,
        None,
    )


def test_a_solid_part_without_axes_has_a_volume_only() -> None:
    found = nodule(solid=SolidPart(-300, 3.0, None)).evidence()
    assert (found.solid_volume_mm3, found.solid_long_axis_mm, found.solid_short_axis_mm) == (3.0, None, None)


def test_a_mark_gives_its_measured_axes_and_nothing_where_it_was_not_segmented() -> None:
    bare = Mark((0, 0, 0), 8.0, 0.9, shown=True)
    told = Mark((0, 0, 0), 8.0, 0.9, shown=True, evidence=nodule().evidence())
    assert (bare.long_axis_mm, bare.short_axis_mm, bare.volume_mm3, bare.nodule_type_guess) == (
        None,
        None,
        None,
        NoduleType.UNSPECIFIED,
    )
    assert (told.long_axis_mm, told.short_axis_mm, told.volume_mm3, told.nodule_type_guess) == (
        10.0,
        6.0,
        268.0,
        NoduleType.PART_SOLID,
    )


def test_a_limit_of_the_images_makes_a_volume_unfit_for_growth() -> None:
    assert nodule().evidence().growth_limits == ()
    limits = frozenset({GrowthLimit.SUBSOLID, GrowthLimit.THICK_SLICES})
    assert nodule(growth_limits=limits).evidence().growth_limits == (GrowthLimit.THICK_SLICES, GrowthLimit.SUBSOLID)
    assert nodule(volume_mm3=113.0).equivalent_diameter_mm == pytest.approx(6.0, abs=0.01)


def test_a_percentile_that_is_not_stored_is_not_invented() -> None:
    assert HU.percentile(50) == -20.0
    with pytest.raises(KeyError):
        HU.percentile(33)


def test_impossible_nodules_cannot_exist() -> None:
    with pytest.raises(ValueError, match="positive"):
        nodule(volume_mm3=0)
    with pytest.raises(ValueError, match="at least 3"):
        SliceContour(0, ((0, 0, 0), (1, 0, 0)))
    with pytest.raises(ValueError, match="bool"):
        NoduleMask(np.ones((2, 2)), (0, 0, 0), np.eye(4), "", "")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="sum to 1"):
        LobeGuess(((Lobe.LEFT_UPPER, 0.5),))


def test_a_lobe_guess_names_the_likeliest_and_how_sure_it_is() -> None:
    guess = LobeGuess(((Lobe.RIGHT_MIDDLE, 0.6), (Lobe.RIGHT_LOWER, 0.4)))
    assert (guess.lobe, guess.confidence) == (Lobe.RIGHT_MIDDLE, 0.6)

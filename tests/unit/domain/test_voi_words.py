"""What stands beside a sphere on a PET."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from workstation.dicom.sr.uptake_words import uptake_unit, uptake_words
from workstation.domain.annotation import Annotation, AnnotationKind, Measure, MeasureName, Statistics
from workstation.domain.annotation_json import as_dict, from_dict
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType
from workstation.domain.suv_decay import SuvRemark
from workstation.domain.voi import Threshold
from workstation.domain.voi_words import SphereUptake, number
from workstation.domain.volume import Volume

SUV = SuvScale(SuvType.BW, (1.0,) * 21)


def hot_cube(unit: str = "g/ml") -> Volume:
    """Return 21³ voxels of 2 mm: 1 everywhere, 8 in the 3³ voxels round the middle (20, 20, 20) mm."""
    voxels = np.ones((21, 21, 21), dtype=np.float32)
    voxels[9:12, 9:12, 9:12] = 8.0
    return Volume(voxels, np.diag([2.0, 2.0, 2.0, 1.0]), "1.2.9", "1.2.3", unit=unit)


def sphere(radius_mm: float = 5.0, *, x: float = 20.0, frame: str = "1.2.9") -> Annotation:
    return Annotation(
        uid="1.1",
        tracking_uid="1.2",
        kind=AnnotationKind.SPHERE,
        points_lps_mm=((x, 20.0, 20.0), (x + radius_mm, 20.0, 20.0)),
        frame_of_reference_uid=frame,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def told(volume: Volume, suv: SuvScale | SuvRefusal | None, annotation: Annotation) -> tuple[str, ...]:
    return SphereUptake(volume, suv).words(annotation)


def test_a_sphere_on_uptake_values_tells_maximum_peak_mean_and_metabolic_volume() -> None:
    """27 hot voxels of 8 mm³ are 0.216 ml; a sphere of 5 mm holds 81 centres, of 1 cm³ 123: (27 x 8 + 96) / 123."""
    assert told(hot_cube(), SUV, sphere()) == (
        "SUVbw max 8.00  peak 2.54  mean 3.33",
        "MTV at 41 %: 0.22 ml  TLG 1.73",
        "MTV at SUVbw 2.5: 0.22 ml  TLG 1.73",
        "MTV at SUVbw 4: 0.22 ml  TLG 1.73",
        "Volume 0.65 ml, 81 voxels",
    )


def test_without_uptake_values_the_unit_stands_there_and_the_reason() -> None:
    lines = told(hot_cube("Bq/ml"), SuvRefusal("dose", "The dose is missing."), sphere())

    assert lines == (
        "max 8.00  peak 2.54  mean 3.33 Bq/ml",
        "Volume 0.65 ml, 81 voxels",
        "No SUV: The dose is missing.",
    )


def test_what_makes_uptake_values_doubtful_stands_beside_them() -> None:
    doubtful = SuvScale(SuvType.BW, (1.0,) * 21, warnings=(SuvRemark("x", "Injection time guessed"),))

    assert told(hot_cube(), doubtful, sphere())[-1] == "Injection time guessed"


def test_a_sphere_beside_the_image_or_in_another_frame_has_no_numbers() -> None:
    assert told(hot_cube(), SUV, sphere(x=500.0)) == ()
    assert told(hot_cube(), SUV, sphere(frame="1.2.10")) == ()
    assert told(hot_cube(), SUV, sphere(0.0)) == ()


def test_only_a_sphere_has_these_words_and_no_suv_is_no_reason() -> None:
    point = Annotation(
        uid="1.1",
        tracking_uid="1.2",
        kind=AnnotationKind.PROBE,
        points_lps_mm=((20.0, 20.0, 20.0),),
        frame_of_reference_uid="1.2.9",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )

    assert told(hot_cube(), SUV, point) == ()
    assert told(hot_cube("HU"), None, sphere()) == (
        "max 8.00  peak 2.54  mean 3.33 HU",
        "Volume 0.65 ml, 81 voxels",
    )


def test_numbers_have_the_places_they_deserve() -> None:
    assert [number(value) for value in (0.123, 45.678, 123.45, 12345.6)] == ["0.12", "45.68", "123.5", "12346"]


def test_a_sphere_keeps_what_its_words_tell() -> None:
    """27 hot voxels of 8 mm³ are 0.216 ml, and 0.216 ml of 8 g/ml are 1.728 g."""
    kept = SphereUptake(hot_cube(), SUV).measures(sphere())

    assert [(one.name.value, round(one.value, 4), one.unit, one.threshold) for one in kept] == [
        ("uptake_maximum", 8.0, "SUV", None),
        ("uptake_peak", 2.5366, "SUV", None),
        ("uptake_mean", 3.3333, "SUV", None),
        ("metabolic_volume", 0.216, "ml", Threshold(0.41, relative=True)),
        ("lesion_glycolysis", 1.728, "g", Threshold(0.41, relative=True)),
        ("metabolic_volume", 0.216, "ml", Threshold(2.5)),
        ("lesion_glycolysis", 1.728, "g", Threshold(2.5)),
        ("metabolic_volume", 0.216, "ml", Threshold(4.0)),
        ("lesion_glycolysis", 1.728, "g", Threshold(4.0)),
    ]


def test_a_sphere_by_body_surface_says_so_in_its_units() -> None:
    kept = SphereUptake(hot_cube(), SuvScale(SuvType.BSA, (1.0,) * 21)).measures(sphere())

    assert {one.unit for one in kept} == {"SUVbsa", "ml", "cm2"}


def test_a_sphere_without_uptake_values_keeps_none() -> None:
    assert SphereUptake(hot_cube("Bq/ml"), SuvRefusal("dose", "The dose is missing.")).measures(sphere()) == ()
    assert SphereUptake(hot_cube(), SUV).measures(sphere(x=500.0)) == ()


def test_how_many_voxels_a_sphere_will_take_is_known_before_it_is_measured_and_none_afterwards() -> None:
    """A ball of 10 mm holds 4189 mm³, 523.6 voxels of 8 mm³; never more than the volume has."""
    uptake = SphereUptake(hot_cube(), SUV)
    assert uptake.voxels_to_measure(sphere(10.0)) == 524
    assert uptake.voxels_to_measure(sphere(500.0)) == 9261
    assert uptake.voxels_to_measure(sphere(10.0, frame="1.2.10")) == 0
    uptake.words(sphere(10.0))
    assert uptake.voxels_to_measure(sphere(10.0)) == 0


def test_the_numbers_of_the_last_places_are_kept_and_no_more() -> None:
    uptake = SphereUptake(hot_cube(), SUV)
    for n in range(65):
        uptake.words(sphere(5.0, x=10.0 + n / 10))
    assert uptake.voxels_to_measure(sphere(5.0, x=16.4)) == 0
    assert uptake.voxels_to_measure(sphere(5.0, x=10.0)) == 66


def test_a_peak_mostly_outside_the_data_is_refused_in_words_on_the_image_and_in_the_report() -> None:
    """A lesion in the corner of the field of view: an eighth of its sphere of 1 cm³ and the rims are there."""
    voxels = np.ones((21, 21, 21), dtype=np.float32)
    voxels[:2, :2, :2] = 8.0
    corner = Volume(voxels, np.diag([2.0, 2.0, 2.0, 1.0]), "1.2.9", "1.2.3", unit="g/ml")
    drawn = replace(sphere(), points_lps_mm=((0.0, 0.0, 0.0), (3.0, 0.0, 0.0)))

    lines = told(corner, SUV, drawn)
    # 7 of the 19 voxels within 3 mm of a corner are there, all of them hot
    assert lines[0] == "SUVbw max 8.00  peak –  mean 8.00"
    assert lines[-2] == "No peak: most of its sphere of 1 cm³ lies outside the data"

    kept = replace(drawn, measures=SphereUptake(corner, SUV).measures(drawn))
    assert kept.measure(MeasureName.UPTAKE_PEAK) is None
    assert uptake_words(kept, "en").startswith(
        "SUVmax 8.00, SUVmean 8.00, no peak (most of its sphere of 1 cm³ lies outside the data), MTV 0.06 ml ("
    )
    assert "peak 未测（其 1 cm³ 球大部分位于数据之外）" in uptake_words(kept, "zh_CN")


def test_a_peak_that_leaves_the_highest_voxel_out_says_so_on_the_image_in_the_draft_and_in_the_report() -> None:
    """The highest voxel lies in the corner; 8 mm into the volume enough of a sphere is there."""
    voxels = np.ones((21, 21, 21), dtype=np.float32)
    voxels[0, 0, 0] = 8.0
    corner = Volume(voxels, np.diag([2.0, 2.0, 2.0, 1.0]), "1.2.9", "1.2.3", unit="g/ml")
    drawn = replace(sphere(), points_lps_mm=((0.0, 0.0, 0.0), (12.0, 0.0, 0.0)))

    lines = told(corner, SUV, drawn)
    assert "Peak without the highest voxel: most of its sphere of 1 cm³ lies outside the data" in lines

    kept = from_dict(as_dict(replace(drawn, measures=SphereUptake(corner, SUV).measures(drawn))))
    assert "peak without the highest voxel (most of its sphere of 1 cm³ lies" in uptake_words(kept, "en")
    assert "peak 未计入最高体素（其 1 cm³ 球大部分位于数据之外）" in uptake_words(kept, "zh_CN")
    whole = from_dict(as_dict(replace(sphere(), measures=SphereUptake(hot_cube(), SUV).measures(sphere()))))
    assert "without" not in uptake_words(whole, "en")


def test_a_sphere_on_a_pet_without_a_peak_takes_its_unit_from_its_own_values() -> None:
    ml = Measure(MeasureName.METABOLIC_VOLUME, 0.5, "ml", Threshold(0.41, relative=True))
    of_pet = replace(sphere(), measures=(ml,), statistics=Statistics(3.0, 1.0, 1.0, 8.0, 9, "SUV"))
    assert uptake_unit(of_pet) == "SUV"
    assert uptake_unit(replace(of_pet, statistics=Statistics(3.0, 1.0, 1.0, 8.0, 9, "HU"))) == ""
    assert uptake_unit(replace(of_pet, measures=())) == ""
    assert uptake_words(replace(of_pet, measures=()), "en") == ""

"""An uptake value is right by every rule of the standard, or it is refused with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.helpers.pet import F18_S, SCAN, injected, pet, slices
from workstation.domain import body_size
from workstation.domain.pet import Injection, PetAcquisition, PetPatient
from workstation.domain.suv import SuvRefusal, SuvScale, SuvType, suv_scale, suv_volume
from workstation.domain.suv_decay import average_count_rate_s
from workstation.domain.volume import Volume

TALL = {"weight_kg": 75.0, "height_m": 1.85}


def factor_of(one: PetAcquisition, wanted: SuvType = SuvType.BW) -> float:
    scale = suv_scale(one, wanted)
    assert isinstance(scale, SuvScale), scale
    assert scale.factor is not None
    return scale.factor


def refusal_of(one: PetAcquisition, wanted: SuvType = SuvType.BW) -> str:
    refusal = suv_scale(one, wanted)
    assert isinstance(refusal, SuvRefusal), refusal
    assert refusal.text
    return refusal.code


def rules_of(one: PetAcquisition) -> list[str]:
    scale = suv_scale(one)
    assert isinstance(scale, SuvScale), scale
    return [rule.code for rule in scale.rules]


def warnings_of(one: PetAcquisition) -> list[str]:
    scale = suv_scale(one)
    assert isinstance(scale, SuvScale), scale
    return [doubt.code for doubt in scale.warnings]


# values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("waited_s", "expected"), [(0, 0.94595), (3600, 1.38168), (5400, 1.66986)])
def test_the_published_decay_vectors_come_out(waited_s: int, expected: float) -> None:
    """70 kg, 370 MBq, half-life 6586.2 s, 5000 Bq/ml."""
    one = pet(injection=Injection(at=SCAN - timedelta(seconds=waited_s)))

    assert 5000 * factor_of(one) == pytest.approx(expected, abs=5e-6)


def test_the_published_body_sizes_come_out() -> None:
    """75 kg, 185 cm: the table of three implementations."""
    assert body_size.lean_body_mass_janmahasatian_kg(**TALL, male=True) == pytest.approx(60.9153, abs=5e-5)
    assert body_size.lean_body_mass_janmahasatian_kg(**TALL, male=False) == pytest.approx(49.2144, abs=5e-5)
    assert body_size.lean_body_mass_james_kg(**TALL, male=True) == pytest.approx(61.4627, abs=5e-5)
    assert body_size.lean_body_mass_james_kg(**TALL, male=False) == pytest.approx(55.9257, abs=5e-5)
    assert body_size.lean_body_mass_morgan_kg(**TALL, male=True) == pytest.approx(62.7776, abs=5e-5)
    assert body_size.lean_body_mass_morgan_kg(**TALL, male=False) == pytest.approx(55.9257, abs=5e-5)
    assert body_size.body_surface_area_cm2(**TALL) == pytest.approx(19813.76, abs=5e-3)
    assert body_size.ideal_body_weight_kg(height_m=1.85, male=True) == pytest.approx(82.98, abs=1e-9)
    assert body_size.ideal_body_weight_kg(height_m=1.85, male=False) == pytest.approx(75.53, abs=1e-9)


@pytest.mark.parametrize(
    ("wanted", "sex", "per_dose"),
    [
        (SuvType.BW, "M", 75000.0),
        (SuvType.LBM_JANMAHASATIAN, "M", 60915.3),
        (SuvType.LBM_JANMAHASATIAN, "F", 49214.4),
        (SuvType.LBM_JAMES, "M", 61462.7),
        (SuvType.LBM_JAMES, "F", 55925.7),
        (SuvType.BSA, "", 19813.76),
        (SuvType.IBW, "M", 82980.0),
        (SuvType.IBW, "F", 75530.0),
    ],
)
def test_every_normalisation_divides_by_the_decayed_dose(wanted: SuvType, sex: str, per_dose: float) -> None:
    """One half-life after 200 MBq there are 100 MBq."""
    one = pet(patient=PetPatient(75.0, 1.85, sex), dose=200e6, injection=Injection(at=SCAN - timedelta(seconds=F18_S)))

    assert factor_of(one, wanted) == pytest.approx(per_dose / 100e6, rel=1e-6)


def test_body_surface_has_its_own_unit() -> None:
    assert ["cm2/ml" if one is SuvType.BSA else "g/ml" for one in SuvType] == [one.unit for one in SuvType]
    assert len({one.label for one in SuvType}) == len({one.full_name for one in SuvType}) == 6


def test_the_average_count_rate_of_two_minutes_of_f18_is_after_59_937_seconds() -> None:
    assert average_count_rate_s(120.0, F18_S) == pytest.approx(59.937, abs=5e-4)
    assert average_count_rate_s(0.0, F18_S) == 0.0


# decay correction -----------------------------------------------------------------------------


def test_images_corrected_to_the_injection_use_the_whole_dose() -> None:
    one = pet(decay_correction="ADMIN", injection=Injection(), half_life_s=None)

    assert factor_of(one) == pytest.approx(70000 / 370e6)
    assert "admin" in rules_of(one)


def test_uncorrected_slices_have_factors_of_their_own_time() -> None:
    """Two beds of 120 s, 0 s and 300 s after the start: decayed for 3600 + 59.937 and 3900 + 59.937 seconds."""
    beds = slices(SCAN, SCAN + timedelta(seconds=300), duration_s=120.0)
    scale = suv_scale(pet(decay_correction="NONE", corrected_image=("ATTN",), slices=beds))

    assert isinstance(scale, SuvScale)
    expected = [70000 / (370e6 * 2 ** (-waited / F18_S)) for waited in (3659.937, 3959.937)]
    assert scale.factors == pytest.approx(expected, rel=1e-7)
    assert scale.factor is None


@pytest.mark.parametrize("times", [{}, {"duration_s": 0.0}])
def test_uncorrected_slices_without_frame_times_are_refused(times: dict[str, float]) -> None:
    one = pet(decay_correction="NONE", corrected_image=("ATTN",), slices=slices(SCAN, **times))

    assert refusal_of(one) == "frame_times_missing"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"decay_correction": ""}, "decay_correction"),
        ({"decay_correction": "OTHER"}, "decay_correction"),
        ({"corrected_image": ("ATTN",)}, "not_decay_corrected"),
        ({"corrected_image": ("DECY",)}, "not_attenuation_corrected"),
        ({"corrected_image": ()}, "not_attenuation_corrected"),
        ({"decay_correction": "NONE"}, "decay_contradiction"),
        ({"decay_correction": "ADMIN", "corrected_image": ("ATTN",)}, "not_decay_corrected"),
    ],
)
def test_unclear_corrections_are_refused(changes: dict[str, Any], code: str) -> None:
    assert code == refusal_of(pet(**changes))


def test_the_misprint_of_decy_is_understood() -> None:
    assert factor_of(pet(corrected_image=("ATTN", "DECAY"))) == factor_of(pet())


# reference time -------------------------------------------------------------------------------

LATER = SCAN + timedelta(minutes=20)
PLUS = 59.937
"""Average count rate of a frame of 120 s."""


def waited_s(one: PetAcquisition) -> float:
    """Return the decay time that a factor was made with."""
    return F18_S * float(np.log2(factor_of(one) * 370e6 / 70000))


def test_a_reference_that_the_vendor_names_wins() -> None:
    one = pet(reference=SCAN + timedelta(seconds=90), reference_source="GE (0009,xx0D)", series_start=LATER)

    assert waited_s(one) == pytest.approx(3690, abs=1e-3)
    scale = suv_scale(one)
    assert isinstance(scale, SuvScale)
    assert "GE (0009,xx0D)" in scale.rules[1].text


def test_series_time_equal_to_the_first_acquisition_is_the_reference_of_every_bed() -> None:
    """Frame Reference Time 0 in later beds, as real scanners write it, does not move the reference."""
    one = pet(slices=slices(SCAN, LATER, frame_reference_s=0.0, duration_s=120.0))

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert "series_is_acquisition" in rules_of(one)


def test_frame_reference_times_lead_back_to_the_start_of_the_series() -> None:
    """Saved late: the series time is 20 min after the scan; bed 2 began 300 s after bed 1."""
    beds = tuple(
        slices(SCAN + timedelta(seconds=start), frame_reference_s=start + PLUS, duration_s=120.0)[0]
        for start in (0.0, 300.0)
    )
    one = pet(slices=beds, series_start=LATER)

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert "frame_reference" in rules_of(one)


def test_frame_reference_times_of_ge_count_from_the_frame_start() -> None:
    beds = slices(LATER, frame_reference_s=1200.0, duration_s=120.0)
    one = pet(slices=beds, series_start=SCAN - timedelta(minutes=5), manufacturer="GE MEDICAL SYSTEMS")

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert "frame_reference" in rules_of(one)


@pytest.mark.parametrize(
    "times",
    [{}, {"frame_reference_s": 700.0}, {"frame_reference_s": 0.0, "duration_s": 120.0}],
)
def test_without_usable_frame_times_an_earlier_series_time_is_the_reference(times: dict[str, float]) -> None:
    one = pet(slices=slices(LATER, **times))

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert rules_of(one)[1] == "series"


def test_frame_times_that_disagree_are_not_used() -> None:
    beds = slices(SCAN + timedelta(minutes=1), LATER, frame_reference_s=700.0, duration_s=120.0)

    assert rules_of(pet(slices=beds))[1] == "series"


def test_a_series_time_after_the_scan_falls_back_to_the_earliest_acquisition_with_a_warning() -> None:
    one = pet(slices=slices(LATER, SCAN), series_start=LATER + timedelta(hours=2))

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert (rules_of(one)[1], warnings_of(one)) == ("earliest", ["series_time"])


def test_a_missing_series_time_is_refused_unless_the_frame_times_lead_to_the_start() -> None:
    """Where a part of the scan is here, its earliest acquisition is no start: 548 s of F-18 are 6 %."""
    beds = slices(LATER, frame_reference_s=1200.0 + PLUS, duration_s=120.0)

    assert refusal_of(pet(series_start=None)) == "series_time_missing"
    assert waited_s(pet(series_start=None, slices=beds)) == pytest.approx(3600, abs=1e-3)


def test_a_missing_acquisition_time_is_refused() -> None:
    assert refusal_of(pet(slices=slices(SCAN) + pet(slices=(type(slices(SCAN)[0])(),)).slices)) == (
        "acquisition_time_missing"
    )


def test_decay_factors_of_the_header_are_the_second_opinion() -> None:
    """A factor of 1.1 belongs to a start 906 s after the reference, not to one at it."""
    fits = pet(slices=slices(SCAN, duration_s=120.0, decay_factor=2 ** (PLUS / F18_S)))
    differs = pet(slices=slices(SCAN, duration_s=120.0, decay_factor=1.1))

    assert (warnings_of(fits), warnings_of(differs)) == ([], ["decay_factor"])


# injection ------------------------------------------------------------------------------------


def test_a_scan_past_midnight_counts_from_the_evening_before() -> None:
    """Injected 23:40, scanned 00:10: half an hour, not minus 23 and a half."""
    start = SCAN.replace(hour=0, minute=10)
    one = pet(slices=slices(start), series_start=start, injection=injected(23, 40))

    assert waited_s(one) == pytest.approx(1800, abs=1e-3)
    assert "midnight" in rules_of(one)


def test_a_time_without_a_date_on_the_same_day_is_that_day() -> None:
    one = pet(injection=injected(9))

    assert waited_s(one) == pytest.approx(3600, abs=1e-3)
    assert "midnight" not in rules_of(one)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"injection": Injection()}, "injection_missing"),
        ({"injection": Injection(at=SCAN + timedelta(seconds=1))}, "injection_after_scan"),
        ({"injection": Injection(at=SCAN - timedelta(days=2))}, "interval"),
        # a clock five minutes off would become a day less five minutes
        ({"injection": injected(10, 5)}, "interval"),
        # minutes in place of seconds
        ({"half_life_s": 109.77}, "interval"),
        ({"injection": injected(9), "half_life_s": 282240.0}, "injection_date_missing"),
        ({"half_life_s": None}, "half_life_missing"),
        ({"half_life_s": 0.0}, "half_life_missing"),
        ({"tracers": 2}, "several_tracers"),
        ({"dose": None}, "dose_missing"),
        ({"dose": 0.0}, "dose_missing"),
        ({"dose": float("nan")}, "dose_missing"),
        ({"dose": 370e3}, "dose_unit"),
        ({"dose": 370e9}, "dose_unit"),
        ({"dose": 370e6, "dose_in_mbq": True}, "dose_unit"),
        ({"conflicts": ("PatientWeight",)}, "conflict"),
    ],
)
def test_what_is_missing_or_implausible_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code == refusal_of(pet(**changes))


def test_a_dated_injection_of_a_long_lived_tracer_may_be_days_ago() -> None:
    """Zr-89, half-life 78.4 h, three days after injection."""
    one = pet(half_life_s=282240.0, injection=Injection(at=SCAN - timedelta(days=3)))

    assert factor_of(one) == pytest.approx(70000 / (370e6 * 2 ** (-259200 / 282240)))


@pytest.mark.parametrize("changes", [{"dose": 370.0}, {"dose": 370.0, "dose_in_mbq": True}])
def test_megabecquerels_are_read_as_such(changes: dict[str, Any]) -> None:
    one = pet(**changes)

    assert factor_of(one) == factor_of(pet())
    assert warnings_of(one) == ([] if "dose_in_mbq" in changes else ["dose_mbq"])


# patient --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "wanted", "code"),
    [
        (PetPatient(None, 1.75, "M"), SuvType.BW, "weight_missing"),
        (PetPatient(0.0, 1.75, "M"), SuvType.BW, "weight_missing"),
        (PetPatient(70000.0, 1.75, "M"), SuvType.BW, "weight_unit"),
        (PetPatient(70.0, None, "M"), SuvType.BSA, "height_missing"),
        (PetPatient(70.0, 0.0, "M"), SuvType.LBM_JANMAHASATIAN, "height_missing"),
        (PetPatient(70.0, 175.0, "M"), SuvType.LBM_JAMES, "height_unit"),
        (PetPatient(70.0, 1.75, ""), SuvType.LBM_JAMES, "sex_missing"),
        (PetPatient(70.0, 1.75, "O"), SuvType.LBM_JANMAHASATIAN, "sex_missing"),
        (PetPatient(None, 1.75, "O"), SuvType.IBW, "sex_missing"),
        # beyond its top the parabola gives less lean mass for more weight
        (PetPatient(130.0, 1.70, "M"), SuvType.LBM_JAMES, "formula_range"),
        (PetPatient(110.0, 1.70, "F"), SuvType.LBM_JAMES, "formula_range"),
        (PetPatient(20.0, 1.80, "M"), SuvType.LBM_JAMES, "formula_range"),
        (PetPatient(10.0, 0.8, "M"), SuvType.IBW, "formula_range"),
        (PetPatient(70.0, 1.75, "M"), SuvType.LBM_MORGAN, "obsolete_formula"),
    ],
)
def test_a_body_that_does_not_fit_its_formula_is_refused(patient: PetPatient, wanted: SuvType, code: str) -> None:
    assert code == refusal_of(pet(patient=patient), wanted)


def test_body_weight_needs_neither_height_nor_sex() -> None:
    assert factor_of(pet(patient=PetPatient(70.0))) == factor_of(pet())


# units ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "code"), [("", "units_missing"), ("PROPCNTS", "units"), ("CNTS", "counts")])
def test_units_that_are_no_activity_are_refused(units: str, code: str) -> None:
    assert code == refusal_of(pet(units=units))


@pytest.mark.parametrize(
    ("units", "suv_type", "wanted"),
    [
        ("GML", "", SuvType.BW),
        ("GML", "BW", SuvType.BW),
        ("GML", "LBM", SuvType.LBM_MORGAN),
        ("GML", "LBMJAMES128", SuvType.LBM_JAMES),
        ("GML", "LBMJANMA", SuvType.LBM_JANMAHASATIAN),
        ("GML", "IBW", SuvType.IBW),
        ("CM2ML", "", SuvType.BSA),
        ("CM2ML", "BSA", SuvType.BSA),
    ],
)
def test_stored_uptake_values_are_taken_as_they_are(units: str, suv_type: str, wanted: SuvType) -> None:
    """They need no dose, time or weight."""
    one = pet(units=units, suv_type=suv_type, patient=PetPatient(), dose=None, injection=Injection())

    assert factor_of(one, wanted) == 1.0


def test_a_lean_body_image_is_never_shown_as_body_weight_without_the_patients_size() -> None:
    """75 kg, 185 cm, a man: 75 / 61.4627 and 75 / 62.7776."""
    patient = PetPatient(75.0, 1.85, "M")

    assert factor_of(pet(units="GML", suv_type="LBMJAMES128", patient=patient)) == pytest.approx(1.220252, rel=1e-6)
    assert factor_of(pet(units="GML", suv_type="LBM", patient=patient)) == pytest.approx(1.194694, rel=1e-6)
    assert refusal_of(pet(units="GML", suv_type="LBM", patient=PetPatient(75.0))) == "height_missing"
    assert refusal_of(pet(units="GML", patient=patient), SuvType.LBM_MORGAN) == "obsolete_formula"


@pytest.mark.parametrize(
    ("units", "suv_type", "code"),
    [("GML", "BSA", "suv_type_unit"), ("CM2ML", "BW", "suv_type_unit"), ("GML", "SUL", "suv_type")],
)
def test_contradicting_suv_types_are_refused(units: str, suv_type: str, code: str) -> None:
    assert code == refusal_of(pet(units=units, suv_type=suv_type))


def test_the_philips_suv_factor_is_used_before_the_activity_factor() -> None:
    """xx00 gives SUVbw; lean body mass is 60.9153 of 75 kg."""
    one = pet(units="CNTS", philips_suv_factor=0.000551, patient=PetPatient(75.0, 1.85, "M"))

    assert factor_of(one) == 0.000551
    assert factor_of(one, SuvType.LBM_JANMAHASATIAN) == pytest.approx(0.000551 * 60.9153 / 75, rel=1e-6)


def test_the_philips_activity_factor_gives_becquerels() -> None:
    one = pet(units="CNTS", philips_activity_factor=2.5, largest_value=20000.0)

    assert factor_of(one) == pytest.approx(2.5 * factor_of(pet()))
    assert rules_of(one)[0] == "philips_activity"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"philips_activity_factor": 2.5e-6, "largest_value": 20000.0}, "activity_factor_unit"),
        ({"philips_activity_factor": 2.5}, "activity_factor_unchecked"),
        ({"philips_suv_factor": 0.0, "philips_activity_factor": float("nan")}, "counts"),
        ({"philips_activity_factor": 2.5, "dose": None}, "dose_missing"),
    ],
)
def test_philips_factors_of_doubtful_size_are_refused(changes: dict[str, Any], code: str) -> None:
    assert code == refusal_of(pet(units="CNTS", **changes))


def test_philips_factors_that_disagree_say_so() -> None:
    bw = factor_of(pet())
    agree = pet(units="CNTS", philips_suv_factor=2.5 * bw, philips_activity_factor=2.5)
    differ = pet(units="CNTS", philips_suv_factor=2.5 * bw * 1.1, philips_activity_factor=2.5)
    alone = pet(units="CNTS", philips_suv_factor=2.5 * bw, philips_activity_factor=2.5, dose=None)

    assert [warnings_of(one) for one in (agree, differ, alone)] == [[], ["philips_disagree"], []]


# volume ---------------------------------------------------------------------------------------


def test_slices_with_their_own_factors_become_uptake_values() -> None:
    values = np.full((2, 1, 1), 1000, dtype=np.int16)
    volume = Volume(values, np.eye(4), "1.2", "1.3", unit="BQML")

    suv = suv_volume(volume, SuvScale(SuvType.BW, (0.001, 0.002)))

    assert (suv.voxels.ravel().tolist(), suv.unit, str(suv.voxels.dtype)) == ([1.0, 2.0], "g/ml", "float32")
    with pytest.raises(ValueError, match="3 factors for 2 slices"):
        suv_volume(volume, SuvScale(SuvType.BW, (1.0, 1.0, 1.0)))


def test_padding_in_becquerel_is_no_uptake_and_no_uptake_is_taken_for_padding() -> None:
    values = np.array([[[0.0, 5.0, 4000.0]], [[5.0, 6.0, 8000.0]]], dtype=np.float32)
    volume = Volume(values, np.eye(4), "1.2", "1.3", unit="BQML", padding=(0.0, 5.0))

    suv = suv_volume(volume, SuvScale(SuvType.BW, (0.001, 0.001)))

    assert suv.voxels.ravel().tolist() == pytest.approx([0.0, 0.005, 4.0, 0.005, 0.006, 8.0])
    assert suv.shows_patient(suv.voxels).ravel().tolist() == [False, False, True, False, True, True]


def test_padding_that_would_be_another_uptake_in_each_slice_stays_no_uptake() -> None:
    """Padding of -1 Bq/ml beside 4 and 8, factors of 0.5 and 1: uptakes of 2 and 8, and what lies below them."""
    values = np.array([[[-1.0, 4.0]], [[-1.0, 8.0]]], dtype=np.float32)
    volume = Volume(values, np.eye(4), "1.2", "1.3", padding=(-1.0, -0.5))
    by_slice = SuvScale(SuvType.BW, (0.5, 1.0))

    suv = suv_volume(volume, by_slice)

    assert suv.shows_patient(suv.voxels).ravel().tolist() == [False, True, False, True]
    assert suv.voxels.ravel()[[1, 3]].tolist() == [2.0, 8.0]
    assert suv.padding is not None
    assert suv.padding[1] < 2.0
    assert suv_volume(replace(volume, padding=None), by_slice).padding is None


def test_a_pet_series_has_slices() -> None:
    with pytest.raises(ValueError, match="at least one slice"):
        PetAcquisition(())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"corrected_image": ("ATTN",)}, "not_decay_corrected"),
        ({"corrected_image": ("ATTN",), "decay_correction": "NONE"}, "not_decay_corrected"),
        ({"decay_correction": "NONE"}, "decay_contradiction"),
    ],
)
def test_uptake_that_the_scanner_made_is_refused_where_its_decay_was_not_corrected(
    changes: dict[str, Any], code: str
) -> None:
    """Corrected Image must hold ATTN and DECY; one factor fits no slices that decayed for different times."""
    for made in ({"units": "GML"}, {"units": "CM2ML"}, {"units": "CNTS", "philips_suv_factor": 0.000551}):
        assert refusal_of(pet(**made, **changes), SuvType.BSA if made["units"] == "CM2ML" else SuvType.BW) == code


def test_counts_of_which_every_slice_is_as_acquired_still_become_uptake_by_their_activity() -> None:
    """Without decay correction the activity factor counts, each slice at its own time: nothing is guessed."""
    one = pet(
        units="CNTS", philips_activity_factor=2.5, largest_value=20000.0, corrected_image=("ATTN",),
        decay_correction="NONE", slices=slices(SCAN, duration_s=120.0),
    )  # fmt: skip
    assert rules_of(one)[:2] == ["philips_activity", "none"]

"""
Standardised uptake values: a factor with the rules that led to it, or a refusal with its reason; never a guess.

``SUV = value * factor``, where ``value`` is after the modality transform (Rescale Slope may differ from slice to
slice). Sources: PS3.3 C.8.9.1; PS3.16 CID 85; QIBA SUV pseudo-code; IBSI-SUV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from resources.translation import tr
from workstation.domain import body_size
from workstation.domain.frames import FrameRef
from workstation.domain.pet import PetAcquisition, PetPatient
from workstation.domain.suv_decay import SuvRefused, SuvRemark, check_corrected, decayed_dose
from workstation.domain.volume import Volume, set_apart

_HEAVIEST_KG: Final = 650.0
_HEIGHT_M: Final = (0.2, 2.8)
_FACTORS_DIFFER: Final = 0.02
_SMALLEST_PLAUSIBLE_MAXIMUM: Final = 0.01
UNCHECKED: Final = "activity_factor_unchecked"
"""Code of the refusal of headers that make sense only together with the pixels"""


class SuvType(StrEnum):
    """SUV Type (0054,1006)."""

    BW = "BW"
    LBM_JANMAHASATIAN = "LBMJANMA"
    LBM_JAMES = "LBMJAMES128"
    LBM_MORGAN = "LBM"
    """Read from images that were made with it, never computed anew."""
    BSA = "BSA"
    IBW = "IBW"

    @property
    def unit(self) -> str:
        """Return the unit of the values."""
        return "cm2/ml" if self is SuvType.BSA else "g/ml"

    @property
    def label(self) -> str:
        """Return the short name that stands before a value."""
        return _LABELS[self]

    @property
    def measured_unit(self) -> str:
        """Return what stands beside a measured value: ``SUV`` is by body weight, any other says what it is by."""
        return "SUV" if self is SuvType.BW else self.label

    @property
    def full_name(self) -> str:
        """Return the name with its formula, for menus and reports."""
        titles = {
            SuvType.BW: tr("SUV by body weight"),
            SuvType.LBM_JANMAHASATIAN: tr("SUV by lean body mass (Janmahasatian)"),
            SuvType.LBM_JAMES: tr("SUV by lean body mass (James)"),
            SuvType.LBM_MORGAN: tr("SUV by lean body mass (obsolete formula)"),
            SuvType.BSA: tr("SUV by body surface (Du Bois)"),
            SuvType.IBW: tr("SUV by ideal body weight"),
        }
        return titles[self]


_LABELS: Final = {
    SuvType.BW: "SUVbw",
    SuvType.LBM_JANMAHASATIAN: "SUVlbm",
    SuvType.LBM_JAMES: "SUVlbm(J)",
    SuvType.LBM_MORGAN: "SUVlbm(120)",
    SuvType.BSA: "SUVbsa",
    SuvType.IBW: "SUVibw",
}


@dataclass(frozen=True, slots=True)
class SuvScale:
    """
    What values of a series are multiplied by, one factor per slice in the order of ``PetAcquisition.slices``.

    ``rules`` say in words what was done; ``warnings`` must be shown wherever the values are. ``places`` names the
    slices that the factors are of.
    """

    suv_type: SuvType
    factors: tuple[float, ...]
    rules: tuple[SuvRemark, ...] = ()
    warnings: tuple[SuvRemark, ...] = ()
    places: tuple[FrameRef, ...] = ()

    @property
    def factor(self) -> float | None:
        """Return the common factor, None where slices have their own."""
        first = self.factors[0]
        return first if all(math.isclose(one, first, rel_tol=1e-9) for one in self.factors) else None


@dataclass(frozen=True, slots=True)
class SuvRefusal:
    """Why there is no uptake value: a stable ``code`` and a sentence for the reader."""

    code: str
    text: str

    @property
    def needs_pixels(self) -> bool:
        """Tell whether only the pixels can decide."""
        return self.code == UNCHECKED


def suv_scale(pet: PetAcquisition, wanted: SuvType = SuvType.BW) -> SuvScale | SuvRefusal:
    """Return the factors that turn a PET series into uptake values, or the reason why there are none."""
    try:
        return replace(
            _scale(pet, wanted), places=tuple(FrameRef(one.sop_instance_uid, one.frame + 1) for one in pet.slices)
        )
    except SuvRefused as refused:
        return SuvRefusal(refused.remark.code, refused.remark.text)


def suv_volume(volume: Volume, scale: SuvScale) -> Volume:
    """
    Return the uptake values of a series' volume. ValueError when slices and factors are not as many.

    The padding goes along: with the one factor, or set apart anew where each slice has its own.
    """
    if len(scale.factors) != volume.voxels.shape[0]:
        raise ValueError(f"{len(scale.factors)} factors for {volume.voxels.shape[0]} slices")
    factors = np.array(scale.factors, dtype=np.float32)[:, None, None]
    values = (volume.voxels * factors).astype(np.float32, copy=False)
    padding = volume.padding
    if padding is not None and scale.factor is not None:
        # rounded as the voxels are, so that a voxel at a bound stays padding
        low, high = np.array(padding, dtype=np.float32) * np.float32(scale.factors[0])
        padding = float(low), float(high)
    elif padding is not None:
        padding = set_apart(values, lambda layer: ~volume.shows_patient(volume.voxels[layer]))
    return replace(volume, voxels=values, unit=scale.suv_type.unit, padding=padding)


def _scale(pet: PetAcquisition, wanted: SuvType) -> SuvScale:
    if pet.conflicts:
        text = tr("The slices disagree on {attributes}.", attributes=", ".join(pet.conflicts))
        raise SuvRefused("conflict", text)
    if "ATTN" not in pet.corrected_image:
        raise SuvRefused("not_attenuation_corrected", tr("The image is not marked as corrected for attenuation."))
    if pet.units in {"GML", "CM2ML"}:
        return _converted(pet, wanted)
    if wanted is SuvType.LBM_MORGAN:
        raise SuvRefused("obsolete_formula", tr("This lean body mass formula is obsolete and only read."))
    if pet.units == "BQML":
        return _from_activity(pet, wanted, 1.0, SuvRemark("bqml", tr("Units Bq/ml")))
    if pet.units == "CNTS":
        return _from_counts(pet, wanted)
    if not pet.units:
        raise SuvRefused("units_missing", tr("The unit of the pixel values is missing."))
    text = tr("Values in {units} cannot be turned into uptake values.", units=pet.units)
    raise SuvRefused("units", text)


def _converted(pet: PetAcquisition, wanted: SuvType) -> SuvScale:
    """Take values that are uptake values already; another normalisation needs the patient's size."""
    check_corrected(pet)
    own = SuvType.BSA if pet.units == "CM2ML" else SuvType.BW
    if pet.suv_type:
        known = {str(one): one for one in SuvType}
        if pet.suv_type not in known:
            text = tr("SUV type {type} is not known.", type=pet.suv_type)
            raise SuvRefused("suv_type", text)
        if (known[pet.suv_type] is SuvType.BSA) != (pet.units == "CM2ML"):
            raise SuvRefused("suv_type_unit", tr("SUV type and unit of the values contradict each other."))
        own = known[pet.suv_type]
    rules = [SuvRemark("stored", tr("Stored as {label}", label=own.label))]
    if own is wanted:
        return SuvScale(wanted, (1.0,) * len(pet.slices), tuple(rules))
    if wanted is SuvType.LBM_MORGAN:
        raise SuvRefused("obsolete_formula", tr("This lean body mass formula is obsolete and only read."))
    factor = normaliser(wanted, pet.patient) / normaliser(own, pet.patient)
    rules.append(SuvRemark("normalised", wanted.full_name))
    return SuvScale(wanted, (factor,) * len(pet.slices), tuple(rules))


def _from_activity(pet: PetAcquisition, wanted: SuvType, bq_per_value: float, units: SuvRemark) -> SuvScale:
    size = normaliser(wanted, pet.patient)
    dose = decayed_dose(pet)
    rules = (units, *dose.rules, SuvRemark("normalised", wanted.full_name))
    return SuvScale(wanted, tuple(bq_per_value * size / left for left in dose.bq), rules, dose.warnings)


def _from_counts(pet: PetAcquisition, wanted: SuvType) -> SuvScale:
    """Use Philips's private factors: (7053,xx00) gives SUVbw directly, (7053,xx09) gives Bq/ml."""
    suv_factor, activity_factor = _positive(pet.philips_suv_factor), _positive(pet.philips_activity_factor)
    if suv_factor is None and activity_factor is None:
        raise SuvRefused("counts", tr("The values are counts, and the header holds no factor to calibrate them."))
    if suv_factor is None:
        rule = SuvRemark("philips_activity", tr("Counts calibrated by the vendor's activity factor"))
        scale = _from_activity(pet, wanted, activity_factor or 0.0, rule)
        _check_magnitude(pet, scale)
        return scale
    check_corrected(pet)
    factor = suv_factor
    if wanted is not SuvType.BW:
        factor *= normaliser(wanted, pet.patient) / normaliser(SuvType.BW, pet.patient)
    rules = [SuvRemark("philips_suv", tr("Counts calibrated by the vendor's SUV factor"))]
    rules += [] if wanted is SuvType.BW else [SuvRemark("normalised", wanted.full_name)]
    return SuvScale(wanted, (factor,) * len(pet.slices), tuple(rules), _second_opinion(pet, suv_factor))


def _second_opinion(pet: PetAcquisition, suv_factor: float) -> tuple[SuvRemark, ...]:
    activity_factor = _positive(pet.philips_activity_factor)
    if activity_factor is None:
        return ()
    try:
        other = _from_activity(pet, SuvType.BW, activity_factor, SuvRemark("", "")).factors
    except SuvRefused:
        return ()
    if max(abs(one / suv_factor - 1.0) for one in other) <= _FACTORS_DIFFER:
        return ()
    text = tr("The vendor's two calibration factors disagree: check the uptake values")
    return (SuvRemark("philips_disagree", text),)


def _check_magnitude(pet: PetAcquisition, scale: SuvScale) -> None:
    """Refuse an activity factor in MBq/ml: sources differ on its unit, and a million apart is easily told."""
    if pet.largest_value is None:
        raise SuvRefused(UNCHECKED, tr("The calibration factor cannot be checked without pixels."))
    if pet.largest_value * max(scale.factors) < _SMALLEST_PLAUSIBLE_MAXIMUM:
        raise SuvRefused("activity_factor_unit", tr("The vendor's activity factor is not in Bq/ml."))


def normaliser(suv_type: SuvType, patient: PetPatient) -> float:
    """Return what the dose is spread over: grams, or square centimetres for BSA. Raises SuvRefused."""
    if suv_type is SuvType.IBW:
        height, male = _height_m(patient), _is_male(patient)
        return 1000.0 * _plausible(body_size.ideal_body_weight_kg(height_m=height, male=male), math.inf)
    weight = _weight_kg(patient)
    if suv_type is SuvType.BW:
        return 1000.0 * weight
    height = _height_m(patient)
    if suv_type is SuvType.BSA:
        return body_size.body_surface_area_cm2(weight_kg=weight, height_m=height)
    male = _is_male(patient)
    if suv_type is SuvType.LBM_JANMAHASATIAN:
        mass = body_size.lean_body_mass_janmahasatian_kg(weight_kg=weight, height_m=height, male=male)
    else:
        _check_parabola(suv_type, weight, height, male=male)
        formula = (
            body_size.lean_body_mass_james_kg if suv_type is SuvType.LBM_JAMES else body_size.lean_body_mass_morgan_kg
        )
        mass = formula(weight_kg=weight, height_m=height, male=male)
    return 1000.0 * _plausible(mass, weight)


def _weight_kg(patient: PetPatient) -> float:
    weight = patient.weight_kg
    if weight is None or not math.isfinite(weight) or weight <= 0:
        raise SuvRefused("weight_missing", tr("The patient's weight is missing."))
    if weight > _HEAVIEST_KG:
        text = tr("A weight of {weight} kg is not plausible: check its unit.", weight=f"{weight:g}")
        raise SuvRefused("weight_unit", text)
    return weight


def _height_m(patient: PetPatient) -> float:
    height = patient.height_m
    if height is None or not math.isfinite(height) or height <= 0:
        raise SuvRefused("height_missing", tr("The patient's height is missing."))
    if not _HEIGHT_M[0] <= height <= _HEIGHT_M[1]:
        text = tr("A height of {height} m is not plausible: check its unit.", height=f"{height:g}")
        raise SuvRefused("height_unit", text)
    return height


def _is_male(patient: PetPatient) -> bool:
    if patient.sex not in {"M", "F"}:
        raise SuvRefused("sex_missing", tr("The formula needs the patient's sex, and it is missing."))
    return patient.sex == "M"


def _check_parabola(suv_type: SuvType, weight: float, height: float, *, male: bool) -> None:
    """Refuse what lies beyond the top of the formula's parabola, where more weight would mean less lean mass."""
    linear = 1.10 if male else 1.07
    square = 148.0 if not male else 128.0 if suv_type is SuvType.LBM_JAMES else 120.0
    if weight > linear * (height * 100.0) ** 2 / (2.0 * square):
        text = tr("The formula does not hold for this weight and height; choose Janmahasatian.")
        raise SuvRefused("formula_range", text)


def _plausible(mass: float, most: float) -> float:
    if not 0 < mass <= most:
        raise SuvRefused("formula_range", tr("The formula gives no plausible mass for this weight and height."))
    return mass


def _positive(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > 0 else None

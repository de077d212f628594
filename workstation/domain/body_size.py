"""Lean body mass, ideal body weight and body surface area: what a dose may be normalised by instead of the weight."""

from __future__ import annotations


def lean_body_mass_janmahasatian_kg(*, weight_kg: float, height_m: float, male: bool) -> float:
    """
    Return the lean body mass by Janmahasatian 2005, in kilograms.

    Source: Janmahasatian et al., Clin Pharmacokinet 2005;44:1051. DICOM SUV Type LBMJANMA.
    """
    body_mass_index = weight_kg / height_m**2
    resistance, slope = (6680.0, 216.0) if male else (8780.0, 244.0)
    return 9270.0 * weight_kg / (resistance + slope * body_mass_index)


def lean_body_mass_james_kg(*, weight_kg: float, height_m: float, male: bool) -> float:
    """
    Return the lean body mass by James 1976 with the factor 128 for men, in kilograms.

    The parabola turns down for very heavy patients; the caller checks that the result is one.
    Source: James, Research on obesity, 1976. DICOM SUV Type LBMJAMES128.
    """
    ratio = weight_kg / (height_m * 100.0)
    return 1.10 * weight_kg - 128.0 * ratio**2 if male else 1.07 * weight_kg - 148.0 * ratio**2


def lean_body_mass_morgan_kg(*, weight_kg: float, height_m: float, male: bool) -> float:
    """
    Return the lean body mass with the factor 120 for men, in kilograms: only to read images made with it.

    Source: Morgan and Bray 1994, a misprint of James that lives on in DICOM SUV Type LBM.
    """
    ratio = weight_kg / (height_m * 100.0)
    return 1.10 * weight_kg - 120.0 * ratio**2 if male else 1.07 * weight_kg - 148.0 * ratio**2


def ideal_body_weight_kg(*, height_m: float, male: bool) -> float:
    """Return the ideal body weight in kilograms. Source: Sugawara et al., Radiology 1999;213:521. SUV Type IBW."""
    above_152 = height_m * 100.0 - 152.0
    return 48.0 + 1.06 * above_152 if male else 45.5 + 0.91 * above_152


def body_surface_area_cm2(*, weight_kg: float, height_m: float) -> float:
    """Return the body surface area in square centimetres. Source: Du Bois and Du Bois 1916. DICOM SUV Type BSA."""
    return float(71.84 * weight_kg**0.425 * (height_m * 100.0) ** 0.725)

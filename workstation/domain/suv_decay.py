"""
The activity that was in the patient at the time the pixel values are corrected to.

Everything that is missing, contradictory or implausible is refused with its reason: an uptake value that is
wrong by a decay looks like any other. Sources: PS3.3 C.8.9.1, C.8.22.4; QIBA SUV pseudo-code; IBSI-SUV order
of reference times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from resources.translation import tr
from workstation.domain.pet import PetAcquisition, PetSlice

LONG_HALF_LIFE_S: Final = 41400.0
"""Above 11.5 hours the day of an injection cannot be told from its time of day."""
_DAY: Final = timedelta(days=1)
_SAME_S: Final = 1.0
_MOST_HALF_LIVES: Final = 10.0
_MBQ_BELOW: Final = 1e4
_DOSE_BQ: Final = (1e6, 1e10)
_DECAY_FACTOR_TOLERANCE: Final = 0.02


@dataclass(frozen=True, slots=True)
class SuvRemark:
    """One rule that was used, one doubt, or one reason to refuse: a stable ``code`` and words for the reader."""

    code: str
    text: str


class SuvRefused(Exception):
    """Inside the calculation: what is known does not allow a value."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.remark = SuvRemark(code, text)


@dataclass(frozen=True, slots=True)
class DecayedDose:
    """The activity left at each slice's reference time, in Bq, and how it was found."""

    bq: tuple[float, ...]
    rules: tuple[SuvRemark, ...]
    warnings: tuple[SuvRemark, ...]


def average_count_rate_s(duration_s: float, half_life_s: float) -> float:
    """
    Return how long after its start a decaying frame has its average count rate, in seconds.

    Source: IBSI-SUV, ``ln(λT / (1 - e^(-λT))) / λ``; 59.937 s for 120 s of F-18.
    """
    if duration_s <= 0:
        return 0.0
    decay = math.log(2) / half_life_s
    return math.log(decay * duration_s / -math.expm1(-decay * duration_s)) / decay


def decayed_dose(pet: PetAcquisition) -> DecayedDose:
    """Return what is left of the dose at the reference time of every slice. Raises SuvRefused."""
    dose, doubts = _dose_bq(pet)
    _check_corrections(pet)
    if pet.decay_correction == "ADMIN":
        rule = SuvRemark("admin", tr("Decay corrected to the injection: the dose counts as measured"))
        return DecayedDose((dose,) * len(pet.slices), (rule,), doubts)
    half_life = pet.half_life_s
    if half_life is None or half_life <= 0:
        raise SuvRefused("half_life_missing", tr("The half-life of the tracer is missing."))
    if not pet.injection.is_known:
        raise SuvRefused("injection_missing", tr("The injection time is missing."))
    if pet.decay_correction == "NONE":
        references, rule = _uncorrected(pet.slices, half_life)
        more: tuple[SuvRemark, ...] = ()
    else:
        reference, rule, more = _start(pet, half_life)
        references = (reference,) * len(pet.slices)
        more += _contradicted(pet.slices, reference, half_life)
    injected, midnight = _injected(pet, min(references), half_life)
    left = tuple(dose * 2.0 ** (-_elapsed_s(one, injected, pet, half_life) / half_life) for one in references)
    waited = tr("{minutes} min from injection", minutes=f"{(min(references) - injected).total_seconds() / 60:.1f}")
    return DecayedDose(left, (rule, *midnight, SuvRemark("elapsed", waited)), (*doubts, *more))


def _dose_bq(pet: PetAcquisition) -> tuple[float, tuple[SuvRemark, ...]]:
    dose = pet.dose
    if pet.tracers > 1:
        raise SuvRefused("several_tracers", tr("More than one tracer was given."))
    if dose is None or not math.isfinite(dose) or dose <= 0:
        raise SuvRefused("dose_missing", tr("The injected dose is missing."))
    doubts: tuple[SuvRemark, ...] = ()
    if pet.dose_in_mbq:
        dose *= 1e6
    elif dose <= _MBQ_BELOW:
        text = tr("Dose {dose} read as MBq, although the tag is in Bq", dose=f"{dose:g}")
        dose, doubts = dose * 1e6, (SuvRemark("dose_mbq", text),)
    if not _DOSE_BQ[0] <= dose <= _DOSE_BQ[1]:
        text = tr("The injected dose of {dose} MBq is not plausible: check its unit.", dose=f"{dose / 1e6:.3g}")
        raise SuvRefused("dose_unit", text)
    return dose, doubts


def check_corrected(pet: PetAcquisition) -> None:
    """
    Refuse uptake values that the scanner made, or its factor for them, where the decay is not corrected.

    One factor cannot be right for slices that decayed for different times, and no header tells which one it fits.
    """
    _check_decay(pet)
    if not _is_corrected(pet):
        raise _not_corrected()


def _check_corrections(pet: PetAcquisition) -> None:
    kind = pet.decay_correction
    if kind not in {"START", "ADMIN", "NONE"}:
        raise SuvRefused("decay_correction", tr("It is not said to which time the decay is corrected."))
    _check_decay(pet)
    if kind != "NONE" and not _is_corrected(pet):
        raise _not_corrected()


def _check_decay(pet: PetAcquisition) -> None:
    if pet.decay_correction == "NONE" and _is_corrected(pet):
        raise SuvRefused("decay_contradiction", tr("The header calls the decay both corrected and not corrected."))


def _is_corrected(pet: PetAcquisition) -> bool:
    # DECAY stands in a well-known pseudo-code and therefore in some files
    return bool({"DECY", "DECAY"} & set(pet.corrected_image))


def _not_corrected() -> SuvRefused:
    return SuvRefused("not_decay_corrected", tr("The image is not marked as corrected for decay."))


def _uncorrected(slices: Sequence[PetSlice], half_life: float) -> tuple[tuple[datetime, ...], SuvRemark]:
    references = []
    for one in slices:
        if one.acquired is None or one.duration_s is None or one.duration_s <= 0:
            text = tr("Not corrected for decay, and acquisition time or frame duration is missing.")
            raise SuvRefused("frame_times_missing", text)
        references.append(one.acquired + timedelta(seconds=average_count_rate_s(one.duration_s, half_life)))
    return tuple(references), SuvRemark("none", tr("Not decay corrected: each slice at its average count rate"))


def _start(pet: PetAcquisition, half_life: float) -> tuple[datetime, SuvRemark, tuple[SuvRemark, ...]]:
    """Return the reference time of START: named by the vendor, else what series and slices agree on."""
    if pet.reference is not None:
        text = tr("Reference time named by {source}", source=pet.reference_source)
        return pet.reference, SuvRemark("named", text), ()
    series, earliest = pet.series_start, pet.earliest
    if earliest is None:
        raise SuvRefused("acquisition_time_missing", tr("The acquisition time is missing."))
    if series is not None and abs((earliest - series).total_seconds()) <= _SAME_S:
        return series, SuvRemark("series_is_acquisition", tr("Reference time: series and acquisition start")), ()
    agreed = _frame_reference(pet, half_life)
    if agreed is not None:
        text = tr("Reference time: acquisition time less frame reference time")
        return agreed, SuvRemark("frame_reference", text), ()
    if series is not None and series < earliest:
        return series, SuvRemark("series", tr("Reference time: series time")), ()
    if series is None:  # the images here may be part of the scan: their earliest acquisition is no start then
        text = tr("The series time is missing, and no other time says to which moment the decay is corrected.")
        raise SuvRefused("series_time_missing", text)
    rule = SuvRemark("earliest", tr("Reference time: earliest acquisition"))
    doubt = tr("The series time cannot be the start of the scan: the earliest acquisition time is used")
    return earliest, rule, (SuvRemark("series_time", doubt),)


def _frame_reference(pet: PetAcquisition, half_life: float) -> datetime | None:
    """Return the series reference that all slices name through Frame Reference Time, None unless they agree."""
    general_electric = pet.manufacturer.upper().startswith("GE")
    found: list[datetime] = []
    for one in pet.slices:
        if one.acquired is None or one.frame_reference_s is None or (one.duration_s is None and not general_electric):
            return None
        middle = 0.0 if general_electric else average_count_rate_s(one.duration_s or 0.0, half_life)
        found.append(one.acquired + timedelta(seconds=middle - one.frame_reference_s))
    if all(one.frame_reference_s == 0 for one in pet.slices):
        # a zero everywhere is an empty field, not a time
        return None
    return min(found) if (max(found) - min(found)).total_seconds() <= _SAME_S else None


def _contradicted(slices: Sequence[PetSlice], reference: datetime, half_life: float) -> tuple[SuvRemark, ...]:
    """Compare with Decay Factor (0054,1321), which tells the reference time independently."""
    for one in slices:
        if one.acquired is None or one.decay_factor is None or one.decay_factor <= 0:
            continue
        middles = {0.0, average_count_rate_s(one.duration_s or 0.0, half_life)}
        start = (one.acquired - reference).total_seconds()
        expected = [2.0 ** ((start + middle) / half_life) for middle in middles]
        if min(abs(one.decay_factor / factor - 1.0) for factor in expected) > _DECAY_FACTOR_TOLERANCE:
            text = tr("The decay factors in the header do not fit the reference time: check the uptake values")
            return (SuvRemark("decay_factor", text),)
    return ()


def _injected(pet: PetAcquisition, reference: datetime, half_life: float) -> tuple[datetime, tuple[SuvRemark, ...]]:
    if pet.injection.at is not None:
        return pet.injection.at, ()
    if pet.injection.time_only is None:
        raise AssertionError("the caller has seen that the injection time is known")
    if half_life > LONG_HALF_LIFE_S:
        text = tr("The injection has a time without a date, and the tracer lives longer than a day's doubt allows.")
        raise SuvRefused("injection_date_missing", text)
    injected = datetime.combine(reference.date(), pet.injection.time_only)
    if injected <= reference:
        return injected, ()
    return injected - _DAY, (SuvRemark("midnight", tr("Injected the day before: the scan ran past midnight")),)


def _elapsed_s(reference: datetime, injected: datetime, pet: PetAcquisition, half_life: float) -> float:
    waited = reference - injected
    seconds = waited.total_seconds()
    if seconds < 0:
        raise SuvRefused("injection_after_scan", tr("The injection time lies after the scan."))
    dated_and_long = pet.injection.at is not None and half_life > LONG_HALF_LIFE_S
    if (waited > _DAY and not dated_and_long) or seconds > _MOST_HALF_LIVES * half_life:
        text = tr(
            "{hours} h between injection and scan are not plausible for a half-life of {minutes} min.",
            hours=f"{seconds / 3600:.1f}",
            minutes=f"{half_life / 60:.1f}",
        )
        raise SuvRefused("interval", text)
    return seconds

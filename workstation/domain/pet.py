"""What a PET series says of its doses, times and units; nothing here is interpreted yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PetSlice:
    """
    Times of one slice.

    ``frame_reference_s`` is Frame Reference Time (0054,1300), ``duration_s`` Actual Frame Duration
    (0018,1242), both in seconds; ``decay_factor`` is (0054,1321).
    """

    acquired: datetime | None = None
    frame_reference_s: float | None = None
    duration_s: float | None = None
    decay_factor: float | None = None
    sop_instance_uid: str = ""
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Injection:
    """
    When the tracer was given.

    Radiopharmaceutical Start DateTime (0018,1078) fills ``at``; the older Radiopharmaceutical Start
    Time (0018,1072) has no date and fills ``time_only``.
    """

    at: datetime | None = None
    time_only: time | None = None

    @property
    def is_known(self) -> bool:
        """Tell whether there is any time."""
        return self.at is not None or self.time_only is not None


@dataclass(frozen=True, slots=True)
class PetPatient:
    """Weight in kilograms, height in metres as the header says, sex ``M``, ``F``, ``O`` or empty."""

    weight_kg: float | None = None
    height_m: float | None = None
    sex: str = ""


@dataclass(frozen=True, slots=True)
class PetAcquisition:
    """
    One PET series: what a standardised uptake value needs, as the headers say.

    ``slices`` by rising position along the normal, as in the series' volume. ``dose`` is in the unit
    of the object: Bq, or MBq where ``dose_in_mbq`` (Enhanced PET). ``series_start`` is Series Date and
    Time; ``reference`` a decay reference that the object names outright: Siemens (0071,xx22), GE
    (0009,xx0D) or Decay Correction DateTime (0018,9701), its source in ``reference_source``.
    ``conflicts`` names attributes that differ from slice to slice and must not.
    ``largest_value`` is the largest value after the modality transform, where pixels were read.
    """

    slices: tuple[PetSlice, ...]
    units: str = ""
    suv_type: str = ""
    corrected_image: tuple[str, ...] = ()
    decay_correction: str = ""
    patient: PetPatient = PetPatient()
    dose: float | None = None
    dose_in_mbq: bool = False
    half_life_s: float | None = None
    injection: Injection = Injection()
    tracers: int = 1
    series_start: datetime | None = None
    reference: datetime | None = None
    reference_source: str = ""
    manufacturer: str = ""
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None
    conflicts: tuple[str, ...] = ()
    largest_value: float | None = None
    tracer: str = ""
    """Radiopharmaceutical as the header names it"""

    def __post_init__(self) -> None:
        if not self.slices:
            raise ValueError("a PET series has at least one slice")

    @property
    def earliest(self) -> datetime | None:
        """Return the earliest acquisition time, None when a slice has none."""
        times = [one.acquired for one in self.slices if one.acquired is not None]
        return min(times) if len(times) == len(self.slices) else None


class PetHeaderPort(Protocol):
    """Where the headers of a PET series come from."""

    def acquisition(
        self, study_instance_uid: str, series_instance_uid: str, *, largest_value: float | None = None
    ) -> PetAcquisition:
        """Return what the headers say, without pixels. Raises Unreachable, Refused, NotAVolume."""
        ...

"""What a header says of how its image was taken; nothing that is absent or impossible is made up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Protocol

from workstation.dicom.tracer import TRACERS, tracer_code
from workstation.domain.technique import Moment, Technique

NO_AGENT: Final = frozenset({"", "NO", "NONE", "NO CONTRAST", "PLAIN", "无", "平扫"})
"""What stands in Contrast/Bolus Agent where none was given"""
_GAUSS_FROM: Final = 100.0
_TIMES: Final = (("Content", Moment.CONTENT), ("Series", Moment.SERIES))


class HeaderValues(Protocol):
    """The part of a header that is read here."""

    @property
    def values(self) -> Mapping[str, tuple[str, ...]]:
        """Return the values by keyword."""
        ...

    def text(self, keyword: str) -> str:
        """Return the first value, empty when absent."""
        ...

    def number(self, keyword: str) -> float | None:
        """Return the first value as a finite number, None when absent or broken."""
        ...


def technique_of(header: HeaderValues, frame: HeaderValues) -> Technique:
    """
    Return the facts of an image; ``frame`` is the header of its first frame, ``header`` itself for a single one.

    *Source:* PS3.3 C.8.2.1 (CT), C.8.3.1 (MR), C.8.7.2 and C.8.11.3 (exposure in µAs before the whole mAs),
    C.8.13.5 and C.8.15.3 (functional groups). Fields above 100 are gauss, as old scanners write them.
    """
    field = _positive(header, "MagneticFieldStrength")
    acquired = _acquired(header)
    taken, taken_is = _taken(header, acquired)
    agent = header.text("ContrastBolusAgent")
    return Technique(
        thickness_mm=_positive(frame, "SliceThickness"),
        contrast="" if agent.upper() in NO_AGENT else agent,
        kvp=_positive(frame, "KVP"),
        mas=_exposure_mas(frame),
        echo_ms=_positive(frame, "EffectiveEchoTime") or _positive(frame, "EchoTime"),
        repetition_ms=_positive(frame, "RepetitionTime"),
        inversion_ms=_positive(frame, "InversionTime"),
        field_t=field / 10_000 if field is not None and field > _GAUSS_FROM else field,
        taken=taken,
        taken_is=taken_is,
        acquired=acquired,
        tracer=tracer_code(header.values.get(TRACERS, ())),
    )


def _exposure_mas(header: HeaderValues) -> float | None:
    micro = _positive(header, "ExposureInuAs")
    if micro is not None:
        return micro / 1000
    stated = _positive(header, "Exposure") or _positive(header, "ExposureInmAs")
    current, duration = _positive(header, "XRayTubeCurrent"), _positive(header, "ExposureTime")
    if stated is not None or current is None or duration is None:
        return stated
    return current * duration / 1000


def _taken(header: HeaderValues, acquired: str) -> tuple[str, Moment]:
    """
    Return when the image was acquired, else when its content or its series began, and which of them it is.

    The moment is empty where no one is whole.

    A date that is not about that of the study is one of a copy or of a de-identification, and no time of the exam.
    """
    study = header.text("StudyDate")
    if acquired and _is_near(acquired[:8], study):
        return acquired, Moment.ACQUIRED
    for part, moment in _TIMES:
        day, clock = header.text(f"{part}Date") or study, header.text(f"{part}Time")
        if re.fullmatch(r"\d{8}", day) and re.match(r"\d{4}", clock) and _is_near(day, study):
            return day + clock[:6].partition(".")[0].ljust(6, "0"), moment
    return "", Moment.ACQUIRED


def _acquired(header: HeaderValues) -> str:
    """
    Return when the acquisition of the pixels began; empty where the header does not tell it.

    Acquisition Date and Time (0008,0022 and 0032), else Acquisition DateTime (0008,002A) of multi-frame objects.
    An acquisition without a date is one of the study's day. *Source:* PS3.3 C.7.6.1, C.8.9.1, C.8.15.3.
    """
    day, clock = header.text("AcquisitionDate") or header.text("StudyDate"), header.text("AcquisitionTime")
    moment = day + clock if clock else header.text("AcquisitionDateTime")
    return moment[:14].partition(".")[0].ljust(14, "0") if re.match(r"\d{12}", moment) else ""


def _is_near(day: str, study: str) -> bool:
    if not study:
        return True
    try:
        between = date.fromisoformat(day) - date.fromisoformat(study)
    except ValueError:
        return False
    return abs(between.days) <= 1  # an exam may run past midnight


def _positive(header: HeaderValues, keyword: str) -> float | None:
    found = header.number(keyword)
    return found if found is not None and found > 0 else None

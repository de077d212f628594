"""What a header says about the patient's age, contrast medium, kernel and whether it is a patient at all."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from workstation.dicom.header import Header
from workstation.dicom.technique import NO_AGENT
from workstation.domain.acquisition import Acquisition

_AGE: Final = re.compile(r"(\d{1,3})([DWMY])")
"""Three digits by the standard; scanners that write fewer mean the same"""
_DAYS: Final = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_ENHANCED: Final = re.compile(r"增强|动脉期|静脉期|延迟期|CONTRAST|ENHANCED|C\+|\+C(?![A-Z])|\bCE\b|\bCTA\b")
_PLAIN: Final = re.compile(r"平扫|NON[- ]?CONTRAST|WITHOUT CONTRAST|UNENHANCED|NO CONTRAST|C-(?![A-Z])")
_PHANTOM: Final = re.compile(r"PHANTOM|体模|模体|水模|\bACR\b|CATPHAN")


def acquisition_of(header: Header) -> Acquisition:
    """Return the facts of one header; what is absent or unreadable stays unknown."""
    return Acquisition(
        modality=header.text("Modality"),
        body_part=header.text("BodyPartExamined").upper(),
        age_years=age_years(header.text("PatientAge"), header.text("PatientBirthDate"), header.text("StudyDate")),
        contrast=_contrast(header),
        kernel=header.text("ConvolutionKernel"),
        phantom=_PHANTOM.search(_words(header, "PatientName", "PatientID", "StudyDescription")) is not None
        or _PHANTOM.search(_words(header, "SeriesDescription", "ProtocolName", "BodyPartExamined")) is not None,
        slice_mm=_positive(header.number("SliceThickness")),
    )


def age_years(stated: str, birth_date: str, study_date: str) -> float | None:
    """
    Return the age at the examination from Patient's Age (``012Y``), else from the two dates.

    Source: PS3.5 6.2, value representations AS and DA.
    """
    match = _AGE.fullmatch(stated.strip().upper())
    if match is not None:
        return int(match[1]) * _DAYS[match[2]] / _DAYS["Y"]
    born, examined = _date(birth_date), _date(study_date)
    if born is None or examined is None or examined < born:
        return None
    return (examined - born).days / _DAYS["Y"]


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _date(text: str) -> date | None:
    digits = text.strip().replace(".", "")
    if len(digits) != 8 or not digits.isdecimal():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _contrast(header: Header) -> bool | None:
    if header.text("ContrastBolusAgent").upper() not in NO_AGENT:
        return True
    words = _words(header, "SeriesDescription", "ProtocolName", "StudyDescription")
    if _PLAIN.search(words):
        return False
    return True if _ENHANCED.search(words) else None


def _words(header: Header, *keywords: str) -> str:
    return " ".join(header.text(keyword) for keyword in keywords).upper()

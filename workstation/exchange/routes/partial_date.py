"""Dates of which a part is known only, as FHIR and HL7 v2 can say them."""

from __future__ import annotations

from datetime import date


def partial_date(text: str) -> tuple[str, ...]:
    """
    Return year, month and day of a DICOM date as far as they can be true; empty where not even the year can.

    A month or day that nobody knew is written as 00 by many systems; FHIR dates and HL7 v2 timestamps end before it.
    *Source:* FHIR R4, datatype date; HL7 v2.5.1, 2.A.21 (DT).
    """
    digits = text.strip().replace(".", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdecimal()):
        return ()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    if not 1800 <= int(year) <= 2200:
        return ()
    if not 1 <= int(month) <= 12:
        return (year,)
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return year, month
    return year, month, day

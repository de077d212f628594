"""How one image was taken, as far as it stands in the corner beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.template import Code


class Moment(StrEnum):
    """What a time in a header is the time of."""

    ACQUIRED = "acquired"
    CONTENT = "content"
    """When the pixels were made, which may be a reconstruction hours later (PS3.3 C.7.6.1)"""
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Technique:
    """
    What the header of an image says of its acquisition; None or empty where it says nothing.

    ``mas`` is the exposure in mAs, ``field_t`` the field in tesla, times are in milliseconds. ``contrast`` names the
    agent that was given. ``taken`` is when the image was acquired, else when its content or series began, and
    ``taken_is`` which of them; ``acquired`` is the moment of the acquisition itself, empty where the header does not
    tell it: both ``YYYYMMDDHHMMSS``.
    """

    thickness_mm: float | None = None
    contrast: str = ""
    kvp: float | None = None
    mas: float | None = None
    echo_ms: float | None = None
    repetition_ms: float | None = None
    inversion_ms: float | None = None
    field_t: float | None = None
    taken: str = ""
    taken_is: Moment = Moment.ACQUIRED
    acquired: str = ""
    tracer: Code | None = None
    """The radiopharmaceutical; value and scheme are empty where only words name it"""


UNKNOWN = Technique()
"""A header that says nothing"""

"""The letterhead of a hospital or reading centre."""

from __future__ import annotations

from dataclasses import dataclass, field

from workstation.domain.template import Text

_NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What heads a report; all but the name may be empty. ``logo_png`` is a PNG file."""

    name: Text
    department: Text = field(default=_NOTHING)
    address: Text = field(default=_NOTHING)
    phone: str = ""
    footer: Text = field(default=_NOTHING)
    logo_png: bytes = b""

"""What showing in real size and taking pictures out of the images work with, joined in bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.grayscale import MonitorCheckPort


@dataclass(frozen=True, slots=True, eq=False)
class PictureServices:
    """The monitors of this machine."""

    checks: MonitorCheckPort

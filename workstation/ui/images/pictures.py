"""What showing in real size and taking pictures out of the images work with, joined in bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.grayscale import MonitorCheckPort
from workstation.services.export_service import SavePictures, StoreCapture

FetchPicture = Callable[[str, str, str, int, int], bytes]
"""From study, series and instance UID, frame from 1 and pixels to an encoded picture; raises WorkstationError."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureServices:
    """The monitors of this machine, and the ways out for pictures."""

    checks: MonitorCheckPort
    save: SavePictures
    store: StoreCapture

"""
The exact numbers of a display beside those that the standard's attributes round.

Ours alone: written into one private element, and believed only where they round to what the standard's
attributes say, so that a state changed by another system shows as that system changed it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds

from workstation.dicom.sr.common import PRIVATE
from workstation.domain.frames import FrameRef
from workstation.domain.image_look import ImageLook

_GROUP: Final = 0x0099
_ELEMENT: Final = 0x01
_BROKEN: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


@dataclass(frozen=True, slots=True)
class ExactLook:
    """Window and camera of one frame without rounding; see ``ImageLook`` for what each number is."""

    window_centre: float
    window_width: float
    window_function: str
    zoom: float
    pan: tuple[float, float]
    rotation_deg: float
    flipped: bool
    viewport: tuple[float, float]

    def fits(self, centre: Any, width: Any) -> bool:  # noqa: ANN401 - pydicom values have no static type
        """Tell whether a window of the standard is this one, rounded; the numbers count, not how they are spelt."""
        return all(
            float(format_number_as_ds(exact)) == float(stored)
            for exact, stored in ((self.window_centre, centre), (self.window_width, width))
        )


def add_exact(ds: Dataset, looks: Iterable[ImageLook]) -> None:
    """Write the exact numbers of every look."""
    kept = {
        f"{look.image.sop_instance_uid} {look.image.frame or 1}": asdict(
            ExactLook(
                look.window_centre, look.window_width, look.window_function, look.zoom, look.pan,
                look.rotation_deg, look.flipped, look.viewport,
            )
        )
        for look in looks
    }  # fmt: skip
    block = ds.private_block(_GROUP, PRIVATE, create=True)
    block.add_new(_ELEMENT, "UT", json.dumps(kept, sort_keys=True, allow_nan=False))


def exact_look(ds: Dataset, frame: FrameRef) -> ExactLook | None:
    """Return the exact numbers for a frame; None in a state of another make or a damaged one."""
    try:
        stored = json.loads(ds.private_block(_GROUP, PRIVATE)[_ELEMENT].value)
        found = stored[f"{frame.sop_instance_uid} {frame.frame_number}"]
        pan, viewport = found["pan"], found["viewport"]
        return ExactLook(
            float(found["window_centre"]), float(found["window_width"]), str(found["window_function"]),
            float(found["zoom"]), (float(pan[0]), float(pan[1])), float(found["rotation_deg"]),
            bool(found["flipped"]), (float(viewport[0]), float(viewport[1])),
        )  # fmt: skip
    except _BROKEN:
        return None

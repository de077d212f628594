"""What a tool asks for; the viewport carries it out and tells the world by signals."""

from __future__ import annotations

from dataclasses import dataclass

from viewers.scene.mpr_plane import MprPlane
from viewers.scene.raster import Window
from workstation.domain.annotation import Annotation
from workstation.domain.geometry import Point
from workstation.domain.image_place import BoxPx


@dataclass(frozen=True, slots=True)
class SetWindow:
    """Show with another window."""

    window: Window


@dataclass(frozen=True, slots=True)
class Pan:
    """Move the image by viewport pixels."""

    dx: float
    dy: float


@dataclass(frozen=True, slots=True)
class Zoom:
    """Magnify about a viewport pixel."""

    factor: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Scroll:
    """Go some slices on."""

    slices: int


@dataclass(frozen=True, slots=True)
class MoveCrosshair:
    """Put the crosshair of all linked views on a patient point."""

    lps_mm: Point


@dataclass(frozen=True, slots=True)
class TurnPlanes:
    """Turn the planes that cut the displayed one; only one of them with ``only``."""

    radians: float
    only: MprPlane | None = None


@dataclass(frozen=True, slots=True)
class ChangeSlab:
    """Make the slab some steps thicker, thinner when negative."""

    steps: int


@dataclass(frozen=True, slots=True)
class TurnVolume:
    """Turn a volume under the hand, in radians to the right and downwards."""

    across: float
    along: float


@dataclass(frozen=True, slots=True)
class AddPathPoint:
    """Lead the path of a curved plane on to a patient point."""

    lps_mm: Point


@dataclass(frozen=True, slots=True)
class FinishPath:
    """Straighten the path drawn so far."""


@dataclass(frozen=True, slots=True)
class AddAnnotation:
    """Keep a finished annotation."""

    annotation: Annotation


@dataclass(frozen=True, slots=True)
class EditAnnotation:
    """Exchange an annotation for its version after a handle was dragged."""

    annotation: Annotation


@dataclass(frozen=True, slots=True)
class AskText:
    """Ask the reader for the words of an annotation before it is kept."""

    annotation: Annotation


@dataclass(frozen=True, slots=True)
class SeedNodule:
    """Measure the nodule at a patient point."""

    lps_mm: Point


@dataclass(frozen=True, slots=True)
class SelectAnnotation:
    """Select an annotation, or none with an empty UID."""

    uid: str


@dataclass(frozen=True, slots=True)
class ClickFinding:
    """The reader clicked a mark."""

    tracking_uid: str


@dataclass(frozen=True, slots=True)
class MoveBox:
    """The reader gave a finding on an image another box, in pixels of the image."""

    tracking_uid: str
    box_px: BoxPx


@dataclass(frozen=True, slots=True)
class OpenMenu:
    """The reader asked for the context menu."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Maximise:
    """Maximise or restore the viewport."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Say why a tool did nothing."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Repaint:
    """Something drawn by the tool itself changed."""


Action = (
    SetWindow
    | Pan
    | Zoom
    | Scroll
    | MoveCrosshair
    | TurnPlanes
    | ChangeSlab
    | TurnVolume
    | AddPathPoint
    | FinishPath
    | AddAnnotation
    | EditAnnotation
    | AskText
    | SeedNodule
    | SelectAnnotation
    | ClickFinding
    | MoveBox
    | OpenMenu
    | Maximise
    | Refuse
    | Repaint
)
Actions = tuple[Action, ...]

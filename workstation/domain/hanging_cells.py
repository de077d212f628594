"""
What one cell of a hanging protocol shows: which images, in which way, with what laid over them.

Terms follow the Hanging Protocol IOD where they have one (PS3.3 C.23.1 to C.23.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.search_pattern import pattern

MAX_MIP_MM = 120.0


class CellView(StrEnum):
    """How a cell shows its images."""

    STACK = "stack"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    MIP = "mip"
    VOLUME = "volume"

    @property
    def is_cut(self) -> bool:
        """Tell whether it is a plane cut from a volume."""
        return self in {CellView.AXIAL, CellView.CORONAL, CellView.SAGITTAL}

    @property
    def is_projected(self) -> bool:
        """Tell whether the whole volume is seen from outside."""
        return self in {CellView.MIP, CellView.VOLUME}


class ChestWall(StrEnum):
    """At which edge of the cell the chest wall of a mammogram lies: back to back, walls meet in the middle."""

    NONE = ""
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class ImageSelector:
    """
    Which images a cell takes; empty values do not ask. ``prior`` 0 is the current study, 1 the newest prior.

    ``description`` is a regular expression searched in Series Description without regard to case; ValueError where it
    is none or could take too long (``search_pattern``).
    """

    modalities: tuple[str, ...] = ()
    laterality: str = ""
    view_position: str = ""
    description: str = ""
    orientation: str = ""
    """``axial``, ``coronal`` or ``sagittal`` acquisition plane."""
    prior: int = 0
    occurrence: int = 0
    """The n-th series that fits, from 0, in series order."""
    stack: int | None = None
    """The n-th stack or clip of that series (``Series.split``), from 0; None for the one on screen, else the first."""
    image: int | None = None
    """The n-th of its images that are made to be looked at, from 0: one view of several in one series. None for all."""

    def __post_init__(self) -> None:
        if self.prior < 0 or self.occurrence < 0 or (self.stack or 0) < 0 or (self.image or 0) < 0:
            raise ValueError("prior, occurrence, stack and image count from 0")
        pattern(self.description)  # raises where it cannot be searched


@dataclass(frozen=True, slots=True)
class CellOverlay:
    """A series of the same study that lies in colours over the images of a cell: PET over CT."""

    selector: ImageSelector
    colour_map: ColourMap = ColourMap.HOT_IRON
    alpha: float = 0.5
    """0 shows the images alone, 1 the overlay alone."""
    suv: ValueScale | None = None
    """Uptake values of the first and the last colour; None for SUV 0 to 5, and where there are no uptake values."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.alpha <= 1.0:
            raise ValueError(f"alpha {self.alpha} is outside 0 to 1")
        if self.selector.prior:
            raise ValueError("an overlay is taken from the study of its cell: its prior is 0")


@dataclass(frozen=True, slots=True)
class Cell:
    """One viewport of a stage."""

    selector: ImageSelector = ImageSelector()
    view: CellView = CellView.STACK
    window_preset: int | None = None
    """Number of the window preset (CLINICAL A3), None for the image's own window."""
    chest_wall: ChestWall = ChestWall.NONE
    mip_mm: float = 0.0
    """Thickness of the maximum intensity projection that a plane shows, 0 for the thin plane."""
    overlay: CellOverlay | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.mip_mm <= MAX_MIP_MM:
            raise ValueError(f"a projection is 0 to {MAX_MIP_MM} mm thick, got {self.mip_mm}")
        if self.overlay is not None and self.view.is_projected:
            raise ValueError("an overlay lies over a stack or a plane, not over a volume seen from outside")

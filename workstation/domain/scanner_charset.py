"""What a site says of scanners that mislabel their text: which character set it really is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CharsetRule:
    """
    Text of this scanner is in ``charset``, a defined term of Specific Character Set (0008,0005).

    Every criterion that is not empty has to be met; ValueError where there is none. ``by`` names the document.
    """

    charset: str
    manufacturer: str = ""
    station_name: str = ""
    institution: str = ""
    by: str = ""

    def __post_init__(self) -> None:
        if not (self.manufacturer or self.station_name or self.institution):
            raise ValueError("a rule names the scanner")

    def meets(self, manufacturer: Sequence[str], station_name: Sequence[str], institution: Sequence[str]) -> bool:
        """Tell whether a scanner is meant; of each attribute every way that it may be read counts."""
        pairs = ((self.manufacturer, manufacturer), (self.station_name, station_name), (self.institution, institution))
        return all(_fold(wanted) in {_fold(one) for one in read} for wanted, read in pairs if wanted)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())

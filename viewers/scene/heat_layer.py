"""Where a network sees something, as a coloured layer; where it sees nothing the image stays as it is."""

from __future__ import annotations

from typing import Final

import numpy as np

from resources.translation import tr
from viewers.scene.colour_bar import Legend
from viewers.scene.fusion import FusedLayer, FusionLook, _number, _Place
from viewers.scene.fusion_cut import OverlayCut
from workstation.domain.colour_map import ColourMap, ValueScale, colour_table, legend_values
from workstation.domain.volume import Volume

LEAST_HEAT: Final = 0.1
_SCALE: Final = ValueScale(0.0, 1.0)
_COLOURS: Final = ValueScale(-0.5, 1.0)  # the map begins with black, which would hide the tissue under faint heat


class HeatLayer(FusedLayer):
    """A heat map with values in [0, 1], red to white; heat below ``LEAST_HEAT`` is not drawn."""

    def __init__(self, volume: Volume, label: str) -> None:
        super().__init__(volume, FusionLook(_COLOURS, ColourMap.HOT_IRON, 0.55), label=label)

    @property
    def kind(self) -> str:
        """Return what the header calls it: no second series lies over the images."""
        return tr("AI explanation")

    def legend(self, count: int = 5) -> Legend:
        """Return the colours from no heat to full heat."""
        entries = self.look.scale.positions(np.linspace(_SCALE.low, _SCALE.high, 256, dtype=np.float32))
        values = tuple(_number(value) for value in legend_values(_SCALE, count))
        return Legend(colour_table(self.look.colour_map)[entries], values, self.label)

    def _overlay(self, place: _Place) -> OverlayCut:
        cut = super()._overlay(place)
        return OverlayCut(cut.values, cut.inside & (cut.values >= LEAST_HEAT))

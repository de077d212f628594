"""Where a network sees something, as a coloured layer; where it sees nothing the image stays as it is."""

from __future__ import annotations

from typing import Final

from viewers.scene.fusion import FusedLayer, FusionLook, _Place
from viewers.scene.fusion_cut import OverlayCut
from workstation.domain.colour_map import ColourMap, ValueScale
from workstation.domain.volume import Volume

LEAST_HEAT: Final = 0.05


class HeatLayer(FusedLayer):
    """A heat map with values in [0, 1]; heat below ``LEAST_HEAT`` is not drawn."""

    def __init__(self, volume: Volume, label: str) -> None:
        super().__init__(volume, FusionLook(ValueScale(0.0, 1.0), ColourMap.HOT_IRON, 0.55), label=label)

    def _overlay(self, place: _Place) -> OverlayCut:
        cut = super()._overlay(place)
        return OverlayCut(cut.values, cut.inside & (cut.values >= LEAST_HEAT))

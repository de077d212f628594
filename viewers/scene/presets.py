"""Window presets behind the keys 0 to 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from resources.translation import tr
from viewers.scene.raster import Window

FULL_DYNAMIC_KEY: Final = "0"
IMAGE_DEFAULT_KEY: Final = "1"


@dataclass(frozen=True, slots=True)
class Preset:
    """A named CT window; ``name`` is a stable English identifier."""

    name: str
    window: Window


CT_PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "2": Preset("lung", Window(centre=-600, width=1500)),
        "3": Preset("mediastinum", Window(centre=40, width=350)),
        "4": Preset("bone", Window(centre=400, width=2000)),
        "5": Preset("brain", Window(centre=40, width=80)),
        "6": Preset("abdomen", Window(centre=40, width=400)),
        "7": Preset("liver", Window(centre=90, width=150)),
        "8": Preset("stroke", Window(centre=40, width=40)),
        "9": Preset("angio", Window(centre=200, width=600)),
    }
)
"""Key to preset; 0 (full dynamic) and 1 (the image's own window) depend on the image."""


def preset_title(name: str) -> str:
    """Return the translated name of a preset."""
    titles = {
        "lung": tr("Lung"),
        "mediastinum": tr("Mediastinum"),
        "bone": tr("Bone"),
        "brain": tr("Brain"),
        "abdomen": tr("Abdomen"),
        "liver": tr("Liver"),
        "stroke": tr("Stroke"),
        "angio": tr("Angio"),
    }
    return titles[name]


def preset_of(window: Window) -> Preset | None:
    """Return the CT preset a window equals, for naming it in the header."""
    return next((preset for preset in CT_PRESETS.values() if preset.window == window), None)

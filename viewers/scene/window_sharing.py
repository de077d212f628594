"""Which window another viewport may take over: only one that means the same values there."""

from __future__ import annotations

from typing import Final

from viewers.scene.raster import Window
from viewers.scene.scene import Scene

_ABSOLUTE: Final = {"CT": frozenset({"HU"}), "PT": frozenset({"BQML"})}
"""
Units in which a value means the same in every series, by modality.

The values of MR, of scintigrams, of ultrasound and of radiographs are each series' own.
"""


def carried(window: Window, source: Scene, target: Scene) -> Window | None:
    """Return the window with which the target shows the same values as the source, None where there is none."""
    if source.modality != target.modality:
        return None
    if source.series_instance_uid and source.stack_key == target.stack_key:
        return window
    if source.uptake is not None and target.uptake is not None:
        # body weight and lean body mass give other numbers for the same tissue
        return source.uptake.carried(window, target.uptake) if source.uptake.label == target.uptake.label else None
    if source.uptake is not None or target.uptake is not None:
        return None
    units = {source.value_unit, target.value_unit}
    return window if len(units) == 1 and units <= _ABSOLUTE.get(source.modality, frozenset()) else None

"""How a reader sees the frames of a stack, as values that outlive the viewport."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from viewers.scene import own_windows
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.raster import VoiLut, Window
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.dicom.images.lookup import LookupTable
from workstation.domain.image_look import DisplayTable, ImageLook
from workstation.domain.key_image import KeyImage

_TABLES_KEPT: Final = 16


def seen_voi(scene: StackScene, source: SliceImage) -> Window | VoiLut:
    """Return the window under which a reader sees an image of a stack: of a PET that of its uptake values."""
    chosen, uptake = scene.own_state.voi, scene.uptake
    if source.is_color:
        return source.default_voi
    if uptake is None:
        number = scene.own_state.own
        own = None if number is None else own_windows.chosen(source.choices, number)
        return chosen or (source.default_voi if own is None else own.voi)
    return uptake.displayed(uptake.first_window if chosen is None else chosen, source)


def look_of(scene: StackScene, index: int, image: KeyImage, viewport: Size) -> ImageLook | None:
    """
    Return how the reader sees a frame of a stack in a viewport; a presentation state in force does not count.

    None while its pixels are not here, and under a bitmap shutter, whose bits no look holds.
    """
    source, state = scene.image(index), scene.own_state
    if source is None or (source.visible is not None and not source.shutter):
        return None
    voi = seen_voi(scene, source)
    window = voi if isinstance(voi, Window) else _span(voi)
    slope, intercept = source.rescale or (1.0, 0.0)
    camera = state.camera
    view = SliceView((source.columns, source.rows), viewport, camera, source.plane, source.aspect)
    return ImageLook(
        image=image,
        window_centre=float(window.centre),
        window_width=float(window.width),
        window_function=window.function.value,
        inverse=not source.is_color and source.monochrome1 != state.inverted,
        slope=slope,
        intercept=intercept,
        unit=source.unit,
        zoom=camera.zoom,
        pan=camera.pan,
        rotation_deg=camera.rotation_deg,
        flipped=camera.flipped,
        viewport=viewport,
        top_left=view.inverse.apply(0.0, 0.0),
        bottom_right=view.inverse.apply(*viewport),
        pixel_size=view.pixel_size,
        is_spaced=source.plane is not None,
        shutter=source.shutter,
        shutter_gray=source.shutter_gray,
        modality_table=_modality(source),
        voi_table=_voi_table(voi) if isinstance(voi, VoiLut) else None,
        is_colour=source.is_color,
        overlay_groups=source.overlay_groups,
    )


def _span(table: VoiLut) -> Window:
    """Return the values that a table tells apart, as a window."""
    count = len(table.entries)
    return Window(table.first_value + count / 2, count)  # a table of the image itself: its steps are whole


def _modality(source: SliceImage) -> DisplayTable | None:
    return None if source.is_color or source.modality_table is None else _modality_table(source.modality_table)


@lru_cache(maxsize=_TABLES_KEPT)
def _modality_table(table: LookupTable) -> DisplayTable:
    return DisplayTable.of(table.first, table.bits, table.values)


@lru_cache(maxsize=_TABLES_KEPT)
def _voi_table(table: VoiLut) -> DisplayTable:
    return DisplayTable.of(int(table.first_value), table.bits, table.entries)

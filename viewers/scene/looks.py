"""How a reader sees the frames of a stack, as values that outlive the viewport."""

from __future__ import annotations

from viewers.scene.raster import Window
from viewers.scene.scene import Size
from viewers.scene.slice_view import SliceView
from viewers.scene.stack_scene import StackScene
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage


def look_of(scene: StackScene, index: int, image: KeyImage, viewport: Size) -> ImageLook | None:
    """
    Return how the reader sees a frame of a stack in a viewport; a presentation state in force does not count.

    None while its pixels are not here, and for what no grayscale presentation state can say: colour, a VOI LUT
    or a modality LUT in force.
    """
    source, state = scene.image(index), scene.own_state
    if source is None or source.is_color or source.rescale is None:
        return None
    window = source.default_voi if state.voi is None else state.voi
    if not isinstance(window, Window):
        return None
    camera = state.camera
    view = SliceView((source.columns, source.rows), viewport, camera, source.plane, source.aspect)
    return ImageLook(
        image=image,
        window_centre=float(window.centre),
        window_width=float(window.width),
        window_function=window.function.value,
        inverse=source.monochrome1 != state.inverted,
        slope=source.rescale[0],
        intercept=source.rescale[1],
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
    )

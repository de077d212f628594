"""The volume of a stack that stands beside the series on screen: made once something is measured in it in space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.ports import JobContext
from workstation.domain.volume import Volume
from workstation.services.image_service import PlacedSlice, build_volume
from workstation.ui.images.shown_series import ShownSeries

MOST_BYTES: Final = 1024 << 20
"""Pixels of a stack that is made a volume beside the one of the series on screen"""


def take_shown(scene: Scene, shown: ShownSeries | None) -> None:
    """Give another stack of the same images the volume of the series on screen, once it has one."""
    if shown is None or shown.built is None or scene is shown.scene or not isinstance(scene, StackScene):
        return
    if scene.measured_volume is None and _frames(scene) == _frames(shown.scene):
        scene.measured_volume = shown.built.volume


def building(scene: Scene) -> Callable[[JobContext], Volume] | None:
    """
    Return what builds the volume of a stack off the main thread.

    None until every slice is here, for a PET (its uptake values come with its planes) and beyond ``MOST_BYTES``.
    The work raises what ``build_volume`` raises for images that make no volume.
    """
    if not isinstance(scene, StackScene) or scene.modality == "PT" or len(scene.arrived) < scene.count:
        return None
    images = [image for n in range(scene.count) if (image := scene.image(n)) is not None]
    if len(images) < 2 or sum(image.pixels.nbytes for image in images) > MOST_BYTES:
        return None
    slices = [PlacedSlice(image.pixels, image.plane, image.padding) for image in images]
    series, frame, unit = scene.series_instance_uid, scene.frame_of_reference_uid, images[0].unit
    number = scene.stack_number

    def build(job: JobContext) -> Volume:
        built = build_volume(
            slices,
            frame_of_reference_uid=frame,
            series_instance_uid=series,
            unit=unit,
            stack_number=number,
            job=job,
        )
        return built.volume

    return build


def _frames(scene: StackScene) -> frozenset[object]:
    return frozenset(scene.ref(index) for index in range(scene.count))

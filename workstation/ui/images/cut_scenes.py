"""Planes and volumes made of a series: they look and say what its stack looks and says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from viewers.scene.image import SliceImage
from viewers.scene.mpr_plane import MprPlane
from viewers.scene.mpr_scene import MprScene, Reslicer
from viewers.scene.oblique import PlaneSet
from viewers.scene.picture_doubts import MadeOf
from viewers.scene.raster import VoiLut, Window
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.volume import Volume
from workstation.ui.images.series_doubts import any_burned_in, worst_loss, worst_method


def look_of(images: Collection[SliceImage]) -> tuple[Window | VoiLut | None, bool]:
    """Return the window of the middle image and whether it is MONOCHROME1, for what is made of the volume."""
    if not images:
        return None, False
    middle = list(images)[len(images) // 2]
    return middle.default_voi, middle.monochrome1


def on_voxels(image: SliceImage, volume: Volume, layer: int) -> SliceImage | None:
    """
    Return an image that shows the volume's own voxels, so that one copy is in memory; None where the types differ.

    Its padding has the volume's value then.
    """
    if image.pixels.dtype != volume.voxels.dtype:
        return None
    return replace(image, pixels=volume.voxels[layer], padding=volume.padding or image.padding)


def plane_scene(
    volume: Volume,
    plane: MprPlane,
    stack: StackScene,
    images: Collection[SliceImage],
    *,
    reslicer: Reslicer,
    planes: PlaneSet,
) -> MprScene:
    """Return one plane of a series; ``images`` are those that the volume was made of."""
    default_voi, monochrome1 = look_of(images)
    scene = MprScene(
        volume,
        plane,
        annotations=stack.annotations,
        new_uid=stack.new_uid,
        modality=stack.modality,
        captions=stack.captions,
        reslicer=reslicer,
        planes=planes,
        default_voi=default_voi,
        monochrome1=monochrome1,
    )
    take_over(scene, stack, images)
    scene.state = replace(scene.state, voi=stack.own_state.voi, inverted=stack.own_state.inverted)
    return scene


def volume_scene(volume: Volume, stack: StackScene, images: Collection[SliceImage]) -> VolumeScene:
    """Return a series seen from outside."""
    scene = VolumeScene(
        volume,
        annotations=stack.annotations,
        new_uid=stack.new_uid,
        modality=stack.modality,
        captions=stack.captions,
    )
    take_over(scene, stack, images)
    return scene


def take_over(scene: Scene, stack: StackScene, images: Collection[SliceImage]) -> None:
    """Let what is made of a series say whose it is and what its images lost."""
    scene.identity = stack.identity
    scene.made_of = MadeOf(worst_loss(images), worst_method(images), any_burned_in(images))

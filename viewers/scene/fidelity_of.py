"""How true the picture of a scene is: what the chip of its viewport says."""

from __future__ import annotations

from viewers.scene.curved_scene import CurvedScene
from viewers.scene.fidelity import Fidelity, FidelityKind
from viewers.scene.mpr_scene import MprScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene


def fidelity_of(scene: Scene | None, *, is_settled: bool = True, is_empty: bool = False) -> Fidelity:
    """
    Return the fidelity of what a scene shows now, of a stack that of the displayed image.

    ``is_settled`` is False while the surface shows a coarse picture, ``is_empty`` tells that its rendering of a volume
    came out black: that is no whole picture of a body. Lost detail never comes back and is told before
    anything else, also of what was computed from lossy images; only of an image that nothing checked yet it is told
    first that it is not all here.
    """
    if isinstance(scene, StackScene):
        return _of_stack(scene)
    if scene is None:
        return Fidelity()
    if not is_settled:
        return Fidelity(FidelityKind.IMPROVING)
    if scene.made_of.lossy_ratio is not None:
        return _lossy(scene.made_of.lossy_ratio, scene.made_of.lossy_method)
    if is_empty and isinstance(scene, VolumeScene):
        return Fidelity(FidelityKind.EMPTY)
    return Fidelity(_made_of(scene))


def _made_of(scene: Scene) -> FidelityKind:
    """Return what a picture is made of; every plane says it, so that none looks as if it had been forgotten."""
    if not isinstance(scene, MprScene):
        return FidelityKind.INTERPOLATED if isinstance(scene, CurvedScene) else FidelityKind.NEVER_LOSSY
    if scene.is_interpolated:
        return FidelityKind.INTERPOLATED
    return FidelityKind.ORIGINAL if scene.is_acquired else FidelityKind.REFORMATTED


def _of_stack(scene: StackScene) -> Fidelity:
    image, here = scene.image(scene.index), len(scene.arrived)
    if scene.is_early:
        return Fidelity(FidelityKind.PARTIAL, percent=100 * here // scene.count)
    if image is not None and image.lossy_ratio is not None:
        return _lossy(image.lossy_ratio, image.lossy_method)
    # of a long clip frames come and go: what is on screen is whole
    if scene.is_on_demand or here >= scene.count:
        return Fidelity()
    return Fidelity(FidelityKind.PARTIAL, percent=100 * here // scene.count)


def _lossy(ratio: float, method: str) -> Fidelity:
    return Fidelity(FidelityKind.LOSSY_FINAL, ratio=ratio or None, method=method)

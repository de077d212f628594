"""What keys do on planes and on volumes, beside what they do everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from viewers.scene.camera import Camera
from viewers.scene.keys import Command
from viewers.scene.mpr_scene import MprScene
from viewers.scene.path_draft import PathDraft
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene
from viewers.scene.volume_view import VolumeView

TURNS: Final = frozenset({Command.TURN_RIGHT, Command.TURN_LEFT, Command.MIRROR_SIDEWAYS, Command.MIRROR_UPRIGHT})
"""What turns or mirrors a picture; a rendered volume is turned by the mouse and never mirrored"""


def own_commands(scene: Scene) -> dict[Command, Callable[[], object]]:
    """Return the commands that a kind of scene understands in its own way."""
    if isinstance(scene, MprScene):
        return _plane_commands(scene) | _turn_commands(scene)
    if isinstance(scene, VolumeScene):
        return _volume_commands(scene)
    return _turn_commands(scene) if isinstance(scene, StackScene) else {}


def _turn_commands(scene: Scene) -> dict[Command, Callable[[], object]]:
    """Return turns and mirrorings; the letters of the sides follow the displayed matrix."""

    def by(change: Callable[[Camera], Camera]) -> Callable[[], object]:
        return lambda: scene.set_camera(change(scene.state.camera))

    return {
        Command.TURN_RIGHT: by(lambda camera: camera.rotated(90)),
        Command.TURN_LEFT: by(lambda camera: camera.rotated(-90)),
        Command.MIRROR_SIDEWAYS: by(Camera.flipped_horizontally),
        Command.MIRROR_UPRIGHT: by(Camera.flipped_vertically),
    }


def _plane_commands(scene: MprScene) -> dict[Command, Callable[[], object]]:
    planes = scene.planes
    drawing: dict[Command, Callable[[], object]] = {
        Command.CANCEL: lambda: planes.set_path(PathDraft()),
        Command.DELETE: lambda: planes.set_path(planes.path.without_last()),
    }
    own: dict[Command, Callable[[], object]] = {
        Command.RESET: scene.reset,
        Command.UPRIGHT_PLANES: scene.stand_upright,
        Command.PROJECTION: lambda: scene.set_slab(scene.slab.following()),
        Command.SLAB_THINNER: lambda: scene.set_slab(scene.slab.thicker(-1)),
        Command.SLAB_THICKER: lambda: scene.set_slab(scene.slab.thicker()),
    }
    return own | drawing if planes.path.drawing else own | {Command.CURVE: scene.begin_path}


CUTS: Final[Mapping[Command, Callable[[VolumeScene], str]]] = MappingProxyType({
    Command.CUT_ADD: VolumeScene.add_plane,
    Command.CUT_FLIP: VolumeScene.flip_plane,
    Command.CUT_NEXT: VolumeScene.next_plane,
    Command.CUT_REMOVE: VolumeScene.remove_plane,
})  # fmt: skip
"""What several cut planes of a volume need; each returns in words why it did nothing, empty when it did"""


def _volume_commands(scene: VolumeScene) -> dict[Command, Callable[[], object]]:
    return {
        Command.RESET: scene.reset,
        Command.UPRIGHT_PLANES: lambda: scene.look(VolumeView()),
        Command.PROJECTION: scene.next_preset,
        Command.SLAB_THINNER: lambda: scene.move_threshold(-1),
        Command.SLAB_THICKER: lambda: scene.move_threshold(1),
        Command.SCISSORS: lambda: scene.hold_scissors(held=not scene.scissoring),
        Command.CANCEL: lambda: scene.hold_scissors(held=False),
        Command.DELETE: scene.undo_cut,
    }

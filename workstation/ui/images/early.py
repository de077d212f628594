"""Images that are seen before anything checked them: looked at, but kept nowhere."""

from __future__ import annotations

from resources.translation import tr
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene


def early_refusal(scene: Scene | None) -> str:
    """Return why what a scene shows is not kept as a picture or key image yet, empty where it may be."""
    is_early = isinstance(scene, StackScene) and scene.is_early
    return tr("This image is not checked yet. Wait until the whole object is here.") if is_early else ""

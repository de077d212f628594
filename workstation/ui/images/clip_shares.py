"""What the clips on screen may hold decoded together, and what each of them may."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from viewers.scene.stack_scene import StackScene
from workstation.domain.frames import DECODED_BYTES
from workstation.ui.slice_feed import SliceFeed


@dataclass(slots=True)
class _Clip:
    """A clip on screen. ``needed`` is the size of all its frames, infinite until one is here."""

    feed: SliceFeed
    needed: float = inf
    held: int = DECODED_BYTES


class ClipShares:
    """
    Divides one bound among the clips on screen: a short one takes what it needs, long ones share the rest evenly.

    Frames that a clip lets go are decoded again when they are needed. Main thread only.
    """

    def __init__(self, decoded_bytes: int = DECODED_BYTES) -> None:
        self._bytes = decoded_bytes
        self._clips: dict[StackScene, _Clip] = {}

    def join(self, scene: StackScene, feed: SliceFeed) -> None:
        """Count a clip in, once its feed has begun; one that is here without a stream keeps all it has."""
        self._clips[scene] = _Clip(feed, _size(scene))
        self._divide()

    def leave(self, *scenes: StackScene) -> None:
        """Count clips out that are no longer on screen; the others get their shares."""
        for scene in scenes:
            if self._clips.pop(scene, None) is not None:
                scene.hold(DECODED_BYTES)
        self._divide()

    def learn(self, scene: StackScene) -> None:
        """Take notice of images that arrived: they tell how much a clip needs."""
        clip = self._clips.get(scene)
        if clip is not None and clip.needed == inf and scene.arrived:
            clip.needed = _size(scene)
            self._divide()

    def _divide(self) -> None:
        left = self._bytes
        rising = sorted(self._clips.items(), key=lambda one: one[1].needed)
        for at, (scene, clip) in enumerate(rising):
            share = max(0, left) // (len(rising) - at)
            if share != clip.held and clip.feed.hold(share):
                clip.held = share
                scene.hold(share)
            left -= int(min(clip.needed, clip.held))


def _size(scene: StackScene) -> float:
    """Return how much all frames of a clip take, as far as one of them tells."""
    first = next((image for n in scene.arrived if (image := scene.image(n)) is not None), None)
    return inf if first is None else first.pixels.nbytes * scene.count

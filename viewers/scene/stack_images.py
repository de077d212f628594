"""The pixels of a stack as far as they are here: whole, early, or failed."""

from __future__ import annotations

from viewers.scene.image import SliceImage
from workstation.domain.frames import DECODED_BYTES, frames_kept, is_kept


class StackImages:
    """
    Images by their place in the stack; with ``on_demand`` a bounded number of them near the one on screen.

    An early image was checked by nothing yet. It is only looked at: ``whole`` never has it.
    """

    def __init__(self, count: int, *, on_demand: bool) -> None:
        self._count, self._on_demand = count, on_demand
        self.whole: dict[int, SliceImage] = {}
        self.failed: dict[int, str] = {}
        self._early: dict[int, SliceImage] = {}
        self._bytes = DECODED_BYTES

    def put(self, index: int, image: SliceImage, focus: int) -> None:
        """Add an image while ``focus`` is on screen; an early one never stands before a whole one."""
        self.failed.pop(index, None)
        if image.is_early:
            if index not in self.whole:
                self._early[index] = image
            return
        self._early.pop(index, None)
        self.whole[index] = image
        self._forget_beyond_bounds(focus)

    def fail(self, index: int, text: str) -> None:
        """Keep why an image cannot be shown, and nothing of what was here of it."""
        self.drop(index)
        self.failed[index] = text

    def drop(self, index: int) -> None:
        """Forget the pixels of one image."""
        self.whole.pop(index, None)
        self._early.pop(index, None)

    def hold(self, decoded_bytes: int, focus: int) -> None:
        """Hold no more than this of frames that come on demand; the stream must be told the same."""
        self._bytes = decoded_bytes
        self._forget_beyond_bounds(focus)

    def shown(self, index: int) -> SliceImage | None:
        """Return what can be looked at, whole or early."""
        return self.whole.get(index) or self._early.get(index)

    def is_early(self, index: int) -> bool:
        """Tell whether only an unchecked image is here."""
        return index in self._early

    def _forget_beyond_bounds(self, focus: int) -> None:
        """Drop frames by the rule by which the stream sends them again."""
        if not self._on_demand or not self.whole:
            return
        kept = frames_kept(next(reversed(self.whole.values())).pixels.nbytes, self._bytes)
        if len(self.whole) > kept:
            for far in [one for one in self.whole if not is_kept(one, focus, self._count, kept)]:
                self.drop(far)

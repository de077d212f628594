"""The pictures of a film, taken one by one from the viewport that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from viewers.qt.viewport import ViewportFrame
from viewers.scene.captions import Identity
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from workstation.domain.frames import Cine

_MOST_BYTES: Final = 256 << 20
"""Of a film in memory; a longer one gets smaller pictures"""
_MS_PER_SLICE: Final = 100.0
_LOOK_MS: Final = 5

Pictures = list[npt.NDArray[np.uint8]]


def film_places(scene: StackScene) -> tuple[range, tuple[float, ...], bool]:
    """Return which places of a stack play, how long each of them stands (ms), and whether they play there and back."""
    cine: Cine | None = scene.cine
    if cine is None or len(cine.intervals_ms) != scene.count:
        return range(scene.count), (_MS_PER_SLICE,) * scene.count, False
    first, last = cine.trim or (0, scene.count - 1)
    return range(first, last + 1), cine.intervals_ms[first : last + 1], cine.sweeps


def captured(
    frame: ViewportFrame, scene: Scene, identity: Identity, into: Pictures, places: Sequence[int]
) -> Iterator[None]:
    """
    Take one picture in each step; between the steps the viewport shows what the reader chose.

    It ends early where the viewport shows something else, and after the first picture of another size.
    """
    for n in places:
        if frame.scene is not scene:
            return
        index = scene.index
        try:
            if n != index:
                scene.scroll_to(n)
            into.append(_picture(frame, scene, identity, len(places)))
        finally:
            if n != index:
                scene.scroll_to(index)
        if are_of_two_sizes(into):
            return
        yield


def are_of_two_sizes(pictures: Pictures) -> bool:
    """Tell whether the viewport got another size before the last of the pictures: they are no film then."""
    return bool(pictures) and pictures[-1].shape != pictures[0].shape


def walked(
    frame: ViewportFrame, scene: StackScene, identity: Identity, into: Pictures, places: Sequence[int]
) -> Iterator[None]:
    """
    Take one picture after another of a clip that is too long to be here at a time: the viewport runs through it.

    A step does nothing while a frame is on its way. It ends early where the viewport shows something else, a hand
    moves the clip, or a frame cannot be shown, and after the first picture of another size.
    """
    home = scene.index
    try:
        for n in places:
            frame.scroll_to(n)
            while scene.image(n) is None:
                yield
                if frame.scene is not scene or scene.index != n or _has_failed(scene):
                    return
            into.append(_picture(frame, scene, identity, len(places)))
            if are_of_two_sizes(into):
                break
            yield
            if frame.scene is not scene or scene.index != n:
                return
        frame.scroll_to(home)
    finally:
        if frame.scene is not scene:
            scene.scroll_to(home)


def _has_failed(scene: StackScene) -> bool:
    return scene.image(scene.index) is None and scene.fetching is None


class PacedSteps(QObject):
    """Runs a generator that waits for others on the main thread, a step every few milliseconds."""

    finished = Signal()
    """The last step is done; not emitted after ``stop``."""

    def __init__(self, steps: Iterator[None], parent: QObject) -> None:
        super().__init__(parent)
        self._steps = steps
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._step)

    def start(self) -> None:
        """Begin with the next turn."""
        self._timer.start()

    def stop(self) -> None:
        """Leave the rest undone."""
        self._timer.stop()

    def _step(self) -> None:
        try:
            next(self._steps)
        except StopIteration:
            self.stop()
            self.finished.emit()


def _picture(frame: ViewportFrame, scene: Scene, identity: Identity, count: int) -> npt.NDArray[np.uint8]:
    kept = scene.identity
    scene.identity = identity
    try:
        picture = frame.canvas.grab().toImage()
    finally:
        scene.identity = kept
    size = picture.width() * picture.height() * 3 * count
    if size > _MOST_BYTES:
        width = max(1, int(picture.width() * (_MOST_BYTES / size) ** 0.5))
        picture = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
    return _rgb(picture)


def _rgb(picture: QImage) -> npt.NDArray[np.uint8]:
    plain = picture.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(plain.constBits(), dtype=np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return lines[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()

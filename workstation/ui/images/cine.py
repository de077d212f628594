"""
Plays the clips on screen, each at the speed that it names: the active cell by key C, every clip by Shift+C.

A clip stops when a hand moves it, when its cell shows something else, and when its cell is no longer seen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

from resources.translation import tr
from viewers.scene.cine import CinePlayer
from viewers.scene.note_scene import NoteScene
from viewers.scene.scene import Scene
from viewers.scene.stack_scene import StackScene
from viewers.scene.volume_scene import VolumeScene
from workstation.domain.frames import Cine
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext

_TICK_MS: Final = 8


@dataclass(slots=True, eq=False)
class _Playing:
    """A running clip: the scene it was begun with and the place it was left at."""

    scene: Scene
    player: CinePlayer
    place: int


class CinePlayback(QObject):
    """Moves the stacks of any viewports through their frames."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._playing: dict[str, _Playing] = {}
        self._offered: set[str] = set()
        """The viewports whose button is ours already"""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        area, commands = tr("Images"), self._page.view_commands
        commands.of_images(Command("view.cine", tr("Play or stop"), "play", "C", self.toggle, area, checkable=True))
        action = commands.of_images(
            Command("view.cine_all", tr("Play or stop every clip"), "film", "Shift+C", self.toggle_all, area)
        )
        self._page.header.menu.addAction(action)
        grid = self._page.grid
        grid.layout_changed.connect(lambda _layout: self._show())
        grid.activated.connect(lambda _key: self._show_state())
        self._images.series_shown.connect(lambda _shown: self._show())
        self._images.case_closed.connect(self._closed)

    @property
    def playing(self) -> frozenset[str]:
        """Return the viewports whose clips run."""
        return frozenset(self._playing)

    def toggle(self, key: str = "") -> None:
        """Play what a viewport shows, the active one's by default, or stop it."""
        grid = self._page.grid
        key = key or next((one for one in grid.visible_keys() if grid.frame(one) is grid.active), "")
        if key in self._playing:
            self._stop(key)
        elif not self._play(key):
            self._page.toast.emit(tr("One image alone cannot be played."))
        self._show()

    def toggle_all(self) -> None:
        """Play every clip on screen, or stop all that run."""
        clips = [key for key in self._page.grid.visible_keys() if self._clip(key)]
        if self._playing:
            for key in list(self._playing):
                self._stop(key)
        elif not clips:
            self._page.toast.emit(tr("No clip is on screen."))
        else:
            for key in clips:
                self._play(key)
        self._show()

    def _play(self, key: str) -> bool:
        scene = self._page.grid.frame(key).scene if key else None
        if scene is None or isinstance(scene, NoteScene | VolumeScene) or scene.count < 2:
            return False
        player = CinePlayer(scene.cine if isinstance(scene, StackScene) else None, scene.count)
        player.start(_now_ms(), scene.index)
        self._playing[key] = _Playing(scene, player, scene.index)
        self._timer.start()
        return True

    def _stop(self, key: str) -> None:
        self._playing.pop(key, None)
        if not self._playing:
            self._timer.stop()

    def _closed(self) -> None:
        self._playing.clear()
        self._timer.stop()
        self._show()

    def _tick(self) -> None:
        grid = self._page.grid
        seen, changed = grid.visible_keys(), False
        for key, one in list(self._playing.items()):
            frame, scene = grid.frame(key), one.scene
            if key not in seen or frame.scene is not scene or scene.index != one.place:
                self._stop(key)
                changed = True
                continue
            place = one.player.tick(_now_ms(), partial(_is_here, scene))
            if place != one.place:
                one.place = place
                frame.scroll_to(place)
                changed = True
        if changed:
            self._show()

    # what the viewports say

    def _clip(self, key: str) -> bool:
        scene = self._page.grid.frame(key).scene
        return isinstance(scene, StackScene) and scene.cine is not None and scene.count > 1

    def _show(self) -> None:
        """Give each viewport its button and its speed in words."""
        grid = self._page.grid
        for key in grid.visible_keys():
            header = grid.frame(key).header
            if key not in self._offered:
                self._offered.add(key)
                header.play_clicked.connect(partial(self.toggle, key))
            scene, one = grid.frame(key).scene, self._playing.get(key)
            is_clip, words = self._clip(key), ""
            if one is not None and one.scene is scene:
                words = _words(one.player.speed, one.player.cine)
            elif is_clip and isinstance(scene, StackScene) and scene.cine is not None:
                words = _words(scene.cine.frames_per_second, scene.cine)
            header.show_cine(one is not None if is_clip or one is not None else None, words)
        self._show_state()

    def _show_state(self) -> None:
        grid = self._page.grid
        is_playing = any(grid.frame(key) is grid.active for key in self._playing)
        self._page.view_commands.action("view.cine").setChecked(is_playing)


def _words(speed: float, cine: Cine) -> str:
    """Return the speed, and which frames play where its maker left some out."""
    told = tr("{rate} frames/s", rate=f"{speed:.0f}")
    return told if cine.trim is None else f"{told} · {cine.trim[0] + 1}–{cine.trim[1] + 1}"


def _is_here(scene: Scene, index: int) -> bool:
    return not isinstance(scene, StackScene) or scene.image(index) is not None


def _now_ms() -> float:
    return time.monotonic() * 1000

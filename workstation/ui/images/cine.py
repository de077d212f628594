"""Plays the clip on screen: key C, a button on the viewport's strip, at the speed that the clip names."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer

from resources.translation import tr
from viewers.scene.cine import CinePlayer
from workstation.ui.commands import Command
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.shown_series import ShownSeries
from workstation.ui.widgets.tiling import STACK

_TICK_MS: Final = 8


class CinePlayback(QObject):
    """Moves the stack through its frames; scrolling by hand or another series stops it."""

    def __init__(self, context: FeatureContext) -> None:
        super().__init__(context.page)
        self._page, self._images = context.page, context.images
        self._player: CinePlayer | None = None
        self._shown: ShownSeries | None = None
        self._place = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._page.view_commands.of_images(
            Command("view.cine", tr("Play or stop"), "play", "C", self.toggle, tr("Images"), checkable=True)
        )
        self._page.grid.frame(STACK).header.play_clicked.connect(self.toggle)
        self._images.series_shown.connect(self._series_shown)
        self._images.case_closed.connect(self._closed)

    @property
    def is_playing(self) -> bool:
        """Tell whether a film runs."""
        return self._player is not None and self._player.is_playing

    def toggle(self) -> None:
        """Play the stack on screen, or stop."""
        player, shown = self._player, self._shown
        if player is None or shown is None:
            self._page.toast.emit(tr("One image alone cannot be played."))
        elif player.is_playing:
            self._stop()
        else:
            self._place = shown.scene.index
            player.start(_now_ms(), self._place)
            self._timer.start()
        self._show()

    def _series_shown(self, shown: ShownSeries) -> None:
        self._stop()
        self._shown = shown
        cine = next((stack.cine for stack in shown.series.stacks if stack.cine is not None), None)
        self._player = CinePlayer(cine, shown.scene.count) if shown.scene.count > 1 else None
        self._show()

    def _closed(self) -> None:
        self._stop()
        self._player = self._shown = None
        self._show()

    def _stop(self) -> None:
        self._timer.stop()
        if self._player is not None:
            self._player.stop()

    def _tick(self) -> None:
        player, shown = self._player, self._shown
        if player is None or shown is None:
            return
        scene = shown.scene
        if scene.index != self._place:
            self._stop()  # the hand is on the wheel
            self._show()
            return
        place = player.tick(_now_ms(), lambda index: scene.image(index) is not None)
        if place != self._place:
            self._place = place
            self._page.grid.frame(STACK).scroll_to(place)
            self._show()

    def _show(self) -> None:
        player, shown = self._player, self._shown
        is_film = player is not None and shown is not None and any(one.cine is not None for one in shown.series.stacks)
        playing = self.is_playing
        words = ""
        if player is not None and (is_film or playing):
            rate = player.frames_per_second if playing and player.frames_per_second else player.cine.frames_per_second
            words = tr("{rate} frames/s", rate=f"{rate:.0f}")
        self._page.grid.frame(STACK).header.show_cine(playing if is_film or playing else None, words)
        self._page.view_commands.action("view.cine").setChecked(playing)


def _now_ms() -> float:
    return time.monotonic() * 1000

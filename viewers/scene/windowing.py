"""Which window or VOI LUT a picture is shown with, what it offers instead, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewers.scene import own_windows
from viewers.scene.image import SliceImage, VoiChoice
from viewers.scene.presets import CT_PRESETS, IMAGE_DEFAULT_KEY
from viewers.scene.raster import VoiFunction, VoiLut, Window
from viewers.scene.uptake import Uptake
from viewers.scene.view_state import ViewState
from viewers.scene.viewtext import window_text


@dataclass(frozen=True, slots=True)
class Windowing:
    """
    The windows of one picture; ``image`` is None where it is a plane or a rendering.

    ``first`` returns what is shown before anybody chose. ``raw_unit`` stands behind a window of values that are no
    uptake yet; ``takes_ct_windows`` tells whether the windows of CT show here what they are named after.
    """

    state: ViewState
    image: SliceImage | None
    uptake: Uptake | None
    takes_ct_windows: bool
    raw_unit: str
    first: Callable[[], Window | VoiLut]

    @property
    def voi(self) -> Window | VoiLut:
        """Return the window (or VOI LUT) in force."""
        if self.state.voi is not None:
            return self.state.voi
        own = self.own_choice if self.state.own is not None else None
        return self.first() if own is None else own.voi

    @property
    def window(self) -> Window:
        """Return the window to start a change from; a VOI LUT counts as its input span."""
        current = self.voi
        if isinstance(current, Window):
            return current
        span = len(current.entries) * current.step
        # LINEAR takes a whole unit from its width, of which values that lie closer may have none
        function = VoiFunction.LINEAR if current.step >= 1 else VoiFunction.LINEAR_EXACT
        return Window(current.first_value + span / 2, span, function)

    @property
    def own_choices(self) -> tuple[VoiChoice, ...]:
        """Return the windows and VOI LUTs that the displayed image brings; none where values are told in SUV."""
        return self.image.choices if self.image is not None and self.uptake is None else ()

    @property
    def own_choice(self) -> VoiChoice | None:
        """Return the image's own window that is in force, None where another one is."""
        return own_windows.chosen(self.own_choices, self.state.own) if self.state.voi is None else None

    @property
    def own_words(self) -> str:
        """Return the maker's words for the window in force; empty where the image leaves no choice: they say little."""
        own = self.own_choice
        return own.explanation if own is not None and len(self.own_choices) > 1 else ""

    @property
    def following_own(self) -> int | None:
        """Return the number, from 0, of the image's window that comes next; None where it brings none."""
        if not self.own_choices:
            return None
        return own_windows.following(self.own_choices, self.state.own, is_own=self.state.voi is None)

    def preset(self, key: str) -> Window | None:
        """Return the window behind a digit key; CT presets exist for CT in Hounsfield units only."""
        if key == IMAGE_DEFAULT_KEY:
            default = self.first()
            return default if isinstance(default, Window) else None
        if self.uptake is not None:
            return self.uptake.preset(key)
        preset = CT_PRESETS.get(key) if self.takes_ct_windows else None
        return preset.window if preset is not None else None

    @property
    def words(self) -> str:
        """Return the window in force as the corner of the viewport says it."""
        voi = self.voi
        if self.own_words:
            return f"{window_text(voi)} · {self.own_words}"
        is_linear = isinstance(voi, Window) and voi.function is not VoiFunction.SIGMOID
        if self.uptake is not None and is_linear:
            return self.uptake.words(self.window)
        return f"{window_text(voi)}{self.raw_unit}"

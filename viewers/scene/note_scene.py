"""A viewport that has nothing to show and says why."""

from __future__ import annotations

from viewers.scene.annotations import Annotations
from viewers.scene.captions import ViewCaptions
from viewers.scene.frame import Size
from viewers.scene.image import SliceImage
from viewers.scene.raster import Window
from viewers.scene.scene import Scene
from viewers.scene.slice_view import SliceView
from workstation.domain.geometry import Point


class NoteScene(Scene):
    """Black with one sentence; it is linked with nothing and nothing can be measured on it."""

    def __init__(self, text: str) -> None:
        super().__init__(annotations=Annotations(""), new_uid=str, modality="")
        self.text = text

    @property
    def count(self) -> int:
        """Return one: there is nothing to scroll."""
        return 1

    @property
    def index(self) -> int:
        """Return the only place."""
        return 0

    @property
    def slice_step_mm(self) -> float:
        """Return a distance nobody asks for."""
        return 1.0

    def scroll_to(self, index: int) -> bool:  # noqa: ARG002 - there is one place only
        """Stay."""
        return False

    def show_point(self, lps_mm: Point) -> None:
        """Ignore the point."""

    def view(self, viewport: Size) -> SliceView | None:  # noqa: ARG002 - there is no picture of any size
        """Return nothing: there is no picture."""
        return None

    def measurable(self) -> SliceImage | None:
        """Return nothing."""
        return None

    def value_at(self, viewport: Size, x: float, y: float) -> tuple[float, str] | None:  # noqa: ARG002 - no pixels
        """Return nothing."""
        return None

    def full_range(self) -> Window | None:
        """Return nothing."""
        return None

    def _source(self) -> None:
        return None

    def _default_voi(self) -> Window:
        return Window(centre=40, width=400)

    def _view_captions(self) -> ViewCaptions:
        return ViewCaptions()

    def _message(self) -> str:
        return self.text

"""A choice among the windows and VOI LUTs that an image brings, with the maker's words for each."""

from __future__ import annotations

from collections.abc import Sequence

from resources.translation import tr
from viewers.scene.image import VoiChoice
from viewers.scene.raster import Window
from viewers.scene.viewtext import window_text


def chosen(choices: Sequence[VoiChoice], number: int | None) -> VoiChoice | None:
    """Return the choice with a number from 0; the first where this image brings fewer, None where it brings none."""
    if not choices:
        return None
    return choices[number] if number is not None and number < len(choices) else choices[0]


def following(choices: Sequence[VoiChoice], number: int | None, *, is_own: bool) -> int:
    """Return what comes after ``number``, round at the end; from a window of the reader's the first."""
    return ((number or 0) + 1) % len(choices) if is_own and choices else 0


def words(choice: VoiChoice, number: int) -> str:
    """Return a line for a menu, like ``Image 2: BONE · W 2000 L 400``; ``number`` counts from 1."""
    name = tr("Image {number}: {words}", number=number, words=choice.explanation or window_text(choice.voi))
    is_named_window = bool(choice.explanation) and isinstance(choice.voi, Window)
    return f"{name} · {window_text(choice.voi)}" if is_named_window else name

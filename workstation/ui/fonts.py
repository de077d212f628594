"""Makes the shipped fonts known to Qt; a clean machine has neither Inter nor a CJK font."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtGui import QFontDatabase

import resources
from resources import theme_tokens

_SUFFIXES: Final = {".otf", ".ttf", ".ttc"}
_loaded: Final[dict[Path, tuple[str, ...]]] = {}


def load_fonts(folder: Path | None = None) -> tuple[str, ...]:
    """
    Register every font of the folder once and return the families in order of preference.

    The shipped families come first, then those that the design names; further names under which
    a shipped file is registered come last.
    """
    place = folder or Path(resources.__file__).parent / "fonts"
    if place not in _loaded:
        families: list[str] = []
        for path in sorted(place.glob("*")):
            if path.suffix.lower() in _SUFFIXES:
                families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
        _loaded[place] = tuple(families)
    return tuple(dict.fromkeys((*theme_tokens.font_families(), *_loaded[place])))

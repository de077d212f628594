"""Which texts stand in another language than the window: those of other makers come as they were written."""

from __future__ import annotations

import re
from typing import Final

from resources.translation import ENGLISH, language

_HAN: Final = re.compile("[\u3400-\u9fff]")
_LETTERS: Final = re.compile(r"[^\W\d_]")


def is_untranslated(text: str) -> bool:
    """Tell whether a text is in another language than the window, by its writing: nothing else tells reliably."""
    is_chinese = _HAN.search(text) is not None
    return is_chinese if language() == ENGLISH else not is_chinese and _LETTERS.search(text) is not None

"""What speaking a report needs from a recogniser; none is part of this product."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class DictationPort(Protocol):
    """
    Turns speech into text on this machine.

    Both methods return at once. ``heard`` is called from any thread with words that will not change any more.
    """

    def start(self, language: str, heard: Callable[[str], None], failed: Callable[[str], None]) -> None:
        """
        Begin to listen in ``zh_CN`` or ``en``; a second start goes on.

        ``failed`` is called with a sentence for the reader when listening ends by itself, or never began.
        """
        ...

    def stop(self) -> None:
        """Listen no more; what was said before may still be heard."""
        ...

"""What keeping phrases needs from the machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from workstation.domain.phrase import Phrase


class PhrasePort(Protocol):
    """The phrases of the one person who is signed in, on this machine."""

    def load(self) -> Sequence[Phrase]:
        """Return the own phrases; none where there are none yet. Raises StorageError."""
        ...

    def save(self, phrases: Sequence[Phrase]) -> None:
        """Replace the own phrases, whole or not at all. Raises DiskFull, StorageError."""
        ...

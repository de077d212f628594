"""Asking the hub where a person waits for the answer, and silence is no answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from workstation.domain.errors import WorkstationError

PATIENCE_S: Final = 3.0
"""How long a slow line may keep a signer waiting."""
T = TypeVar("T")


def answer_within(ask: Callable[[], T], patience_s: float = PATIENCE_S) -> T | None:
    """Return the answer; None where the hub is silent for that long or refuses. A fault of our own is raised."""
    found: list[T] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            found.append(ask())
        except Exception as exc:  # noqa: BLE001 - handed to the thread that waits
            failed.append(exc)

    asking = threading.Thread(target=work, name="ask-the-hub", daemon=True)
    asking.start()
    asking.join(patience_s)
    if failed and not isinstance(failed[0], WorkstationError):
        raise failed[0]
    return found[0] if found else None

"""UIDs made here: random ones, and Transaction UIDs that survive a crash."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from datetime import UTC, datetime


def new_uid() -> str:
    """Return a new UID below 2.25 (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def transaction_uid(secret: bytes, user_id: str, ups_instance_uid: str) -> str:
    """
    Return the Transaction UID with which this user locks this workitem from this machine.

    The hub never tells a Transaction UID (PS3.4 CC.2.7.3), so a reader whose workstation died
    could not go on; derived from the machine's secret, the lock is found again, and nobody else
    can guess it.
    """
    digest = hmac.new(secret, f"{user_id}|{ups_instance_uid}".encode(), hashlib.sha256).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, timezone-aware UTC."""
        return datetime.now(UTC)

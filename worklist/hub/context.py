"""What every part of the hub works with: database, clock, audit trail and data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine

from worklist.hub.audit import HubAudit
from worklist.hub.database import READ_ONLY
from worklist.hub.session_cache import SessionCache
from workstation.domain.ports import Clock


class SystemClock:
    """Wall time."""

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class HubContext:
    """
    Given to every service of the hub.

    A write transaction takes SQLite's one write lock when it begins, so that it never fails half
    way for having read first. Never open a second transaction, and never call ``authorize`` or
    ``audit.record(None, ...)``, while one is open in the same thread: it would wait for itself.
    Inside a transaction write the audit record last (its lock is held until the commit).
    """

    engine: Engine
    clock: Clock
    audit: HubAudit
    data_dir: Path
    sessions: SessionCache = field(default_factory=SessionCache)
    films: tuple[str, ...] = ()
    """Modalities of single images that are queued for the pre-read"""

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that only reads; readers never wait for the writer."""
        with (
            self.engine.connect().execution_options(**{READ_ONLY: True}) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes; it commits at the end and rolls back on any exception."""
        with self.engine.begin() as connection:
            yield connection

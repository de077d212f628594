"""The transactional outbox: a signed report and its delivery are on disk together, or not at all."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from resources.translation import tr
from workstation.domain.errors import Locked, StorageError
from workstation.domain.report import Report
from workstation.domain.signature import SignedArtefact
from workstation.domain.workitem import Claim
from workstation.storage.crypto import CannotOpen, cannot_open, newer_schema, seal, unseal
from workstation.storage.data_dir import private_dir
from workstation.storage.files import disk_full

T = TypeVar("T")

log = logging.getLogger(__name__)

SCHEMA: Final = 2
BUSY_TIMEOUT_S: Final = 10.0
_REPORT: Final = TypeAdapter(Report)
_CLAIM: Final = TypeAdapter(Claim)
_ARTEFACT: Final = TypeAdapter(SignedArtefact)

_TABLES: Final = (
    """CREATE TABLE delivery (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        report_uid TEXT NOT NULL UNIQUE,
        report BLOB, claim BLOB,
        attempts INTEGER NOT NULL DEFAULT 0,
        retry_at TEXT NOT NULL,
        reason BLOB,
        confirmed_at TEXT,
        refused INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE artefact (
        report_uid TEXT NOT NULL REFERENCES delivery (report_uid),
        position INTEGER NOT NULL,
        description BLOB NOT NULL, payload BLOB NOT NULL,
        PRIMARY KEY (report_uid, position)
    )""",
    f"PRAGMA user_version = {SCHEMA}",
)
_STEPS: Final = {
    1: ("ALTER TABLE delivery ADD COLUMN refused INTEGER NOT NULL DEFAULT 0", "PRAGMA user_version = 2"),
}
"""What makes the tables of an older schema into those of the next one."""


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """
    Implements ``Delivery``: one signed report on its way back.

    The objects are read when asked for, so that a backlog of a thousand reports fits in memory.
    """

    report: Report
    claim: Claim
    attempts: int
    retry_at: datetime
    reason: str
    """Why the last attempt failed, as it was shown; empty before the first."""
    refused: bool
    """Whether the other side said no before, and its signer has the text again."""
    load: Callable[[], tuple[SignedArtefact, ...]]

    @property
    def artefacts(self) -> tuple[SignedArtefact, ...]:
        """Return the signed objects, in the order they were signed. Raises CannotOpen."""
        return self.load()


class Outbox:
    """
    Implements ``OutboxPort`` in one SQLite file (WAL, synchronous=FULL).

    Everything that could name a patient is encrypted; report UIDs and times are not. The row of
    a confirmed delivery stays without its payloads, so that the same report is never sent anew.
    """

    def __init__(self, path: Path, key: bytes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        private_dir(path.parent)
        self._key = key
        self._now = now
        self._lock = threading.Lock()
        with _translated():
            self._database = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the database file."""
        with self._lock:
            self._database.close()

    def enqueue(self, report: Report, claim: Claim, artefacts: Sequence[SignedArtefact]) -> None:
        """Write the report, its signed objects and delivery rows at once; the same report twice is a no-op."""
        uid = report.report_uid
        sealed_report = self._seal(_REPORT.dump_json(report), uid, "report")
        sealed_claim = self._seal(_CLAIM.dump_json(claim), uid, "claim")
        rows = [(uid, position, *self._sealed(uid, position, one)) for position, one in enumerate(artefacts)]
        with self._transaction() as database:
            fresh = database.execute(
                "INSERT INTO delivery (report_uid, report, claim, retry_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (report_uid) DO NOTHING",
                (uid, sealed_report, sealed_claim, self._now().isoformat()),
            ).rowcount
            if fresh:
                database.executemany(
                    "INSERT INTO artefact (report_uid, position, description, payload) VALUES (?, ?, ?, ?)", rows
                )

    def pending(self) -> list[StoredDelivery]:
        """
        Return deliveries not yet confirmed, oldest first.

        A damaged entry stays where it is and does not hold up the others; when none opens,
        the key does not fit and CannotOpen is raised.
        """
        with self._transaction() as database:
            rows = database.execute(
                "SELECT report_uid, report, claim, attempts, retry_at, reason, refused FROM delivery "
                "WHERE confirmed_at IS NULL ORDER BY number"
            ).fetchall()
        opened: list[StoredDelivery] = []
        damage: CannotOpen | None = None
        for row in rows:
            try:
                opened.append(self._delivery(*row))
            except CannotOpen as exc:
                damage = exc
                log.warning("the outbox entry of report %s cannot be opened: %s", row[0], exc.detail)
        if damage is not None and not opened:
            raise damage
        return opened

    def waiting(self) -> int:
        """Return how many signed reports are not yet confirmed, without opening them."""
        with self._transaction() as database:
            (count,) = database.execute("SELECT count(*) FROM delivery WHERE confirmed_at IS NULL").fetchone()
        return int(count)

    def replace(self, report_uid: str, artefact: SignedArtefact) -> None:
        """Put an object in the place of the one of its kind, as long as the delivery is not confirmed."""
        kinds = [one.kind for one in self._artefacts(report_uid)]
        if artefact.kind not in kinds:
            return
        position = kinds.index(artefact.kind)
        description, payload = self._sealed(report_uid, position, artefact)
        with self._transaction() as database:
            database.execute(
                "UPDATE artefact SET description = ?, payload = ? WHERE report_uid = ? AND position = ?",
                (description, payload, report_uid, position),
            )

    def confirmed(self, report_uid: str) -> None:
        """Mark a delivery as proven by the other side and drop its payloads."""
        with self._transaction() as database:
            database.execute("DELETE FROM artefact WHERE report_uid = ?", (report_uid,))
            database.execute(
                "UPDATE delivery SET report = NULL, claim = NULL, reason = NULL, "
                "confirmed_at = coalesce(confirmed_at, ?) WHERE report_uid = ?",
                (self._now().isoformat(), report_uid),
            )

    def dropped(self, report_uid: str) -> None:
        """Let go of a delivery that was refused, payloads and all; any other stays."""
        with self._transaction() as database:
            refused = database.execute(
                "UPDATE delivery SET report = NULL, claim = NULL, reason = ?, confirmed_at = ? "
                "WHERE report_uid = ? AND confirmed_at IS NULL AND refused = 1",
                (self._seal(b"dropped", report_uid, "reason"), self._now().isoformat(), report_uid),
            ).rowcount
            if refused:
                database.execute("DELETE FROM artefact WHERE report_uid = ?", (report_uid,))

    def due_now(self, report_uid: str) -> None:
        """Let the next round try a delivery, however long its pause was to be."""
        with self._transaction() as database:
            database.execute(
                "UPDATE delivery SET retry_at = ? WHERE report_uid = ? AND confirmed_at IS NULL",
                (self._now().isoformat(), report_uid),
            )

    def failed(self, report_uid: str, reason: str, *, retry_at: datetime, refused: bool = False) -> None:
        """Record a failed attempt; a refusal stays one."""
        with self._transaction() as database:
            database.execute(
                "UPDATE delivery SET attempts = attempts + 1, reason = ?, retry_at = ?, refused = max(refused, ?) "
                "WHERE report_uid = ? AND confirmed_at IS NULL",
                (
                    self._seal(reason.encode(), report_uid, "reason"),
                    retry_at.astimezone(UTC).isoformat(),
                    int(refused),
                    report_uid,
                ),
            )

    def _prepare(self) -> None:
        database = self._database
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("PRAGMA secure_delete = ON")
        (schema,) = database.execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA:
            raise newer_schema(f"outbox schema {schema}")
        database.execute("PRAGMA journal_mode = WAL")
        if schema == SCHEMA:
            return
        with self._transaction():
            (schema,) = database.execute("PRAGMA user_version").fetchone()
            while schema < SCHEMA:  # somebody else may have made the tables meanwhile
                for statement in _STEPS.get(schema, _TABLES):
                    database.execute(statement)
                (schema,) = database.execute("PRAGMA user_version").fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk rolls back by itself
                    self._database.execute("ROLLBACK")
                raise

    def _delivery(
        self, uid: str, report: bytes, claim: bytes, attempts: int, retry_at: str, reason: bytes | None, refused: int
    ) -> StoredDelivery:
        load = partial(self._artefacts, uid)
        load()  # a damaged object is found now, not in the middle of a delivery
        return StoredDelivery(
            report=self._read(_REPORT, report, uid, "report"),
            claim=self._read(_CLAIM, claim, uid, "claim"),
            attempts=attempts,
            retry_at=datetime.fromisoformat(retry_at),
            reason=unseal(self._key, reason, _context(uid, "reason")).decode() if reason else "",
            refused=bool(refused),
            load=load,
        )

    def _artefacts(self, uid: str) -> tuple[SignedArtefact, ...]:
        with self._transaction() as database:
            rows = database.execute(
                "SELECT position, description, payload FROM artefact WHERE report_uid = ? ORDER BY position", (uid,)
            ).fetchall()
        return tuple(self._artefact(uid, *row) for row in rows)

    def _artefact(self, uid: str, position: int, description: bytes, payload: bytes) -> SignedArtefact:
        known = self._read(_ARTEFACT, description, uid, f"description {position}")
        return replace(known, payload=unseal(self._key, payload, _context(uid, f"payload {position}")))

    def _sealed(self, uid: str, position: int, artefact: SignedArtefact) -> tuple[bytes, bytes]:
        description = _ARTEFACT.dump_json(replace(artefact, payload=b""))
        return (
            self._seal(description, uid, f"description {position}"),
            self._seal(artefact.payload, uid, f"payload {position}"),
        )

    def _seal(self, plain: bytes, uid: str, part: str) -> bytes:
        return seal(self._key, plain, _context(uid, part))

    def _read(self, kind: TypeAdapter[T], sealed: bytes, uid: str, part: str) -> T:
        plain = unseal(self._key, sealed, _context(uid, part))
        try:
            return kind.validate_json(plain)
        except ValidationError as exc:
            raise cannot_open(f"outbox {part} of another form: {exc.error_count()} errors") from exc


def _context(uid: str, part: str) -> bytes:
    return f"outbox|{uid}|{part}".encode()


@contextmanager
def _translated() -> Iterator[None]:
    """Translate SQLite's errors at the edge."""
    try:
        yield
    except sqlite3.Error as exc:
        name = getattr(exc, "sqlite_errorname", type(exc).__name__)
        if name.startswith("SQLITE_FULL"):
            raise disk_full(name) from exc
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise Locked(
                tr("Another Lianyue holds the outbox"),
                hint=tr("Close the other window and try again; nothing is lost."),
                detail=name,
            ) from exc
        raise StorageError(
            tr("The outbox of signed reports cannot be used"),
            hint=tr("Nothing was deleted. Check the disk and tell your administrator."),
            detail=name,
        ) from exc

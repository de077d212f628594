"""Opening the hub's database: SQLite by default, PostgreSQL by URL, migrated on start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError

from resources.translation import tr
from workstation.domain.errors import NewerSchema, StorageError

READ_ONLY: Final = "lianyue_read_only"
"""Execution option of a transaction that never writes."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATION_LOCK: Final = 0x4C59_4D49
_BUSY_TIMEOUT_S: Final = 30.0


def open_database(data_dir: Path, database_url: str | None = None) -> Engine:
    """
    Open the database, create or migrate its tables, and return the engine.

    Several hubs may start on one PostgreSQL at once; one migrates, the others wait for it.

    Raises:
        NewerSchema: a newer version of this product wrote the database.
        StorageError: the URL names no database that the hub can use, or it does not open.
    """
    engine = _engine(_url(data_dir, database_url))
    try:
        migrate(engine)
    except DBAPIError as exc:
        engine.dispose()
        raise StorageError(
            tr("The hub's database cannot be opened: {reason}", reason=str(exc.orig).partition("\n")[0][:200]),
            hint=tr("Check that the database runs, that its name and password are right and that its disk has room."),
            detail=type(exc.orig).__name__,
        ) from exc
    except BaseException:
        engine.dispose()
        raise
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to this version in one transaction. Raises NewerSchema."""
    config = _alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with engine.begin() as connection:
        one_at_a_time(connection, _MIGRATION_LOCK)
        current = MigrationContext.configure(connection).get_current_revision()
        if current is not None and current not in known:
            raise NewerSchema(
                tr("The hub's database was written by a newer version"),
                hint=tr("Update this hub; the data were not touched."),
                detail=f"database revision {current}",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def one_at_a_time(connection: Connection, lock: int) -> None:
    """Wait until no other transaction holds this lock, until the commit; SQLite's write lock does the same."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(lock)))


def insert_once(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken, in one statement; return whether it was inserted."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # by what it returns: the count of rows is not reliable where the driver fetches defaults
    insert = dialect.insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return connection.execute(insert).first() is not None


def schema_revision(connection: Connection) -> str:
    """Return the revision of the tables, empty before the first migration."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _url(data_dir: Path, database_url: str | None) -> URL:
    if not database_url:
        _make_private(data_dir)
        return URL.create("sqlite", database=str(data_dir / "hub.sqlite3"))
    try:
        url = make_url(database_url)
    except ArgumentError as exc:
        raise _unusable(database_url) from exc
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "postgresql+psycopg"}:
        return url
    raise _unusable(url.drivername)


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # patients: nobody else on this machine
    except OSError as exc:
        raise StorageError(
            tr("The data folder {folder} cannot be used", folder=folder),
            hint=tr("Check that the disk is writable, or choose another folder."),
            detail=f"{type(exc).__name__} errno {exc.errno}",
        ) from exc


def _unusable(what: str) -> StorageError:
    return StorageError(
        tr("The hub cannot use this database"),
        hint=tr("Give a URL of the form postgresql://user@host/name, or none for the built-in database."),
        detail=what.rpartition("@")[2],  # never the password
    )


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_size=16, max_overflow=32, pool_pre_ping=True, hide_parameters=True)
    # parameters are patients: they never enter the text of an error
    engine = create_engine(
        url, pool_size=16, max_overflow=32, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_S}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    dbapi_connection.isolation_level = None  # the driver must not open transactions of its own
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={int(_BUSY_TIMEOUT_S * 1000)}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a writer takes the lock at once: upgrading a read lock later fails when another wrote meanwhile
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

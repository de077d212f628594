"""The hub's table of shared documents: every version that was ever in force."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from worklist.hub.dispatch_tables import NUMBER
from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime

documents = Table(
    "shared_documents",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("content", Text, nullable=False),
    Column("withdrawn", Integer, nullable=False, server_default="0"),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("changed_by_name", String(200), nullable=False),
    UniqueConstraint("kind", "site_id", "name", "revision", name="uq_shared_documents_revision"),
    sqlite_autoincrement=True,
)
"""The highest revision of a name is what holds; an empty site is every site. Two writers cannot make one revision."""

"""The hub's tables of routes, of what goes out on them, and of what came back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime

NUMBER = BigInteger().with_variant(Integer, "sqlite")

routes = Table(
    "routes",
    metadata,
    Column("route_id", String(64), primary_key=True),
    Column("site_id", String(64), ForeignKey("sites.site_id"), nullable=False, index=True),
    Column("enabled", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("held_until", UtcDateTime, nullable=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("trouble", Text, nullable=False, server_default=""),
    Column("lease_owner", String(64), nullable=False, server_default=""),
    Column("lease_until", UtcDateTime, nullable=True),
)

dispatches = Table(
    "dispatches",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("route_id", String(64), ForeignKey("routes.route_id"), nullable=False),
    Column("site_id", String(64), nullable=False),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False),
    Column("report_uid", String(64), nullable=False),
    Column("report_root", String(64), nullable=False),
    Column("report_state", String(20), nullable=False),
    Column("control_id", String(20), nullable=False),
    Column("document", Text, nullable=False),
    Column("outputs", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("delivered_at", UtcDateTime, nullable=True),
    Column("proof", Text, nullable=False, server_default=""),
    UniqueConstraint("route_id", "control_id", name="uq_dispatches_control"),
    Index("ix_dispatches_waiting", "route_id", "state", "number"),
    Index("ix_dispatches_study", "route_id", "study_instance_uid", "number"),
    Index("ix_dispatches_report", "study_instance_uid"),
    sqlite_autoincrement=True,
)

dispatch_events = Table(
    "dispatch_events",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=True),
    Column("dispatch", NUMBER, ForeignKey("dispatches.number"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("step", String(16), nullable=False),
    Column("who", String(200), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)

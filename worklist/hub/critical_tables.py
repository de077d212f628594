"""Tables of critical values and of the policies they are recognised under."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime

critical_values = Table(
    "critical_values",
    metadata,
    Column("critical_uid", String(64), primary_key=True),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False, index=True),
    Column("site_id", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("recognised_at", UtcDateTime, nullable=False, index=True),
    Column("next_at", UtcDateTime, nullable=True, index=True),
    Column("document", Text, nullable=False),
    Index("ix_critical_values_waiting", "state", "recognised_at"),
)
"""``next_at`` is when its clock next says something, NULL once it has nothing more to say."""

critical_policies = Table(
    "critical_policies",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("policy_id", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("imported_by", String(64), nullable=False),
    Column("document", Text, nullable=False),
)
"""Every policy that was ever in force; the highest number is in force now, none means the shipped one."""

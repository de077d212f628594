"""The tables of the report's way: its versions, the alliance's rules, and double readings."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime


def _text(name: str, length: int = 64) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="")


report_versions = Table(
    "report_versions",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("report_uid", String(64), nullable=False, index=True),
    Column("step", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    _text("actor_id"),
    _text("actor_name", 200),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("document", Text, nullable=False),
)
"""Every step of every document of a study, counted from 1 in the order in which the hub took them; only added to."""

begun_successors = Table(
    "begun_successors",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), primary_key=True),
    Column("predecessor_uid", String(64), nullable=False),
    Column("kind", String(20), nullable=False),
)
"""As what the newest report that follows the signed one of a study was begun."""

late_stamps = Table(
    "late_stamps",
    metadata,
    Column("pdf_sop_instance_uid", String(64), primary_key=True),
    Column("pdf_series_instance_uid", String(64), nullable=False),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False),
    Column("report_uid", String(64), nullable=False),
    Column("signer_id", String(64), nullable=False),
    Column("signer_name", String(200), nullable=False),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("stamped_at", UtcDateTime, nullable=True),
    Column("stored_at", UtcDateTime, nullable=True),
    _text("stamped_sop_instance_uid"),
    _text("stored_by", 200),
    Index("ix_late_stamps_study", "study_instance_uid"),
    Index("ix_late_stamps_stored", "stored_at"),
    Index("ix_late_stamps_stamped", "stamped_sop_instance_uid"),
)
"""
Signed PDFs that were taken without a time stamp: waiting until ``stored_at``, which ``stamped_at`` comes before.

``stamped_sop_instance_uid`` is known from the beginning: nothing else may take that name in the archive.
"""

alliance_rules = Table(
    "alliance_rules",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    _text("changed_by"),
)

double_readings = Table(
    "double_readings",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), primary_key=True),
    Column("state", String(20), nullable=False),
    _text("ordered_by"),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("concluded_at", UtcDateTime, nullable=True),
    Index("ix_double_readings_state", "state"),
)

blind_reads = Table(
    "blind_reads",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("double_readings.study_instance_uid"), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("ups_instance_uid", String(64), nullable=False, unique=True),
    Column("reader_id", String(64), nullable=False),
    Column("reader_name", String(200), nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("document", Text, nullable=False),
)
"""A reader's own report, kept from everybody until both are in."""

"""Tables of quality: grades of images, reasons of repeated exams, and the two places of a blind double reading."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime

FREE: Final = "free"
READING: Final = "reading"
SUBMITTED: Final = "submitted"
"""The states of a place."""
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

image_grades = Table(
    "image_grades",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False, index=True),
    Column("grade", String(1), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    Column("graded_by", String(64), nullable=False),
    Column("graded_name", String(200), nullable=False),
    Column("by_reader", Boolean, nullable=False),
    Column("graded_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
"""Every grade that was ever given, only added to; ``reasons`` are codes joined by a blank."""

exam_repeats = Table(
    "exam_repeats",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), primary_key=True),
    Column("exception", String(32), nullable=False),
    Column("words", Text, nullable=False, server_default=""),
    Column("recorded_by", String(64), nullable=False),
    Column("recorded_name", String(200), nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
)

blind_slots = Table(
    "blind_slots",
    metadata,
    Column("study_instance_uid", String(64), ForeignKey("double_readings.study_instance_uid"), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("ups_instance_uid", String(64), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("reader_id", String(64), nullable=False, server_default=""),
    Column("reader_name", String(200), nullable=False, server_default=""),
    Index("ix_blind_slots_reader", "reader_id", "study_instance_uid"),
)
"""The two readings of a case while either is to come."""

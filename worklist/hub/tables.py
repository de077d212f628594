"""The hub's tables, one schema for SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Index, Integer, String, Table, Text, TypeDecorator

from worklist.hub.audit import audit_events
from worklist.hub.metadata import metadata

if TYPE_CHECKING:
    from sqlalchemy import Dialect

__all__ = [
    "accounts",
    "audit_events",
    "cases",
    "reports",
    "returned_reports",
    "sessions",
    "sign_in_failures",
    "sites",
    "workitems",
]


class UtcDateTime(TypeDecorator[datetime]):
    """Timezone-aware UTC on both databases; SQLite itself keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_IDENTIFIER: Final = String(128).with_variant(String(64), "sqlite")
"""As wide as what is taken in (``worklist.hub.identity``); SQLite holds no length, so its column never changed."""


def _identifier(name: str) -> Column[str]:
    """Return a column for a Patient ID or an Accession Number, empty rather than NULL."""
    return Column(name, _IDENTIFIER, nullable=False, server_default="")


def _text(name: str, length: int = 64) -> Column[str]:
    """Return a column that is empty rather than NULL."""
    return Column(name, String(length), nullable=False, server_default="")


sites = Table(
    "sites",
    metadata,
    Column("site_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("password_hash", String(200), nullable=False),
    Column("display_name", String(200), nullable=False),
    _text("title", 100),
    Column("role", String(32), nullable=False),
    Column("site_id", String(64), ForeignKey("sites.site_id"), nullable=True),
    Column("enabled", Boolean, nullable=False),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("user_id", String(64), ForeignKey("accounts.user_id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

cases = Table(
    "cases",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
    Column("site_id", String(64), ForeignKey("sites.site_id"), nullable=False),
    Column("requested_by", String(64), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("stat_rank", Integer, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("arrived", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("clinical_question", Text, nullable=False),
    Column("images_expected", Integer, nullable=False),
    Column("images_received", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    _text("patient_name", 400),
    _identifier("patient_id"),
    _text("issuer_of_patient_id", 128),
    _text("sex", 16),
    _text("birth_date", 16),
    _identifier("accession_number"),
    _text("modality"),
    _text("description", 400),
    Column("studied", UtcDateTime, nullable=True),
    _text("pinyin_initials"),
    Column("search_text", Text, nullable=False, server_default=""),
    Column("prior_count", Integer, nullable=False, server_default="0"),
    Column("critical", Boolean, nullable=False),
    Column("critical_due", UtcDateTime, nullable=True),
    _text("quality_grade", 8),
    _text("reader_id"),
    _text("reader_name", 200),
    _text("author_id"),
    _text("author_name", 200),
    Column("ups_instance_uid", String(64), nullable=False, unique=True),
    Column("workitem_code", String(16), nullable=False),
    _text("ai_ups_instance_uid"),
    Column("ai_state", String(20), nullable=False),
    Column("ai_finding_count", Integer, nullable=False, server_default="0"),
    Column("ai_top_out_of_ten", Integer, nullable=True),
    Column("ai_progress", Float, nullable=False, server_default="0"),
    Column("revision", Integer, nullable=False),
    Index("ix_cases_order", "stat_rank", "due", "study_instance_uid"),
    Index("ix_cases_state", "state"),
    Index("ix_cases_site_patient", "site_id", "patient_id"),
    Index("ix_cases_ai", "ai_state", "stat_rank", "due", "study_instance_uid"),
    Index("ix_cases_counts", "state", "critical", "reader_id", "requested_by", "site_id"),
)

workitems = Table(
    "workitems",
    metadata,
    Column("ups_instance_uid", String(64), primary_key=True),
    _text("study_instance_uid"),
    _text("site_id"),
    Column("workitem_code", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", String(16), nullable=False),
    Column("priority_rank", Integer, nullable=False),
    _text("readiness", 16),
    Column("start", String(26), nullable=False),
    _identifier("patient_id"),
    _identifier("accession_number"),
    Column("modified", UtcDateTime, nullable=False),
    _text("transaction_uid"),
    _text("holder_id"),
    _text("holder_name", 200),
    Column("claimed_at", UtcDateTime, nullable=True),
    Column("dataset", Text, nullable=False),
    Index("ix_workitems_order", "priority_rank", "start", "ups_instance_uid"),
    Index("ix_workitems_state_code", "state", "workitem_code"),
    Index("ix_workitems_study", "study_instance_uid"),
    Index("ix_workitems_patient", "patient_id"),
)

reports = Table(
    "reports",
    metadata,
    Column("report_uid", String(64), primary_key=True),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False, index=True),
    Column("ups_instance_uid", String(64), nullable=False),
    Column("final_of_study", String(64), nullable=True, unique=True),
    Column("state", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author_id", String(64), nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("document", Text, nullable=False),
    Column("kind", String(20), nullable=False, server_default="original"),
    _text("superseded_by"),
)
"""Documents; ``final_of_study`` is set in the one signed document that holds now, its successor takes it over."""

returned_reports = Table(
    "returned_reports",
    metadata,
    Column("ups_instance_uid", String(64), primary_key=True),
    Column("study_instance_uid", String(64), ForeignKey("cases.study_instance_uid"), nullable=False),
    Column("site_id", String(64), nullable=False, index=True),
    Column("signed_at", UtcDateTime, nullable=False),
    Column("signer", String(200), nullable=False),
    Column("summary", Text, nullable=False),
    _text("report_sop_instance_uid"),
    _text("pdf_sop_instance_uid"),
    _text("pdf_series_instance_uid"),
    Column("acknowledged_at", UtcDateTime, nullable=True),
    _text("acknowledged_by", 200),
    _text("report_uid"),
    Column("kind", String(20), nullable=False, server_default="original"),
    Column("change_reason", Text, nullable=False, server_default=""),
    _text("superseded_by"),
    Column("superseded_at", UtcDateTime, nullable=True),
    Column("withdrawn_reason", Text, nullable=False, server_default=""),
    Column("withdrawn_at", UtcDateTime, nullable=True),
)

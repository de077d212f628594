"""Accounts, cases, workitems, reports and the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "audit_events",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.Column("subject_uid", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index(op.f("ix_audit_events_subject_uid"), "audit_events", ["subject_uid"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "sites",
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("site_id"),
    )
    op.create_table(
        "workitems",
        sa.Column("ups_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("site_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("workitem_code", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("priority_rank", sa.Integer(), nullable=False),
        sa.Column("readiness", sa.String(length=16), server_default="", nullable=False),
        sa.Column("start", sa.String(length=26), nullable=False),
        sa.Column("patient_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("accession_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("holder_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("holder_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ups_instance_uid"),
    )
    op.create_index("ix_workitems_order", "workitems", ["priority_rank", "start", "ups_instance_uid"], unique=False)
    op.create_index("ix_workitems_patient", "workitems", ["patient_id"], unique=False)
    op.create_index("ix_workitems_state_code", "workitems", ["state", "workitem_code"], unique=False)
    op.create_index("ix_workitems_study", "workitems", ["study_instance_uid"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), server_default="", nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.site_id"],
        ),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "cases",
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("priority", sa.String(length=16), nullable=False),
        sa.Column("stat_rank", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrived", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinical_question", sa.Text(), nullable=False),
        sa.Column("images_expected", sa.Integer(), nullable=False),
        sa.Column("images_received", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("patient_name", sa.String(length=400), server_default="", nullable=False),
        sa.Column("patient_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("sex", sa.String(length=16), server_default="", nullable=False),
        sa.Column("birth_date", sa.String(length=16), server_default="", nullable=False),
        sa.Column("accession_number", sa.String(length=64), server_default="", nullable=False),
        sa.Column("modality", sa.String(length=64), server_default="", nullable=False),
        sa.Column("description", sa.String(length=400), server_default="", nullable=False),
        sa.Column("studied", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pinyin_initials", sa.String(length=64), server_default="", nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("prior_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("quality_grade", sa.String(length=8), server_default="", nullable=False),
        sa.Column("reader_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reader_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("author_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("author_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("ups_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("workitem_code", sa.String(length=16), nullable=False),
        sa.Column("ai_ups_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("ai_state", sa.String(length=20), nullable=False),
        sa.Column("ai_finding_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ai_top_out_of_ten", sa.Integer(), nullable=True),
        sa.Column("ai_progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.site_id"],
        ),
        sa.PrimaryKeyConstraint("study_instance_uid"),
        sa.UniqueConstraint("ups_instance_uid"),
    )
    op.create_index("ix_cases_ai", "cases", ["ai_state"], unique=False)
    op.create_index("ix_cases_order", "cases", ["stat_rank", "due", "study_instance_uid"], unique=False)
    op.create_index("ix_cases_site_patient", "cases", ["site_id", "patient_id"], unique=False)
    op.create_index("ix_cases_state", "cases", ["state"], unique=False)
    op.create_table(
        "reports",
        sa.Column("report_uid", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("ups_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("final_of_study", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"],
            ["cases.study_instance_uid"],
        ),
        sa.PrimaryKeyConstraint("report_uid"),
        sa.UniqueConstraint("final_of_study"),
    )
    op.create_index(op.f("ix_reports_study_instance_uid"), "reports", ["study_instance_uid"], unique=False)
    op.create_table(
        "returned_reports",
        sa.Column("ups_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signer", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("report_sop_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("pdf_sop_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("pdf_series_instance_uid", sa.String(length=64), server_default="", nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=200), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["study_instance_uid"],
            ["cases.study_instance_uid"],
        ),
        sa.PrimaryKeyConstraint("ups_instance_uid"),
    )
    op.create_index(op.f("ix_returned_reports_site_id"), "returned_reports", ["site_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["accounts.user_id"],
        ),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)

"""Signed reports that were taken without a time stamp, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin empty: of what was taken before, nobody noted whether a stamp is missing."""
    op.create_table(
        "late_stamps",
        sa.Column("pdf_sop_instance_uid", sa.String(64), primary_key=True),
        sa.Column("pdf_series_instance_uid", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("report_uid", sa.String(64), nullable=False),
        sa.Column("signer_id", sa.String(64), nullable=False),
        sa.Column("signer_name", sa.String(200), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stamped_sop_instance_uid", sa.String(64), nullable=False, server_default=""),
        sa.Column("stored_by", sa.String(200), nullable=False, server_default=""),
    )
    op.create_index("ix_late_stamps_study", "late_stamps", ["study_instance_uid"])
    op.create_index("ix_late_stamps_stored", "late_stamps", ["stored_at"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("late_stamps")

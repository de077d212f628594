"""Critical values, their policy, and when the next one of a case is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and the column."""
    op.add_column("cases", sa.Column("critical_due", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "critical_values",
        sa.Column("critical_uid", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("recognised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("critical_uid"),
    )
    op.create_index("ix_critical_values_study_instance_uid", "critical_values", ["study_instance_uid"])
    op.create_index("ix_critical_values_recognised_at", "critical_values", ["recognised_at"])
    op.create_index("ix_critical_values_next_at", "critical_values", ["next_at"])
    op.create_index("ix_critical_values_waiting", "critical_values", ["state", "recognised_at"])
    op.create_table(
        "critical_policies",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("policy_id", sa.String(64), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Take tables and column away."""
    op.drop_table("critical_policies")
    op.drop_table("critical_values")
    op.drop_column("cases", "critical_due")

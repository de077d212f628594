"""Indexes that hold all a worklist's counts and queue positions need, so that no case itself is read for them."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add or widen the indexes."""
    op.drop_index("ix_cases_ai", table_name="cases")
    op.create_index("ix_cases_ai", "cases", ["ai_state", "stat_rank", "due", "study_instance_uid"])
    op.create_index("ix_cases_counts", "cases", ["state", "critical", "reader_id", "requested_by", "site_id"])

"""As what a report that follows a signed one was begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Begin empty: what is being written now is not known, and is taken as ever."""
    op.create_table(
        "begun_successors",
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), primary_key=True),
        sa.Column("predecessor_uid", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("begun_successors")

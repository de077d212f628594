"""How often a receiver that was there refused a report, apart from how often it was tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count from nought: what was counted so far holds the attempts over a line that was cut, too."""
    op.add_column("dispatches", sa.Column("refusals", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the count away."""
    with op.batch_alter_table("dispatches") as table:
        table.drop_column("refusals")

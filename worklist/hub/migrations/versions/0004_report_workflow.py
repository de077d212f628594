"""Report versions, successors of final reports and blind double reading."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""


def downgrade() -> None:
    """Take the step back."""

"""Routes of the sites and what goes out on them."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""


def downgrade() -> None:
    """Take the step back."""

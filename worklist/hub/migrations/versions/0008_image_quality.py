"""The quality of a study's images and why an exam was repeated."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create nothing yet."""


def downgrade() -> None:
    """Remove nothing."""

"""Who reads in a blind double reading under way stands in its place only, not on the worklist."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the reader's name off the cases that are being read twice; worklists learn it at their next question."""
    doubles = sa.table("double_readings", *map(sa.column, ("study_instance_uid", "state")))
    cases = sa.table(
        "cases",
        *map(sa.column, ("study_instance_uid", "reader_id", "reader_name", "revision")),
        sa.column("changed", sa.DateTime(timezone=True)),
    )
    running = sa.select(doubles.c.study_instance_uid).where(doubles.c.state == "reading")
    now = datetime.now(UTC)
    op.execute(
        sa.update(cases)
        .where(cases.c.study_instance_uid.in_(running), cases.c.reader_id != "")
        .values(
            reader_id="",
            reader_name="",
            revision=cases.c.revision + 1,
            changed=now.replace(tzinfo=None) if op.get_context().dialect.name == "sqlite" else now,
        )
    )


def downgrade() -> None:
    """Nothing: the names stay in the places."""

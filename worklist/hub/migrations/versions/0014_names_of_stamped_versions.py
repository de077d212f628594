"""The name of each stamped version stands in its row from the beginning, so that it is found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workstation.dicom.objects.stamped_version import stamped_uid

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Name those that still wait; the others were named when they were stored."""
    rows = sa.table("late_stamps", sa.column("pdf_sop_instance_uid"), sa.column("stamped_sop_instance_uid"))
    connection = op.get_bind()
    waiting = sa.select(rows.c.pdf_sop_instance_uid).where(rows.c.stamped_sop_instance_uid == "")
    for uid in connection.execute(waiting).scalars().all():
        connection.execute(
            sa.update(rows).where(rows.c.pdf_sop_instance_uid == uid).values(stamped_sop_instance_uid=stamped_uid(uid))
        )
    op.create_index("ix_late_stamps_stamped", "late_stamps", ["stamped_sop_instance_uid"])


def downgrade() -> None:
    """Take the index away; a name before its object does no harm."""
    op.drop_index("ix_late_stamps_stamped", "late_stamps")

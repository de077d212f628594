"""The quality of a study's images, why an exam was repeated, and the two places of a blind double reading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; a double reading that is under way gets the places that it has taken so far."""
    op.create_table(
        "image_grades",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("grade", sa.String(1), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.Column("graded_by", sa.String(64), nullable=False),
        sa.Column("graded_name", sa.String(200), nullable=False),
        sa.Column("by_reader", sa.Boolean(), nullable=False),
        sa.Column("graded_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_image_grades_study_instance_uid", "image_grades", ["study_instance_uid"])
    op.create_table(
        "exam_repeats",
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), primary_key=True),
        sa.Column("exception", sa.String(32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, server_default=""),
        sa.Column("recorded_by", sa.String(64), nullable=False),
        sa.Column("recorded_name", sa.String(200), nullable=False),
        sa.Column("recorded_at", _TIME, nullable=False),
    )
    op.create_table(
        "blind_slots",
        sa.Column(
            "study_instance_uid", sa.String(64), sa.ForeignKey("double_readings.study_instance_uid"), primary_key=True
        ),
        sa.Column("slot", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("ups_instance_uid", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reader_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("reader_name", sa.String(200), nullable=False, server_default=""),
        sa.UniqueConstraint("ups_instance_uid"),
    )
    op.create_index("ix_blind_slots_reader", "blind_slots", ["reader_id", "study_instance_uid"])
    _places_taken()


def downgrade() -> None:
    """Drop them."""
    for table in ("blind_slots", "exam_repeats", "image_grades"):
        op.drop_table(table)


def _places_taken() -> None:
    connection = op.get_bind()
    doubles, reads, cases, workitems, slots = (
        sa.table("double_readings", *map(sa.column, ("study_instance_uid", "state"))),
        sa.table("blind_reads", *map(sa.column, ("study_instance_uid", "slot", "ups_instance_uid", "reader_id",
                                                 "reader_name"))),
        sa.table("cases", *map(sa.column, ("study_instance_uid", "ups_instance_uid"))),
        sa.table("workitems", *map(sa.column, ("ups_instance_uid", "state", "holder_id", "holder_name"))),
        sa.table("blind_slots", *map(sa.column, ("study_instance_uid", "slot", "ups_instance_uid", "state", "reader_id",
                                                 "reader_name"))),
    )  # fmt: skip
    running = sa.select(doubles.c.study_instance_uid).where(doubles.c.state == "reading")
    for study in connection.execute(running).scalars().all():
        taken = connection.execute(
            sa.select(reads).where(reads.c.study_instance_uid == study).order_by(reads.c.slot)
        ).all()
        for row in taken:
            connection.execute(
                sa.insert(slots).values(
                    study_instance_uid=study,
                    slot=row.slot,
                    ups_instance_uid=row.ups_instance_uid,
                    state="submitted",
                    reader_id=row.reader_id,
                    reader_name=row.reader_name,
                )
            )
        item = connection.execute(
            sa.select(workitems)
            .join(cases, cases.c.ups_instance_uid == workitems.c.ups_instance_uid)
            .where(cases.c.study_instance_uid == study)
        ).first()
        if item is None:
            continue
        held = item.state == "IN PROGRESS"
        connection.execute(
            sa.insert(slots).values(
                study_instance_uid=study,
                slot=len(taken) + 1,
                ups_instance_uid=item.ups_instance_uid,
                state="reading" if held else "free",
                reader_id=item.holder_id if held else "",
                reader_name=item.holder_name if held else "",
            )
        )

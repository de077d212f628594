"""Report versions, successors of final reports and blind double reading."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns; what is stored becomes the first version of its report."""
    op.add_column("reports", sa.Column("kind", sa.String(20), server_default="original", nullable=False))
    op.add_column("reports", sa.Column("superseded_by", sa.String(64), server_default="", nullable=False))
    for column in (
        sa.Column("report_uid", sa.String(64), server_default="", nullable=False),
        sa.Column("kind", sa.String(20), server_default="original", nullable=False),
        sa.Column("change_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("superseded_by", sa.String(64), server_default="", nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("returned_reports", column)
    op.create_table(
        "report_versions",
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("report_uid", sa.String(64), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.String(64), server_default="", nullable=False),
        sa.Column("actor_name", sa.String(200), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "number"),
    )
    op.create_index("ix_report_versions_report_uid", "report_versions", ["report_uid"])
    op.create_table(
        "alliance_rules",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "double_readings",
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("ordered_by", sa.String(64), server_default="", nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("study_instance_uid"),
    )
    op.create_index("ix_double_readings_state", "double_readings", ["state"])
    op.create_table(
        "blind_reads",
        sa.Column(
            "study_instance_uid", sa.String(64), sa.ForeignKey("double_readings.study_instance_uid"), nullable=False
        ),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ups_instance_uid", sa.String(64), nullable=False),
        sa.Column("reader_id", sa.String(64), nullable=False),
        sa.Column("reader_name", sa.String(200), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_instance_uid", "slot"),
        sa.UniqueConstraint("ups_instance_uid"),
    )
    _first_versions()


def _first_versions() -> None:
    connection = op.get_bind()
    reports = sa.table(
        "reports",
        *map(sa.column, ("study_instance_uid", "report_uid", "state", "revision", "author_id", "document")),
        sa.column("updated_at", sa.DateTime(timezone=True)),
    )
    versions = sa.table(
        "report_versions",
        *map(
            sa.column,
            ("study_instance_uid", "number", "report_uid", "step", "state", "kind", "revision", "actor_id", "document"),
        ),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    steps = {"preliminary": "submitted", "returned": "returned", "final": "signed"}
    numbers = Counter[str]()
    for row in connection.execute(sa.select(reports).order_by(reports.c.updated_at, reports.c.report_uid)).all():
        numbers[row.study_instance_uid] += 1
        connection.execute(
            sa.insert(versions).values(
                study_instance_uid=row.study_instance_uid,
                number=numbers[row.study_instance_uid],
                report_uid=row.report_uid,
                step=steps.get(row.state, "submitted"),
                state=row.state,
                kind="original",
                revision=row.revision,
                actor_id=row.author_id,
                at=row.updated_at,
                document=row.document,
            )
        )

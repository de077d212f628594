"""Routes of the sites and what goes out on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of the dispatch."""
    op.create_table(
        "routes",
        sa.Column("route_id", sa.String(64), primary_key=True),
        sa.Column("site_id", sa.String(64), sa.ForeignKey("sites.site_id"), nullable=False),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("held_until", _TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("trouble", sa.Text(), nullable=False, server_default=""),
        sa.Column("lease_owner", sa.String(64), nullable=False, server_default=""),
        sa.Column("lease_until", _TIME, nullable=True),
    )
    op.create_index("ix_routes_site_id", "routes", ["site_id"])
    op.create_table(
        "dispatches",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("route_id", sa.String(64), sa.ForeignKey("routes.route_id"), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("study_instance_uid", sa.String(64), sa.ForeignKey("cases.study_instance_uid"), nullable=False),
        sa.Column("report_uid", sa.String(64), nullable=False),
        sa.Column("report_root", sa.String(64), nullable=False),
        sa.Column("report_state", sa.String(20), nullable=False),
        sa.Column("control_id", sa.String(20), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("outputs", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("queued_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.Column("proof", sa.Text(), nullable=False, server_default=""),
        sa.UniqueConstraint("route_id", "control_id", name="uq_dispatches_control"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dispatches_waiting", "dispatches", ["route_id", "state", "number"])
    op.create_index("ix_dispatches_study", "dispatches", ["route_id", "study_instance_uid", "number"])
    op.create_index("ix_dispatches_report", "dispatches", ["study_instance_uid"])
    op.create_table(
        "dispatch_events",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("dispatch", _NUMBER, sa.ForeignKey("dispatches.number"), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("who", sa.String(200), nullable=False, server_default=""),
        sa.Column("detail", sa.Text(), nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dispatch_events_dispatch", "dispatch_events", ["dispatch"])


def downgrade() -> None:
    """Drop them."""
    for table in ("dispatch_events", "dispatches", "routes"):
        op.drop_table(table)

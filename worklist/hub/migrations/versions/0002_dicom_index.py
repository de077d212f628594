"""The index of stored studies, series and instances."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _text(name: str, length: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def upgrade() -> None:
    """Create the tables of the DICOM index."""
    op.create_table(
        "dicom_studies",
        sa.Column("study_instance_uid", sa.String(64), primary_key=True),
        _text("site_id"),
        _text("patient_id", 128),
        _text("patient_name", 1000),
        _text("name_alphabetic", 330),
        _text("name_ideographic", 330),
        _text("name_phonetic", 330),
        _text("birth_date", 16),
        _text("sex", 16),
        _text("study_date", 16),
        _text("study_time", 16),
        _text("timezone", 16),
        _text("accession_number", 128),
        _text("study_id", 128),
        _text("description", 400),
        _text("referring_physician", 1000),
        _text("referring_folded", 1000),
        _text("institution", 400),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_dicom_studies_date", "dicom_studies", ["study_date"])
    op.create_index("ix_dicom_studies_patient", "dicom_studies", ["patient_id"])
    op.create_index("ix_dicom_studies_accession", "dicom_studies", ["accession_number"])
    op.create_index("ix_dicom_studies_site", "dicom_studies", ["site_id"])
    op.create_table(
        "dicom_series",
        sa.Column("series_instance_uid", sa.String(64), primary_key=True),
        sa.Column(
            "study_instance_uid", sa.String(64), sa.ForeignKey("dicom_studies.study_instance_uid"), nullable=False
        ),
        _text("modality", 16),
        sa.Column("series_number", sa.BigInteger(), nullable=True),
        _text("description", 400),
        _text("body_part", 64),
        _text("pps_start_date", 16),
        _text("pps_start_time", 16),
        _text("requested_procedure_id", 128),
        _text("scheduled_step_id", 128),
        sa.Column("attributes", sa.Text(), nullable=False),
    )
    op.create_index("ix_dicom_series_study_instance_uid", "dicom_series", ["study_instance_uid"])
    op.create_table(
        "dicom_instances",
        sa.Column("sop_instance_uid", sa.String(64), primary_key=True),
        sa.Column(
            "study_instance_uid", sa.String(64), sa.ForeignKey("dicom_studies.study_instance_uid"), nullable=False
        ),
        sa.Column(
            "series_instance_uid", sa.String(64), sa.ForeignKey("dicom_series.series_instance_uid"), nullable=False
        ),
        sa.Column("sop_class_uid", sa.String(64), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(64), nullable=False),
        sa.Column("instance_number", sa.BigInteger(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("frame_bits", sa.BigInteger(), nullable=False),
        sa.Column("pixel_offset", sa.BigInteger(), nullable=False),
        sa.Column("pixel_length", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_dicom_instances_study", "dicom_instances", ["study_instance_uid", "series_instance_uid"])
    op.create_index("ix_dicom_instances_series", "dicom_instances", ["series_instance_uid"])

"""The index of stored studies, series and instances; the files themselves lie in the archive."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from worklist.hub.metadata import metadata
from worklist.hub.tables import UtcDateTime


def _text(name: str, length: int = 64) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="")


dicom_studies = Table(
    "dicom_studies",
    metadata,
    Column("study_instance_uid", String(64), primary_key=True),
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
    Column("attributes", Text, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Index("ix_dicom_studies_date", "study_date"),
    Index("ix_dicom_studies_patient", "patient_id"),
    Index("ix_dicom_studies_accession", "accession_number"),
    Index("ix_dicom_studies_site", "site_id"),
)

dicom_series = Table(
    "dicom_series",
    metadata,
    Column("series_instance_uid", String(64), primary_key=True),
    Column(
        "study_instance_uid", String(64), ForeignKey("dicom_studies.study_instance_uid"), nullable=False, index=True
    ),
    _text("modality", 16),
    Column("series_number", BigInteger, nullable=True),
    _text("description", 400),
    _text("body_part", 64),
    _text("pps_start_date", 16),
    _text("pps_start_time", 16),
    _text("requested_procedure_id", 128),
    _text("scheduled_step_id", 128),
    Column("attributes", Text, nullable=False),
)

dicom_instances = Table(
    "dicom_instances",
    metadata,
    Column("sop_instance_uid", String(64), primary_key=True),
    Column("study_instance_uid", String(64), ForeignKey("dicom_studies.study_instance_uid"), nullable=False),
    Column("series_instance_uid", String(64), ForeignKey("dicom_series.series_instance_uid"), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    Column("instance_number", BigInteger, nullable=True),
    Column("frames", Integer, nullable=False),
    Column("frame_bits", BigInteger, nullable=False),
    Column("pixel_offset", BigInteger, nullable=False),
    Column("pixel_length", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    _text("blake3"),
    Column("size", BigInteger, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Index("ix_dicom_instances_study", "study_instance_uid", "series_instance_uid"),
    Index("ix_dicom_instances_series", "series_instance_uid"),
)

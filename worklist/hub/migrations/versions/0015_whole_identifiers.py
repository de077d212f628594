"""Patient IDs and Accession Numbers are kept whole, and an ID counts with who issued it: two patients stay two."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from workstation.domain.told_fields import told_date, told_sex

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_LONGEST: Final = 128
_AT_ONCE: Final = 1000
_PATIENT_ID: Final = "00100020"
_ISSUER: Final = "00100021"
_ACCESSION: Final = "00080050"
_REQUESTS: Final = "0040A370"
_WIDENED: Final = (("cases", "patient_id"), ("cases", "accession_number"), ("workitems", "patient_id"),
                   ("workitems", "accession_number"))  # fmt: skip
_STUDIES = sa.table("dicom_studies", *map(sa.column, ("study_instance_uid", "patient_id", "accession_number", "sex",
                                                      "birth_date", "attributes")))  # fmt: skip
_CASES = sa.table("cases", *map(sa.column, ("study_instance_uid", "site_id", "patient_id", "issuer_of_patient_id",
                                            "accession_number", "sex", "birth_date", "state",
                                            "prior_count")))  # fmt: skip
_ITEMS = sa.table("workitems", *map(sa.column, ("ups_instance_uid", "study_instance_uid", "patient_id",
                                                "accession_number", "dataset")))  # fmt: skip


def upgrade() -> None:
    """Widen the columns, and write anew from the stored headers what was cut; SQLite holds no length."""
    op.add_column("cases", sa.Column("issuer_of_patient_id", sa.String(128), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _WIDENED:
            op.alter_column(
                table, column, type_=sa.String(_LONGEST), existing_nullable=False, existing_server_default=""
            )
    changed = [study for row, case in _studies() if (study := _rewritten(row, case))]
    for study in changed:
        _count_priors(study)


def downgrade() -> None:
    """Take the issuer away; a wider column does no harm."""
    with op.batch_alter_table("cases") as table:
        table.drop_column("issuer_of_patient_id")


def _studies() -> Iterator[tuple[Any, Any]]:
    """Yield the stored studies with their case or None, a thousand at a time: their headers are long."""
    connection, last = op.get_bind(), ""
    while True:
        query = sa.select(_STUDIES).where(_STUDIES.c.study_instance_uid > last)
        rows = connection.execute(query.order_by(_STUDIES.c.study_instance_uid).limit(_AT_ONCE)).all()
        if not rows:
            return
        within = _CASES.c.study_instance_uid.between(rows[0].study_instance_uid, rows[-1].study_instance_uid)
        listed = connection.execute(sa.select(_CASES).where(within, _CASES.c.state != "receiving"))
        cases = {case.study_instance_uid: case for case in listed}
        yield from ((row, cases.get(row.study_instance_uid)) for row in rows)
        last = rows[-1].study_instance_uid


def _rewritten(row: Any, case: Any) -> str:  # noqa: ANN401 - rows of tables
    """Write what the header says; return the study where its patient changed by it, else nothing."""
    connection = op.get_bind()
    header = json.loads(row.attributes)
    whole = {
        "patient_id": _whole(header, _PATIENT_ID),
        "accession_number": _whole(header, _ACCESSION),
        "sex": told_sex(row.sex),
        "birth_date": told_date(row.birth_date),
    }
    at = _STUDIES.c.study_instance_uid == row.study_instance_uid
    if any(getattr(row, name) != value for name, value in whole.items()):
        connection.execute(sa.update(_STUDIES).where(at).values(**whole))
    whole["issuer_of_patient_id"] = _whole(header, _ISSUER)
    if case is None or all(getattr(case, name) == value for name, value in whole.items()):
        return ""
    own = _CASES.c.study_instance_uid == row.study_instance_uid
    connection.execute(sa.update(_CASES).where(own).values(**whole))
    _correct_workitems(case, whole)
    return str(row.study_instance_uid)


def _whole(header: dict[str, Any], tag: str) -> str:
    """Return an identifier, empty where it is longer than what is kept: a part of it would be another one."""
    values = header.get(tag, {}).get("Value") or []
    told = "\\".join("" if value is None else str(value) for value in values).strip()
    return told if len(told) <= _LONGEST else ""


def _correct_workitems(case: Any, whole: dict[str, str]) -> None:  # noqa: ANN401 - a row of a table
    """Correct what the hub scheduled; a workitem that others made of this study keeps what they told."""
    connection = op.get_bind()
    at = (_ITEMS.c.study_instance_uid == case.study_instance_uid) & (_ITEMS.c.patient_id == case.patient_id)
    items = connection.execute(sa.select(_ITEMS).where(at)).all()
    for item in items:
        dataset = json.loads(item.dataset)
        _put(dataset, _PATIENT_ID, "LO", whole["patient_id"])
        _put(dataset, _ISSUER, "LO", whole["issuer_of_patient_id"])
        _put(dataset, "00100040", "CS", whole["sex"])
        for request in dataset.get(_REQUESTS, {}).get("Value", [])[:1]:
            _put(request, _ACCESSION, "SH", whole["accession_number"])
        connection.execute(
            sa.update(_ITEMS)
            .where(_ITEMS.c.ups_instance_uid == item.ups_instance_uid)
            .values(
                dataset=json.dumps(dataset, ensure_ascii=False, separators=(",", ":")),
                patient_id=whole["patient_id"],
                accession_number=whole["accession_number"],
            )
        )


def _put(dataset: dict[str, Any], tag: str, vr: str, value: str) -> None:
    dataset[tag] = {"vr": vr, "Value": [value]} if value else {"vr": vr}


def _count_priors(study: str) -> None:
    """Count anew for a study whose patient changed; a few studies of a house are, if any."""
    connection = op.get_bind()
    case = connection.execute(sa.select(_CASES).where(_CASES.c.study_instance_uid == study)).one()
    others = sa.select(sa.func.count()).select_from(_CASES).where(
        _CASES.c.site_id == case.site_id,
        _CASES.c.patient_id == case.patient_id,
        _CASES.c.patient_id != "",
        _CASES.c.issuer_of_patient_id == case.issuer_of_patient_id,
        _CASES.c.study_instance_uid != study,
    )  # fmt: skip
    count = connection.execute(others).scalar_one()
    connection.execute(sa.update(_CASES).where(_CASES.c.study_instance_uid == study).values(prior_count=count))

"""
What cases tell of a person's other studies and what they are found by follow from the whole identifiers of 0015.

0015 counted priors for those cases only whose own patient changed by it, and by the ID alone; the text that searches
look into kept the ID that was cut.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import combinations, groupby
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from workstation.domain.one_person import contradictions
from workstation.domain.study import Patient

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_AT_ONCE: Final = 1000
_WRITINGS: Final = 1000
"""Where more persons are written under one ID, those of one name only are held against one another."""
_TOLD: Final = ("study_instance_uid", "site_id", "patient_id", "issuer_of_patient_id", "patient_name", "birth_date",
                "sex", "accession_number", "pinyin_initials", "search_text", "prior_count")  # fmt: skip
_CASES = sa.table(
    "cases",
    *map(sa.column, (*_TOLD, "state", "arrived", "revision")),
    sa.column("changed", sa.DateTime(timezone=True)),
)
_STUDIES = sa.table("dicom_studies", *map(sa.column, ("study_instance_uid", "patient_name")))


def upgrade() -> None:
    """Count and write anew; worklists learn of what changed at their next question."""
    connection = op.get_bind()
    now = datetime.now(UTC)
    write = (
        sa.update(_CASES)
        .where(_CASES.c.study_instance_uid == sa.bindparam("case"))
        .values(
            prior_count=sa.bindparam("count"),
            search_text=sa.bindparam("text"),
            revision=_CASES.c.revision + 1,
            changed=now.replace(tzinfo=None) if connection.dialect.name == "sqlite" else now,
        )
    )
    changed = list(_changed(_listed()))
    for first in range(0, len(changed), _AT_ONCE):
        connection.execute(write, changed[first : first + _AT_ONCE])


def downgrade() -> None:
    """Nothing: what is counted now was meant before."""


def _listed() -> list[Any]:
    """Return the cases in the order of patients, of one patient as they arrived."""
    query = (
        sa.select(*(_CASES.c[name] for name in _TOLD), _STUDIES.c.patient_name.label("recorded_name"))
        .join_from(_CASES, _STUDIES, _STUDIES.c.study_instance_uid == _CASES.c.study_instance_uid, isouter=True)
        .where(_CASES.c.state != "receiving")
        .order_by(_CASES.c.arrived, _CASES.c.study_instance_uid)
    )
    return sorted(op.get_bind().execute(query), key=_whose)  # stable, and alike whatever a database sorts by


def _whose(row: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a row of a table
    return row.site_id, row.patient_id, row.issuer_of_patient_id


def _changed(rows: Iterable[Any]) -> Iterator[dict[str, object]]:
    for (_site, patient_id, _issuer), group in groupby(rows, key=_whose):
        cases = list(group)
        counts = _counts(cases) if patient_id else [0] * len(cases)
        for case, count in zip(cases, counts, strict=True):
            text = _search_text(case)
            if (case.prior_count, case.search_text) != (count, text):
                yield {"case": case.study_instance_uid, "count": count, "text": text}


def _counts(cases: list[Any]) -> list[int]:
    """Return for each case of one ID how many that arrived before it nothing contradicts to be of its person."""
    persons = [
        Patient(row.patient_id, row.patient_name, row.birth_date, row.sex, row.recorded_name or "") for row in cases
    ]
    written = list({_writing(one): one for one in persons}.values())
    alike = {_writing(one): [_writing(one)] for one in written}
    for one, other in _to_compare(written):
        if not contradictions(one, other):
            alike[_writing(one)].append(_writing(other))
            alike[_writing(other)].append(_writing(one))
    arrived, counts = Counter[tuple[str, ...]](), []
    for one in persons:
        counts.append(sum(arrived[writing] for writing in alike[_writing(one)]))
        arrived[_writing(one)] += 1
    return counts


def _writing(patient: Patient) -> tuple[str, ...]:
    return patient.name, patient.birth_date, patient.sex, patient.recorded_name


def _to_compare(written: list[Patient]) -> Iterator[tuple[Patient, Patient]]:
    """Yield the pairs of which names decide: a placeholder of an ID has thousands of people under it."""
    named = defaultdict[str, list[Patient]](list)
    for each in written:
        named[each.name if len(written) > _WRITINGS else ""].append(each)
    for people in named.values():
        for one, other in combinations(people, 2):
            born_apart = one.birth_date and other.birth_date and one.birth_date != other.birth_date
            if not born_apart and {one.sex, other.sex} != {"M", "F"}:
                yield one, other


def _search_text(row: Any) -> str:  # noqa: ANN401 - a row of a table
    name = row.patient_name
    parts = (name, name.replace("^", " "), row.pinyin_initials, row.patient_id, row.accession_number)
    return "\n".join(parts).casefold() if any(parts) else row.search_text

"""
The index of stored instances: what is registered is durable in the archive, and only that.

Every rule about who wins is an ``INSERT … ON CONFLICT DO NOTHING`` on a primary key, so that any
number of hub processes on one database agree without a lock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, func, select

from worklist.hub.cases import site_of_study
from worklist.hub.context import HubContext
from worklist.hub.database import insert_once
from worklist.hub.identity import ISSUER, PATIENT_ID, identifier, number
from worklist.hub.instance_json import JsonAttributes, first, text_of
from worklist.hub.instance_tables import dicom_instances, dicom_series, dicom_studies
from workstation.dicom.charset import display_name
from workstation.dicom.quarantine import InspectedInstance
from workstation.domain.access import Actor, Permission
from workstation.domain.told_fields import told_date, told_sex, told_time

RESULT_MODALITIES: Final = frozenset({"SR", "SEG", "DOC", "KO", "PR", "OT", "RTSTRUCT", ""})

PET: Final = "PT"

_STUDY_TAGS: Final = [
    "00080005",
    "00080020",
    "00080030",
    "00080050",
    "00080051",
    "00080080",
    "00080081",
    "00080090",
    "00080201",
    "00081030",
    "00081032",
    "00081040",
    "00081048",
    "00081060",
    "00081080",
    "00100010",
    "00100020",
    "00100021",
    "00100030",
    "00100032",
    "00100040",
    "00101000",
    "00101002",
    "00101010",
    "00101020",
    "00101030",
    "00102160",
    "00102180",
    "001021B0",
    "00104000",
    "0020000D",
    "00200010",
    "00321032",
    "00321060",
]
_SERIES_TAGS: Final = [
    "00080005",
    "00080021",
    "00080031",
    "00080060",
    "00080070",
    "0008103E",
    "0008103F",
    "00081010",
    "00081050",
    "00081070",
    "00081090",
    "00081140",
    "00180015",
    "00180060",
    "00181000",
    "00181020",
    "00181030",
    "00185100",
    "0020000E",
    "00200011",
    "00200052",
    "00200060",
    "00400244",
    "00400245",
    "00400253",
    "00400254",
    "00400275",
]


@dataclass(frozen=True, slots=True)
class StudySummary:
    """What a case needs to know of a stored study; names in display form, identifiers never cut."""

    patient_name: str
    patient_id: str
    issuer_of_patient_id: str
    sex: str
    birth_date: str
    accession_number: str
    modality: str
    description: str
    body_part: str
    institution: str
    studied: datetime | None
    instance_count: int
    series_instance_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewInstance:
    """An inspected instance whose file is durable, ready to be registered."""

    inspected: InspectedInstance
    attributes: JsonAttributes
    digest: str
    size: int
    blake3: str


class Registered(Enum):
    """How the index took an instance."""

    NEW = "new"
    SAME = "same"
    DIFFERENT_BYTES = "different_bytes"
    OTHER_PATIENT = "other_patient"
    OTHER_STUDY = "other_study"
    OTHER_SITE = "other_site"


class InstanceIndex:
    """Reads and writes the index inside the caller's transaction."""

    def __init__(self, context: HubContext) -> None:
        self._context = context

    def digests(self, connection: Connection, study_instance_uid: str) -> dict[str, str]:
        """Return ``{SOP Instance UID: SHA-256 of the file}`` of a study."""
        query = select(dicom_instances.c.sop_instance_uid, dicom_instances.c.digest).where(
            dicom_instances.c.study_instance_uid == study_instance_uid
        )
        return {row.sop_instance_uid: row.digest for row in connection.execute(query)}

    def count(self, connection: Connection, study_instance_uid: str) -> int:
        """Return how many instances of a study are stored."""
        query = (
            select(func.count())
            .select_from(dicom_instances)
            .where(dicom_instances.c.study_instance_uid == study_instance_uid)
        )
        return int(connection.execute(query).scalar_one())

    def owner(self, connection: Connection, study_instance_uid: str) -> str | None:
        """
        Return the site a study belongs to; empty when no site has it, None when nobody knows it.

        Whoever stored it owns it, whatever reading was requested later; a study that others put into
        an external archive belongs to the site that asks for its reading.
        """
        stored = connection.execute(
            select(dicom_studies.c.site_id).where(dicom_studies.c.study_instance_uid == study_instance_uid)
        ).scalar_one_or_none()
        return stored or site_of_study(connection, study_instance_uid) or stored

    def may_see(self, connection: Connection, actor: Actor, study_instance_uid: str) -> bool:
        """Tell whether the actor may see the study; one that nobody knows is seen by nobody."""
        site_id = self.owner(connection, study_instance_uid)
        return site_id is not None and actor.may_see_site(site_id)

    def study_summary(self, connection: Connection, study_instance_uid: str) -> StudySummary | None:
        """Return what a case shows of a stored study, None when nothing of it is stored."""
        study = connection.execute(
            select(dicom_studies).where(dicom_studies.c.study_instance_uid == study_instance_uid)
        ).first()
        if study is None:
            return None
        in_series = (
            select(dicom_instances.c.series_instance_uid, func.count().label("instances"))
            .where(dicom_instances.c.study_instance_uid == study_instance_uid)
            .group_by(dicom_instances.c.series_instance_uid)
            .subquery()
        )
        series = connection.execute(
            select(dicom_series, in_series.c.instances)
            .join(in_series, in_series.c.series_instance_uid == dicom_series.c.series_instance_uid)
            .order_by(dicom_series.c.series_number, dicom_series.c.series_instance_uid)
        ).all()
        weights = Counter[str]()
        parts = Counter[str]()
        for row in series:
            # results of reading never name the study
            weights[row.modality] += row.instances if row.modality not in RESULT_MODALITIES else 0
            if row.body_part:
                parts[row.body_part] += row.instances
        return StudySummary(
            patient_name=display_name(study.patient_name),
            patient_id=study.patient_id,
            issuer_of_patient_id=identifier(json.loads(study.attributes), ISSUER),
            sex=study.sex,
            birth_date=study.birth_date,
            accession_number=study.accession_number,
            modality=_named_by(weights),
            description=study.description,
            body_part=parts.most_common(1)[0][0] if parts else "",
            institution=study.institution,
            studied=study_moment(study.study_date, study.study_time, study.timezone),
            instance_count=sum(row.instances for row in series),
            series_instance_uids=tuple(row.series_instance_uid for row in series),
        )

    def existing(self, connection: Connection, sop_instance_uid: str) -> str | None:
        """Return the digest under which an instance is registered, None when it is not."""
        return connection.execute(
            select(dicom_instances.c.digest).where(dicom_instances.c.sop_instance_uid == sop_instance_uid)
        ).scalar_one_or_none()

    def register(
        self,
        connection: Connection,
        instance: NewInstance,
        *,
        site_id: str,
        known: set[tuple[str, ...]] | None = None,
    ) -> Registered:
        """
        Enter one durable instance; the first writer of a UID wins and everybody else is told.

        ``site_id`` becomes the owner of a study that was not known before. ``known`` remembers which
        studies and series this transaction has already entered or checked; start with an empty set.
        """
        seen = instance.inspected
        mark = (seen.study_instance_uid, seen.series_instance_uid, identifier(instance.attributes, PATIENT_ID), site_id)
        if known is None or mark not in known:
            refused = self._enter_parents(connection, instance, site_id)
            if refused is not None:
                return refused
        if insert_once(connection, dicom_instances, self._instance_row(instance)):
            result = Registered.NEW
        elif self.existing(connection, seen.sop_instance_uid) == instance.digest:
            result = Registered.SAME
        else:
            return Registered.DIFFERENT_BYTES
        if known is not None:
            known.add(mark)
        return result

    def _enter_parents(self, connection: Connection, instance: NewInstance, site_id: str) -> Registered | None:
        """Enter study and series where they are new, and compare with them where they are not."""
        seen = instance.inspected
        insert_once(connection, dicom_studies, self._study_row(instance, site_id))
        study = connection.execute(
            select(dicom_studies.c.patient_id, dicom_studies.c.site_id).where(
                dicom_studies.c.study_instance_uid == seen.study_instance_uid
            )
        ).one()
        if study.site_id and site_id and study.site_id != site_id:
            return Registered.OTHER_SITE
        own_id = identifier(instance.attributes, PATIENT_ID)
        if study.patient_id and own_id and study.patient_id != own_id:
            return Registered.OTHER_PATIENT
        insert_once(connection, dicom_series, _series_row(instance))
        series_study = connection.execute(
            select(dicom_series.c.study_instance_uid).where(
                dicom_series.c.series_instance_uid == seen.series_instance_uid
            )
        ).scalar_one()
        return Registered.OTHER_STUDY if series_study != seen.study_instance_uid else None

    def _study_row(self, instance: NewInstance, site_id: str) -> dict[str, Any]:
        attributes = instance.attributes
        name = first(attributes, "00100010") or {}
        referring = text_of(attributes, "00080090")
        return {
            "study_instance_uid": instance.inspected.study_instance_uid,
            "site_id": site_id,
            "patient_id": identifier(attributes, PATIENT_ID),
            "patient_name": text_of(attributes, "00100010")[:1000],
            "name_alphabetic": fold_name(name.get("Alphabetic", "")),
            "name_ideographic": fold_name(name.get("Ideographic", "")),
            "name_phonetic": fold_name(name.get("Phonetic", "")),
            "birth_date": told_date(text_of(attributes, "00100030")),
            "sex": told_sex(text_of(attributes, "00100040")),
            "study_date": text_of(attributes, "00080020")[:16],
            "study_time": text_of(attributes, "00080030")[:16],
            "timezone": text_of(attributes, "00080201")[:16],
            "accession_number": number(attributes, "00080050"),
            "study_id": number(attributes, "00200010"),
            "description": text_of(attributes, "00081030")[:400],
            "referring_physician": referring[:1000],
            "referring_folded": referring.casefold()[:1000],
            "institution": text_of(attributes, "00080080")[:400],
            "attributes": _subset(attributes, _STUDY_TAGS),
            "stored_at": self._context.clock.now(),
        }

    def _instance_row(self, instance: NewInstance) -> dict[str, Any]:
        seen = instance.inspected
        return {
            "sop_instance_uid": seen.sop_instance_uid,
            "study_instance_uid": seen.study_instance_uid,
            "series_instance_uid": seen.series_instance_uid,
            "sop_class_uid": seen.sop_class_uid,
            "transfer_syntax_uid": seen.transfer_syntax_uid,
            "instance_number": _whole(first(instance.attributes, "00200013")),
            "frames": seen.frames,
            "frame_bits": seen.rows * seen.columns * seen.samples * seen.bits_allocated,
            "pixel_offset": seen.pixel_offset,
            "pixel_length": seen.pixel_length,
            "digest": instance.digest,
            "blake3": instance.blake3,
            "size": instance.size,
            "attributes": json.dumps(instance.attributes, ensure_ascii=False, separators=(",", ":")).replace(
                "\\u0000", ""
            ),
            "stored_at": self._context.clock.now(),
        }


def sites_visible(actor: Actor) -> str | None:
    """Return the one site whose studies the actor may list, None for the whole alliance; empty means none."""
    if actor.may(Permission.SEE_ALLIANCE):
        return None
    return actor.site_id if actor.may(Permission.SEE_OWN_SITE) else ""


def fold_name(group: str) -> str:
    """Return a name group as it is compared: case ignored (PS3.4 C.2.2.2.1), empty components at the end gone."""
    return group.casefold().strip().rstrip("^")[:330]


def with_root(attributes: str, root: str) -> str:
    """
    Return stored attributes with absolute BulkDataURIs.

    Inside a JSON string every quote is escaped, so that no value can look like the member that is replaced.
    """
    return attributes.replace('"BulkDataURI":"/studies/', f'"BulkDataURI":"{root}/studies/')


def study_moment(date: str, time: str, offset: str) -> datetime | None:
    """Return when a study was made, aware; without a stated offset it is the hub's own zone."""
    digits = ((told_time(time) or time).partition(".")[0] + "000000")[:6]
    try:
        moment = datetime.strptime((told_date(date) or date[:8]) + digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
        if offset:
            sign = -1 if offset[0] == "-" else 1
            zone = timezone(sign * timedelta(hours=int(offset[-4:-2]), minutes=int(offset[-2:])))
            return moment.replace(tzinfo=zone)
        return moment.astimezone()
    except (ValueError, OverflowError):
        return None


def _series_row(instance: NewInstance) -> dict[str, Any]:
    attributes = instance.attributes
    request: JsonAttributes = first(attributes, "00400275") or {}
    return {
        "series_instance_uid": instance.inspected.series_instance_uid,
        "study_instance_uid": instance.inspected.study_instance_uid,
        "modality": text_of(attributes, "00080060")[:16],
        "series_number": _whole(first(attributes, "00200011")),
        "description": text_of(attributes, "0008103E")[:400],
        "body_part": text_of(attributes, "00180015")[:64],
        "pps_start_date": text_of(attributes, "00400244")[:16],
        "pps_start_time": text_of(attributes, "00400245")[:16],
        "requested_procedure_id": number(request, "00401001"),
        "scheduled_step_id": number(request, "00400009"),
        "attributes": _subset(attributes, _SERIES_TAGS),
    }


def _subset(attributes: JsonAttributes, tags: Sequence[str]) -> str:
    chosen = {tag: attributes[tag] for tag in tags if tag in attributes}
    return json.dumps(chosen, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", "")


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and abs(value) < 2**31 else None


def _named_by(weights: Counter[str]) -> str:
    """Return the modality of a study: that of most images, but a PET whatever number of slices lies beneath it."""
    return PET if weights[PET] else weights.most_common(1)[0][0] if weights else ""

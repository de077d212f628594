"""Putting together what a route carries: the report as enqueued, the study as stored, the signed objects."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select

from resources.translation import tr
from worklist.hub.archive import Archive, InstanceKey
from worklist.hub.context import HubContext
from worklist.hub.dispatch_desk import MAY_HAVE_ARRIVED, OUTPUTS, REPORT
from worklist.hub.dispatch_tables import dispatches
from worklist.hub.document_service import template_written_with
from worklist.hub.instance_tables import dicom_instances, dicom_series, dicom_studies
from worklist.hub.instances import study_moment
from worklist.hub.tables import cases, sites
from workstation.domain.critical import CriticalState
from workstation.domain.dispatch import (
    Consignment,
    CriticalFlag,
    FormerReport,
    PatientFacts,
    SignedObject,
    StudiedInstance,
    StudiedSeries,
    StudyFacts,
)
from workstation.domain.errors import SourceError, StorageError

_RESULTS = frozenset({"SR", "DOC", "KO", "PR", "SEG"})
"""What was made of the images is not what was examined."""


class Consignments:
    """Reads the hub; holds nothing."""

    def __init__(self, context: HubContext, archive: Archive) -> None:
        self._context = context
        self._archive = archive

    def of(self, dispatch: Row[Any]) -> Consignment:
        """Return what goes out for one row of ``dispatches``. Raises SourceError where the study is gone."""
        outputs = OUTPUTS.validate_json(dispatch.outputs)
        with self._context.read() as connection:
            study = connection.execute(
                select(dicom_studies).where(dicom_studies.c.study_instance_uid == dispatch.study_instance_uid)
            ).first()
            case = connection.execute(
                select(cases, sites.c.name.label("site_name"))
                .join(sites, sites.c.site_id == cases.c.site_id)
                .where(cases.c.study_instance_uid == dispatch.study_instance_uid)
            ).first()
            if study is None or case is None:
                raise SourceError(tr("The study of the report is not stored at the hub"), detail="study gone")
            series = _series(connection, dispatch.study_instance_uid)
            this, *former = (_version(connection, document) for document in _documents(connection, dispatch))
            digests = _digests(connection, [output.sop_instance_uid for output in outputs])
        absent = [output.sop_instance_uid for output in outputs if output.sop_instance_uid not in digests]
        if absent:
            raise StorageError(tr("A signed object is not stored at the hub"), detail=f"absent: {absent}")
        return Consignment(
            critical=this.critical,
            control_id=dispatch.control_id,
            template=this.template,
            former=tuple(former),
            report=this.report,
            report_root=dispatch.report_root,
            site_name=case.site_name,
            patient=PatientFacts(study.patient_id, study.patient_name, study.sex, study.birth_date),
            study=StudyFacts(
                study_instance_uid=dispatch.study_instance_uid,
                accession_number=study.accession_number,
                modality=case.modality,
                description=study.description,
                studied=study_moment(study.study_date, study.study_time, study.timezone),
                series=series,
            ),
            objects=tuple(
                SignedObject(
                    series_instance_uid=output.series_instance_uid,
                    sop_class_uid=output.sop_class_uid,
                    sop_instance_uid=output.sop_instance_uid,
                    read=partial(
                        self._archive.read,
                        InstanceKey(
                            dispatch.study_instance_uid,
                            output.series_instance_uid,
                            output.sop_instance_uid,
                            digests[output.sop_instance_uid],
                        ),
                    ),
                )
                for output in outputs
            ),
        )


def _documents(connection: Connection, dispatch: Row[Any]) -> Iterator[str]:
    """Return the report as enqueued, then its versions that may have arrived on the same route, oldest first."""
    yield dispatch.document
    query = select(dispatches.c.document).where(
        dispatches.c.route_id == dispatch.route_id,
        dispatches.c.report_root == dispatch.report_root,
        dispatches.c.number < dispatch.number,
        MAY_HAVE_ARRIVED,
    )
    yield from connection.scalars(query.order_by(dispatches.c.number))


def _version(connection: Connection, document: str) -> FormerReport:
    report = REPORT.validate_json(document)
    critical = tuple(
        CriticalFlag(
            one.level.value,
            one.level.scheme,
            one.level.meaning,
            one.confirmed_at,
            one.critical_uid,
            one.text,
            one.finding,
        )
        for one in report.critical_values
        if one.state is not CriticalState.DISMISSED
    )
    return FormerReport(
        report, critical, template_written_with(connection, report.template_id, report.template_version)
    )


def _series(connection: Connection, study_instance_uid: str) -> tuple[StudiedSeries, ...]:
    query = (
        select(
            dicom_instances.c.series_instance_uid,
            dicom_instances.c.sop_class_uid,
            dicom_instances.c.sop_instance_uid,
            dicom_series.c.modality,
        )
        .join(dicom_series, dicom_series.c.series_instance_uid == dicom_instances.c.series_instance_uid)
        .where(dicom_instances.c.study_instance_uid == study_instance_uid, dicom_series.c.modality.not_in(_RESULTS))
        .order_by(
            dicom_series.c.series_number,
            dicom_instances.c.series_instance_uid,
            dicom_instances.c.instance_number,
            dicom_instances.c.sop_instance_uid,
        )
    )
    modalities: dict[str, str] = {}
    instances: dict[str, list[StudiedInstance]] = {}
    for row in connection.execute(query):
        modalities.setdefault(row.series_instance_uid, row.modality)
        instances.setdefault(row.series_instance_uid, []).append(
            StudiedInstance(row.sop_class_uid, row.sop_instance_uid)
        )
    return tuple(StudiedSeries(uid, modalities[uid], tuple(instances[uid])) for uid in modalities)


def _digests(connection: Connection, sop_instance_uids: list[str]) -> dict[str, str]:
    query = select(dicom_instances.c.sop_instance_uid, dicom_instances.c.digest).where(
        dicom_instances.c.sop_instance_uid.in_(sop_instance_uids)
    )
    return {row.sop_instance_uid: row.digest for row in connection.execute(query)}

"""Figures counted from double readings, critical values, grades of images and repeated exams."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import groupby
from typing import Final

from sqlalchemy import Connection, select

from worklist.hub.critical_service import VALUE
from worklist.hub.critical_tables import critical_values
from worklist.hub.exam_repeats import UNANSWERED
from worklist.hub.image_grades import grades_by_study
from worklist.hub.quality_filter import of_author, of_case
from worklist.hub.quality_tables import exam_repeats
from worklist.hub.report_rows import document_of
from worklist.hub.tables import cases, sites
from worklist.hub.workflow_tables import blind_reads, double_readings
from workstation.domain.critical_clock import NotificationShare, notification_share
from workstation.domain.double_reading import ratings
from workstation.domain.image_quality import ARTEFACTS, GradeReason, ImageGrade, standing
from workstation.domain.mutual_recognition import RepeatException
from workstation.domain.quality import (
    DoubleReadingFigures,
    GradeCount,
    GradeFigures,
    GradeReasonCount,
    QualityQuery,
    RatedPair,
    RepeatCount,
    SchemeFigures,
    Share,
)
from workstation.domain.report_version import DoubleReadingState
from workstation.domain.workitem import ReadingState

_SECTIONS: Final = frozenset({"CT", "MR"})
"""Modalities of national indicator 1."""


def double_figures(
    connection: Connection, query: QualityQuery, pseudonym: Callable[[str], str]
) -> DoubleReadingFigures:
    """Return the pairs of every scheme; the reader is either of the two."""
    rows = (
        select(
            blind_reads,
            double_readings.c.state,
            double_readings.c.concluded_at,
            cases.c.modality,
            sites.c.name.label("site_name"),
        )
        .join(double_readings, double_readings.c.study_instance_uid == blind_reads.c.study_instance_uid)
        .join(cases, cases.c.study_instance_uid == blind_reads.c.study_instance_uid)
        .join(sites, sites.c.site_id == cases.c.site_id)
        .where(
            double_readings.c.state != DoubleReadingState.READING.value,
            double_readings.c.concluded_at >= query.since,
            double_readings.c.concluded_at < query.until,
            of_case(query),
        )
        .order_by(double_readings.c.concluded_at, blind_reads.c.study_instance_uid, blind_reads.c.slot)
    )
    pairs: dict[str, list[RatedPair]] = defaultdict(list)
    agreed = total = unrated = 0
    for study, readings in groupby(connection.execute(rows), key=lambda row: row.study_instance_uid):
        first, second = readings
        if query.reader_id not in {"", first.reader_id, second.reader_id}:
            continue
        total += 1
        agreed += first.state == DoubleReadingState.AGREED
        one, two = ratings(document_of(first)), ratings(document_of(second))
        unrated += not one.keys() & two.keys()
        for scheme in one.keys() & two.keys():
            pairs[scheme].append(
                RatedPair(
                    pseudonym(study),
                    one[scheme],
                    two[scheme],
                    first.reader_name,
                    second.reader_name,
                    DoubleReadingState(first.state),
                    first.modality,
                    first.site_name,
                    first.concluded_at,
                )
            )
    schemes = tuple(SchemeFigures(scheme, tuple(pairs[scheme])) for scheme in sorted(pairs))
    return DoubleReadingFigures(Share(agreed, total), unrated, schemes)


def critical_share(connection: Connection, query: QualityQuery) -> NotificationShare:
    """Return national indicator 4; the reader is who recognised the value."""
    rows = (
        select(critical_values.c.document)
        .join(cases, cases.c.study_instance_uid == critical_values.c.study_instance_uid)
        .where(
            critical_values.c.recognised_at >= query.since,
            critical_values.c.recognised_at < query.until,
            of_case(query),
        )
    )
    values = map(VALUE.validate_json, connection.execute(rows).scalars())
    return notification_share(one for one in values if query.reader_id in {"", one.recognised_by.user_id})


def grade_figures(connection: Connection, query: QualityQuery) -> GradeFigures:
    """Count the grades that stand, of the studies that arrived in the period; the reader is the author."""
    rows = connection.execute(
        select(cases.c.study_instance_uid, cases.c.modality).where(
            cases.c.arrived >= query.since,
            cases.c.arrived < query.until,
            cases.c.state != ReadingState.RECEIVING.value,
            of_author(query),
        )
    ).all()
    stored = grades_by_study(connection, of_author(query))
    grades, reasons = Counter[ImageGrade](), Counter[GradeReason]()
    graded = sections = artefacts = 0
    for row in rows:
        given = standing(tuple(stored.get(row.study_instance_uid, ())))
        if given is None:
            continue
        graded += 1
        grades[given.grading.grade] += 1
        reasons.update(given.grading.reasons)
        if row.modality in _SECTIONS:
            sections += 1
            artefacts += bool(ARTEFACTS & set(given.grading.reasons))
    return GradeFigures(
        Share(graded, len(rows)),
        tuple(GradeCount(grade, grades[grade]) for grade in ImageGrade),
        tuple(GradeReasonCount(reason, reasons[reason]) for reason in GradeReason if reasons[reason]),
        Share(artefacts, sections),
    )


def repeat_counts(connection: Connection, query: QualityQuery) -> tuple[RepeatCount, ...]:
    """Count the repeated exams by the exception that was claimed; the last are those that nobody answered for yet."""
    rows = (
        select(exam_repeats.c.exception)
        .join(cases, cases.c.study_instance_uid == exam_repeats.c.study_instance_uid)
        .where(exam_repeats.c.recorded_at >= query.since, exam_repeats.c.recorded_at < query.until, of_author(query))
    )
    found = Counter(connection.execute(rows).scalars())
    said = tuple(RepeatCount(one, found[one.value]) for one in RepeatException if found[one.value])
    return (*said, RepeatCount(None, found[UNANSWERED])) if found[UNANSWERED] else said

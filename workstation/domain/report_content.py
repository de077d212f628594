"""What a reader put into a report, apart from whose document it is: two versions of one case can be exchanged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from workstation.domain.report import Report
from workstation.domain.report_state import ReportState


def differing_fields(one: Report, other: Report) -> tuple[str, ...]:
    """Return the keys of the template fields whose texts differ, in the order of ``one`` and then of ``other``."""
    keys = dict.fromkeys((*one.values, *other.values))
    return tuple(key for key in keys if one.values.get(key, "").strip() != other.values.get(key, "").strip())


def says_other(one: Report, other: Report) -> bool:
    """Tell whether anything that a reader wrote, decided, measured or marked differs."""
    decided = [tuple((f.decision, f.diameter_mm, f.lobe) for f in report.findings.findings) for report in (one, other)]
    drawn = [report.drawn.annotations for report in (one, other)]
    marked = [(report.key_images, report.categories, report.prior_measurements) for report in (one, other)]
    return bool(differing_fields(one, other)) or any(first != second for first, second in (decided, drawn, marked))


def with_content(report: Report, other: Report, *, at: datetime) -> Report:
    """
    Return the report with everything that the reader put into ``other``; state, authors and UIDs stay its own.

    What somebody answered for before the norm gate goes with neither: it was given for the other words.
    ValueError for another study, another kind of document or a final report.
    """
    if report.state is ReportState.FINAL:
        raise ValueError("a final report is immutable")
    if (other.study_instance_uid, other.kind) != (report.study_instance_uid, report.kind):
        raise ValueError("both versions must be of one study and one kind")
    return replace(
        report,
        values=dict(other.values),
        findings=other.findings,
        measurements=other.measurements,
        annotations=other.annotations,
        categories=other.categories,
        norm_overrides=(),
        norm_found=other.norm_found,
        key_images=other.key_images,
        image_looks=other.image_looks,
        key_pictures=other.key_pictures,
        prior_measurements=other.prior_measurements,
        links=other.links,
        addendum=other.addendum,
        updated_at=at,
        revision=report.revision + 1,
    )

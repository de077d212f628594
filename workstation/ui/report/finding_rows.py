"""The accepted findings of a session as rows of the report form."""

from __future__ import annotations

from resources.translation import language
from workstation.domain.finding_traits import asked, each_of, traits_of
from workstation.domain.trait import HELD
from workstation.services.reading_session import ReadingSession
from workstation.services.report_service import image_of_finding
from workstation.ui.finding_words import place_and_type, size_word
from workstation.ui.widgets.nodule_table import NoduleRow


def finding_rows(session: ReadingSession) -> list[NoduleRow]:
    """Return one row for each finding that goes into the report, in their order."""
    items, tongue = each_of(session.template), language()
    rows = []
    for finding in session.findings.reported:
        at = image_of_finding(finding, session.findings, session.study)
        said = [one.value.get(tongue) for one in finding.traits if one.key not in HELD]
        rows.append(
            NoduleRow(
                finding.tracking_uid,
                finding.number,
                " · ".join((place_and_type(finding), *said)),
                size_word(finding) or "—",
                at or "—",
                traits_of(finding),
                tuple(item.key for item in asked(items, finding)),
            )
        )
    return rows

"""Who a patient is, by two identifiers: names repeat, and whatever is decided is decided about one person."""

from __future__ import annotations

from workstation.domain.critical_board import CriticalNotice
from workstation.domain.workitem import WorklistRow
from workstation.ui.patient_words import name_or_placeholder


def name_and_id(row: WorklistRow | CriticalNotice) -> str:
    """Return the name, or the words for none, and the patient's ID where the sender gave one."""
    return " · ".join(part for part in (name_or_placeholder(row.patient_name), row.patient_id) if part)


def notice_words(notice: CriticalNotice) -> str:
    """Return whose critical value it is: name, ID, exam, its day on this machine's clock, and the hospital."""
    day = notice.studied.astimezone().strftime("%Y-%m-%d") if notice.studied is not None else ""
    parts = (name_and_id(notice), notice.description, day, notice.site_name)
    return " · ".join(part for part in parts if part)

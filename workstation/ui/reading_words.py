"""The words of the reading page about study, series and who may write."""

from __future__ import annotations

from dataclasses import dataclass

from resources.categories import scheme_name
from resources.translation import language, tr, trn
from viewers.scene.captions import StudyCaptions
from viewers.scene.view_words import view_name
from workstation.domain.finding import Decision
from workstation.domain.report import CATEGORY_TARGET, ReportState
from workstation.domain.side import PROJECTIONS
from workstation.domain.study import DecodeWarning, Series, Study
from workstation.domain.technique import UNKNOWN, Moment, Technique
from workstation.domain.template import FieldType, ReportTemplate, TemplateField
from workstation.domain.told_fields import day_words
from workstation.domain.workitem import AiState, WorklistRow
from workstation.services.reading_session import ReadingSession
from workstation.ui.patient_words import age_word, name_or_placeholder, sex_word
from workstation.ui.widgets.report_dock import ReportRow


@dataclass(frozen=True, slots=True)
class LockWords:
    """The chip that says who may write; ``reason`` is empty where this reader may."""

    text: str
    kind: str
    icon: str
    reason: str


def person_line(row: WorklistRow) -> str:
    """Return sex, age and patient ID."""
    on = (row.studied or row.arrived).astimezone().date()
    parts = (sex_word(row.sex), age_word(row.birth_date, on), row.patient_id)
    return " · ".join(part for part in parts if part)


def lock_words(session: ReadingSession) -> LockWords:
    """Return who may write in this case, and why not this reader."""
    row = session.row
    if not session.read_only:
        return LockWords(tr("Locked by me"), "acc", "lock-2", "")
    if session.report.state is ReportState.FINAL:
        reason = tr("The report is signed; changes need an addendum.")
        return LockWords(tr("Signed"), "ok", "quill-pen", reason)
    if row.reader_id and row.reader_id != session.reader.user_id:
        reason = tr("{name} is reading this case; you see it read-only.", name=row.reader_name or row.reader_id)
        return LockWords(tr("Read-only"), "neutral", "lock-2", reason)
    if session.report.state is ReportState.PRELIMINARY:
        reason = tr("The report waits for review.")
        return LockWords(tr("To review"), "neutral", "lock-2", reason)
    return LockWords(tr("Read-only"), "neutral", "lock-2", tr("The case was opened read-only."))


def study_line(study: Study, row: WorklistRow) -> tuple[str, str]:
    """Return the heading of the series panel and its note."""
    date = day_words(study.study_date)
    return " ".join(part for part in (date, study.description or row.description) if part), tr("current")


def series_title(series: Series) -> str:
    """Return number and description."""
    number = "" if series.series_number is None else str(series.series_number)
    return " ".join(part for part in (number, series.description or series.modality) if part)


def series_facts(series: Series, cached: int) -> str:
    """Return ``CT · 275 slices · cached 171`` or ``MG · R CC · 1 image``; complete series say so by their bar alone."""
    count = len(series.frames)
    if series.cine is not None:
        words = f"{series.modality} · {trn('{count} frame', '{count} frames', count)}"
    elif count == 1 or series.modality in PROJECTIONS:
        what = (series.modality, _views(series), trn("{count} image", "{count} images", count))
        words = " · ".join(part for part in what if part)
    else:
        words = f"{series.modality} · {trn('{count} slice', '{count} slices', count)}"
    return words if cached in {0, count} else f"{words} · {tr('cached {count}', count=cached)}"


def _views(series: Series) -> str:
    """Return side and view of projections, each once: what is hung by them is chosen by them."""
    if series.modality not in PROJECTIONS:
        return ""
    views = (view_name(one) for one in series.instances)
    return ", ".join(dict.fromkeys(view for view in views if view))


def non_image_facts(series: Series) -> str:
    """Return what a series without pictures holds."""
    kinds = {
        "SR": tr("Report, no images"),
        "DOC": tr("Document, no images"),
        "SEG": tr("Segmentation, no images"),
        "PR": tr("Presentation state, no images"),
    }
    first = series.instances[0].sop_class_uid if series.instances else ""
    if first.startswith("1.2.840.10008.5.1.4.1.1.104."):
        return kinds["DOC"]
    return kinds.get(series.modality, tr("No images"))


def captions(study: Study, series: Series, row: WorklistRow) -> StudyCaptions:
    """Return the corner text of a series; two different patients are said in red."""
    patient = study.patient
    on = (row.studied or row.arrived).astimezone().date()
    birth = day_words(patient.birth_date)
    who = " ".join(part for part in (sex_word(patient.sex), age_word(patient.birth_date, on), birth) if part)
    doubts = (tr("Patient differs from the worklist"),) if patient_differs(study, row) else ()
    number = "" if series.series_number is None else f"S{series.series_number}"
    technique = next((one.technique for one in series.instances if one.rows), UNKNOWN)
    # a series may have been acquired long after its study began
    day, clock = (technique.taken[:8], technique.taken[8:]) if technique.taken else (study.study_date, study.study_time)
    return StudyCaptions(
        patient_name=name_or_placeholder(patient.name),
        sex_age_birth=who,
        patient_id=patient.patient_id,
        institution=study.institution or row.site_name,
        study_description=study.description,
        accession_number=study.accession_number,
        study_date_time=" ".join(part for part in (day_words(day), _time(clock)) if part),
        time_word=_time_word(technique),
        series=" ".join(part for part in (number, series.description) if part),
        contrast=tr("Contrast medium {agent}", agent=technique.contrast) if technique.contrast else "",
        warnings=doubts,
    )


def _time_word(technique: Technique) -> str:
    """Return of what the time in the corner is: that of the pixels may be a reconstruction hours after the patient."""
    if not technique.taken:
        return tr("Study began")
    return {
        Moment.ACQUIRED: tr("Taken"),
        Moment.CONTENT: tr("Image made"),
        Moment.SERIES: tr("Series began"),
    }[technique.taken_is]


def patient_differs(study: Study, row: WorklistRow) -> bool:
    """Tell whether the images name another patient than the worklist."""
    return bool(study.patient.patient_id) and bool(row.patient_id) and study.patient.patient_id != row.patient_id


def short_warning(warning: DecodeWarning) -> str:
    """Return a doubt in the few words that fit into the corner of a viewport."""
    words = {
        "gap": tr("Slices missing"),
        "tilt": tr("Tilted slices"),
        "unequal": tr("Unequal spacing"),
        "duplicate": tr("Duplicate positions"),
        "mixed_orientation": tr("Mixed orientation"),
        "mixed_size": tr("Mixed image size"),
        "mixed_spacing": tr("Mixed pixel spacing"),
        "spacing": tr("No pixel spacing"),
        "position": tr("No position"),
        "charset": tr("Character set guessed"),
        "patient_id": tr("Patient ID not valid: no report"),
        "mixed_patient": tr("SEVERAL PATIENT IDS IN THIS STUDY"),
        "mixed_person": tr("TWO PERSONS IN THIS STUDY?"),
        "birth_date": tr("Birth date unreadable"),
        "sex": tr("Sex unreadable"),
        "study_date": tr("Study date unreadable"),
        "study_time": tr("Study time unreadable"),
        "accession_number": tr("Accession number not valid"),
    }
    return words.get(warning.code, warning.text)


def no_findings_words(session: ReadingSession) -> str:
    """Return what is said where there are no cards: nothing found is not the same as not looked."""
    ai = session.row.ai
    if session.findings.algorithm is not None:
        return tr("The AI pre-read found nothing above its threshold. That is no proof of a normal examination.")
    return {
        AiState.NOT_APPLICABLE: tr("There is no AI pre-read for this examination."),
        AiState.QUEUED: tr("The AI pre-read is still waiting. You can read and report without it."),
        AiState.RUNNING: tr("The AI pre-read is running. You can read and report without it."),
        AiState.FAILED: tr("The AI pre-read failed. Read without it; the worklist can start it again."),
        AiState.DONE: tr("The AI result could not be read. Read without it."),
    }[ai.state]


def report_rows(session: ReadingSession) -> list[ReportRow]:
    """Return the key fields in one line each: what is required, and the findings."""
    rows = []
    impression = impression_field(session.template)
    for item in session.template.fields:
        if item is impression:
            continue
        caption = item.label.get(language())
        if item.type is FieldType.FINDINGS:
            rows.append(_findings_row(session, item.key, caption))
        elif item.required:
            rows.append(ReportRow(item.key, caption, _value(item, session.report.values.get(item.key, "")), True))
    if session.template.category_required:  # it keeps the report back as an empty field does
        said = " · ".join(
            f"{scheme_name(one.result.scheme, language())} {one.chosen}" for one in session.report.categories
        )
        rows.append(ReportRow(CATEGORY_TARGET, tr("Category"), said, required=True))
    return rows


def _findings_row(session: ReadingSession, key: str, caption: str) -> ReportRow:
    """Return how many findings are confirmed and wait; that there are none is said once a reader rejected them all."""
    undecided, reported = len(session.displayed.undecided), len(session.findings.reported)
    rejected = any(one.decision is Decision.REJECTED for one in session.displayed.findings)
    parts = [tr("{count} confirmed", count=reported)] if reported else []
    parts += [tr("{count} undecided", count=undecided)] if undecided else []
    words = " · ".join(parts) or (tr("none") if rejected else tr("none yet"))
    return ReportRow(key, caption, words, required=False, attention=bool(undecided), told=bool(reported or rejected))


def impression_field(template: ReportTemplate) -> TemplateField | None:
    """Return the field of the impression (LOINC 19005-8), None where the template has none."""
    for section in template.sections:
        for item in section.fields:
            if item.type is FieldType.TEXT and (item.key == "impression" or section.heading.value == "19005-8"):
                return item
    return None


def _value(item: TemplateField, value: str) -> str:
    for choice in item.choices:
        if choice.key == value:
            return choice.label.get(language())
    return value.strip()


def _time(text: str) -> str:
    return f"{text[:2]}:{text[2:4]}" if len(text) >= 4 and text[:4].isdigit() else ""

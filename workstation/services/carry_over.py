"""The text of a report withdrawn as another's, carried to the right study, where every word is looked at anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from resources.translation import tr
from workstation.domain.audit import AuditAction
from workstation.domain.errors import NotPermitted
from workstation.domain.ports import AuditPort
from workstation.domain.report import Report
from workstation.domain.report_state import ReportKind, WithdrawalCode
from workstation.domain.study import Patient, Study
from workstation.domain.template import IMPRESSIONS, FieldType, ReportTemplate
from workstation.domain.text_link import LinkKind, TextLink
from workstation.domain.withdrawn import Withdrawn, WithdrawnTextPort
from workstation.services.reading_session import ReadingSession

_FINDINGS: Final = "59776-5"
_ADDENDUM: Final = "addendum"
_NO_WORDS: Final = re.compile(r"[a-z][a-z0-9_]*|[-+]?[\d.,]+")
"""The key of an option or a number: all that tells it from words where its template is gone"""


@dataclass(frozen=True, slots=True)
class CarriedText:
    """
    What goes to the right study: words alone, by field.

    ``template`` is the one that they were written under, None where it is not installed any more. Findings, drawings,
    measurements, key images, categories, numbers and choices stay behind: they are of the images they were made on.
    Words of a field that the open template does not have go with the others, below its findings.
    """

    texts: Mapping[str, str]
    template: ReportTemplate | None
    written_on: str


@dataclass(frozen=True, slots=True)
class CarryOver:
    """Carries the text of a withdrawn report to the study that is open, once it is certain whose study that is."""

    templates: Callable[[str], tuple[ReportTemplate, ...]]
    """What the studies of a site may be reported with"""

    audit: AuditPort
    waiting: WithdrawnTextPort
    """Keeps what waits on this machine, over sign-out and restart, until it is used or refused"""

    def __call__(self, withdrawn: Withdrawn, session: ReadingSession, typed: str) -> CarriedText:
        """
        Return what may be put into the open report; recorded before. ``typed`` is the identity as the reader read it.

        Raises NotPermitted with what does not fit, Unreachable where the act cannot be recorded.
        """
        require_right_study(withdrawn, session, typed)
        report = withdrawn.report
        template = next(
            (one for one in self.templates(session.row.site_id) if one.template_id == report.template_id), None
        )
        texts = carried_texts(report, template or session.template)
        if not texts:
            raise NotPermitted(tr("The withdrawn report has no text to take over"))
        self.audit.record(
            AuditAction.REPORT_TEXT_CARRIED,
            subject_uid=session.study.study_instance_uid,
            detail=f"{len(texts)} fields from report {report.report_uid} of study {report.study_instance_uid}"
            f" withdrawn as {withdrawn.code}",
        )
        written = report.signed_at or report.updated_at
        return CarriedText(texts, template, written.astimezone().strftime("%Y-%m-%d"))


def may_take_over(withdrawn: Withdrawn, session: ReadingSession) -> bool:
    """Tell whether the text of a withdrawn report may go into the open report at all."""
    return (
        session.claim is not None
        and not session.content_locked
        and session.report.kind is ReportKind.ORIGINAL
        and session.study.study_instance_uid != withdrawn.study.study_instance_uid
    )


def offered(waiting: Iterable[Withdrawn], session: ReadingSession) -> tuple[Withdrawn, ...]:
    """Return the texts that the open case may be the right study of, in their order."""
    return tuple(one for one in waiting if may_take_over(one, session) and _is_possible(one, session.study.patient))


def identity_word(study: Study) -> str:
    """Return what names a study for typing it: Patient ID, else accession number, else its date."""
    return study.patient.patient_id.strip() or study.accession_number.strip() or study.study_date


def require_right_study(withdrawn: Withdrawn, session: ReadingSession, typed: str) -> None:
    """Raise NotPermitted unless the open case is another study of whom it should be, and the reader named it."""
    if not may_take_over(withdrawn, session):
        raise NotPermitted(
            tr("The text can only go into a report of another study that you are writing"),
            hint=tr("Claim the right study first."),
        )
    wrong, right = withdrawn.study.patient, session.study.patient
    if session.row.patient_id.strip() != right.patient_id.strip():
        raise NotPermitted(
            tr("The worklist and the images name different patients"),
            hint=tr("Ask the sending site which of them is right before anything is written."),
        )
    same = _is_same_person(wrong, right)
    if withdrawn.code is WithdrawalCode.WRONG_STUDY and not same:
        raise NotPermitted(
            tr("The report was withdrawn as of the wrong study of one person, and this is another person"),
            hint=tr("Open the right study of the same patient."),
        )
    if withdrawn.code is WithdrawalCode.WRONG_PATIENT and same:
        raise NotPermitted(
            tr("This is the patient whose report was withdrawn as another's"),
            hint=tr("Open the right patient's study."),
        )
    if typed.strip().casefold() != identity_word(session.study).casefold():
        raise NotPermitted(
            tr("What you typed does not name this study"), hint=tr("Read it off the images or the request and type it.")
        )


def carried_texts(report: Report, template: ReportTemplate) -> dict[str, str]:
    """
    Return the words of the text fields of a report, those of its addendum below its impression.

    Where ``template`` is not the very one that they were written under, the words of fields that it does not have
    come last, by their own key.
    """
    fields = [item for item in template.fields if item.type is FieldType.TEXT]
    texts = {item.key: text for item in fields if (text := report.values.get(item.key, "").strip())}
    if (report.template_id, report.template_version) != (template.template_id, template.version):
        known = {item.key for item in template.fields}
        words = {key: value.strip() for key, value in report.values.items() if key not in known}
        texts |= {key: text for key, text in words.items() if text and not _NO_WORDS.fullmatch(text)}
    if report.addendum.strip():
        headed = (item for part in template.sections if part.heading.value == IMPRESSIONS for item in part.fields)
        last = fields[-1].key if fields else _ADDENDUM
        key = next((item.key for item in headed if item.type is FieldType.TEXT), last)
        texts[key] = "\n".join(part for part in (texts.get(key, ""), report.addendum.strip()) if part)
    return texts


def without_field(carried: CarriedText, template: ReportTemplate) -> tuple[str, ...]:
    """Return the keys of the words that a template has no field for."""
    own = {item.key for item in template.fields if item.type is FieldType.TEXT}
    return tuple(key for key in carried.texts if key not in own)


def take_over(carried: CarriedText, session: ReadingSession) -> tuple[str, ...]:
    """
    Put the words into the open report and return the fields that took them; below what the reader wrote there.

    They are tied as copied words, which hold the signature up until each field is confirmed or changed; the norm gate
    judges them against this patient, this examination and this side like any others. Nothing is taken, and nothing
    returned, where the open template has no field for words.
    """
    if carried.template is not None and carried.template.template_id != session.template.template_id:
        session.choose_template(carried.template)
    phrases = {item.key: item.normal_phrase for item in session.template.fields if item.type is FieldType.TEXT}
    taken: list[str] = []
    for key, words in _placed(carried, session.template).items():
        phrase, own = phrases[key], session.report.values.get(key, "").strip()
        is_own = bool(own) and (phrase is None or own != phrase.get(session.report.language))
        text = f"{own}\n{words}" if is_own else words
        session.set_value(key, text)
        session.tie([TextLink(key, LinkKind.COPY, "", words, len(text) - len(words), carried.written_on)])
        taken.append(key)
    return tuple(taken)


def _placed(carried: CarriedText, template: ReportTemplate) -> dict[str, str]:
    """Return the words by the fields of a template; those without a field of their own below its findings."""
    strange = without_field(carried, template)
    texts = [item for item in template.fields if item.type is FieldType.TEXT]
    placed = {item.key: carried.texts[item.key] for item in texts if item.key in carried.texts}
    if strange and texts:
        headed = [item for part in template.sections if part.heading.value == _FINDINGS for item in part.fields]
        found = [item for item in headed if item.type is FieldType.TEXT] or texts
        key = max(found, key=lambda item: item.multiline).key
        placed[key] = "\n".join(part for part in (placed.get(key), *(carried.texts[one] for one in strange)) if part)
    return {item.key: placed[item.key] for item in texts if item.key in placed}


def _is_possible(withdrawn: Withdrawn, patient: Patient) -> bool:
    """Tell whether words may be of a patient; what only a doubt speaks against is offered and refused with a reason."""
    wrong = withdrawn.study.patient
    if withdrawn.code is WithdrawalCode.WRONG_PATIENT:
        return not _is_same_person(wrong, patient)
    one, other = wrong.patient_id.strip(), patient.patient_id.strip()
    return not one or not other or one == other


def _is_same_person(one: Patient, other: Patient) -> bool:
    """Tell whether two studies name one person: the same Patient ID, and nothing that speaks against it."""
    if not one.patient_id.strip() or one.patient_id.strip() != other.patient_id.strip():
        return False
    facts = ((one.birth_date, other.birth_date), (one.sex, other.sex))
    return all(not a or not b or a == b for a, b in facts)

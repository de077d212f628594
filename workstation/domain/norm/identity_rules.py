"""Rules about whose report it is and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator

from workstation.domain.norm.report_text import ReportText
from workstation.domain.norm.values import NormFault, NormKind

_AGE_SLACK_YEARS = 1
"""Ages are counted by birthdays or by years; one year is no contradiction."""


def identity(text: ReportText) -> Iterator[NormFault]:
    """
    Somebody is named, and the worklist means the patient of the images.

    One of name and identifier is enough: de-identified studies have no name and are read all the same.
    """
    subject = text.subject
    if not subject.patient_name.strip() and not subject.patient_id.strip():
        yield NormFault(NormKind.PATIENT, "patient_missing", "", "")
    pairs = (
        ("patient_id_differs", subject.patient_id, subject.listed_id),
        ("patient_name_differs", subject.patient_name, subject.listed_name),
    )
    for rule, images, listed in pairs:
        if images.strip() and listed.strip() and _plain(images) != _plain(listed):
            yield NormFault(NormKind.PATIENT, rule, "", listed.strip(), images.strip())


def patient_in_the_text(text: ReportText) -> Iterator[NormFault]:
    """Sex, age and name that the text states are those of the patient."""
    subject, terms = text.subject, text.terms
    for reading in text.everything:
        words = reading.field.text
        for match in terms.pattern("patient_sex").finditer(words):
            said = next(group for group in match.groups() if group)
            sex = "M" if terms.pattern("male").fullmatch(said) else "F"
            if subject.sex in {"M", "F"} and sex != subject.sex:
                yield NormFault(NormKind.PATIENT, "sex_differs", reading.field.key, match.group(0).strip(), subject.sex)
        for match in terms.pattern("patient_age").finditer(words):
            age = int(next(group for group in match.groups() if group))
            if subject.age_years is not None and abs(age - subject.age_years) > _AGE_SLACK_YEARS:
                against = str(subject.age_years)
                yield NormFault(NormKind.PATIENT, "age_differs", reading.field.key, match.group(0).strip(), against)
        for match in terms.pattern("patient_name").finditer(words):
            name = match.group(1).strip()
            if subject.patient_name and _plain(name) not in _plain(subject.patient_name):
                yield NormFault(NormKind.PATIENT, "name_in_text_differs", reading.field.key, name, subject.patient_name)


def organs_of_the_other_sex(text: ReportText) -> Iterator[NormFault]:
    """A woman has no prostate and a man no uterus, normal or not."""
    part = {"F": "male_only", "M": "female_only"}.get(text.subject.sex)
    if part is None:
        return
    for reading in (*text.findings, *text.impression):
        named = (text.organ_in(organ, one, one) for organ in text.terms.raw[part] for one in reading.sentences)
        for match in filter(None, named):
            yield NormFault(NormKind.PATIENT, "organ_of_other_sex", reading.field.key, match.group(0), text.subject.sex)


def signature(text: ReportText) -> Iterator[NormFault]:
    """Somebody wrote it and somebody signs it, both by name."""
    if not text.subject.author.strip():
        yield NormFault(NormKind.SIGNATURE, "author_missing", "", "")
    if not text.subject.signer.strip():
        yield NormFault(NormKind.SIGNATURE, "signer_missing", "", "")


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())

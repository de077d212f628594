"""The norm gate for a report as it stands: what it is asked, what it found in words, what holds the signature up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resources.translation import language, tr
from workstation.dicom.sr import report_words
from workstation.dicom.sr.size_words import size_numbers
from workstation.domain.annotation import Annotation
from workstation.domain.categories.values import AssignedCategory
from workstation.domain.errors import NotSignable
from workstation.domain.finding import Finding, Lobe
from workstation.domain.finding_size import size_of
from workstation.domain.hanging import day_of
from workstation.domain.norm.gate import norm_faults, open_faults
from workstation.domain.norm.values import (
    NormCategory,
    NormDenial,
    NormFault,
    NormField,
    NormKind,
    NormLink,
    NormSubject,
    Role,
)
from workstation.domain.report import ADDENDUM_TARGET, Person, Report
from workstation.domain.study import Study
from workstation.domain.template import IMPRESSIONS, Choice, FieldType, ReportTemplate, TemplateField, TemplateSection
from workstation.domain.text_link import LinkKind
from workstation.domain.workitem import WorklistRow
from workstation.services.category_age import changed_words, label_of
from workstation.services.change_claim import change_contradictions
from workstation.services.coded_answers import contradictions, other_inputs, sides_of
from workstation.services.dominant_nodule import dominant_contradictions
from workstation.services.norm_facts import doubted_of, firsts_of, nodules_of, priors_of, purpose_of
from workstation.services.report_links import LinkState, link_states
from workstation.services.unchanged_claim import unchanged_contradictions

_ROLES = {"59776-5": Role.FINDINGS, IMPRESSIONS: Role.IMPRESSION, "18783-1": Role.RECOMMENDATION}
"""LOINC of the section heading; every other section is background."""
_IMPRESSION = "impression"
"""Key of the field of the impression, wherever a template puts it."""
_SIDES = frozenset({"24028007", "7771000", "51440002"})
"""Choices whose code is a side (SNOMED CT) say something of their field's name."""


def faults_of(
    report: Report, template: ReportTemplate, study: Study, row: WorklistRow, *, signer: Person
) -> tuple[NormFault, ...]:
    """
    Return what is wrong with a report and its signer has not answered for; a few milliseconds of processor time.

    What anybody else answered for, or the signer for a former version, is asked again.
    """
    subject = norm_subject(report, template, study, row, signer=signer.name)
    return open_faults(norm_faults(subject), report.answers_of(signer.user_id))


def require_norm(report: Report, template: ReportTemplate, study: Study, row: WorklistRow, *, signer: Person) -> None:
    """Raise NotSignable naming every open fault."""
    faults = faults_of(report, template, study, row, signer=signer)
    if faults:
        raise NotSignable(
            tr("Cannot sign yet: {reasons}", reasons="; ".join(describe_fault(fault, template) for fault in faults)),
            hint=tr("Correct the report, or answer for the fault with a reason."),
            detail=" ".join(fault.rule for fault in faults),
        )


def norm_subject(
    report: Report, template: ReportTemplate, study: Study, row: WorklistRow, *, signer: str
) -> NormSubject:
    """Return what the gate compares."""
    fields = [field for section in template.sections for field in _fields(section, report)]
    if report.addendum.strip():  # it may tell of what the signed content does not, so nothing is compared with it
        fields.append(NormField(ADDENDUM_TARGET, Role.BACKGROUND, report.addendum))
    shown = {item.key for item in template.fields}
    return NormSubject(
        language=report.language,
        fields=tuple(fields),
        examination=_examination(study, row),
        examined_on=day_of(study.study_date),
        patient_name=study.patient.name,
        patient_id=study.patient.patient_id,
        listed_name=row.patient_name,
        listed_id=row.patient_id,
        sex=study.patient.sex,
        age_years=_age(study),
        author=report.author.name,
        signer=signer,
        measured_mm=_measured(report, template),
        links=tuple(_link(state) for state in link_states(report) if state.link.field in shown),
        denials=(
            *_denials(report, template),
            *contradictions(report, template),
            *other_inputs(report, template),
            *dominant_contradictions(report, template),
            *unchanged_contradictions(report, template),
        ),
        categories=tuple(_category(one, report) for one in report.categories),
        sides=tuple(sides_of(report, template)),
        nodules=tuple(nodules_of(report, template)),
        priors=tuple(priors_of(report)),
        doubted=tuple(doubted_of(report)),
        changes=tuple(change_contradictions(report, template)),
        firsts=tuple(firsts_of(report, template)),
        asked_categories=tuple(template.categories),
        question=". ".join((row.clinical_question, *purpose_of(report, template))),
    )


def describe_fault(fault: NormFault, template: ReportTemplate) -> str:
    """Return a fault as a sentence for the reader."""
    quote, against = _short(fault.quote), _short(fault.against)
    sentences = {
        "patient_missing": tr("The patient has neither name nor identifier"),
        "patient_id_differs": tr(
            "The worklist names patient {quote}, the images {against}", quote=quote, against=against
        ),
        "patient_name_differs": tr("The worklist names {quote}, the images {against}", quote=quote, against=against),
        "sex_differs": tr("“{quote}” is not the sex of the patient", quote=quote),
        "age_differs": tr("“{quote}” is not the age of the patient ({against})", quote=quote, against=against),
        "name_in_text_differs": tr("“{quote}” is not the name of the patient", quote=quote),
        "organ_of_other_sex": tr("“{quote}” does not fit the sex of the patient", quote=quote),
        "author_missing": tr("The report has no author"),
        "signer_missing": tr("The report has no signer"),
        "side_of_conclusion": tr("Side: “{quote}” but found “{against}”", quote=quote, against=against),
        "side_of_examination": tr("Side: “{quote}” but examined “{against}”", quote=quote, against=against),
        "side_misspelt": tr("“{quote}” sounds like “{against}”: which side?", quote=quote, against=against),
        "level_of_conclusion": tr("Level: {quote} is concluded, {against} was found", quote=quote, against=against),
        "lobe_of_conclusion": tr("Lobe: “{quote}” but found “{against}”", quote=quote, against=against),
        "place_of_conclusion": tr("Place: “{quote}” but found “{against}”", quote=quote, against=against),
        "amount_of_conclusion": tr("Amount: “{quote}” but found “{against}”", quote=quote, against=against),
        "part_of_examination": tr("“{quote}” is no part of “{against}”", quote=quote, against=against),
        "impossible_part": tr("“{quote}” does not exist", quote=quote),
        "denied_by_findings": tr("“{quote}” is denied by the findings: “{against}”", quote=quote, against=against),
        "denied_in_conclusion": tr("“{quote}” denies what was found: “{against}”", quote=quote, against=against),
        "denied_in_findings": tr("“{quote}” denies what the same text says: “{against}”", quote=quote, against=against),
        "density_of_conclusion": tr("Density: “{quote}” but found “{against}”", quote=quote, against=against),
        "nodule_side_in_text": tr("Side: “{quote}” but the table has “{against}”", quote=quote, against=against),
        "nodule_lobe_in_text": tr("Lobe: “{quote}” but the table has “{against}”", quote=quote, against=against),
        "nodule_density_in_text": tr("Density: “{quote}” but the table has “{against}”", quote=quote, against=against),
        "nodule_without_lobe": tr(
            "Nodule {quote} has no lobe in the table, the text says “{against}”: fill it in",
            quote=quote,
            against=against,
        ),
        "first_despite_prior": tr(
            "“{quote}” although an earlier exam is there: {against}. Compare with it, or say why not",
            quote=quote,
            against=against,
        ),
        "change_despite_sizes": tr(
            "“{quote}” is chosen, the sizes say otherwise: {against}", quote=quote, against=fault.against
        ),
        "unknown_comparison": (
            tr(
                "“{quote}” is no earlier exam that is known: {against}. Name its day, or say why not",
                quote=quote,
                against=against,
            )
            if against
            else tr("“{quote}” is no earlier exam that is known. Name its day and where it was made", quote=quote)
        ),
        "doubted_prior": tr(
            "The report tells of the exam of {quote}, which may be another person's: open its images and say who it is,"
            " or take it out",
            quote=quote,
        ),
        "screening_without_category": tr("A screening CT without a Lung-RADS category: choose it"),
        "low_dose_without_category": tr(
            "A low-dose chest CT with a nodule and no category: choose Lung-RADS or the table that holds"
        ),
        "denied_by_choice": tr("“{quote}” is chosen, the report has “{against}”", quote=quote, against=against),
        "not_in_findings": tr("“{quote}” is not described in the findings", quote=quote),
        "normal_despite_findings": tr("“{quote}” although found: “{against}”", quote=quote, against=against),
        "missing_in_conclusion": tr("The impression leaves out “{quote}”", quote=quote),
        "absent_organ": tr("“{quote}” although removed: “{against}”", quote=quote, against=against),
        "no_unit": tr("“{quote}” has no unit", quote=quote),
        "wrong_unit": tr("“{quote}” has a wrong unit", quote=quote),
        "mixed_units": tr("“{quote}” mixes units", quote=quote),
        "implausible_size": tr("“{quote}” is too large to be true", quote=quote),
        "unit_of_conclusion": tr("Unit: {quote} but measured {against}", quote=quote, against=against),
        "size_of_conclusion": tr("Size: {quote} but measured {against}", quote=quote, against=against),
        "broken_number": tr("“{quote}” is not a number", quote=quote),
        "percent_over_100": tr("“{quote}” is more than everything", quote=quote),
        "impossible_hu": tr("“{quote}” is no attenuation of a body", quote=quote),
        "no_such_day": tr("“{quote}” is no day", quote=quote),
        "day_after_examination": tr("“{quote}” is after the examination", quote=quote),
        "residue": tr("“{quote}” was left over from a template", quote=quote),
        "link_gone": tr("“{quote}” tells of something that is no longer in the report", quote=quote),
        "link_outdated": tr("“{quote}” is out of date: now {against}", quote=quote, against=against),
        "copied": tr("“{quote}” was copied from {against} and not confirmed", quote=quote, against=against),
        "category_outdated": tr(
            "{quote} was computed from other findings: {against}", quote=quote, against=fault.against
        ),
        "category_of_side_differs": tr("“{quote}” but the report has {against}", quote=quote, against=against),
        "side_missing_in_conclusion": tr("The impression does not tell of the side of “{quote}”", quote=quote),
        "category_range_in_text": tr(
            "“{quote}” leaves open which category it is; the report has {against}", quote=quote, against=against
        ),
        "category_unknown": tr("“{quote}” does not exist: the categories are {against}", quote=quote, against=against),
        "category_in_text_differs": tr("“{quote}” but the report has {against}", quote=quote, against=against),
    }
    place = next((item.label.get(language()) for item in template.fields if item.key == fault.target), "")
    sentence = sentences.get(fault.rule, quote)  # a rule of another version of this product
    return f"{place}{tr(': ')}{sentence}" if place else sentence


def kind_word(kind: NormKind) -> str:
    """Return the kind of a fault as indicator 3 counts it."""
    return {
        NormKind.SIGNATURE: tr("Signature"),
        NormKind.CONCLUSION: tr("Conclusion and findings"),
        NormKind.ABSENT_ORGAN: tr("Absent organ"),
        NormKind.SIDE: tr("Side"),
        NormKind.PART: tr("Body part"),
        NormKind.UNIT: tr("Unit"),
        NormKind.NUMBER: tr("Number"),
        NormKind.RESIDUE: tr("Template residue"),
        NormKind.PATIENT: tr("Patient"),
    }[kind]


def _link(state: LinkState) -> NormLink:
    link = state.link
    is_copy = link.kind is LinkKind.COPY
    return NormLink(link.field, link.quote, state.now, (link.source or link.target) if is_copy else "")


def _category(category: AssignedCategory, report: Report) -> NormCategory:
    words = report.language
    changed = changed_words(category, report.findings.reported, words)
    return NormCategory(category.result.scheme.value, category.chosen, label_of(category, words), changed)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _fields(section: TemplateSection, report: Report) -> list[NormField]:
    role = _ROLES.get(section.heading.value, Role.BACKGROUND)
    found = []
    for item in section.fields:
        text = _text(item, report)
        if text:
            found.append(NormField(item.key, Role.IMPRESSION if item.key == _IMPRESSION else role, text))
    return found


def _text(item: TemplateField, report: Report) -> str:
    if item.type is FieldType.FINDINGS:
        end = "。" if report.language.startswith("zh") else ". "
        drawn = report.drawn.annotations
        return end.join(_finding(finding, report.language, drawn) for finding in report.findings.reported)
    value = report.values.get(item.key, "").strip()
    if item.type is FieldType.TEXT:
        return value
    chosen = _chosen(item, report)
    if chosen is None or chosen.code is None or chosen.code.value not in _SIDES:
        return ""
    words = (chosen.label.get(report.language), item.label.get(report.language))
    return "".join(words) if report.language.startswith("zh") else " ".join(words)


def _denials(report: Report, template: ReportTemplate) -> Iterator[NormDenial]:
    fields = {item.key: item for item in template.fields}
    for item in template.fields:
        chosen = _chosen(item, report)
        for key in chosen.denies if chosen is not None else ():
            said = _said(fields[key], report)
            if chosen is not None and said:
                yield NormDenial(item.key, chosen.label.get(report.language), said)


def _said(item: TemplateField, report: Report) -> str:
    """Return what a field says in the words of the report; a number of nothing (0 ml) says nothing."""
    value, chosen = report.values.get(item.key, "").strip(), _chosen(item, report)
    label = item.label.get(report.language)
    if chosen is not None:
        return f"{label} {chosen.label.get(report.language)}"
    if item.type is FieldType.NUMBER:
        return f"{label} {value} {item.unit_words}".strip() if value.strip("0.") else ""
    return _text(item, report)


def _chosen(item: TemplateField, report: Report) -> Choice | None:
    value = report.values.get(item.key, "").strip()
    return next((choice for choice in item.choices if choice.key == value), None)


def _finding(finding: Finding, words: str, drawn: Sequence[Annotation]) -> str:
    # without a lobe it proves no side, but it is there: a normal conclusion beside it is wrong
    is_placed = finding.lobe is not Lobe.UNSPECIFIED
    lobe = report_words.LOBES[finding.lobe].get(words) if is_placed else ""
    kind = report_words.kind_words(finding, words)
    measured = size_of(finding, drawn)
    if measured is None:
        return kind
    size = f"{measured.mm:.1f} mm"
    return f"{lobe}{kind}，{size}" if words.startswith("zh") else ", ".join(one for one in (kind, lobe, size) if one)


def _measured(report: Report, template: ReportTemplate) -> tuple[float, ...]:
    """Return every size that the report holds outside its texts: evidence of marks, drawings, number fields."""
    sizes: list[float] = []
    for finding in report.findings.reported:
        size = size_of(finding, report.drawn.annotations)
        sizes += [one.value_mm for one in size_numbers(size)] if size is not None else []
        evidence = None if finding.mark is None else finding.mark.evidence
        if evidence is not None:
            axes = (evidence.long_axis_mm, evidence.short_axis_mm, evidence.network_diameter_mm)
            solid = (evidence.solid_long_axis_mm, evidence.solid_short_axis_mm)
            sizes += [value for value in (*axes, *solid) if value is not None]
    for annotation in report.drawn.annotations:
        sizes += [measure.value for measure in annotation.measures if measure.unit == "mm"]
    for item in template.fields:
        if item.unit == "mm":
            try:
                sizes.append(float(report.values.get(item.key, "")))
            except ValueError:
                continue
    return tuple(sizes)


def _examination(study: Study, row: WorklistRow) -> str:
    words = [row.modality, row.description, study.description, *(series.body_part for series in study.series)]
    return " ".join(dict.fromkeys(word for word in words if word))


def _age(study: Study) -> int | None:
    born, then = day_of(study.patient.birth_date), day_of(study.study_date)
    if born is None or then is None or then < born:
        return None
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))

"""How figures of quality are told: every share with its numbers, and a plain word where there are too few cases."""

from __future__ import annotations

from resources.translation import tr
from workstation.domain.critical_clock import NotificationShare
from workstation.domain.image_quality import GradeReason, ImageGrade
from workstation.domain.quality import FEWEST, Interval, SchemeFigures, Share, TurnaroundFigures
from workstation.domain.report_version import DoubleReadingState


def percent(value: float) -> str:
    """Return a share as people read it."""
    return f"{100 * value:.1f} %"


def share_words(share: Share) -> str:
    """Return the share in one word, or that there are too few cases."""
    return too_few() if share.value is None else percent(share.value)


def too_few() -> str:
    """Return that nothing can be said yet."""
    return tr("Too few cases")


def counted_words(share: Share) -> str:
    """Return the numbers behind a share with its interval."""
    counted = tr("{count} of {total}", count=share.count, total=share.total)
    if share.interval is None:
        return tr("{counted} · a share needs {fewest} cases", counted=counted, fewest=FEWEST)
    return f"{counted} · {interval_words(share.interval)}"


def missing_words(share: NotificationShare) -> str:
    """Return what keeps critical values out of the share although somebody may have been told, empty for nothing."""
    said = []
    if share.still_open:
        said.append(tr("{count} still open", count=share.still_open))
    if share.unsigned:
        said.append(tr("{count} read back in time but not signed by both sides", count=share.unsigned))
    if share.told_late:
        said.append(tr("{count} told to the hub too late to count", count=share.told_late))
    return " · ".join(said)


def interval_words(interval: Interval) -> str:
    """Return a 95 % interval of a share."""
    return tr("95 % interval {low} to {high}", low=percent(interval.low), high=percent(interval.high))


def kappa_words(figures: SchemeFigures) -> str:
    """Return Cohen's kappa with its interval, or why there is none."""
    found = figures.agreement
    if found is None:
        return tr("{count} double readings; kappa needs {fewest}", count=len(figures.pairs), fewest=FEWEST)
    if found.kappa is None or figures.interval is None:
        return tr("All {count} readings chose one category: kappa says nothing here", count=found.cases)
    low, high = f"{figures.interval.low:.2f}", f"{figures.interval.high:.2f}"
    return tr(
        "κ = {kappa} (95 % interval {low} to {high}), n = {count}, same category in {observed}",
        kappa=f"{found.kappa:.2f}".replace("-", "−"),
        low=low.replace("-", "−"),
        high=high.replace("-", "−"),
        count=found.cases,
        observed=percent(found.observed),
    )


def duration_words(seconds: float | None) -> str:
    """Return a time to the minute, or that there are too few reports."""
    if seconds is None:
        return too_few()
    minutes = round(seconds / 60)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def turnaround_cells(figures: TurnaroundFigures) -> tuple[str, str, str, str]:
    """Return number of reports, median, 90th percentile and share in time."""
    count = len(figures.times_s)
    if not count:
        return "0", "—", "—", "—"
    in_time = figures.in_time
    return (
        str(count),
        duration_words(figures.percentile_s(0.5)),
        duration_words(figures.percentile_s(0.9)),
        f"{share_words(in_time)} · {in_time.count}/{in_time.total}",
    )


def outcome_words(state: DoubleReadingState) -> str:
    """Return what came of two readings."""
    return {
        DoubleReadingState.READING: tr("Being read"),
        DoubleReadingState.AGREED: tr("Agreed"),
        DoubleReadingState.ARBITRATION: tr("Waits for arbitration"),
        DoubleReadingState.DECIDED: tr("Decided by a third"),
    }[state]


def grade_words(grade: ImageGrade) -> str:
    """Return a grade: 甲 乙 丙 废."""
    return {
        ImageGrade.A: tr("Grade A"),
        ImageGrade.B: tr("Grade B"),
        ImageGrade.C: tr("Grade C"),
        ImageGrade.D: tr("Grade D, not diagnostic"),
    }[grade]


def reason_words(reason: GradeReason) -> str:
    """Return what images lack."""
    return {
        GradeReason.MARKS: tr("Side or identity marks"),
        GradeReason.DENSITY: tr("Too dark, too light or noisy"),
        GradeReason.LAYERS: tr("Poor contrast"),
        GradeReason.POSTURE: tr("Positioning"),
        GradeReason.FIELD: tr("Range or field"),
        GradeReason.MOTION: tr("Motion artefact"),
        GradeReason.EXTERNAL: tr("Foreign body artefact"),
        GradeReason.SCANNER: tr("Artefact of the machine"),
        GradeReason.SERIES: tr("Window or series missing"),
        GradeReason.OTHER: tr("Other"),
    }[reason]


def rule_words(rule: str) -> str:
    """Return a rule of the norm gate as a heading; one that this version does not know by its name."""
    return {
        "patient_missing": tr("Patient missing"),
        "patient_id_differs": tr("Other patient ID"),
        "patient_name_differs": tr("Other patient name"),
        "sex_differs": tr("Sex in the text"),
        "age_differs": tr("Age in the text"),
        "name_in_text_differs": tr("Name in the text"),
        "organ_of_other_sex": tr("Organ of the other sex"),
        "author_missing": tr("Author missing"),
        "signer_missing": tr("Signer missing"),
        "side_of_conclusion": tr("Side: conclusion and findings"),
        "side_of_examination": tr("Side: report and examination"),
        "side_misspelt": tr("Side typed by its sound"),
        "level_of_conclusion": tr("Level of the spine"),
        "lobe_of_conclusion": tr("Lobe: conclusion and findings"),
        "part_of_examination": tr("Part was not examined"),
        "impossible_part": tr("Part that does not exist"),
        "denied_by_findings": tr("Denied by the findings"),
        "nodule_side_in_text": tr("Side of the text differs from the table"),
        "nodule_lobe_in_text": tr("Lobe of the text differs from the table"),
        "nodule_density_in_text": tr("Density of the text differs from the table"),
        "nodule_without_lobe": tr("Nodule without a lobe in the table"),
        "first_despite_prior": tr("First exam although a prior exists"),
        "doubted_prior": tr("Compared with an exam that may be another person's"),
        "change_despite_sizes": tr("Change since the prior against the sizes"),
        "unknown_comparison": tr("Compared with an exam that nobody knows"),
        "screening_without_category": tr("Screening CT without Lung-RADS"),
        "low_dose_without_category": tr("Low-dose CT with a nodule and no category"),
        "denied_by_choice": tr("Choice against the findings"),
        "not_in_findings": tr("Not described in the findings"),
        "normal_despite_findings": tr("Normal in spite of findings"),
        "missing_in_conclusion": tr("Missing in the conclusion"),
        "absent_organ": tr("Absent organ reported normal"),
        "no_unit": tr("Unit missing"),
        "wrong_unit": tr("Wrong unit"),
        "implausible_size": tr("Implausible size"),
        "unit_of_conclusion": tr("Unit: conclusion and measurement"),
        "size_of_conclusion": tr("Size: conclusion and measurement"),
        "broken_number": tr("Broken number"),
        "percent_over_100": tr("More than 100 percent"),
        "impossible_hu": tr("Impossible attenuation"),
        "no_such_day": tr("Day that does not exist"),
        "day_after_examination": tr("Day after the examination"),
        "residue": tr("Left over from a template"),
        "category_of_side_differs": tr("Category of a side"),
        "category_outdated": tr("Category of former findings"),
        "category_in_text_differs": tr("Another category in the text"),
        "category_unknown": tr("Category that does not exist"),
        "category_range_in_text": tr("Range of categories in the text"),
        "side_missing_in_conclusion": tr("Suspicious side missing in the conclusion"),
        "link_gone": tr("Tells of something removed"),
        "link_outdated": tr("Measurement out of date"),
        "copied": tr("Copied and not confirmed"),
        "critical_open": tr("Critical value not read back"),
        "critical_suggested": tr("Suggested critical value dismissed"),
        "denied_in_conclusion": tr("Conclusion denies what was found"),
        "denied_in_findings": tr("Findings contradict themselves"),
        "density_of_conclusion": tr("Density of a nodule"),
        "place_of_conclusion": tr("Place: conclusion and findings"),
        "amount_of_conclusion": tr("Amount: conclusion and findings"),
        "mixed_units": tr("Two units in one size"),
    }.get(rule, rule)

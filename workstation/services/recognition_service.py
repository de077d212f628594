"""Mutual recognition at the desk and at the sender: the mark of a report, and exams that would be repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from resources.translation import language, tr
from workstation.dicom.recognition import recognition_words
from workstation.domain.hanging import day_of
from workstation.domain.mutual_recognition import (
    ExamFacts,
    RecognisedResult,
    Recognition,
    RecognitionPolicy,
    RepeatException,
    recognise,
    repeats,
)
from workstation.domain.ports import Clock
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Patient, Study
from workstation.domain.template import ReportTemplate, Text
from workstation.domain.workitem import WorklistRow

_GRADES: Final = {"甲": "A", "乙": "B", "丙": "C"}
_NAMED: Final = Text("{item}（{scope}）", "{item} ({scope})")
QUALITY_FIELD: Final = "image_quality"
"""The field of our templates in which the reader judges the images (CID 7036)."""


@dataclass(frozen=True, slots=True)
class RecogniseReport:
    """Says whether a report carries the mark; asked as it is signed, and before, to say what would be refused."""

    policy: RecognitionPolicy | Callable[[], RecognitionPolicy]
    """The rules, or what gives those of now"""
    clock: Clock

    def __call__(
        self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow, *, foreseen: bool = False
    ) -> Recognition:
        """Return the answer for a final report; ``foreseen`` takes a draft as signed."""
        grade = row.quality_grade.strip()
        facts = ExamFacts(
            modality=row.modality,
            description=f"{row.description} {study.description}",
            studied_on=day_of(study.study_date),
            is_signed_final=foreseen or (report.state is ReportState.FINAL and report.verifier is not None),
            grade=_GRADES.get(grade, grade),
            quality_code=_quality_code(report, template),
        )
        return recognise(facts, self._policy(), today=self.clock.now().astimezone().date())

    def sentence(self, report: Report, template: ReportTemplate, study: Study, row: WorklistRow) -> str:
        """Return in the language of the screen what signing now would give."""
        given = self(report, template, study, row, foreseen=True)
        return recognition_words(given, language(), self._rules_name(given, language()))

    def _rules_name(self, given: Recognition, tongue: str) -> str:
        """Return the kind of exam and whose rules, as the policy names them."""
        scope = given.scope.get(tongue)
        items = (one.label.get(tongue) for one in self._policy().items if one.key == given.item)
        item = next(items, "")
        return _NAMED.get(tongue).format(item=item, scope=scope) if item else scope

    def _policy(self) -> RecognitionPolicy:
        return self.policy if isinstance(self.policy, RecognitionPolicy) else self.policy()


@dataclass(frozen=True, slots=True)
class FindRepeats:
    """Tells a sender which recognised results an exam would repeat, and by which exceptions it may all the same."""

    policy: RecognitionPolicy
    clock: Clock

    def __call__(
        self, modality: str, description: str, results: Iterable[RecognisedResult]
    ) -> tuple[RecognisedResult, ...]:
        """Return the results of the same kind of exam whose mark still holds, the newest first."""
        return repeats(modality, description, results, self.policy, today=self.clock.now().astimezone().date())


@dataclass(frozen=True, slots=True)
class TellRepeats:
    """Asks the hub about a study that is about to be sent, in words for the technician."""

    results: Callable[[Patient], Sequence[RecognisedResult]]
    find: FindRepeats

    def __call__(self, study: Study) -> tuple[str, str]:
        """Return what would be repeated and by which exceptions it may be; empty for nothing. Raises Unreachable."""
        others = [one for one in self.results(study.patient) if one.study_instance_uid != study.study_instance_uid]
        modality = next(iter(study.modalities), "")
        said = repeat_notice(self.find(modality, study.description, others))
        reasons = " / ".join(exception_words(one) for one in RepeatException)
        return (said, tr("Repeat it only for a reason: {reasons}", reasons=reasons)) if said else ("", "")


def repeat_notice(found: tuple[RecognisedResult, ...]) -> str:
    """Return one sentence for the sender, empty where nothing would be repeated."""
    if not found:
        return ""
    newest = found[0]
    return tr(
        "A recognised result exists: {exam}, {date}, {site}, valid until {until}",
        exam=newest.description,
        date=newest.studied_on.isoformat(),
        site=newest.site_name,
        until=newest.recognition.valid_until,
    )


def exception_words(exception: RepeatException) -> str:
    """Return why an exam is repeated, as people choose it."""
    return {
        RepeatException.CONDITION_CHANGED: tr("The patient's condition has changed"),
        RepeatException.CHANGES_FAST: tr("The finding changes quickly"),
        RepeatException.BEFORE_MAJOR_STEP: tr("Before an operation, a transfusion or another major step"),
        RepeatException.EMERGENCY: tr("Emergency"),
        RepeatException.EXPERT_OPINION: tr("Expert or legal assessment"),
        RepeatException.OTHER: tr("Another reason, in words"),
    }[exception]


def _quality_code(report: Report, template: ReportTemplate) -> str:
    """Return the code of what the reader said of the images, empty where nothing was said."""
    value = report.values.get(QUALITY_FIELD, "").strip()
    for item in template.fields:
        if item.key == QUALITY_FIELD:
            return next((one.code.value for one in item.choices if one.key == value and one.code is not None), "")
    return ""

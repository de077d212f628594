"""
Mutual recognition (互认): when a result may stand at other hospitals, and when an exam is repeated all the same.

*Source:* 国卫医发〔2022〕6号 (results of recognised items are accepted where quality control was passed), cited in
CLINICAL B10; the items, grades and days are policy of an alliance and lie in data. The codes of the exceptions
are ours, their kinds those that the rules name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from workstation.domain.template import Text


@dataclass(frozen=True, slots=True)
class RecognisedItem:
    """A kind of exam that an alliance recognises; ``words`` (one of them, or none given) find it in its description."""

    key: str
    label: Text
    modalities: tuple[str, ...]
    words: tuple[str, ...]
    excluded: tuple[str, ...]
    """Words that make it another exam, as "angiography" does of a chest CT"""
    valid_days: int

    def fits(self, modality: str, description: str) -> bool:
        """Tell whether an exam is of this kind."""
        said = description.upper()
        named = not self.words or any(word in said for word in self.words)
        return modality in self.modalities and named and not any(word in said for word in self.excluded)


@dataclass(frozen=True, slots=True)
class RecognitionPolicy:
    """What an alliance recognises; ``grades`` are the image grades good enough, A, B or C."""

    policy_id: str
    version: str
    scope: Text
    mark: str
    grades: tuple[str, ...]
    diagnostic_choices: tuple[str, ...]
    """Codes of the report's image quality that count where no grade was given"""
    items: tuple[RecognisedItem, ...]

    def item_for(self, modality: str, description: str) -> RecognisedItem | None:
        """Return the first kind of exam that fits."""
        return next((item for item in self.items if item.fits(modality, description)), None)


class Refusal(StrEnum):
    """Why a result carries no mark."""

    NOT_SIGNED = "not_signed"
    NOT_LISTED = "not_listed"
    NO_QUALITY = "no_quality"
    """Nobody judged the images."""
    QUALITY_TOO_LOW = "quality_too_low"
    NO_DATE = "no_date"
    IN_FUTURE = "in_future"
    """The exam claims to be of a day that has not come."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """What the rules ask about; ``grade`` A, B, C or empty, ``quality_code`` what the report says of the images."""

    modality: str
    description: str
    studied_on: date | None
    is_signed_final: bool
    grade: str = ""
    quality_code: str = ""


@dataclass(frozen=True, slots=True)
class Recognition:
    """The answer, kept in the report: granted where ``refusals`` is empty."""

    policy_id: str
    policy_version: str
    mark: str
    scope: Text
    item: str = ""
    refusals: tuple[Refusal, ...] = ()
    valid_until: date | None = None

    @property
    def granted(self) -> bool:
        """Tell whether the result carries the mark."""
        return not self.refusals

    def holds_on(self, day: date) -> bool:
        """Tell whether the mark still stands on a day."""
        return self.granted and self.valid_until is not None and day <= self.valid_until


def recognise(facts: ExamFacts, policy: RecognitionPolicy, *, today: date) -> Recognition:
    """Return whether an exam carries the mark, or every reason why not."""
    item = policy.item_for(facts.modality, facts.description)
    refusals = [] if facts.is_signed_final else [Refusal.NOT_SIGNED]
    if item is None:
        refusals.append(Refusal.NOT_LISTED)
    refusals += _quality(facts, policy)
    until = None
    if facts.studied_on is None:
        refusals.append(Refusal.NO_DATE)
    elif facts.studied_on > today:
        refusals.append(Refusal.IN_FUTURE)
    elif item is not None:
        until = facts.studied_on + timedelta(days=item.valid_days)
        if today > until:
            refusals.append(Refusal.EXPIRED)
    return Recognition(
        policy_id=policy.policy_id,
        policy_version=policy.version,
        mark=policy.mark,
        scope=policy.scope,
        item=item.key if item is not None else "",
        refusals=tuple(refusals),
        valid_until=None if refusals else until,
    )


def _quality(facts: ExamFacts, policy: RecognitionPolicy) -> list[Refusal]:
    """A grade decides; without one, what the signing physician said of the images. A doubt of either is enough."""
    said_bad = bool(facts.quality_code) and facts.quality_code not in policy.diagnostic_choices
    if (facts.grade and facts.grade not in policy.grades) or said_bad:
        return [Refusal.QUALITY_TOO_LOW]
    return [] if facts.grade or facts.quality_code else [Refusal.NO_QUALITY]


class RepeatException(StrEnum):
    """Why an exam is repeated though a recognised result exists."""

    CONDITION_CHANGED = "condition_changed"
    CHANGES_FAST = "changes_fast"
    BEFORE_MAJOR_STEP = "before_major_step"
    EMERGENCY = "emergency"
    EXPERT_OPINION = "expert_opinion"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RepeatReason:
    """The exception that somebody claims; OTHER needs words."""

    exception: RepeatException
    words: str = ""

    def __post_init__(self) -> None:
        if self.exception is RepeatException.OTHER and not self.words.strip():
            raise ValueError("another reason needs words")


@dataclass(frozen=True, slots=True)
class OpenRepeat:
    """A study that was sent before anybody could tell that it repeats a recognised exam: why is not answered yet."""

    study_instance_uid: str
    patient_name: str
    description: str
    exists: str
    """What is said of the recognised result, in the words of who was told"""


@dataclass(frozen=True, slots=True)
class RecognisedResult:
    """A result that carries the mark, as the check for repeats needs it."""

    study_instance_uid: str
    modality: str
    description: str
    studied_on: date
    site_name: str
    recognition: Recognition


def repeats(
    modality: str, description: str, results: Iterable[RecognisedResult], policy: RecognitionPolicy, *, today: date
) -> tuple[RecognisedResult, ...]:
    """Return the recognised results that an exam would repeat, the newest first; none for exams not on the list."""
    item = policy.item_for(modality, description)
    if item is None:
        return ()
    found = [one for one in results if one.recognition.item == item.key and one.recognition.holds_on(today)]
    return tuple(sorted(found, key=lambda one: one.studied_on, reverse=True))

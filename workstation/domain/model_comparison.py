"""Two models on the same studies: which places both mark, and what either says of the whole study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import dist
from typing import Protocol

from workstation.domain.finding import AlgorithmIdentity, Mark
from workstation.domain.geometry import distance_mm
from workstation.domain.image_place import ImageMark, centre_px
from workstation.domain.model import StoredRun

Placed = Mark | ImageMark


class Said(Protocol):
    """What a classifier says of a study: a finding, how likely, and whether that is above its threshold."""

    @property
    def label(self) -> str:
        """The finding."""
        ...

    @property
    def score(self) -> float:
        """In [0, 1]."""
        ...

    @property
    def shown(self) -> bool:
        """Whether readers are told."""
        ...


@dataclass(frozen=True, slots=True)
class SaidByBoth:
    """The scores of two models for one finding in one study, and which of them tell it."""

    label: str
    first: float
    second: float
    first_shown: bool
    second_shown: bool

    @property
    def alike(self) -> bool:
        """Tell whether both tell it or neither does."""
        return self.first_shown == self.second_shown


@dataclass(frozen=True, slots=True)
class CaseComparison:
    """
    The shown marks of two models on one study: pairs of the same place, and the rest of each.

    ``said`` holds the findings on the whole study that both models know.
    """

    study_instance_uid: str
    both: tuple[tuple[Placed, Placed], ...]
    only_first: tuple[Placed, ...]
    only_second: tuple[Placed, ...]
    said: tuple[SaidByBoth, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """In how many studies two models both tell a finding, one of them alone, or neither."""

    label: str
    both: int
    only_first: int
    only_second: int
    neither: int

    @property
    def cases(self) -> int:
        """Return the number of studies."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def alike(self) -> int:
        """Return in how many studies they say the same."""
        return self.both + self.neither

    @property
    def kappa(self) -> float | None:
        """
        Return Cohen's kappa, None where chance alone would make both agree always.

        *Source:* Cohen, Educational and Psychological Measurement 20 (1960) 37-46.
        """
        first, second = self.both + self.only_first, self.both + self.only_second
        by_chance = first * second + (self.cases - first) * (self.cases - second)
        if by_chance == self.cases**2:
            return None
        return (self.alike * self.cases - by_chance) / (self.cases**2 - by_chance)


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Two models on the same studies."""

    first: AlgorithmIdentity
    second: AlgorithmIdentity
    cases: tuple[CaseComparison, ...]

    @property
    def agreement(self) -> float | None:
        """Return the share of marks that both models made, None without a mark."""
        both = sum(len(case.both) for case in self.cases)
        all_marks = both + sum(len(case.only_first) + len(case.only_second) for case in self.cases)
        return both / all_marks if all_marks else None

    def marks_per_case(self) -> tuple[float, float]:
        """Return the mean number of shown marks of each model; (0, 0) without a case."""
        count = max(1, len(self.cases))
        first = sum(len(case.both) + len(case.only_first) for case in self.cases)
        second = sum(len(case.both) + len(case.only_second) for case in self.cases)
        return first / count, second / count

    def labels(self) -> tuple[LabelAgreement, ...]:
        """Return the agreement on every finding that both models know, by its name."""
        counts: dict[str, list[int]] = {}
        for one in (one for case in self.cases for one in case.said):
            counts.setdefault(one.label, [0, 0, 0, 0])[2 * (not one.first_shown) + (not one.second_shown)] += 1
        return tuple(LabelAgreement(label, *counts[label]) for label in sorted(counts))

    def discordant(self) -> tuple[tuple[str, SaidByBoth], ...]:
        """Return studies of which only one model tells a finding, the widest apart first."""
        apart = [(case.study_instance_uid, one) for case in self.cases for one in case.said if not one.alike]
        return tuple(sorted(apart, key=lambda entry: (-abs(entry[1].first - entry[1].second), entry[0])))


def compare_marks(study_instance_uid: str, first: tuple[Mark, ...], second: tuple[Mark, ...]) -> CaseComparison:
    """
    Pair the shown marks of two models.

    Two marks are the same place when the distance of their centres is at most half the larger
    diameter; each mark is in one pair, nearest pairs first.
    """
    left, right = [m for m in first if m.shown], [m for m in second if m.shown]
    gaps = [
        (gap, a, b)
        for a, one in enumerate(left)
        for b, other in enumerate(right)
        if (gap := distance_mm(one.centre_lps_mm, other.centre_lps_mm)) <= max(one.diameter_mm, other.diameter_mm) / 2
    ]
    return _compared(study_instance_uid, left, right, gaps)


def compare_boxes(
    study_instance_uid: str, first: tuple[ImageMark, ...], second: tuple[ImageMark, ...]
) -> CaseComparison:
    """
    Pair the shown boxes of two models on the films of a study, as ``ImagePlace.is_same_place`` has it.

    Each box is in one pair, nearest centres first. What is said of a film as a whole has no place to pair.
    """
    left, right = ([one for one in said if one.shown and one.place.box_px is not None] for said in (first, second))
    gaps = [
        (dist(centre_px(one.place.box_px), centre_px(other.place.box_px)), a, b)
        for a, one in enumerate(left)
        for b, other in enumerate(right)
        if one.place.box_px and other.place.box_px and one.place.is_same_place(other.place)
    ]
    return _compared(study_instance_uid, left, right, gaps)


def compare_runs(first: StoredRun, second: StoredRun) -> CaseComparison:
    """Compare all that two models said of one study: places in the patient, boxes on films, the study as a whole."""
    marks = compare_marks(first.study_instance_uid, first.marks, second.marks)
    boxes = compare_boxes(first.study_instance_uid, first.on_images, second.on_images)
    return CaseComparison(
        first.study_instance_uid,
        (*marks.both, *boxes.both),
        (*marks.only_first, *boxes.only_first),
        (*marks.only_second, *boxes.only_second),
        said_by_both(first.statements, second.statements),
    )


def _compared(
    study_instance_uid: str, left: Sequence[Placed], right: Sequence[Placed], gaps: list[tuple[float, int, int]]
) -> CaseComparison:
    pairs: dict[int, int] = {}
    for _, a, b in sorted(gaps):
        if a not in pairs and b not in pairs.values():
            pairs[a] = b
    return CaseComparison(
        study_instance_uid,
        both=tuple((left[a], right[b]) for a, b in sorted(pairs.items())),
        only_first=tuple(mark for a, mark in enumerate(left) if a not in pairs),
        only_second=tuple(mark for b, mark in enumerate(right) if b not in pairs.values()),
    )


def said_by_both(first: tuple[Said, ...], second: tuple[Said, ...]) -> tuple[SaidByBoth, ...]:
    """Pair what two models say of one study; a finding that only one of them knows says nothing about agreement."""
    others = {one.label: one for one in second}
    return tuple(
        SaidByBoth(one.label, one.score, others[one.label].score, one.shown, others[one.label].shown)
        for one in first
        if one.label in others
    )

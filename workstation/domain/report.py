"""The report: states, who may move it between them, and what blocks a signature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from workstation.domain.annotation import Annotation, AnnotationList
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.finding import FindingList
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPicture
from workstation.domain.measurement import MeasurementSet, as_annotations
from workstation.domain.norm.values import NormOverride
from workstation.domain.template import FieldType, ReportTemplate


class ReportState(StrEnum):
    """Our report states (ARCHITECTURE section 7)."""

    DRAFTED = "drafted"
    PRELIMINARY = "preliminary"
    RETURNED = "returned"
    FINAL = "final"


ALLOWED_REPORT_TRANSITIONS: Final = {
    ReportState.DRAFTED: frozenset({ReportState.PRELIMINARY, ReportState.FINAL}),
    ReportState.PRELIMINARY: frozenset({ReportState.RETURNED, ReportState.FINAL}),
    ReportState.RETURNED: frozenset({ReportState.PRELIMINARY, ReportState.FINAL}),
    ReportState.FINAL: frozenset[ReportState](),  # immutable: later changes are new documents
}


@dataclass(frozen=True, slots=True)
class Person:
    """Author or verifier as the report names them."""

    user_id: str
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Report:
    """
    One report of one study.

    ``values`` holds the text (or choice key, or number as text) of each template field by key.
    ``measurements`` is the former stored form of what was drawn, ``annotations`` the present one;
    ``drawn`` reads both. ``image_looks`` say how the reader saw the images that carry a key mark or a
    drawing. ``revision`` is the optimistic lock: storing an old revision is refused. Times are UTC.
    """

    report_uid: str
    study_instance_uid: str
    ups_instance_uid: str
    template_id: str
    template_version: str
    language: str
    state: ReportState
    values: dict[str, str]
    findings: FindingList
    measurements: MeasurementSet
    author: Person
    updated_at: datetime
    revision: int = 0
    verifier: Person | None = None
    signed_at: datetime | None = None
    return_reason: str = ""
    annotations: tuple[Annotation, ...] = ()
    categories: tuple[AssignedCategory, ...] = ()
    norm_overrides: tuple[NormOverride, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    image_looks: tuple[ImageLook, ...] = ()
    key_pictures: tuple[KeyPicture, ...] = ()

    def __post_init__(self) -> None:
        for part in (self.findings.study_instance_uid, self.measurements.study_instance_uid):
            if part != self.study_instance_uid:
                raise ValueError("findings and measurements must belong to the report's study")

    def moved(self, state: ReportState, *, at: datetime, reason: str = "") -> Report:
        """Return the report in another state; ValueError when the table does not allow the step."""
        if state not in ALLOWED_REPORT_TRANSITIONS[self.state]:
            raise ValueError(f"a {self.state} report cannot become {state}")
        if state is ReportState.RETURNED and not reason.strip():
            raise ValueError("a report is returned with a reason")
        return replace(self, state=state, updated_at=at, revision=self.revision + 1, return_reason=reason)

    @property
    def drawn(self) -> AnnotationList:
        """Return everything drawn on the images of this study, whichever form it was stored in."""
        former = as_annotations(self.measurements, author=self.author.name, at=self.updated_at)
        return AnnotationList(self.study_instance_uid, (*former, *self.annotations))

    def with_drawn(self, annotations: AnnotationList, *, at: datetime) -> Report:
        """Return the report with other annotations. ValueError for those of another study or a final report."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        if annotations.study_instance_uid != self.study_instance_uid:
            raise ValueError("annotations must belong to the report's study")
        former = MeasurementSet(self.study_instance_uid)
        return replace(self, measurements=former, annotations=annotations.annotations, updated_at=at)

    @property
    def keys(self) -> KeyImageList:
        """Return the images that the reader marked, in the order in which they were marked."""
        return KeyImageList(self.study_instance_uid, self.key_images)

    def with_keys(self, keys: KeyImageList, *, at: datetime) -> Report:
        """Return the report with other key images. ValueError for those of another study or a final report."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        if keys.study_instance_uid != self.study_instance_uid:
            raise ValueError("key images must belong to the report's study")
        return replace(self, key_images=keys.images, updated_at=at)

    def with_values(self, values: dict[str, str], *, at: datetime) -> Report:
        """Return the report with new field values; a final report never changes."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        return replace(self, values=dict(values), updated_at=at, revision=self.revision + 1)

    def with_category(self, category: AssignedCategory, *, at: datetime) -> Report:
        """Return the report with a category in the place of any other of its scheme; a final report never changes."""
        kept = self.without_category(category.result.scheme, at=at)
        return replace(kept, categories=(*kept.categories, category))

    def without_category(self, scheme: Scheme, *, at: datetime) -> Report:
        """Return the report without a category of the scheme; a final report never changes."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        kept = tuple(one for one in self.categories if one.result.scheme is not scheme)
        return replace(self, categories=kept, updated_at=at, revision=self.revision + 1)

    def with_overrides(self, overrides: tuple[NormOverride, ...], *, at: datetime) -> Report:
        """Return the report with these faults answered for as well; a final report never changes."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        together = (*self.norm_overrides, *overrides)
        return replace(self, norm_overrides=together, updated_at=at, revision=self.revision + 1)

    def with_template(self, template: ReportTemplate, *, at: datetime) -> Report:
        """Return the report under another template; every value is kept, also those that it does not show."""
        if self.state is ReportState.FINAL:
            raise ValueError("a final report is immutable")
        return replace(
            self,
            template_id=template.template_id,
            template_version=template.version,
            updated_at=at,
            revision=self.revision + 1,
        )


class BlockerKind(StrEnum):
    """What stands between a report and its signature."""

    UNDECIDED_FINDING = "undecided_finding"
    EMPTY_FIELD = "empty_field"
    OUT_OF_RANGE = "out_of_range"
    RESEARCH_MARK = "research_mark"
    AI_NOT_SEEN = "ai_not_seen"
    """A read-first case whose marks the reader has not looked at yet."""
    NO_CATEGORY = "no_category"
    """The template needs a category and the report has none."""


CATEGORY_TARGET: Final = "category"
"""The target of a missing category, which is no field of the form."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why the report cannot be signed; ``target`` is a field key or tracking UID to jump to."""

    kind: BlockerKind
    target: str


def signing_blockers(report: Report, template: ReportTemplate) -> tuple[Blocker, ...]:
    """List everything that keeps this report from being signed, in document order; empty = ready."""
    blockers = [Blocker(BlockerKind.RESEARCH_MARK, f.tracking_uid) for f in report.findings.for_research_only]
    if report.findings.ai_hidden and report.findings.undecided:
        blockers.append(Blocker(BlockerKind.AI_NOT_SEEN, ""))
    else:
        blockers += [Blocker(BlockerKind.UNDECIDED_FINDING, f.tracking_uid) for f in report.findings.undecided]
    for item in template.fields:
        if item.type is FieldType.FINDINGS:
            continue
        text = report.values.get(item.key, "").strip()
        if not text:
            if item.is_required(report.values):
                blockers.append(Blocker(BlockerKind.EMPTY_FIELD, item.key))
        elif item.type is FieldType.NUMBER and not _in_range(text, item.minimum, item.maximum):
            blockers.append(Blocker(BlockerKind.OUT_OF_RANGE, item.key))
    if template.category_required and not report.categories:
        blockers.append(Blocker(BlockerKind.NO_CATEGORY, CATEGORY_TARGET))
    return tuple(blockers)


def _in_range(text: str, minimum: float | None, maximum: float | None) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)

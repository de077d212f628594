"""The report: states, who may move it between them, and what blocks a signature."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from workstation.domain.annotation import Annotation, AnnotationList
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.citation import CitedStudy
from workstation.domain.critical import CriticalValue
from workstation.domain.finding import FindingList
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPicture
from workstation.domain.known_prior import KnownPrior
from workstation.domain.measurement import MeasurementSet, as_annotations
from workstation.domain.mutual_recognition import Recognition
from workstation.domain.norm.values import NormOverride
from workstation.domain.prior_measurements import PriorMeasurements, with_prior
from workstation.domain.prior_person import PriorPerson
from workstation.domain.report_state import (
    ALLOWED_REPORT_TRANSITIONS,
    CLOSED_STATES,
    ReportKind,
    ReportState,
    ReportStatus,
    ReturnCode,
    status_of,
)
from workstation.domain.signature import AuthorSignature
from workstation.domain.template import FieldType, ReportTemplate
from workstation.domain.text_link import LinkKind, TextLink, after_edit, any_sentence_stands, still_stands
from workstation.domain.workitem import OutputReference

__all__ = [
    "ADDENDUM_TARGET",
    "ALLOWED_REPORT_TRANSITIONS",
    "CATEGORY_TARGET",
    "Blocker",
    "BlockerKind",
    "Person",
    "Predecessor",
    "Report",
    "ReportKind",
    "ReportState",
    "SignedAddendum",
    "signing_blockers",
]


@dataclass(frozen=True, slots=True)
class Person:
    """Author or verifier as the report names them."""

    user_id: str
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Predecessor:
    """A signed document that this one adds to or replaces; ``objects`` are its SR and its PDF. Time is UTC."""

    report_uid: str
    kind: ReportKind
    signed_at: datetime
    signer: str
    objects: tuple[OutputReference, ...]


@dataclass(frozen=True, slots=True)
class SignedAddendum:
    """An addendum that was signed before and goes on to hold."""

    text: str
    signer: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """
    One report of one study.

    ``values`` holds the text (or choice key, or number as text) of each template field by key.
    ``measurements`` is the former stored form of what was drawn, ``annotations`` the present one;
    ``drawn`` reads both. ``image_looks`` say how the reader saw the images that carry a key mark or a
    drawing. ``links`` tie words of the values to what they tell of; the values themselves stay plain text.
    ``revision`` is the optimistic lock: storing an old revision is refused. Times are UTC.

    What follows a signed report is a document of its own: ``kind`` says what it is to its ``predecessors``
    (the immediate one first), ``change_reason`` why it was written. An addendum repeats the content of
    what it adds to and carries its own words in ``addendum``.
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
    critical_values: tuple[CriticalValue, ...] = ()
    """The critical values of the study as they stood when the report was signed, empty before."""
    links: tuple[TextLink, ...] = ()
    kind: ReportKind = ReportKind.ORIGINAL
    predecessors: tuple[Predecessor, ...] = ()
    change_reason: str = ""
    addendum: str = ""
    former_addenda: tuple[SignedAddendum, ...] = ()
    return_codes: tuple[ReturnCode, ...] = ()
    ended_reason: str = ""
    """Why it was cancelled, or declared to be of the wrong patient or study"""
    author_signature: AuthorSignature | None = None
    """What the author signed when submitting, None where nothing was"""
    recognition: Recognition | None = None
    """Whether it carries the mark of mutual recognition; None before it is signed"""
    carried_from: tuple[str, ...] = ()
    """Study Instance UIDs of former reports whose words the reader took over"""
    carried_words: tuple[TextLink, ...] = ()
    """Those words, as they stood when the reader made them their own; older drafts have the studies alone"""
    cited: tuple[CitedStudy, ...] = ()
    """What the report cites of other studies, as it was when the report was signed"""
    norm_found: tuple[str, ...] = ()
    """Rules of the norm gate that held the signature up, each once, whether corrected or answered for"""
    prior_measurements: tuple[PriorMeasurements, ...] = ()
    """What was drawn on priors for comparison, one for each; no finding of this study and in no text of it"""
    known_priors: tuple[KnownPrior, ...] = ()
    """Earlier studies of the same part that were known, newest first: beside them no report is the first"""
    prior_persons: tuple[PriorPerson, ...] = ()
    """Priors that may be another person's: those that a reader confirmed, and those that the report relies on"""

    def __post_init__(self) -> None:
        for part in (self.findings.study_instance_uid, self.measurements.study_instance_uid):
            if part != self.study_instance_uid:
                raise ValueError("findings and measurements must belong to the report's study")
        if any(one.study_instance_uid == self.study_instance_uid for one in self.prior_measurements):
            raise ValueError("what is drawn on the report's own study is no measurement of a prior")
        if (self.kind is ReportKind.ORIGINAL) != (not self.predecessors):
            raise ValueError("what follows a report names it, and an original names none")
        if self.kind is not ReportKind.ADDENDUM and self.addendum:
            raise ValueError("only an addendum has the text of one")

    def moved(
        self, state: ReportState, *, at: datetime, reason: str = "", codes: tuple[ReturnCode, ...] = ()
    ) -> Report:
        """Return the report in another state; ValueError when the table does not allow it or a reason lacks."""
        if state not in ALLOWED_REPORT_TRANSITIONS[self.state]:
            raise ValueError(f"a {self.state} report cannot become {state}")
        ends = state in _ENDED
        if (ends or state is ReportState.RETURNED) and not reason.strip():
            raise ValueError(f"a report is {state} with a reason")
        return replace(
            self,
            state=state,
            updated_at=at,
            revision=self.revision + 1,
            return_reason=reason if state is ReportState.RETURNED else "",
            return_codes=codes if state is ReportState.RETURNED else (),
            ended_reason=reason if ends else "",
            norm_overrides=() if state is ReportState.RETURNED else self.norm_overrides,
        )

    @property
    def status(self) -> ReportStatus:
        """Return state and kind in one word."""
        return status_of(self.state, self.kind)

    @property
    def is_closed(self) -> bool:
        """Tell whether nobody writes in it any more: signed, cancelled or entered in error."""
        return self.state in CLOSED_STATES

    @property
    def predecessor(self) -> Predecessor | None:
        """Return the document that this one follows, None for an original."""
        return self.predecessors[0] if self.predecessors else None

    @property
    def drawn(self) -> AnnotationList:
        """Return everything drawn on the images of this study, whichever form it was stored in."""
        former = as_annotations(self.measurements, author=self.author.name, at=self.updated_at)
        return AnnotationList(self.study_instance_uid, (*former, *self.annotations))

    def with_drawn(self, annotations: AnnotationList, *, at: datetime) -> Report:
        """Return the report with other annotations. ValueError for those of another study or a final report."""
        self._require_open()
        if annotations.study_instance_uid != self.study_instance_uid:
            raise ValueError("annotations must belong to the report's study")
        former = MeasurementSet(self.study_instance_uid)
        return replace(self, measurements=former, annotations=annotations.annotations, updated_at=at)

    def with_prior_measurements(self, prior_uid: str, now: PriorMeasurements | None, *, at: datetime) -> Report:
        """Return the report with what is drawn on one prior now, None for nothing; a final report never changes."""
        self._require_open()
        return replace(self, prior_measurements=with_prior(self.prior_measurements, prior_uid, now), updated_at=at)

    @property
    def keys(self) -> KeyImageList:
        """Return the images that the reader marked, in the order in which they were marked."""
        return KeyImageList(self.study_instance_uid, self.key_images)

    def with_keys(self, keys: KeyImageList, *, at: datetime) -> Report:
        """Return the report with other key images. ValueError for those of another study or a final report."""
        self._require_open()
        if keys.study_instance_uid != self.study_instance_uid:
            raise ValueError("key images must belong to the report's study")
        return replace(self, key_images=keys.images, updated_at=at)

    def with_values(self, values: dict[str, str], *, at: datetime) -> Report:
        """Return the report with new field values, its links following their words; a final report never changes."""
        self._require_open()
        links = self.links
        for key in {link.field for link in links}:
            links = after_edit(links, key, self.values.get(key, ""), values.get(key, ""))
        kept = {(link.field, link.target) for link in links}
        touched = (one for one in self.links if (one.field, one.target) not in kept)
        own = self.with_taken_over(one for one in touched if still_stands(one, values.get(one.field, "")))
        return replace(own, values=dict(values), links=links, updated_at=at, revision=self.revision + 1)

    def with_linked(self, key: str, text: str, links: tuple[TextLink, ...], *, at: datetime) -> Report:
        """Return the report with another text in a field and these links in all; a final report never changes."""
        self._require_open()
        values = {**self.values, key: text}
        return replace(self, values=values, links=links, updated_at=at, revision=self.revision + 1)

    def with_taken_over(self, links: Iterable[TextLink]) -> Report:
        """Return the report that remembers the copied ones of these words and where they came from."""
        copied = tuple(link for link in links if link.kind is LinkKind.COPY and link.target)
        studies = (link.target for link in copied)
        return replace(
            self,
            carried_from=tuple(dict.fromkeys((*self.carried_from, *studies))),
            carried_words=tuple(dict.fromkeys((*self.carried_words, *copied))),
        )

    @property
    def still_carried(self) -> tuple[str, ...]:
        """
        Return the studies of ``carried_from`` of whose words any still stand, in whichever field.

        Of a draft that only knows the studies nobody can tell which words: all count while it has any text.
        """
        recorded = {link.target for link in self.carried_words}
        text = "\n".join(self.values.values())
        standing = {link.target for link in self.carried_words if any_sentence_stands(link, text)}
        has_text = bool(text.strip())
        return tuple(uid for uid in self.carried_from if (has_text if uid not in recorded else uid in standing))

    def with_addendum(self, text: str, *, at: datetime) -> Report:
        """Return the addendum with other words; ValueError where the document is no addendum or is closed."""
        if self.is_closed or self.kind is not ReportKind.ADDENDUM:
            raise ValueError("only an open addendum takes its text")
        return replace(self, addendum=text, updated_at=at, revision=self.revision + 1)

    def with_category(self, category: AssignedCategory, *, at: datetime) -> Report:
        """Return the report with a category in the place of any other of its scheme; a final report never changes."""
        kept = self.without_category(category.result.scheme, at=at)
        return replace(kept, categories=(*kept.categories, category))

    def without_category(self, scheme: Scheme, *, at: datetime) -> Report:
        """Return the report without a category of the scheme; a final report never changes."""
        self._require_open()
        kept = tuple(one for one in self.categories if one.result.scheme is not scheme)
        return replace(self, categories=kept, updated_at=at, revision=self.revision + 1)

    def with_overrides(self, overrides: tuple[NormOverride, ...], *, at: datetime) -> Report:
        """Return the report with these faults answered for as well, in this version; a final report never changes."""
        if self.is_closed:
            raise ValueError(f"a {self.state} report is immutable")
        given = (replace(one, given_in=self.state.value) for one in overrides)
        together = (*self.norm_overrides, *given)
        return replace(self, norm_overrides=together, updated_at=at, revision=self.revision + 1)

    def answers_of(self, user_id: str) -> tuple[NormOverride, ...]:
        """Return what this person answers for in this version: the only overrides under which that person signs."""
        return tuple(one for one in self.norm_overrides if (one.by, one.given_in) == (user_id, self.state.value))

    def former_answers(self, user_id: str) -> tuple[NormOverride, ...]:
        """Return what others answered for, or this person for a former version: shown, and of no effect."""
        own = self.answers_of(user_id)
        return tuple(one for one in self.norm_overrides if one not in own)

    def with_norm_found(self, rules: Iterable[str]) -> Report:
        """Return the report that remembers what the gate held up; its revision stays, nobody wrote anything."""
        known = tuple(dict.fromkeys((*self.norm_found, *rules)))
        return self if known == self.norm_found else replace(self, norm_found=known)

    def with_template(self, template: ReportTemplate, *, at: datetime) -> Report:
        """Return the report under another template; every value is kept, also those that it does not show."""
        self._require_open()
        return replace(
            self,
            template_id=template.template_id,
            template_version=template.version,
            updated_at=at,
            revision=self.revision + 1,
        )

    def _require_open(self) -> None:
        if self.is_closed:
            raise ValueError(f"a {self.state} report is immutable")
        if self.kind is ReportKind.ADDENDUM:
            raise ValueError("an addendum leaves immutable what it adds to")


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
    NO_ADDENDUM = "no_addendum"
    """An addendum that says nothing."""
    UNSTORABLE_PATIENT = "unstorable_patient"
    """A Patient ID in the images that no document can hold as it is."""
    NO_CHANGE_REASON = "no_change_reason"
    """Nobody said why a signed report is followed by another."""


CATEGORY_TARGET: Final = "category"
"""The target of a missing category, which is no field of the form."""
ADDENDUM_TARGET: Final = "addendum"
"""The target of a missing addendum or reason, which stand above the form."""
_ENDED: Final = frozenset({ReportState.CANCELLED, ReportState.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason why the report cannot be signed; ``target`` is a field key or tracking UID to jump to."""

    kind: BlockerKind
    target: str


def signing_blockers(report: Report, template: ReportTemplate) -> tuple[Blocker, ...]:
    """List everything that keeps this report from being signed, in document order; empty = ready."""
    blockers = [Blocker(BlockerKind.RESEARCH_MARK, f.tracking_uid) for f in report.findings.for_research_only]
    if report.kind is not ReportKind.ORIGINAL and not report.change_reason.strip():
        blockers.append(Blocker(BlockerKind.NO_CHANGE_REASON, ADDENDUM_TARGET))
    if report.kind is ReportKind.ADDENDUM:  # what it adds to was complete when it was signed
        missing = not report.addendum.strip()
        return (*blockers, *((Blocker(BlockerKind.NO_ADDENDUM, ADDENDUM_TARGET),) if missing else ()))
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

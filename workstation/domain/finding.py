"""
Detector marks, the reader's decision on each, and the list they form.

A finding lies in the patient, with a centre and a size, or on one image (``ImagePlace``) that has no place in the
patient; never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import dist
from typing import Final

from resources.finding_names import finding_name
from workstation.domain.finding_class import FindingMeaning
from workstation.domain.geometry import Point, distance_mm
from workstation.domain.image_place import BoxPx, ImageMark, ImagePlace, centre_px
from workstation.domain.mark import AlgorithmIdentity, Lobe, Mark, MarkEvidence, NoduleType
from workstation.domain.observation import FollowUp
from workstation.domain.rejection import MarkedKind, RejectReason
from workstation.domain.trait import Trait

__all__ = [
    "AlgorithmIdentity",
    "Decision",
    "Finding",
    "FindingList",
    "Lobe",
    "Mark",
    "MarkEvidence",
    "NoduleType",
    "OwnFinding",
    "RejectReason",
]


UNNAMED: Final = "abnormality"
"""What a reader calls a finding without saying what it is."""


class Decision(StrEnum):
    """What became of a finding. ADDED findings come from a person, never from a model."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class OwnFinding:
    """
    What the reader had found before accepting the AI mark at the same place.

    ``before_ai``, ``on_image`` and ``label`` as in ``Finding``; the number is that of the finding that the mark took
    in. Centre and size are None for one on an image.
    """

    tracking_uid: str
    number: int
    centre_lps_mm: Point | None
    diameter_mm: float | None
    found_by: str = ""
    found_at: datetime | None = None
    before_ai: bool | None = None
    on_image: ImagePlace | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A finding as the reader sees it; the AI original and the reader's version are kept apart.

    ``original`` is None for findings a person added. The effective position and size are
    ``centre_lps_mm`` and ``diameter_mm``; both are None for a finding ``on_image``, which has a place on one
    image only and is accepted or rejected as it is. ``before_ai`` tells for a finding of the reader's own in a
    read-first case whether the reader had not seen the AI yet; None everywhere else. ``batch`` names
    the one act that rejected several marks together, empty for a decision of its own. ``own`` is the
    reader's own finding that an accepted mark confirmed: one finding, both origins. ``follow_up`` is
    the same nodule in the newest earlier study that the reader confirmed it in, ``also`` in others, newest first.
    ``traits`` are what the template asks for each finding.
    """

    tracking_uid: str
    number: int
    centre_lps_mm: Point | None
    diameter_mm: float | None
    decision: Decision
    original: Mark | ImageMark | None = None
    nodule_type: NoduleType = NoduleType.UNSPECIFIED
    lobe: Lobe = Lobe.UNSPECIFIED
    reject_reason: RejectReason | None = None
    reject_note: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None
    before_ai: bool | None = None
    batch: str = ""
    own: OwnFinding | None = None
    follow_up: FollowUp | None = None
    on_image: ImagePlace | None = None
    also: tuple[FollowUp, ...] = ()
    label: str = ""
    traits: tuple[Trait, ...] = ()

    def __post_init__(self) -> None:
        in_space = self.centre_lps_mm is not None, self.diameter_mm is not None
        if in_space != ((False, False) if self.on_image is not None else (True, True)):
            raise ValueError("a finding lies in the patient with a size, or on one image without")
        if self.diameter_mm is not None and self.diameter_mm <= 0:
            raise ValueError(f"diameter_mm must be positive, got {self.diameter_mm}")
        if self.original is not None and isinstance(self.original, ImageMark) != (self.on_image is not None):
            raise ValueError("a finding lies where its mark does: in the patient or on an image")
        if self.on_image is not None and self.follow_up is not None:
            raise ValueError("only a finding in the patient is followed up")
        if (self.original is None) != (self.decision is Decision.ADDED):
            raise ValueError("exactly the findings without an AI original are added ones")
        if (self.decision is Decision.REJECTED) != (self.reject_reason is not None):
            raise ValueError("a rejection has a reason, anything else has none")
        if self.own is not None and self.original is None:
            raise ValueError("only an AI mark takes a finding of the reader's in")
        if self.label and self.on_image is None:
            raise ValueError("only a finding on an image is named by the reader")

    @property
    def is_unnamed(self) -> bool:
        """Tell whether nobody said what it is."""
        return self.called in {"", UNNAMED}

    @property
    def mark(self) -> Mark | None:
        """Return the AI original where it lies in the patient."""
        return self.original if isinstance(self.original, Mark) else None

    @property
    def called(self) -> str:
        """Return what the finding is called: the reader's word, else the model's label, empty where nobody said."""
        return self.label or ("" if self.original is None else self.original.label)

    @property
    def meaning(self) -> FindingMeaning | None:
        """Return what the model's manifest says of the label, None where the reader calls it otherwise."""
        if self.original is None or self.called != self.original.label:
            return None
        return self.original.meaning

    def name(self, language: str) -> str:
        """Return what the finding is called in words: the product's, else those of the model's manifest."""
        return finding_name(self.called, language, "" if self.meaning is None else self.meaning.get(language))

    def kind(self, modality: str = "") -> MarkedKind:
        """Return what was marked, for the reasons of a rejection; ``modality`` is that of its image."""
        if self.on_image is not None:
            if self.on_image.box_px is None:
                return MarkedKind.WHOLE
            return MarkedKind.MAMMOGRAM if modality == "MG" else MarkedKind.FILM
        return MarkedKind.LUNG_NODULE if not self.called or "nodule" in self.called.casefold() else MarkedKind.IN_VOLUME

    @property
    def counts(self) -> bool:
        """Tell whether the finding goes into the report."""
        return self.decision in {Decision.ACCEPTED, Decision.EDITED, Decision.ADDED}

    def accepted(self, *, by: str, at: datetime) -> Finding:
        """Return the finding as accepted; an edited one stays edited."""
        decision = self.decision if self.decision in {Decision.EDITED, Decision.ADDED} else Decision.ACCEPTED
        return replace(
            self, decision=decision, reject_reason=None, reject_note="", decided_by=by, decided_at=at, batch=""
        )

    def confirming(self, own: Finding, *, by: str, at: datetime) -> Finding:
        """
        Return this AI mark as accepted where the reader had found the same: place, size and name are the reader's.

        ValueError unless this is a mark and ``own`` a finding added by a person, both in the patient or both on images.
        """
        if self.original is None or own.decision is not Decision.ADDED:
            raise ValueError("an AI mark confirms a finding that a person added")
        if (own.on_image is None) != (self.on_image is None):
            raise ValueError("a mark in the patient does not confirm a finding on an image")
        said = OwnFinding(
            own.tracking_uid, own.number, own.centre_lps_mm, own.diameter_mm, own.decided_by, own.decided_at,
            own.before_ai, own.on_image, own.label,
        )  # fmt: skip
        as_marked = (
            own.diameter_mm == self.original.diameter_mm
            if isinstance(self.original, Mark)
            else own.on_image is not None and own.on_image.box_px == self.original.place.box_px
        )
        merged = replace(
            self.accepted(by=by, at=at),
            decision=Decision.ACCEPTED if as_marked else Decision.EDITED,
            centre_lps_mm=own.centre_lps_mm,
            diameter_mm=own.diameter_mm,
            on_image=own.on_image,
            label="" if own.is_unnamed else own.label,
            nodule_type=own.nodule_type,
            lobe=own.lobe,
            before_ai=own.before_ai,
            own=said,
            follow_up=self.follow_up or own.follow_up,
            also=self.also if self.follow_up is not None else own.also,
            traits=own.traits or self.traits,
        )
        return merged.with_typed_pairs()

    @property
    def confirmed(self) -> tuple[FollowUp, ...]:
        """Return the reader's word for every earlier study, the newest study first."""
        return () if self.follow_up is None else (self.follow_up, *self.also)

    def followed(self, follow_up: FollowUp, *, tracking_uid: str) -> Finding:
        """
        Return the finding as the same nodule as a prior one, under the tracking UID that both shall have.

        What was confirmed for other studies stays.
        """
        study, uid = follow_up.prior_study_instance_uid, follow_up.prior.tracking_uid
        changed = any(one.prior_study_instance_uid == study and one.prior.tracking_uid != uid for one in self.confirmed)
        kept = self.parted_from(study).confirmed if changed else self.confirmed
        return replace(self._with((follow_up, *kept)), tracking_uid=tracking_uid).with_typed_pairs()

    def with_typed_pairs(self) -> Finding:
        """
        Return the finding with pairs that know the type that the reader says.

        It tells whether their volumes are compared. Drafts of former versions keep pairs without one.
        """
        if self.follow_up is None:
            return self
        newest, *others = (one.retyped(self.nodule_type) for one in self.confirmed)
        return replace(self, follow_up=newest, also=tuple(others))

    def parted(self) -> Finding:
        """Return the finding without its priors, under its own tracking UID again."""
        if self.follow_up is None:
            return self
        return replace(self, tracking_uid=self.follow_up.own_tracking_uid, follow_up=None, also=())

    def parted_from(self, study_instance_uid: str) -> Finding:
        """
        Return the finding without its prior of one study.

        It keeps the tracking UID that another prior shares, takes that of the newest left, or its own again. Sizes
        that the report told go: some may have been those of the nodule that it no longer is.
        """
        kept = tuple(
            replace(one, others=()) for one in self.confirmed if one.prior_study_instance_uid != study_instance_uid
        )
        if len(kept) == len(self.confirmed):
            return self
        if not kept:
            return self.parted()
        shared = {one.prior.tracking_uid for one in kept}
        uid = self.tracking_uid if self.tracking_uid in shared else kept[0].prior.tracking_uid
        return replace(self._with(kept), tracking_uid=uid)

    def _with(self, confirmed: tuple[FollowUp, ...]) -> Finding:
        """Return the finding with these words of the reader, the first of each study."""
        of_study: dict[str, FollowUp] = {}
        for one in confirmed:
            of_study.setdefault(one.prior_study_instance_uid, one)
        newest = sorted(of_study.values(), key=lambda one: one.prior.observed_on, reverse=True)
        return replace(self, follow_up=newest[0], also=tuple(newest[1:]))

    def rejected(self, reason: RejectReason, *, by: str, at: datetime, note: str = "", batch: str = "") -> Finding:
        """Return the finding as rejected for a reason; an added finding is removed from its list instead."""
        return replace(
            self.parted(),
            decision=Decision.REJECTED,
            reject_reason=reason,
            reject_note=note,
            decided_by=by,
            decided_at=at,
            batch=batch,
        )

    def edited(
        self,
        *,
        by: str,
        at: datetime,
        diameter_mm: float | None = None,
        nodule_type: NoduleType | None = None,
        lobe: Lobe | None = None,
    ) -> Finding:
        """
        Return the reader's version; ``original`` is untouched.

        ValueError for a finding on an image: it has no size in the patient, and nobody makes one up.
        """
        if self.on_image is not None:
            raise ValueError("a finding on an image has no size, type or lobe to change")
        edited = replace(
            self._read(by=by, at=at),
            diameter_mm=self.diameter_mm if diameter_mm is None else diameter_mm,
            nodule_type=self.nodule_type if nodule_type is None else nodule_type,
            lobe=self.lobe if lobe is None else lobe,
            follow_up=self.follow_up
            if self.follow_up is None or diameter_mm is None
            else self.follow_up.resized(diameter_mm),
            also=self.also if diameter_mm is None else tuple(one.resized(diameter_mm) for one in self.also),
        )
        return edited.with_typed_pairs()

    def boxed(self, box_px: BoxPx, *, by: str, at: datetime) -> Finding:
        """
        Return the finding with the reader's box on its image; ``original`` keeps the model's.

        ValueError for a finding without a box.
        """
        if self.on_image is None or self.on_image.box_px is None:
            raise ValueError("only a box on an image is moved")
        return replace(self._read(by=by, at=at), on_image=self.on_image.with_box(box_px))

    def named(self, label: str, *, by: str, at: datetime) -> Finding:
        """Return the finding on an image under the reader's word for it. ValueError for one in the patient."""
        return replace(self._read(by=by, at=at), label=label)

    def _read(self, *, by: str, at: datetime) -> Finding:
        """Return the reader's version, decided now."""
        decision = Decision.ADDED if self.original is None else Decision.EDITED
        return replace(
            self, decision=decision, reject_reason=None, reject_note="", decided_by=by, decided_at=at, batch=""
        )


@dataclass(frozen=True, slots=True)
class FindingList:
    """
    All findings of one study, in number order, with the model that proposed the AI ones.

    ``read_first``: the reader looks before the AI is shown, until ``revealed_at``.
    ``operating_point`` is the one that the reader chose by name, empty for the model's own: marks
    below it are not shown until they are decided, and stay in the list.
    """

    study_instance_uid: str
    series_instance_uid: str = ""
    frame_of_reference_uid: str = ""
    algorithm: AlgorithmIdentity | None = None
    findings: tuple[Finding, ...] = field(default=())
    read_first: bool = False
    revealed_at: datetime | None = None
    revealed_by: str = ""
    operating_point: str = ""

    @property
    def ai_hidden(self) -> bool:
        """Tell whether nothing of the AI may be seen yet."""
        return self.read_first and self.revealed_at is None and self.algorithm is not None

    @property
    def least_score(self) -> float | None:
        """Return the score of the chosen operating point, None for the model's own."""
        points = () if self.algorithm is None else self.algorithm.operating_points
        return dict(points).get(self.operating_point)

    def is_visible(self, finding: Finding) -> bool:
        """Tell whether a finding is at or above the operating point; what is decided always is."""
        if finding.original is None or finding.decision is not Decision.UNDECIDED:
            return True
        least = self.least_score
        return finding.original.shown if least is None else finding.original.score >= least

    @property
    def visible(self) -> tuple[Finding, ...]:
        """Return what the reader is shown once the AI is revealed."""
        return tuple(f for f in self.findings if self.is_visible(f))

    @property
    def below(self) -> tuple[Finding, ...]:
        """Return the undecided marks below the operating point."""
        return tuple(f for f in self.findings if not self.is_visible(f))

    def displayed(self) -> FindingList:
        """Return what may be on the screen now: nothing of the AI while it is hidden."""
        if self.ai_hidden:
            own = tuple(f for f in self.findings if f.original is None)
            return replace(self, algorithm=None, findings=own)
        return replace(self, findings=self.visible)

    def at_point(self, name: str) -> FindingList:
        """Return the list at another operating point. ValueError for one that the model does not have."""
        points = () if self.algorithm is None else self.algorithm.operating_points
        if name and name not in dict(points):
            raise ValueError(f"no operating point {name!r}")
        return replace(self, operating_point=name)

    def undecided_rejected(self, reason: RejectReason, *, by: str, at: datetime, batch: str) -> FindingList:
        """Return the list with every undecided mark that is shown rejected in one act."""
        rest = {f.tracking_uid for f in self.undecided}
        return replace(
            self,
            findings=tuple(
                f.rejected(reason, by=by, at=at, batch=batch) if f.tracking_uid in rest else f for f in self.findings
            ),
        )

    def revealed(self, *, by: str, at: datetime) -> FindingList:
        """Return the list with the AI shown; the first reveal counts."""
        return self if self.revealed_at is not None else replace(self, revealed_at=at, revealed_by=by)

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """Return the marks at or above the operating point that still wait for a decision."""
        return tuple(f for f in self.visible if f.decision is Decision.UNDECIDED)

    @property
    def reported(self) -> tuple[Finding, ...]:
        """Return accepted, edited and added findings."""
        return tuple(f for f in self.findings if f.counts)

    @property
    def in_space(self) -> tuple[Finding, ...]:
        """Return the findings that have a centre and a size in the patient."""
        return tuple(f for f in self.findings if f.on_image is None)

    @property
    def on_images(self) -> tuple[Finding, ...]:
        """Return the findings that lie on single images."""
        return tuple(f for f in self.findings if f.on_image is not None)

    @property
    def for_research_only(self) -> tuple[Finding, ...]:
        """Return the findings that a research model proposed: no report may hold one, decided or not."""
        if self.algorithm is None or not self.algorithm.research:
            return ()
        return tuple(f for f in self.findings if f.original is not None)

    def without_research(self) -> FindingList:
        """Return what a report may hold: no research model and none of its marks; what people added stays."""
        if self.algorithm is None or not self.algorithm.research:
            return self
        return replace(self, algorithm=None, findings=tuple(f for f in self.findings if f.original is None))

    def get(self, tracking_uid: str) -> Finding:
        """Return one finding; KeyError when it is not in the list."""
        for finding in self.findings:
            if finding.tracking_uid == tracking_uid:
                return finding
        raise KeyError(tracking_uid)

    def replaced(self, finding: Finding) -> FindingList:
        """Return the list with the finding of the same tracking UID exchanged."""
        self.get(finding.tracking_uid)
        return replace(
            self,
            findings=tuple(finding if f.tracking_uid == finding.tracking_uid else f for f in self.findings),
        )

    def exchanged(self, tracking_uid: str, finding: Finding) -> FindingList:
        """Return the list with one finding exchanged, also for one of another tracking UID that is still free."""
        self.get(tracking_uid)
        if any(f.tracking_uid == finding.tracking_uid != tracking_uid for f in self.findings):
            raise ValueError("another finding has this tracking UID")
        return replace(self, findings=tuple(finding if f.tracking_uid == tracking_uid else f for f in self.findings))

    def own_at(self, mark: Finding) -> Finding | None:
        """
        Return the finding of the reader's own at the place of a mark: the nearest, None where there is none.

        In the patient: inside the larger of the two. On images: ``ImagePlace.is_same_place``, unless the reader calls
        it something else; a whole image or series is one place for all that is said of it, so there the names decide.
        """
        near: list[tuple[float, Finding]] = []
        for own in self.findings:
            if own.decision is not Decision.ADDED:
                continue
            gap = _gap_px(own, mark) if mark.on_image is not None else _gap_mm(own, mark)
            if gap is not None:
                near.append((gap, own))
        return min(near, key=lambda one: one[0])[1] if near else None

    def added(self, finding: Finding) -> FindingList:
        """Return the list with one more finding at its end."""
        return replace(self, findings=(*self.findings, finding))

    def removed(self, tracking_uid: str) -> FindingList:
        """Return the list without a finding that a person added; AI marks are rejected, never removed."""
        if self.get(tracking_uid).decision is not Decision.ADDED:
            raise ValueError("only findings added by a person can be removed")
        return replace(self, findings=tuple(f for f in self.findings if f.tracking_uid != tracking_uid))

    @property
    def next_number(self) -> int:
        """Return the number for the next added finding."""
        return max((f.number for f in self.findings), default=0) + 1


def _gap_mm(own: Finding, mark: Finding) -> float | None:
    """Return the distance of two findings at one place in the patient, None where they are two."""
    if own.centre_lps_mm is None or own.diameter_mm is None or mark.centre_lps_mm is None or mark.diameter_mm is None:
        return None
    gap = distance_mm(own.centre_lps_mm, mark.centre_lps_mm)
    return gap if gap <= max(own.diameter_mm, mark.diameter_mm) / 2 else None


def _gap_px(own: Finding, mark: Finding) -> float | None:
    """Return the distance of two findings at one place on an image, None where they are two."""
    here, there = own.on_image, mark.on_image
    if here is None or there is None or not here.is_same_place(there):
        return None
    same_name = own.name("en") == mark.name("en")  # some labels are one word
    if here.box_px is None or there.box_px is None:
        return 0.0 if same_name else None
    return dist(centre_px(here.box_px), centre_px(there.box_px)) if same_name or own.is_unnamed else None

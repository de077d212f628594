"""
The state of one opened case: what the reading and the report page both show and change.

Lives on the main thread, does no I/O and knows no Qt. Pages subscribe and are told what changed;
every change of a finding can be undone until the report is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from resources.translation import tr
from workstation.dicom.sr import report_words
from workstation.domain import finding_decisions as decisions
from workstation.domain.annotation import AnnotationList
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.critical import CriticalValue
from workstation.domain.critical_policy import CriticalSuggestion
from workstation.domain.errors import NotPermitted
from workstation.domain.finding import Decision, Finding, FindingList, Lobe, NoduleType, RejectReason
from workstation.domain.finding_traits import each_of, refreshed, with_option
from workstation.domain.geometry import Point
from workstation.domain.image_look import ImageLook
from workstation.domain.image_place import BoxPx, ImagePlace
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPicture
from workstation.domain.norm.values import NormFault, NormOverride
from workstation.domain.observation import FollowUp
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.domain.report import Blocker, Person, Report, ReportKind, ReportState, signing_blockers
from workstation.domain.report_content import with_content
from workstation.domain.report_version import CaseRules
from workstation.domain.study import Study
from workstation.domain.template import FieldType, ReportTemplate
from workstation.domain.text_link import LinkKind, TextLink, renewed
from workstation.domain.tracer import prefilled
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.critical_gate import answered_for, suggestions_dismissed, with_critical

if TYPE_CHECKING:
    from workstation.domain.ports import Clock


class Changed(Enum):
    """What part of the session moved."""

    FINDINGS = auto()
    VALUES = auto()
    ANNOTATIONS = auto()
    KEY_IMAGES = auto()
    LOOKS = auto()
    ON_PRIOR = auto()
    CRITICAL = auto()
    STATE = auto()


COMPARISON: Final = "comparison"
"""The template field that names the studies compared with."""
Listener = Callable[[Changed], None]


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """What opening a case brought together; ``claim`` is None when it is read-only."""

    row: WorklistRow
    study: Study
    template: ReportTemplate
    report: Report
    claim: Claim | None
    passed_over: Report | None = None
    """The reader's own draft where a newer report of the centre is shown instead."""
    rules: CaseRules = CaseRules()  # noqa: RUF009 - frozen
    further_templates: tuple[ReportTemplate, ...] = ()
    """Templates of other parts of the body that were examined too."""


class ReadingSession:
    """
    One case on one reader's screen.

    ``read_first`` keeps the AI from this reader until ``reveal``, unless the report has been past that already.
    """

    def __init__(
        self,
        case: OpenedCase,
        reader: Person,
        *,
        clock: Clock,
        new_uid: Callable[[], str],
        read_first: bool = False,
    ) -> None:
        self.row = case.row
        self.study = case.study
        self.template = case.template
        self.further_templates = case.further_templates
        self.claim = case.claim
        self.rules = case.rules
        self.reader = reader
        self._clock = clock
        self._new_uid = new_uid
        self._report = case.report
        self._passed_over, self._exchanged = case.passed_over, False
        self._compared = report_words.compared_with(case.report.findings, case.report.language)
        self._undo: list[FindingList] = []
        self._redo: list[FindingList] = []
        self._keys_undo: list[KeyImageList] = []
        self._keys_redo: list[KeyImageList] = []
        self._listeners: list[Listener] = []
        if read_first and self._nothing_of_ai_seen():
            self._report = replace(case.report, findings=replace(self.findings, read_first=True))
        if not self.content_locked:
            self._report = replace(self._report, findings=refreshed(self.findings, each_of(self.template)))

    # what pages show

    @property
    def report(self) -> Report:
        """Return the report as it stands now."""
        return self._report

    @property
    def passed_over(self) -> Report | None:
        """Return the other version that the reader may go on with: the own draft, or what it was taken instead of."""
        return self._passed_over

    @property
    def exchanged(self) -> bool:
        """Tell whether the reader goes on with the own draft instead of the report of the centre."""
        return self._exchanged

    @property
    def findings(self) -> FindingList:
        """Return all findings, AI marks and the reader's own."""
        return self._report.findings

    @property
    def displayed(self) -> FindingList:
        """Return the findings that may be on the screen: none of the AI before it is revealed, none below the point."""
        return self.findings.displayed()

    @property
    def ai_hidden(self) -> bool:
        """Tell whether this reader has not seen the AI yet."""
        return self.findings.ai_hidden

    @property
    def read_only(self) -> bool:
        """Tell whether this reader may change anything: needs the claim, and a report not yet final."""
        return self.claim is None or self._report.is_closed

    @property
    def content_locked(self) -> bool:
        """Tell whether the content stays as it is: nobody may write, or only the words of an addendum are."""
        return self.read_only or self._report.kind is ReportKind.ADDENDUM

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """Return what keeps the report from being signed."""
        return signing_blockers(self._report, self.template)

    @property
    def can_undo(self) -> bool:
        """Tell whether a finding decision can be taken back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Tell whether an undone decision can be repeated."""
        return bool(self._redo)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; returns a function that ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # what readers do

    def accept(self, tracking_uid: str) -> Finding:
        """
        Accept one mark as it is; return what it is now.

        Where the reader had found the same before, the mark confirms that finding: one remains, with both origins.
        """
        by, at = self.reader.user_id, self._now()
        findings, accepted = decisions.accepted(self.findings, self.findings.get(tracking_uid), by=by, at=at)
        self._set_findings(findings)
        return accepted

    def follow(self, tracking_uid: str, follow_up: FollowUp) -> Finding:
        """
        Keep a finding as the same nodule as one of a prior, under the tracking UID that it had there.

        An undecided mark is accepted in the same act. The report says what it was compared with.
        """
        by, at = self.reader.user_id, self._now()
        findings, followed = decisions.followed(self.findings, tracking_uid, follow_up, by=by, at=at)
        self._set_findings(findings)
        self._say_compared()
        return followed

    def part(self, tracking_uid: str, study_instance_uid: str = "") -> Finding:
        """Take back that a finding is the same nodule as one of a prior; of every prior where no study is named."""
        findings, parted = decisions.parted(self.findings, tracking_uid, study_instance_uid)
        if findings is not self.findings:
            self._set_findings(findings)
            self._say_compared()
        return parted

    def _say_compared(self) -> None:
        """Name the priors in the field for them, unless the reader wrote something there."""
        item = next((one for one in self.template.fields if one.key == COMPARISON), None)
        if item is None or item.type is not FieldType.TEXT:
            return
        language, text = self._report.language, self._report.values.get(COMPARISON, "").strip()
        phrase = "" if item.normal_phrase is None else item.normal_phrase.get(language)
        former, self._compared = self._compared, report_words.compared_with(self.findings, language)
        is_ours = bool(former) and text == former
        if is_ours or (self._compared and text in {"", phrase}):
            self.set_value(COMPARISON, self._compared)

    def reject(self, tracking_uid: str, reason: RejectReason, note: str = "") -> None:
        """Reject an AI mark with a reason; a finding the reader added is taken off the list."""
        finding = self.findings.get(tracking_uid)
        if finding.decision is Decision.ADDED:
            self._set_findings(self.findings.removed(tracking_uid))
            return
        rejected = finding.rejected(reason, by=self.reader.user_id, at=self._now(), note=note)
        self._set_findings(self.findings.replaced(rejected))

    def reject_rest(self, reason: RejectReason) -> int:
        """Reject every undecided mark that is shown, in one act with one undo; returns how many."""
        rest = len(self.displayed.undecided)
        if rest:
            self._set_findings(
                self.findings.undecided_rejected(reason, by=self.reader.user_id, at=self._now(), batch=self._new_uid())
            )
        return rest

    def reveal(self) -> None:
        """Show the AI for good; the caller has recorded the act before."""
        self._look_at(self.findings.revealed(by=self.reader.user_id, at=self._now()))

    def choose_operating_point(self, name: str) -> None:
        """Show the marks of another operating point, empty for the model's own. ValueError for an unknown one."""
        if name != self.findings.operating_point:
            self._look_at(self.findings.at_point(name))

    def edit(
        self,
        tracking_uid: str,
        *,
        diameter_mm: float | None = None,
        nodule_type: NoduleType | None = None,
        lobe: Lobe | None = None,
    ) -> None:
        """Change size, type or lobe; the AI original stays as it was."""
        finding = self.findings.get(tracking_uid)
        edited = finding.edited(
            by=self.reader.user_id, at=self._now(), diameter_mm=diameter_mm, nodule_type=nodule_type, lobe=lobe
        )
        self._set_findings(self.findings.replaced(edited))

    def add(
        self,
        centre_lps_mm: Point,
        diameter_mm: float,
        *,
        frame_of_reference_uid: str = "",
        series_instance_uid: str = "",
    ) -> Finding:
        """
        Add a finding of the reader's own at a patient position.

        Without an AI result the list takes frame of reference and series from the first one added.
        Raises NotPermitted for a point of another frame of reference: its millimetres do not compare.
        """
        placed = decisions.placed_in(
            self.findings, frame_of_reference_uid=frame_of_reference_uid, series_instance_uid=series_instance_uid
        )
        finding = Finding(
            tracking_uid=self._new_uid(),
            number=self.findings.next_number,
            centre_lps_mm=centre_lps_mm,
            diameter_mm=diameter_mm,
            decision=Decision.ADDED,
            decided_by=self.reader.user_id,
            decided_at=self._now(),
            before_ai=decisions.found_before_ai(self.findings),
        )
        self._set_findings(placed.added(finding))
        return finding

    def add_on_image(self, place: ImagePlace, label: str = "") -> Finding:
        """Add a finding of the reader's own: a box on one image, or of a whole image or series."""
        finding = Finding(
            tracking_uid=self._new_uid(),
            number=self.findings.next_number,
            centre_lps_mm=None,
            diameter_mm=None,
            decision=Decision.ADDED,
            decided_by=self.reader.user_id,
            decided_at=self._now(),
            before_ai=decisions.found_before_ai(self.findings),
            on_image=place,
            label=label,
        )
        self._set_findings(self.findings.added(finding))
        return finding

    def move_box(self, tracking_uid: str, box_px: BoxPx) -> None:
        """Give a finding on an image another box; the AI original stays as it was. ValueError where there is none."""
        moved = self.findings.get(tracking_uid).boxed(box_px, by=self.reader.user_id, at=self._now())
        self._set_findings(self.findings.replaced(moved))

    def name(self, tracking_uid: str, label: str) -> None:
        """Call a finding on an image by the reader's word for it; the AI original stays as it was."""
        named = self.findings.get(tracking_uid).named(label, by=self.reader.user_id, at=self._now())
        self._set_findings(self.findings.replaced(named))

    def say_of(self, tracking_uid: str, key: str, option: str) -> None:
        """Choose an option of a field that is asked for each finding; an empty one takes the answer away."""
        item = next(one for one in each_of(self.template) if one.key == key)
        said = with_option(self.findings.get(tracking_uid), item, option, by=self.reader.user_id, at=self._now())
        self._set_findings(self.findings.replaced(said))

    def undo(self) -> None:
        """Take back the last finding decision."""
        if self._undo and not self.read_only:
            self._redo.append(self.findings)
            self._put_findings(decisions.looked_at_like(self._undo.pop(), self.findings))
            self._say_compared()

    def redo(self) -> None:
        """Repeat the decision that was taken back last."""
        if self._redo and not self.read_only:
            self._undo.append(self.findings)
            self._put_findings(decisions.looked_at_like(self._redo.pop(), self.findings))
            self._say_compared()

    def set_value(self, key: str, text: str) -> None:
        """Fill one template field; KeyError for a field the template does not have."""
        self.template.field(key)
        if self._report.values.get(key, "") == text:
            return
        self._require_writable()
        self._report = self._report.with_values({**self._report.values, key: text}, at=self._now())
        self._tell(Changed.VALUES)

    def tie(self, links: Sequence[TextLink]) -> None:
        """Tie words that stand in the report to what they tell of."""
        self._require_writable()
        self._link((*self._report.links, *links))

    def untie(self, links: Sequence[TextLink]) -> None:
        """Make tied words the reader's own, as confirming copied ones does; the text stays."""
        self._require_writable()
        self._report = self._report.with_taken_over(links)
        self._link(tuple(one for one in self._report.links if one not in links))

    def confirm_copied(self, key: str) -> None:
        """Keep that the reader answers for what was copied into a field."""
        self.untie([one for one in self._report.links if one.field == key and one.kind is LinkKind.COPY])

    def renew(self, link: TextLink, words: str) -> None:
        """Let tied words say what was measured since. ValueError where they do not stand in the text any more."""
        self._require_writable()
        text, links = renewed(self._report.links, link, self._report.values.get(link.field, ""), words)
        self._report = self._report.with_linked(link.field, text, links, at=self._now())
        self._tell(Changed.VALUES)

    def _link(self, links: tuple[TextLink, ...]) -> None:
        if links != self._report.links:
            self._report = replace(self._report, links=links, updated_at=self._now())
            self._tell(Changed.VALUES)

    def set_addendum(self, text: str) -> None:
        """Write the words of an addendum. Raises NotPermitted where the report is open for reading only."""
        self._require_mine()
        if text != self._report.addendum:
            self._report = self._report.with_addendum(text, at=self._now())
            self._tell(Changed.VALUES)

    def set_category(self, category: AssignedCategory) -> None:
        """Put a category into the report, in the place of any other of its scheme."""
        self._require_writable()
        self._report = self._report.with_category(category, at=self._now())
        self._tell(Changed.VALUES)

    def drop_category(self, scheme: Scheme) -> None:
        """Take the category of a scheme out of the report."""
        self._require_writable()
        self._report = self._report.without_category(scheme, at=self._now())
        self._tell(Changed.VALUES)

    def answer_for(self, faults: Sequence[NormFault], reason: str) -> None:
        """Keep that the reader has seen these faults and answers for them. ValueError without a reason."""
        self._require_mine()
        at = self._now()
        answered = tuple(
            NormOverride(
                fault.rule,
                fault.target,
                fault.quote,
                reason,
                self.reader.user_id,
                at,
                against=fault.against,
                by_name=self.reader.name,
            )
            for fault in faults
        )
        self._report = self._report.with_overrides(answered, at=at)
        self._tell(Changed.VALUES)

    def held_up(self, faults: Sequence[NormFault]) -> None:
        """Keep which rules held the signature up, for the quality figures; nobody is told, nothing is edited."""
        if not self.read_only:
            self._report = self._report.with_norm_found(fault.rule for fault in faults)

    def answer_critical(self, reason: str) -> None:
        """Keep that the reader answers for signing without a read-back. ValueError without a reason."""
        self._require_mine()
        self._report = answered_for(self._report, reason, by=self.reader, at=self._now())
        self._tell(Changed.VALUES)

    def dismiss_suggested(self, suggestions: Sequence[CriticalSuggestion], reason: str) -> None:
        """Keep why the reader takes what is suggested for no critical value. ValueError without a reason."""
        self._require_mine()
        self._report = suggestions_dismissed(self._report, suggestions, reason, by=self.reader, at=self._now())
        self._tell(Changed.VALUES)

    def know_critical(self, values: tuple[CriticalValue, ...]) -> None:
        """Take over the critical values as the hub has them, so that they are signed with it; a final one stays."""
        known = with_critical(self._report, values)
        if not self.read_only and known is not self._report:
            self._report = known
            self._tell(Changed.CRITICAL)

    def go_on_with_other(self) -> None:
        """Go on with the version that was passed over; what stood here becomes the one that may be taken back."""
        other = self._passed_over
        self._require_writable()
        if other is None:
            raise ValueError("there is no other version")
        self._passed_over, self._exchanged = self._report, not self._exchanged
        self._undo, self._redo, self._keys_undo, self._keys_redo = [], [], [], []
        self._report = with_content(self._report, other, at=self._now())
        self._compared = report_words.compared_with(self.findings, self._report.language)
        self._tell(Changed.VALUES)

    def choose_template(self, template: ReportTemplate) -> None:
        """Go on under another template; every value that was typed is kept."""
        self._require_writable()
        taken = self._report.with_template(template, at=self._now())
        values = {**prefilled(template, self.study), **taken.values}
        self._report = taken if values == taken.values else taken.with_values(values, at=self._now())
        self.template = template
        self._report = replace(self._report, findings=refreshed(self.findings, each_of(template)))
        self._tell(Changed.STATE)

    def set_annotations(self, annotations: AnnotationList) -> None:
        """Replace what is drawn on this study. ValueError for another study."""
        self._require_writable()
        self._report = self._report.with_drawn(annotations, at=self._now())
        self._tell(Changed.ANNOTATIONS)

    def toggle_key(self, image: KeyImage) -> None:
        """Mark an image as key image, or take the mark away."""
        self._require_writable()
        self._keys_undo.append(self._report.keys)
        self._keys_redo.clear()
        self._put_keys(self._report.keys.toggled(image))

    def undo_keys(self) -> None:
        """Take back the last change of the key images."""
        self._step_keys(self._keys_undo, self._keys_redo)

    def redo_keys(self) -> None:
        """Repeat the change of the key images that was taken back last."""
        self._step_keys(self._keys_redo, self._keys_undo)

    def keep_looks(self, looks: tuple[ImageLook, ...], pictures: tuple[KeyPicture, ...] = ()) -> None:
        """Keep how the marked and drawn images are seen; nothing happens where nobody may write."""
        if (looks, pictures) != (self._report.image_looks, self._report.key_pictures) and not self.content_locked:
            self._report = replace(self._report, image_looks=looks, key_pictures=pictures, updated_at=self._now())
            self._tell(Changed.LOOKS)

    def keep_on_prior(self, prior_uid: str, now: PriorMeasurements | None) -> bool:
        """Keep what is drawn on a prior now; False where nobody may write, and nothing is kept."""
        if not self.content_locked:
            self._report = self._report.with_prior_measurements(prior_uid, now, at=self._now())
            self._tell(Changed.ON_PRIOR)
        return not self.content_locked

    def now(self) -> datetime:
        """Return the time by the workstation's clock."""
        return self._clock.now()

    def moved_to(self, report: Report) -> None:
        """Take over the report as a service stored it (submitted, returned, signed)."""
        self._report = report
        self._tell(Changed.STATE)

    def _set_findings(self, findings: FindingList) -> None:
        self._require_writable()
        self._undo.append(self.findings)
        self._redo.clear()
        self._put_findings(refreshed(findings, each_of(self.template)))

    def _put_findings(self, findings: FindingList) -> None:
        self._report = replace(self._report, findings=findings, updated_at=self._now())
        self._tell(Changed.FINDINGS)

    def _step_keys(self, source: list[KeyImageList], target: list[KeyImageList]) -> None:
        if source and not self.read_only:
            target.append(self._report.keys)
            self._put_keys(source.pop())

    def _put_keys(self, keys: KeyImageList) -> None:
        self._report = self._report.with_keys(keys, at=self._now())
        self._tell(Changed.KEY_IMAGES)

    def _look_at(self, findings: FindingList) -> None:
        """Change what is shown, which is no decision: it is not undone, and needs no claim."""
        if findings == self.findings:
            return
        at = self._report.updated_at if self.read_only else self._now()
        self._report = replace(self._report, findings=findings, updated_at=at)
        self._tell(Changed.FINDINGS)

    def _nothing_of_ai_seen(self) -> bool:
        findings = self.findings
        if self._report.state is not ReportState.DRAFTED or findings.revealed_at is not None:
            return False
        return all(f.original is None or f.decision is Decision.UNDECIDED for f in findings.findings)

    def _require_mine(self) -> None:
        if self.read_only:
            raise NotPermitted(
                tr("This case is open for reading only"),
                hint=tr("Claim the case first; a signed report is changed by an addendum."),
            )

    def _require_writable(self) -> None:
        self._require_mine()
        if self._report.kind is ReportKind.ADDENDUM:
            raise NotPermitted(
                tr("An addendum only adds: the signed content stays as it is"),
                hint=tr("Give the addendum up and correct the report to change its content."),
            )

    def _tell(self, change: Changed) -> None:
        for listener in tuple(self._listeners):
            listener(change)

    def _now(self) -> datetime:
        return self._clock.now()

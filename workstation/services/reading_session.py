"""
The state of one opened case: what the reading and the report page both show and change.

Lives on the main thread, does no I/O and knows no Qt. Pages subscribe and are told what changed;
every change of a finding can be undone until the report is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from workstation.domain.annotation import AnnotationList
from workstation.domain.categories.values import AssignedCategory, Scheme
from workstation.domain.critical import CriticalValue
from workstation.domain.critical_policy import CriticalSuggestion
from workstation.domain.finding import FindingList
from workstation.domain.finding_traits import each_of, refreshed
from workstation.domain.hanging import PriorStudy
from workstation.domain.image_look import ImageLook
from workstation.domain.key_image import KeyImage, KeyImageList, KeyPicture
from workstation.domain.known_prior import KnownPrior
from workstation.domain.norm.values import NormFault
from workstation.domain.prior_measurements import PriorMeasurements
from workstation.domain.report import Blocker, Person, Report
from workstation.domain.report_content import with_content
from workstation.domain.report_version import CaseRules
from workstation.domain.study import Study
from workstation.domain.template import ReportTemplate
from workstation.domain.text_link import LinkKind, TextLink, renewed
from workstation.domain.tracer import prefilled
from workstation.domain.workitem import Claim, WorklistRow
from workstation.services.case_priors import CasePriors, to_compare
from workstation.services.critical_gate import answered_for, suggestions_dismissed, with_critical
from workstation.services.finding_review import FindingReview
from workstation.services.norm_answers import answered
from workstation.services.open_report import Changed, Listener, OpenReport
from workstation.services.prior_persons import PriorPersons
from workstation.services.report_service import open_blockers
from workstation.services.undo_steps import UndoSteps

if TYPE_CHECKING:
    from workstation.domain.ports import Clock


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
    One case on one reader's screen; what the reader decides about its findings is ``review``.

    ``persons`` tells who its priors are of.
    ``read_first`` keeps the AI from this reader until it is revealed, unless the report has been past that already.
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
        self.further_templates = case.further_templates
        self.rules = case.rules
        self.reader = reader
        self._open = OpenReport(case.report, case.template, case.claim, clock)
        self.review = FindingReview(self._open, reader.user_id, new_uid=new_uid, read_first=read_first)
        self._passed_over, self._exchanged = case.passed_over, False
        self._key_steps = UndoSteps[KeyImageList]()
        self._critical: tuple[CriticalValue, ...] | None = None
        self.persons = PriorPersons(self._open, case.study, reader)

    # what pages show

    @property
    def report(self) -> Report:
        """Return the report as it stands now."""
        return self._open.report

    @property
    def template(self) -> ReportTemplate:
        """Return the template that the report is written under."""
        return self._open.template

    @property
    def claim(self) -> Claim | None:
        """Return what lets this reader write; None where the case is read only."""
        return self._open.claim

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
        return self.report.findings

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
        return self._open.read_only

    @property
    def content_locked(self) -> bool:
        """Tell whether the content stays as it is: nobody may write, or only the words of an addendum are."""
        return self._open.content_locked

    @property
    def has_priors(self) -> bool:
        """Tell whether an earlier study of the person is known: by the hub, or because a reader said so."""
        return self.row.prior_count > 0 or bool(self.report.known_priors) or bool(self.persons.confirmed)

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """Return what keeps the report from being signed."""
        return open_blockers(self.report, self.template, self.study)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; returns a function that ends the subscription."""
        return self._open.subscribe(listener)

    def now(self) -> datetime:
        """Return the time by the workstation's clock."""
        return self._open.now()

    # what readers do

    def set_value(self, key: str, text: str) -> None:
        """Fill one template field; KeyError for a field the template does not have."""
        self._open.set_value(key, text)

    def tie(self, links: Sequence[TextLink]) -> None:
        """Tie words that stand in the report to what they tell of."""
        self._open.require_writable()
        self._link((*self.report.links, *links))

    def untie(self, links: Sequence[TextLink]) -> None:
        """Make tied words the reader's own, as confirming copied ones does; the text stays."""
        self._open.require_writable()
        self._open.keep(self.report.with_taken_over(links))
        self._link(tuple(one for one in self.report.links if one not in links))

    def confirm_copied(self, key: str) -> None:
        """Keep that the reader answers for what was copied into a field."""
        self.untie([one for one in self.report.links if one.field == key and one.kind is LinkKind.COPY])

    def renew(self, link: TextLink, words: str) -> None:
        """Let tied words say what was measured since. ValueError where they do not stand in the text any more."""
        self._open.require_writable()
        text, links = renewed(self.report.links, link, self.report.values.get(link.field, ""), words)
        self._open.put(self.report.with_linked(link.field, text, links, at=self.now()), Changed.VALUES)

    def set_addendum(self, text: str) -> None:
        """Write the words of an addendum. Raises NotPermitted where the report is open for reading only."""
        self._open.require_mine()
        if text != self.report.addendum:
            self._open.put(self.report.with_addendum(text, at=self.now()), Changed.VALUES)

    def set_category(self, category: AssignedCategory) -> None:
        """Put a category into the report, in the place of any other of its scheme."""
        self._open.require_writable()
        self._open.put(self.report.with_category(category, at=self.now()), Changed.VALUES)

    def drop_category(self, scheme: Scheme) -> None:
        """Take the category of a scheme out of the report."""
        self._open.require_writable()
        self._open.put(self.report.without_category(scheme, at=self.now()), Changed.VALUES)

    def answer_for(self, faults: Sequence[NormFault], reason: str) -> None:
        """Keep that the reader has seen these faults and answers for them. ValueError without a reason."""
        self._open.require_mine()
        self._open.put(answered(self.report, faults, reason, by=self.reader, at=self.now()), Changed.VALUES)

    def held_up(self, faults: Sequence[NormFault]) -> None:
        """Keep which rules held the signature up, for the quality figures; nobody is told, nothing is edited."""
        if not self.read_only:
            self._open.keep(self.report.with_norm_found(fault.rule for fault in faults))

    def answer_critical(self, reason: str) -> None:
        """Keep that the reader answers for signing without a read-back. ValueError without a reason."""
        self._open.require_mine()
        self._open.put(answered_for(self.report, reason, by=self.reader, at=self.now()), Changed.VALUES)

    def dismiss_suggested(self, suggestions: Sequence[CriticalSuggestion], reason: str) -> None:
        """Keep why the reader takes what is suggested for no critical value. ValueError without a reason."""
        self._open.require_mine()
        dismissed = suggestions_dismissed(self.report, suggestions, reason, by=self.reader, at=self.now())
        self._open.put(dismissed, Changed.VALUES)

    @property
    def critical(self) -> tuple[CriticalValue, ...]:
        """Return the critical values of the case as the hub told them last, the report's own until it has."""
        return self.report.critical_values if self._critical is None else self._critical

    def know_critical(self, values: tuple[CriticalValue, ...]) -> None:
        """Take over the critical values as the hub has them, so that they are signed with it; a final one stays."""
        known = self.report if self.read_only else with_critical(self.report, values)
        if known is not self.report or values != self.critical:
            self._critical = values
            self._open.put(known, Changed.CRITICAL)

    def confirm_person(self, prior: PriorStudy) -> None:
        """Take the reader's word that a prior is of the same person: from now on it is known like any other."""
        self.persons.confirm(prior)
        told = CasePriors((self.persons.judged(prior),))
        known = {one.study_instance_uid for one in self.report.known_priors}
        compared = to_compare(told, self.study, self.persons.confirmed)
        self.know_priors(tuple(one for one in compared if one.study_instance_uid not in known))

    def know_priors(self, priors: tuple[KnownPrior, ...], *, listed: Container[str] | None = None) -> None:
        """
        Take note of the earlier studies that could be compared with; a signed report keeps what it knew.

        What was known stays unless the hub's list of the person's studies, ``listed`` by Study Instance UID, lacks it:
        it was withdrawn, or is another person's.
        """
        former = (one for one in self.report.known_priors if listed is None or one.study_instance_uid in listed)
        known = tuple({one.study_instance_uid: one for one in (*former, *priors)}.values())
        newest_first = tuple(sorted(known, key=lambda one: one.study_date, reverse=True))
        if newest_first != self.report.known_priors and not self.content_locked:
            self._open.put(replace(self.report, known_priors=newest_first), Changed.PRIORS)

    def go_on_with_other(self) -> None:
        """Go on with the version that was passed over; what stood here becomes the one that may be taken back."""
        other = self._passed_over
        self._open.require_writable()
        if other is None:
            raise ValueError("there is no other version")
        self._passed_over, self._exchanged = self.report, not self._exchanged
        self._open.keep(with_content(self.report, other, at=self.now()))
        self._key_steps = UndoSteps()
        self.persons.begin_anew()
        self.review.begin_anew()
        self._open.put(self.report, Changed.VALUES)

    def choose_template(self, template: ReportTemplate) -> None:
        """Go on under another template; every value that was typed is kept."""
        self._open.require_writable()
        taken = self.report.with_template(template, at=self.now())
        values = {**prefilled(template, self.study), **taken.values}
        taken = taken if values == taken.values else taken.with_values(values, at=self.now())
        self._open.template = template
        self._open.put(replace(taken, findings=refreshed(taken.findings, each_of(template))), Changed.STATE)

    def set_annotations(self, annotations: AnnotationList) -> None:
        """Replace what is drawn on this study. ValueError for another study."""
        self._open.require_writable()
        self._open.put(self.report.with_drawn(annotations, at=self.now()), Changed.ANNOTATIONS)

    def toggle_key(self, image: KeyImage) -> None:
        """Mark an image as key image, or take the mark away."""
        self._open.require_writable()
        self._key_steps.begin(self.report.keys)
        self._put_keys(self.report.keys.toggled(image))

    def undo_keys(self) -> bool:
        """Take back the last change of the key images; False where there is none or nobody may write."""
        is_possible = self._key_steps.can_undo and not self.read_only
        if is_possible:
            self._put_keys(self._key_steps.back(self.report.keys))
        return is_possible

    def redo_keys(self) -> bool:
        """Repeat the change of the key images that was taken back last; False where there is none or it may not be."""
        is_possible = self._key_steps.can_redo and not self.read_only
        if is_possible:
            self._put_keys(self._key_steps.forth(self.report.keys))
        return is_possible

    def keep_looks(self, looks: tuple[ImageLook, ...], pictures: tuple[KeyPicture, ...] = ()) -> None:
        """Keep how the marked and drawn images are seen; nothing happens where nobody may write."""
        if (looks, pictures) != (self.report.image_looks, self.report.key_pictures) and not self.content_locked:
            seen = replace(self.report, image_looks=looks, key_pictures=pictures, updated_at=self.now())
            self._open.put(seen, Changed.LOOKS)

    def keep_on_prior(self, prior_uid: str, now: PriorMeasurements | None) -> bool:
        """Keep what is drawn on a prior now; False where nobody may write, and nothing is kept."""
        if not self.content_locked:
            self._open.put(self.report.with_prior_measurements(prior_uid, now, at=self.now()), Changed.ON_PRIOR)
        return not self.content_locked

    def moved_to(self, report: Report) -> None:
        """Take over the report as a service stored it (submitted, returned, signed)."""
        self._open.put(report, Changed.STATE)

    def handed_over(self, report: Report) -> None:
        """Take over the report that left this desk: nobody writes in it here any more."""
        self._open.claim = None
        self.moved_to(report)

    def _link(self, links: tuple[TextLink, ...]) -> None:
        if links != self.report.links:
            self._open.put(replace(self.report, links=links, updated_at=self.now()), Changed.VALUES)

    def _put_keys(self, keys: KeyImageList) -> None:
        self._open.put(self.report.with_keys(keys, at=self.now()), Changed.KEY_IMAGES)

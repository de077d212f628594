"""What one reader decides about the findings of an open report; every step can be taken back until it is signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from workstation.domain import finding_decisions as decisions
from workstation.domain.finding import Decision, Finding, FindingList, Lobe, NoduleType, RejectReason
from workstation.domain.finding_traits import each_of, refreshed, with_option
from workstation.domain.geometry import Point
from workstation.domain.image_place import BoxPx, ImagePlace
from workstation.domain.observation import FollowUp
from workstation.domain.report import Report, ReportState
from workstation.services.comparison_field import ComparisonField
from workstation.services.open_report import Changed, OpenReport
from workstation.services.undo_steps import UndoSteps


class FindingReview:
    """
    The decisions of one reader.

    ``read_first`` keeps the AI from this reader until ``reveal``, unless the report has been past that already.
    """

    def __init__(self, opened: OpenReport, reader_id: str, *, new_uid: Callable[[], str], read_first: bool) -> None:
        self._open = opened
        self._reader_id = reader_id
        self._new_uid = new_uid
        self._comparison = ComparisonField(opened)
        self._steps = UndoSteps[FindingList]()
        self.decided: Callable[[], None] = _nobody_counts
        """Told of each decision that became a step, wherever it was made; set by who undoes them among other acts"""
        if read_first and _nothing_of_ai_seen(opened.report):
            self._begin_with(replace(self.findings, read_first=True))
        self._take_up()

    @property
    def findings(self) -> FindingList:
        """Return all findings, AI marks and the reader's own."""
        return self._open.report.findings

    @property
    def can_undo(self) -> bool:
        """Tell whether a decision can be taken back."""
        return self._steps.can_undo

    @property
    def can_redo(self) -> bool:
        """Tell whether an undone decision can be repeated."""
        return self._steps.can_redo

    def accept(self, tracking_uid: str) -> Finding:
        """
        Accept one mark as it is; return what it is now.

        Where the reader had found the same before, the mark confirms that finding: one remains, with both origins.
        """
        by, at = self._reader_id, self._open.now()
        findings, accepted = decisions.accepted(self.findings, self.findings.get(tracking_uid), by=by, at=at)
        self._decide(findings)
        return accepted

    def follow(self, tracking_uid: str, follow_up: FollowUp) -> Finding:
        """
        Keep a finding as the same nodule as one of a prior, under the tracking UID that it had there.

        An undecided mark is accepted in the same act. The report says what it was compared with.
        """
        by, at = self._reader_id, self._open.now()
        findings, followed = decisions.followed(self.findings, tracking_uid, follow_up, by=by, at=at)
        self._decide(findings)
        self._comparison.say()
        return followed

    def part(self, tracking_uid: str, study_instance_uid: str = "") -> Finding:
        """Take back that a finding is the same nodule as one of a prior; of every prior where no study is named."""
        findings, parted = decisions.parted(self.findings, tracking_uid, study_instance_uid)
        if findings is not self.findings:
            self._decide(findings)
            self._comparison.say()
        return parted

    def reject(self, tracking_uid: str, reason: RejectReason, note: str = "") -> None:
        """Reject an AI mark with a reason; a finding the reader added is taken off the list."""
        finding = self.findings.get(tracking_uid)
        if finding.decision is Decision.ADDED:
            self._decide(self.findings.removed(tracking_uid))
            return
        rejected = finding.rejected(reason, by=self._reader_id, at=self._open.now(), note=note)
        self._decide(self.findings.replaced(rejected))

    def reject_rest(self, reason: RejectReason) -> int:
        """Reject every undecided mark that is shown, in one act with one undo; returns how many."""
        rest = len(self.findings.displayed().undecided)
        if rest:
            self._decide(
                self.findings.undecided_rejected(reason, by=self._reader_id, at=self._open.now(), batch=self._new_uid())
            )
        return rest

    def reveal(self) -> None:
        """Show the AI for good; the caller has recorded the act before."""
        self._look_at(self.findings.revealed(by=self._reader_id, at=self._open.now()))

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
            by=self._reader_id, at=self._open.now(), diameter_mm=diameter_mm, nodule_type=nodule_type, lobe=lobe
        )
        self._decide(self.findings.replaced(edited))

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
        finding = self._own(centre_lps_mm, diameter_mm)
        self._decide(placed.added(finding))
        return finding

    def add_on_image(self, place: ImagePlace, label: str = "") -> Finding:
        """Add a finding of the reader's own: a box on one image, or of a whole image or series."""
        finding = replace(self._own(on_image=place), label=label)
        self._decide(self.findings.added(finding))
        return finding

    def move_box(self, tracking_uid: str, box_px: BoxPx) -> None:
        """Give a finding on an image another box; the AI original stays as it was. ValueError where there is none."""
        moved = self.findings.get(tracking_uid).boxed(box_px, by=self._reader_id, at=self._open.now())
        self._decide(self.findings.replaced(moved))

    def name(self, tracking_uid: str, label: str) -> None:
        """Call a finding on an image by the reader's word for it; the AI original stays as it was."""
        named = self.findings.get(tracking_uid).named(label, by=self._reader_id, at=self._open.now())
        self._decide(self.findings.replaced(named))

    def say_of(self, tracking_uid: str, key: str, option: str) -> None:
        """Choose an option of a field that is asked for each finding; an empty one takes the answer away."""
        item = next(one for one in each_of(self._open.template) if one.key == key)
        said = with_option(self.findings.get(tracking_uid), item, option, by=self._reader_id, at=self._open.now())
        self._decide(self.findings.replaced(said))

    def undo(self) -> bool:
        """Take back the last decision; False where there is none or nobody may write."""
        is_possible = self._steps.can_undo and not self._open.read_only
        if is_possible:
            self._step(self._steps.back(self.findings))
        return is_possible

    def redo(self) -> bool:
        """Repeat the decision that was taken back last; False where there is none or nobody may write."""
        is_possible = self._steps.can_redo and not self._open.read_only
        if is_possible:
            self._step(self._steps.forth(self.findings))
        return is_possible

    def begin_anew(self) -> None:
        """Forget every step: another version of the report was taken up."""
        self._steps = UndoSteps()
        self._take_up()
        self._comparison.read_anew()

    def _own(
        self,
        centre_lps_mm: Point | None = None,
        diameter_mm: float | None = None,
        on_image: ImagePlace | None = None,
    ) -> Finding:
        return Finding(
            tracking_uid=self._new_uid(),
            number=self.findings.next_number,
            centre_lps_mm=centre_lps_mm,
            diameter_mm=diameter_mm,
            decision=Decision.ADDED,
            decided_by=self._reader_id,
            decided_at=self._open.now(),
            before_ai=decisions.found_before_ai(self.findings),
            on_image=on_image,
        )

    def _decide(self, findings: FindingList) -> None:
        self._open.require_writable()
        self._steps.begin(self.findings)
        self._put(refreshed(findings, each_of(self._open.template)))
        self.decided()

    def _step(self, to: FindingList) -> None:
        self._put(decisions.looked_at_like(to, self.findings))
        self._comparison.say()

    def _look_at(self, findings: FindingList) -> None:
        """Change what is shown, which is no decision: it is not undone, and needs no claim."""
        if findings == self.findings:
            return
        report = self._open.report
        at = report.updated_at if self._open.read_only else self._open.now()
        self._open.put(replace(report, findings=findings, updated_at=at), Changed.FINDINGS)

    def _put(self, findings: FindingList) -> None:
        self._open.put(replace(self._open.report, findings=findings, updated_at=self._open.now()), Changed.FINDINGS)

    def _take_up(self) -> None:
        """Let what a draft was stored without follow from its findings; a signed report stays as it is."""
        if not self._open.content_locked:
            self._begin_with(refreshed(decisions.with_typed_pairs(self.findings), each_of(self._open.template)))

    def _begin_with(self, findings: FindingList) -> None:
        self._open.keep(replace(self._open.report, findings=findings))


def _nobody_counts() -> None:
    """Leave decisions uncounted: nobody undoes them among other acts."""


def _nothing_of_ai_seen(report: Report) -> bool:
    if report.state is not ReportState.DRAFTED or report.findings.revealed_at is not None:
        return False
    return all(f.original is None or f.decision is Decision.UNDECIDED for f in report.findings.findings)

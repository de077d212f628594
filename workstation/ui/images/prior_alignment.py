"""
How a prior lies to the case: by hand at what is on screen, or registered once the reader accepted the proposal.

Another person, another part of the body or the other side is never linked; what nothing proves is asked about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from resources.translation import tr
from viewers.scene.scene import Scene
from workstation.domain.errors import WorkstationError
from workstation.domain.linkable import Linkable, LinkVerdict, judge_link
from workstation.domain.ports import JobContext
from workstation.domain.registration import Origin, RigidRegistration
from workstation.domain.study import Series, Study
from workstation.services.image_service import PlacedSlice, build_volume
from workstation.services.jobs import JobHandle, Pool
from workstation.ui.images.cell_images import CellStack
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.hanging import Hanging
from workstation.ui.images.open_images import OpenImages
from workstation.ui.keymap import shown_key
from workstation.ui.notice import Notice, NoticeAction, Severity
from workstation.ui.prior_dialogs import SamePartDialog

_NOTICE: Final = "registration"


class PriorAlignment(QObject):
    """The registrations of one case; nothing is linked before the reader says so."""

    changed = Signal()

    def __init__(self, context: FeatureContext, hanging: Hanging) -> None:
        super().__init__(context.page)
        self._page, self._images, self._jobs = context.page, context.images, context.jobs
        self._comparing = context.comparing
        self._hanging = hanging
        self._case: OpenImages | None = None
        self._accepted: list[RigidRegistration] = []
        self._told_alike: set[tuple[str, str]] = set()
        """Series of the case and of a prior that show the same part by the reader's word"""
        self.is_confirmed: Callable[[str], bool] = lambda _uid: False
        """Tells of which prior the reader said that it is the same person; set by who asks it"""
        self.dialog: SamePartDialog | None = None
        self._job: JobHandle[RigidRegistration] | None = None
        hanging.before_linking = self._in_force
        self._page.grid.link_by_hand = self.toggle
        self._page.grid.links.apart = self._are_apart
        self._images.case_opened.connect(self._opened)
        self._images.case_closed.connect(self._closed)

    # what is on screen

    def pair(self) -> tuple[Scene, Scene, CellStack] | None:
        """Return the case's and the prior's scene on screen; None without both."""
        priors, current = self._hanging.prior_cells(), self._hanging.current
        if not self._hanging.is_on_screen or not priors or current is None or priors[0].stack is None:
            return None
        scenes = [self._page.grid.frame(key).scene for key in self._page.grid.visible_keys()]
        mine = [one for one in scenes if one is not None and one.study_instance_uid == current.study_instance_uid]
        other = self._page.grid.frame(priors[0].key).scene
        return (mine[0], other, priors[0].stack) if mine and other is not None else None

    @property
    def is_linkable(self) -> bool:
        """Tell whether both have a place in space."""
        pair = self.pair()
        return pair is not None and bool(pair[0].frame_of_reference_uid and pair[1].frame_of_reference_uid)

    @property
    def linked(self) -> str:
        """Return in words how case and prior are linked, empty where they are not."""
        pair = self.pair()
        if pair is None:
            return ""
        mine, other, _stack = pair
        links = self._page.grid.links
        if links.matrix(mine, other) is None or not (links.takes_part(mine) and links.takes_part(other)):
            return ""
        known = links.registrations.between(mine.frame_of_reference_uid, other.frame_of_reference_uid)
        if known is None:
            return tr("Linked by position: one frame of reference")
        return tr("Linked by hand") if known.origin is Origin.BY_HAND else tr("Linked by the accepted alignment")

    # by hand

    def toggle(self) -> bool:
        """Link case and prior at what is on screen, or part them again; False where nothing is to be done here."""
        pair = self.pair()
        if pair is None or not self.is_linkable:
            return False
        mine, other, _stack = pair
        links = self._page.grid.links
        known = links.registrations.between(mine.frame_of_reference_uid, other.frame_of_reference_uid)
        if known is None and links.matrix(mine, other) is not None:
            QTimer.singleShot(0, self.changed.emit)  # one frame of reference: linking is a matter of taking part
            return False
        if known is not None:
            self._accepted = [one for one in self._accepted if one is not known]
            links.registrations.remove(known.fixed_uid, known.moving_uid)
            self._tell(tr("Unlinked from the prior"))
            return True
        verdict = self._judged(mine, other)
        if verdict.answer is Linkable.NO:
            self._page.toast.emit(tr("Not linked: {why}", why=verdict.why))
        elif verdict.answer is Linkable.ASK and _ends(mine, other) not in self._told_alike:
            self._ask(mine, other)
        else:
            self._link(mine, other)
        return True

    def _link(self, mine: Scene, other: Scene) -> None:
        links = self._page.grid.links
        if not links.align(mine, other):
            self._tell(tr("The planes differ too much to be linked"))
            return
        made = links.registrations.between(mine.frame_of_reference_uid, other.frame_of_reference_uid)
        if made is not None:
            self._accepted.append(made)
        self._tell(tr("Linked by hand: both slices on screen count as the same place"))

    # what may be linked

    def _judged(self, mine: Scene, other: Scene) -> LinkVerdict:
        one, two = self._series_of(mine), self._series_of(other)
        if one is None or two is None:
            return LinkVerdict(Linkable.ASK, tr("not stated"))
        confirmed = self.is_confirmed(mine.study_instance_uid) or self.is_confirmed(other.study_instance_uid)
        return judge_link(*one, *two, same_person=confirmed)

    def _are_apart(self, one: Scene, other: Scene) -> bool:
        """Within one study the frame of reference decides; between two of them anatomy and person do, too."""
        if one.study_instance_uid == other.study_instance_uid or self._case is None:
            return False
        return self._judged(one, other).answer is Linkable.NO

    def _series_of(self, scene: Scene) -> tuple[Study, Series] | None:
        studies = (self._case.session.study, *self._hanging.priors) if self._case is not None else ()
        for study in studies:
            for series in study.series if study.study_instance_uid == scene.study_instance_uid else ():
                if series.series_instance_uid == scene.series_instance_uid:
                    return study, series
        return None

    def _ask(self, mine: Scene, other: Scene) -> None:
        one, two = self._series_of(mine), self._series_of(other)
        if self.dialog is not None or one is None or two is None:
            return
        self.dialog = dialog = SamePartDialog(self._page, one, two)

        def alike() -> None:
            self._told_alike.add(_ends(mine, other))
            self._link(mine, other)

        dialog.accepted.connect(alike)
        dialog.finished.connect(self._dialog_gone)
        dialog.open()

    def _dialog_gone(self, _result: int) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.deleteLater()

    def _tell(self, words: str) -> None:
        self._page.toast.emit(words)
        self._page.grid.refresh()
        self.changed.emit()

    def _in_force(self) -> None:
        for one in self._accepted:
            self._page.grid.links.registrations.add(one)

    # registered

    def propose(self) -> None:
        """Compute in the background how the prior lies; the reader judges the proposal."""
        pair, shown, comparing = self.pair(), self._images.shown, self._comparing
        if pair is None or shown is None or comparing is None or self._job is not None:
            return
        mine, other, stack = pair
        verdict = self._judged(mine, other)
        if verdict.answer is Linkable.NO:
            self._page.toast.emit(tr("Not linked: {why}", why=verdict.why))
            return
        if shown.built is None or stack.missing:
            self._page.toast.emit(tr("Aligning needs every slice of both series"))
            return
        fixed = shown.built.volume
        frame = other.frame_of_reference_uid
        slices = [PlacedSlice(image.pixels, image.plane, image.padding) for _n, image in sorted(stack.images.items())]
        uid, unit = stack.series.series_instance_uid, stack.scene.value_unit

        def work(job: JobContext) -> RigidRegistration:
            built = build_volume(slices, frame_of_reference_uid=frame, series_instance_uid=uid, unit=unit, job=job)
            return comparing.registrar.register(fixed, built.volume, job)

        self._say(Severity.NEWS, tr("Aligning the prior…"), tr("Reading goes on meanwhile."),
                  (NoticeAction(tr("Cancel"), self._cancel),))  # fmt: skip
        self._job = self._jobs.submit(Pool.CPU, work, on_success=self._proposed, on_error=self._failed,
                                      on_progress=self._progress)  # fmt: skip

    def _progress(self, fraction: float, text: str) -> None:
        if self._job is not None:
            self._say(Severity.NEWS, tr("Aligning the prior… {percent} %", percent=round(fraction * 100)), text,
                      (NoticeAction(tr("Cancel"), self._cancel),))  # fmt: skip

    def _proposed(self, proposal: RigidRegistration) -> None:
        self._job = None
        severity = Severity.DEGRADED if proposal.doubts else Severity.NEWS
        self._say(severity, tr("Alignment proposed"), proposal.sentence(),
                  (NoticeAction(tr("Accept"), lambda: self._accept(proposal), "check"),
                   NoticeAction(tr("Reject"), self._cancel, "close")))  # fmt: skip

    def _accept(self, proposal: RigidRegistration) -> None:
        self._page.notices.clear_notice(_NOTICE)
        accepted = proposal.accepted()
        ends = {accepted.fixed_uid, accepted.moving_uid}
        self._accepted = [one for one in self._accepted if {one.fixed_uid, one.moving_uid} != ends] + [accepted]
        self._in_force()
        pair = self.pair()
        if pair is not None:
            self._page.grid.links.follow(pair[0])
        self._tell(tr("The prior follows by the accepted alignment"))

    def _failed(self, error: Exception) -> None:
        self._job = None
        if not isinstance(error, WorkstationError):
            raise error
        self._say(
            Severity.DEGRADED,
            error.user_text,
            tr("Scroll both to the same place and press {key}.", key=shown_key("view.link", "L")),
        )

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._page.notices.clear_notice(_NOTICE)

    def _say(self, severity: Severity, fact: str, more: str, actions: tuple[NoticeAction, ...] = ()) -> None:
        self._page.notices.show_notice(Notice(_NOTICE, severity, fact, more, actions=actions))

    def _opened(self, case: OpenImages) -> None:
        self._case = case

    def _closed(self) -> None:
        self._cancel()
        if self.dialog is not None:
            self.dialog.reject()
        self._case = None
        self._accepted, self._told_alike = [], set()


def _ends(mine: Scene, other: Scene) -> tuple[str, str]:
    return mine.series_instance_uid, other.series_instance_uid

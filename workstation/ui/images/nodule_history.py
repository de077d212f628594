"""The nodules on record in all earlier studies of the open case: read once, when somebody follows nodules up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import QObject, Signal

from resources.translation import tr
from workstation.domain.errors import WorkstationError
from workstation.domain.finding import FindingList
from workstation.domain.follow_up import Compared, SeenNodule, StudyDay
from workstation.domain.hanging import day_of
from workstation.domain.nodule_history import StudyNodules, Timeline, timeline
from workstation.domain.observation import FollowUp
from workstation.domain.study import Study
from workstation.services.jobs import JobHandle, Pool
from workstation.services.nodule_records import NoduleRecords
from workstation.ui.images.feature import FeatureContext
from workstation.ui.images.open_images import OpenImages
from workstation.ui.images.priors import Priors
from workstation.ui.notice import Notice, NoticeAction, Severity

_NOTICE: Final = "nodule-records"


class NoduleHistory(QObject):
    """Reads in the background; what could not be read is said and may be asked for again."""

    changed = Signal()

    def __init__(self, context: FeatureContext, priors: Priors) -> None:
        super().__init__(context.page)
        self._page, self._jobs, self._comparing, self._priors = context.page, context.jobs, context.comparing, priors
        self._case: OpenImages | None = None
        self._asked: set[str] = set()
        self._running: list[JobHandle[NoduleRecords]] = []
        self._wanted = False
        self.studies: tuple[StudyNodules, ...] = ()
        self.unread: tuple[str, ...] = ()
        context.images.case_opened.connect(self._opened)
        context.images.case_closed.connect(self._closed)
        priors.listed.connect(self._listed)

    @property
    def is_reading(self) -> bool:
        """Tell whether more may still come."""
        return bool(self._running)

    def _opened(self, case: OpenImages) -> None:
        self._case = case

    def _closed(self) -> None:
        for job in self._running:
            job.cancel()
        self._case, self._wanted = None, False
        self._asked, self._running = set(), []
        self.studies, self.unread = (), ()

    def _listed(self) -> None:
        if self._wanted:
            self.read()

    def read(self) -> None:
        """Read what earlier studies tell, each once; those found later are read as they come."""
        case, comparing = self._case, self._comparing
        self._wanted = case is not None
        priors = [one for one in self._priors.certain if one.study_instance_uid not in self._asked]
        if case is None or comparing is None or not priors:
            return
        self._asked |= {one.study_instance_uid for one in priors}
        study, service, words = case.session.study, comparing.priors, case.session.persons.words()
        job: JobHandle[NoduleRecords]

        def read(found: NoduleRecords) -> None:
            if self._case is case:
                self._running.remove(job)
                self._take(found)

        def failed(error: Exception) -> None:
            if self._case is case:
                self._running.remove(job)
                self._asked -= {one.study_instance_uid for one in priors}
            self._failed(error)

        job = self._jobs.submit(
            Pool.IO, lambda context: service.nodules(priors, study, context, words), on_success=read, on_error=failed
        )
        self._running.append(job)

    def _take(self, found: NoduleRecords) -> None:
        if self._case is not None:
            self._case.session.persons.hear(self._priors.certain, found.told)
        together = (*self.studies, *found.studies)
        self.studies = tuple(sorted(together, key=lambda one: (one.day.on, one.day.study_instance_uid)))
        self.unread = tuple(sorted((*self.unread, *found.unread)))
        self._page.notices.clear_notice(_NOTICE)
        self.changed.emit()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, WorkstationError):
            raise error
        self._page.notices.show_notice(
            Notice(_NOTICE, Severity.DEGRADED, tr("Former reports could not be read: {why}", why=error.user_text),
                   tr("Nodules are compared with the prior on screen only."),
                   actions=(NoticeAction(tr("Try again"), self.read, "refresh"),))
        )  # fmt: skip
        self.changed.emit()

    def timeline(
        self, line: Compared, findings: FindingList, beside: tuple[Study, Sequence[SeenNodule]] | None
    ) -> Timeline:
        """
        Return one nodule over all studies by confirmed words only.

        ``beside`` is the prior on screen with its nodules, some of which may have been measured just now.
        """
        seen = line.current or line.prior
        case = self._case
        if seen is None or case is None:
            return Timeline()
        study = case.session.study
        day = day_of(study.study_date)
        if line.current is None or day is None:
            return timeline(seen, self._with(beside), case=None)
        said = next((one.confirmed for one in findings.findings if one.tracking_uid == seen.tracking_uid), ())
        return timeline(seen, self._with(beside), case=StudyDay(study.study_instance_uid, day), said=said)

    def _with(self, beside: tuple[Study, Sequence[SeenNodule]] | None) -> Iterable[StudyNodules]:
        certain = {one.study_instance_uid for one in self._priors.certain}
        known = [one for one in self.studies if one.day.study_instance_uid in certain]  # others may be read no more
        day = None if beside is None else day_of(beside[0].study_date)
        if beside is None or day is None or not beside[1]:
            return known
        uid = beside[0].study_instance_uid
        others = (one for one in known if one.day.study_instance_uid != uid)
        return (*others, StudyNodules(StudyDay(uid, day), tuple(beside[1])))

    def word_of(self, line: Compared, findings: FindingList) -> FollowUp | None:
        """Return the reader's word that the report tells of a line, None without one."""
        seen = line.current
        if seen is None:
            return None
        return next((one.follow_up for one in findings.findings if one.tracking_uid == seen.tracking_uid), None)

"""What is drawn on the priors of one case: kept with its report, shown on the priors alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from viewers.scene.annotations import Annotations
from workstation.domain.annotation import Annotation, AnnotationList
from workstation.domain.prior_measurements import PriorMeasurements, fewer, measured_on
from workstation.domain.study import Study
from workstation.services.reading_session import ReadingSession


class PriorNotes:
    """Gives each prior its drawings, those of the draft or the signed report first, and keeps every change of them."""

    def __init__(self, session: ReadingSession) -> None:
        self._session = session
        self._studies: dict[str, Study] = {}
        self._known: dict[str, PriorMeasurements] = {}
        """What the report held last of each prior that is not on screen yet"""
        self._notes: dict[str, Annotations] = {}
        self._watchers: list[Callable[[Annotations], None]] = []

    def of(self, prior: Study) -> Annotations:
        """Return the drawings of a prior, the same ones as long as the case is open."""
        self._studies[prior.study_instance_uid] = prior
        return self._of(prior.study_instance_uid)

    def watch(self, changed: Callable[[Annotations], None]) -> None:
        """Call back after every change on a prior, with its drawings."""
        self._watchers.append(changed)

    @property
    def kept(self) -> tuple[PriorMeasurements, ...]:
        """Return what goes with the report, prior by prior."""
        return self._session.report.prior_measurements

    @property
    def is_kept(self) -> bool:
        """Tell whether what is drawn on a prior now goes with the report."""
        return not self._session.content_locked

    def find(self, uid: str) -> tuple[Annotations, Annotation] | None:
        """Return a kept drawing and those of its prior."""
        for one in self.kept:
            for item in one.annotations:
                if item.uid == uid:
                    return self._of(one.study_instance_uid), item
        return None

    def _of(self, uid: str) -> Annotations:
        if uid not in self._notes:
            known = next((one for one in self.kept if one.study_instance_uid == uid), None)
            if known is not None:
                self._known[uid] = known
            session = self._session
            items = known.annotations if known is not None else ()
            self._notes[uid] = notes = Annotations(uid, items, author=session.reader.name, now=session.now)
            notes.watch(partial(self._changed, uid))
        return self._notes[uid]

    def _changed(self, uid: str, drawn: AnnotationList) -> None:
        prior, known = self._studies.get(uid), self._known.get(uid)
        if prior is not None:
            self._session.keep_on_prior(uid, measured_on(prior, drawn))
        elif known is not None:
            self._session.keep_on_prior(uid, fewer(known, drawn))
        for changed in self._watchers:
            changed(self._notes[uid])

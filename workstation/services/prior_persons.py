"""Who the priors of one opened case are of, by hub, images and the reader's word: one answer for every page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from workstation.domain.hanging import PriorRelation, PriorStudy
from workstation.domain.prior_person import PriorPerson, Word, asked_about, is_answered
from workstation.domain.report import Person
from workstation.domain.study import Patient, Study
from workstation.services.norm_facts import studies_relied_on
from workstation.services.open_report import Changed, OpenReport


class PriorPersons:
    """
    Lives with the session of one case on the main thread; whoever shows priors asks here and hears of changes there.

    What the images of a prior said stays said while the case is open: asking the hub once more makes nobody certain.
    What a reader answered for is kept with the report, in memory only where nobody may write.
    """

    def __init__(self, open_report: OpenReport, study: Study, reader: Person) -> None:
        self._open, self._study, self._reader = open_report, study, reader
        self._told: dict[str, tuple[Patient, ...]] = {}
        self._known: dict[str, PriorStudy] = {}
        self._held = {one.study_instance_uid: one for one in open_report.report.prior_persons}

    def judged(self, prior: PriorStudy) -> PriorStudy:
        """Return a prior with what its images said otherwise, as far as they were looked at."""
        return prior.held_against_images(self._study.patient, self._told.get(prior.study_instance_uid, ()))

    def word_on(self, study_instance_uid: str) -> PriorPerson | None:
        """Return who answered for a prior and for what, None where nobody did."""
        held = self._held.get(study_instance_uid)
        return held if held is not None and held.word is not None else None

    def words(self) -> dict[str, Word]:
        """Return what was answered for, by study."""
        return {uid: one.word for uid, one in self._held.items()}

    def word(self, study_instance_uid: str) -> Word:
        """Return what was answered for of one prior, None where nobody did."""
        held = self._held.get(study_instance_uid)
        return None if held is None else held.word

    def may_be_shown(self, prior: PriorStudy) -> bool:
        """Tell whether a prior is certainly the same person's, or everything that contradicts was answered for."""
        return is_answered(self.judged(prior), self.word(prior.study_instance_uid))

    def is_confirmed(self, study_instance_uid: str) -> bool:
        """Tell whether a reader said that a prior, whose person is a question, is of the same one."""
        held = self._held.get(study_instance_uid)
        return held is not None and held.is_confirmed

    @property
    def confirmed(self) -> frozenset[str]:
        """Return the Study Instance UIDs of all priors that a reader said are of this person."""
        return frozenset(uid for uid, one in self._held.items() if one.is_confirmed)

    def hear(
        self, known: Iterable[PriorStudy], told: Mapping[str, tuple[Patient, ...]] | None = None
    ) -> tuple[PriorStudy, ...]:
        """Take note of what the hub tells of priors and whom their images name (``told``); return them as judged."""
        before = dict(self._told)
        self._told |= told or {}
        known = tuple(known)
        self._known |= {one.study_instance_uid: one for one in known}
        judged = tuple(self.judged(one) for one in known)
        if self._hold(judged) or before != self._told:
            self._keep(Changed.PRIORS)
        return judged

    def confirm(self, prior: PriorStudy) -> None:
        """Take the reader's word that a prior is of the same person, for what it was shown to contradict."""
        judged = self.judged(prior)
        self._held[prior.study_instance_uid] = PriorPerson(
            prior.study_instance_uid,
            prior.study_date,
            judged.against,
            self._reader.user_id,
            self._reader.name,
            self._open.now(),
            asked_about(prior),
        )
        self._keep(Changed.PRIORS if self._open.content_locked else Changed.PERSONS)

    def begin_anew(self) -> None:
        """
        Hold what is known of the priors against another version of the report, which relies on others, and keep it.

        Words that came with it are taken over; what somebody answered for here already stays.
        """
        for one in self._open.report.prior_persons:
            held = self._held.get(one.study_instance_uid)
            if held is None or held.word is None:
                self._held[one.study_instance_uid] = one
        self._hold(self.judged(one) for one in self._known.values())
        self._open.keep(replace(self._open.report, prior_persons=tuple(self._held.values())))

    def _hold(self, judged: Iterable[PriorStudy]) -> bool:
        """Hold what contradicts of those that were answered for or are relied on; tell whether anything changed."""
        before, report = dict(self._held), self._open.report
        relied_on = {*studies_relied_on(report), *report.carried_from}  # words that are out may be taken back
        for prior in judged:
            uid = prior.study_instance_uid
            held = self._held.get(uid)
            if prior.relation is PriorRelation.SAME_PATIENT:
                if held is not None and uid in self._told:  # the images were asked: it is no question
                    if held.word is None:
                        del self._held[uid]
                    else:  # whose word it was stays on record
                        self._held[uid] = replace(held, against=())
            elif held is not None:
                self._held[uid] = replace(held, against=prior.against)
            elif uid in relied_on:
                self._held[uid] = PriorPerson(uid, prior.study_date, prior.against)
        return before != self._held

    def _keep(self, change: Changed) -> None:
        """Put what is held into the report where its content may change, and tell."""
        report, held = self._open.report, tuple(self._held.values())
        if self._open.content_locked or held == report.prior_persons:
            self._open.put(report, change)
        else:
            self._open.put(replace(report, prior_persons=held), change)

"""Priors of a case: found after a claim, fetched ahead behind the case's own images, read as text."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from resources.translation import tr
from workstation.domain.audit import AuditAction
from workstation.domain.errors import IntegrityMismatch, NotPermitted, SourceError, Unreachable, WorkstationError
from workstation.domain.frame_ports import Together
from workstation.domain.hanging import HangingProtocol, PriorRelation, PriorStudy, comparable, is_like
from workstation.domain.hanging_ports import PriorPort
from workstation.domain.linkable import is_elsewhere
from workstation.domain.ports import AuditPort, CancelToken, ReportPort, RetrievePort, TemplatePort
from workstation.domain.prior_person import Word, is_answered
from workstation.domain.report import Report, ReportState
from workstation.domain.study import Patient, Study
from workstation.domain.template import ReportTemplate
from workstation.services.case_priors import CasePriors, persons_in
from workstation.services.change_claim import largest_nodule_mm
from workstation.services.image_service import is_image_series
from workstation.services.nodule_records import NoduleRecords, read_nodule_records
from workstation.services.prior_report import PriorReport, of_documents, of_report

PREFETCHED: Final = 2
"""How many priors are fetched ahead."""
PREFETCHED_BYTES: Final = 384 << 20
_STRUCTURES: Final = 4


class PersonInDoubt(NotPermitted):
    """
    Nobody answered for what speaks against a prior's person; nothing of it may be shown.

    ``prior`` tells what, ``told`` whom its images name, empty where they were not even looked at.
    """

    def __init__(self, prior: PriorStudy, told: tuple[Patient, ...] = ()) -> None:
        super().__init__(tr("Nobody has confirmed that this is the same person"))
        self.prior, self.told = prior, told


@dataclass(frozen=True, slots=True)
class ComparePriors:
    """Find, open and read priors. Only what is certainly the same patient opens without a question."""

    source: PriorPort
    retrieve: RetrievePort
    reports: ReportPort
    templates: TemplatePort
    audit: AuditPort
    pdf_text: Callable[[bytes], str]

    def find(
        self, ups_instance_uid: str, study: Study, protocols: Sequence[HangingProtocol], job: CancelToken
    ) -> CasePriors:
        """
        Return the priors of a case with the structure of the few that may hang. Raises Unreachable, Refused.

        Of a study whose person contradicts the case's, by the hub or by its own images, nothing is fetched any more.
        """
        known = self._known(ups_instance_uid, study)
        certain = [one for one in known if one.relation is PriorRelation.SAME_PATIENT and _is_earlier(one, study)]
        # the first that are alike are looked at; where none is, the newest are fetched ahead all the same
        wanted = sorted(certain, key=lambda one: (not is_like(study, one), is_elsewhere(study, one.description)))[
            :_STRUCTURES
        ]
        structures: list[Study] = []
        doubted: dict[str, PriorStudy] = {}
        told: dict[str, tuple[Patient, ...]] = {}
        failure: WorkstationError | None = None
        for one in wanted:
            job.raise_if_cancelled()
            try:
                there = self.retrieve.study(one.study_instance_uid)
            except SourceError as error:
                failure = error
                continue
            told[one.study_instance_uid] = persons_in(there)
            judged = one.held_against_images(study.patient, persons_in(there))
            if judged.relation is PriorRelation.SAME_PATIENT:
                structures.append(there)
            else:
                doubted[one.study_instance_uid] = judged
        known = tuple(doubted.get(one.study_instance_uid, one) for one in known)
        wanted = [one for one in wanted if one.study_instance_uid in told.keys() - doubted.keys()]
        alike = comparable(protocols, study, structures)
        ahead = (*alike, *(one for one in structures if one not in alike))[:PREFETCHED]
        for hung in alike[:PREFETCHED]:
            self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=hung.study_instance_uid, detail="prior")
        return CasePriors(known, alike[:PREFETCHED], ahead, failure, self._largest(study, wanted, job), told)

    def _known(self, ups_instance_uid: str, study: Study) -> tuple[PriorStudy, ...]:
        return tuple(one.held_against(study.patient) for one in self.source.priors(ups_instance_uid))

    def _largest(self, study: Study, wanted: Sequence[PriorStudy], job: CancelToken) -> dict[str, float]:
        """Read how large the largest nodule of the newest signed prior was; one that cannot be had tells nothing."""
        for one in wanted:
            if one.reported and one.ups_instance_uid and is_like(study, one):
                job.raise_if_cancelled()
                self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=one.study_instance_uid, detail="prior sizes")
                with contextlib.suppress(SourceError):
                    report = self.reports.fetch(one.ups_instance_uid)
                    told = None if report is None else largest_nodule_mm(report)
                    return {} if told is None else {one.study_instance_uid: told}
                return {}
        return {}

    def confirm(self, prior: PriorStudy) -> None:
        """Record that the reader said of a prior that it is the same person: once for each answer."""
        self.audit.record(AuditAction.PRIOR_CONFIRMED, subject_uid=prior.study_instance_uid)

    def open(self, prior: PriorStudy, study: Study, word: Word = None) -> Study:
        """
        Return the structure of a prior that the reader of ``study`` wants to see; recorded before anything is shown.

        ``word`` is what the reader answered for, None without an answer. Raises PersonInDoubt, Unreachable, Refused.
        """
        there = self._of_one_person(prior, study, word)
        self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=prior.study_instance_uid, detail="prior")
        return there

    def report(
        self, prior: PriorStudy, study: Study, language: str, word: Word = None, *, detail: str = "prior report"
    ) -> PriorReport | None:
        """
        Return the signed report of a prior as text, None when there is none; recorded before it is shown.

        ``word`` is what the reader of ``study`` answered for, None without an answer. Raises PersonInDoubt,
        Unreachable, Refused.
        """
        there = self._of_one_person(prior, study, word)
        self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=prior.study_instance_uid, detail=detail)
        report = self.reports.fetch(prior.ups_instance_uid) if prior.ups_instance_uid else None
        if report is not None and report.state is ReportState.FINAL:
            template = _template_of(report, self.templates.all())
            if template is not None:
                return of_report(report, template, there, language)
        lines = of_documents(self.retrieve, there, self.pdf_text)
        return PriorReport(there.description or prior.description, lines) if lines else None

    def _of_one_person(self, prior: PriorStudy, study: Study, word: Word) -> Study:
        """
        Return the structure of a prior of the same person: the one check before anything of it is shown.

        What the hub says may be out of date, or told of another object of the study: the images are asked, too.
        """
        if not is_answered(prior, word):
            raise PersonInDoubt(prior)
        there = self.retrieve.study(prior.study_instance_uid)
        judged = prior.held_against_images(study.patient, persons_in(there))
        if not is_answered(judged, word):
            raise PersonInDoubt(judged, persons_in(there))
        return there

    def nodules(
        self, priors: Sequence[PriorStudy], study: Study, job: CancelToken, words: Mapping[str, Word] | None = None
    ) -> NoduleRecords:
        """
        Return the nodules on record in every earlier study of the same person; each is recorded as seen.

        ``words`` are what the reader answered for, by study; whatever its images contradict beyond that is left out.
        Raises JobCancelled, Unreachable.
        """
        told: dict[str, tuple[Patient, ...]] = {}

        def may_be_read(prior: PriorStudy, there: Study) -> bool:
            told[prior.study_instance_uid] = persons_in(there)
            judged = prior.held_against_images(study.patient, persons_in(there))
            return is_answered(judged, (words or {}).get(prior.study_instance_uid))

        earlier = [one for one in priors if _is_earlier(one, study)]
        found = read_nodule_records(self.retrieve, earlier, job, may_be_read)
        for record in found.studies:
            uid = record.day.study_instance_uid
            self.audit.record(AuditAction.STUDY_VIEWED, subject_uid=uid, detail="prior nodules")
        return replace(found, told=told)

    def earlier(self, ups_instance_uid: str, study: Study) -> tuple[PriorStudy, ...]:
        """Return the reported studies of the person before this one, newest first. Raises Unreachable, Refused."""
        known = self._known(ups_instance_uid, study)
        return tuple(one for one in known if one.reported and _is_earlier(one, study))


class PrefetchedImages:
    """
    A ``RetrievePort`` and ``Together`` that holds instances fetched ahead, within ``maximum_bytes``.

    Safe from any thread. What is not here is fetched when it is asked for.
    """

    def __init__(self, retrieve: RetrievePort, maximum_bytes: int = PREFETCHED_BYTES) -> None:
        self._retrieve = retrieve
        self._maximum = maximum_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def held_bytes(self) -> int:
        """Return the bytes held."""
        with self._lock:
            return self._size

    def study(self, study_instance_uid: str) -> Study:
        """Return the study's structure."""
        return self._retrieve.study(study_instance_uid)

    def instance(self, study_instance_uid: str, series_instance_uid: str, sop_instance_uid: str) -> bytes:
        """Return one Part 10 file, from memory where it is. Raises Unreachable, Refused, IntegrityMismatch."""
        with self._lock:
            held = self._held.get(sop_instance_uid)
        if held is not None:
            return held
        return self._retrieve.instance(study_instance_uid, series_instance_uid, sop_instance_uid)

    def instances(
        self, study_instance_uid: str, series_instance_uid: str, sop_instance_uids: Sequence[str]
    ) -> Iterator[tuple[str, bytes | IntegrityMismatch]]:
        """Implement ``Together``: from memory first, then from wherever they come. Raises Unreachable, Refused."""
        with self._lock:
            held = {uid: self._held[uid] for uid in sop_instance_uids if uid in self._held}
        yield from held.items()
        left = [uid for uid in sop_instance_uids if uid not in held]
        if left and isinstance(self._retrieve, Together):
            yield from self._retrieve.instances(study_instance_uid, series_instance_uid, left)

    def fetch_ahead(self, studies: Sequence[Study], job: CancelToken, may_go_on: Callable[[], bool]) -> bool:
        """
        Fetch images one after another while ``may_go_on``; True when nothing is left to fetch.

        One connection, one image at a time: whatever the reader looks at goes first. Raises Unreachable.
        """
        for study in studies:
            series = [one for one in study.series if is_image_series(one)]
            for one in sorted(series, key=lambda each: -len(each.instances)):
                for instance in one.instances:
                    job.raise_if_cancelled()
                    if not may_go_on():
                        return False
                    if not self._fetch(study.study_instance_uid, one.series_instance_uid, instance.sop_instance_uid):
                        return True
        return True

    def forget(self) -> None:
        """Drop everything: the case is closed."""
        with self._lock:
            self._held.clear()
            self._size = 0

    def _fetch(self, study: str, series: str, instance: str) -> bool:
        """Hold one instance; False once the bound is reached."""
        with self._lock:
            if instance in self._held:
                return True
            if self._size >= self._maximum:
                return False
        try:
            part10 = self._retrieve.instance(study, series, instance)
        except Unreachable:
            raise
        except SourceError:
            return True  # told when somebody looks at it
        with self._lock:
            if self._size + len(part10) > self._maximum:
                return False
            self._held[instance] = part10
            self._size += len(part10)
        return True


def _is_earlier(prior: PriorStudy, study: Study) -> bool:
    """Tell whether a study may hang as a prior: the hub tells the day of it alone, and the reader sees which it is."""
    return not (prior.study_date and study.study_date) or prior.study_date <= study.study_date


def _template_of(report: Report, templates: Sequence[ReportTemplate]) -> ReportTemplate | None:
    """Return what a report of any site was written with: of one identifier, the version that it names comes first."""
    found = [one for one in templates if one.template_id == report.template_id]
    return next((one for one in found if one.version == report.template_version), found[0] if found else None)

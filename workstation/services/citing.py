"""What a report cites of other studies: asked for before the PIN, because a report is signed once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.citation import CitedStudy, cited_study, days_named
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.hanging_ports import PriorPort
from workstation.domain.one_person import Contradiction
from workstation.domain.prior_person import is_answered
from workstation.domain.report import Report
from workstation.domain.study import Patient, Study
from workstation.services.case_priors import persons_in
from workstation.services.comparison_field import COMPARISON
from workstation.services.norm_facts import studies_relied_on
from workstation.services.patience import PATIENCE_S, answer_within

Wanted = tuple[str, tuple[tuple[str, bool], ...], tuple[str, ...]]
"""Study Instance UID of the report; the studies that it cites, True for words only; the days that it names"""

Asked = tuple[Wanted, Patient, tuple[tuple[str, tuple[Contradiction, ...] | None], ...]]
"""What is wanted, for whom, and what readers answered for of which studies: as long as it is the same, a look holds"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a look-up gave: ``unknown`` says in words why nobody could tell, empty once the hub told everything."""

    studies: int = 0
    """How many other studies the report cites images or documents of"""
    unknown: str = ""


class CiteOthers:
    """
    Looks up the studies that a report cites.

    Cited are the studies that findings were compared with, those named by their day in the field of comparison, and
    those whose reports words were taken over from. A day names studies of the same person only: neither hub nor images
    contradict, or a reader answered for what does. ``look`` asks the hub for ``patience_s`` at most; signing takes its
    answer, and refuses where there is none until somebody said that the report goes without it.
    """

    def __init__(self, priors: PriorPort, structure: Callable[[str], Study], patience_s: float = PATIENCE_S) -> None:
        """``structure`` returns the structure of a study; it raises Unreachable, Refused."""
        self._priors, self._structure, self._patience_s = priors, structure, patience_s
        self._known: tuple[Asked, tuple[CitedStudy, ...]] | None = None
        self._without: Wanted | None = None
        self._lock = threading.Lock()

    def __call__(self, report: Report, patient: Patient) -> Report:
        """
        Return the report with the instances of what it cites; its revision stays, nobody wrote anything.

        ``patient`` is whom the images of the case name.
        Raises Unreachable where the hub does not tell and nobody chose to sign without: what the report carries from
        before stays then.
        """
        asked = _asked_by(report, patient)
        with self._lock:
            known, without = self._known, self._without
        if known is None or known[0] != asked:
            if without == asked[0]:
                return report
            told = self.look(report, patient)
            if told.unknown:
                raise Unreachable(
                    told.unknown, hint=tr("Try again, or sign without naming the images of the cited studies.")
                )
            with self._lock:
                known = self._known
        found = () if known is None else known[1]
        return report if found == report.cited else replace(report, cited=found)

    def concerns(self, report: Report) -> bool:
        """Tell whether a report cites anything that the hub has to be asked for."""
        _uid, studies, days = wanted_by(report)
        return bool(studies or days)

    def look(self, report: Report, patient: Patient) -> Evidence:
        """Ask the hub, for ``patience_s`` at most; what was chosen before about signing without is forgotten."""
        asked = _asked_by(report, patient)
        with self._lock:
            self._without = None
        refused: list[str] = []

        def ask() -> tuple[CitedStudy, ...] | None:
            try:
                return self._look_up(report.ups_instance_uid, asked)
            except WorkstationError as error:
                refused.append(error.user_text)
                return None

        found = answer_within(ask, self._patience_s) if self.concerns(report) else ()
        if found is None:
            return Evidence(unknown=next(iter(refused), tr("The hub does not answer")))
        with self._lock:
            self._known = (asked, found)
        return Evidence(len(found))

    def go_without(self, report: Report) -> None:
        """Let the report as it stands be signed although nobody could tell what it cites."""
        with self._lock:
            self._without, self._known = wanted_by(report), None

    def _look_up(self, ups_instance_uid: str, asked: Asked) -> tuple[CitedStudy, ...]:
        (own, studies, _days), _patient, _words = asked
        named = self._named_by_day(ups_instance_uid, asked)
        # the images of a study that is compared count, whatever else was taken from it
        wanted = (
            {uid: False for uid, words_only in studies if not words_only}
            | dict.fromkeys(named, False)
            | {uid: True for uid, words_only in studies if words_only and uid not in named}
        )
        wanted.pop(own, None)  # an instance is evidence of this procedure or of another
        cited = (
            cited_study(named[uid] if uid in named else self._structure(uid), words_only=words_only)
            for uid, words_only in wanted.items()
        )
        return tuple(one for one in cited if one is not None)

    def _named_by_day(self, ups_instance_uid: str, asked: Asked) -> dict[str, Study]:
        """Return the studies of the same person that the days name; whose person is an open question is not fetched."""
        (_own, _studies, days), patient, words = asked
        answered, found = dict(words), dict[str, Study]()
        for prior in self._priors.priors(ups_instance_uid) if days else ():
            uid, judged = prior.study_instance_uid, prior.held_against(patient)
            if prior.study_date not in days or not is_answered(judged, answered.get(uid)):
                continue
            there = self._structure(uid)
            judged = judged.held_against_images(patient, persons_in(there))
            if is_answered(judged, answered.get(uid)):
                found[uid] = there
        return found


@dataclass(frozen=True, slots=True)
class CitingOfCase:
    """What looks up the evidence of one case, whose images name ``patient``."""

    others: CiteOthers
    patient: Patient

    def concerns(self, report: Report) -> bool:
        """Tell whether a report cites anything that the hub has to be asked for."""
        return self.others.concerns(report)

    def look(self, report: Report) -> Evidence:
        """Ask the hub; see ``CiteOthers.look``."""
        return self.others.look(report, self.patient)

    def go_without(self, report: Report) -> None:
        """Let the report as it stands be signed although nobody could tell what it cites."""
        self.others.go_without(report)


def wanted_by(report: Report) -> Wanted:
    """Return what has to be looked up for a report; a doubtful study of which it tells nothing any more is not."""
    compared = dict.fromkeys(_compared(report))
    doubted = {one.study_instance_uid for one in report.prior_persons if not one.is_confirmed}
    dropped = doubted - studies_relied_on(report).keys()
    wanted = {
        uid: uid not in compared for uid in (*compared, *(one for one in report.carried_from if one not in dropped))
    }
    wanted.pop(report.study_instance_uid, None)
    days = tuple(dict.fromkeys(days_named(report.values.get(COMPARISON, ""))))
    return report.study_instance_uid, tuple(wanted.items()), days


def _compared(report: Report) -> Iterable[str]:
    return (said.prior_study_instance_uid for one in report.findings.reported for said in one.confirmed)


def _asked_by(report: Report, patient: Patient) -> Asked:
    words = tuple((one.study_instance_uid, one.word) for one in report.prior_persons)
    return wanted_by(report), patient, words

"""What a report cites of other studies: asked for before the PIN, because a report is signed once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from resources.translation import tr
from workstation.domain.citation import CitedStudy, cited_study, days_named
from workstation.domain.errors import Unreachable, WorkstationError
from workstation.domain.hanging import PriorRelation
from workstation.domain.hanging_ports import PriorPort
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.services.comparison_field import COMPARISON
from workstation.services.patience import PATIENCE_S, answer_within

Wanted = tuple[str, tuple[tuple[str, bool], ...], tuple[str, ...]]
"""Study Instance UID of the report; the studies that it cites, True for words only; the days that it names"""


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
    those whose reports words were taken over from. ``look`` asks the hub for ``patience_s`` at most; signing takes
    its answer, and refuses where there is none until somebody said that the report goes without it.
    """

    def __init__(self, priors: PriorPort, structure: Callable[[str], Study], patience_s: float = PATIENCE_S) -> None:
        """``structure`` returns the structure of a study; it raises Unreachable, Refused."""
        self._priors, self._structure, self._patience_s = priors, structure, patience_s
        self._known: tuple[Wanted, tuple[CitedStudy, ...]] | None = None
        self._without: Wanted | None = None
        self._lock = threading.Lock()

    def __call__(self, report: Report) -> Report:
        """
        Return the report with the instances of what it cites; its revision stays, nobody wrote anything.

        Raises Unreachable where the hub does not tell and nobody chose to sign without: what the report carries from
        before stays then.
        """
        wanted = wanted_by(report)
        with self._lock:
            known, without = self._known, self._without
        if known is None or known[0] != wanted:
            if without == wanted:
                return report
            told = self.look(report)
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

    def look(self, report: Report) -> Evidence:
        """Ask the hub, for ``patience_s`` at most; what was chosen before about signing without is forgotten."""
        wanted = wanted_by(report)
        with self._lock:
            self._without = None
        refused: list[str] = []

        def ask() -> tuple[CitedStudy, ...] | None:
            try:
                return self._look_up(report.ups_instance_uid, wanted)
            except WorkstationError as error:
                refused.append(error.user_text)
                return None

        found = answer_within(ask, self._patience_s) if self.concerns(report) else ()
        if found is None:
            return Evidence(unknown=next(iter(refused), tr("The hub does not answer")))
        with self._lock:
            self._known = (wanted, found)
        return Evidence(len(found))

    def go_without(self, report: Report) -> None:
        """Let the report as it stands be signed although nobody could tell what it cites."""
        with self._lock:
            self._without, self._known = wanted_by(report), None

    def _look_up(self, ups_instance_uid: str, wanted: Wanted) -> tuple[CitedStudy, ...]:
        own, studies, days = wanted
        asked = dict(studies)
        if days:
            compared = {
                prior.study_instance_uid: False
                for prior in self._priors.priors(ups_instance_uid)
                if prior.study_date in days and prior.relation is PriorRelation.SAME_PATIENT
            }
            # the images of a study that is compared count, whatever else was taken from it
            asked = (
                {uid: words for uid, words in asked.items() if not words}
                | compared
                | {uid: words for uid, words in asked.items() if words and uid not in compared}
            )
        asked.pop(own, None)  # an instance is evidence of this procedure or of another
        cited = (cited_study(self._structure(uid), words_only=words) for uid, words in asked.items())
        return tuple(one for one in cited if one is not None)


def wanted_by(report: Report) -> Wanted:
    """Return what has to be looked up for a report: as long as it is the same, an answer holds."""
    compared = dict.fromkeys(_compared(report))
    wanted = {uid: uid not in compared for uid in (*compared, *report.carried_from)}
    wanted.pop(report.study_instance_uid, None)
    days = tuple(dict.fromkeys(days_named(report.values.get(COMPARISON, ""))))
    return report.study_instance_uid, tuple(wanted.items()), days


def _compared(report: Report) -> Iterable[str]:
    return (said.prior_study_instance_uid for one in report.findings.reported for said in one.confirmed)

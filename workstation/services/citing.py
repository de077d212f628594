"""What a report cites of other studies, asked for once it is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from workstation.domain.citation import CitedStudy, cited_study, days_named
from workstation.domain.hanging import PriorRelation
from workstation.domain.hanging_ports import PriorPort
from workstation.domain.report import Report
from workstation.domain.study import Study
from workstation.services.patience import PATIENCE_S, answer_within
from workstation.services.reading_session import COMPARISON


@dataclass(frozen=True, slots=True)
class CiteOthers:
    """
    Looks up the studies that a report cites.

    Cited are the studies that findings were compared with, those named by their day in the field of comparison, and
    those whose reports words were taken over from. A silent hub keeps no signature waiting: what is not told by then
    stays as it is.
    """

    priors: PriorPort
    structure: Callable[[str], Study]
    """Returns the structure of a study; raises Unreachable, Refused."""
    patience_s: float = PATIENCE_S

    def __call__(self, report: Report) -> Report:
        """Return the report with the instances of what it cites; its revision stays, nobody wrote anything."""
        found = answer_within(lambda: self._look_up(report), self.patience_s)
        return report if found is None or found == report.cited else replace(report, cited=found)

    def _look_up(self, report: Report) -> tuple[CitedStudy, ...]:
        compared = dict.fromkeys(_compared(report))
        if days := set(days_named(report.values.get(COMPARISON, ""))):
            compared |= dict.fromkeys(
                prior.study_instance_uid
                for prior in self.priors.priors(report.ups_instance_uid)
                if prior.study_date in days and prior.relation is PriorRelation.SAME_PATIENT
            )
        wanted = {uid: uid not in compared for uid in (*compared, *report.carried_from)}
        wanted.pop(report.study_instance_uid, None)  # an instance is evidence of this procedure or of another
        cited = (cited_study(self.structure(uid), words_only=words) for uid, words in wanted.items())
        return tuple(one for one in cited if one is not None)


def _compared(report: Report) -> Iterable[str]:
    return (said.prior_study_instance_uid for one in report.findings.reported for said in one.confirmed)

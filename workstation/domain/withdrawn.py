"""A report withdrawn as another's, whose words wait for the study that they are of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from workstation.domain.report import Report
from workstation.domain.report_state import ReportState, WithdrawalCode
from workstation.domain.study import Study


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A report that was withdrawn, with whose images it was written under. ValueError for one that still holds."""

    report: Report
    study: Study
    code: WithdrawalCode

    def __post_init__(self) -> None:
        if self.report.state is not ReportState.ENTERED_IN_ERROR:
            raise ValueError("only the text of a withdrawn report is carried over")
        if self.report.study_instance_uid != self.study.study_instance_uid:
            raise ValueError("a report goes with its own study")

    @property
    def withdrawn_at(self) -> datetime:
        """Return when it was withdrawn (UTC)."""
        return self.report.updated_at

    def without_images(self) -> Withdrawn:
        """Return it with whose study it was and nothing of the images: all that waiting needs."""
        return replace(self, study=replace(self.study, series=(), warnings=()))


@dataclass(frozen=True, slots=True)
class WaitingTexts:
    """What waits, the newest first; ``unreadable`` counts what is on disk and does not open any more."""

    texts: tuple[Withdrawn, ...] = ()
    unreadable: int = 0


class WithdrawnTextPort(Protocol):
    """Keeps withdrawn texts of one person until they are used or refused."""

    def keep(self, withdrawn: Withdrawn) -> None:
        """Store before it returns. Raises DiskFull, StorageError."""
        ...

    def all(self) -> WaitingTexts:
        """Return everything that waits. Raises StorageError."""
        ...

    def drop(self, report_uid: str) -> None:
        """Delete one that was used or refused; an unknown one is harmless. Raises StorageError."""
        ...
